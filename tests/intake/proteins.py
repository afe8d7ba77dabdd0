"""Protein tables as the programs of the field write them, with decoys, contaminants and columns that are no samples."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.intake.covering import Choice, cover
from tests.intake.designs import DESIGNS, make_samples, sheet_rows
from tests.intake.genes import make_genes
from tests.intake.judge import name_keys
from tests.intake.truth import Case, Sample, Truth, Written
from tests.intake.writing import write_grid

PROGRAMS = (
    "MaxQuant LFQ",
    "MaxQuant intensity",
    "MaxQuant one plex",
    "MaxQuant two plexes",
    "FragPipe",
    "TMT-Integrator",
    "DIA-NN matrix",
    "DIA-NN report",
    "Spectronaut pivot",
    "Spectronaut long",
    "Proteome Discoverer",
    "PEAKS",
    "Perseus",
    "MSstats quantities",
    "mzTab",
    "Progenesis",
    "sites",
    "Olink",
    "SomaScan",
)
AXES = {
    "program": list(PROGRAMS),
    "organism": ["mouse", "human", "rat"],
    "design": ["sed trained", "chow HFD", "lean NASH cirrhosis", "genotype by training", "control treated"],
    "names": ["group_1", "opaque with sheet", "male in names"],
    "decoys": ["yes", "no"],
    "given": ["as written", "gz", "csv"],
    "extra": ["none", "QC", "replicates"],
}
USUAL = AXES | {"given": ["as written"], "extra": ["none"], "names": ["group_1", "opaque with sheet"]}
FEATURES = 300
TMT = ("126", "127N", "127C", "128N", "128C", "129N", "129C", "130N", "130C", "131N")
SITES = {"sites"}
HUMAN_ONLY = {"Olink", "SomaScan"}


def cases(seed: int) -> Iterator[Case]:
    """Protein tables with known truth."""
    for i, choice in enumerate(cover(AXES, USUAL, _mend, seed=seed)):
        yield Case(
            f"program-{i:03d}", choice, "proteins", lambda folder, c=choice, i=i: write(c, folder, seed + i)
        )


def _mend(choice: Choice) -> Choice:
    c = dict(choice)
    if c["program"] in HUMAN_ONLY:
        c |= {"organism": "human", "decoys": "no", "given": "as written"}
    if "plex" in c["program"] or c["program"] in ("TMT-Integrator", "mzTab"):
        c |= {"extra": "none"}
    if c["program"] == "MaxQuant one plex":
        c |= {"names": "opaque with sheet", "design": "sed trained"}
    if c["program"] == "MaxQuant two plexes":
        c |= {"names": "opaque with sheet", "design": "genotype by training"}
    if c["program"] in ("mzTab", "SomaScan", "Olink"):
        c["given"] = "as written"
    if c["extra"] == "replicates":
        c["names"] = "group_1"
    return c


def write(c: Choice, folder: Path, seed: int) -> Written:
    """Write one table."""
    generator = np.random.default_rng(seed)
    design = DESIGNS[c["design"]]
    naming = "group_1" if c["names"] == "male in names" else c["names"]
    plexes = {"MaxQuant one plex": 1, "MaxQuant two plexes": 2}.get(c["program"], 0)
    per_group = 5 if plexes else 4
    samples = make_samples(
        design,
        naming,
        "male in names" if c["names"] == "male in names" else "none",
        "QC_1" if c["extra"] == "QC" else "none",
        "_1 _2" if c["extra"] == "replicates" else "none",
        per_group,
    )
    genes = make_genes(c["organism"], "uniprot", FEATURES, seed)
    log2 = generator.normal(24, 2.5, FEATURES) + generator.normal(0, 0.5, (len(samples), FEATURES))
    present = generator.random(log2.shape) > 0.12
    present[:, present.sum(axis=0) < 2] = True
    linear = np.where(present, np.rint(2**log2), np.nan)
    truth = Truth(
        c["organism"],
        "liver",
        "tissue",
        "protein",
        "linear",
        samples,
        np.log2(linear),
        [name_keys(name) | {symbol} for name, symbol in zip(genes.names, genes.symbols, strict=True)],
        genes.human,
        zero_is_missing=True,
        references={factor: levels[0] for factor, levels in design.factors.items()},
        roles=design.roles,
        also=design.also,
    )
    if plexes:
        for i, sample in enumerate(samples):
            # as the reader calls them: plex and channel
            sample.name = f"plex{i // 10 + 1}_{i % 10 + 1}" if plexes > 1 else f"{i % 10 + 1}"
            sample.batch = f"plex{i // 10 + 1}" if plexes > 1 else ""
    grid, titles = _grid(c, genes, samples, linear, truth, generator)
    organism = c["organism"]
    stem = folder / f"{organism}_liver_{'sites' if c['program'] == 'sites' else 'proteins'}"
    text = {
        "as written": "txt" if c["program"].startswith(("MaxQuant", "Perseus", "sites")) else "tsv",
        "gz": "tsv gz",
        "csv": "csv",
    }[c["given"]]
    if c["program"] in ("PEAKS", "Progenesis", "MSstats quantities"):
        text = "csv"
    path = write_grid(stem, text, grid, titles=titles)
    sheets = []
    if naming == "opaque with sheet":
        told = (
            [Sample(_in_table(c, s), s.factors, s.sex, s.subject, s.batch, s.kind) for s in samples]
            if plexes
            else samples
        )
        rows = sheet_rows(
            told, design, "none", column="sample", batch="plex" if plexes > 1 else "", kind="plain"
        )
        sheets = [write_grid(folder / "samples", "csv", rows)]
    return Written([path], truth, sheets)


def _in_table(c: Choice, sample: Sample) -> str:
    return f"Reporter intensity corrected {_reporter(sample.name)}"


def _reporter(name: str) -> str:
    """Channel and plex as MaxQuant writes them: ``1 plex2`` of plex2_1."""
    plex, _, channel = name.rpartition("_")
    return f"{channel} {plex}".strip()


def _decoys(c: Choice, names: list[str], marks: tuple[str, str], truth: Truth) -> list[tuple[str, int]]:
    """Rows of the table: name, and the row of values that it repeats."""
    rows = [(name, i) for i, name in enumerate(names)]
    if c["decoys"] == "yes":
        pick = random.Random(len(names))
        for i in range(10):
            name = marks[i % 2].format(f"P9{9600 + i}")
            truth.never |= {name, name.rpartition("__")[2], f"P9{9600 + i}"}
            rows.insert(pick.randrange(len(rows)), (name, pick.randrange(len(names))))
    return rows


def _cell(value: float, missing: str = "0") -> str:
    return missing if not np.isfinite(value) else f"{value:.10g}"


def _grid(c: Choice, genes, samples: list[Sample], linear: np.ndarray, truth: Truth, generator):
    """Header and rows as the program writes them, and lines above them."""
    names, symbols, n = [sample.name for sample in samples], genes.symbols, len(genes.names)
    species = c["organism"].upper()
    entry = [f"{symbol.upper()[:8]}_{species}" for symbol in symbols]
    whole = [str(x) for x in generator.integers(1, 40, n)]
    titles: tuple[str, ...] = ()
    program = c["program"]
    if program.startswith("MaxQuant") or program == "sites":
        return _maxquant(c, genes, samples, linear, truth, generator), titles
    if program == "Perseus":
        log2 = np.round(np.log2(linear), 5)
        truth.values, truth.scale, truth.zero_is_missing = log2, "log2", False
        rows = _decoys(c, genes.names, ("REV__{}", "CON__{}"), truth)
        header = [
            *names,
            "Only identified by site",
            "Reverse",
            "Peptides",
            "Score",
            "Protein IDs",
            "Gene names",
        ]
        types = ["#!{Type}E", *["E"] * (len(names) - 1), "C", "C", "N", "N", "T", "T"]
        body = [
            [
                *(_cell(v, "NaN") for v in log2[:, i]),
                "",
                "+" if name.startswith("REV") else "",
                whole[i],
                "31.5",
                name,
                symbols[i],
            ]
            for name, i in rows
        ]
        return [header, types, *body], titles
    if program == "FragPipe":
        rows = _decoys(c, genes.names, ("rev_sp|{}|DEC_X", "contam_sp|{}|K2C1_HUMAN"), truth)
        header = [
            "Protein",
            "Protein ID",
            "Entry Name",
            "Gene",
            "Protein Length",
            "Organism",
            "Protein Existence",
            "Description",
            "Protein Probability",
            "Combined Total Peptides",
            "Combined Spectral Count",
        ]
        header += (
            [f"{s} Spectral Count" for s in names]
            + [f"{s} Intensity" for s in names]
            + [f"{s} MaxLFQ Intensity" for s in names]
        )
        body = []
        for name, i in rows:
            accession = name.split("|")[1] if "|" in name else name
            full = name if "|" in name else f"sp|{name}|{entry[i]}"
            counts = [str(x) for x in generator.integers(0, 30, len(names))]
            body.append(
                [
                    full,
                    accession,
                    entry[i],
                    symbols[i],
                    "412",
                    f"{c['organism']} OX=1",
                    "1:Evidence",
                    "a protein",
                    "1.0000",
                    whole[i],
                    whole[i],
                    *counts,
                    *(_cell(v * 1.31) for v in linear[:, i]),
                    *(_cell(v) for v in linear[:, i]),
                ]
            )
        return [header, *body], titles
    if program == "TMT-Integrator":
        ratio = np.round(np.log2(linear), 5)
        truth.values, truth.scale, truth.zero_is_missing = ratio, "log2", False
        rows = _decoys(c, genes.names, ("rev_{}", "contam_{}"), truth)
        header = ["Index", "NumberPSM", "ProteinID", "MaxPepProb", "ReferenceIntensity", *names]
        body = [
            [name, whole[i], name, "0.99", f"{24 + i % 5}.1", *(_cell(v, "NA") for v in ratio[:, i])]
            for name, i in rows
        ]
        return [header, *body], titles
    if program == "DIA-NN matrix":
        rows = _decoys(c, genes.names, ("rev_{}", "Cont_{}"), truth)
        header = [
            "Protein.Group",
            "Protein.Ids",
            "Protein.Names",
            "Genes",
            "First.Protein.Description",
            *(f"D:\\dia\\{s}.raw" for s in names),
        ]
        body = [
            [name, name, entry[i], symbols[i], "a protein", *(_cell(v, "") for v in linear[:, i])]
            for name, i in rows
        ]
        return [header, *body], titles
    if program == "Spectronaut pivot":
        rows = _decoys(c, genes.names, ("rev_{}", "CON__{}"), truth)
        header = ["PG.ProteinGroups", "PG.Genes", "PG.ProteinNames", "PG.Organisms"]
        header += [
            f"[{k}] {s}.raw.PG.{q}"
            for q in ("Quantity", "NrOfStrippedSequencesIdentified")
            for k, s in enumerate(names, 1)
        ]
        taxon = {"human": "Homo sapiens", "mouse": "Mus musculus", "rat": "Rattus norvegicus"}[c["organism"]]
        body = [
            [
                name,
                symbols[i],
                entry[i],
                taxon,
                *(_cell(v, "Filtered") for v in linear[:, i]),
                *(str(x) for x in generator.integers(1, 20, len(names))),
            ]
            for name, i in rows
        ]
        return [header, *body], titles
    return _more(c, genes, samples, linear, truth, generator, entry, whole)


def _maxquant(c: Choice, genes, samples, linear, truth: Truth, generator) -> list[list[str]]:
    """proteinGroups.txt, its isobaric kind, and the table of sites."""
    names, n = [sample.name for sample in samples], len(genes.names)
    rows = _decoys(c, genes.names, ("REV__{}", "CON__{}"), truth)
    blocks: list[tuple[list[str], np.ndarray]]
    if "plex" in c["program"]:
        blocks = [
            ([f"Reporter intensity {_reporter(s)}" for s in names], linear * 0.93),
            ([f"Reporter intensity corrected {_reporter(s)}" for s in names], linear),
            ([f"Reporter intensity count {_reporter(s)}" for s in names], np.full(linear.shape, 3.0)),
        ]
        blocks.append(
            (["Intensity", *sorted({f"Intensity {s.split(' ')[1]}" for s in names if " " in s})], None)
        )
    elif c["program"] == "MaxQuant LFQ":
        blocks = [
            (["Intensity", *(f"Intensity {s}" for s in names)], None),
            ([f"LFQ intensity {s}" for s in names], linear),
            ([f"MS/MS count {s}" for s in names], np.full(linear.shape, 4.0)),
        ]
    elif c["program"] == "sites":
        blocks = [
            ([f"Intensity {s}" for s in names], linear),
            ([f"Occupancy {s}" for s in names], np.full(linear.shape, 0.4)),
        ]
    else:
        blocks = [
            ([f"Peptides {s}" for s in names], np.full(linear.shape, 5.0)),
            ([f"Intensity {s}" for s in names], linear),
        ]
    total = np.nansum(linear, axis=0)
    if c["program"] == "sites":
        residues = [f"S{20 + i}" for i in range(n)]
        truth.assay = "ptm"
        truth.features = [
            {f"{p}_{r}", p + "_" + r + "_1"} for p, r in zip(genes.names, residues, strict=True)
        ]
        truth.human = [""] * n
        front = [
            "Proteins",
            "Positions within proteins",
            "Leading proteins",
            "Protein",
            "Gene names",
            "Localization prob",
            "Score diff",
            "PEP",
            "Amino acid",
            "Position",
            "Reverse",
            "Potential contaminant",
        ]
    else:
        front = [
            "Protein IDs",
            "Majority protein IDs",
            "Peptide counts (all)",
            "Protein names",
            "Gene names",
            "Fasta headers",
            "Number of proteins",
            "Peptides",
            "Sequence coverage [%]",
            "Mol. weight [kDa]",
            "Q-value",
            "Score",
        ]
    header = [*front, *(name for block, _ in blocks for name in block)]
    if c["program"] != "sites":
        header += ["Only identified by site", "Reverse", "Potential contaminant", "id"]
    body = []
    for k, (name, i) in enumerate(rows):
        reverse, contaminant = "+" * name.startswith("REV"), "+" * name.startswith("CON")
        if c["program"] == "sites":
            row = [
                name,
                str(20 + i),
                name,
                name,
                genes.symbols[i],
                "0.99",
                "30.1",
                "0.001",
                "S",
                str(20 + i),
                reverse,
                contaminant,
            ]
        else:
            row = [
                name,
                name,
                "7",
                "a protein",
                genes.symbols[i],
                f"sp|{name}|X GN={genes.symbols[i]}",
                "1",
                "7",
                "31.2",
                "45.1",
                "0",
                "99.1",
            ]
        for labels, values in blocks:
            if values is None:
                extra = (
                    linear[:, i] * 0.8
                    if len(labels) == len(names) + 1
                    else np.full(len(labels) - 1, total[i] / 2)
                )
                row += [_cell(total[i]), *(_cell(v) for v in extra)]
            else:
                row += [_cell(v) for v in values[:, i]]
        if c["program"] != "sites":
            row += ["", reverse, contaminant, str(k)]
        body.append(row)
    return [header, *body]


def _more(c: Choice, genes, samples, linear, truth: Truth, generator, entry, whole):
    """The rest of the programs."""
    names, symbols = [sample.name for sample in samples], genes.symbols
    match c["program"]:
        case "Proteome Discoverer":
            rows = _decoys(c, genes.names, ("REV__{}", "CON__{}"), truth)
            header = [
                "Protein FDR Confidence: Combined",
                "Master",
                "Accession",
                "Description",
                "Exp. q-value: Combined",
                "# Peptides",
                "MW [kDa]",
            ]
            header += [f"Abundance: F{k}: Sample, {s}" for k, s in enumerate(names, 1)]
            header += [f"Found in Sample: F{k}: Sample, {s}" for k, s in enumerate(names, 1)] + [
                "# Razor Peptides"
            ]
            return [
                header,
                *[
                    [
                        "High",
                        "Master Protein",
                        name,
                        f"a protein OS=X OX=1 GN={symbols[i]} PE=1 SV=2",
                        "0",
                        whole[i],
                        "45.2",
                        *(_cell(v, "") for v in linear[:, i]),
                        *["High"] * len(names),
                        "3",
                    ]
                    for name, i in rows
                ],
            ], ()
        case "PEAKS":
            rows = _decoys(c, genes.names, ("#DECOY#{}", "#CONTAM#{}"), truth)
            header = [
                "Protein Group",
                "Protein ID",
                "Accession",
                "-10lgP",
                "Coverage (%)",
                *(f"Area {s}" for s in names),
                "#Peptides",
                "#Unique",
                "PTM",
                "Avg. Mass",
                "Description",
            ]
            return [
                header,
                *[
                    [
                        str(k),
                        str(7 * k),
                        name if name.startswith("#") else f"{name}|{entry[i]}",
                        "120.4",
                        "31",
                        *(_cell(v) for v in linear[:, i]),
                        whole[i],
                        whole[i],
                        "",
                        "45210",
                        "a protein",
                    ]
                    for k, (name, i) in enumerate(rows)
                ],
            ], ()
        case "Progenesis":
            rows = _decoys(c, genes.names, ("REV__{}", "CON__{}"), truth)
            k = len(names)
            blank = [""] * 9
            head = [[*blank, "Normalized abundance", *[""] * (k - 1), "Raw abundance", *[""] * (k - 1)]]
            groups = ["_".join(s.group) or "QC" for s in samples]
            head += [[*blank, *groups, *groups]]
            head += [
                [
                    "Accession",
                    "Peptide count",
                    "Unique peptides",
                    "Confidence score",
                    "Anova (p)",
                    "q Value",
                    "Max fold change",
                    "Power",
                    "Description",
                    *names,
                    *names,
                ]
            ]
            truth.must_ask = set()
            return [
                *head,
                *[
                    [
                        name,
                        whole[i],
                        whole[i],
                        "210.4",
                        "0.01",
                        "0.02",
                        "1.9",
                        "0.8",
                        "a protein",
                        *(_cell(v) for v in linear[:, i]),
                        *(_cell(v * 1.2) for v in linear[:, i]),
                    ]
                    for name, i in rows
                ],
            ], ()
        case "MSstats quantities":
            log2 = np.round(np.log2(linear), 5)
            truth.values, truth.scale, truth.zero_is_missing = log2, "log2", False
            rows = _decoys(c, genes.names, ("rev_{}", "contam_{}"), truth)
            return [
                ["Protein", *names],
                *[[name, *(_cell(v, "NA") for v in log2[:, i])] for name, i in rows],
            ], ()
        case "DIA-NN report":
            rows = _decoys(c, genes.names, ("rev_{}", "Cont_{}"), truth)
            header = [
                "File.Name",
                "Run",
                "Protein.Group",
                "Protein.Ids",
                "Protein.Names",
                "Genes",
                "PG.Quantity",
                "PG.Normalised",
                "PG.MaxLFQ",
                "Precursor.Id",
                "Q.Value",
                "PG.Q.Value",
                "Lib.Q.Value",
                "Lib.PG.Q.Value",
                "Precursor.Quantity",
            ]
            body = [
                [
                    f"D:\\dia\\{s}.raw",
                    s,
                    name,
                    name,
                    entry[i],
                    symbols[i],
                    _cell(linear[j, i] * 0.9),
                    _cell(linear[j, i] * 0.9),
                    _cell(linear[j, i]),
                    f"PEPTIDE{i}2",
                    "0.001",
                    "0.001",
                    "0.001",
                    "0.001",
                    "1000.5",
                ]
                for name, i in rows
                for j, s in enumerate(names)
                if np.isfinite(linear[j, i])
            ]
            return [header, *body], ()
        case "Spectronaut long":
            rows = _decoys(c, genes.names, ("rev_{}", "CON__{}"), truth)
            header = [
                "R.FileName",
                "R.Condition",
                "R.Replicate",
                "PG.ProteinGroups",
                "PG.Genes",
                "PG.ProteinNames",
                "PG.Quantity",
                "PG.Qvalue",
                "EG.PrecursorId",
                "EG.Qvalue",
                "FG.Quantity",
            ]
            body = [
                [
                    s.name,
                    "_".join(s.group) or "QC",
                    str(j),
                    name,
                    symbols[i],
                    entry[i],
                    _cell(linear[j, i]),
                    "0.001",
                    f"_PEPTIDE{i}_.2",
                    "0.001",
                    "77.5",
                ]
                for name, i in rows
                for j, s in enumerate(samples)
                if np.isfinite(linear[j, i])
            ]
            return [header, *body], ()
        case "mzTab":
            return _mztab(c, genes, samples, linear, truth), ()
        case "Olink":
            npx = np.round(np.log2(linear) - 20, 4)
            truth.values, truth.scale, truth.zero_is_missing = npx, "log2", False
            header = [
                "SampleID",
                "Index",
                "OlinkID",
                "UniProt",
                "Assay",
                "MissingFreq",
                "Panel",
                "PlateID",
                "QC_Warning",
                "LOD",
                "NPX",
            ]
            body = [
                [
                    s,
                    str(j),
                    f"OID{20000 + i}",
                    genes.names[i],
                    genes.symbols[i],
                    "0.01",
                    "Olink CARDIOMETABOLIC",
                    f"plate{j % 2 + 1}",
                    "PASS",
                    "0.5",
                    _cell(npx[j, i], "NA"),
                ]
                for j, s in enumerate(names)
                for i in range(len(genes.names))
            ]
            for j, sample in enumerate(samples):
                sample.batch = f"plate{j % 2 + 1}"
            return [header, *body], ()
        case "SomaScan":
            truth.features = [keys | {f"seq.{10000 + i}.{i % 9}"} for i, keys in enumerate(truth.features)]
            rfu = np.round(np.where(np.isfinite(linear), linear, 500.0) / 1e4 + 200, 1)
            truth.values, truth.zero_is_missing = np.log2(rfu), False
            header = [
                "SampleId",
                "PlateId",
                "SampleType",
                "RowCheck",
                *(f"seq.{10000 + i}.{i % 9}" for i in range(len(genes.names))),
            ]
            top = ["", "", "", "UniProt", *genes.names]
            symbols_row = ["", "", "", "EntrezGeneSymbol", *symbols]
            body = [
                [
                    s.name,
                    f"PLT{j % 2 + 1}",
                    "Sample" if s.kind == "sample" else "QC",
                    "PASS",
                    *(f"{v:.1f}" for v in rfu[j]),
                ]
                for j, s in enumerate(samples)
            ]
            return [top, symbols_row, header, *body], ()
    raise ValueError(c["program"])


def _mztab(c: Choice, genes, samples, linear, truth: Truth) -> list[list[str]]:
    rows = _decoys(c, genes.names, ("DECOY_{}", "CONTAMINANT_{}"), truth)
    lines = [
        ["MTD", "mzTab-version", "1.0.0"],
        ["MTD", "mzTab-mode", "Summary"],
        ["MTD", "mzTab-type", "Quantification"],
        ["MTD", "description", "quantms"],
        ["MTD", "protein-quantification_unit", "[, , Abundance, ]"],
    ]
    for j, sample in enumerate(samples, 1):
        lines += [
            ["MTD", f"ms_run[{j}]-location", f"file:///data/{sample.name}.mzML"],
            ["MTD", f"assay[{j}]-ms_run_ref", f"ms_run[{j}]"],
            ["MTD", f"assay[{j}]-quantification_reagent", "[MS, MS:1002038, unlabeled sample, ]"],
            ["MTD", f"study_variable[{j}]-assay_refs", f"assay[{j}]"],
        ]
    header = [
        "PRH",
        "accession",
        "description",
        "taxid",
        "species",
        "database",
        "search_engine",
        "best_search_engine_score[1]",
        "ambiguity_members",
        *(f"protein_abundance_assay[{j}]" for j in range(1, len(samples) + 1)),
    ]
    taxid = {"human": "9606", "mouse": "10090", "rat": "10116"}[c["organism"]]
    body = [
        [
            "PRT",
            name,
            "a protein",
            taxid,
            "null",
            "db",
            "[, , Comet, ]",
            "0.001",
            "null",
            *(_cell(v, "null") for v in linear[:, i]),
        ]
        for name, i in rows
    ]
    return [*lines, [], header, *body]
