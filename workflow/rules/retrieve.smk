# Card: bring the files of a data set here, checksums verified. Runs on the host that has the network.
localrules:
    retrieve,
    orthologs,
    identifiers,


rule retrieve:
    input:
        own_files,
    output:
        DATA / "{dataset}" / "files.json",
    log:
        "logs/retrieve/{dataset}.log",
    benchmark:
        "logs/retrieve/{dataset}.tsv"
    conda:
        "../../envs/retrieve.yaml"
    resources:
        mem_mb=memory(1),
        runtime=120,
    params:
        card=part(RetrieveCard),
        seed=lambda wildcards: {"seed": settings.seed} if settings.simulated else {},
        tables=tables("retrieve"),
        code=code("retrieve"),
    message:
        "Retrieve the files of {wildcards.dataset}"
    script:
        "../scripts/retrieve.py"


rule orthologs:
    output:
        DATA / "orthologs" / f"{settings.name}.{{organism}}.parquet",
    log:
        f"logs/orthologs/{settings.name}.{{organism}}.log",
    benchmark:
        f"logs/orthologs/{settings.name}.{{organism}}.tsv"
    conda:
        "../../envs/retrieve.yaml"
    resources:
        mem_mb=memory(2),
        runtime=60,
    params:
        source=ortholog_source,
        code=CODE["orthologs"],
    message:
        "Retrieve the human orthologs of {wildcards.organism}"
    script:
        "../scripts/orthologs.py"


# All organisms in one job, since the proteins of one are strangers to the others; kept for all studies that name the
# same tables.
rule identifiers:
    input:
        [source.path for source in TABLES_OF_GENES.sources if source.path],
    output:
        tables=[genes_table(organism) for organism in TABLES_OF_GENES.organisms],
        records=[
            genes_table(organism, "json") for organism in TABLES_OF_GENES.organisms
        ],
    log:
        f"logs/identifiers/{GENES_DIGEST}.log",
    benchmark:
        f"logs/identifiers/{GENES_DIGEST}.tsv"
    conda:
        "../../envs/retrieve.yaml"
    resources:
        mem_mb=memory(4),
        runtime=60,
    params:
        tables=TABLES_OF_GENES.model_dump(mode="json"),
        code=CODE["identifiers"],
    message:
        "Retrieve the identifiers of {TABLES_OF_GENES.organisms}"
    script:
        "../scripts/identifiers.py"
