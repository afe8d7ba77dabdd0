"""Presence against R: mantelhaen.test(exact = TRUE), mcnemar.exact, brglm2."""

import numpy as np
import pandas as pd
import pytest
from sevaxis.models.detection import firth_detection
from sevaxis.models.presence import presence_test

pytestmark = pytest.mark.shared

DIGITS = 1e-9  # R's answers have ten


@pytest.fixture(scope="module")
def cases(shared):
    folder = shared / "reference" / "hard"
    samples = pd.read_csv(folder / "detection.tsv", sep="\t")
    answers = pd.read_csv(folder / "detection.answers.tsv", sep="\t", index_col="case")
    return dict(list(samples.groupby("case", sort=False))), answers


def test_presence_over_strata(cases):
    tables, answers = cases
    assert len(tables) == len(answers) == 60
    found = {
        name: presence_test(
            rows.detected.to_numpy(bool)[None], (rows.group == "case").to_numpy(), rows.stratum.to_numpy()
        )[0]
        for name, rows in tables.items()
    }
    np.testing.assert_allclose(pd.Series(found)[answers.index], answers.p_exact_conditional, rtol=DIGITS)


def test_log_odds_by_firth(cases):
    tables, answers = cases
    for name, rows in tables.items():
        strata = pd.get_dummies(rows.stratum, drop_first=True).to_numpy(float)
        design = np.column_stack([np.ones(len(rows)), rows.group == "case", strata])
        fit = firth_detection(rows.detected.to_numpy(bool)[None], design, np.eye(design.shape[1])[1])
        expected = answers.loc[name]
        # R stops at 1e-8 on the score scale or so
        assert fit.log_odds[0, 0] == pytest.approx(expected.firth_logodds, rel=1e-5, abs=1e-6), name
        assert fit.se[0, 0] == pytest.approx(expected.firth_se, rel=1e-5), name


def test_pairs(shared):
    answers = pd.read_csv(shared / "reference" / "hard" / "detection_pairs.tsv", sep="\t")
    pairs = int((answers.only_case + answers.only_reference).max()) + 2
    case, subject = np.tile([True, False], pairs), np.repeat(np.arange(pairs), 2)
    present = np.zeros((len(answers), 2 * pairs), dtype=bool)
    for row, (only_case, only_reference) in enumerate(answers[["only_case", "only_reference"]].to_numpy()):
        present[row, 0 : 2 * only_case : 2] = True
        present[row, 2 * only_case + 1 : 2 * (only_case + only_reference) : 2] = True
        present[row, -2:] = True  # a pair that has the feature twice, and one that has it never
    np.testing.assert_allclose(presence_test(present, case, subject), answers.p_mcnemar_exact, rtol=DIGITS)
