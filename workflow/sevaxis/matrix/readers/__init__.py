"""Readers: one function per file format, all giving the same AnnData.

A reader is called as ``read(path, **options)`` and returns an AnnData of samples x features:

- ``X``: the file's values as float64, NaN where the file holds nothing. Zeros stay zeros; what they mean is the
  card's to say (:mod:`sevaxis.matrix.read`).
- ``obs``: index = sample names as the file has them; columns = the file's own sample annotation, if any.
- ``var``: index = feature names as the file has them (unique); columns = identifiers the file gives, under the
  names ``symbol``, ``ensembl``, ``entrez``, ``refseq``, ``uniprot`` where they are such, other columns as they are.
- ``uns["reading"]``: what was dropped, joined or decided on the way: plain counts and words, never silent.

For published result tables ``obs`` has one row per contrast and the layers hold ``log2fc``, ``se``, ``t``, ``p``,
``q``, ``mean_abundance``, ``n_case``, ``n_reference``. For sample sheets (``content: samples``) only ``obs`` counts.

The keyword-only parameters of a reader's function, with their types and defaults, are its options in a card: they
are checked before any job starts. Heavy libraries are imported inside the functions.

What formats have in common stands once, in :mod:`sevaxis.matrix.readers.tables`: bytes to typed columns (``text``),
which columns are samples (``layouts``), names and duplicates (``assembly``), decoys and contaminants (``proteins``),
probes of arrays (``probes``).
"""
