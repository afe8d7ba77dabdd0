"""Mistakes in cards: YAML, keys, values, files, contrasts, columns, models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.mistakes.mistake import Mistake
from tests.mistakes.project import CARD, MATRIX, NAMES, Project, table

REQUIRED = (
    "id",
    "title",
    "citation",
    "licence",
    "organism",
    "tissue",
    "compartment",
    "assay",
    "files",
    "contrasts",
)
NINE = "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9))


def put(*path: Any) -> Callable[[Project], None]:
    """Set a value of the card: keys and indices from the top, the value last."""
    *keys, last, value = path

    def plant(project: Project) -> None:
        target: Any = project.card
        for key in keys:
            target = target.setdefault(key, {}) if isinstance(target, dict) else target[key]
        target[last] = value

    return plant


def drop(*keys: Any) -> Callable[[Project], None]:
    """Delete a value of the card."""

    def plant(project: Project) -> None:
        target: Any = project.card
        for key in keys[:-1]:
            target = target[key]
        del target[keys[-1]]

    return plant


def edit(old: str, new: str, file: str = CARD) -> Callable[[Project], None]:
    """Change the text of a file."""

    def plant(project: Project) -> None:
        def change(text: str) -> str:
            assert old in text, text
            return text.replace(old, new, 1)

        project.edits[file] = change

    return plant


def both(*plants: Callable[[Project], object]) -> Callable[[Project], None]:
    """Several changes that make one mistake."""

    def plant(project: Project) -> None:
        for each in plants:
            each(project)

    return plant


def on(text: str) -> tuple[str, str]:
    """The line of the card that holds a text."""
    return CARD, text


def whole(content: str | bytes) -> Callable[[Project], None]:
    """Replace the card."""
    return lambda project: project.files.__setitem__(CARD, content)


def more(name: str, column: str) -> Callable[[Project], None]:
    """Add a column to the sheet, a letter for each sample (or words between commas)."""
    cells = column.split(",") if "," in column else list(column)
    return lambda project: project.column(name, cells)


YAML = [
    Mistake(
        "alias bomb",
        whole("a: &a [x, x, x, x, x, x, x, x, x]\n" + NINE),
        at=r"card\.yaml:6",
        says="grows",
        fast=True,
    ),
    Mistake(
        "alias bomb below a key",
        edit(
            "tissue: muscle",
            "tissue: muscle\nnotes:\n  a: &a [x, x, x, x, x, x, x, x, x]\n"
            + "".join("  " + line + "\n" for line in NINE.splitlines()),
        ),
        at=r"card\.yaml:\d+",
        says="grows",
    ),
    Mistake(
        "brackets without end",
        edit("tissue: muscle", "tissue: " + "[" * 50_000),
        on=on("tissue"),
        says="deep",
        fast=True,
    ),
    Mistake(
        "lines indented without end",
        whole("".join(" " * i + "a:\n" for i in range(2000))),
        at=r"card\.yaml:41",
    ),
    Mistake(
        "value that contains itself",
        edit("columns:", "columns: &it\n  extra: *it"),
        on=on("extra"),
        says="contains itself",
    ),
    Mistake("empty file", whole(""), at="card.yaml", says="no settings"),
    Mistake("a list instead of keys", whole("- id: mine\n- title: x\n"), at="card.yaml", says="no settings"),
    Mistake("one word", whole("mine\n"), at="card.yaml", says="no settings"),
    Mistake(
        "tab as indent",
        edit("  sample: sample", "\tsample: sample"),
        at=r"card\.yaml:\d+",
        says="not YAML",
        fast=True,
    ),
    Mistake(
        "quote left open",
        edit("title: Muscles of people who trained", "title: 'Muscles"),
        at=r"card\.yaml:\d+",
        says="begins on line 2",
    ),
    Mistake(
        "colon in a text",
        edit("title: Muscles of people who trained", "title: Muscles: of people"),
        on=on("title"),
        says="not YAML",
    ),
    Mistake(
        "bracket left open",
        edit("title: Muscles of people who trained", "title: [Muscles"),
        at=r"card\.yaml:\d+",
        says="not YAML",
    ),
    Mistake(
        "key twice",
        edit("tissue: muscle", "tissue: muscle\ntissue: liver"),
        at=r"card\.yaml:7",
        says="given twice",
        fast=True,
    ),
    Mistake(
        "key twice, nested",
        edit("  group: group", "  group: group\n  group: arm"),
        at=r"card\.yaml:\d+",
        says="given twice",
    ),
    Mistake("two documents", edit("tissue: muscle", "---\ntissue: muscle"), on=on("---"), says="not YAML"),
    Mistake(
        "a tag that would run code",
        edit("title: Muscles of people who trained", "title: !!python/object/apply:os.system [id]"),
        on=on("title"),
        says="not YAML",
    ),
    Mistake("NUL byte", edit("tissue: muscle", "tissue: mus\0cle"), at=r"card\.yaml:6", says="not YAML"),
    Mistake(
        "Latin-1", whole("id: mine\ntitle: Müskel\n".encode("latin-1")), at=r"card\.yaml:2", says="UTF-8"
    ),
    Mistake("UTF-16", whole("id: mine\n".encode("utf-16")), at=r"card\.yaml:1", says="UTF-16"),
    Mistake("a workbook", whole(b"PK\x03\x04\x14\x00\x06\x00\xff\xff"), at=r"card\.yaml"),
    Mistake("ten megabytes", whole("title: " + "x" * 10_000_000), at="card.yaml", says="bytes"),
    Mistake(
        "a date that is none",
        edit("title: Muscles of people who trained", "title: 2024-13-40"),
        on=on("2024"),
        says="quotes",
    ),
    Mistake(
        "number of 5,000 digits",
        edit("title: Muscles of people who trained", "title: " + "1" * 5000),
        on=on("title"),
        says="quotes",
    ),
    Mistake("alias of nobody", edit("tissue: muscle", "tissue: *nobody"), on=on("*nobody"), says="not YAML"),
    Mistake(
        "a list as key",
        edit("tissue: muscle", "? [a, b]\n: c\ntissue: muscle"),
        at=r"card\.yaml:\d+",
        says="not YAML",
    ),
    Mistake("line not indented enough", edit("  group: group", " group: group"), at=r"card\.yaml:\d+"),
]

KEYS = [
    *(
        Mistake(
            f"without {key}", drop(key), at=r"card\.yaml:\d+", says=f"'{key}' is missing", fast=key == "id"
        )
        for key in REQUIRED
    ),
    *(
        Mistake(
            f"{key} is empty",
            put(key, None),
            on=on(f"{key}: null"),
            says="behind the colon|leave the line out|no such value",
        )
        for key in REQUIRED
    ),
    *(
        Mistake(
            f"{key} is a list", put(key, ["a", "b"]), at=r"card\.yaml:\d+", says=key, fast=key == "tissue"
        )
        for key in REQUIRED
        if key not in ("files", "contrasts")
    ),
    *(
        Mistake(f"{key} is a text", put(key, "something"), on=on(f"{key}: something"), says=key)
        for key in (
            "files",
            "contrasts",
            "columns",
            "values",
            "model",
            "keep",
            "exclude",
            "sex_labels",
            "samples_from",
            "verified",
            "join",
            "sex",
        )
    ),
    *(
        Mistake(
            f"{right} misspelled {wrong}",
            edit(f"{right}:", f"{wrong}:"),
            on=on(f"{wrong}:"),
            says=rf"Unknown key[\s\S]*did you mean '{right}'",
            fast=wrong == "organisem",
        )
        for right, wrong in {
            "title": "titel",
            "licence": "license",
            "organism": "organisem",
            "tissue": "tisue",
            "compartment": "compartement",
            "assay": "essay",
            "files": "file",
            "columns": "colums",
            "contrasts": "contrast",
            "reader": "readers",
            "reference": "referense",
            "citation": "citaton",
        }.items()
    ),
    Mistake(
        "organism 'mous'", put("organism", "mous"), on=on("mous"), says="did you mean 'mouse'", fast=True
    ),
    Mistake("organism 'Homo sapiens'", put("organism", "Homo sapiens"), on=on("Homo"), says="human"),
    Mistake("compartment 'vesicles'", put("compartment", "vesicles"), on=on("vesicles"), says="sev"),
    Mistake("assay 'rnaseq'", put("assay", "rnaseq"), on=on("rnaseq"), says="rna_counts"),
    Mistake("assay 'metabolites'", put("assay", "metabolites"), on=on("metabolites"), says="protein"),
    Mistake("sex 'f'", both(put("sex", "f"), drop("columns", "sex")), on=on("sex: f"), says="female"),
    Mistake("verified: maybe", put("verified", "maybe"), on=on("maybe"), says="true or false"),
    Mistake(
        "yes as a title",
        edit("title: Muscles of people who trained", "title: yes"),
        on=on("title"),
        says="in quotes",
    ),
    Mistake(
        "a date as licence", edit("licence: own", "licence: 2024-05-01"), on=on("licence"), says="in quotes"
    ),
    Mistake("id of another folder", put("id", "yours"), on=on("yours"), says="folder"),
    Mistake("id with a blank", put("id", "my muscle"), on=on("my muscle"), says="letters, digits"),
    Mistake("id with a slash", put("id", "../mine"), on=on("../mine"), says="letters, digits"),
    Mistake("id of a hundred letters", put("id", "m" * 100), at=r"card\.yaml:1"),
    Mistake("title of blanks", put("title", "   "), on=on("title"), says="title"),
    Mistake("a TODO left", put("tissue", "TODO: liver or muscle?"), on=on("TODO"), says="liver or muscle"),
    Mistake("a bare TODO left", put("citation", "TODO"), on=on("TODO"), says="replace the word TODO"),
    Mistake("join of nothing known", put("join", "rows"), on=on("join"), says="samples"),
]

FILES = [
    Mistake("no files", put("files", []), on=on("files: []"), says="at least one"),
    Mistake("file without a name", drop("files", 0, "name"), at=r"card\.yaml:\d+", says="name"),
    Mistake("file without an origin", drop("files", 0, "path"), at=r"card\.yaml:\d+", says="url and sha256"),
    Mistake(
        "file with two origins",
        put("files", 0, "simulated", True),
        at=r"card\.yaml:\d+",
        says="leave the others out",
    ),
    Mistake(
        "own file that is not there",
        put("files", 0, "path", "cuonts.tsv"),
        on=on("path: cuonts.tsv"),
        says="no such file",
        fast=True,
    ),
    Mistake(
        "own file in a folder that is not there",
        put("files", 0, "path", "/nowhere/at/all/counts.tsv"),
        on=on("path: /nowhere"),
        says="no folder",
    ),
    Mistake(
        "own file that is a folder",
        both(lambda p: p.files.__setitem__("folder", None), put("files", 0, "path", "folder")),
        on=on("path: folder"),
        says="a folder",
        fast=True,
    ),
    Mistake(
        "own file that is empty",
        lambda p: p.files.__setitem__(MATRIX, ""),
        on=on("path: counts"),
        says="empty",
    ),
    Mistake(
        "own file of other bytes",
        put("files", 0, "sha256", "0" * 64),
        at="counts.tsv",
        says="not the one that the card describes",
    ),
    Mistake("own file of another length", put("files", 0, "bytes", 17), at=r"card\.yaml:\d+", says="17"),
    Mistake(
        "address without checksum",
        both(drop("files", 0, "path"), put("files", 0, "url", "https://127.0.0.1/x")),
        at=r"card\.yaml:\d+",
        says="sha256",
    ),
    Mistake(
        "ftp",
        both(
            drop("files", 0, "path"),
            put("files", 0, "url", "ftp://a.b/x"),
            put("files", 0, "sha256", "0" * 64),
        ),
        on=on("ftp"),
        says="https",
    ),
    Mistake(
        "http",
        both(
            drop("files", 0, "path"),
            put("files", 0, "url", "http://a.b/x"),
            put("files", 0, "sha256", "0" * 64),
        ),
        on=on("http:"),
        says="https",
    ),
    Mistake(
        "an address that nobody serves",
        both(
            drop("files", 0, "path"),
            put("files", 0, "url", "http://127.0.0.1:1/x"),
            put("files", 0, "sha256", "0" * 64),
        ),
        at="data set mine",
        says="put to",
    ),
    Mistake("checksum too short", put("files", 0, "sha256", "abc"), on=on("sha256"), says="sha256sum"),
    Mistake("checksum in capitals", put("files", 0, "sha256", "A" * 64), on=on("sha256"), says="sha256sum"),
    Mistake("bytes with a unit", put("files", 0, "bytes", "3 MB"), on=on("bytes"), says="whole number"),
    Mistake("bytes below zero", put("files", 0, "bytes", -5), on=on("bytes"), says="greater than 0"),
    Mistake(
        "name that leaves the folder",
        put("files", 0, "name", "../../x"),
        on=on("name: ../"),
        says="plain file name",
    ),
    Mistake("absolute name", put("files", 0, "name", "/etc/passwd"), on=on("/etc"), says="plain file name"),
    Mistake("name with a tab", put("files", 0, "name", "a\tb"), at=r"card\.yaml:\d+", says="can be seen"),
    Mistake(
        "name of the workflow's own list",
        put("files", 0, "name", "files.json"),
        on=on("files.json"),
        says="the workflow's own",
    ),
    Mistake(
        "reader misspelled",
        put("files", 0, "reader", "delimitd"),
        on=on("delimitd"),
        says="did you mean 'delimited'",
        fast=True,
    ),
    Mistake(
        "reader of nothing known", put("files", 0, "reader", "spss"), on=on("spss"), says="choose one of"
    ),
    Mistake("no file has a reader", drop("files", 0, "reader"), at="data set mine|card.yaml", says="reader"),
    Mistake(
        "option of no reader",
        put("files", 0, "options", "identfier", "symbol"),
        on=on("identfier"),
        says="did you mean 'identifier'",
    ),
    Mistake(
        "option with another value",
        put("files", 0, "options", "identifier", "genes"),
        on=on("identifier: genes"),
        says="symbol",
    ),
    Mistake("option of another type", put("files", 0, "options", "skip", "two"), on=on("skip"), says="skip"),
    Mistake(
        "option that another reader needs",
        both(put("files", 0, "reader", "tmt"), put("files", 0, "options", {})),
        at=r"card\.yaml:\d+",
        says="needs the option 'channels'",
    ),
    Mistake(
        "options as a list",
        put("files", 0, "options", ["symbol"]),
        at=r"card\.yaml:\d+",
        says="keys and values",
    ),
    Mistake(
        "content of nothing known", put("files", 0, "content", "values"), on=on("content"), says="matrix"
    ),
    Mistake(
        "two files of one name",
        lambda p: p.card["files"].append(dict(p.file())),
        at=r"card\.yaml:\d+",
        says="name",
    ),
    Mistake(
        "one file twice",
        lambda p: p.card["files"].append({**p.file(), "name": "again.tsv"}),
        at=r"card\.yaml:\d+",
        says="read twice",
        fast=True,
    ),
    Mistake(
        "a simulated file that nobody simulates",
        both(drop("files", 0, "path"), put("files", 0, "simulated", True)),
        at="data set mine",
        says="simul",
    ),
    Mistake(
        "one sample's name for a file of eight",
        put("files", 0, "sample", "s1"),
        at="counts.tsv",
        says="8 samples",
    ),
    Mistake(
        "samples in a file that is not listed",
        put("samples_from", {"file": "sheet.tsv"}),
        at=r"card\.yaml:\d+",
        says="does not list",
    ),
    Mistake(
        "samples and samples_from",
        both(put("samples", "samples.tsv"), put("samples_from", {"file": MATRIX})),
        on=on("samples_from"),
        says="told twice",
    ),
    Mistake("sheet that is not there", put("samples", "sheet.tsv"), at="sheet.tsv", says="No such file"),
    Mistake(
        "two matrices and no join",
        lambda p: (
            p.files.__setitem__("more.tsv", table(names=[f"t{i}" for i in range(8)])),
            p.card["files"].append({**p.file(), "name": "more.tsv", "path": "more.tsv"}),
        ),
        at="mine|more.tsv",
        says="join",
    ),
    Mistake(
        "two matrices of the same samples joined as samples",
        lambda p: (
            p.files.__setitem__("more.tsv", table(genes=[f"GENE{i}" for i in range(60)])),
            p.card.update(join="samples"),
            p.card["files"].append({**p.file(), "name": "more.tsv", "path": "more.tsv"}),
        ),
        at="more.tsv",
        says="same sample names",
    ),
    Mistake(
        "two matrices of the same features joined as features",
        lambda p: (
            p.files.__setitem__("more.tsv", table(names=[f"t{i}" for i in range(8)])),
            p.card.update(join="features"),
            p.card["files"].append({**p.file(), "name": "more.tsv", "path": "more.tsv"}),
        ),
        at="more.tsv",
        says="join: samples",
    ),
]

CONTRASTS = [
    Mistake("no contrasts", put("contrasts", []), on=on("contrasts"), says="at least one"),
    Mistake("contrast without a name", drop("contrasts", 0, "name"), at=r"card\.yaml:\d+", says="name"),
    Mistake("contrast without a role", drop("contrasts", 0, "role"), at=r"card\.yaml:\d+", says="role"),
    Mistake(
        "role misspelled",
        put("contrasts", 0, "role", "trainig"),
        on=on("trainig"),
        says="did you mean 'training'",
    ),
    Mistake(
        "case that nobody is",
        put("contrasts", 0, "case", "traind"),
        at=r"card\.yaml:\d+",
        says="did you mean 'trained'",
        fast=True,
    ),
    Mistake(
        "case in other letters",
        put("contrasts", 0, "case", "Trained"),
        at=r"card\.yaml:\d+",
        says="did you mean 'trained'",
    ),
    Mistake(
        "case without a reference",
        drop("contrasts", 0, "reference"),
        at=r"card\.yaml:\d+",
        says="reference: LEVEL",
    ),
    Mistake(
        "case equal to reference",
        put("contrasts", 0, "reference", "trained"),
        at=r"card\.yaml:\d+",
        says="two different levels",
    ),
    Mistake("case as yes", put("contrasts", 0, "case", True), on=on("case: true"), says="in quotes"),
    Mistake(
        "case as a list",
        put("contrasts", 0, "case", ["trained", "control"]),
        at=r"card\.yaml:\d+",
        says="one text",
    ),
    Mistake(
        "name with a minus",
        put("contrasts", 0, "name", "trained-control"),
        on=on("trained-control"),
        says="letters, digits",
    ),
    Mistake(
        "two contrasts of one name",
        lambda p: p.card["contrasts"].append({**p.contrast(), "role": "other"}),
        at=r"card\.yaml:\d+",
        says="a name of its own",
    ),
    *(
        Mistake(
            f"weights {told}",
            lambda p, w=weights: p.card.update(contrasts=[{"name": "w", "role": "other", "weights": w}]),
            at=r"card\.yaml:\d+",
            says=says,
            fast=told == "that overflow",
        )
        for told, weights, says in (
            ("that overflow", {"trained": 1e308, "control": -1e308}, "small numbers"),
            (
                "that are infinite",
                {"trained": float("inf"), "control": float("-inf")},
                "small numbers|finite",
            ),
            ("that are NaN", {"trained": float("nan"), "control": 1.0}, "finite"),
            ("that do not sum to zero", {"trained": 1.0, "control": -0.9}, "sum to 0.1"),
            ("of zero", {"trained": 0.0, "control": 0.0}, "sum to zero"),
            ("next to nothing", {"trained": 1e-12, "control": -1e-12}, "sum to zero"),
            ("as text", {"trained": "one", "control": -1}, "number"),
            ("of nobody", {"trained": 1.0, "rest": -1.0}, "no sample is in"),
            ("of one level", {"trained": 1.0}, "sum to zero"),
        )
    ),
    Mistake(
        "weights beside case",
        put("contrasts", 0, "weights", {"trained": 1, "control": -1}),
        at=r"card\.yaml:\d+",
        says="either",
    ),
    Mistake(
        "weights as a list",
        lambda p: p.card.update(contrasts=[{"name": "w", "role": "other", "weights": [1, -1]}]),
        at=r"card\.yaml:\d+",
        says="keys and values",
    ),
    Mistake(
        "a file in a contrast of samples",
        put("contrasts", 0, "file", MATRIX),
        at=r"card\.yaml:\d+",
        says="Nothing reads 'file'",
    ),
    Mistake(
        "a stratum in a contrast of samples",
        put("contrasts", 0, "stratum", "female"),
        on=on("stratum"),
        says="Nothing reads 'stratum'",
    ),
    Mistake(
        "by_sex without both sexes",
        both(put("contrasts", 0, "by_sex", True), put("keep", {"sex": ["F"]})),
        at=r"card\.yaml:\d+",
        says="by sex",
    ),
    Mistake(
        "by_sex as a word", put("contrasts", 0, "by_sex", "always"), on=on("by_sex"), says="true or false"
    ),
    Mistake(
        "compartment of a contrast misspelled",
        put("contrasts", 0, "compartment", "sevs"),
        on=on("sevs"),
        says="did you mean 'sev'",
    ),
]

COLUMNS = [
    *(
        Mistake(
            f"{role} in a column that is not there",
            put("columns", role, wrong),
            at=r"samples\.tsv:1",
            says=says,
        )
        for role, wrong, says in (
            ("sample", "name", "no column 'name'"),
            ("group", "grp", "did you mean 'group'"),
            ("sex", "gender", "no column"),
            ("batch", "plate", "no column 'plate'"),
            ("subject", "animal", "no column 'animal'"),
            ("replicate_of", "specimen", "no column"),
        )
    ),
    Mistake("unknown role of a column", put("columns", "plex", "batch"), on=on("plex"), says="Unknown key"),
    Mistake(
        "batch is the group",
        put("columns", "batch", "group"),
        at=r"card\.yaml:\d+",
        says="two things|told from the batch",
    ),
    Mistake(
        "batch is the sample",
        put("columns", "batch", "sample"),
        at=r"card\.yaml:\d+",
        says="two things|told from the batch",
    ),
    Mistake("sex is the group", put("columns", "sex", "group"), at=r"card\.yaml:\d+", says="two things"),
    Mistake(
        "subject is the sample", put("columns", "subject", "sample"), at=r"card\.yaml:\d+", says="two things"
    ),
    Mistake(
        "group is the sample", put("columns", "group", "sample"), at=r"card\.yaml:\d+", says="two things"
    ),
    Mistake(
        "sex beside a column of sex", put("sex", "female"), on=on("sex: female"), says="told twice", fast=True
    ),
    Mistake(
        "labels of sex without a column",
        both(drop("columns", "sex"), put("sex_labels", {"F": "female"})),
        on=on("sex_labels"),
        says="columns: ",
    ),
    Mistake(
        "labels of sex that mean nothing", put("sex_labels", {"F": "woman"}), on=on("F: woman"), says="female"
    ),
    Mistake(
        "labels of sex the wrong way round",
        put("sex_labels", {"F": "male", "M": "female"}),
        at="mine",
        says="sex_labels",
    ),
    Mistake("the wrong sex for all", both(drop("columns", "sex"), put("sex", "male")), at="mine", says="sex"),
    Mistake(
        "keep of a column that is not there",
        put("keep", {"tissue": ["muscle"]}),
        at=r"samples\.tsv:1",
        says="no column 'tissue'",
    ),
    Mistake(
        "keep of a value that is not there",
        put("keep", {"group": ["trained", "contrl"]}),
        at="samples.tsv",
        says="did you mean 'control'",
    ),
    Mistake(
        "keep of nothing", put("keep", {"group": []}), at="samples.tsv", says="No sample is left", fast=True
    ),
    Mistake("keep as a text", put("keep", {"group": "trained"}), at=r"card\.yaml:\d+", says="list"),
    Mistake(
        "keep and exclude leave nobody",
        both(put("keep", {"sample": ["s1"]}), put("exclude", {"s1": "bad"})),
        at="samples.tsv",
        says="No sample is left",
    ),
    Mistake(
        "keep leaves one group",
        put("keep", {"group": ["trained"]}),
        at=r"card\.yaml:\d+",
        says="no sample is in",
    ),
    Mistake("exclude of nobody", put("exclude", {"s99": "bad"}), at="samples.tsv", says="s99"),
    Mistake("exclude without a reason", put("exclude", {"s1": ""}), on=on("s1: ''"), says="why"),
    Mistake("exclude as a list", put("exclude", ["s1"]), at=r"card\.yaml:\d+", says="keys and values"),
    Mistake(
        "exclude of a whole group",
        put("exclude", dict.fromkeys(NAMES[:4], "bad")),
        at=r"card\.yaml:\d+",
        says="no sample is in",
    ),
    Mistake(
        "exclude of all but one of a group",
        put("exclude", dict.fromkeys(NAMES[:3], "bad")),
        at=r"card\.yaml:\d+",
        says="too small",
    ),
]

MODELS = [
    Mistake(
        "method misspelled", put("model", {"method": "vooom"}), on=on("vooom"), says="did you mean 'voom'"
    ),
    Mistake(
        "method of nothing known", put("model", {"method": "deseq2"}), on=on("deseq2"), says="choose one of"
    ),
    Mistake("method that needs subjects", put("model", {"method": "mixed"}), on=on("mixed"), says="subject"),
    Mistake(
        "method for subjects, each with one sample",
        both(
            more("animal", "abcdefgh"), put("columns", "subject", "animal"), put("model", {"method": "mixed"})
        ),
        on=on("mixed"),
        says="several samples",
    ),
    Mistake(
        "method that knows no subjects",
        both(more("animal", "abcdabcd"), put("columns", "subject", "animal"), put("model", {"method": "ql"})),
        on=on("ql"),
        says="independent",
    ),
    Mistake(
        "option that the method does not read",
        put("model", {"trend": True}),
        on=on("trend"),
        says="the methods that read",
    ),
    Mistake(
        "option of no method", put("model", {"covariate": ["age"]}), on=on("covariate"), says="covariate"
    ),
    Mistake(
        "covariate that is not there",
        put("model", {"covariates": ["rin"]}),
        at=r"samples\.tsv:1",
        says="no column 'rin'",
        fast=True,
    ),
    Mistake("covariates as a text", put("model", {"covariates": "age"}), on=on("covariates"), says="list"),
    Mistake(
        "covariate equal to the group",
        both(more("arm", "ttttcccc"), put("model", {"covariates": ["arm"]})),
        at=r"card\.yaml:\d+",
        says="told from the covariate 'arm'",
        fast=True,
    ),
    Mistake(
        "covariate equal to the group, as numbers",
        both(more("arm", "11110000"), put("model", {"covariates": ["arm"]})),
        at=r"card\.yaml:\d+",
        says="told from the covariate 'arm'",
    ),
    Mistake(
        "covariate equal to the sample",
        both(more("tube", "abcdefgh"), put("model", {"covariates": ["tube"]})),
        at=r"card\.yaml:\d+",
        says="told from the covariate 'tube'",
        fast=True,
    ),
    Mistake(
        "covariate that is the sample's column",
        put("model", {"covariates": ["sample"]}),
        at=r"card\.yaml:\d+",
        says="already",
    ),
    Mistake(
        "covariate that is the group's column",
        put("model", {"covariates": ["group"]}),
        at=r"card\.yaml:\d+",
        says="already",
    ),
    Mistake(
        "covariate that is the sex's column",
        put("model", {"covariates": ["sex"]}),
        at=r"card\.yaml:\d+",
        says="already",
    ),
    Mistake(
        "covariate that is the batch's column",
        put("model", {"covariates": ["batch"]}),
        at=r"card\.yaml:\d+",
        says="already",
    ),
    Mistake(
        "covariate twice", put("model", {"covariates": ["age", "age"]}), at=r"card\.yaml:\d+", says="already"
    ),
    Mistake(
        "covariate called batch, which the card does not name",
        both(drop("columns", "batch"), put("model", {"covariates": ["batch"]})),
        at=r"card\.yaml:\d+",
        says="columns",
        fast=True,
    ),
    Mistake(
        "covariate of many levels: no df left",
        both(
            more("week", "abcdabcd"),
            more("rin", "1,3,2,9,4,4,7,1"),
            put("model", {"covariates": ["age", "week", "rin"]}),
        ),
        at=r"card\.yaml:\d+",
        says="scatter",
        fast=True,
    ),
    Mistake(
        "batches that leave no df by sex",
        both(
            more("run", "abccabcc"),
            more("week", "xxxyyyxy"),
            put("columns", "batch", "run"),
            put("model", {"covariates": ["age", "week"]}),
        ),
        at=r"card\.yaml:\d+",
        says="scatter|told from",
    ),
    Mistake(
        "batch aliased with the group",
        lambda p: [p.cell(i, "batch", "1" if i < 5 else "2") for i in range(1, 9)],
        at=r"card\.yaml:\d+",
        says="told from the batch",
        fast=True,
    ),
    Mistake(
        "sex aliased with the group",
        lambda p: [p.cell(i, "sex", "F" if i < 5 else "M") for i in range(1, 9)],
        at=r"card\.yaml:\d+",
        says="told from the sex",
        fast=True,
    ),
    Mistake(
        "effects by sex aliased with the batch",
        lambda p: [
            p.cell(i, "batch", "1" if (i < 5) == (p.sheet[i][2] == "F") else "2") for i in range(1, 9)
        ],
        at=r"card\.yaml:\d+",
        says="by_sex: false",
        fast=True,
    ),
    Mistake(
        "batch and covariate aliased together",
        both(
            more("plate", "pqpqpqpq"),
            more("score", "1,2,3,4,3,4,5,6"),
            lambda p: [p.cell(i, "batch", "12"[(i - 1) // 2 % 2]) for i in range(1, 9)],
            drop("columns", "sex"),
            put("model", {"covariates": ["plate", "score"]}),
        ),
        at=r"card\.yaml:\d+",
        says="the batch and the covariate",
    ),
    Mistake(
        "subjects fixed, between subjects",
        both(
            more("animal", "aabbccdd"),
            put("columns", "subject", "animal"),
            drop("columns", "sex"),
            drop("columns", "batch"),
            put("model", {"subjects": "fixed"}),
        ),
        at=r"card\.yaml:\d+",
        says="told from the subjects",
    ),
    Mistake("scale of nothing known", put("values", {"scale": "log3"}), on=on("log3"), says="log2"),
    Mistake(
        "normalisation of nothing known",
        put("values", {"normalise": "quantile"}),
        on=on("quantile"),
        says="tmm",
    ),
    Mistake(
        "tmm of log2 values",
        both(put("values", {"scale": "log2", "normalise": "tmm"}), put("assay", "protein")),
        on=on("normalise"),
        says="does not fit",
    ),
    Mistake(
        "counts called log2",
        both(put("values", {"scale": "log2"}), put("assay", "protein")),
        at="mine",
        says="scale: counts",
    ),
    Mistake(
        "counts called log2, the method for counts",
        both(put("values", {"scale": "log2"}), put("model", {"method": "voom"})),
        on=on("voom"),
        says="does not fit",
    ),
    Mistake("assay that no method analyses", put("assay", "clinical"), on=on("clinical"), says="No method"),
    Mistake("single cells without donors", put("assay", "single_cell"), on=on("single_cell"), says="donor"),
]


def beside(**alternative: Any) -> Callable[[Project], None]:
    """The card names another analysis beside the reported one."""
    return put("model", {"alternatives": {"other": alternative}})


ALTERNATIVES = [
    Mistake("method misspelled", beside(method="trendy"), at=r"card\.yaml:\d+", says="did you mean 'trend'"),
    Mistake(
        "option that it does not read",
        beside(method="ql", array_weights=True),
        at=r"card\.yaml:\d+",
        says="array_weights",
    ),
    Mistake("covariate that is not there", beside(covariates=["rin"]), at=r"samples\.tsv:1", says="rin"),
    Mistake(
        "covariate equal to the group",
        both(more("arm", "ttttcccc"), beside(covariates=["arm"])),
        at=r"card\.yaml:\d+",
        says="arm",
    ),
    Mistake(
        "covariate equal to the sample",
        both(more("tube", "abcdefgh"), beside(covariates=["tube"])),
        at=r"card\.yaml:\d+",
        says="tube",
    ),
    Mistake(
        "covariate with a missing cell",
        both(more("rin", "1,3,2,,4,4,7,1"), beside(covariates=["rin"])),
        at=r"samples\.tsv:5, column 'rin'",
        says="no value",
    ),
    Mistake(
        "covariate that is the batch's column",
        beside(covariates=["batch"]),
        at=r"card\.yaml:\d+",
        says="already",
    ),
    Mistake("method that needs subjects", beside(method="mixed"), at=r"card\.yaml:\d+", says="subject"),
    Mistake(
        "no df left",
        both(
            more("week", "abcdabcd"),
            more("rin", "1,3,2,9,4,4,7,1"),
            beside(covariates=["age", "week", "rin"]),
        ),
        at=r"card\.yaml:\d+",
        says="scatter",
    ),
    Mistake(
        "a text in its place",
        put("model", {"alternatives": {"other": "trend"}}),
        at=r"card\.yaml:\d+",
        says="keys and values",
    ),
    Mistake(
        "the name of the reported one",
        put("model", {"alternatives": {"as reported": {"method": "trend"}}}),
        at=r"card\.yaml:\d+",
        says="name",
    ),
]
