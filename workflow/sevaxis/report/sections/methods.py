"""The methods text: what ran in this study, as the fits of each data set recorded it (``model.json``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sevaxis.base.literature import FORMULAS, cited
from sevaxis.base.vocabulary import Assay, Organism, words_of
from sevaxis.effects.methods import load_method
from sevaxis.effects.methods.facets import MODEL, NORMALISATIONS, SEXES, Facet, phrases
from sevaxis.report.document import Document
from sevaxis.report.words import count

Fit = Mapping[str, Any]


@dataclass(frozen=True)
class Section:
    """A heading and its paragraphs.

    A paragraph of the form ``$name`` is a formula of :data:`~sevaxis.base.literature.FORMULAS`.
    """

    title: str
    paragraphs: list[str] = field(default_factory=list)


def methods(document: Document) -> list[Section]:
    """The text, from what the fits of the study used."""
    fits = fits_of(document)
    thresholds = document.settings["thresholds"]
    sections = [
        _data(document),
        Section("Normalisation", _paragraphs(NORMALISATIONS, fits)),
        Section("Models", _models(fits)),
        Section("Sex", _paragraphs(SEXES, fits)),
        _uncertainty(document, thresholds),
        _multiplicity(document, thresholds),
        _detection(document),
        _limits(),
    ]
    return [section for section in sections if section.paragraphs]


def analyses(document: Document) -> list[dict[str, Any]]:
    """What was done with each data set, a record per fit.

    Returns
    -------
    list of dict
        ``id, title, assay, method``; ``contrasts`` (which of them the fit estimated; empty where it is all),
        ``phrases`` (what it used) and ``used`` (the same in one text), ``columns`` (of the model), ``left_out``
        (samples and why).
    """
    return [
        record for card in document.cards for record in analyses_of(card, document.models.get(card["id"], {}))
    ]


def fits_of(document: Document) -> list[tuple[str, Fit]]:
    """Every fit of the study with the id of its data set, in the study's order."""
    return [
        (card["id"], fit)
        for card in document.cards
        for fit in _fits(card, document.models.get(card["id"], {}))
    ]


