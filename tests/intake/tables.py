"""Tables with a row per feature, a row per sample or a row per value, and all that people do to them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.intake.covering import Choice, cover
from tests.intake.designs import DESIGNS, NAMINGS, QC, REPLICATES, SEXES, UNTOLD, make_samples, sheet_rows
from tests.intake.genes import make_genes
from tests.intake.numbers import HOLDS, MISSING, UNUSABLE, as_cells, make_values
from tests.intake.truth import Case, Sample, Truth, Written
from tests.intake.writing import KINDS, write_grid

#: Stem of the file -> tissue and compartment that it tells.
PLACES = {
    "GSE150000_liver": ("liver", "tissue"),
    "gastrocnemius": ("muscle", "tissue"),
    "plasma_EV_proteome": ("plasma", "plasma_sev"),
    "{organism}_liver": ("liver", "tissue"),
    "Table_S2": ("", ""),
}
PROTEIN_IDS = ["uniprot", "symbol", "uniprot group", "isoform", "fasta", "entry", "refseq protein"]
RNA_IDS = ["ensembl version", "ensembl", "symbol", "entrez", "refseq mRNA"]
HEADS = ("plain", "blank corner", "R row names", "title lines", "comments", "spaces")
EXTRAS = ("none", "before", "symbol beside", "between", "after", "tests after", "length")
ENDS = ("none", "total row", "blank lines", "note below")
DECOYS = ("none", "MaxQuant", "FragPipe", "lower")
SHEETS = ("plain", "order", "case", "more", "subset")
#: Kinds of files of sheets beside csv.
SHEET_FILES = ("tsv", "semicolon", "utf16", "csv bom", "xlsx", "xlsx titled")
BATCHES = ("", "batch", "run_date", "plex", "cage", "lane")
AXES: dict[str, list[str]] = {
    "holds": list(HOLDS),
    "ids": [*PROTEIN_IDS, *(kind for kind in RNA_IDS if kind != "symbol"), "symbol quiet", "symbol capitals"],
    "organism": ["mouse", "human", "rat"],
    "layout": ["wide", "transposed", "long"],
    "file": list(KINDS),
    "head": list(HEADS),
    "extra": list(EXTRAS),
    "missing": list(MISSING),
    "thousands": ["", "yes"],
    "naming": list(NAMINGS),
    "design": list(DESIGNS),
    "sex": list(SEXES),
    "qc": list(QC),
    "replicates": list(REPLICATES),
    "sheet": list(SHEETS),
    "batch": list(BATCHES),
    "place": list(PLACES),
    "end": list(ENDS),
    "decoys": list(DECOYS),
}
#: Levels that most tables have.
USUAL: dict[str, list[str]] = {
    "holds": ["counts", "protein linear", "protein log2"], "ids": ["uniprot", "ensembl", "symbol"],
    "organism": ["mouse", "human", "rat"], "layout": ["wide"], "file": ["csv", "tsv", "xlsx"], "head": ["plain"],
    "extra": ["none"], "missing": ["NA", ""], "thousands": [""], "naming": ["group_1", "opaque with sheet"],
    "design": ["sed trained", "chow HFD", "control treated", "lean NASH cirrhosis"], "sex": ["none", "sheet words"],
    "qc": ["none"], "replicates": ["none"], "sheet": ["plain"], "batch": [""],
    "place": ["GSE150000_liver", "gastrocnemius", "{organism}_liver"], "end": ["none"], "decoys": ["none"],
}  # fmt: skip
#: Levels that leave a fact open: the draft has to ask, so that they stand one at a time.
ASKING = {
    "holds": UNUSABLE,
    "ids": ["symbol quiet", "symbol capitals"],
    "design": UNTOLD,
    "naming": ["opaque"],
    "sex": ["sheet 1 2"],
    "place": ["Table_S2"],
    "replicates": ["_1 _2", "_A _B", "inj"],
}
FEATURES = 420
TOLD_BY_SHEET = ("opaque with sheet", "accession with sheet")


def cases(seed: int) -> Iterator[Case]:
    """Tables with known truth."""
    told = {axis: [v for v in levels if v not in ASKING.get(axis, [])] for axis, levels in AXES.items()}
    fair = list(cover(told, USUAL, _mend, seed=seed))
    generator = random.Random(seed)
    asking = [
        _mend(
            {key: generator.choice(levels) for key, levels in USUAL.items()} | {axis: level, "layout": layout}
        )
        for axis, special in ASKING.items()
        for level in special
        for layout in ("wide", "wide", "wide", "transposed", "long")
    ]
    sheets = [
        _mend(
            {key: generator.choice(levels) for key, levels in USUAL.items()}
            | {"naming": naming, "sex": "sheet letters", "sheet": sheet, "sheet file": file}
        )
        for naming in ("1_group", "group rep 1", "GROUP-01", "glued", "bam", "opaque with sheet")
        for sheet, file in [("before R", "csv"), *(("plain", file) for file in SHEET_FILES)]
    ]
    for i, choice in enumerate([*fair, *asking, *sheets]):
        yield Case(f"table-{i:03d}", choice, _area(choice), _writer(choice, seed + i))


def _area(choice: Choice) -> str:
    return "proteins" if choice["holds"].startswith("protein") else "counts"


def _mend(choice: Choice) -> Choice:
    """Levels that make sense together; what was chosen gives way in the order of the lines."""
    c = dict(choice)
    is_protein = c["holds"].startswith("protein")
    if is_protein and c["ids"] not in PROTEIN_IDS and not c["ids"].startswith("symbol"):
        c["ids"] = "uniprot"
    if not is_protein:
        c["ids"] = c["ids"] if c["ids"] in RNA_IDS or c["ids"].startswith("symbol") else "ensembl"
        c["missing"], c["decoys"] = "NA", "none"
    if c["ids"] == "symbol quiet" and c["organism"] == "human":
        c["organism"] = "mouse"
    if c["ids"] == "symbol capitals":
        c["organism"] = "mouse"
    if c["decoys"] != "none" and c["ids"] not in ("uniprot", "uniprot group", "isoform", "fasta"):
        c["decoys"] = "none"
    if c["holds"] not in ("counts", "protein linear"):
        c["thousands"] = ""
    if c["missing"] == "0" and c["holds"] in ("protein log2 ratio", "protein z"):
        c["missing"] = "NA"  # 0 is a ratio
    if c["file"] == "parquet":
        c |= {"head": "plain", "end": "none", "thousands": "", "missing": "NA"}
        c["naming"] = "group_1" if c["naming"] in ("repeated", "second header") else c["naming"]
    if c["file"].startswith("xlsx"):
        c["thousands"] = ""
        c["head"] = "plain" if c["head"] in ("R row names", "spaces") else c["head"]
    if c["file"] == "space":
        c |= {"head": "plain", "missing": "NA", "thousands": "", "end": "none"}
        c["naming"] = "group_1" if c["naming"] == "group rep 1" else c["naming"]
        c["extra"] = "none"
        c["replicates"] = "none" if c["replicates"] == "inj" else c["replicates"]
    if c["layout"] != "wide":
        c |= {"extra": "none", "end": "none"}
        c["head"] = "plain" if c["head"] in ("R row names", "blank corner", "spaces") else c["head"]
        c["naming"] = "group_1" if c["naming"] == "repeated" else c["naming"]
    if c["layout"] == "long":
        c["naming"] = "group_1" if c["naming"] == "second header" else c["naming"]
    if c["naming"] == "second header":
        c["head"] = "plain" if c["head"] == "R row names" else c["head"]
        c["end"] = "none"
    if c["sex"].startswith("sheet") or c["batch"]:
        c["naming"] = (
            "opaque with sheet" if c["naming"] in ("opaque", "repeated", "second header") else c["naming"]
        )
    if c["naming"] in ("opaque", "repeated", "second header", *TOLD_BY_SHEET) and c["sex"].endswith("names"):
        c["sex"] = "none"
    if c["naming"] == "glued" and (
        c["design"] == "scores" or (DESIGNS[c["design"]].paired and c["sex"] == "M in names")
    ):
        c["naming"] = "group_1"  # 1_male1, pre_FP01: nobody writes so
    if c["replicates"] != "none":
        c["design"] = "sed trained" if DESIGNS[c["design"]].paired else c["design"]
        c["naming"] = c["naming"] if c["naming"] in ("group_1", "group.1", "opaque with sheet") else "group_1"
        c["qc"] = "none"
    if not has_sheet(c):
        c |= {"sheet": "plain"}
    return c


def has_sheet(choice: Choice) -> bool:
    """Whether a sample sheet is part of the case."""
    return bool(choice["naming"] in TOLD_BY_SHEET or choice["sex"].startswith("sheet") or choice["batch"])


def _writer(choice: Choice, seed: int):
    return lambda folder: write(choice, folder, seed)


def write(c: Choice, folder: Path, seed: int) -> Written:
    """Write the files of one table."""
    generator = random.Random(seed)
    design = DESIGNS[c["design"]]
    samples = make_samples(design, c["naming"], c["sex"], c["qc"], c["replicates"])
    kind = c["ids"].split(" ")[0] if c["ids"].startswith("symbol") else c["ids"]
    genes = make_genes(c["organism"], kind, FEATURES, seed, telling=c["ids"] != "symbol quiet")
    names = [name.upper() for name in genes.names] if c["ids"] == "symbol capitals" else genes.names
    if c["batch"]:
        levels = {"run_date": ("2021-03-04", "2021-05-19"), "lane": ("L001", "L002")}.get(
            c["batch"], ("1", "2")
        )
        for i, sample in enumerate(samples):
            sample.batch = levels[i // 2 % 2]
    shown, values = make_values(c["holds"], samples, FEATURES, seed)
    truth = _truth(c, samples, values, genes, names)
    decimal = "," if c["file"] == "semicolon" else "."
    thousands = ("." if decimal == "," else ",") if c["thousands"] else ""
    cells = as_cells(shown, c["holds"], c["missing"], decimal, thousands)
    told = [replace(sample) for sample in samples]
    if c["sheet"] == "before R":
        for sample in samples:
            sample.name = as_r_writes(sample.name)
    grid = _grid(c, names, genes.symbols, samples, cells, generator, truth, decimal)
    sheet = None
    if has_sheet(c):
        column = generator.choice(["sample", "Sample_ID", "id", "Run"])
        sheet = sheet_rows(told, design, c["sex"], column=column, batch=c["batch"], kind=c["sheet"])
    titles: tuple[str, ...] = ()
    if c["head"] == "title lines":
        titles = ("Supplementary Table 2", "Values after quality control; see Methods")
    elif c["head"] == "comments":
        titles = ("# Program: quantify v2.1", "# generated 2023-04-01")
    stem = c["place"].format(organism=c["organism"])
    stem += "_ln_intensities" if c["holds"] == "protein ln" else ""  # ln looks like log2: a word must tell it
    path = write_grid(
        folder / stem, c["file"], grid, titles=titles, sheet=sheet if c["file"] == "xlsx sheets" else None
    )
    beside = sheet and c["file"] != "xlsx sheets"
    sheets = [write_grid(folder / "samples", c.get("sheet file", "csv"), sheet)] if beside else []
    return Written([path], truth, sheets)


def as_r_writes(name: str) -> str:
    """A name of a column as R's ``make.names`` changes it."""
    changed = re.sub(r"[^A-Za-z0-9._]", ".", name)
    return changed if re.match(r"[A-Za-z]|\.(?!\d)", changed) else f"X{changed}"


