"""Roles of contrasts, concluded from words alone; what no word tells is ``other``.

A role is told by what differs between the two sides: a word that both share (sedentary animals of two genotypes) tells
nothing. Negations are read first, so that *non-trained*, *untrained* and *no exercise* are no training.
"""

from __future__ import annotations

import re

from sevaxis.base.vocabulary import Role
from sevaxis.drafting.words import CELLS, SEDENTARY, SOURCES, VESICLES, said, words
from sevaxis.study.sheets import SEX_LABELS

#: Role -> what says it, in the order in which roles are asked. Abbreviations (OT, TR) say nothing.
SAYS = {
    Role.RECOVERY: r"\b(?:recover\w*|detrain\w*|reload\w*|re ?ambulat\w*)",
    Role.OVERTRAINING: r"\bover ?(?:train|reach)\w*",
    Role.INACTIVITY: (
        r"\b(?:inactiv(?!at)\w*|physical inactivity|bed ?rest\w*|immobili[sz]\w*|(?:hind ?limb )?unload\w*|disuse\w*|"
        r"(?:activity|step) reduction\w*|(?:hind ?limb|tail) suspen\w*|detraining)"
    ),
    Role.ACUTE_EXERCISE: (
        r"\b(?:acute (?:\w+ )?(?:exercis|train|bout|run|swim|cycl|endurance|resistance|effort|load)\w*|"
        r"(?:exercis\w*|train\w*|single|one) bout\w*|bout of \w+|post ?ex(?:ercise)?\b|"
        r"exhausti(?:ve|on) \w*|exhausted (?:by|after)\b)|\bexhaust(?:ion|ive|ed)$|"
        r"\bacute$|\bacute (?=stats?|timeline|time ?course|response|v|vs|results?|de|effects?)"
    ),
    Role.TRAINING: (
        r"\b(?:train(?:ed|ing|s)?\b(?! ?sets?)|exercis\w*|endurance|aerobic\w*|treadmill\w*|hiit|sit training|"
        r"(?:weeks?|months?) (?:of )?(?:cycl|run|row|walk|ergomet)\w*|"
        r"resistance (?:train|exerci)\w*|swim\w*|wheel(?: ?run\w*)?|(?:wheel|treadmill) ?run\w*)"
    ),
    Role.DISEASE: (
        r"\b(?:nash|nafl\w*|masl\w*|mash|cc[li]4\w*|fibro(?:sis|tic)\w*|steato\w*|cirrho\w*|disease\w*|hfd|mcd|western|"
        r"obes\w*|diabet\w*|cancer\w*|tumou?r\w*|cardiomyopath\w*|hepatitis|injur\w*|alcohol\w*|patients?|dystroph\w*)"
    ),
}  # fmt: skip
#: Hours and minutes after something: not a training period, whatever the rest was.
HOURS = re.compile(r"(?<![a-z0-9])[+-]?\d+(?:[.,]\d+)? ?(?:h|hr|hrs|hours?|min|mins|minutes?)(?![a-z])", re.I)
#: Days, weeks, months beside a sedentary reference: a training period.
PERIOD = re.compile(r"^(?:\d+ ?(?:d|days?|w|wks?|weeks?|mo|months?)|(?:w|wk|week|day|month)s? ?\d+)$", re.I)
BEFORE = {"pre", "before", "baseline", "t0", "d0", "day0", "w0", "week0", "untreated", "basal"}
AFTER = {"post", "after", "end", "final", "posttraining", "t1"}


def role_of(text: str) -> Role | None:
    """Role that the words of a text suggest; ordinary training is never overtraining."""
    plain = said(text)
    found = next((role for role, pattern in SAYS.items() if re.search(pattern, plain)), None)
    return None if found == Role.TRAINING and HOURS.search(plain) else found


def role(case: str, reference: str, column: str = "") -> Role:
    """Role of a contrast of two levels.

    Parameters
    ----------
    case, reference
        Names of the levels.
    column
        Name of the column they stand in.
    """
    ours, theirs = said(case).split(), said(reference).split()
    only_case = " ".join(word for word in ours if word not in theirs)
    only_reference = " ".join(word for word in theirs if word not in ours)
    shared = " ".join(word for word in ours if word in theirs)
    sides = words(case) - words(reference), words(reference) - words(case)
    if sides[0] & VESICLES and sides[1] & CELLS:
        return Role.SEV_ENRICHMENT
    if {only_case, only_reference} <= set(SEX_LABELS):
        return Role.SEX
    if role_of(only_reference) == Role.OVERTRAINING:
        return Role.OTHER
    told = role_of(only_case)
    if told is not None:
        return told
    if only_case in AFTER and only_reference in BEFORE:
        return role_of(shared) or role_of(column) or Role.OTHER
    if sides[1] & SEDENTARY and PERIOD.match(only_case):
        return Role.TRAINING
    if sides[0] & SOURCES and sides[1] & SOURCES:
        return Role.SEV_SOURCE
    of_column = role_of(column)
    return of_column if of_column in (Role.DISEASE, Role.INACTIVITY) else Role.OTHER
