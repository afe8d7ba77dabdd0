"""Gene cards: per axis gene and data set the raw points, and a forest of every contrast and stratum."""

from __future__ import annotations

from typing import Any

from sevaxis.answers.wording import summarise
from sevaxis.base.vocabulary import Agreement, Family, Reading, Status, Stratum
from sevaxis.report.document import ContrastView, Document
from sevaxis.report.drawings.glyphs import glyph, reach
from sevaxis.report.sections.strip import axis_row, by_presence, deciding_interval, seen
from sevaxis.report.words import count, interval, missing, p_value, plain, signed


def gene_cards(document: Document) -> list[dict[str, Any]]:
    """One card per axis gene.

    Returns
    -------
    list of dict
        ``gene``, ``half`` (scale of its forests, log2 units), ``datasets``: per data set ``id``, ``title``,
        ``points`` (are there values to draw?), ``summary`` and ``contrasts`` with their rows.
    """
    return [_gene_card(document, gene) for gene in document.genes]


def _gene_card(document: Document, gene: str) -> dict[str, Any]:
    mine = document.axis[document.axis["human_symbol"].eq(gene)]
    half = reach(
        [value for column in ("log2fc", "ci_low_family", "ci_high_family") for value in mine[column]]
    )
    values = document.axis_values
    measured = set(
        values.loc[values["human_symbol"].eq(gene) & values["detected"].eq(1), "dataset"].astype(str)
    )
    datasets = []
    for card in document.cards:
        contrasts = [_forest(document, shown, gene, half) for shown in document.contrasts_of(card["id"])]
        main = [contrast["main"] for contrast in contrasts if contrast["main"]]
        datasets.append(
            {
                "id": card["id"],
                "title": card["title"],
                "points": card["id"] in measured,
                "summary": summarise(main),
                "changed": any(row["changed"] for row in main),
                "contrasts": contrasts,
                "refused": _refused_alike(contrasts),
            }
        )
    return {"gene": gene, "half": half, "datasets": datasets}


def _forest(document: Document, shown: ContrastView, gene: str, half: float) -> dict[str, Any]:
    rows = []
    refused: dict[tuple[str, str], list[tuple[Stratum, dict[str, Any]]]] = {}
    for stratum in Stratum:
        row = axis_row(document, shown, gene, stratum)
        if row is None:
            continue
        presence = by_presence(row)
        if missing(row["log2fc"]) and not presence:
            refused.setdefault((Status(row["status"]).words, str(row["reason"])), []).append((stratum, row))
        if stratum == shown.stratum or presence or not missing(row["log2fc"]):
            rows.append(_row(row, stratum, half))
    return {
        "shown": shown,
        "rows": [row for row in rows if row["estimated"]],
        "main": next((row for row in rows if row["stratum"] == shown.stratum), None),
        "refused": [
            {
                "status": status,
                "reason": reason,
                "strata": ", ".join(stratum.brief.lower() for stratum, _ in mine),
            }
            | _detection(dict(mine).get(shown.stratum))
            for (status, reason), mine in refused.items()
        ],
    }


def _refused_alike(contrasts: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The refusals that all contrasts of a data set share where none has an estimate; else none."""
    first = contrasts[0]["refused"] if contrasts else []
    alike = all(not contrast["rows"] and contrast["refused"] == first for contrast in contrasts)
    return first if alike and len(contrasts) > 1 else []


def _detection(row: dict[str, Any] | None) -> dict[str, str]:
    """Detection counts and their test, of a main stratum that is not estimable."""
    if row is None or row["status"] != Status.NOT_ESTIMABLE:
        return {"seen": "", "detection_p": ""}
    return {"seen": seen(row), "detection_p": p_value(row["detection_p"])}


def _row(row: dict[str, Any], stratum: Stratum, half: float) -> dict[str, Any]:
    presence = by_presence(row)
    measured = not missing(row["log2fc"]) and not presence
    low, high = deciding_interval(row) if measured else (None, None)
    mde = row["mde80"] if missing(row["mde80_family"]) else row["mde80_family"]
    return {
        "stratum": stratum,
        "name": stratum.brief,
        "estimated": measured or presence,
        "changed": row["called"],
        "text": signed(row["log2fc"]) if measured else Reading(row["reading"]).words,
        "interval": interval(low, high),
        "glyph": glyph(row["log2fc"], low, high, half, mde) if measured else None,
        "mde": plain(mde) if measured else "–",
        "stands": ""
        if missing(row["robustness_m"])
        else f"{int(row['robustness_k'])} of {int(row['robustness_m'])}",
        "p": p_value(row["p_gene"] if presence else row["p"]),
        "p_holm": p_value(row["p_holm"]),
        "family": "" if missing(row["family"]) else _family(row),
        "q": "–" if presence and not row["amount"] else p_value(row["q"]),
        "seen": seen(row) or _numbers(row),
        "status": Status(row["status"]),
        "reason": "" if missing(row["reason"]) else str(row["reason"]),
        "reading": Reading(row["reading"]),
        "wording": "" if missing(row["wording"]) else row["wording"],
        "agreement": Agreement(row["agreement"]),
        "feature": str(row["feature_id"]),
        "others": row["others"],
    }


def _numbers(row: dict[str, Any]) -> str:
    """How many samples stand on each side, where it is not said in how many the gene was detected."""
    if missing(row["n_case"]) or missing(row["n_reference"]):
        return ""
    return f"n {int(row['n_case'])} v {int(row['n_reference'])}"


def _family(row: dict[str, Any]) -> str:
    """The family of a row, its size and its level."""
    size = count(int(row["family_size"]), "test")
    return f"{Family(row['family']).words}: {size}, error rate {row['family_level']:g}"