def _grid(
    c, names, symbols, samples: list[Sample], cells, generator, truth: Truth, decimal
) -> list[list[str]]:
    """Header and rows in the layout, with decoys, annotation and what stands below."""
    names, cells = list(names), [list(row) for row in cells]
    if c["decoys"] != "none":
        forms = {"MaxQuant": ("REV__{}", "CON__{}"), "FragPipe": ("rev_sp|{}|X_Y", "contam_sp|{}|K2C1_HUMAN"),
                 "lower": ("DECOY_{}", "Cont_{}")}[c["decoys"]]  # fmt: skip
        for i in range(12):
            name = forms[i % 2].format(f"P9{9600 + i}")
            truth.never.add(name)
            at = generator.randrange(len(names))
            names.insert(at, name)
            symbols = [*symbols[:at], "", *symbols[at:]]
            cells.insert(at, cells[at])
    headers = [sample.name for sample in samples]
    corner = {"uniprot": "Accession", "symbol": "Gene", "ensembl": "gene_id"}.get(
        c["ids"].split(" ")[0], "ID"
    )
    if c["layout"] == "long":
        value = "Intensity" if c["holds"].startswith("protein") else "count"
        rows = [[names[i], headers[j], cells[i][j]] for i in range(len(names)) for j in range(len(headers))]
        return [[corner, "sample", value], *rows]
    if c["layout"] == "transposed":
        group = (
            [["_".join(s.group) or "QC"] for s in samples]
            if c["naming"] == "second header"
            else [[] for _ in samples]
        )
        rows = [[headers[j], *group[j], *(row[j] for row in cells)] for j in range(len(headers))]
        return [["sample", *(["group"] if group[0] else []), *names], *rows]
    before, middle, after = _annotation(c["extra"], names, symbols, generator, decimal)
    half = len(headers) // 2
    rows = []
    for i, name in enumerate(names):
        rows.append(
            [name, *(column[1][i] for column in before), *cells[i][:half], *(column[1][i] for column in middle),
             *cells[i][half:], *(column[1][i] for column in after)]
        )  # fmt: skip
    corner = {"blank corner": "", "R row names": ""}.get(c["head"], corner)
    header = [
        corner,
        *(n for n, _ in before),
        *headers[:half],
        *(n for n, _ in middle),
        *headers[half:],
        *(n for n, _ in after),
    ]
    if c["head"] == "spaces":
        header = [f" {name} " if i % 3 == 1 else name for i, name in enumerate(header)]
    if c["head"] == "R row names":
        header = header[1:]
    top = [header]
    if c["naming"] == "second header":
        labels = ["_".join(s.group) or "QC" for s in samples]
        top.append(
            [
                "group",
                *[""] * len(before),
                *labels[:half],
                *[""] * len(middle),
                *labels[half:],
                *[""] * len(after),
            ]
        )
    width = len(rows[0])
    match c["end"]:
        case "total row":
            rows.append(["Total", *_sums(rows, width, decimal)])
            truth.never.add("Total")
        case "blank lines":
            rows += [[""] * width, [""] * width]
        case "note below":
            rows += [[""] * width, ["* adjusted for age and sex", *[""] * (width - 1)]]
            truth.never.add("* adjusted for age and sex")
    return [*top, *rows]


