"""STAR's ``ReadsPerGene.out.tab``: one sample per file, three columns of counts by strandedness."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sevaxis.base.problems import refuse
from sevaxis.genes.identifiers import Identifier
from sevaxis.matrix.readers.tables.assembly import assemble
from sevaxis.matrix.readers.tables.text import read_table

if TYPE_CHECKING:
    import anndata

#: Columns of the file (STAR manual 2.7, section "Counting number of reads per gene").
COLUMNS = ["gene", "unstranded", "forward", "reverse"]
SUFFIX = "ReadsPerGene.out.tab"


def read_star(
    path: Path,
    *,
    strandedness: Literal["unstranded", "forward", "reverse"] = "unstranded",
    identifier: Identifier | None = None,
) -> anndata.AnnData:
    """Read the counts of one sample.

    Parameters
    ----------
    path
        The file; its name without ``ReadsPerGene.out.tab`` is the sample's name (a card's `sample` goes before).
    strandedness
        Which column holds the counts: ``forward`` where the first read lies on the strand of the RNA, ``reverse``
        where it lies on the other. The totals of all three are in ``uns["reading"]``: the right column of a
        stranded library has nearly all the reads.
    identifier
        What the gene names are; judged from their form where missing.

    Raises
    ------
    Problems
        For files that do not have four columns starting with the rows ``N_...``.
    """
    path = Path(path)
    table = read_table(path, separator="\t", decimal=".", columns=COLUMNS, as_text={"gene"})
    frame = table.frame
    is_summary = frame["gene"].str.starts_with("N_")
    if frame.width != 4 or not is_summary.any():
        hint = "was STAR run with --quantMode GeneCounts? Other tables are read by the reader 'delimited'"
        found = f"{frame.width} columns, first row {frame.row(0)}"
        refuse(
            "This is no ReadsPerGene.out.tab",
            where=path.name,
            found=found,
            allowed="rows N_unmapped, ...",
            hint=hint,
        )
    summary, genes = frame.filter(is_summary), frame.filter(~is_summary)
    notes = {"strandedness": strandedness}
    for row in summary.iter_rows(named=True):
        notes[f"reads_{row['gene']}"] = int(row[strandedness])
    for column in COLUMNS[1:]:
        notes[f"reads_in_genes_{column}"] = int(genes[column].sum())
    return assemble(
        genes[strandedness].to_numpy()[:, None],
        genes["gene"].to_list(),
        [path.name.removesuffix(".gz").removesuffix(SUFFIX).rstrip("_.") or path.name],
        file=path.name,
        identifier=identifier,
        notes=notes,
    )
