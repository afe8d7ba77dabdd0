"""Organism, proposed from identifiers and words."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from sevaxis.base.resources import load_table
from sevaxis.base.vocabulary import Namespace, Organism
from sevaxis.drafting.facts import Facts, Texts
from sevaxis.drafting.words import LINES_OF, ORGANISMS, UNIPROT_SPECIES, find
from sevaxis.genes.identifiers import ENSEMBL_PREFIX
from sevaxis.study.validation import TODO, is_undecided

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

#: Names that only mouse genes have, in a table whose symbols were put in capitals.
RODENT_IN_CAPITALS = r"^(?:\d+[A-Z]\d+RIK|GM\d{4,5})$"

#: Symbols that are written so in one species, wherever they stand in a group of names.
OF_SPECIES = {
    Organism.MOUSE: r"(?:^|;)(?:[A-Z0-9]+Rik|Gm\d+|H2-\w+)(?:;|$)",
    Organism.RAT: r"(?:^|;)(?:LOC\d+|RGD\d+|AABR\d+\S*|RT1-\S+)(?:;|$)",
}
#: Columns of identifiers that one species has -> the species.
REGISTRIES = {"hgncid": Organism.HUMAN, "mgiid": Organism.MOUSE, "rgdid": Organism.RAT}


def propose_organism(facts: Facts, adata: AnnData, texts: Texts) -> None:
    """Organism from Ensembl's prefixes, UniProt's species, what is written, and the case of symbols."""
    import pandas as pd

    names = pd.Series(adata.var_names.astype(str))
    ensembl = adata.var["ensembl"].astype("string") if "ensembl" in adata.var else names
    for organism, prefix in ENSEMBL_PREFIX.items():
        of_genes, of_products = (
            cells.str.match(rf"^{prefix[:-1]}[{letters}]\d", na=False).mean()
            for cells, letters in ((ensembl, "G"), (names, "TP"))
        )
        share = max(of_genes, of_products)
        if share > 0.5:
            facts.organism = organism
            facts.evidence["organism"] = (
                f"{share:.0%} of the features begin with {prefix if of_genes > 0.5 else prefix[:-1]}"
            )
            return
    registries = {
        key: REGISTRIES[bare]
        for key in adata.var
        if (bare := re.sub(r"[^a-z]", "", str(key).lower())) in REGISTRIES
        and adata.var[key].notna().mean() > 0.5
    }
    if len(set(registries.values())) == 1:
        column, facts.organism = next(iter(registries.items()))
        facts.evidence["organism"] = f"the features have a column '{column}'"
        return
    species = _uniprot_species(adata)
    if species:
        (code, number), total = species.most_common(1)[0], sum(species.values())
        known = {UNIPROT_SPECIES[c]: n for c, n in species.items() if c in UNIPROT_SPECIES}
        if code in UNIPROT_SPECIES and number > total / 2:
            facts.organism = UNIPROT_SPECIES[code]
            facts.evidence["organism"] = f"{number} of {total} UniProt entries end in _{code}"
        else:
            facts.organism = (
                f"{TODO} most proteins are of {code} ({number} of {total}), neither human, mouse nor rat"
            )
            facts.evidence["organism"] = f"UniProt entries of {code}; of ours {known or 'none'}"
        return
    for where, text in texts.in_order()[:2]:
        found = find(ORGANISMS, text)
        if len(found) == 1:
            facts.organism, said = next(iter(found.items()))
            facts.evidence["organism"] = f"{where} '{said[0]}'"
            return
    _organism_of_names(facts, adata, names)
    for where, text in texts.in_order()[2:]:
        found = find(ORGANISMS, text)
        if (
            "capitals" in facts.evidence.get("organism", "")
            and len(found) == 1
            and facts.organism not in found
        ):
            other, said = next(iter(found.items()))
            facts.evidence["organism"] += f"; {where} '{said[0]}'"
            facts.organism = f"{TODO} {facts.organism} (symbols in capitals) or {other} ({where} so)"
            return
        if (not facts.organism or is_undecided(facts.organism)) and len(found) == 1:
            facts.organism, said = next(iter(found.items()))
            facts.evidence["organism"] = f"{where} '{said[0]}'"
    if not facts.organism or is_undecided(facts.organism):
        _organism_of_lines(facts, texts)
    if not facts.organism:
        facts.organism = f"{TODO} human, mouse or rat"
        facts.evidence["organism"] = "neither identifiers nor words tell it"


def _organism_of_lines(facts: Facts, texts: Texts) -> None:
    """By the name of a cell line, where all that are named are of one species, which the symbols leave possible."""
    found = {o: said for _, text in texts.in_order() for o, said in find(LINES_OF, text).items()}
    if len(found) == 1 and (not facts.organism or next(iter(found)) in facts.organism):
        facts.organism, said = next(iter(found.items()))
        facts.evidence["organism"] = f"cells of the line '{said[0]}'"


def _organism_of_names(facts: Facts, adata: AnnData, names: pd.Series) -> None:
    """By symbols: capitals are human, Rik and Gm genes mouse, LOC and RGD genes rat; else by known identifiers."""
    import pandas as pd

    given = adata.var["symbol"].dropna().astype(str) if "symbol" in adata.var else names
    letters = given[given.str.match(r"^[A-Za-z][A-Za-z]+\d*[A-Za-z0-9]*$")]
    known = load_table("identifiers")
    panel = {o: set(known.loc[known["organism"] == o, "symbol"]) for o in ENSEMBL_PREFIX}
    symbols = {o: int(given.isin(panel[o]).sum()) for o in panel}
    if max(symbols.values()) >= 5 and len(letters):
        mouse, rat = (int(given.str.contains(OF_SPECIES[o]).sum()) for o in (Organism.MOUSE, Organism.RAT))
        capitals = float(letters.str.isupper().mean())
        shouted = int(given.str.contains(RODENT_IN_CAPITALS).sum())
        if capitals > 0.7 and shouted >= 5:
            facts.organism = Organism.MOUSE
            facts.evidence["organism"] = (
                f"symbols in capitals, but {shouted} that only the mouse has (RIK, GM and a number)"
            )
        elif capitals > 0.7:
            facts.organism = Organism.HUMAN
            facts.evidence["organism"] = f"{capitals:.0%} of the symbols are in capitals"
        elif max(mouse, rat) >= 3 and (max(mouse, rat) >= 5 * min(mouse, rat) or mouse >= 5 > rat):
            facts.organism = Organism.MOUSE if mouse > rat else Organism.RAT
            facts.evidence["organism"] = (
                f"symbols in small letters, {mouse} as in mice (Rik, Gm, H2), {rat} as in rats (LOC, RGD, RT1)"
            )
        else:
            facts.evidence["organism"] = "symbols in small letters: mouse or rat"
            facts.organism = f"{TODO} mouse or rat (both write symbols like this)"
        return
    column = next((adata.var[n] for n in ("uniprot", "refseq", "entrez") if n in adata.var), names)
    accessions = pd.Series(column).dropna().astype(str).str.replace(r"(-|\.)\d+$", "", regex=True)
    # accessions and Entrez identifiers of the species never coincide
    by_organism = {
        o: {
            member
            for namespace in (Namespace.UNIPROT, Namespace.ENTREZ, Namespace.REFSEQ)
            for cell in known.loc[known["organism"] == o, namespace]
            for member in cell.split(";")
            if member
        }
        for o in panel
    }
    hits = {o: int(accessions.isin(by_organism[o]).sum()) for o in panel}
    best = max(hits, key=hits.get)
    if hits[best] >= 3 and hits[best] > 2 * sorted(hits.values())[-2]:
        facts.organism = best
        facts.evidence["organism"] = f"{hits[best]} identifiers are known genes or proteins of the {best}"


def _uniprot_species(adata: AnnData) -> Counter:
    """Species in UniProt's entry names, wherever the features' annotation has them."""
    found: Counter = Counter()
    columns = [
        adata.var_names,
        *(
            adata.var[name]
            for name in adata.var
            if not np.issubdtype(np.asarray(adata.var[name]).dtype, np.number)
        ),
    ]
    for cells in columns:
        for cell in [str(cell) for cell in cells][:5000]:
            match = re.search(r"(?:^|[|;])[A-Z0-9]{2,11}_([A-Z0-9]{3,5})(?:$|[;\s,.])", cell)
            if match and re.search("[A-Z]{3}", match[1]):
                found[match[1]] += 1
        if sum(found.values()) > 0.3 * adata.n_vars:
            return found
        found.clear()
    return found