def _sums(rows, width: int, decimal: str) -> list[str]:
    sums = []
    for column in range(1, width):
        total = 0.0
        for row in rows:
            try:
                total += float(row[column].replace(decimal, "."))
            except ValueError:
                continue
        sums.append(f"{total:.10g}".replace(".", decimal))
    return sums


def _annotation(extra: str, names, symbols, generator: random.Random, decimal: str):
    """Columns before, among and after the samples."""
    n = len(names)

    def numbers(low: float, high: float, form: str) -> list[str]:
        return [form.format(generator.uniform(low, high)).replace(".", decimal) for _ in range(n)]

    match extra:
        case "before":
            described = [f"protein {i} of the membrane" for i in range(n)]
            return [("Description", described), ("MW [kDa]", numbers(8, 250, "{:.1f}"))], [], []
        case "symbol beside":
            return [("gene_name", list(symbols))], [], []
        case "between":
            return (
                [],
                [
                    ("Peptide count", numbers(1, 60, "{:.0f}")),
                    ("Confidence score", numbers(5, 900, "{:.2f}")),
                ],
                [],
            )
        case "after":
            return (
                [],
                [],
                [
                    ("max_pep_prob", numbers(0.9, 1, "{:.4f}")),
                    ("Description", [f"gene {i}" for i in range(n)]),
                ],
            )
        case "tests after":
            return [], [], [("Anova (p)", numbers(0, 1, "{:.4g}")), ("q Value", numbers(0, 1, "{:.4g}")),
                            ("Max fold change", numbers(1, 9, "{:.3f}")),
                            ("Power", numbers(0, 1, "{:.3f}"))]  # fmt: skip
        case "length":
            return (
                [("Length", numbers(200, 9000, "{:.0f}")), ("chr", [str(i % 19 + 1) for i in range(n)])],
                [],
                [],
            )
    return [], [], []