def _fits(card: Mapping[str, Any], model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Fits of a data set, with what its sheet calls a subject."""
    return [{**fit, "subject": card["columns"].get("subject")} for fit in model.get("fits", ())]


def references(sections: list[Section]) -> list[tuple[str, str]]:
    """Papers cited in the text."""
    return cited(" ".join(paragraph for section in sections for paragraph in section.paragraphs))


def markdown(document: Document) -> str:
    """The text as Markdown, formulas in TeX."""
    sections = methods(document)
    lines = [f"# Methods of the study “{document.settings['title']}”", ""]
    if document.settings.get("simulated"):
        lines += ["**The data of this study are simulated.**", ""]
    for section in sections:
        lines += [f"## {section.title}", ""]
        for paragraph in section.paragraphs:
            lines += [f"$${FORMULAS[paragraph[1:]]}$$" if paragraph.startswith("$") else paragraph, ""]
    lines += ["## Data sets", ""]
    for record in analyses(document):
        parts = [record["method"], record["used"]]
        parts.append(f"model: {record['columns']}" if record["columns"] else "")
        parts.append(f"left out: {record['left_out']}" if record["left_out"] else "")
        about = ", ".join(filter(None, [record["assay"], record["contrasts"]]))
        lines.append(f"- {record['title']} ({about}): {'; '.join(filter(None, parts))}.")
    lines += ["", "## References", ""]
    lines += [f"- {key}. {paper}" for key, paper in references(sections)]
    return "\n".join(lines) + "\n"


def analyses_of(card: Mapping[str, Any], model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was done with one data set, as :func:`analyses`."""
    about = {"id": card["id"], "title": card["title"], "assay": words_of(Assay, card["assay"])}
    fits = _fits(card, model)
    left_out = ", ".join(f"{sample} ({why})" for sample, why in model.get("left_out", {}).items())
    if not fits:
        as_published = {"method": "as published, not re-analysed", "columns": "", "contrasts": ""}
        return [{**about, **as_published, "phrases": [], "used": "", "left_out": left_out}]
    records = []
    for fit in fits:
        told = [f"{fit['samples']} samples, {fit['n_fitted']:,} features in the model", *phrases(fit)]
        records.append(
            {
                **about,
                "method": load_method(fit["method"]).words,
                "contrasts": ", ".join(fit["contrasts"]) if len(fits) > 1 else "",
                "phrases": told,
                "used": "; ".join(told),
                "columns": ", ".join(fit["design"]),
                "left_out": left_out,
            }
        )
    return records


def _whose(datasets: Sequence[str], fits: Sequence[tuple[str, Fit]]) -> str:
    """For which data sets a sentence holds; nothing where it is all that were fitted."""
    named = list(dict.fromkeys(datasets))
    return "" if set(named) == {dataset for dataset, _ in fits} else f" ({', '.join(named)})"


def _paragraphs(facets: Sequence[Facet], fits: list[tuple[str, Fit]]) -> list[str]:
    """What facets mean, for those that some fit used, each with the data sets it is about."""
    paragraphs: list[str] = []
    for facet in facets:
        using = [dataset for dataset, fit in fits if facet.applies(fit)]
        if using:
            paragraphs.append(f"{facet.text.removesuffix('.')}{_whose(using, fits)}.")
            paragraphs += [f"${facet.formula}"] if facet.formula else []
    return paragraphs


def _models(fits: list[tuple[str, Fit]]) -> list[str]:
    """The methods that ran, each with its formulas and its data sets, then what they used."""
    if not fits:
        return []
    paragraphs = [
        "Batch and covariates enter the same model as the groups. A contrast that the samples cannot tell from a batch "
        "is refused by name."
    ]
    shown: set[str] = set()
    for name in dict.fromkeys(fit["method"] for _, fit in fits):
        method = load_method(name)
        using = list(dict.fromkeys(dataset for dataset, fit in fits if fit["method"] == name))
        paragraphs.append(f"{', '.join(using)}: {method.text}")
        paragraphs += [f"${formula}" for formula in method.formulas if formula not in shown]
        shown |= set(method.formulas)
    return paragraphs + _paragraphs(MODEL, fits)


def _data(document: Document) -> Section:
    others = sorted({card["organism"] for card in document.cards} - {Organism.HUMAN})
    by_orthologs = f" and, for {' and '.join(others)}, by ortholog tables" if others else ""
    paragraphs = [
        "Every data set was read into a matrix of samples and features that keeps each feature's own identifier. "
        "Features were assigned to human genes by identifier (Ensembl, Entrez, UniProt, RefSeq, then exact symbol; "
        f"never by prefix){by_orthologs}. The axis genes have a row in every data set: where one was not measured, the "
        "row says why."
    ]
    sexes = [quality.get("sex") or {} for quality in document.qualities.values()]
    if any(sex.get("n_called") for sex in sexes):
        called = [
            name for name, quality in document.qualities.items() if (quality.get("sex") or {}).get("n_called")
        ]
        paragraphs.append(
            "The sex of samples was called from genes of the X and Y chromosome, found by identifier, and compared "
            f"with the declared sex where there is one ({', '.join(called)}). {_contradictions(document, sexes)}"
        )
    if any(quality.get("samples") for quality in document.qualities.values()):
        paragraphs.append(
            "Outliers are flagged within their group and stay in the analysis unless excluded by name."
        )
    if any(card["assay"] == Assay.EFFECTS for card in document.cards):
        paragraphs.append(
            "Published result tables are shown as published. A missing standard error was derived from the published "
            "t, or from p and its degrees of freedom, and the row says so; without either no interval and no minimum "
            "detectable effect can be shown."
        )
    return Section("Data", paragraphs)


def _contradictions(document: Document, sexes: Sequence[Mapping[str, Any]]) -> str:
    """What happened to samples whose chromosomes contradict their declared sex."""
    number = sum(len(sex.get("mismatches", ())) for sex in sexes)
    if not number:
        return "No sample contradicts it."
    samples = count(number, "sample")
    if document.settings.get("sex_mismatch", "drop") == "drop":
        return f"{samples} that {'contradicts it was' if number == 1 else 'contradict it were'} left out, by name."
    return f"{samples} {'contradicts' if number == 1 else 'contradict'} it, named and kept as declared."


#: Of studies with proteins.
_COMPRESSED = (
    "Ratios of proteins are compressed: interference pulls ratios of isobaric labels towards 1, and label-free "
    "intensities near the limit of detection do so too. {fold}-fold in such data stands for more than {fold}-fold in "
    "the sample, so that “no relevant change” and “less than {fold}-fold” there exclude less than they say."
)


def _uncertainty(document: Document, thresholds: Mapping[str, Any]) -> Section:
    alpha, power = thresholds.get("alpha", 0.05), thresholds.get("power", 0.8)
    margin = thresholds.get("smallest_effect", 0.585)
    return Section(
        "Uncertainty, and what could have been seen",
        [
            "Intervals of single effects are 95 % confidence intervals, by the distribution and degrees of freedom "
            "d of the same test (normal where d is infinite).",
            "$ci",
            f"The minimum detectable effect (MDE{power * 100:.0f}) is the true effect δ that the same test finds "
            f"with power π = {power:g}, by the noncentral t distribution (Cohen 1988): at α = {alpha:g} for a "
            "single test, at α over the tests of the family for an axis gene, at the level of q where the false "
            "discovery rate decides. It takes the observed standard error for the true one, which is not known: a new "
            "experiment of the size finds the same effect less often (power_repeat in axis.tsv). Estimates that were "
            "significant overstate the truth on average, the more so the less power there was (exaggeration if that is "
            "the MDE, exaggeration_smallest if it is Δ; Gelman & Carlin 2014).",
            "$mde",
            "A reading gives significance first, size second. A change is a p of at most α after Holm's "
            f"adjustment; its size is at least or below the smallest effect of interest, Δ = {margin:g} log2 units "
            f"({2**margin:.2g}-fold), or uncertain, by the interval at level 1 − α/m of a family of m tests. No "
            "relevant change is claimed only where the 1 − 2α/m interval lies within ±Δ (two one-sided tests, "
            "Schuirmann 1987). Everything else is undetermined, and underpowered where the MDE exceeds Δ.",
            "$tost",
            "The table axis.tsv gives for each row the smallest margin at which a relevant change would be excluded "
            "(margin_excluded) and the largest that the effect exceeds (margin_exceeded).",
            *([_COMPRESSED.format(fold=f"{2**margin:.2g}")] if document.proteins else []),
        ],
    )


def _multiplicity(document: Document, thresholds: Mapping[str, Any]) -> Section:
    fdr, alpha = thresholds.get("fdr", 0.05), thresholds.get("alpha", 0.05)
    return Section(
        "Multiple testing",
        [
            f"Genome-wide, p-values were adjusted within data set, contrast and stratum (Benjamini & Hochberg 1995); "
            f"q < {fdr:g} counts as changed.",
            "$bh",
            "The axis genes were named beforehand and have families of their own, within each contrast, so that no "
            "other data set changes a verdict. The primary family is the axis genes in the row that stands for all "
            "samples: that of all samples, the average of both sexes, or in data of one sex that sex. The "
            "secondary family is the axis genes in females, in males and by interaction. Within each the "
            f"family-wise error is held at {100 * alpha:g} % (Holm 1979); family, size and level stand beside each "
            "number in axis.tsv. Of several features of one gene the one detected in most samples stands for it, "
            "then the most abundant.",
            "$holm",
            "Whether the sexes differ is decided by the interaction alone. An effect is larger in one sex where "
            "interaction and average are significant, opposite where both sexes are off zero with unlike signs; it is "
            "in both sexes where both are off zero on one side, and alike where the confidence set of their ratio "
            "(Fieller 1954) lies within one half and two. Axis genes are decided within their secondary family, all "
            "other features by q within the contrast: that these are off zero in both sexes, by the q of the larger p "
            "(Benjamini & Heller 2008); that the effects are alike, or their difference is not relevant, by the q of "
            "two one-sided tests (Schuirmann 1987).",
            *([_COURSES.format(alpha=alpha)] if document.has_courses else []),
        ],
    )


#: Of studies in which contrasts form time courses.
_COURSES = (
    "Contrasts of one time course share a control and are read as one: an F test over all its times, and a trend in "
    "the card's unit of time with the control at its own time. The courses of the axis genes in a data set are a "
    "family of their own (Holm, {alpha:g}). A course that changes is up or down where its single contrasts that are "
    "shown to change point one way, or, where none is, the trend does (p of at most {alpha:g}). A course that is not "
    "shown to change is without a relevant change where the intervals of all its contrasts lie within the margin."
)

#: Of studies in which a card names covariates.
_PENALISED = (
    "Where a card names covariates, and from ten samples a side that are not paired, the p is that of a logistic "
    "regression with them (Firth 1993; Heinze & Schemper 2002); with fewer samples that p is not calibrated, and the "
    "exact test leaves the covariates out."
)


def _detection(document: Document) -> Section:
    if document.effects["detection_p"].isna().all():
        return Section("Detection")
    return Section(
        "Detection",
        [
            "Presence is tested beside abundance: given in how many samples of each batch and sex a feature was "
            "detected, the exact conditional test asks, two-sided, whether cases and references have it equally often "
            "(Birch 1964); of one batch and sex it is Fisher's exact test (Fisher 1935), of pairs McNemar's (McNemar "
            "1947), and between the sexes Zelen's test of equal odds ratios (Zelen 1971). Samples of one subject "
            "on one side count once.",
            *([_PENALISED] if any(card["model"].get("covariates") for card in document.cards) else []),
            "$fisher",
            "A gene's p is min(1, 2 min(p of presence, p of abundance)) where presence can reach the level of its "
            "family at the margins observed, and else that of abundance: neither the margins nor the number of "
            "genes depends on which samples are cases (Tarone 1990). With three samples a side presence can never "
            "reach 0.05 (0/3 v 3/3 gives 0.10). Zeros of counts belong to the model of counts and are not tested "
            "twice; where at most half of the samples of a group hold all its counts, and these are ten or more on "
            "average, that model does not fit, and presence is the only test (its p doubled all the same, for the data "
            "decided that it is the only one).",
        ],
    )


def _limits() -> Section:
    return Section(
        "What this report does not say",
        [
            "Training is not overtraining; each contrast carries its role, and no role stands in for another. RNA is "
            "never pooled with protein, nor tissue with vesicles. Association across compartments does not show that "
            "a vesicle carried anything from one to the other.",
        ],
    )
