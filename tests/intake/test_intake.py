"""The intake: no table is wrong in silence, none crashes it or hangs; and the judge of that sees faults."""

from __future__ import annotations

import random

import pytest
import yaml

from tests.intake import judge as judging
from tests.intake.__main__ import SEED, made_cases, try_cases, try_real
from tests.intake.failures import tell
from tests.intake.judge import Verdict, judge
from tests.intake.tables import USUAL, write

NEVER = ("wrong in silence", "crash", "hang")
PLAIN = {axis: levels[0] for axis, levels in USUAL.items()} | {
    "holds": "protein linear",
    "place": "gastrocnemius",
}


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_no_made_table_is_wrong_in_silence():
    tried = list(try_cases(made_cases()))
    assert len(tried) >= 500
    assert [tell(case, verdict) for case, verdict in tried if verdict.kind in NEVER] == []
    assert sum(verdict.kind == "right" for _, verdict in tried) >= 0.6 * len(tried)
    asked = [verdict.questions for _, verdict in tried if verdict.kind == "asked"]
    assert sum(asked) <= 2 * len(asked)


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.timeout(3600)
def test_no_public_file_is_wrong_in_silence(shared):
    tried = list(try_real(shared / "data", []))
    assert [tell(case, verdict) for case, verdict in tried if verdict.kind in NEVER] == []


def test_cases_are_the_same_each_time():
    first, second = made_cases(), made_cases()
    assert [(case.name, case.what) for case in first] == [(case.name, case.what) for case in second]


def test_a_sample_of_the_corpus_neither_crashes_nor_hangs():
    """Twenty tables drawn once for all: a crash of the intake shows before the slow suite."""
    chosen = random.Random(SEED).sample(made_cases(), 20)
    assert [
        tell(case, verdict) for case, verdict in try_cases(chosen) if verdict.kind in ("crash", "hang")
    ] == []


@pytest.fixture
def tampered(tmp_path, monkeypatch):
    """Verdict on the draft of a plain table after something was done to its card or its sheet."""

    def run(tamper, **levels) -> Verdict:
        written = write(PLAIN | levels, tmp_path, SEED)
        before = judging.load

        def load(datasets, root):
            folder = datasets / "mine"
            card = yaml.safe_load((folder / "card.yaml").read_text())
            lines = [line.split("\t") for line in (folder / "samples.tsv").read_text().splitlines()]
            tamper(card, lines)
            (folder / "card.yaml").write_text(yaml.safe_dump(card, sort_keys=False))
            (folder / "samples.tsv").write_text("".join("\t".join(line) + "\n" for line in lines))
            return before(datasets, root)

        monkeypatch.setattr(judging, "load", load)
        return judge(written, tmp_path)

    return run


def test_a_plain_table_is_right(tampered):
    verdict = tampered(lambda card, lines: None)
    assert (verdict.kind, verdict.faults) == ("right", [])


def turn(card, lines):
    contrast = card["contrasts"][0]
    contrast["case"], contrast["reference"] = contrast["reference"], contrast["case"]


def mix(card, lines):
    at = lines[0].index("group")
    lines[1][at], lines[-1][at] = lines[-1][at], lines[1][at]


def swap_sexes(card, lines):
    at = lines[0].index("sex")
    for line in lines[1:]:
        line[at] = {"female": "male", "male": "female"}[line[at]]


def lose(card, lines):
    card["files"][0]["options"] = {"samples": [line[0] for line in lines[2:]]}
    del lines[1]


TAMPERINGS = {
    "the wrong way round": (turn, {}, "contrasts"),
    "another role": (lambda card, lines: card["contrasts"][0].update(role="disease"), {}, "contrasts"),
    "another organism": (lambda card, lines: card.update(organism="rat"), {}, "organism"),
    "another tissue": (lambda card, lines: card.update(tissue="liver"), {}, "tissue"),
    "another assay": (lambda card, lines: card.update(assay="array"), {}, "assay"),
    "two samples in the other's group": (mix, {}, "group"),
    "another logarithm": (
        lambda card, lines: card.update(values={"scale": "log2"}),
        {"holds": "protein ln"},
        "scale",
    ),
    "sexes swapped": (swap_sexes, {"naming": "opaque with sheet", "sex": "sheet words"}, "sex"),
    "no sexes": (
        lambda card, lines: card["columns"].pop("sex"),
        {"naming": "opaque with sheet", "sex": "sheet words"},
        "sex",
    ),
    "a sample lost": (lose, {}, "samples"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_the_judge_sees(name, tampered):
    tamper, levels, fact = TAMPERINGS[name]
    verdict = tampered(tamper, **levels)
    assert verdict.kind == "wrong in silence"
    assert fact in {found for found, _ in verdict.faults}


def test_a_question_covers_its_fact_and_no_other(tampered):
    def ask(card, lines):
        card["organism"] = "TODO mouse or rat"
        turn(card, lines)

    verdict = tampered(ask)
    assert verdict.kind == "wrong in silence"
    assert {fact for fact, _ in verdict.faults} == {"contrasts"}
