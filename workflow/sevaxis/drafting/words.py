"""Words by which people name groups, tissues and organisms: what a draft may conclude from them.

Words decide nothing: they make a proposal, which the draft shows beside its evidence.
"""

from __future__ import annotations

import re

from sevaxis.base.vocabulary import Organism

#: Levels that others are compared with.
CONTROL = {
    "control", "controls", "ctrl", "ctl", "con", "cont", "sed", "sedentary", "healthy", "normal",
    "chow", "ncd", "nc", "nd", "cd", "baseline", "base", "pre", "vehicle", "veh", "untreated", "mock",
    "sham", "lean", "active", "wt", "wildtype", "placebo", "oil", "pbs", "saline", "naive", "rest",
    "resting", "before", "reference", "none", "lgli", "unexercised", "nontreated", "t0", "0h", "d0",
}  # fmt: skip
#: Levels that say that nobody trained there: what is compared with them is training.
SEDENTARY = {"sed", "sedentary", "unexercised"}
#: Word stems -> role, in the order in which they are asked; a stem counts where a word begins with it.
ROLES = {
    "overtraining": ("overtrain", "overreach"),
    "recovery": ("recover", "detrain", "reload"),
    "inactivity": ("inactiv", "bedrest", "immobil", "unload", "disuse", "reduction", "suspension"),
    "acute_exercise": ("acute", "bout", "postex", "exhaust"),
    "training": ("train", "exercis", "endurance", "aerobic", "treadmill", "hiit", "resistance", "swim", "wheel"),
    "disease": (
        "nash", "nafl", "masl", "mash", "ccl4", "cci4", "fibro", "steato", "steatosis", "cirrho", "disease", "hfd",
        "mcd", "western", "obes", "diabet", "cancer", "tumor", "tumour", "cardiomyopathy", "hepatitis", "injur",
        "alcohol",
    ),
}  # fmt: skip
#: Both kinds of sample, vesicles and what they came from, in one data set: the contrast is an enrichment.
VESICLES = {"sev", "sevs", "ev", "evs", "exosome", "exosomes", "exo", "vesicle", "vesicles", "elv", "elvs"}
CELLS = {"cell", "cells", "lysate", "lysates", "celllysate", "wcl", "homogenate", "tissue"}
#: Sources of vesicles that are compared with one another.
SOURCES = {"myoblast", "myoblasts", "mb", "myotube", "myotubes", "mt", "c2c12", "primary"}

#: Word -> tissue and, where the word says so, compartment and organism.
TISSUES = {
    "muscle": (
        r"muscle|gastrocnemius|vastus|soleus|quadriceps|tibialis|myotubes?|myoblasts?|myofib\w*|c2c12|l6 cells"
    ),
    "liver": r"liver|hepat\w*|hsc|nash|nafld|masld|steatohepatitis|hepg2",
    "plasma": r"plasma|serum|blood",
    "microglia": r"bv2|microglia\w*",
    "heart": r"heart|cardiac|ventricle|myocard\w*",
    "adipose": r"adipose|fat pad|i?wat|bat",
    "brain": r"brain|cortex|hippocamp\w*",
    "breast": r"breast|mammary|mcf\d*\w*|mda",
    "kidney": r"kidney|renal",
    "colon": r"colon\w*|colorectal",
}
CELL_TEXT = r"cells?|lysates?"
CELL_LINES = r"bv2|c2c12|mcf\d+\w*|mda|hela|hek\w*|hepg2|l6 cells|cell lines?|cell culture|cultured"
VESICLE_TEXT = r"s?evs?|exosom[a-z]*|exo|(?:extracellular )?vesicles?|elvs?"
ORGANISMS = {
    Organism.HUMAN: r"homo sapiens|human|9606|patients?|volunteers?|participants?",
    Organism.MOUSE: r"mus musculus|mouse|mice|10090|c57bl\w*|balb\w*",
    Organism.RAT: r"rattus norvegicus|rats?|10116|sprague\w*|wistar|f344\w*",
}
UNIPROT_SPECIES = {organism.upper(): organism for organism in Organism}
#: Names of columns -> what they may hold.
COLUMNS = {
    "sex": r"sex|gender",
    "batch": r".*batch.*|plate|plex|tmt.?plex|sequencing.?run",
    "subject": r"subject.*|patient.*|participant.*|donor.*|individual.*|animal.*|mouse.?id|rat.?id|person|"
    r"pid|bid|bio.?rep.*|id",
    "group": r"groups?|grouping.*|treatments?|conditions?|diets?|time.?points?|time|phenotypes?|diseases?|diagnos\w*|"
    r"stages?|fibrosis.?stage|genotypes?|media|medium|interventions?|exp.?group|status|class|factor.?value.*|"
    r".*disease.?state|conc\.?|ratio|types?|dose|cell.?type",
}
#: Columns that describe files and machines, not samples: never a group.
TECHNICAL = re.compile(
    r"(contact|protocol|processing|platform|instrument|library|status|submission|update|channel|taxid|row.?count|"
    r"supplementary|relation|organism|molecule|assay.?name|technology|data.?file|file|label|modification|cleavage|"
    r"tolerance|fraction|technical|accession|uri|strain|description|ancestry|quality|rin|tube|well|index|cage)",
    re.IGNORECASE,
)


def tokens(text: str) -> tuple[str, ...]:
    """Words of a name: what separators, and the step from a small to a capital letter, divide; IL-10 is one."""
    spaced = re.sub(r"(?<=[a-z]{2})(?=[A-Z][a-z])", " ", str(text))
    return tuple(part for part in re.split(r"(?:[\s_./+()\[\]:,;|=]|-(?!\d))+", spaced) if part)


def words(text: str) -> set[str]:
    """Words of a text in small letters, with those that a hyphen or a case step divides joined, too."""
    lowered = {part.lower() for part in tokens(text)}
    return lowered | {re.sub(r"[^a-z0-9]", "", part.lower()) for part in re.split(r"[\s_,;|/]+", str(text))}


def is_control(text: str) -> bool:
    """Whether a level says that it is what others are compared with."""
    return bool(words(text) & CONTROL) or bool(
        re.search(r"\bnon[ _-]?(?:trained|treated|diseased)", text, re.I)
    )


def role_of(text: str) -> str | None:
    """Role that the words of a text suggest; ordinary training is never overtraining."""
    if re.search(r"\bover[ _-](?:train|reach)", text, re.IGNORECASE):
        return "overtraining"
    said = words(text)
    for role, stems in ROLES.items():
        if any(word.startswith(stem) for word in said for stem in stems):
            return role
    return None


def find(patterns: dict[str, str], text: str) -> dict[str, list[str]]:
    """Key -> distinct matches of its pattern, as whole words, in their order."""
    found = {}
    for key, pattern in patterns.items():
        hits = re.findall(rf"(?<![A-Za-z0-9])(?:{pattern})(?![A-Za-z0-9])", text, re.IGNORECASE)
        if hits:
            found[key] = list(dict.fromkeys(hit.lower() for hit in hits))
    return found
