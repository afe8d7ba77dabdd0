"""Columns of test results: what each is by its name, and what its numbers say against it.

The names are those that DESeq2, edgeR, limma, MSstats, proDA, DEP, Perseus, Proteome Discoverer, Spectronaut, Olink
Analyze, sleuth, cuffdiff, Partek and CLC give, alone or with the name of a contrast before or behind them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

#: Between the words of a name: spaces, points, brackets, and the step from a small to a capital letter.
_S = r"[\s._\-\x01()\[\]]*"
_NUMBER = r"(?:val(?:ue)?s?)"
_P = rf"(?:(?:raw|nominal){_S})?(?:p{_S}{_NUMBER}|pr{_S}>?{_S}\|?t\|?)"
_ADJUSTED = r"(?:adj(?:usted|ust)?|bh|fdr|corr(?:ected)?|bonf\w*|holm)"
_CHANGE = rf"(?:fold{_S}changes?|fc|ratio|diff(?:erence)?|fold)"

#: What a column may be -> expressions of its name, in the order in which they are asked: the longer first, single
#: letters (the names of groups, too) last.
PATTERNS: tuple[tuple[str, str], ...] = (
    ("other", r"signific\w*|absolute|abs|shrunk\w*|selection"),
    ("other", rf"max(?:imum|imal)?{_S}fold{_S}changes?"),  # of Progenesis: between any two groups
    ("other", rf"ci{_S}(?:l|r|lo|low|lower|hi|high|upper)|conf{_S}(?:low|high)|(?:lower|upper){_S}(?:ci|bound)"),
    ("se", rf"(?:l{_S}fc|log{_S}2?{_S}fc){_S}se|se{_S}(?:of{_S})?log{_S}2?{_S}fc|se{_S}b"),
    ("se", rf"std\.?{_S}err\w*|standard{_S}err\w*|std{_S}?error"),
    ("q", rf"{_ADJUSTED}{_S}(?:step{_S}up|{_P}|p)|(?:{_P}|p){_S}{_ADJUSTED}|q{_S}{_NUMBER}|padj|fdr|fwer"),
    ("p", _P),
    ("log2fc", rf"log{_S}2{_S}(?:of{_S})?(?:\(?){_CHANGE}|(?:abundance{_S})?{_CHANGE}{_S}log{_S}2"),
    ("lnfc", rf"(?:ln|log{_S}e){_S}{_CHANGE}"),
    ("log10fc", rf"log{_S}10{_S}{_CHANGE}"),
    ("avglogfc", rf"avg{_S}log{_S}fc"),
    ("logfc", rf"log{_S}{_CHANGE}|l{_S}fc"),
    ("t", rf"(?:(?:t|z|wald|moderated{_S}t){_S}(?:stat\w*|{_NUMBER}|score|ratio))|test{_S}stat\w*|stat(?:istic)?"),
    ("mean", rf"base{_S}mean|a(?:ve?|vg){_S}expr\w*|log{_S}cpm|tpm{_S}mean|overall{_S}mean"),
    ("mean", rf"(?:avg|average|mean){_S}(?:abundance|expr\w*|tpm|intensity|obs)"),
    ("df", rf"df(?:{_S}(?:total|residual))?|degrees?{_S}of{_S}freedom"),
    ("ratio", rf"fold{_S}changes?|(?:abundance{_S})?ratio|fold"),
    ("other", rf"variability|variance|std{_S}?dev|lods?|log{_S}odds|s{_S}value|rank|power|tau"),
    ("change", r"diff(?:erence)?|estimate|coef(?:ficient)?s?|beta|logeffect|effect"),
    ("se", r"se"),
    ("p", r"p"),
    ("q", r"q|bh"),
    ("ratio", r"fc"),
    ("t", r"t|z"),
    ("joint", rf"f(?:{_S}(?:stat\w*|{_NUMBER}))?|lr"),
    ("n", rf"n(?:{_S}(?:samples|obs|subjects))?"),
    ("other", r"b|sem|sd|var|median|min|max"),
)  # fmt: skip
#: Roles of columns that hold a change, by how sure it is that it is one of log2.
CHANGES = ("log2fc", "logfc", "avglogfc", "lnfc", "log10fc", "change", "ratio")
#: Words that stand beside the role and name no contrast.
NOISE = rf"student'?s?|welch'?s?|two{_S}sample{_S}t?|(?:paired{_S})?t{_S}tests?|moderated|avg|average|values?"
BESIDE = rf"|abundance{_S}ratio|of|\(\s*\)"
#: Expressions shorter than this are single letters and the like.
SHORT = 12
_NEGATIVE_LOG = (
    rf"(?:-{_S}|neg(?:ative)?{_S}|minus{_S}|n)log{_S}(?:10)?(?:{_S}of)?|log{_S}10|"
    rf"log(?={_S}p(?:{_S}{_NUMBER})?(?![a-z]))"
)


@dataclass(frozen=True)
class Named:
    """What the name of a column says.

    Attributes
    ----------
    role
        One of the roles of :data:`PATTERNS`.
    rest
        What else the name says, as it is written: the contrast, if anything.
    minus_log10
        Whether it speaks of -log10 of a p or q.
    """

    role: str
    rest: str
    minus_log10: bool = False

    @property
    def key(self) -> str:
        """The rest without case and punctuation, to find the columns of one contrast."""
        return re.sub(r"[^a-z0-9]+", "_", self.rest.lower()).strip("_")


@lru_cache(maxsize=1 << 16)
def named(column: str) -> Named | None:
    """What a column is by its name; None for names that speak of no test."""
    text = re.sub(r"^[A-Z]: ", "", column).replace("\u2212", "-").replace("\u2013", "-")
    text = re.sub(r"(log10)(?=[pq])", "\\1\x01", text, flags=re.IGNORECASE)
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "\x01", text)
    logged = _search(_NEGATIVE_LOG, text)
    if logged is not None:
        inner = _role(_cut(text, logged))
        if inner is not None and inner.role in ("p", "q"):
            return Named(inner.role, inner.rest, True)
    return _role(text)


def named_columns(columns: list[str]) -> dict[str, Named]:
    """What columns are by their names, for those that speak of a test.

    A letter is none where others stand in its place: WT_F_1 and 1_WT_F are samples beside WT_M_2 and 2_WT_M.
    """
    said = {column: found for column in columns if (found := named(column)) is not None}
    forms = [_form(column) for column in columns if column not in said]
    # chow_b beside chow_a and chow_c; t and B alone are statistics
    letters = {form for form in forms if "#" in form or (len(form) > 2 and forms.count(form) > 1)}
    return {column: one for column, one in said.items() if _form(column) not in letters}


def _form(name: str) -> str:
    """A name with its numbers as # and its single letters as ?."""
    return re.sub(r"\d+", "#", re.sub(r"(?<![A-Za-z0-9])[A-Za-z](?![A-Za-z0-9])", "?", name))


