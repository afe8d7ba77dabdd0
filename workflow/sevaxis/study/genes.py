"""Genes that a study names, held against the symbols of human genes; and the tables of identifiers that it names.

Symbols are read with the standard library alone: this runs whenever Snakemake parses the workflow.
"""

from __future__ import annotations

import csv
import difflib
from functools import cache
from pathlib import Path

from sevaxis.base.problems import Problem, nearest
from sevaxis.base.resources import Table, path_of
from sevaxis.base.yaml_source import Location, YamlSource, load_yaml
from sevaxis.study.configuration import Configuration
from sevaxis.study.consistency import check_own_file
from sevaxis.study.settings import IdentifierTables
from sevaxis.study.validation import validate

ALLOWED = "the current symbol of a human gene (HGNC; resources/human_symbols.tsv)"


def check_genes(configuration: Configuration, source: YamlSource) -> list[Problem]:
    """Axis genes that are no human gene's current symbol, and hypotheses about other genes than those."""
    axis = configuration.axis
    problems = [
        problem
        for index, gene in enumerate(axis.genes)
        if (problem := _check_symbol(gene, source, ("axis", "genes", index)))
    ]
    for index, hypothesis in enumerate(axis.hypotheses):
        location: Location = ("axis", "hypotheses", index, "gene")
        if hypothesis.gene in axis.genes:
            continue
        problem = _check_symbol(hypothesis.gene, source, location)
        problems.append(
            problem
            or Problem(
                f"The hypothesis is about '{hypothesis.gene}', which is no axis gene",
                source.where(location),
                hypothesis.gene,
                ", ".join(axis.genes),
                "add it to axis: genes, or leave the hypothesis out",
            )
        )
    return problems


def _check_symbol(gene: str, source: YamlSource, location: Location) -> Problem | None:
    """A problem where a name is no current symbol, with the one that is meant, if that can be told."""
    # the panels' genes need no table of all genes
    if any(row["human_symbol"] == gene for row in _rows("identifiers")):
        return None
    current, former = _symbols()
    if gene in current:
        return None
    what, hint = f"There is no human gene '{gene}'", ""
    folded = gene.strip().casefold()
    if folded in (by_case := {symbol.casefold(): symbol for symbol in current}):
        what, hint = f"'{gene}' is not how the human gene is written", f"write {by_case[folded]}"
    elif genes := former.get(folded):
        if len(genes) == 1:
            what = f"'{gene}' is not the current symbol of {genes[0]}"
            hint = f"write {genes[0]}: {gene} is a former symbol or an alias of it"
        else:
            what = f"'{gene}' was a name of several human genes"
            hint = f"write the one that is meant: {' or '.join(genes)}"
    else:
        close = _like(gene, current)
        hint = f"did you mean {' or '.join(close)}?" if close else (
            "look it up at genenames.org; a gene that was named since belongs into resources/identifiers.tsv"
        )  # fmt: skip
    return Problem(what, source.where(location), gene, ALLOWED, hint)


def _like(gene: str, current: frozenset[str]) -> list[str]:
    """The symbols that a mistyped one may stand for: first those whose letters and digits merely look alike."""
    alike = str.maketrans("OIL", "011")
    looks = [symbol for symbol in current if symbol.translate(alike) == gene.upper().translate(alike)]
    if looks:
        return sorted(looks)[:3]
    panels = {row["human_symbol"] for row in _rows("identifiers")}
    found = difflib.get_close_matches(gene.upper(), sorted(panels), n=1, cutoff=0.8)
    near = [
        symbol
        for symbol in sorted(current)
        if abs(len(symbol) - len(gene)) <= 1 and symbol[:1] == gene[:1].upper()
    ]
    found += difflib.get_close_matches(gene.upper(), near, n=3, cutoff=0.8)
    return list(dict.fromkeys(found))[:3]


@cache
def _symbols() -> tuple[frozenset[str], dict[str, list[str]]]:
    """Current symbols; former symbols and aliases (without case) -> the genes that had them, former ones first."""
    current: set[str] = set()
    names: dict[str, dict[str, list[str]]] = {"previous": {}, "aliases": {}}
    for row in _rows("human_symbols"):
        current.add(row["symbol"])
        for column, found in names.items():
            for name in filter(None, row[column].split("|")):
                genes = found.setdefault(name.casefold(), [])
                if row["symbol"] not in genes:
                    genes.append(row["symbol"])
    former = names["aliases"]
    for name, genes in names["previous"].items():
        former[name] = genes if len(genes) == 1 else [*genes, *former.get(name, [])]
    return frozenset(current), former


@cache
def _rows(name: Table) -> tuple[dict[str, str], ...]:
    with path_of(name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def load_identifiers(
    configuration: Configuration, source: YamlSource, root: Path, *, look: bool = True
) -> tuple[IdentifierTables, list[Problem]]:
    """The tables of identifiers that a study names; none where it names no file.

    Parameters
    ----------
    configuration, source
        The study's configuration and where it stands.
    root
        Folder that its paths are relative to.
    look
        Whether own files must be there.
    """
    nothing, told = IdentifierTables(), configuration.identifiers
    if told is None:
        return nothing, []
    path = Path(told)
    if not (root / path).is_file():
        near = sorted(each.as_posix() for each in (root / "config").glob("*.yaml"))
        near = [Path(each).relative_to(root).as_posix() for each in near]
        what = "There is no file with tables of identifiers"
        where = source.where(("identifiers",))
        return nothing, [Problem(what, where, f"no file {told}", "a YAML file", nearest(told, near))]
    listing, problems = load_yaml(root / path, str(path))
    if listing is None:
        return nothing, problems
    tables, found = validate(IdentifierTables, listing)
    problems += found
    if tables is None:
        return nothing, problems
    by_name: dict[str, str | None] = {}
    for table in tables.sources:
        if by_name.setdefault(table.name, table.sha256 or table.path) != (table.sha256 or table.path):
            what = f"Two tables of identifiers have the name '{table.name}'"
            problems.append(
                Problem(what, str(path), table.name, "a name for each file", "rename one of them")
            )
        if look:
            problems += check_own_file(table, f"{path}, {table.name}", root)
    return tables, problems
