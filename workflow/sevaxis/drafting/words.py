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
    "resting", "before", "reference", "none", "lgli", "unexercised", "untrained", "nontreated", "t0", "0h", "d0",
    "uninfected", "uninjured", "intact", "undamaged", "nondiseased", "basal",
}  # fmt: skip
#: Levels that say that nobody trained there: a period of weeks beside them is training.
SEDENTARY = {
    "sed", "sedentary", "unexercised", "untrained", "nontrained", "nonexercised", "nonexercise", "notrained",
    "noexercise", "notraining",
}  # fmt: skip
#: What a control did not have.
NEGATED = re.compile(
    r"\b(?:not|non|un)(?:train|exercis|treat|diseas|infect|injur|stimulat|damag|obes|diabet|steato|nash|nafl|masl|fibro|"
    r"cirrho|tumou?r|cancer)"
)
#: Both kinds of sample, vesicles and what they came from, in one data set: the contrast is an enrichment.
VESICLES = {
    "sev",
    "sevs",
    "ev",
    "evs",
    "evp",
    "evps",
    "exosome",
    "exosomes",
    "exo",
    "vesicle",
    "vesicles",
    "elv",
    "elvs",
}
CELLS = {"cell", "cells", "lysate", "lysates", "celllysate", "wcl", "homogenate", "tissue"}
#: Sources of vesicles that are compared with one another.
SOURCES = {"myoblast", "myoblasts", "mb", "myotube", "myotubes", "mt", "c2c12", "primary"}

#: Word -> tissue and, where the word says so, compartment and organism.
TISSUES = {
    "muscle": (
        r"muscle|gastrocnemius|vastus|soleus|quadriceps|tibialis|myotubes?|myoblasts?|myofib\w*|c2c12|l6 cells"
    ),
    "liver": r"liver|hepat\w*|hsc|hepg2",
    "plasma": r"plasma|serum|blood",
    "microglia": r"bv2|microglia\w*",
    "heart": r"heart|cardiac|ventricle|myocard\w*",
    "adipose": r"adipose|fat pad|i?wat|bat",
    "brain": r"brain|cortex|hippocamp\w*",
    "breast": r"breast|mammary|mcf\d*\w*|mda",
    "kidney": r"kidney|renal",
    "colon": r"colon\w*|colorectal",
}
#: Diseases of a tissue, which is asked about where no tissue is named (the muscle of mice with NASH is muscle).
DISEASED = {"liver": r"nash|nafld|masld|mash|steatohepatitis"}
CELL_TEXT = r"cells?|lysates?"
CELL_LINES = r"bv2|c2c12|mcf\d+\w*|mda|hela|hek\w*|hepg2|l6 cells|cell lines?|cell culture|cultured"
VESICLE_TEXT = r"s?evp?s?|exosom[a-z]*|exo|(?:extracellular )?vesicles?|elvs?"
ORGANISMS = {
    Organism.HUMAN: r"homo sapiens|human|9606|patients?|volunteers?|participants?",
    Organism.MOUSE: r"mus musculus|mouse|mice|10090|c57bl\w*|balb\w*",
    Organism.RAT: r"rattus norvegicus|rats?|10116|sprague\w*|wistar|f344\w*",
}
#: Cell lines whose species everybody knows.
LINES_OF = {
    Organism.HUMAN: r"hek ?293\w*|hela|hep ?g2|mcf ?(?:7|10\w*)|mda ?mb ?\d+|huvecs?|thp ?1|lx ?2|u2os|a549|huh ?7",
    Organism.MOUSE: r"c2c12|bv ?-?2|raw ?264\S*|(?:nih ?)?3t3(?:[ -]?l1)?|aml ?12|hepa ?1 ?6",
    Organism.RAT: r"h9c2|l6 (?:cells|myotubes|myoblasts)|ins ?1e?|pc ?12|hsc ?t6",
}
UNIPROT_SPECIES = {organism.upper(): organism for organism in Organism}
#: Names of columns -> what they may hold.
COLUMNS = {
    "sex": r"(?:.* )?(?:sex|gender)(?: .*)?|(?:is )?(?:male|female)|sex (?:fe)?male ?\d?",
    "batch": r"(?:.* )?(?:batch|plate|plex|lane|flow ?cell|cage|chip|sentrix|slide|array|site|cent(?:er|re)|operator|"
    r"instrument|library prep|day of (?:run|prep\w*|extraction))(?: (?:id|no|nr|number|name|barcode|\d))?|"
    r"(?:.* )?(?:run|acquisition|injection|measurement|sequencing|seq|extraction|isolation|prep(?:aration)?|processing|"
    r"library|scan|hyb\w*|ms|lc ?ms|digest\w*|batch)(?: date| day| run| set)|run|date|rundate|sequencing",
    "subject": r"(?:.* )?(?:subject|patient|participant|donor|individual|animal|person|volunteer|crew(?: ?member)?|"
    r"astronaut|athlete|runner|mouse|rat|rabbit|pig|horse|dog|specimen|culture|biopsy|bio ?rep\w*|biological rep\w*)"
    r"(?: ?(?:id|ids|no|nr|num|number|code|name|label|\d))?|subj(?: ?id)?|usubjid|pid|bid|sid|id|"
    r"pt(?: id| no)?|case id",
    "group": r"groups?|grouping.*|(?:.* )?(?:treatments?|trt|conditions?|diets?|interventions?|exposure|arm)|"
    r"time ?points?|time|phenotypes?|diseases?|diagnos\w*|stages?|fibrosis stage|(?:.* )?genotypes?|media|medium|"
    r"exp group|experimental group|status|"
    r"class|factor value.*|.*disease state|conc|ratio|types?|dose|cell type|tissue|organ|strains?|"
    r"(?:visit|phase|training)(?: .*)?",
}
#: Cells that say that nothing was measured, in small letters without spaces.
MISSING_WORDS = {
    "n.d.", "nd", "n.d", "n/d", "n.a.", "n.a", "na", "n/a", "n.q.", "nq", "n.s.", "-", "--", "---", ".", "..", "?", "*",
    "x", "lod", "<lod", "<llod", "<lloq", "<loq", "lloq", "loq", "bdl", "bql", "blq", "belowlod", "belowloq", "null",
    "notdetected", "undetected", "undetermined", "notmeasured", "missing", "nodata", "fail", "failed", "filtered",
    "none", "nan",
}  # fmt: skip
#: Columns of numbers that summarise others.
SUMMARIES = re.compile(
    r"^(?:row[ ._]?)?(?:mean|average|avg|median|sum|total|sd|st\.?dev|stdev|std|sem|cv|variance|max(?:imum)?|"
    r"min(?:imum)?|base.?mean)(?:[ ._(-].*)?$|[ ._-](?:mean|average|avg|median|sum|total|sd|stdev|std|sem|cv)$",
    re.IGNORECASE,
)
#: Measurements that are no samples: controls of the machine and of the method.
NO_SAMPLES = re.compile(
    r"(^|[^a-z])(qc\d*|quality.?control|blanks?|pool(?:ed)?.?qc|qc.?pool|water|ntc|no.?template|negative.?control|"
    r"ref(?:erence)?[ ._-]?(?:channel|mix|pool)|empty|carrier)([^a-z]|$)",
    re.IGNORECASE,
)
#: Columns that describe files and machines, not samples: never a group.
TECHNICAL = re.compile(
    r"(contact|protocol|processing|platform|instrument|library|status|submission|update|channel|taxid|row.?count|"
    r"supplementary|relation|organism|molecule|assay.?name|technology|data.?file|file|label|modification|cleavage|"
    r"tolerance|fraction|technical|accession|uri|description|ancestry|quality|rin|tube|well|index|lane|flow.?cell|"
    r"operator|site|cent(?:er|re)|sample.?name|run)",
    re.IGNORECASE,
)


