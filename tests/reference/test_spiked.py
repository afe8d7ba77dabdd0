"""Spiked proteins: what the models must find, and what a batch left out of the model does."""

import pytest

from tests.reference import spiked

pytestmark = pytest.mark.shared


def test_ups1_in_e_coli_needs_the_batch_in_the_model(shared):
    scores = {s.model: s for s in spiked.score_ups1_ecoli(shared / "data" / spiked.UPS1)}
    plain = scores["group; ordinary t"]
    # the numbers given with the data: 47 true, 413 false positives
    assert (plain.true_positives, plain.spiked, plain.false_positives) == (47, 47, 413)
    assert plain.planted_positives == 100
    for method in ("ordinary t", "moderated t", "moderated t, trend, robust"):
        without, modelled = scores[f"group; {method}"], scores[f"group + batch; {method}"]
        assert modelled.true_positives == 47
        assert modelled.false_positives < without.false_positives / 3
        assert modelled.planted_positives <= 15
    # mean log2 of 5 10 25 50 minus that of .1 .25 1 2.5, as pipetted
    assert plain.expected == pytest.approx(4.983, abs=1e-3)


def test_ups2_in_yeast_has_the_ratios_pipetted(shared):
    scores = spiked.score_ups2_yeast(shared / "data" / spiked.UPS2)
    assert {s.contrast: s.expected for s in scores} == {"8 v 2": 2, "4 v 2": 1, "8 v 4": 1}
    for s in scores:
        assert abs(s.bias) < 0.15
        assert abs(s.background_log2fc) < 0.02
        assert s.true_positives >= (0.9 if s.contrast == "8 v 2" else 0.75) * s.spiked
        assert s.false_positives <= 0.003 * s.background
