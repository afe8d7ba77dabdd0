"""Roles are told by words: what says them, what does not, and what is other.

Expected roles are what the words mean in the field (Meeusen 2013 for overtraining), not what the program answered.
"""

import pytest
from sevaxis.drafting.contrasts import propose_contrasts
from sevaxis.drafting.roles import role, role_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("overtrained", "overtraining"),
        ("Over-training 8 weeks", "overtraining"),
        ("overreaching", "overtraining"),
        ("trained", "training"),
        ("8 weeks of treadmill training", "training"),
        ("endurance exercise", "training"),
        ("untrained", None),
        ("NASH", "disease"),
        ("CCl4_3x", "disease"),
        ("F4 fibrosis", "disease"),
        ("Activity Reduction", "inactivity"),
        ("bed", None),
        ("bed rest 10 days", "inactivity"),
        ("hindlimb unloading", "inactivity"),
        ("cell suspension", None),
        ("heat inactivated serum", None),
        ("weight reduction", None),
        ("non-overtrained", None),
        ("not overtrained", None),
        ("non trained", None),
        ("no exercise", None),
        ("without training", None),
        ("training set", None),
        ("insulin resistance", None),
        ("resistance training", "training"),
        ("wheel running", "training"),
        ("acute liver failure", None),
        ("acute hepatitis", "disease"),
        ("acute exercise", "acute_exercise"),
        ("single bout of running", "acute_exercise"),
        ("exercise 3h", None),  # hours after one bout, or of training: no word tells
        ("overtrained, 2 weeks recovery", "recovery"),
        ("non-NASH", None),
        ("non-alcoholic steatohepatitis", "disease"),
        ("strain B6", None),
        ("OT", None),
        ("OTR/up", None),
        ("overload", None),
        ("overexpression of Train1", None),
    ],
)
def test_words_tell_the_role(text, expected):
    assert role_of(text) == expected


@pytest.mark.parametrize("case", ["trained", "8W", "HIIT", "exercise", "strength training", "T", "running"])
@pytest.mark.parametrize("reference", ["SED", "control", "untrained", "rest"])
def test_training_is_never_proposed_as_overtraining(case, reference):
    assert role(case, reference) != "overtraining"
    assert all(p.role != "overtraining" for p in propose_contrasts({case: 5, reference: 5}, "training group"))


@pytest.mark.parametrize(
    ("case", "reference", "expected"),
    [
        ("8W", "SED", "training"),
        ("overtrained", "control", "overtraining"),
        ("trained", "overtrained", "other"),
        ("NASH", "lean", "disease"),
        ("control Evs", "control cells", "sev_enrichment"),
        ("sev", "lysate", "sev_enrichment"),
        ("Male", "Female", "sex"),
        ("MT", "MB", "sev_source"),
        ("LPS", "control", "other"),
        ("western_control", "chow_control", "disease"),
        ("KO_sedentary", "WT_sedentary", "other"),
        ("sed KO", "sed WT", "other"),
        ("KO_trained", "WT_trained", "other"),
        ("KO_trained", "KO_sed", "training"),
        ("KO", "sedentary", "other"),
        ("HFD sed", "chow sed", "disease"),
        ("HFD trained", "HFD sed", "training"),
        ("Ex_0h", "Sed_0h", "other"),
        ("3h", "sedentary", "other"),
        ("0h", "SED", "other"),
        ("24h", "0h", "other"),
        ("exercise_24h", "exercise_0h", "other"),
        ("exercise 3h", "rest", "other"),
        ("trained", "non-trained", "training"),
        ("trained", "untrained", "training"),
        ("overtrained", "non-overtrained", "overtraining"),
        ("overtrained", "trained", "overtraining"),
        ("post-training", "pre-training", "training"),
        ("training post", "training pre", "training"),
        ("Post", "Pre", "other"),
        ("detrained", "trained", "recovery"),
        ("recovery", "overtrained", "other"),
        ("F_SED", "M_SED", "sex"),
        ("trained_male", "trained_female", "sex"),
        ("sev HFD", "cells HFD", "sev_enrichment"),
        ("acute liver injury", "control", "disease"),
        ("12 weeks", "sedentary", "training"),
        ("OT", "control", "other"),
    ],
)
def test_roles_of_contrasts(case, reference, expected):
    assert role(case, reference) == expected
