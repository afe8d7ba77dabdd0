"""Mistakes in configurations and in sample sheets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.mistakes.cards import both, drop, edit, more, put
from tests.mistakes.mistake import Mistake
from tests.mistakes.project import CARD, CONFIG, SHEET, Project


def set_(*path: Any) -> Callable[[Project], None]:
    """Set a value of the configuration, as :func:`put` does of the card."""

    def plant(project: Project) -> None:
        inner = Project(card=project.settings)
        put(*path)(inner)

    return plant


def on(text: str) -> tuple[str, str]:
    """The line of the configuration that holds a text."""
    return CONFIG, text


def cell(row: int, column: str, value: str) -> Callable[[Project], None]:
    """Change a cell of the sheet."""
    return lambda project: project.cell(row, column, value)


def raw(change: Callable[[str], str]) -> Callable[[Project], None]:
    """Change the text of the sheet."""
    return lambda project: project.edits.__setitem__(SHEET, change)


def bytes_of(content: bytes) -> Callable[[Project], None]:
    """Replace the sheet."""
    return lambda project: project.files.__setitem__(SHEET, content)


NINE = "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9))
CONFIGURATION = [
    Mistake(
        "alias bomb",
        lambda p: p.files.__setitem__(CONFIG, "a: &a [x, x, x, x, x, x, x, x, x]\n" + NINE),
        at=r"config\.yaml:6",
        fast=True,
    ),
    Mistake("empty file", lambda p: p.files.__setitem__(CONFIG, ""), at="config.yaml", says="no settings"),
    Mistake(
        "key twice",
        edit("title: A study", "title: A study\ntitle: B", CONFIG),
        at=r"config\.yaml:3",
        says="given twice",
    ),
    *(
        Mistake(
            f"without {key}", lambda p, k=key: p.settings.pop(k), at=r"config\.yaml:\d+", says="is missing"
        )
        for key in ("name", "title", "datasets")
    ),
    *(
        Mistake(
            f"{right} misspelled {wrong}",
            edit(f"{right}:", f"{wrong}:", CONFIG),
            on=on(f"{wrong}:"),
            says=rf"did you mean '{right}'",
        )
        for right, wrong in {
            "datasets": "dataset",
            "axis": "axes",
            "thresholds": "tresholds",
            "fdr": "fdrs",
            "genes": "gene_s",
            "hypotheses": "hypothesis",
            "alpha": "alfa",
        }.items()
    ),
    Mistake(
        "data set that is not there",
        set_("datasets", ["mien"]),
        on=on("mien"),
        says="did you mean 'mine'",
        fast=True,
    ),
    Mistake(
        "data set twice", set_("datasets", ["mine", "mine"]), at=r"config\.yaml:\d+", says="each id once"
    ),
    Mistake("no data sets", set_("datasets", []), on=on("datasets"), says="at least one"),
    Mistake("data sets as a text", set_("datasets", "mine"), on=on("datasets"), says="list"),
    Mistake(
        "data set as a path",
        set_("datasets", ["config/datasets/mine"]),
        on=on("config/datasets/mine"),
        says="letters",
    ),
    Mistake(
        "folder of data sets that is not there",
        set_("datasets_folder", "datasets"),
        at=r"config\.yaml:\d+",
        says="no data set 'mine'",
    ),
    Mistake("name with a blank", set_("name", "my study"), on=on("my study"), says="letters"),
    Mistake("name of dots", set_("name", ".."), on=on("name"), says="letters"),
    *(
        Mistake(f"{key} of {value}", set_("thresholds", key, value), on=on(f"  {key}:"), says=says)
        for key, value, says in (
            ("fdr", 0, "greater than 0"),
            ("fdr", 5, "less than 1"),
            ("fdr", "5 %", "number"),
            ("fdr", float("nan"), "finite|greater|number"),
            ("alpha", -0.05, "greater than 0"),
            ("power", 1, "less than 1"),
            ("smallest_effect", 0, "greater than 0"),
            ("smallest_effect", float("inf"), "finite|number"),
            ("min_per_group", 1, "2"),
            ("min_per_group", 2.5, "whole"),
            ("min_mapped", 30, "1"),
            ("min_mapped", float("nan"), "finite|number"),
        )
    ),
    Mistake(
        "thresholds that no group reaches",
        set_("thresholds", "min_per_group", 9),
        at=r"card\.yaml:\d+",
        says="too small",
    ),
    Mistake("axis without genes", set_("axis", "genes", []), on=on("genes: []"), says="at least one"),
    Mistake(
        "axis gene twice",
        set_("axis", "genes", ["FBXO2", "FLOT1", "FBXO2"]),
        at=r"config\.yaml:\d+",
        says="stands twice",
    ),
    Mistake("axis genes as a text", set_("axis", "genes", "FBXO2, CD63"), on=on("genes"), says="list"),
    Mistake(
        "hypothesis about a gene that is none of the axis",
        edit("gene: FBXO2", "gene: FBX02", CONFIG),
        on=on("gene: FBX02"),
        says="did you mean 'FBXO2'",
    ),
    Mistake(
        "hypothesis in a tissue misspelled",
        edit("tissue: muscle", "tissue: mucsle", CONFIG),
        on=on("mucsle"),
        says="did you mean 'muscle'",
    ),
    Mistake(
        "hypothesis with a direction of its own",
        edit("direction: up", "direction: higher", CONFIG),
        on=on("higher"),
        says="up",
    ),
    Mistake(
        "hypothesis without a basis",
        edit("basis: a paper", "base: a paper", CONFIG),
        at=r"config\.yaml:\d+",
        says="basis",
    ),
    Mistake(
        "panel misspelled",
        set_("panels", ["axis", "fibrosys"]),
        on=on("fibrosys"),
        says="did you mean 'fibrosis'",
    ),
    Mistake(
        "panel twice", set_("panels", ["fibrosis", "fibrosis"]), at=r"config\.yaml:\d+", says="stands twice"
    ),
    Mistake("question misspelled", set_("questions", ["axes"]), on=on("axes"), says="did you mean 'axis'"),
    Mistake("question twice", set_("questions", ["sex", "sex"]), at=r"config\.yaml:\d+", says="stands twice"),
    Mistake("question of simulated data", set_("questions", ["planted"]), on=on("planted"), says="axis"),
    Mistake("no questions", set_("questions", []), on=on("questions"), says="at least one"),
    Mistake(
        "sex_mismatch misspelled", set_("sex_mismatch", "dorp"), on=on("dorp"), says="did you mean 'drop'"
    ),
    Mistake("seed below zero", set_("seed", -1), on=on("seed"), says="0"),
    Mistake("seed as a word", set_("seed", "random"), on=on("seed"), says="whole number"),
    Mistake("mirror that is not there", set_("mirror", "/no/such/mirror"), on=on("mirror"), says="folder"),
    Mistake("organism without orthologs", put("organism", "rat"), at=r"config\.yaml:\d+", says="ortholog"),
    Mistake(
        "orthologs of an organism that is none",
        set_("orthologs", {"mous": {"name": "o.tsv", "path": "o.tsv"}}),
        on=on("mous"),
        says="mouse",
    ),
    Mistake(
        "orthologs that are not there",
        both(
            put("organism", "rat"),
            set_("orthologs", {"rat": {"name": "o.tsv", "path": "o.tsv", "reader": "table"}}),
        ),
        on=on("path: o.tsv"),
        says="no such file",
    ),
    Mistake("simulated as a word", set_("simulated", "perhaps"), on=on("simulated"), says="true or false"),
]

SHEETS = [
    Mistake("empty", bytes_of(b""), at="samples.tsv", says="empty"),
    Mistake("only a header", bytes_of(b"sample\tgroup\tsex\tbatch\n"), at="samples.tsv", says="empty"),
    Mistake("only blank lines", bytes_of(b"\n\n\t\t\n"), at="samples.tsv", says="empty"),
    Mistake("a workbook", bytes_of(b"PK\x03\x04" + bytes(200)), at="samples.tsv", says="workbook", fast=True),
    Mistake("an old workbook", bytes_of(b"\xd0\xcf\x11\xe0" + bytes(200)), at="samples.tsv", says="workbook"),
    Mistake(
        "Latin-1",
        bytes_of("sample\tgroup\tsex\tbatch\ns1\tgeübt\tF\t1\n".encode("latin-1")),
        at=r"samples\.tsv:2",
        says="UTF-8",
    ),
    Mistake(
        "a web page",
        bytes_of(b"<!DOCTYPE html>\n<html><body>Log in</body></html>\n"),
        at=r"samples\.tsv:1",
        says="no column",
    ),
    Mistake(
        "separated by blanks",
        raw(lambda text: text.replace("\t", " ")),
        at=r"samples\.tsv:1",
        says="no column",
    ),
    Mistake(
        "separated by bars", raw(lambda text: text.replace("\t", "|")), at=r"samples\.tsv:1", says="no column"
    ),
    Mistake(
        "without a header",
        raw(lambda text: text.split("\n", 1)[1]),
        at=r"samples\.tsv:1",
        says="no column 'sample'",
    ),
    Mistake(
        "a title above the header",
        raw(lambda text: "Samples of 2024\n" + text),
        at=r"samples\.tsv:\d",
        says="length|no column",
    ),
    Mistake(
        "a row cut short",
        raw(lambda text: text.replace("s3\ttrained\tF\t2\t28", "s3\ttrained\tF")),
        at=r"samples\.tsv:4",
        says="another length",
        fast=True,
    ),
    Mistake(
        "a row with a cell too many",
        raw(lambda text: text.replace("s3\ttrained", "s3\t\ttrained")),
        at=r"samples\.tsv:4",
        says="another length",
    ),
    Mistake("the last row cut", raw(lambda text: text[:-9]), at=r"samples\.tsv:9", says="length"),
    Mistake(
        "a quote left open",
        raw(lambda text: text.replace("s3\t", '"s3\t')),
        at=r"samples\.tsv:4",
        says="quotes",
        fast=True,
    ),
    Mistake(
        "a quote in the wrong place",
        raw(lambda text: text.replace("s3\t", '"s3"x\t')),
        at=r"samples\.tsv:4",
        says="quotes",
    ),
    Mistake(
        "a line break in a cell",
        raw(lambda text: text.replace("s3\ttrained", 's3\t"tra\nined"')),
        at=r"samples\.tsv:4",
        says="line break",
    ),
    Mistake(
        "a column without a name",
        raw(lambda text: text.replace("age", "")),
        at=r"samples\.tsv:1",
        says="no name",
    ),
    Mistake(
        "two columns of one name",
        raw(lambda text: text.replace("age", "sex")),
        at=r"samples\.tsv:1",
        says="one name",
        fast=True,
    ),
    Mistake(
        "two empty columns with content",
        raw(lambda text: text.replace("batch\tage", "\t")),
        at=r"samples\.tsv:1",
        says="no name",
    ),
    Mistake(
        "a sample twice",
        cell(4, "sample", "s1"),
        at=r"samples\.tsv:5, column 'sample'",
        says="line 2",
        fast=True,
    ),
    Mistake(
        "a sample without a name",
        cell(3, "sample", ""),
        at=r"samples\.tsv:4, column 'sample'",
        says="no name",
    ),
    Mistake(
        "a sample that the matrix does not have",
        cell(3, "sample", "s33"),
        at=r"samples\.tsv:4, column 'sample'",
        says="did you mean 's3'",
        fast=True,
    ),
    Mistake(
        "names of another list",
        both(*(cell(i, "sample", f"GSM{1000 + i}") for i in range(1, 9))),
        at=r"samples\.tsv:\d, column 'sample'",
        says="no such sample|does not have",
    ),
    Mistake("a sample missing", lambda p: p.sheet.pop(3), at="samples.tsv", says="says nothing about"),
    Mistake(
        "a sample too many",
        lambda p: p.sheet.append(["s9", "control", "F", "1", "30"]),
        at=r"samples\.tsv:10",
        says="no such sample",
    ),
    Mistake(
        "two names that mean one sample",
        both(cell(2, "sample", "S-1"), lambda p: None),
        at=r"samples\.tsv:\d, column 'sample'",
        says="one sample|no such sample",
    ),
    Mistake(
        "a sample without a group",
        cell(3, "group", ""),
        at=r"samples\.tsv:4, column 'group'|card",
        says="no group|group",
    ),
    Mistake(
        "a group in other letters",
        cell(3, "group", "Trained"),
        at=r"samples\.tsv:\d, column 'group'",
        says="look like one",
        fast=True,
    ),
    Mistake(
        "a group with an underscore",
        both(
            *(cell(i, "group", "over trained") for i in (1, 2, 3)),
            cell(4, "group", "over_trained"),
            put("contrasts", 0, "case", "over trained"),
        ),
        at=r"samples\.tsv:\d, column 'group'",
        says="look like one",
    ),
    Mistake(
        "a batch in other letters",
        both(*(cell(i, "batch", "A" if i % 2 else "B") for i in range(1, 9)), cell(1, "batch", "a")),
        at=r"samples\.tsv:\d, column 'batch'",
        says="look like one",
    ),
    Mistake(
        "a subject in other letters",
        both(more("animal", "pqrspqrS"), put("columns", "subject", "animal")),
        at=r"samples\.tsv:\d, column 'animal'",
        says="look like one",
    ),
    Mistake(
        "a group misspelled",
        both(cell(3, "group", "traned"), cell(4, "group", "traned"), cell(2, "group", "traned")),
        at=r"card\.yaml:\d+",
        says="too small",
    ),
    Mistake(
        "a group of one",
        both(*(cell(i, "group", "rest") for i in (5, 6, 7))),
        at=r"card\.yaml:\d+",
        says="too small",
    ),
    Mistake(
        "every sample a group of its own",
        both(*(cell(i, "group", f"g{i}") for i in range(1, 9))),
        at=r"card\.yaml:\d+",
        says="no sample is in",
    ),
    Mistake(
        "groups as numbers in the sheet only",
        both(*(cell(i, "group", "12"[i > 4]) for i in range(1, 9))),
        at=r"card\.yaml:\d+",
        says="choose one of 1, 2",
    ),
    Mistake(
        "groups with leading zeros, unquoted in the card",
        both(
            *(cell(i, "group", ("01", "02")[i > 4]) for i in range(1, 9)),
            edit("case: trained", "case: 01", CARD),
        ),
        at=r"card\.yaml:\d+",
        says="quotes",
    ),
    Mistake(
        "a sex of 1 and 2",
        both(*(cell(i, "sex", "21"[i % 2]) for i in range(1, 9))),
        at=r"samples\.tsv:2, column 'sex'",
        says="sex_labels",
        fast=True,
    ),
    Mistake(
        "a sex misspelled",
        cell(2, "sex", "mael"),
        at=r"samples\.tsv:3, column 'sex'",
        says="meaning is not known",
    ),
    Mistake(
        "a sex of a question mark",
        cell(2, "sex", "?"),
        at=r"samples\.tsv:3, column 'sex'",
        says="meaning is not known",
    ),
    Mistake(
        "all sexes swapped", both(*(cell(i, "sex", "FM"[i % 2]) for i in range(1, 9))), at="mine", says="sex"
    ),
    Mistake(
        "a batch missing",
        cell(3, "batch", ""),
        at=r"samples\.tsv:4, column 'batch'",
        says="no value",
        fast=True,
    ),
    Mistake("a batch of NA", cell(3, "batch", "NA"), at=r"samples\.tsv:4, column 'batch'", says="no value"),
    *(
        Mistake(
            f"an age of {value!r}",
            both(cell(4, "age", value), put("model", {"covariates": ["age"]})),
            at=r"samples\.tsv:5, column 'age'",
            says=says,
            fast=value == "35 y",
        )
        for value, says in (
            ("", "no value"),
            ("NA", "no value"),
            ("35 y", "numbers"),
            ("n.d.", "numbers"),
            ("35,5", "numbers"),
            (">35", "numbers"),
            ("#VALUE!", "numbers"),
            ("1e999", "numbers|finite"),
            ("inf", "numbers|finite"),
        )
    ),
    Mistake(
        "ages with decimal commas",
        both(*(cell(i, "age", f"{20 + i},5") for i in range(1, 9)), put("model", {"covariates": ["age"]})),
        at=r"samples\.tsv:2, column 'age'",
        says="decimal point",
    ),
    Mistake(
        "ages with a unit",
        both(*(cell(i, "age", f"{20 + i} y") for i in range(1, 9)), put("model", {"covariates": ["age"]})),
        at=r"samples\.tsv:2, column 'age'",
        says="unit",
    ),
    Mistake(
        "replicates of one specimen in two groups",
        both(
            more("specimen", "aabbccdd"),
            cell(2, "group", "control"),
            put("columns", "replicate_of", "specimen"),
            drop("columns", "sex"),
            drop("columns", "batch"),
        ),
        at=r"samples\.tsv:3, column 'group'",
        says="replicates",
    ),
    Mistake(
        "a TODO left in a cell",
        cell(3, "sex", "TODO: male or female?"),
        at=r"samples\.tsv:4, column 'sex'",
        says="male or female",
    ),
    Mistake(
        "a column of TODO",
        both(*(cell(i, "batch", "TODO") for i in range(1, 9))),
        at=r"samples\.tsv:2, column 'batch'",
        says="fill the cells",
    ),
    Mistake(
        "half a gigabyte in one cell",
        bytes_of(b"sample\tgroup\tsex\tbatch\ns1\t" + b"x" * 3_000_000 + b"\tF\t1\n"),
        at="samples.tsv|card",
        says="",
    ),
]


def inside(
    *changes: Callable[[Project], object], name: str = "meta.tsv", **card: Any
) -> Callable[[Project], None]:
    """The sheet is a file of the data set; changes of the sheet are made before it moves there."""

    def plant(project: Project) -> None:
        for change in changes:
            change(project)
        project.files["meta.tsv"] = "\n".join("\t".join(row) for row in project.sheet) + "\n"
        project.sheet = [["nothing"], ["here"]]
        file = {"name": name, "path": "meta.tsv", "reader": "delimited", "content": "samples"}
        project.card["files"].append({**file, "options": {"layout": "sheet", "sample": "sample"}})
        project.card["samples_from"] = {"file": "meta.tsv"}
        project.card.update(card)

    return plant


ROW = r"meta\.tsv|mine"
INSIDE = [
    Mistake("a group that nobody is", inside(put("contrasts", 0, "case", "traind")), at=ROW, says="traind"),
    Mistake(
        "a column that is not there",
        inside(put("columns", "batch", "plate")),
        at="meta.tsv",
        says="no column 'plate'",
    ),
    Mistake(
        "a sex of 1 and 2",
        inside(*(cell(i, "sex", "21"[i % 2]) for i in range(1, 9))),
        at="meta.tsv",
        says="sex_labels",
    ),
    Mistake("a sample missing", inside(lambda p: p.sheet.pop(3)), at="meta.tsv", says="s3"),
    Mistake("a sample twice", inside(cell(4, "sample", "s1")), at="meta.tsv", says="s1"),
    Mistake("a group missing", inside(cell(4, "group", "")), at=ROW, says="group"),
    Mistake("a batch missing", inside(cell(4, "batch", "")), at=ROW, says="batch"),
    Mistake(
        "a covariate that is not there", inside(put("model", {"covariates": ["rin"]})), at=ROW, says="rin"
    ),
    Mistake(
        "a covariate missing",
        inside(cell(4, "age", ""), put("model", {"covariates": ["age"]})),
        at=ROW,
        says="age",
    ),
    Mistake(
        "a covariate of NA",
        inside(cell(4, "age", "NA"), put("model", {"covariates": ["age"]})),
        at=ROW,
        says="age",
    ),
    Mistake(
        "a covariate with a unit",
        inside(cell(4, "age", "35 y"), put("model", {"covariates": ["age"]})),
        at=ROW,
        says="age|scatter",
    ),
    Mistake(
        "a covariate equal to the group",
        inside(more("arm", "ttttcccc"), put("model", {"covariates": ["arm"]})),
        at=ROW,
        says="arm",
    ),
    Mistake(
        "a covariate equal to the sample",
        inside(more("tube", "abcdefgh"), put("model", {"covariates": ["tube"]})),
        at=ROW,
        says="tube",
    ),
    Mistake(
        "covariates that leave no df",
        inside(
            more("week", "abcdabcd"),
            more("rin", "1,3,2,9,4,4,7,1"),
            put("model", {"covariates": ["age", "week", "rin"]}),
        ),
        at=ROW,
        says="scatter",
    ),
    Mistake(
        "a batch aliased with the group",
        inside(*(cell(i, "batch", "12"[i > 4]) for i in range(1, 9))),
        at=ROW,
        says="batch",
    ),
    Mistake(
        "a sex aliased with the group",
        inside(*(cell(i, "sex", "FM"[i > 4]) for i in range(1, 9)), sex_labels={}),
        at=ROW,
        says="sex",
    ),
    Mistake(
        "two spellings of a group", inside(cell(3, "group", "Trained")), at="meta.tsv", says="look like one"
    ),
    Mistake("keep of nobody", inside(put("keep", {"group": ["Trained"]})), at="meta.tsv", says="trained"),
    Mistake(
        "without a reader",
        both(
            inside(), lambda p: p.card["files"][1].pop("reader"), lambda p: p.card["files"][1].pop("options")
        ),
        at=r"card\.yaml:\d+",
        says="reader",
    ),
    Mistake(
        "subjects with one sample each",
        inside(
            more("animal", "abcdefgh"), put("columns", "subject", "animal"), put("model", {"method": "mixed"})
        ),
        at=ROW,
        says="subject",
    ),
]
