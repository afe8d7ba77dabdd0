"""What is said of samples: sheets and names of known truth -> roles of columns, questions, what is left out.

Each case is a small design as people write it down; the expected roles are what its author meant.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import anndata
import numpy as np
import pandas as pd
import pytest
from sevaxis.drafting.annotation import Annotation, add_own, describe
from sevaxis.drafting.facts import Facts
from sevaxis.drafting.samples import draft_samples
from sevaxis.drafting.texts import Draft

GENES = 300


def values_of(n: int, seed: int = 1, noise: float = 0.5) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.normal(22, 2, GENES) + random.normal(0, noise, (n, GENES))


def drafted(names, columns=None, values=None, key="sample") -> Draft:
    """Draft of a data set of log2 intensities, with a sheet where columns are given."""
    adata = anndata.AnnData(values_of(len(names)) if values is None else values)
    adata.obs_names, adata.var_names = [str(name) for name in names], [f"G{i}" for i in range(GENES)]
    described = None
    if columns is not None:
        sheet = pd.DataFrame({key: columns.pop(key, names), **columns}).astype(str)
        described = describe([Annotation("sheet.tsv", sheet)], list(adata.obs_names))
    draft = Draft("x")
    draft_samples(draft, adata, described, Facts(assay="protein", values={"scale": "log2"}))
    return draft


def column(draft: Draft, name: str) -> list[str] | None:
    return draft.sheet[name].tolist() if name in draft.sheet else None


@dataclass
class Case:
    """Names and columns of a sheet, and what they mean; ``asked`` are keys of columns that are questions."""

    names: list[str]
    columns: dict[str, list[str]] | None = None
    group: list[str] | None = None
    sex: list[str] | None = None
    subject: list[str] | None = None
    batch: list[str] | None = None
    asked: set[str] = field(default_factory=set)
    exclude: set[str] = field(default_factory=set)
    labels: dict[str, str] = field(default_factory=dict)


S8, S12 = [f"s{i}" for i in range(8)], [f"s{i}" for i in range(12)]
TRAINED8 = ["trained", "sed"] * 4
PAIRS = [name for i in range(1, 7) for name in (f"P{i:02d}A", f"P{i:02d}B")]
CASES = {
    # whose
    "crew": Case(S8, {"crew": ["C1", "C2", "C3", "C4"] * 2, "phase": ["pre"] * 4 + ["post"] * 4},
                 ["pre"] * 4 + ["post"] * 4, subject=["C1", "C2", "C3", "C4"] * 2),
    "patient id": Case(S8, {"Patient ID": list("abcdabcd"), "visit": ["V1"] * 4 + ["V2"] * 4},
                       ["V1"] * 4 + ["V2"] * 4, subject=list("abcdabcd")),
    "bid": Case(S8, {"bid": ["10001", "10002", "10003", "10004"] * 2, "tissue": ["liver"] * 4 + ["muscle"] * 4},
                ["liver"] * 4 + ["muscle"] * 4, subject=["10001", "10002", "10003", "10004"] * 2),
    "donor codes with suffixes": Case(
        S8, {"donor": [f"D{i}_{v}" for v in (1, 2) for i in range(1, 5)], "time": ["pre"] * 4 + ["post"] * 4},
        ["pre"] * 4 + ["post"] * 4, subject=["D1", "D2", "D3", "D4"] * 2),
    "one sample each is no subject": Case(S8, {"animal": list("abcdefgh"), "group": TRAINED8}, TRAINED8),
    "numbers that start anew": Case(
        S8, {"animal": ["1", "1", "2", "2", "3", "3", "4", "4"], "group": TRAINED8}, TRAINED8,
        subject=["1", "1", "2", "2", "3", "3", "4", "4"], asked={"subject"}),
    "donors measured twice": Case(
        S12, {"donor": list("aabbccddeeff"), "group": ["trained"] * 6 + ["sed"] * 6}, ["trained"] * 6 + ["sed"] * 6,
        subject=list("aabbccddeeff"), asked={"replicate_of"}),
    "technical pairs": Case(PAIRS, {"group": ["NASH"] * 6 + ["lean"] * 6}, ["NASH"] * 6 + ["lean"] * 6,
                            asked={"replicate_of"}),
    "injections": Case(
        [f"{g}_{i}_inj{j}" for g in ("trained", "sed") for i in (1, 2, 3) for j in (1, 2)], None,
        ["trained"] * 6 + ["sed"] * 6, asked={"replicate_of"}),
    "numbers of replicates are animals": Case(
        [f"{g}_{i}" for g in ("trained", "sed") for i in (1, 2, 3)], None, ["trained"] * 3 + ["sed"] * 3),
    "numbers of days are groups": Case(
        [f"day{d}_{i}" for d in (0, 7, 14) for i in (1, 2, 3)], None, ["day0"] * 3 + ["day7"] * 3 + ["day14"] * 3),
    # batch
    "run date": Case(S8, {"group": TRAINED8, "run_date": ["2024-03-01 10:22", "2024-03-01 12:02"] * 2
                          + ["2024-03-05 09:10", "2024-03-05 11:50"] * 2}, TRAINED8,
                     batch=["2024-03-01"] * 4 + ["2024-03-05"] * 4),
    **{name: Case(S8, {"group": TRAINED8, name: ["1"] * 4 + ["2"] * 4}, TRAINED8, batch=["1"] * 4 + ["2"] * 4)
       for name in ("plex", "TMT_plex", "lane", "Cage", "batch", "flowcell", "Run", "SequencingBatch",
                    "library prep batch", "extraction_date", "date", "plate no", "chip id", "MS.run.day")},
    "cage of one group each": Case(S8, {"group": ["trained"] * 4 + ["sed"] * 4, "cage": ["1"] * 4 + ["2"] * 4},
                                   ["trained"] * 4 + ["sed"] * 4),
    "a date of its own for each": Case(S8, {"group": TRAINED8, "date": [f"2024-01-{i:02d}" for i in range(1, 9)]},
                                       TRAINED8),
    # sex
    "sex in the group": Case(S8, {"group": ["trained_male", "trained_female", "sed_male", "sed_female"] * 2},
                             ["trained", "trained", "sed", "sed"] * 2, ["male", "female"] * 4),
    "letters of sex in the group": Case(S8, {"group": ["F_8W", "M_8W", "F_SED", "M_SED"] * 2},
                                        ["8W", "8W", "SED", "SED"] * 2, ["female", "male"] * 4),
    "sex after a hyphen": Case(S8, {"group": ["female-ctrl", "male-ctrl", "female-ex", "male-ex"] * 2},
                               ["ctrl", "ctrl", "ex", "ex"] * 2, ["female", "male"] * 4),
    "sex in the names": Case([f"{s}_{g}_{i}" for s in "FM" for g in ("SED", "TR") for i in (1, 2)], None,
                             ["SED", "SED", "TR", "TR"] * 2, ["female"] * 4 + ["male"] * 4),
    "sex and number in the names": Case([f"{g}_{s}{i}" for g in ("SED", "EXER") for s in "FM" for i in (1, 2)], None,
                                        ["SED"] * 4 + ["EXER"] * 4, ["female", "female", "male", "male"] * 2),
    "both columns agree": Case(
        S8, {"group": ["trained_male", "trained_female", "sed_male", "sed_female"] * 2, "sex": ["M", "F"] * 4},
        ["trained", "trained", "sed", "sed"] * 2, ["M", "F"] * 4),
    "codes 1 and 2": Case(S8, {"group": TRAINED8, "SEX": ["1", "1", "2", "2"] * 2}, TRAINED8, ["1", "1", "2", "2"] * 2,
                          labels={"1": "TODO female or male", "2": "TODO female or male"}),
    "codes 0 and 1": Case(S8, {"group": TRAINED8, "Gender": ["0", "0", "1", "1"] * 2}, TRAINED8,
                          ["0", "0", "1", "1"] * 2, labels={"0": "TODO female or male", "1": "TODO female or male"}),
    "the column says which": Case(
        S8, {"group": TRAINED8, "sex_male1": ["0", "0", "1", "1"] * 2}, TRAINED8, ["0", "0", "1", "1"] * 2,
        labels={"0": "female", "1": "male"}),
    "a column called female": Case(
        S8, {"group": TRAINED8, "female": ["yes", "yes", "no", "no"] * 2}, TRAINED8, ["yes", "yes", "no", "no"] * 2,
        labels={"no": "male", "yes": "female"}),
    "sex in the names, group in the sheet": Case(
        [f"control_female_{i}" for i in range(4)] + [f"treated_male_{i}" for i in range(4)],
        {"treatment": ["control", "treated"] * 4}, ["control", "treated"] * 4, ["female"] * 4 + ["male"] * 4),
    "strains and sexes": Case(S8, {"strain": ["C57", "129"] * 4, "sex": ["F", "F", "M", "M"] * 2}, ["C57", "129"] * 4,
                              ["F", "F", "M", "M"] * 2),
    "M and F of something else": Case(S8, {"group": TRAINED8, "site": ["M", "M", "F", "F"] * 2}, TRAINED8,
                                      batch=["M", "M", "F", "F"] * 2),
    # groups
    "two factors": Case(
        S12, {"genotype": ["WT"] * 6 + ["KO"] * 6, "diet": ["chow", "HFD"] * 6},
        ["WT chow", "WT HFD"] * 3 + ["KO chow", "KO HFD"] * 3),
    "spelt twice": Case(S8, {"group": ["Trained", "sed", "trained", "sed", "trained", "Sed", "trained ", "sed"]},
                        TRAINED8),
    "numbers are no names of groups": Case(S8, {"slide score": ["3", "4"] * 4}, ["slide_score_3", "slide_score_4"] * 4),
    "pools": Case([*S8, "QC1", "QC_pool_2"], {"group": [*TRAINED8, "QC", "QC"]},
                  [*TRAINED8, *["control of the measurement"] * 2], exclude={"QC1", "QC_pool_2"}),
    "a blank in the names": Case([f"trained_{i}" for i in (1, 2, 3)] + [f"rest_{i}" for i in (1, 2, 3)] + ["blank_1"],
                                 None, ["trained"] * 3 + ["rest"] * 3 + ["control of the measurement"],
                                 exclude={"blank_1"}),
    "a pool among the paths of runs": Case(
        [rf"D:\raw\{g}_P0{i}.raw" for g in ("rest", "acute") for i in (1, 2, 3)] + [r"D:\raw\QC_1.raw"], None,
        ["rest"] * 3 + ["acute"] * 3 + ["control of the measurement"],
        subject=["P01", "P02", "P03"] * 2 + [""], asked={"subject"}, exclude={r"D:\raw\QC_1.raw"}),
    "a reference among the paths of runs": Case(
        [rf"D:\raw\{g}_{i}.raw" for g in ("rest", "acute") for i in (1, 2, 3)] + [r"D:\raw\Reference.raw"], None,
        ["rest"] * 3 + ["acute"] * 3 + ["TODO Reference: a group of its own; or a channel that ties plexes together, "
                                        "to be named under `exclude`"]),
    "sex in the names beside a reference": Case(
        [f"Intensity {g}_{s}_{i}" for g in ("chow", "HFD") for s in "FM" for i in (1, 2)] + ["Intensity Reference"],
        None, ["chow"] * 4 + ["HFD"] * 4 + ["TODO Reference: a group of its own; or a channel that ties plexes "
                                            "together, to be named under `exclude`"],
        ["female", "female", "male", "male"] * 2 + [""]),
    "two factors in the names beside a reference": Case(
        [f"{a}_{b}_{i}" for a in ("WT", "KO") for b in ("sed", "trained") for i in (1, 2)] + ["Ref_01"], None,
        ["WT sed"] * 2 + ["WT trained"] * 2 + ["KO sed"] * 2 + ["KO trained"] * 2
        + ["TODO Ref: a group of its own; or a channel that ties plexes together, to be named under `exclude`"]),
    "pairs beside a reference": Case(
        [f"{g}_P0{i}" for g in ("rest", "acute") for i in (1, 2, 3)] + ["Reference"], None,
        ["rest"] * 3 + ["acute"] * 3 + ["TODO Reference: a group of its own; or a channel that ties plexes together, "
                                        "to be named under `exclude`"],
        subject=["P01", "P02", "P03"] * 2 + [""], asked={"subject"}),
    "codes of people glued to the groups": Case(
        [f"{g}P0{i}" for g in ("rest", "acute") for i in (1, 2, 3)], None, ["rest"] * 3 + ["acute"] * 3,
        subject=["P01", "P02", "P03"] * 2, asked={"subject"}),
    "a number that may be a group beside the sex": Case(
        [f"{g}_{s}_{i}" for g in (1, 2, 3) for s, i in zip(["female", "male"] * 2, "abcd", strict=True)],
        None, ["TODO the group of each sample"] * 12, ["female", "male"] * 6),
    "nothing but the sex": Case([f"{s}_{i}" for s in ("female", "male") for i in (1, 2, 3)], None,
                                ["female"] * 3 + ["male"] * 3),
    "names of group and sex are no specimens": Case(
        [f"{g}_{s}_{i}" for g in ("WT", "KO") for i, s in ((1, "female"), (2, "male"), (3, "female"))],
        {"genotype": ["WT"] * 3 + ["KO"] * 3, "sex": ["female", "male", "female"] * 2}, ["WT"] * 3 + ["KO"] * 3,
        ["female", "male", "female"] * 2),
    "pools of animals are specimens": Case([f"pool{i}" for i in range(8)], {"group": TRAINED8}, TRAINED8),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_samples_are_understood_or_asked_about(name):
    case = CASES[name]
    draft = drafted(case.names, dict(case.columns) if case.columns is not None else None)
    assert column(draft, "group") == case.group, draft.evidence
    for role in ("sex", "subject", "batch"):
        assert column(draft, role) == getattr(case, role), (role, draft.evidence)
    asked = {key for key, text in draft.asked_columns.items() if text}
    assert asked == case.asked, draft.asked_columns
    assert set(draft.exclude) == case.exclude
    assert draft.sex_labels == case.labels


def test_a_name_that_one_letter_tells_apart_is_asked_about():
    """The sheet of mouse_liver_pnac names Sample725, the counts Sample724."""
    names = ["Sample720", "Sample724", "Sample726", "Sample735", "Sample736", "Sample745"]
    rows = ["Sample720", "Sample725", "Sample726", "Sample735", "Sample736", "Sample745", "Sample999"]
    group = ["chow", "NASH", "NASH", "chow", "NASH", "chow", "chow"]
    sheet = pd.DataFrame({"sample": rows, "group": group, "cage": list("abababa")})
    adata = anndata.AnnData(values_of(6))
    adata.obs_names, adata.var_names = names, [f"G{i}" for i in range(GENES)]
    draft = Draft("x")
    described = describe([Annotation("sheet.tsv", sheet)], names)
    draft_samples(draft, adata, described, Facts(assay="protein", values={"scale": "log2"}))
    cell = draft.sheet.loc["Sample724", "group"]
    assert cell.startswith("TODO NASH, if 'Sample725' of sheet.tsv is this sample")
    assert draft.sheet["group"].str.startswith("TODO").sum() == 1
    assert "'Sample724' may be its 'Sample725'" in draft.evidence["sample"]
    assert "Sample999" in draft.evidence["sample"]


def test_a_sheet_that_tells_groups_is_worth_more_than_many_measures():
    measures = pd.DataFrame(
        {"sample": S8, **{f"m{k}": [f"{i + k / 7:.3f}" for i in range(8)] for k in range(9)}}
    )
    sheet = pd.DataFrame({"sample": S8, "group": TRAINED8})
    described = describe([Annotation("obs", measures), Annotation("sheet.tsv", sheet)], S8)
    assert described.source == "sheet.tsv"


def test_plates_that_the_table_itself_tells_stand_beside_the_sheet():
    """Its sex says what the sheet says already; its names and its status are no sex, subject or batch."""
    own = {"PlateID": ["p1", "p1", "p2", "p2"] * 2, "Gender": ["M", "F"] * 4, "status": ["ok"] * 7 + ["bad"]}
    sheet = pd.DataFrame({"sample": S8[::-1], "group": TRAINED8[::-1], "sex": ["f", "m"] * 4})
    described = describe([Annotation("sheet.tsv", sheet)], S8)
    add_own(described, Annotation("npx.csv", pd.DataFrame({"sample_name": S8, **own})))
    assert list(described.frame.columns) == ["sample", "group", "sex", "PlateID"]
    assert described.frame["PlateID"].tolist() == own["PlateID"]
    assert described.source == "sheet.tsv (with PlateID of npx.csv)"


@pytest.mark.parametrize(
    ("samples", "cells", "rows"),
    [
        (["S1.1", "S11", "S2.1", "S21"], ["S1-1", "S11", "S2-1", "S21"], [0, 1, 2, 3]),
        (["X0h1", "X0h2", "X6h1"], ["0h1", "0h2", "6h1"], [0, 1, 2]),
        (["X1.sed", "X11.sed", "X2.sed"], ["11-sed", "1-sed", "2-sed"], [1, 0, 2]),
        (["ko_1", "KO_1", "ko_2", "ko_3"], ["Ko-1", "ko_2", "ko_3"], [None, None, 1, 2]),  # which is it?
        (["a.raw", "b.raw", "c"], ["c", "b", "a"], [2, 1, 0]),
    ],
)
def test_rows_of_a_sheet_find_their_samples(samples, cells, rows):
    sheet = pd.DataFrame({"name": cells, "row": [str(i) for i in range(len(cells))]})
    described = describe([Annotation("sheet.tsv", sheet)], samples)
    assert described.frame["row"].tolist() == ["" if row is None else str(row) for row in rows]


def test_two_rows_that_are_equally_near_are_no_proposal():
    names, rows = ["mouse1", "mouse2", "mouse33", "mouse4"], ["mouse1", "mouse2", "mouse31", "mouse32"]
    sheet = pd.DataFrame({"sample": rows, "group": ["a", "b", "a", "b"]})
    described = describe([Annotation("sheet.tsv", sheet)], names)
    assert described.slips == {}
    assert described.frame.loc["mouse33", "group"] == ""


def test_a_level_with_a_slip_of_the_pen_is_asked_about():
    group = ["trained"] * 4 + ["traned"] + ["control"] * 5
    draft = drafted([f"s{i}" for i in range(10)], {"group": group})
    asked = draft.sheet["group"][draft.sheet["group"].str.startswith("TODO")]
    assert len(asked) == 1
    assert "trained" in asked.iloc[0] and "traned" in asked.iloc[0]


def injections(per_donor: list[int], donors: int, noise: float) -> np.ndarray:
    """Log2 values of injections of donors that differ by 0.5 with technical noise."""
    random = np.random.default_rng(4)
    base = random.normal(22, 2, GENES) + random.normal(0, 0.5, (donors, GENES))
    return np.vstack(
        [base[i] + random.normal(0, noise, GENES) for i in range(donors) for _ in range(per_donor[i])]
    )


@pytest.mark.parametrize("noise", [0.05, 0.15, 0.3])
def test_28_injections_of_10_donors_are_told_by_their_values(noise):
    per_donor = [3] * 8 + [2] * 2
    group = np.repeat(["trained"] * 5 + ["sed"] * 5, per_donor).tolist()
    names = [f"x{i:02d}" for i in range(28)]
    draft = drafted(names, {"group": group}, injections(per_donor, 10, noise))
    assert draft.asked_columns["replicate_of"].startswith("TODO specimen")
    assert "28 samples seem to be 10 specimens" in draft.evidence["replicate_of"]
    donors = np.repeat(np.arange(10), per_donor)
    found = pd.factorize(draft.sheet["specimen"])[0]
    assert (found == donors).all()


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("n", [8, 12, 28])
def test_animals_are_not_taken_for_injections(n, seed):
    """Independent samples, a third of which were processed on another day."""
    values = values_of(n, seed)
    values[::3] += np.random.default_rng(seed + 50).normal(0, 0.3, GENES)
    draft = drafted([f"x{i}" for i in range(n)], {"group": ["trained", "sed"] * (n // 2)}, values)
    assert draft.asked_columns == {}


def test_what_is_left_out_of_the_sheet_is_said():
    facts = {
        "group": TRAINED8,
        "status": ["Public on May 1"] * 8,
        "note": ["x" * 100] + ["y"] * 7,
        "age": list("12345678"),
    }
    draft = drafted(S8, facts)
    assert "age" in draft.sheet
    told = draft.evidence["columns left out"]
    assert "status (about the record)" in told and "note (long text)" in told


def test_contrasts_of_crossed_columns_change_one_factor_and_take_the_role_of_its_column():
    columns = {"genotype": ["WT"] * 6 + ["KO"] * 6, "training": ["sedentary", "trained"] * 6}
    found = {p.name: p for p, _ in drafted(S12, columns).contrasts}
    assert {(p.case, p.reference, p.role) for p in found.values() if not p.weights} == {
        ("KO sedentary", "WT sedentary", "other"),
        ("KO trained", "WT trained", "other"),
        ("WT trained", "WT sedentary", "training"),
        ("KO trained", "KO sedentary", "training"),
    }
    (interaction,) = [p for p in found.values() if p.weights]
    assert interaction.role == "other"


def test_levels_that_are_numbers_are_asked_about():
    draft = drafted(S12, {"DTHHRDY": ["0", "1", "2", "4"] * 3})
    ((proposal, _),) = draft.contrasts
    assert proposal.case.startswith("TODO one of: DTHHRDY_0, DTHHRDY_1")
    assert "codes or amounts" in proposal.why


PRE_POST = [f"{when}-S{i}" for when in ("Post", "Pre") for i in (1, 2, 3, 12)]


@pytest.mark.parametrize(
    ("names", "subjects"),
    [
        ([f"baseline_{i}" for i in (1, 2, 3)] + [f"after_{i}" for i in (1, 2, 3)], ["1", "2", "3"] * 2),
        ([f"lean_{i}" for i in (3, 7, 12)] + [f"NASH_{i}" for i in (3, 7, 12)], ["3", "7", "12"] * 2),
        ([f"rest_P0{i}" for i in (1, 2, 3)] + [f"acute_P0{i}" for i in (1, 2, 3)], ["P01", "P02", "P03"] * 2),
        ([f"lean_M{i}" for i in (1, 2, 3)] + [f"NASH_M{i}" for i in (1, 2, 3)], None),
        ([f"lean_{i}" for i in (1, 2, 3)] + [f"NASH_{i}" for i in (1, 2, 3)], None),
        ([f"lean_{i}" for i in (3, 7, 12)] + [f"NASH_{i}" for i in (4, 8, 11)], None),
    ],
)
def test_codes_that_come_back_in_another_group_are_asked_about(names, subjects):
    draft = drafted(names)
    assert column(draft, "subject") == subjects
    assert bool(draft.asked_columns.get("subject")) == (subjects is not None)


def test_codes_with_gaps_that_come_back_after_a_treatment_are_the_same_people():
    """As in human_dm1_cycling: S1, S2, S3 and S12 before and after twelve weeks of cycling."""
    draft = drafted(PRE_POST)
    assert column(draft, "subject") == ["S1", "S2", "S3", "S12"] * 2
    assert not draft.asked_columns.get("subject")


def test_samples_of_one_number_beside_each_other_may_be_of_one_animal():
    """A muscle that was stimulated and the other of the same mouse, as in mouse_muscle_contraction_phospho."""
    beside = [f"{g}_{t}_{i}" for g in ("WT", "KO") for i in (1, 2, 3, 4) for t in ("ctrl", "stim")]
    draft = drafted(beside)
    assert column(draft, "subject") == [f"{g} {i}" for g in ("WT", "KO") for i in (1, 2, 3, 4) for _ in "ab"]
    assert draft.asked_columns["subject"]
    draft = drafted(sorted(beside))
    assert column(draft, "subject") is None and not draft.asked_columns


@pytest.mark.parametrize(
    ("names", "asked"),
    [
        ([f"{a}_{t}_{i}" for a in ("B6", "S9") for t in ("sed", "run") for i in (1, 2)], "B6 and S9"),
        ([f"{a}_{t}" for a in ("B6", "S9") for t in ("T0_fed", "T1_fed", "T0_fast", "T1_fast")], "B6 and S9"),
        ([f"{a}_{t}_{i}" for a in ("M1", "M2") for t in ("sed", "run") for i in (1, 2)], ""),  # counts mice
        ([f"{a}_{t}_{i}" for a in ("M1", "F1") for t in ("sed", "run") for i in (1, 2)], ""),  # sexes
        (
            [f"{t}_{a}_{i}" for t, a in (("sed", "A1"), ("run", "B2")) for i in (1, 2, 3)],
            "",
        ),  # crosses nothing
    ],
)
def test_strains_written_as_a_letter_and_a_number_are_no_replicates_in_silence(names, asked):
    draft = drafted(names)
    cells = column(draft, "group")
    assert all(cell.startswith("TODO") == bool(asked) for cell in cells)
    if asked:
        first = " ".join(names[0].split("_")[1 : 3 if "fed" in names[0] else 2])
        assert cells[0] == (
            f"TODO {first}, if {asked} are animals or batches; or B6 {first}, if they are strains or treatments"
        )
        assert draft.contrasts[0][0].case.startswith("TODO")


def test_a_sheet_that_names_the_samples_in_two_columns():
    """Slide and array, as Agilent's software calls them."""
    names = [f"2539494209{s}_{a}" for s in (29, 31) for a in ("1_1", "1_2", "2_1", "2_2")]
    columns = {
        "slide": [name.split("_")[0] for name in names], "array": [name.partition("_")[2] for name in names],
        "age": ["young", "old"] * 4,
    }  # fmt: skip
    found = describe([Annotation("traits", pd.DataFrame(columns))], names)
    assert (found.column, found.found) == ("slide_array", 8)
    assert found.frame["age"].tolist() == ["young", "old"] * 4
