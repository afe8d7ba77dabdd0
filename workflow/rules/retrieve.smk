# Card: bring the files of a data set here, checksums verified. Runs on the host that has the network.
localrules:
    retrieve,
    orthologs,


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
