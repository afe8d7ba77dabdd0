"""Questions on a terminal: what a draft leaves open, one at a time; Enter leaves it for later."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sevaxis.base.vocabulary import Assay, Compartment, Organism, Scale, Sex
from sevaxis.drafting.contrasts import Proposal, name_of
from sevaxis.drafting.roles import role
from sevaxis.drafting.texts import Draft
from sevaxis.study.validation import TODO, is_undecided

#: Keys of the card with fixed answers; a tissue is free text.
FIXED = {
    "organism": tuple(Organism),
    "tissue": (),
    "compartment": tuple(Compartment),
    "assay": tuple(term for term in Assay if term != Assay.EFFECTS),
}
AVERAGE, BLOCK, APART = "average them", "samples of one animal or person", "each is an animal of its own"


@dataclass
class Question:
    """One decision.

    Attributes
    ----------
    text
        What is asked.
    choices
        Answers; none where any text is one.
    answer
        What an answer does to the draft.
    proposal
        The answer that ``--yes`` takes; none where nothing speaks for any.
    """

    text: str
    choices: tuple[str, ...]
    answer: Callable[[str], None]
    proposal: str | None = field(default=None)


def settle(draft: Draft, read: Callable[[str], str] | None, say: Callable[[str], None] = print) -> None:
    """Ask every question of a draft and write the answers into it.

    Parameters
    ----------
    draft
        Is changed.
    read
        Gives the answer to a prompt (``input``); None takes the proposals and asks nobody.
    say
        Shows a line.
    """
    for question in questions(draft):
        if read is None:
            if question.proposal is not None:
                question.answer(question.proposal)
            continue
        say(f"\n{question.text}")
        for number, choice in enumerate(question.choices, start=1):
            say(f"  {number}  {choice}{'   (proposed)' if choice == question.proposal else ''}")
        chosen = _read(question, read, say)
        if chosen is not None:
            question.answer(chosen)


def _read(question: Question, read: Callable[[str], str], say: Callable[[str], None]) -> str | None:
    """An answer, or None for later; asked again where it is none."""
    while True:
        try:
            text = read(
                "number, or Enter for later: " if question.choices else "answer, or Enter for later: "
            ).strip()
        except EOFError:
            return None
        if not text:
            return None
        if not question.choices or text in question.choices:
            return text
        if text.isdigit() and 1 <= int(text) <= len(question.choices):
            return question.choices[int(text) - 1]
        say(f"'{text}' is none of 1 to {len(question.choices)}")


def questions(draft: Draft) -> Iterator[Question]:
    """What a draft leaves open, each with what its answer changes; later questions see earlier answers."""
    for key, choices in FIXED.items():
        value = getattr(draft, key)
        if is_undecided(value):
            yield Question(
                _asks(key, value), tuple(map(str, choices)), lambda text, k=key: setattr(draft, k, text)
            )
    scale = draft.values.get("scale")
    if is_undecided(scale):
        yield Question(
            _asks("scale of the values", scale), tuple(map(str, Scale)), _into(draft.values, "scale")
        )
    if draft.sheet is None:
        return
    yield from _of_specimens(draft)
    for label, value in list(draft.sex_labels.items()):
        if is_undecided(value):
            text = f"Which sex does the label '{label}' mean? ({draft.evidence.get('sex', '')})"
            yield Question(text, tuple(map(str, Sex)), _into(draft.sex_labels, label))
    yield from _of_groups(draft)
    if any(is_undecided(one.case) for one, _ in draft.contrasts):
        yield from _of_contrasts(draft)


def _asks(key: str, value: object) -> str:
    return f"{key[:1].upper()}{key[1:]}: {str(value).removeprefix(TODO).strip(' :')}"


def _into(mapping: dict, key: str) -> Callable[[str], None]:
    return lambda text: mapping.__setitem__(key, text)


def _of_specimens(draft: Draft) -> Iterator[Question]:
    asked = draft.asked_columns
    if asked.get("replicate_of"):
        name = "subject" if "subject" in draft.sheet else "specimen"

        def answer(text: str) -> None:
            draft.asked_columns = {
                AVERAGE: {"replicate_of": name, "subject": ""},
                BLOCK: {"subject": name},
            }.get(text, {"subject": ""})

        text = f"Are these repeated measurements? {draft.evidence.get('replicate_of', '')}"
        yield Question(text, (AVERAGE, BLOCK, APART), answer, AVERAGE)
    elif asked.get("subject"):
        same, anew = "the same animal or person", "two animals: the numbers start anew"
        text = f"Is the same number in two groups the same animal? {draft.evidence.get('subject', '')}"
        yield Question(
            text, (same, anew), lambda said: asked.__setitem__("subject", "subject" if said == same else "")
        )


def _of_groups(draft: Draft) -> Iterator[Question]:
    """Cells of the group that are questions; equal ones are asked once."""
    sheet = draft.sheet
    levels = tuple(dict.fromkeys(cell for cell in sheet["group"] if cell and not is_undecided(cell)))
    for cell in dict.fromkeys(cell for cell in sheet["group"] if is_undecided(cell)):
        of = sheet.loc[sheet["group"] == cell, "sample"].tolist()
        if len(of) == len(sheet):
            columns = [
                name
                for name in sheet.columns
                if name not in ("sample", "group") and 1 < sheet[name].nunique() < len(of)
            ]

            def take(name: str) -> None:
                sheet["group"] = sheet[name].to_numpy()
                _renew(draft, name)

            if columns:
                yield Question("Which column tells the groups?", tuple(columns), take)
            continue
        text = cell.removeprefix(TODO).strip()
        words = [word.strip() for word in re.split(r", if |; or ", text)]
        proposed = words[0] if ", if " in text else None

        def fill(answer: str, cell: str = cell) -> None:
            sheet.loc[sheet["group"] == cell, "group"] = answer
            _renew(draft, draft.evidence.get("group column", ""))

        choices = tuple(dict.fromkeys([*([proposed] if proposed else []), *levels, *words[2:]]))
        yield Question(f"Group of {', '.join(of[:6])}: {text}", choices, fill, proposed)


def _renew(draft: Draft, column: str) -> None:
    """Contrasts after groups were changed; those that were proposed stay where their groups do."""
    from sevaxis.drafting.contrasts import propose_contrasts

    used = draft.sheet.loc[~draft.sheet["sample"].isin(draft.exclude), "group"]
    sizes = {level: int(n) for level, n in used.value_counts(sort=False).items() if not is_undecided(level)}
    if any(is_undecided(one.case) for one, _ in draft.contrasts) and sizes:
        draft.contrasts = [(one, "") for one in propose_contrasts(sizes, column)]


def _of_contrasts(draft: Draft) -> Iterator[Question]:
    used = draft.sheet.loc[~draft.sheet["sample"].isin(draft.exclude), "group"]
    levels = tuple(dict.fromkeys(cell for cell in used if cell and not is_undecided(cell)))
    if len(levels) < 2:
        return

    def take(reference: str) -> None:
        draft.contrasts = [
            (
                Proposal(
                    name_of(level, reference), role(level, reference), level, reference, why="as you say"
                ),
                "",
            )
            for level in levels
            if level != reference
        ]

    yield Question("Which group are the others compared with?", levels, take)
