"""What the name of a published contrast says: which group stands over which, and whose results these are."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sevaxis.base.vocabulary import Stratum
from sevaxis.drafting.words import tokens

#: Ways to write that the first group stands over the second -> how people call them.
WAYS = (
    (r"\s*\bversus\b\s*|[\s_.]+versus[\s_.]+", "versus"),
    (
        r"[\s_.-]+vs?\.?(?:[\s_.-]+|(?=[A-Z0-9(]))|(?<=[A-Za-z0-9)])vs\.?(?=[A-Z0-9(])|(?<=[A-Z0-9])v(?=[A-Z])",
        "v",
    ),
    (r"\s+(?:compared (?:to|with)|relative to|over|against)\s+", "over"),
    (r"\s*/\s*", "/"),
    (r"\s+[-\u2013\u2212]\s+", "-"),
)
FEMALE = {"f", "female", "females", "woman", "women", "fem"}
MALE = {"m", "male", "males", "man", "men"}
#: Words that name the factor, in front of the levels: DESeq2 writes ``condition_B_vs_A``.
FACTORS = re.compile(
    r"^(?:group|condition|treatment|genotype|factor|contrast|comparison)[\s_.:]+", re.IGNORECASE
)


@dataclass(frozen=True)
class Comparison:
    """Two groups of a published contrast.

    Attributes
    ----------
    case, reference
        As the table writes them.
    how
        What tells their order, for the evidence.
    """

    case: str
    reference: str
    how: str


def comparison(text: str, *, hyphens: bool = True) -> Comparison | None:
    """The two groups of a contrast's name; None where it does not name two, or could be cut in several places.

    Without ``hyphens`` a single one is part of a name (SKM-GN), not a minus.
    """
    bare = FACTORS.sub("", text.strip())
    for pattern, sign in WAYS:
        parts = re.split(pattern, bare)
        if len(parts) == 2 and all(part.strip(" ()_.") for part in parts):
            case, reference = (_unwrapped(part) for part in parts)
            return Comparison(
                case, reference, f"'{text}' says {case} {sign} {reference}, the first over the second"
            )
        if len(parts) > 2:
            return None
    parts = [part for part in re.split(r"-", bare) if part]
    if hyphens and bare.count("-") == 1 and len(parts) == 2:
        case, reference = (_unwrapped(part) for part in parts)
        return Comparison(case, reference, f"'{text}' says {case} minus {reference}")
    return None


def _unwrapped(text: str) -> str:
    text = text.strip().strip("_.").strip()
    return text[1:-1].strip() if re.fullmatch(r"\([^()]*\)", text) else text


def sex_told(text: str) -> str | None:
    """The sex that a group's name says; ``F`` and ``M`` count where they stand as words of their own."""
    said = {part.lower() for part in tokens(text.replace("-", " "))}
    female, male = bool(said & FEMALE), bool(said & MALE)
    return None if female == male else (Stratum.FEMALE if female else Stratum.MALE)


def spelled_out(text: str) -> bool:
    """Whether the sex is written in full, not as a letter that may mean something else."""
    return bool({part.lower() for part in tokens(text.replace("-", " "))} & ((FEMALE | MALE) - {"f", "m"}))


def strata(labels: list[str]) -> list[tuple[str, str, bool]]:
    """Whose results each contrast holds.

    Parameters
    ----------
    labels
        Names of all contrasts of a file, with what else tells of them.

    Returns
    -------
    For each the stratum, why (empty where nothing is said), and whether it is sure: a single letter is where the
    other sex has contrasts in the same file.
    """
    found = []
    sexes = {sex_told(part) for label in labels for part in re.split(r"[\s-]+", label)} - {None}
    for label in labels:
        pair = comparison(label, hyphens=" " not in label)
        sides = [pair.case, pair.reference] if pair else [label]
        said = {sex_told(side) for side in sides}
        one = said - {None}
        if len(said) == 2 and len(one) == 1 and spelled_out(label):  # females_trained_vs_sed
            found.append((str(one.pop()), f"'{label}' names the sex in one of its groups", False))
            continue
        # of a letter on one side alone, as in F_8W - SED, nothing follows
        if len(said) != 1 or None in said:
            found.append((str(Stratum.ALL), "", True))
            continue
        sex = str(said.pop())
        found.append((sex, f"'{label}' names the sex in {'both groups' if pair else 'its name'}",
                      len(sexes) == 2 or spelled_out(label)))  # fmt: skip
    return found
