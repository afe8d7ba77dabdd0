"""What a data set calls a gene, or why no feature of it is that gene."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sevaxis.base.vocabulary import Namespace, Reason
from sevaxis.genes.known import known_genes, protein_names

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData


def axis_status(adata: AnnData, genes: Sequence[str], organism: str) -> pd.DataFrame:
    """What each gene is called in a data set, or why no feature is that gene.

    Parameters
    ----------
    adata
        Data set with mapped features (:func:`sevaxis.genes.mapping.map_features`).
    genes
        Human symbols.
    organism
        human, mouse or rat.

    Returns
    -------
    pandas.DataFrame
        One row per gene: ``human_symbol``; ``status`` (present, absent: the data set could name the gene and does
        not, unmapped: its identifiers cannot be matched with what is known of the gene); ``features`` (``;``-joined
        feature ids); ``code`` (:class:`~sevaxis.base.vocabulary.Reason`) and ``reason`` (its sentence), None and empty
        where present.
    """
    import pandas as pd

    hand = known_genes(organism)
    var = adata.var
    given = [each for each in Namespace if each in var and var[each].notna().any()]
    namespaces = [Namespace(each) for each in adata.uns.get("identifiers", given)]
    named = protein_names(organism)["human_symbol"]
    findable = set(str(adata.uns.get("findable", "")).split("\n"))
    rows: list[tuple[str, str, Reason | None, dict[str, str]]] = []
    for gene in genes:
        features = var.index[(var["human_symbol"] == gene).fillna(False).to_numpy(bool)].tolist()
        if features:
            rows.append((gene, ";".join(map(str, features)), None, {}))
            continue
        known = hand[hand["human_symbol"] == gene]
        if not len(known):
            reason = Reason.GENE_NOT_LISTED if gene in findable else Reason.GENE_UNKNOWN
            rows.append((gene, "", reason, {"gene": gene}))
            continue
        entry = known.iloc[0]
        has = {each for each in Namespace if each in known and pd.notna(entry[each])}
        if (named == gene).any():
            has.add(Namespace.NAME)
        if has & set(namespaces) or gene in findable:
            rows.append((gene, "", Reason.GENE_NOT_LISTED, {"gene": _call(entry)}))
        else:
            used = " and ".join(each.words for each in namespaces) or "unknown names"
            rows.append((gene, "", Reason.GENE_NOT_MATCHED, {"gene": _call(entry), "identifiers": used}))
    table = pd.DataFrame(rows, columns=["human_symbol", "features", "code", "facts"])
    return table.assign(
        status=[code.status if code else "present" for code in table["code"]],
        reason=[
            code.tell(organism=organism, **facts) if code else ""
            for code, facts in zip(table["code"], table.pop("facts"), strict=True)
        ],
    )


def _call(entry: pd.Series) -> str:
    """Symbol and identifiers of a gene, for a sentence: ``Fbxo2 (Ensembl ..., RefSeq NP_445963, RGD 621751)``."""
    import pandas as pd

    labels = {
        "ensembl": "Ensembl",
        "entrez": "Entrez",
        "uniprot": "UniProt",
        "refseq": "RefSeq",
        "rgd": "RGD",
    }
    known = [
        f"{label} {str(entry[name]).replace(';', '/')}"
        for name, label in labels.items()
        if pd.notna(entry[name])
    ]
    return f"{entry['symbol']} ({', '.join(known)})"
