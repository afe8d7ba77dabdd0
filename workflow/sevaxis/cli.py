"""The console script: check, add, catalogue, diff, robustness, schema."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from sevaxis.base.problems import Problems, refuse


def main(arguments: list[str] | None = None) -> int:
    """Run a command; problems of the user's are printed and give exit code 2."""
    parser = argparse.ArgumentParser(prog="sevaxis", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    check = commands.add_parser("check", help="list every problem of a study and start nothing")
    check.add_argument("configuration", nargs="?", type=Path, default=Path("config/config.yaml"))
    check.add_argument(
        "--files",
        action="store_true",
        help="open the files, too: read, match, assess and compare in small; list the files that are not here yet",
    )
    check.add_argument(
        "--mirror", type=Path, help="with --files: a folder that serves files instead of the network"
    )
    check.set_defaults(run=_check)

    add = commands.add_parser("add", help="draft the card of a data set")
    _describe_add(add)

    catalogue = commands.add_parser(
        "catalogue", help="list the data sets that have a card, and leads to others"
    )
    catalogue.add_argument("--organism", choices=("human", "mouse", "rat"))
    catalogue.add_argument("--question", help="axis, sex, disease, source, signals, or a role of contrasts")
    catalogue.add_argument("--folder", type=Path, default=Path("config/datasets"), help="of the data sets")
    catalogue.set_defaults(run=_catalogue)

    diff = commands.add_parser("diff", help="say what changed between two results")
    for command in (diff, commands.add_parser("compare")):  # the name that it had before
        command.add_argument("run_a", type=Path, metavar="RUN_A", help="earlier results/<study>")
        command.add_argument("run_b", type=Path, metavar="RUN_B", help="later results/<study>")
        command.add_argument("--fdr", type=float, default=0.05, help="q that counts as significant (0.05)")
        command.add_argument(
            "--output", type=Path, help="write every changed row of effects to this TSV file"
        )
        command.set_defaults(run=_diff, old_name=command is not diff)

    robust = commands.add_parser("robustness", help="say which findings of a contrast survive other analyses")
    robust.add_argument("configuration", type=Path, help="of a study that has been run")
    robust.add_argument("dataset")
    robust.add_argument("contrast")
    robust.add_argument("--output", type=Path, help="write every finding and how it fares to this TSV file")
    robust.set_defaults(run=_robustness)

    schema = commands.add_parser("schema", help="write the JSON schemas and the tables of config/README.md")
    schema.add_argument("folder", nargs="?", type=Path, default=Path("workflow/schemas"))
    schema.set_defaults(run=_schema)

    chosen = parser.parse_args(arguments)
    try:
        code = chosen.run(chosen)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # `sevaxis catalogue | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Problems as problems:
        print(f"{problems}\n\nNothing was started.", file=sys.stderr)
        return 2


def _check(chosen: argparse.Namespace) -> int:
    from sevaxis.study.study import load_study

    study = load_study(chosen.configuration)
    contrasts = sum(len(card.contrasts) for card in study.cards.values())
    if chosen.files:
        from sevaxis.files.retrieve import tell_wanted
        from sevaxis.rehearsal import rehearse_study

        print(tell_wanted(study, mirror=chosen.mirror))
        problems, lines = rehearse_study(study, mirror=chosen.mirror)
        print(*lines, sep="\n")
        if problems:
            raise Problems(problems)
    print(f"{chosen.configuration}: no problems; {len(study.cards)} data sets, {contrasts} contrasts.")
    return 0


def _describe_add(add: argparse.ArgumentParser) -> None:
    """What the user can say of a data set; what is not said is proposed or asked."""
    add.add_argument(
        "wanted",
        nargs="+",
        metavar="ACCESSION|URL|FILE|FOLDER|ARCHIVE",
        help="all files of one data set",
    )
    add.add_argument("--id", help="id of the data set (made of the first name)")
    add.add_argument("--sheet", type=Path, action="append", help="file that describes the samples")
    add.add_argument("--mirror", type=Path, help="folder that is asked before the network")
    add.add_argument("--folder", type=Path, default=Path("config/datasets"), help="of the data sets")
    add.add_argument("--dry-run", action="store_true", help="print both files and write nothing")
    add.add_argument("--yes", action="store_true", help="ask nothing and take the proposals")
    add.set_defaults(run=_add)

    table = add.add_argument_group("how the files are read")
    table.add_argument("--reader", help="name of the reader (config/README.md lists them)")
    table.add_argument(
        "--option", action="append", metavar="[FILE:]NAME=VALUE", help="option of the reader, such as skip=2"
    )
    table.add_argument(
        "--samples",
        metavar="FILE|NAMES|REGEX",
        help="a sheet; or the columns that are samples: names divided by commas, or a regular expression",
    )
    table.add_argument("--orientation", help="samples-in-columns, samples-in-rows or long (a row per value)")
    facts = add.add_argument_group("what the data are")
    for name in ("organism", "tissue", "compartment", "assay", "scale", "title", "citation", "licence"):
        facts.add_argument(
            f"--{name}", help="as in the card" if name != "scale" else "counts, log2 or linear"
        )
    samples = add.add_argument_group("what the samples are")
    for name in ("group", "subject", "batch", "replicate-of"):
        samples.add_argument(f"--{name}", metavar="COLUMN", help=f"column of the annotation with the {name}")
    samples.add_argument(
        "--sex",
        action="append",
        metavar="female|male|column=NAME|LABEL=female",
        help="sex of all samples; or its column; or what a label means (several divided by commas)",
    )
    samples.add_argument(
        "--contrast", action="append", metavar="CASE:REFERENCE", help="instead of the proposed contrasts"
    )


def _add(chosen: argparse.Namespace) -> int:
    from sevaxis.drafting import add
    from sevaxis.drafting.wishes import parse_wishes
    from sevaxis.rehearsal import rehearse

    sheets, samples = list(chosen.sheet or []), chosen.samples
    if samples and Path(samples).is_file():
        sheets, samples = [*sheets, Path(samples)], None
    facts = ("organism", "tissue", "compartment", "assay", "scale", "title", "citation", "licence")
    wishes = parse_wishes(
        reader=chosen.reader,
        options=chosen.option,
        samples=samples,
        orientation=chosen.orientation,
        contrasts=chosen.contrast,
        sex=chosen.sex,
        columns={name: getattr(chosen, name) for name in ("group", "subject", "batch", "replicate_of")},
        facts={name: getattr(chosen, name) for name in facts},
    )
    asked = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty() and not chosen.yes
    added = add(
        chosen.wanted,
        id=chosen.id,
        sheets=sheets or None,
        mirror=chosen.mirror,
        folder=chosen.folder,
        dry_run=chosen.dry_run,
        wishes=wishes,
        yes=chosen.yes,
        ask=input if asked else None,
        rehearse=rehearse,
    )
    print(*added.tell(dry_run=chosen.dry_run), sep="\n")
    return 0


def _catalogue(chosen: argparse.Namespace) -> int:
    from sevaxis.study.catalogue import list_cards, list_leads, select, tell, tell_leads

    entries, problems = list_cards(chosen.folder)
    carded = {entry.id for entry in entries if entry.assay != "effects"}
    leads = list_leads(carded)
    wanted = {"organism": chosen.organism, "question": chosen.question}
    chosen_ids = {id(entry) for entry in select([*entries, *leads], **wanted)}
    print(*tell([entry for entry in entries if id(entry) in chosen_ids]), sep="\n")
    print("\nNot yet carded; `sevaxis add ACCESSION` drafts the card:")
    print(*tell_leads([entry for entry in leads if id(entry) in chosen_ids]), sep="\n")
    if problems:
        raise Problems(problems)
    return 0


def _diff(chosen: argparse.Namespace) -> int:
    from sevaxis.diff import diff_runs

    if chosen.old_name:
        print("`sevaxis compare` is now called `sevaxis diff`.", file=sys.stderr)
    changes = diff_runs(chosen.run_a, chosen.run_b, fdr=chosen.fdr)
    print(*changes.tell(), sep="\n")
    if chosen.output:
        changes.effects.to_csv(chosen.output, sep="\t", index=False, float_format="%.6g")
        print(f"Every changed row: {chosen.output}")
    return 0


def _robustness(chosen: argparse.Namespace) -> int:
    from anndata import read_h5ad

    from sevaxis.base.problems import nearest
    from sevaxis.effects.robustness import vary_choices
    from sevaxis.study.study import load_study

    study = load_study(chosen.configuration)
    if chosen.dataset not in study.cards:
        allowed, hint = ", ".join(study.cards), nearest(chosen.dataset, study.cards)
        refuse(
            "There is no such data set in the study",
            where=str(chosen.configuration),
            found=chosen.dataset,
            allowed=allowed,
            hint=hint,
        )
    matrix = study.results / "datasets" / chosen.dataset / "matrix.h5ad"
    if not matrix.is_file():
        hint = f"run snakemake --configfile {chosen.configuration} first"
        refuse(
            "The study has not been run",
            where=str(matrix),
            found="no file",
            allowed="an assessed matrix",
            hint=hint,
        )
    settings = study.configuration
    found = vary_choices(
        read_h5ad(matrix),
        study.cards[chosen.dataset],
        chosen.contrast,
        axis=settings.axis.genes,
        min_per_group=settings.thresholds.min_per_group,
        fdr=settings.thresholds.fdr,
        seed=settings.seed,
    )
    print(f"{chosen.dataset}, {found.contrast}, {found.stratum}")
    print(found.choices.to_string(index=False, float_format=lambda value: f"{value:.3f}"))
    print("\nAxis genes:")
    print(found.axis.to_string(index=False, float_format=lambda value: f"{value:.3g}"))
    total, always = len(found.findings), int((found.findings["stands"] == found.findings["choices"]).sum())
    print(f"\n{always} of {total} findings stand under every choice.")
    if chosen.output:
        found.findings.to_csv(chosen.output, sep="\t", index=False, float_format="%.6g")
        print(f"Every finding: {chosen.output}")
    return 0


def _schema(chosen: argparse.Namespace) -> int:
    from sevaxis.study.schemas import PAGES, write_options, write_schemas

    for path in [*write_schemas(chosen.folder), *(write_options(Path(page)) for page in PAGES)]:
        print(path)
    return 0
