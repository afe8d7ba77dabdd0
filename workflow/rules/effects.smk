# Effects: one model per data set, all contrasts and strata, rows of one table.
rule compare:
    input:
        matrix=rules.assess.output.matrix,
    output:
        effects=DATASET / "effects.parquet",
        model=DATASET / "model.json",
        robustness=DATASET / "robustness.parquet",
        courses=DATASET / "courses.parquet",
    log:
        f"logs/{settings.name}/compare/{{dataset}}.log",
    benchmark:
        f"logs/{settings.name}/compare/{{dataset}}.tsv"
    conda:
        "../../envs/effects.yaml"
    resources:
        mem_mb=memory(4),
        runtime=60,
    params:
        card=part(CompareCard),
        axis={"genes": settings.axis.genes},
        thresholds=settings.thresholds.model_dump(
            include={"alpha", "power", "min_per_group"}
        ),
        robustness={"fdr": settings.thresholds.fdr, "seed": settings.seed},
        tables=tables("compare"),
        code=code("compare"),
    message:
        "Compare the groups of {wildcards.dataset}"
    script:
        "../scripts/compare.py"