def _role(text: str) -> Named | None:
    bare = _without_noise(text)
    # "average" may be part of a role; the single letter of "t-test" is none
    for shown in (text, bare) if bare != text else (text,):
        for role, pattern in PATTERNS:
            match = _search(pattern, shown) if shown is bare or len(pattern) >= SHORT else None
            if match is not None:
                return Named(role, _tidy(_without_noise(_cut(shown, match), NOISE + BESIDE)))
    return None


def _without_noise(text: str, noise: str = NOISE) -> str:
    while (match := _search(noise, text)) is not None:
        text = _cut(text, match)
    return text


def _search(pattern: str, text: str) -> re.Match[str] | None:
    """The first place of a pattern as whole words."""
    return _compiled(pattern).search(text.lower())


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9])(?:{pattern})(?![a-z0-9])")


def _cut(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]}\x02{text[match.end() :]}"


def _tidy(text: str) -> str:
    rest = text.replace("\x01", "").replace("\x02", " ")
    rest = re.sub(r"^[\s._:;,)\]-]+|[\s._:;,(\[-]+$", "", " ".join(rest.split()))
    return rest[1:-1] if re.fullmatch(r"\([^()]*\)", rest) else rest


def contradiction(role: str, values: np.ndarray) -> str | None:
    """Why numbers cannot be what their column's name says; None where they can.

    Parameters
    ----------
    role
        ``p``, ``q``, ``se``, ``df`` or one of :data:`CHANGES`.
    values
        Numbers of the column, NaN where it has none.
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return "it holds no numbers"
    low, high = float(known.min()), float(known.max())
    if role in ("p", "q") and not (low >= 0 and high <= 1):
        return f"numbers from {low:.4g} to {high:.4g}, not from 0 to 1"
    if role in ("se", "df") and low < 0:
        return f"numbers below 0 ({low:.4g})"
    return None


def follows(change: np.ndarray, se: np.ndarray, t: np.ndarray) -> float:
    """Share of rows in which t is the change over its standard error, to 2 %; NaN where too few rows tell."""
    with np.errstate(all="ignore"):
        known = np.isfinite(change) & np.isfinite(t) & np.isfinite(se) & (se > 0)
        if known.sum() < 3:
            return np.nan
        expected = change[known] / se[known]
        return float((np.abs(t[known] - expected) <= 0.02 * np.abs(expected) + 0.02).mean())
