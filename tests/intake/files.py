"""A file per sample, vendor tables with blocks of columns, and containers."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.intake.covering import Choice, cover
from tests.intake.designs import DESIGNS, make_samples
from tests.intake.genes import make_genes
from tests.intake.judge import name_keys
from tests.intake.numbers import make_values
from tests.intake.truth import Case, Truth, Written
from tests.intake.writing import write_grid

SINGLE = ("HTSeq", "HTSeq three columns", "STAR", "featureCounts", "salmon", "RSEM")
BLOCKS = ("_count _fpkm", "count. FPKM.", " raw norm", "_read_count _TPM _FPKM", "blocks apart")
TABLES = ("featureCounts", "featureCounts summary", "HTSeq joined", "GCT 1.2", "GCT 1.3", "series matrix",
          "h5ad counts", "h5ad layers", "h5ad log1p", "h5ad donors")  # fmt: skip
COMMON = {
    "ids": ["ensembl", "ensembl version", "symbol", "entrez"],
    "organism": ["mouse", "human", "rat"],
    "design": [
        "sed trained",
        "chow HFD",
        "lean NASH cirrhosis",
        "genotype by training",
        "WT KO",
        "overtrained",
    ],
    "sex": ["none", "male in names", "M in names"],
}
FEATURES = 400
ENDINGS = {
    "HTSeq": ".counts.txt", "HTSeq three columns": ".geneCounts.txt", "STAR": "ReadsPerGene.out.tab",
    "featureCounts": ".featureCounts.txt", "salmon": ".quant.genes.sf", "RSEM": ".genes.results",
}  # fmt: skip


def cases(seed: int) -> Iterator[Case]:
    """Files per sample, blocks and containers with known truth."""
    axes = {"kind": list(SINGLE), "given": ["files", "folder", "zip", "tar.gz"],
            "names": ["plain", "GSM", "suffix", "suffix gz"], **COMMON}  # fmt: skip
    usual = {key: levels[:2] if key == "sex" else levels for key, levels in axes.items()}
    usual["given"] = ["files"]
    for i, choice in enumerate(cover(axes, usual, dict, seed=seed)):
        yield Case(
            f"single-{i:03d}",
            choice,
            "counts",
            lambda folder, c=choice, i=i: write_singles(c, folder, seed + i),
        )
    axes = {"kind": list(BLOCKS), "file": ["tsv", "csv", "xlsx"], "beside": ["none", "annotation"], **COMMON}
    for i, choice in enumerate(cover(axes, axes, dict, seed=seed + 1)):
        yield Case(
            f"blocks-{i:03d}",
            choice,
            "counts",
            lambda folder, c=choice, i=i: write_blocks(c, folder, seed + i),
        )
    axes = {"kind": list(TABLES), **COMMON}
    for i, choice in enumerate(cover(axes, axes, dict, seed=seed + 2)):
        yield Case(
            f"contained-{i:03d}",
            choice,
            "counts",
            lambda folder, c=choice, i=i: write_container(c, folder, seed + i),
        )


def _make(c: Choice, seed: int, holds: str = "counts"):
    design = DESIGNS[c["design"]]
    samples = make_samples(design, "group_1", c["sex"], "none", "none", per_group=3)
    genes = make_genes(c["organism"], c["ids"], FEATURES, seed)
    shown, values = make_values(holds, samples, FEATURES, seed)
    truth = Truth(
        c["organism"], "liver", "tissue", "rna_counts", "counts", samples, values,
        [name_keys(name) for name in genes.names], genes.human,
        references={factor: levels[0] for factor, levels in design.factors.items()},
        roles=design.roles, also=design.also,
    )  # fmt: skip
    return samples, genes, shown, truth


def _lines(rows) -> str:
    return "".join("\t".join(map(str, row)) + "\n" for row in rows)


def write_singles(c: Choice, folder: Path, seed: int) -> Written:
    """One file per sample."""
    import gzip

    samples, genes, shown, truth = _make(c, seed)
    generator = np.random.default_rng(seed)
    length = generator.integers(300, 9000, FEATURES)
    made: dict[str, bytes] = {}
    for position, (sample, row) in enumerate(zip(samples, shown.astype(int), strict=True)):
        rows: list = []
        match c["kind"]:
            case "HTSeq":
                rows = [*zip(genes.names, row, strict=True), *_htseq_end(generator)]
            case "HTSeq three columns":
                rows = list(zip(genes.names, genes.symbols, row, strict=True))
                rows += [(name, "", number) for name, number in _htseq_end(generator)]
            case "STAR":
                rows = [
                    (name, *generator.integers(10**4, 10**6, 3))
                    for name in ("N_unmapped", "N_multimapping", "N_noFeature", "N_ambiguous")
                ]
                rows += [(g, n, n // 50, n - n // 50) for g, n in zip(genes.names, row, strict=True)]
                truth.values[position] = row - row // 50  # a library of the other strand
            case "featureCounts":
                rows = [('# Program:featureCounts v2.0.1; Command:"featureCounts" "-a" "genes.gtf"',)]
                rows += [
                    ("Geneid", "Chr", "Start", "End", "Strand", "Length", f"/scratch/bam/{sample.name}.bam")
                ]
                rows += [(g, "chr1;chr1", f"{100 * i};{100 * i + 60}", f"{100 * i + 50};{100 * i + 99}", "+;+", k, n)
                         for i, (g, k, n) in enumerate(zip(genes.names, length, row, strict=True))]  # fmt: skip
            case "salmon":
                rows = [("Name", "Length", "EffectiveLength", "TPM", "NumReads")]
                tpm = row / length / (row / length).sum() * 1e6
                rows += [
                    (g, k, k - 150, f"{x:.6f}", f"{n:.3f}")
                    for g, k, x, n in zip(genes.names, length, tpm, row, strict=True)
                ]
            case "RSEM":
                rows = [
                    (
                        "gene_id",
                        "transcript_id(s)",
                        "length",
                        "effective_length",
                        "expected_count",
                        "TPM",
                        "FPKM",
                    )
                ]
                tpm = row / length / (row / length).sum() * 1e6
                rows += [(g, f"{g}.t1", f"{k}.00", f"{k - 150}.00", f"{n:.2f}", f"{x:.2f}", f"{x / 3:.2f}")
                         for g, k, x, n in zip(genes.names, length, tpm, row, strict=True)]  # fmt: skip
        ending = ENDINGS[c["kind"]]
        joint = "_" if c["kind"] == "STAR" else ""
        name = (
            f"{sample.name}{joint}{ending}"
            if c["names"] != "plain" or c["kind"] == "STAR"
            else f"{sample.name}.txt"
        )
        if c["names"] == "GSM":
            name = f"GSM{5602358 + 3 * position}_{name}"
        data = _lines(rows).encode()
        if c["names"] == "suffix gz":
            name, data = f"{name}.gz", gzip.compress(data, mtime=0)
        made[name] = data
    if c["kind"] == "featureCounts":
        summary = _lines(
            [("Status", "x.bam"), ("Assigned", 10**6), ("Unassigned_NoFeatures", 10**5)]
        ).encode()
        if c["names"] in ("plain", "suffix"):
            made |= {f"{name}.summary": summary for name in list(made)}
    return Written(_deliver(made, folder, c["given"], f"{c['organism']}_liver"), truth)


def _htseq_end(generator) -> list[tuple[str, int]]:
    names = ("__no_feature", "__ambiguous", "__too_low_aQual", "__not_aligned", "__alignment_not_unique")
    return [(name, int(generator.integers(10**3, 10**6))) for name in names]


def _deliver(made: dict[str, bytes], folder: Path, given: str, stem: str) -> list[Path]:
    if given == "zip":
        with zipfile.ZipFile(folder / f"{stem}.zip", "w") as archive:
            for name, data in made.items():
                archive.writestr(f"counts/{name}", data)
        return [folder / f"{stem}.zip"]
    if given == "tar.gz":
        with tarfile.open(folder / f"{stem}_RAW.tar.gz", "w:gz") as archive:
            for name, data in made.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
        return [folder / f"{stem}_RAW.tar.gz"]
    (folder / stem).mkdir()
    for name, data in made.items():
        (folder / stem / name).write_bytes(data)
    return [folder / stem] if given == "folder" else [folder / stem / name for name in made]


def write_blocks(c: Choice, folder: Path, seed: int) -> Written:
    """Counts beside what was computed of them, a column of each per sample."""
    samples, genes, shown, truth = _make(c, seed)
    generator = np.random.default_rng(seed)
    length = generator.integers(300, 9000, FEATURES)
    fpkm = 1e9 * shown / length / shown.sum(axis=1, keepdims=True)
    tpm = 1e6 * fpkm / fpkm.sum(axis=1, keepdims=True)
    blocks = {
        "_count _fpkm": [("{}_count", shown), ("{}_fpkm", fpkm)],
        "count. FPKM.": [("count.{}", shown), ("FPKM.{}", fpkm)],
        " raw norm": [
            ("{} raw", shown),
            ("{} norm", shown / shown.sum(axis=1, keepdims=True) * shown.sum(axis=1).mean()),
        ],
        "_read_count _TPM _FPKM": [("{}_read_count", shown), ("{}_TPM", tpm), ("{}_FPKM", fpkm)],
        "blocks apart": [("{}.count", shown), ("{}.TPM", tpm)],
    }[c["kind"]]
    apart = c["kind"] in ("blocks apart", "count. FPKM.")
    order = [(b, j) for b in range(len(blocks)) for j in range(len(samples))]
    order = order if apart else sorted(order, key=lambda pair: (pair[1], pair[0]))
    header = ["gene_id", *(blocks[b][0].format(samples[j].name) for b, j in order)]
    rows = [
        [
            genes.names[i],
            *(f"{blocks[b][1][j, i]:.5g}" if b else str(int(blocks[b][1][j, i])) for b, j in order),
        ]
        for i in range(FEATURES)
    ]
    if c["beside"] == "annotation":
        header += ["gene_name", "gene_chr", "gene_start", "gene_length", "gene_biotype"]
        for i, row in enumerate(rows):
            row += [genes.symbols[i], str(i % 19 + 1), str(1000 * i), str(length[i]), "protein_coding"]
    path = write_grid(folder / f"{c['organism']}_liver_gene_expression", c["file"], [header, *rows])
    return Written([path], truth)


def write_container(c: Choice, folder: Path, seed: int) -> Written:
    """Tables of programs and containers."""
    samples, genes, shown, truth = _make(c, seed)
    generator = np.random.default_rng(seed)
    names = [sample.name for sample in samples]
    stem = folder / f"{c['organism']}_liver"
    table = shown.astype(int).T
    kind = c["kind"]
    if kind.startswith("featureCounts"):
        rows: list = [('# Program:featureCounts v2.0.3; Command:"featureCounts" "-T" "8"',)]
        rows += [
            (
                "Geneid",
                "Chr",
                "Start",
                "End",
                "Strand",
                "Length",
                *(f"/data/star/{n}.Aligned.sortedByCoord.out.bam" for n in names),
            )
        ]
        rows += [
            (g, "chr2", 10 * i, 10 * i + 9, "-", generator.integers(300, 9000), *row)
            for i, (g, row) in enumerate(zip(genes.names, table, strict=True))
        ]
        path = stem.with_name(stem.name + "_counts.txt")
        path.write_text(_lines(rows))
        wanted = [path]
        if kind.endswith("summary"):
            wanted.append(path.with_name(path.name + ".summary"))
            bams = (f"/data/star/{n}.Aligned.sortedByCoord.out.bam" for n in names)
            told = [("Assigned", *table.sum(axis=0)), ("Unassigned_Ambiguity", *table.sum(axis=0) // 9)]
            wanted[1].write_text(_lines([("Status", *bams), *told]))
        return Written(wanted, truth)
    if kind == "HTSeq joined":
        rows = [("gene", *names), *((g, *row) for g, row in zip(genes.names, table, strict=True))]
        rows += [(name, *generator.integers(10**3, 10**5, len(names))) for name, _ in _htseq_end(generator)]
        truth.never |= {name for name, _ in _htseq_end(generator)}
        path = stem.with_name(stem.name + "_htseq.tsv")
        path.write_text(_lines(rows))
        return Written([path], truth)
    if kind.startswith("GCT"):
        return Written([_gct(stem, kind, genes, samples, table)], truth)
    if kind == "series matrix":
        return Written([_series(stem, c, genes, samples, shown, truth)], truth)
    return Written([_h5ad(stem, kind, genes, samples, shown, truth)], truth)


def _gct(stem: Path, kind: str, genes, samples, table) -> Path:
    names = [sample.name for sample in samples]
    if kind == "GCT 1.2":
        rows: list = [("#1.2",), (FEATURES, len(names)), ("NAME", "Description", *names)]
        rows += [(g, s, *row) for g, s, row in zip(genes.names, genes.symbols, table, strict=True)]
    else:
        rows = [("#1.3",), (FEATURES, len(names), 1, 1), ("id", "symbol", *names)]
        rows += [("group", "na", *(" ".join(sample.group) for sample in samples))]
        rows += [(g, s, *row) for g, s, row in zip(genes.names, genes.symbols, table, strict=True)]
    path = stem.with_name(stem.name + ".gct")
    path.write_text(_lines(rows))
    return path


def _series(stem: Path, c: Choice, genes, samples, shown, truth: Truth) -> Path:
    """A GEO series matrix of an array, log2; what is said of the samples stands above."""
    log2 = np.round(np.log2(shown + 30), 4)
    accessions = [f"GSM{900100 + i}" for i in range(len(samples))]
    quoted = '"{}"'.format
    rows: list = [
        ("!Series_title", quoted("Study of the liver")),
        ("!Series_geo_accession", quoted("GSE90001")),
    ]
    rows += [
        ("!Sample_title", *(quoted(s.name) for s in samples)),
        ("!Sample_geo_accession", *map(quoted, accessions)),
    ]
    rows += [("!Sample_source_name_ch1", *(quoted("liver") for _ in samples))]
    taxon = {"mouse": "Mus musculus", "human": "Homo sapiens", "rat": "Rattus norvegicus"}[c["organism"]]
    rows += [("!Sample_organism_ch1", *(quoted(taxon) for _ in samples))]
    for factor in samples[0].factors:
        rows += [
            ("!Sample_characteristics_ch1", *(quoted(f"{factor}: {s.factors[factor]}") for s in samples))
        ]
    if c["sex"] != "none":
        rows += [("!Sample_characteristics_ch1", *(quoted(f"Sex: {s.sex}") for s in samples))]
    rows += [("!series_matrix_table_begin",), ('"ID_REF"', *map(quoted, accessions))]
    rows += [(quoted(g), *row) for g, row in zip(genes.names, log2.T, strict=True)]
    rows += [("!series_matrix_table_end",)]
    truth.values, truth.assay, truth.scale = log2, "array", "log2"
    for sample, accession in zip(samples, accessions, strict=True):
        sample.name = accession
    path = stem.with_name("GSE90001_series_matrix.txt")
    path.write_text(_lines(rows))
    return path


def _h5ad(stem: Path, kind: str, genes, samples, shown, truth: Truth) -> Path:
    import anndata
    import pandas as pd

    obs = pd.DataFrame([sample.factors for sample in samples], index=[sample.name for sample in samples])
    if samples[0].sex:
        obs["sex"] = [sample.sex for sample in samples]
    log1p = np.log1p(1e4 * shown / shown.sum(axis=1, keepdims=True)).astype("float32")
    var = pd.DataFrame({"gene_symbol": genes.symbols}, index=genes.names)
    adata = anndata.AnnData(shown if kind in ("h5ad counts", "h5ad donors") else log1p, obs=obs, var=var)
    if kind == "h5ad layers":
        adata.layers["counts"] = shown
    if kind == "h5ad log1p":
        truth.scale = truth.assay = ""
    if kind == "h5ad donors":
        adata.obs["donor_id"] = [f"D{i // 2:02d}" for i in range(len(samples))]
        for i, sample in enumerate(samples):
            sample.subject = f"D{i // 2:02d}"
    path = stem.with_name(stem.name + ".h5ad")
    adata.write_h5ad(path)
    return path
