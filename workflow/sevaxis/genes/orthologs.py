"""Ortholog tables: from HGNC's HCOP (all pairs that any database names) to one human gene per gene.

HCOP lists every pair with the databases that support it (Eyre, Wright, Lush & Bruford 2007, Brief Bioinform 8:2-5).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.base.problems import refuse
from sevaxis.base.vocabulary import Organism
from sevaxis.genes.identifiers import rename_symbols
from sevaxis.genes.r_frame import read_r_frame

if TYPE_CHECKING:
    import pandas as pd

#: Columns of the result, text but for ``support_n`` (number of databases).
COLUMNS = (
    "human_symbol",
    "human_ensembl",
    "human_entrez",
    "symbol",
    "ensembl",
    "entrez",
    "support_n",
    "ortholog_type",
)
#: A pair counts as ortholog when it has at least this share of the databases of the best pair of either gene.
#: Against Ensembl Compara's types for mouse (a public table of 25,439 pairs): of its one-to-one pairs that HCOP
#: has, 99.0 % come out one2one at 1/2, 98.2 % at 1/3, and the false one2one double from 1/2 to 1.
STRONG = 0.5


def build_orthologs(table: Path, reader: str, organism: str) -> pd.DataFrame:
    """Human ortholog of each gene of an organism.

    Parameters
    ----------
    table
        The retrieved file.
    reader
        ``hcop``: an R data frame of HCOP pairs; ``table``: tab-separated, the same column names.
    organism
        ``mouse`` or ``rat``; ``human`` gives the human genes of the table, each as its own ortholog.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`, one row per gene of the organism, best supported first. ``ortholog_type``:
        ``one2one``; ``one2many``: the gene has several human orthologs, the best supported is named;
        ``many2one``: several genes of the organism share the human gene; ``many2many``; ``same_species``.
        Pairs with less than half the support of either gene's best pair are no orthologs here.

    Raises
    ------
    Problems
        The file does not have the columns of an HCOP table.
    """
    import pandas as pd

    table = Path(table)
    hcop = reader == "hcop"
    pairs = read_r_frame(table).to_pandas() if hcop else pd.read_csv(table, sep="\t", dtype="string")
    other = next(
        (c.removesuffix("_symbol") for c in pairs if c.endswith("_symbol") and c != "human_symbol"), None
    )
    wanted = [
        f"{species}_{column}"
        for species in (Organism.HUMAN, organism)
        for column in ("symbol", "ensembl", "entrez")
    ]
    missing = [column for column in dict.fromkeys([*wanted, "support"]) if column not in pairs]
    if missing:
        hint = (
            f"is it the HCOP table of {organism}? It looks like one of {other}" if other else "an HCOP table?"
        )
        found = ", ".join(map(str, pairs.columns))
        refuse(
            f"Columns are missing: {', '.join(missing)}",
            where=table.name,
            found=found,
            allowed="HCOP columns",
            hint=hint,
        )
    frame = pd.DataFrame(
        {
            **{
                f"human_{column}": _text(pairs[f"human_{column}"])
                for column in ("symbol", "ensembl", "entrez")
            },
            **{column: _text(pairs[f"{organism}_{column}"]) for column in ("symbol", "ensembl", "entrez")},
            "support_n": pairs["support"].astype("string").str.count(",").fillna(-1).add(1).astype("int32"),
        }
    )
    for column in ("human_symbol", "symbol"):
        frame[column] = rename_symbols(frame[column])
    if organism == Organism.HUMAN:
        frame = frame.sort_values("support_n", ascending=False, kind="stable")
        frame = frame.drop_duplicates(["human_symbol", "human_ensembl", "human_entrez"])
        return frame.assign(ortholog_type="same_species")[list(COLUMNS)].reset_index(drop=True)
    return _choose(frame)


def _choose(frame: pd.DataFrame) -> pd.DataFrame:
    """Strong pairs, their type, and the best pair of each gene."""
    import pandas as pd

    frame = frame[frame["human_symbol"].notna() & frame[["symbol", "ensembl", "entrez"]].notna().any(axis=1)]
    gene = frame["ensembl"].fillna(frame["entrez"]).fillna(frame["symbol"])
    human = frame["human_ensembl"].fillna(frame["human_symbol"])
    # the pair of one name first among equals: Ddx3y is DDX3Y before it is DDX3X
    same_name = (
        frame["symbol"].str.casefold().eq(frame["human_symbol"].str.casefold()).fillna(False).astype(bool)
    )
    frame = frame.assign(gene=gene, human=human, same_name=same_name)
    order = ["support_n", "same_name", "human_symbol"]
    frame = frame.sort_values(order, ascending=[False, False, True], kind="stable")
    pairs = frame.drop_duplicates(["gene", "human"])
    best_of_gene = pairs.groupby("gene")["support_n"].transform("max")
    best_of_human = pairs.groupby("human")["support_n"].transform("max")
    strong = pairs[pairs["support_n"] >= STRONG * np.maximum(best_of_gene, best_of_human)]
    humans = strong.groupby("gene")["human"].transform("nunique").to_numpy()
    genes = strong.groupby("human")["gene"].transform("nunique").to_numpy()
    kinds = [(humans == 1) & (genes == 1), (humans > 1) & (genes == 1), (humans == 1) & (genes > 1)]
    strong = strong.assign(ortholog_type=np.select(kinds, ["one2one", "one2many", "many2one"], "many2many"))
    chosen = strong.drop_duplicates("gene").reset_index(drop=True)
    return pd.DataFrame(chosen[list(COLUMNS)])


def _text(column: pd.Series) -> pd.Series:
    """Identifiers as text: missing where the table has nothing, a hyphen or NA."""
    text = column.astype("string").str.strip().str.replace(r"\.0$", "", regex=True)
    return text.where(~text.isin(["", "-", "NA", "<NA>"]))
