"""The matrix room: what every data set's AnnData holds, whatever file it came from.

Samples x features. What later rooms rely on:

``X``
    Raw counts, or log2 intensities with NaN for what was not detected. Float64.
``layers["log2"]``
    Normalised log2 values (log2 counts per million for counts), added by assess: for figures and PCA.
``obs`` (index: sample)
    ``group``, ``sex`` (female, male or missing), ``batch``, ``subject`` (missing where the card names none), then
    every other column of the sheet under its own name. Assess adds ``total``, ``detected``, ``missing_rate``,
    ``sex_called`` (female, male, ambiguous or missing), ``outlier`` (bool), ``included`` (bool) and
    ``excluded_because`` (text, empty where included), and for counts ``norm_factor`` (TMM).
``var`` (index: feature_id)
    ``feature_id``, ``symbol``, ``ensembl``, ``entrez``, ``refseq``, ``uniprot`` (missing where unknown),
    ``human_symbol``, ``ortholog_type`` (same_species, one2one, one2many, many2one, many2many, none),
    ``mapping_route`` (which identifier found the human symbol), then the file's own columns.
``uns["dataset"]``
    The card's kind: id, organism, tissue, compartment, assay, scale.
``uns["provenance"]``
    Files with sha256, readers with options, what the readers and the mapping report, samples excluded and why.

Published result tables (assay ``effects``) have one row of ``obs`` per contrast and the layers ``log2fc``, ``se``,
``t``, ``p``, ``q``, ``mean_abundance``, ``n_case``, ``n_reference`` instead of values.
"""
