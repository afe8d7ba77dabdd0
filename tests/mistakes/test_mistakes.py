"""Planted mistakes: none gets through, none ends in a traceback or hangs, and what is said leads to the place."""

import time

import pytest

from tests.mistakes import running
from tests.mistakes.corpus import ROOMS
from tests.mistakes.mistake import Mistake
from tests.mistakes.project import CARD, Project
from tests.mistakes.running import Worker, attempt

EVERY = [mistake for mistakes in ROOMS.values() for mistake in mistakes]


def wrong(tried):
    """What of a mistake is not as it must be, in one line each."""
    return [
        f"{each.mistake.name}: {each.fate}\n{each.told}"
        for each in tried
        if each.fate not in running.FOUND or not each.placed or not each.hinted
    ]


def test_some_of_each_room():
    chosen = [mistake for mistake in EVERY if mistake.fast]
    assert len(chosen) >= 50
    assert wrong(attempt(chosen)) == []


def test_without_a_mistake_nothing_is_found():
    (tried,) = attempt([Mistake("nothing", lambda project: None)])
    assert tried.fate == "through", tried.told


def test_a_place_that_is_not_named_is_not_taken_for_named():
    def plant(project: Project) -> None:
        project.card["organism"] = "mous"

    right, line, word = attempt(
        [
            Mistake("right", plant, on=(CARD, "organism"), says="did you mean 'mouse'"),
            Mistake("other line", plant, on=(CARD, "tissue")),
            Mistake("other word", plant, at="card.yaml", says="did you mean 'rat'"),
        ]
    )
    assert (right.placed, line.placed, word.placed) == (True, False, False)
    assert right.located and right.hinted


def test_what_hangs_or_dies_is_said_to(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "PATIENCE", 0.01)
    with Worker() as worker:
        begin = time.monotonic()
        assert worker.ask(tmp_path) == {"stage": "hang"}  # even its start takes longer
        assert time.monotonic() - begin < 5


@pytest.mark.slow
def test_every_mistake():
    tried = list(attempt(EVERY))
    assert len(tried) >= 300
    assert wrong(tried) == []
    located = sum(each.located for each in tried)
    assert located >= 0.95 * len(tried), [each.mistake.name for each in tried if not each.located]
