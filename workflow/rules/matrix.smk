# Matrix: files and sheet become one AnnData; quality and normalisation are added to it.
rule read:
    input:
        files=rules.retrieve.output[0],
        orthologs=orthologs_of,
        genes=genes_of,
    output:
        DATASET / "raw.h5ad",
    log:
        f"logs/{settings.name}/read/{{dataset}}.log",
    benchmark:
        f"logs/{settings.name}/read/{{dataset}}.tsv"
    conda:
        "../../envs/matrix.yaml"
    resources:
        mem_mb=memory(4),
        runtime=60,
    params:
        card=part(ReadCard),
        sheet=sheet,
        tables=tables("read"),
        code=code("read"),
    message:
        "Read {wildcards.dataset}"
    script:
        "../scripts/read.py"


rule assess:
    input:
        matrix=rules.read.output[0],
    output:
        matrix=DATASET / "matrix.h5ad",
        quality=DATASET / "quality.json",
        values=DATASET / "axis_values.tsv",
    log:
        f"logs/{settings.name}/assess/{{dataset}}.log",
    benchmark:
        f"logs/{settings.name}/assess/{{dataset}}.tsv"
    conda:
        "../../envs/matrix.yaml"
    resources:
        mem_mb=memory(4),
        runtime=60,
    params:
        card=part(AssessCard),
        axis={"genes": settings.axis.genes},
        policy={"sex_mismatch": settings.sex_mismatch}
        | settings.thresholds.model_dump(include={"min_mapped"}),
        tables=tables("assess"),
        code=code("assess"),
    message:
        "Assess and normalise {wildcards.dataset}"
    script:
        "../scripts/assess.py"
