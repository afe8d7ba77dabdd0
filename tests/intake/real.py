"""Drafts of public files against what is known of them: numbers, groups, sexes, animals, contrasts; no cell by cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sevaxis.base.problems import Problems
from sevaxis.study.validation import is_undecided

from tests.intake.judge import Drafted, Fault, Verdict, _refusal, load
from tests.intake.running import Hang, run_add, time_limit

KNOWN = Path(__file__).with_name("real.yaml")
#: Seconds of one public file.
LIMIT = 60
#: Answers for questions that the files leave open, so that the draft can be read.
ANYHOW = {"organism": "human", "tissue": "muscle", "compartment": "tissue", "assay": "protein"}


def entries() -> list[dict[str, Any]]:
    """What is known of each file or set of files."""
    return yaml.safe_load(KNOWN.read_text(encoding="utf-8"))


def try_files(known: dict[str, Any], data: Path, folder: Path) -> Verdict:
    """Add public files and judge the draft by what is known of them."""
    import time

    wanted = _paths(known["files"], data)
    arguments = [*map(str, wanted), "--id", "mine", "--folder", str(folder / "datasets")]
    arguments += ["--sheet", str(data / known["sheet"])] if "sheet" in known else []
    start = time.perf_counter()
    ran = run_add(arguments, folder, limit=LIMIT)
    verdict = Verdict("right", said=ran.said, seconds=time.perf_counter() - start)
    if ran.code is None:
        verdict.kind = "hang" if ran.failure == "hang" else "crash"
        verdict.notes = ran.failure.strip().splitlines()[-1:]
        return verdict
    if not (folder / "datasets/mine/card.yaml").is_file():
        verdict.kind, verdict.notes = "refused", _refusal(ran)
        return verdict
    drafted = load(folder / "datasets", folder)
    verdict.asked, verdict.questions = drafted.questions, len(drafted.questions)
    if known.get("holds") == "nothing":
        faults = (
            [] if "assay" in drafted.covered else [("assay", "drafted, though it holds nothing for a card")]
        )
    else:
        faults = list(_card_faults(drafted, known))
        try:
            with time_limit(LIMIT):
                faults += _matrix_faults(drafted, known, folder)
        except Hang:
            verdict.kind = "hang"
            return verdict
        except Problems as problems:
            text = "; ".join(f"{p.what} ({p.found}; {p.hint})" for p in problems.problems[:2])
            verdict.notes.append(f"cannot be read: {text[:300]}")
            verdict.kind = "right" if drafted.covered else "refused"
        except Exception as error:
            verdict.kind, verdict.notes = "crash", [f"when read: {error!r}"[:300]]
            return verdict
    verdict.faults = [(fact, text) for fact, text in faults if fact not in drafted.covered]
    if verdict.faults:
        verdict.kind = "wrong in silence"
    elif verdict.questions and verdict.kind == "right":
        verdict.kind = "asked"
    return verdict


def _paths(text: str, data: Path) -> list[Path]:
    paths = [data / text] if (data / text).exists() else [data / name for name in text.split(" ")]
    return [
        one for path in paths for one in (sorted(path.parent.glob(path.name)) if "*" in path.name else [path])
    ]


def _any(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _card_faults(drafted: Drafted, known: dict[str, Any]) -> Iterator[Fault]:
    card, left_open = drafted.card, set(known.get("open", ()))
    for key in ("organism", "tissue", "compartment", "assay"):
        told = card.get(key)
        if key in known and not is_undecided(told) and told not in _any(known[key]):
            yield key, f"{key} {told}, in truth {known[key]}"
    contrasts = card.get("contrasts") or []
    decided = [c for c in contrasts if not any(is_undecided(value) for value in c.values())]
    if "contrasts" in left_open or "group" in left_open:
        if decided and known.get("assay") != "effects":
            ends = f"{decided[0].get('case')} v {decided[0].get('reference')}"
            yield "contrasts", f"{ends} is decided, though nothing tells it"
        return
    for contrast in decided:
        if "roles" in known and contrast["role"] not in known["roles"]:
            yield (
                "contrasts",
                f"'{contrast['name']}' has role {contrast['role']}, in truth {' or '.join(known['roles'])}",
            )
        reference = str(contrast.get("reference", "")).lower()
        if (
            "reference" in known
            and reference
            and not any(str(r).lower() in reference for r in known["reference"])
        ):
            yield (
                "contrasts",
                f"'{contrast['name']}' starts from {contrast['reference']}, in truth {known['reference']}",
            )
    if "strata" in known and not {c.get("stratum", "all") for c in decided} <= set(known["strata"]):
        yield "sex", f"published for {' and '.join(known['strata'])}s, drafted for all"
    if known.get("assay") == "effects" and "contrasts" in known and len(contrasts) != known["contrasts"]:
        yield "contrasts", f"{len(contrasts)} contrasts, in truth {known['contrasts']}"


def _matrix_faults(drafted: Drafted, known: dict[str, Any], folder: Path) -> list[Fault]:
    """What the read stage makes of the draft; open questions are answered anyhow."""
    from sevaxis.files.retrieve import retrieve
    from sevaxis.matrix.read import read
    from sevaxis.study.card import ReadCard, RetrieveCard

    card = drafted.card
    for key, answer in ANYHOW.items():
        if is_undecided(card.get(key)):
            true = _any(known.get(key, answer))[0]
            card[key] = answer if true == "none" else true
    for row in drafted.sheet or []:
        for column, cell in row.items():
            row[column] = "open" if is_undecided(cell) else cell
    groups = sorted({row["group"] for row in drafted.sheet or []} | {"a", "b"})
    for contrast in card.get("contrasts") or []:
        if any(is_undecided(value) for value in contrast.values()):
            contrast |= {"role": "other"} | (
                {} if "file" in contrast else {"case": groups[0], "reference": groups[1]}
            )
    for label in card.get("sex_labels") or {}:
        card["sex_labels"][label] = "male" if str(label) == "1" else "female"
    text = yaml.safe_dump(card, sort_keys=False, allow_unicode=True)
    if "TODO" in text:
        return []
    from sevaxis.study.card import Card

    model = Card.model_validate(card)
    sheet = None
    if drafted.sheet is not None:
        lines = [list(drafted.sheet[0]), *(list(row.values()) for row in drafted.sheet)]
        sheet = drafted.folder / "samples.tsv"
        sheet.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")
    retrieve(RetrieveCard.model_validate(model.part(RetrieveCard)), folder / "got", mirror=None, seed=1)
    adata = read(ReadCard.model_validate(model.part(ReadCard)), folder / "got", sheet=sheet, orthologs=None)
    return [] if known["assay"] == "effects" else list(_facts_of(adata, known))


def _facts_of(adata, known: dict[str, Any]) -> Iterator[Fault]:
    left_open = set(known.get("open", ()))
    if "samples" in known and adata.n_obs not in _any(known["samples"]):
        yield "samples", f"{adata.n_obs} samples, in truth {known['samples']}"
    if "features" in known and abs(adata.n_vars / known["features"] - 1) > 0.03:
        yield "features", f"{adata.n_vars} features, in truth {known['features']}"
    if "groups" in known and "group" not in left_open:
        sizes = sorted(Counter(adata.obs["group"].astype(str)).values())
        sizes_known = [size if isinstance(size, list) else [size] * 9 for size in known["groups"].values()]
        allowed = zip(*sizes_known, strict=False)
        if sizes not in [sorted(option) for option in allowed]:
            yield "group", f"groups of {sizes}, in truth {known['groups']}"
    if "sex" in known and "sex" not in left_open:
        told = {str(k): int(v) for k, v in Counter(adata.obs["sex"].dropna().astype(str)).items()}
        if told != known["sex"]:
            yield "sex", f"sexes {told}, in truth {known['sex']}"
    if "subjects" in known and adata.n_obs > known["subjects"]:
        told = adata.obs["subject"].dropna().nunique()
        if told != known["subjects"]:
            yield "subject", f"{told} subjects, in truth {known['subjects']}"
    if "median" in known:
        values = np.asarray(adata.X, dtype=float)
        median = float(np.nanmedian(values))
        low, high = known["median"]
        if not low <= median <= high:
            yield "scale", f"median {median:.3g}, in truth {low} to {high}"
