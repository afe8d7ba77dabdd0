"""What the simulations and permutations found, as lines of Markdown, and which of it misses a target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sevaxis.base.vocabulary import SexClass

from tests.verdicts.judge import Rate, Tally

READINGS = ("up, down", "appears, disappears", "no relevant change", "at least", "below", "interval")
CLASSES = tuple(str(name) for name in SexClass if name != SexClass.UNDETERMINED)
#: Rates of tests of one feature -> lowest and highest allowed; exact tests may be conservative.
LEVELS = {
    "p < 0.05, whole": (0.045, 0.055),
    "p < 0.001, whole": (0.0, 0.0015),
    "p < 0.05, by sex": (0.045, 0.055),
    "p < 0.001, by sex": (0.0, 0.0015),
    "presence p < 0.05, whole": (0.0, 0.05),
    "presence p < 0.05, by sex": (0.0, 0.05),
    "coverage of 95 % intervals": (0.945, 1.0),
    "power": (0.78, 0.82),
}
WRONG = 0.05


def percent(rate: Rate) -> str:
    """A share in percent with half its 95 % Monte Carlo interval."""
    if not rate.trials:
        return ""
    digits = 2 if rate.share < 0.002 and rate.error < 0.002 else 1
    return f"{100 * rate.share:.{digits}f} ± {196 * rate.error:.{digits}f}"


def worst(tally: Tally, verdict: str) -> tuple[str, Rate]:
    """The truth at which a verdict is wrong most often, and how often."""
    names = [name for name in tally.counts if name.startswith(f"wrong: {verdict} | ")]
    rates = {name.partition(" | ")[2]: tally.rate(name) for name in names}
    if not rates:
        return "", Rate(float("nan"), float("nan"), 0)
    truth = max(rates, key=lambda name: rates[name].share)
    return truth, rates[truth]


def misses(tally: Tally, errors: float = 3.0) -> Iterator[str]:
    """Targets that are missed beyond some Monte Carlo errors, in words."""
    for name, (low, high) in LEVELS.items():
        rate = tally.rate(name)
        if rate.above(high, errors) or rate.below(low, errors):
            yield f"{name}: {percent(rate)} %, allowed {100 * low:g} to {100 * high:g} %"
    for name in tally.counts:
        if name.startswith("wrong: ") and tally.rate(name).above(WRONG, errors):
            yield f"{name}: {percent(tally.rate(name))} %"


def levels_table(tallies: Mapping[str, Tally]) -> Iterator[str]:
    """Tests of one feature, intervals and power."""
    names = (*LEVELS, "power of a repeat")
    heads = {"whole": "", "by sex": " by sex"}
    titles = [f"{name.split(', ')[0]}{heads.get(name.split(', ')[-1], '')}" for name in names]
    yield "| design | " + " | ".join(titles) + " (printed) |"
    yield "|---" * (len(names) + 1) + "|"
    for scenario, tally in tallies.items():
        missed = {text.split(":")[0] for text in misses(tally)}
        cells = [f"**{percent(tally.rate(n))}**" if n in missed else percent(tally.rate(n)) for n in names]
        if cells[-1]:
            cells[-1] += f" ({100 * tally.rate('power of a repeat, printed').share:.1f})"
        yield f"| {scenario} | " + " | ".join(cells) + " |"


def readings_table(tallies: Mapping[str, Tally], verdicts: tuple[str, ...]) -> Iterator[str]:
    """Share of families with a wrong verdict of each class, at the truth where that is most frequent."""
    yield "| design | " + " | ".join(name.replace("_", " ") for name in verdicts) + " |"
    yield "|---" * (len(verdicts) + 1) + "|"
    for scenario, tally in tallies.items():
        found = [worst(tally, verdict) for verdict in verdicts]
        if not any(rate.trials for _, rate in found):
            continue
        cells = [
            f"**{percent(rate)}** ({truth})" if rate.above(WRONG) else percent(rate) for truth, rate in found
        ]
        yield f"| {scenario} | " + " | ".join(cells) + " |"


def by_q_table(tallies: Mapping[str, Tally]) -> Iterator[str]:
    """Of the features that are decided by q, the share of each class that is false."""
    yield "| design | " + " | ".join(name.replace("_", " ") for name in CLASSES) + " |"
    yield "|---" * (len(CLASSES) + 1) + "|"
    for scenario, tally in tallies.items():
        cells = [percent(tally.rate(f"false among: {name}")) for name in CLASSES]
        if any(cells):
            yield f"| {scenario} | " + " | ".join(cells) + " |"


def permutations_table(tallies: Mapping[str, Tally]) -> Iterator[str]:
    """Hits of real data sets whose groups are dealt out anew."""
    hits = ("any hit", "any hit, female", "any hit, male", "any hit, interaction")
    names = (*hits, "p < 0.05", "p < 0.001", "presence p < 0.05")
    yield "| data set | permutations | " + " | ".join(names) + " | hits as observed |"
    yield "|---" * (len(names) + 3) + "|"
    for name, tally in tallies.items():
        rates = {each: tally.rate(each) for each in names}
        cells = [
            f"**{percent(r)}**" if n in hits and r.above(WRONG, 2.0) else percent(r) for n, r in rates.items()
        ]
        observed = tally.rate("hits as observed")
        found = f"{observed.share * observed.trials:,.0f} of {observed.trials:,}"
        yield f"| {name} | {rates['any hit'].trials} | " + " | ".join(cells) + f" | {found} |"


def missed_lines(tallies: Mapping[str, Tally]) -> Iterator[str]:
    """What misses its target, scenario by scenario."""
    found = [f"- {scenario}: {text}." for scenario, tally in tallies.items() for text in misses(tally)]
    yield from found or ["- None."]
