"""Experiments: groups, animals, sexes, and how people write them into the names of columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

from tests.intake.truth import Sample


@dataclass(frozen=True)
class Design:
    """Groups of an experiment.

    Attributes
    ----------
    factors
        Factor -> levels, that which the others are compared with first.
    told
        Whether words tell which level that is.
    roles
        Level -> roles that fit its contrast.
    also
        Further sensible contrasts.
    paired
        Each animal has a sample in every group.
    """

    factors: dict[str, tuple[str, ...]]
    told: bool = True
    roles: dict[str, set[str]] = field(default_factory=dict)
    also: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    paired: bool = False


_OTHER = {"other"}
DESIGNS = {
    "control treated": Design({"treatment": ("control", "treated")}),
    "sed trained": Design({"training": ("sed", "trained")}, roles={"trained": {"training"}}),
    "overtrained": Design(
        {"group": ("control", "trained", "overtrained")},
        roles={"trained": {"training"}, "overtrained": {"overtraining"}},
        also={("overtrained", "trained"): {"overtraining"}},
    ),
    "WT KO": Design({"genotype": ("WT", "KO")}),
    "chow HFD": Design({"diet": ("chow", "HFD")}, roles={"HFD": {"disease"}}),
    "lean NASH cirrhosis": Design(
        {"diagnosis": ("lean", "NASH", "cirrhosis")},
        roles={"NASH": {"disease"}, "cirrhosis": {"disease"}},
        also={("cirrhosis", "NASH"): {"disease"}},
    ),
    "genotype by training": Design(
        {"genotype": ("WT", "KO"), "training": ("sed", "trained")}, roles={"trained": {"training"}}
    ),
    "diet by training": Design(
        {"diet": ("chow", "HFD"), "training": ("sed", "trained")},
        roles={"HFD": {"disease"}, "trained": {"training"}},
    ),
    "hours": Design({"time": ("0h", "6h", "24h")}),
    "pre post": Design({"visit": ("pre", "post")}, paired=True),
    "rest bout": Design({"time": ("rest", "acute")}, roles={"acute": {"acute_exercise"}}, paired=True),
    "vehicle IL-10": Design({"treatment": ("vehicle", "IL-10", "TGFb")}),
    "arms": Design({"arm": ("armA", "armB")}, told=False),
    "strains": Design({"strain": ("C57", "DBA")}, told=False),
    "scores": Design({"score": ("1", "2", "3")}, told=False),
}
#: Designs whose reference nothing tells.
UNTOLD = [name for name, design in DESIGNS.items() if not design.told]
SEXES = ("none", "male in names", "M in names", "sheet words", "sheet letters", "sheet 1 2")
NAMINGS = (
    "group_1", "group.1", "GROUP-01", "1_group", "group rep 1", "prefix", "path", "bam", "repeated", "second header",
    "glued", "letters", "run", "opaque with sheet", "accession with sheet", "opaque",
)  # fmt: skip
QC = ("none", "QC_1", "pool", "blank", "Reference")
REPLICATES = ("none", "_1 _2", "_A _B", "inj")


def make_samples(
    design: Design, naming: str, sex: str, qc: str, replicates: str, per_group: int = 4
) -> list[Sample]:
    """Samples of an experiment under the names that a table gives them.

    Groups, subjects and sexes are those that the names or a sheet can tell.
    """
    samples: list[Sample] = []
    for levels in product(*design.factors.values()):
        for i in range(1, per_group + 1):
            factors = dict(zip(design.factors, levels, strict=True))
            one = Sample("", factors, sex=("female" if i % 2 else "male") if sex != "none" else "")
            animal = i if design.paired else len(samples) + 1
            one.subject = f"P{animal:02d}" if design.paired or replicates != "none" else ""
            one.name = _name(one, i, animal, naming, sex, design.paired, len(samples))
            samples.append(one)
    if replicates != "none":
        samples = [
            Sample(f"{one.name}{ending}", one.factors, one.sex, one.subject)
            for one in samples
            for ending in {"_1 _2": ("_1", "_2"), "_A _B": ("_A", "_B"), "inj": (" inj1", " inj2")}[
                replicates
            ]
        ]
    names = {
        "QC_1": ("QC_1", "QC_2", "QC_3"), "pool": ("pool_1", "pool_2"), "blank": ("Blank_1", "Blank_2"),
        "Reference": ("Reference",), "none": (),
    }[qc]  # fmt: skip
    around = {"prefix": "Intensity {}", "path": "D:\\raw\\{}.raw", "bam": "/data/align/{}.sorted.bam"}
    made = [Sample(around.get(naming, "{}").format(name), {}, kind="qc") for name in names]
    return samples[: len(samples) // 2] + made[:1] + samples[len(samples) // 2 :] + made[1:]


def _name(one: Sample, i: int, animal: int, naming: str, sex: str, paired: bool, position: int) -> str:
    words = list(one.factors.values())
    if sex == "male in names":
        words.append(one.sex)
    elif sex == "M in names":
        words.append("F" if one.sex == "female" else "M")
    number = f"P{animal:02d}" if paired else str(i)
    group = "_".join(words)
    match naming:
        case "group.1":
            return ".".join([*words, number])
        case "GROUP-01":
            return "-".join([*(word.upper() for word in words), number if paired else f"{i:02d}"])
        case "1_group":
            return f"{number}_{group}"
        case "group rep 1":
            return f"{' '.join(words)} {'' if paired else 'rep '}{number}"
        case "prefix":
            return f"Intensity {group}_{number}"
        case "path":
            return f"D:\\raw\\{group}_{number}.raw"
        case "bam":
            return f"/data/align/{group}_{number}.sorted.bam"
        case "glued":
            return f"{group}{number}"
        case "letters":
            return f"{group}_{number if paired else 'abcdefgh'[i - 1]}"
        case "run":
            date, slot = f"20230{4 + position % 2}1{position % 9}", f"Slot1-{position + 3}"
            return f"{date}_QX2_AB_{group}_{number}_{slot}_1_{4210 + 3 * position}"
        case "repeated":
            return group
        case "accession with sheet":
            return f"GSM{5602358 + 7 * position}"
        case "opaque" | "opaque with sheet" | "second header":
            return f"S{(position * 7) % 97 + 1:02d}"
        case _:
            return f"{group}_{number}"


def sheet_rows(
    samples: list[Sample], design: Design, sex: str, *, column: str, batch: str, kind: str
) -> list[list[str]]:
    """A sample sheet as people keep it; header first.

    Parameters
    ----------
    column
        Name of the column of names.
    batch
        Name of a column of batches; empty for none.
    kind
        ``plain``, or what is odd about it: ``order``, ``case``, ``more``, ``subset``.
    """
    sexes = {
        "sheet words": ("sex", "female", "male"), "sheet letters": ("Gender", "F", "M"), "sheet 1 2": ("sex", "2", "1"),
    }.get(sex, ())  # fmt: skip
    paired = any(one.subject for one in samples)
    header = [column, *design.factors]
    header += ["patient"] * paired + list(sexes[:1]) + [batch] * bool(batch)
    header += ["age", "RIN"] if kind == "more" else []
    rows = []
    for i, one in enumerate(samples):
        if one.kind == "qc":
            cells = [one.name, *["QC"] * len(design.factors)]
            cells += ["QC"] * paired + [""] * bool(sexes) + ["r1"] * bool(batch)
        else:
            levels = [*one.factors.values()]
            if kind == "case" and i % 3 == 0:
                levels = [level.capitalize() if level.islower() else level for level in levels]
            cells = [one.name, *levels] + [one.subject] * paired
            cells += [sexes[1 + (one.sex == "male")]] if sexes else []
            cells += [one.batch] * bool(batch)
        if kind == "more":
            cells += [str(50 + i * 13 % 30), f"{7 + i * 7 % 20 / 10:.1f}"]
        rows.append(cells)
    if kind == "order":
        rows = rows[::-1]
    if kind == "subset":
        rows.append(["S999", *["other"] * (len(header) - 1)])
    return [header, *rows]
