"""The methods text: what was done in this study, with the formulas and their papers, for the page and to paste."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sevaxis.report.document import ReportInput
from sevaxis.report.drawings.formulas import FORMULAS
from sevaxis.report.words import ASSAYS, words
from sevaxis.study.card import DEFAULT_METHOD, DEFAULT_NORMALISATION

#: Key -> reference, as cited in the text.
PAPERS = {
    "Robinson & Oshlack 2010": "Genome Biol 11:R25. doi:10.1186/gb-2010-11-3-r25",
    "Law et al. 2014": "Genome Biol 15:R29. doi:10.1186/gb-2014-15-2-r29",
    "Chen et al. 2016": "F1000Research 5:1438. doi:10.12688/f1000research.8987.2",
    "Smyth 2004": "Stat Appl Genet Mol Biol 3:3. doi:10.2202/1544-6115.1027",
    "Phipson et al. 2016": "Ann Appl Stat 10:946-963. doi:10.1214/16-AOAS920",
    "Ritchie et al. 2006": "BMC Bioinformatics 7:261. doi:10.1186/1471-2105-7-261",
    "Smyth et al. 2005": "Bioinformatics 21:2067-2075. doi:10.1093/bioinformatics/bti270",
    "Love et al. 2014": "Genome Biol 15:550. doi:10.1186/s13059-014-0550-8",
    "Zhu et al. 2020": "Mol Cell Proteomics 19:1047-1057. doi:10.1074/mcp.TIR119.001646",
    "Satterthwaite 1946": "Biometrics Bull 2:110-114. doi:10.2307/3002019",
    "Benjamini & Hochberg 1995": "J R Stat Soc B 57:289-300. doi:10.1111/j.2517-6161.1995.tb02031.x",
    "Holm 1979": "Scand J Stat 6:65-70",
    "Fisher 1935": "J R Stat Soc 98:39-82. doi:10.2307/2342435",
    "Cohen 1988": "Statistical Power Analysis for the Behavioral Sciences, chapter 2",
    "Schuirmann 1987": "J Pharmacokinet Biopharm 15:657-680. doi:10.1007/BF01068419",
}
METHODS = {
    "voom": "voom, moderated t",
    "voom_quality": "voom with sample weights, moderated t",
    "negative_binomial": "negative binomial, Wald test",
    "trend": "linear model of log2 values, moderated t with trend",
    "deqms": "linear model of log2 values, prior by peptide count",
    "mixed": "random intercept, REML",
}


@dataclass(frozen=True)
class Section:
    """A heading and its paragraphs; a paragraph of the form ``$name`` is a formula of :data:`FORMULAS`."""

    title: str
    paragraphs: list[str] = field(default_factory=list)


def choices(study: ReportInput) -> list[dict[str, str]]:
    """What was done with each data set: normalisation, method, what entered the model."""
    return [_choice(card, study.qualities.get(card["id"], {})) for card in study.cards]


def methods(study: ReportInput) -> list[Section]:
    """The text, adapted to what the study used."""
    used = {_method(card) for card in study.cards}
    thresholds = study.study["thresholds"]
    measured = [card for card in study.cards if card["assay"] != "effects"]
    sections = [_data(study), _normalisation(study, used), _models(measured, used)]
    if any("interaction" in shown.strata for shown in study.contrasts):
        sections.append(_strata())
    sections += [_uncertainty(thresholds), _multiplicity(thresholds), _detection(), _limits()]
    return [section for section in sections if section.paragraphs]


def references(sections: list[Section]) -> list[tuple[str, str]]:
    """Papers cited in the text, in the order of :data:`PAPERS`."""
    text = " ".join(paragraph for section in sections for paragraph in section.paragraphs)
    return [(key, paper) for key, paper in PAPERS.items() if key in text]


def markdown(study: ReportInput) -> str:
    """The text as Markdown, formulas in TeX."""
    sections = methods(study)
    lines = [f"# Methods of the study “{study.study['title']}”", ""]
    if study.study.get("simulated"):
        lines += ["**The data of this study are simulated.**", ""]
    for section in sections:
        lines += [f"## {section.title}", ""]
        for paragraph in section.paragraphs:
            lines += [f"$${FORMULAS[paragraph[1:]]}$$" if paragraph.startswith("$") else paragraph, ""]
    lines += ["## Data sets", ""]
    for choice in choices(study):
        lines.append(
            f"- {choice['title']} ({choice['assay']}): {choice['normalisation']}; {choice['method']}"
        )
        lines[-1] += f"; model: {choice['terms']}." if choice["terms"] else "."
    lines += ["", "## References", ""]
    lines += [f"- {key}. {paper}" for key, paper in references(sections)]
    return "\n".join(lines) + "\n"


def _method(card: Mapping[str, Any]) -> str | None:
    return (card.get("model") or {}).get("method") or DEFAULT_METHOD.get(card["assay"])


def _normalisation_of(card: Mapping[str, Any], quality: Mapping[str, Any]) -> str:
    given = quality.get("normalisation") or (card.get("values") or {}).get("normalise")
    return given or DEFAULT_NORMALISATION.get(card["assay"], "none")


def _choice(card: Mapping[str, Any], quality: Mapping[str, Any]) -> dict[str, str]:
    about = {"id": card["id"], "title": card["title"], "assay": words(ASSAYS, card["assay"])}
    if card["assay"] == "effects":
        return about | {
            "normalisation": "as published",
            "method": "as published, not re-analysed",
            "terms": "",
        }
    model, columns = card.get("model") or {}, card.get("columns") or {}
    named = {"tmm": "TMM", "median": "sample medians aligned", "none": "not normalised here"}
    method = words(METHODS, _method(card))
    method += ", robust prior" if model.get("robust") else ""
    method += ", sample weights" if model.get("array_weights") else ""
    terms = ["group × sex" if columns.get("sex") else "group"]
    terms += ["batch"] if columns.get("batch") else []
    terms += list(model.get("covariates") or ())
    terms += ["subject as a block"] if columns.get("subject") else []
    return about | {
        "normalisation": named.get(_normalisation_of(card, quality), "not normalised here"),
        "method": method,
        "terms": ", ".join(terms),
    }


def _data(study: ReportInput) -> Section:
    mismatch = {
        "stop": "stops the run",
        "drop": "leaves the sample out, with the reason given",
        "keep": "is reported and the sample kept",
    }[study.study.get("sex_mismatch", "drop")]
    paragraphs = [
        "Every data set was read into a matrix of samples and features that keeps each feature's own identifier. "
        "Features were assigned to human genes by identifier (Ensembl, Entrez, UniProt, RefSeq, then exact symbol; "
        "never by prefix) and, for other species, by ortholog tables. The axis genes have a row in every data set: "
        "where one was not measured, the row says why.",
        "The sex of each sample was called from genes of the X and Y chromosome, found by identifier, and compared "
        f"with the declared sex; a contradiction {mismatch}. Outliers are flagged within their group and stay in the "
        "analysis unless excluded by name.",
    ]
    if any(card["assay"] == "effects" for card in study.cards):
        paragraphs.append(
            "Published result tables are shown as published. A missing standard error was derived from the published "
            "t, or from p and the group sizes, and the row says so; without either no interval and no minimum "
            "detectable effect can be shown."
        )
    return Section("Data", paragraphs)


def _normalisation(study: ReportInput, used: set[str | None]) -> Section:
    kinds = {_normalisation_of(card, study.qualities.get(card["id"], {})) for card in study.cards}
    paragraphs = []
    if "tmm" in kinds:
        paragraphs += [
            "Library sizes N were scaled by trimmed means of M-values against a reference sample r; the trimmed set G "
            "leaves out 30 % of the log ratios M and 5 % of the mean abundances on either side "
            "(Robinson & Oshlack 2010).",
            "$tmm",
        ]
    if used & {"voom", "voom_quality"}:
        paragraphs += [
            "Features with too few counts for the smallest group were not tested (Chen et al. 2016) and are listed as "
            "such. Counts r became log2 counts per million with precision weights from the mean-variance trend lo, "
            "evaluated at the fitted count λ (Law et al. 2014).",
            "$voom",
        ]
    if "median" in kinds:
        paragraphs.append(
            "Log2 intensities were aligned by the median of each sample. No normalisation uses a gene of the axis. "
            "Missing intensities stay missing: nothing is imputed."
        )
    return Section("Normalisation", paragraphs)


def _models(cards: list[Mapping[str, Any]], used: set[str | None]) -> Section:
    if not cards:
        return Section("Models")
    model = [card.get("model") or {} for card in cards]
    paragraphs = [
        "One linear model per data set holds all its groups and, where both sexes are present, a mean for every group "
        "in each sex; batch and covariates enter the same model. Every effect β is a contrast of its coefficients. A "
        "contrast that the samples cannot tell from a batch is refused by name.",
        "$model",
    ]
    if used & {"voom", "voom_quality", "trend", "deqms"}:
        trend = (
            ", with a trend of the prior variance over mean abundance" if used & {"trend", "deqms"} else ""
        )
        robust = ", robust against features of unusual variance (Phipson et al. 2016)" if any(
            m.get("robust") for m in model
        ) else ""  # fmt: skip
        paragraphs += [f"Variances were moderated across features (Smyth 2004){trend}{robust}.", "$moderated"]
    if any(m.get("array_weights") for m in model) or "voom_quality" in used:
        paragraphs.append("Each sample has a weight of its own, estimated by REML (Ritchie et al. 2006).")
    if any((card.get("columns") or {}).get("subject") for card in cards):
        paragraphs += [
            "Several samples of one animal or person enter as a block with one correlation, the consensus over "
            "features (Smyth et al. 2005).",
            "$block",
        ]
    if "negative_binomial" in used:
        paragraphs.append(
            "Counts modelled as negative binomial: dispersions shrunken to a trend, Wald test (Love et al. 2014)."
        )
    if "deqms" in used:
        paragraphs.append(
            "The prior variance depends on the number of peptides or spectra (Zhu et al. 2020)."
        )
    if "mixed" in used:
        paragraphs.append(
            "Random intercepts were fitted by REML, with Satterthwaite's degrees of freedom (Satterthwaite 1946)."
        )
    return Section("Models", paragraphs)


def _strata() -> Section:
    return Section(
        "Sex",
        [
            "Female, male, average and interaction effects come from one model with one residual variance and are "
            "always reported together. “Significant in one sex, not in the other” is not a result; a difference "
            "between the sexes is tested by the interaction. Data of one sex have no such strata: they are not "
            "estimable.",
            "$strata",
        ],
    )


def _uncertainty(thresholds: Mapping[str, Any]) -> Section:
    alpha, power = thresholds.get("alpha", 0.05), thresholds.get("power", 0.8)
    margin = thresholds.get("smallest_effect", 0.585)
    return Section(
        "Uncertainty, and what could have been seen",
        [
            "Intervals are 95 % confidence intervals of the moderated t.",
            "$ci",
            f"The minimum detectable effect (MDE{power * 100:.0f}) is the true effect δ that the same test finds with "
            f"power π = {power:g} at α = {alpha:g}, by the noncentral t distribution (Cohen 1988).",
            "$mde",
            f"Absence is claimed only by two one-sided tests against the smallest effect of interest, Δ = {margin:g} "
            f"log2 units ({2**margin:.2g}-fold) (Schuirmann 1987). Everything else that is not significant is "
            "undetermined, and underpowered where the MDE exceeds Δ.",
            "$tost",
        ],
    )


def _multiplicity(thresholds: Mapping[str, Any]) -> Section:
    fdr = thresholds.get("fdr", 0.05)
    return Section(
        "Multiple testing",
        [
            f"Genome-wide, p-values were adjusted within data set, contrast and stratum (Benjamini & Hochberg 1995); "
            f"q < {fdr:g} counts as changed.",
            "$bh",
            "The axis genes were named beforehand: within the declared family, printed with each number, they are also "
            "adjusted for the family-wise error (Holm 1979).",
            "$holm",
        ],
    )


def _detection() -> Section:
    return Section(
        "Detection",
        [
            "A feature that is missing in one whole group has no estimable effect. Whether it was detected more often "
            "in one group (a of n₁ against D − a of n₂ samples) is tested beside it (Fisher 1935); with three samples "
            "per group this test cannot reach 0.05 (0/3 v 3/3 gives 0.10).",
            "$fisher",
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