def _truth(c: Choice, samples: list[Sample], values: np.ndarray, genes, names: list[str]) -> Truth:
    from tests.intake.judge import name_keys

    design = DESIGNS[c["design"]]
    assay, scale = HOLDS[c["holds"]]
    tissue, compartment = PLACES[c["place"]]
    ask = set()
    if not design.told:
        ask.add("contrasts")
    if c["naming"] == "opaque":
        ask.add("group")
    if c["sex"] == "sheet 1 2":
        ask.add("sex")
    # transcripts tell no organism, symbols beside them do
    untold = c["ids"] == "symbol quiet" or (c["ids"] == "refseq mRNA" and c["extra"] != "symbol beside")
    if untold and not c["place"].startswith("{"):
        ask.add("organism")
    sexless = c["naming"] in ("opaque", "repeated", "second header", *TOLD_BY_SHEET) and not c[
        "sex"
    ].startswith("sheet")
    subjectless = (
        c["naming"] in ("opaque", "repeated", "second header") or c["naming"] in TOLD_BY_SHEET
    ) and not has_sheet(c)
    for sample in samples:
        sample.sex = "" if sexless else sample.sex
        sample.subject = "" if subjectless else sample.subject
    return Truth(
        c["organism"], tissue, compartment, assay, scale, samples, values,
        [name_keys(name) for name in names], genes.human,
        zero_is_missing=c["missing"] == "0" and c["holds"].startswith("protein"),
        references={factor: levels[0] if design.told else None for factor, levels in design.factors.items()},
        roles=design.roles, also=design.also, must_ask=ask,
    )  # fmt: skip
