"""The matrix room: what every data set's AnnData holds, whatever file it came from.

Samples x features. What later rooms rely on:

``X``
    Raw counts, or log2 intensities with NaN for what was not detected. Float64.
``layers["log2"]``
    Normalised log2 values (log2 counts per million for counts), added by assess: for figures and PCA.
``obs`` (index: sample)
    ``group``, ``sex`` (female, male or missing), ``batch``, ``subject`` (missing where the card names none), then
    every other column of the sheet under its own name (numbers where it holds nothing else). Assess adds ``total``
    (reads, or summed intensity; missing for ratios), ``detected``, ``missing_rate``, ``sex_called`` (female, male,
    ambiguous or missing), ``outlier`` (bool), ``included`` (bool) and ``excluded_because`` (text, empty where
    included), and for counts ``norm_factor`` (TMM).
``var`` (index: feature_id)
    ``feature_id``, ``symbol`` (the gene's current one; ``A;B`` where genes share the identifier), ``ensembl``,
    ``entrez``, ``refseq``, ``uniprot`` (missing where unknown), ``human_symbol``, ``ortholog_type`` (same_species,
    one2one, one2many, many2one, many2many, none), ``mapping_route`` (which identifier found the gene, or why none),
    ``symbol_given`` where the data call genes otherwise, then the file's own columns.
``uns["dataset"]``
    The card's kind: id, organism, tissue, compartment, assay, scale.
``uns["normalisation"]``
    Added by assess: ``method`` and ``text`` of what made ``layers["log2"]`` comparable.
``uns["identifiers"]``
    Namespaces by whose identifiers the data set names its features (:class:`sevaxis.base.vocabulary.Namespace`).
``uns["provenance"]``
    JSON text: ``files`` with sha256, readers with options and what they report, ``joining``, ``samples`` excluded and
    why, ``values`` (what the numbers look like), ``mapping`` (see :func:`sevaxis.genes.mapping.map_features`).

Published result tables (assay ``effects``) have one row of ``obs`` per contrast and the layers ``log2fc``, ``se``,
``t``, ``p``, ``q``, ``mean_abundance``, ``n_case``, ``n_reference``, ``df`` instead of values.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sevaxis.base.problems import Problem, Problems, refuse
from sevaxis.base.vocabulary import Assay, Scale
from sevaxis.matrix.matching import match_samples, sheet_of
from sevaxis.matrix.numbers import BASES
from sevaxis.matrix.readers.registry import reader, reader_options
from sevaxis.matrix.scales import LARGEST_LOG2, check_identical, check_scale, to_log2
from sevaxis.matrix.specimens import combine_replicates
from sevaxis.study.card import ReadableFile, ReadCard
from sevaxis.study.sheet import load_sheet

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

EXAMPLES = 10


def read(
    card: ReadCard,
    folder: Path,
    *,
    sheet: Path | None,
    orthologs: Path | None,
    genes: Path | None = None,
) -> AnnData:
    """Read the files of a data set and join them with its sample sheet.

    Parameters
    ----------
    card
        What to read and how.
    folder
        Folder of the retrieved files, with ``files.json``.
    sheet
        The sample sheet; None where the card names a retrieved file (``samples_from``), and for published results.
    orthologs
        Parquet table of :func:`sevaxis.genes.orthologs.build_orthologs`; None where the study has none.
    genes
        Parquet table of :func:`sevaxis.genes.gene_table.build_gene_table`, beside it a JSON file that names its
        sources; None where the study names no tables of identifiers.

    Returns
    -------
    AnnData
        As described above; ``write_h5ad`` gives the same bytes for the same inputs.

    Raises
    ------
    Problems
        Everything that is wrong with samples, values and features, together as far as each lets the next be seen.
    """
    import pandas as pd
    import polars as pl

    from sevaxis.genes.mapping import map_features

    parts = {file.name: _read_file(file, folder) for file in card.files if file.reader is not None}
    adata, joining = _join(card, parts)
    provenance: dict[str, Any] = {"files": _files(card, folder, parts), "joining": joining}
    if card.assay != Assay.EFFECTS:
        adata, provenance["samples"], specimens = _attach_samples(card, adata, parts, sheet)
        adata, provenance["values"] = _settle_values(card, adata)
        if specimens is not None:
            counted = card.scale == Scale.COUNTS
            adata, provenance["replicates"] = combine_replicates(adata, specimens, counted=counted)
    else:
        provenance["values"] = _settle_effects(card, adata)
    _annotate_features(card, adata, parts)
    table = pd.read_parquet(orthologs) if orthologs is not None else None
    known = pl.read_parquet(genes) if genes is not None else None
    provenance["mapping"] = map_features(adata, card.organism, table, known)
    provenance["mapping"]["tables"] = {
        "orthologs": orthologs.name if orthologs is not None else None,
        "identifiers": json.loads(genes.with_suffix(".json").read_text()) if genes is not None else [],
    }
    about = {
        "id": card.id,
        "organism": card.organism,
        "tissue": card.tissue,
        "compartment": card.compartment,
        "assay": card.assay,
        "scale": Scale.COUNTS if card.scale == Scale.COUNTS else Scale.LOG2,
    }
    # h5ad files hold plain text, not terms
    adata.uns["dataset"] = {key: str(value) for key, value in about.items()}
    adata.uns["provenance"] = json.dumps(provenance, sort_keys=True)
    adata.obs, adata.var = _storable(adata.obs), _storable(adata.var)
    return adata


def _read_file(file: ReadableFile, folder: Path) -> AnnData:
    options = reader_options(file.reader).model_validate(file.options)
    try:
        part = reader(file.reader)(folder / file.name, **dict(options))
    except Problems:
        raise
    except Exception as error:  # what libraries make of damaged files has no end; the log has the whole of it
        what, found = (
            f"The reader '{file.reader}' cannot read the file",
            f"{type(error).__name__}: {error!s:.300}",
        )
        hint = (
            "fetch it again if it is damaged, name another `reader` if it is of another format; else tell us"
        )
        raise Problems([Problem(what, file.name, found, f"a file for '{file.reader}'", hint)]) from error
    if file.sample is not None and file.content == "matrix":
        if part.n_obs != 1:
            found, hint = f"{part.n_obs} samples", "leave `sample` out, or read one sample of the file"
            refuse(
                "The card names one sample for a file of several",
                where=file.name,
                found=found,
                allowed="1",
                hint=hint,
            )
        part.obs_names = [file.sample]
    return part


def _files(card: ReadCard, folder: Path, parts: dict[str, AnnData]) -> list[dict[str, Any]]:
    """What each file was and what its reader decided."""
    listing = folder / "files.json"
    sums = {f["name"]: f["sha256"] for f in json.loads(listing.read_text())} if listing.is_file() else {}
    return [
        {
            "name": file.name,
            "sha256": sums.get(file.name),
            "reader": file.reader,
            "options": file.options,
            "content": file.content,
            "reading": _plain(dict(parts[file.name].uns.get("reading", {}))) if file.name in parts else None,
        }
        for file in card.files
    ]


def _join(card: ReadCard, parts: dict[str, AnnData]) -> tuple[AnnData, dict[str, Any]]:
    """One matrix from the files that hold values."""
    import anndata
    import pandas as pd

    wanted = "effects" if card.assay == Assay.EFFECTS else "matrix"
    tables = {
        f.name: parts[f.name] for f in card.files if f.name in parts and f.content in (wanted, "matrix")
    }
    where = f"data set {card.id}"
    if not tables:
        hint = "give one of the files a reader"
        refuse(
            "No file of the card holds values",
            where=where,
            found="no matrix",
            allowed="at least one",
            hint=hint,
        )
    names, frames = list(tables), list(tables.values())
    if len(frames) == 1:
        return frames[0].copy(), {}
    join = card.join or (
        "samples" if card.assay == Assay.EFFECTS or all(f.n_obs == 1 for f in frames) else None
    )
    if join is None:
        hint = "join: samples (each file brings more samples) or join: features (each brings more features)"
        refuse(
            "The card does not say how the files become one",
            where=where,
            found=", ".join(names),
            allowed="join",
            hint=hint,
        )
    axis = "obs" if join == "samples" else "var"
    repeated = pd.Index([n for f in frames for n in (f.obs_names if axis == "obs" else f.var_names)])
    repeated = repeated[repeated.duplicated()].unique()
    if len(repeated):
        word = "sample" if axis == "obs" else "feature"
        hint = "rename them with the reader's options" if axis == "obs" else "is it join: samples?"
        what = f"Two files have the same {word} names"
        refuse(
            what,
            where=", ".join(names),
            found=", ".join(map(str, repeated[:EXAMPLES])),
            allowed="unique names",
            hint=hint,
        )
    other = [f.var_names if axis == "obs" else f.obs_names for f in frames]
    everywhere = other[0][np.logical_and.reduce([other[0].isin(o) for o in other[1:]])]
    union = pd.Index(dict.fromkeys(name for names_ in other for name in names_))
    notes: dict[str, Any] = {
        "join": join,
        "files": names,
        "in_all_files": len(everywhere),
        "in_any_file": len(union),
    }
    adata = anndata.concat(frames, axis=axis, join="outer", merge="first", fill_value=np.nan)
    adata = adata[:, union].copy() if axis == "obs" else adata[union].copy()
    if card.scale == Scale.COUNTS and len(everywhere) < len(union) and axis == "obs":
        adata, notes["rule"] = _fill_counts(adata, frames, everywhere)
    return adata, notes


def _fill_counts(adata: AnnData, frames: list[AnnData], everywhere: pd.Index) -> tuple[AnnData, str]:
    """Features that some count tables do not list: 0 where the tables list only what was seen, else left out."""
    stripped = all((np.nansum(np.asarray(frame.X), axis=0) > 0).all() for frame in frames)
    if stripped:
        adata.X = np.nan_to_num(np.asarray(adata.X))
        return adata, "no table has a row of zeros, so a feature that a table does not list was not seen: 0"
    left_out = [str(name) for name in adata.var_names.difference(everywhere)]
    shown = ", ".join(left_out[:EXAMPLES])
    rule = f"{len(left_out)} features that not every table lists were left out (their counts are unknown): {shown}"
    return adata[:, everywhere].copy(), rule


def _attach_samples(
    card: ReadCard, adata: AnnData, parts: dict[str, AnnData], sheet: Path | None
) -> tuple[AnnData, dict[str, Any], list[str] | None]:
    """The samples of the sheet, in its order, with what it says about them."""
    if card.samples_from is not None:
        name = card.samples_from.file
        if name not in parts:
            hint = "give the file a reader"
            refuse(
                "The file with the sample sheet is not read",
                where=name,
                found="no reader",
                allowed="a reader",
                hint=hint,
            )
        rows = sheet_of(parts[name].obs, f"{name} (samples_from)")
    else:
        if sheet is None:
            raise ValueError(f"data set {card.id} has neither a sample sheet nor samples_from")
        rows, problems = load_sheet(sheet, str(sheet))
        if rows is None:
            raise Problems(problems)
    matched, problems = match_samples(
        rows,
        list(adata.obs_names),
        card,
        retrieved=card.samples_from is not None,
        features=list(adata.var_names),
    )
    if matched is None:
        raise Problems(problems)
    adata = adata[matched.positions].copy()
    adata.obs = matched.obs
    return adata, matched.notes, matched.specimens


def _matrix_files(card: ReadCard) -> str:
    """Files that hold the values, for messages."""
    files = [file.name for file in card.files if file.reader is not None and file.content == "matrix"]
    return ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")


def _settle_values(card: ReadCard, adata: AnnData) -> tuple[AnnData, dict[str, Any]]:
    """Counts, or log2 with NaN for what was not detected; refused where the numbers say otherwise."""
    values = np.asarray(adata.X, dtype=np.float64)
    names = (list(adata.obs_names), list(adata.var_names))
    zero_is_missing = card.values.zero_is_missing
    where = f"{_matrix_files(card)}, data set {card.id}"
    problems, facts = check_scale(values, card.scale, where, names, zero_is_missing=zero_is_missing)
    problems += check_identical(values, where, names[0])
    if problems:
        raise Problems(problems)
    facts["declared"] = card.scale
    if card.scale == Scale.LINEAR:
        values = to_log2(values)
        facts["became"] = "log2, 0 is not detected"
    elif card.scale != Scale.COUNTS:
        values = np.where(values == 0, np.nan, values) if zero_is_missing else values
        facts |= {"became": "0 is not detected"} if zero_is_missing else {}
        if card.scale != Scale.LOG2:
            values = values * np.log2(BASES[card.scale])
            facts["became"] = "log2"
    adata.X = values
    return adata, facts


def _settle_effects(card: ReadCard, adata: AnnData) -> dict[str, Any]:
    """Fold changes without bounds (one side was not detected) become missing; what no experiment gives is refused."""
    effects = np.asarray(adata.layers["log2fc"], dtype=np.float64)
    infinite = np.isinf(effects)
    adata.layers["log2fc"] = np.where(infinite, np.nan, effects)
    beyond = np.abs(np.where(infinite, 0, np.nan_to_num(effects))) > LARGEST_LOG2
    if beyond.any():
        row, column = np.argwhere(beyond)[0]
        where = f"{', '.join(file.name for file in card.files)}, contrast '{adata.obs_names[row]}'"
        refuse(
            "There are fold changes that no experiment gives",
            where=f"{where}, feature '{adata.var_names[column]}'",
            found=f"a log2 fold change of {effects[row, column]:g}, and {int(beyond.sum()) - 1} more",
            allowed=f"log2 fold changes between -{LARGEST_LOG2:g} and {LARGEST_LOG2:g}",
            hint="are these ratios (option fold_change: ratio), or codes for what is missing?",
        )
    return {"infinite_fold_changes": int(infinite.sum())} if infinite.any() else {}


def _annotate_features(card: ReadCard, adata: AnnData, parts: dict[str, AnnData]) -> None:
    """Columns of feature tables, by feature name; what the matrix says itself stands."""
    for file in card.files:
        if file.content == "features" and file.name in parts:
            table = parts[file.name]
            annotation = table.var if table.n_vars else table.obs
            new = [column for column in annotation.columns if column not in adata.var]
            adata.var = adata.var.join(annotation.loc[~annotation.index.duplicated(), new])


def _storable(frame: pd.DataFrame) -> pd.DataFrame:
    """Text as categories (with missing cells where nothing is known): what h5ad files keep, the same each time."""
    import pandas as pd

    stored = {}
    for column in frame.columns:
        cells = frame[column]
        if column != "feature_id" and (cells.dtype == object or isinstance(cells.dtype, pd.StringDtype)):
            text = cells.astype("object").where(cells.notna(), None)
            categories = sorted({str(cell) for cell in text if cell is not None})
            cells = pd.Categorical(
                [None if cell is None else str(cell) for cell in text], categories=categories
            )
        elif column == "feature_id":
            cells = cells.astype(object)
        elif pd.api.types.is_extension_array_dtype(cells.dtype) and not isinstance(
            cells.dtype, pd.CategoricalDtype
        ):
            cells = cells.astype(float)  # Int64 and boolean with missing cells
        stored[str(column)] = cells
    return pd.DataFrame(stored, index=frame.index)


def _plain(value: Any) -> Any:
    """Counts and words of a reader as JSON can hold them."""
    if isinstance(value, dict):
        return {str(key): _plain(cell) for key, cell in value.items()}
    if isinstance(value, (list, tuple, set, np.ndarray)):
        return [_plain(cell) for cell in value]
    return value.item() if isinstance(value, np.generic) else value