def tokens(text: str) -> tuple[str, ...]:
    """Words of a name: what separators, and the step from a small to a capital letter, divide; IL-10 is one."""
    spaced = re.sub(r"(?<=[a-z]{2})(?=[A-Z](?:[a-z]|\d+\b))", " ", str(text))
    return tuple(part for part in re.split(r"(?:[\s_./+()\[\]:,;|=]|-(?!\d))+", spaced) if part)


def words(text: str) -> set[str]:
    """Words of a text in small letters, with those that a hyphen or a case step divides joined, too."""
    lowered = {part.lower() for part in tokens(text)}
    return lowered | {re.sub(r"[^a-z0-9]", "", part.lower()) for part in re.split(r"[\s_,;|/]+", str(text))}


def said(text: str) -> str:
    """Words of a text in small letters, one space between them; negated words are joined to what negates them."""
    plain = " ".join(tokens(text)).lower().replace("-", " ")
    plain = re.sub(r"\b(non|not|no|without|never|un|w o)\s+(?=[a-z])", "not", plain)
    return re.sub(r"\b\w+\s+free\b", "free", plain)


def is_control(text: str) -> bool:
    """Whether a level says that it is what others are compared with."""
    return bool(words(text) & CONTROL) or bool(NEGATED.search(said(text)))


def find(patterns: dict[str, str], text: str) -> dict[str, list[str]]:
    """Key -> distinct matches of its pattern, as whole words, in their order."""
    found = {}
    for key, pattern in patterns.items():
        hits = re.findall(rf"(?<![A-Za-z0-9])(?:{pattern})(?![A-Za-z0-9])", text, re.IGNORECASE)
        if hits:
            found[key] = list(dict.fromkeys(hit.lower() for hit in hits))
    return found


def column_fits(role: str, name: str) -> bool:
    """Whether the name of a column says that it may hold something of the keys of :data:`COLUMNS`."""
    plain = re.sub(r"^(?:characteristics|factor(?: value)?|comment)[\s\[]*", "", name.strip()).rstrip("]")
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", " ", plain).strip().lower()
    return bool(re.fullmatch(COLUMNS[role], plain))


#: Measures of a person or an animal, as columns of clinical tables are called.
OF_PEOPLE = re.compile(
    r"(?:age|bmi|bw|body ?(?:weight|mass)|weight|height|sex(?: (?:fe)?male ?\d?)?|gender|diabetes|ast|alt|ggt|"
    r"alb|albumin|alp|tb|tbil|bilirubin|platelets?|plt|fib ?4|nfs|hba1c|glucose|insulin|homa(?: ir)?|crp|creatinine|"
    r"urea|ldl|hdl|cholesterol|triglycerides?|tg|ck|hb|hct|wbc|rbc|vo2 ?max|fibrosis(?: stage)?|steatosis|"
    r"ballooning|nas)",
    re.IGNORECASE,
)


def measures_people(name: str) -> bool:
    """Whether a column is called like a measure of a person: such a table has a row per person and no genes."""
    return bool(OF_PEOPLE.fullmatch(re.sub(r"[\W_]+", " ", name).strip()))
