# Answers: the study's questions, asked of the effects of all data sets. The axis table is made whatever they are.
rule answer:
    input:
        effects=every_dataset(rules.compare.output.effects),
        qualities=every_dataset(rules.assess.output.quality),
        models=every_dataset(rules.compare.output.model),
        courses=every_dataset(rules.compare.output.courses),
        robustness=every_dataset(rules.compare.output.robustness),
        files=every_dataset(rules.retrieve.output[0]) if settings.simulated else [],
    output:
        effects=RESULTS / "effects.parquet",
        text=RESULTS / "effects.tsv.gz",
        axis=RESULTS / "axis.tsv",
        answers=directory(RESULTS / "answers"),
    log:
        f"logs/{settings.name}/answer.log",
    benchmark:
        f"logs/{settings.name}/answer.tsv"
    conda:
        "../../envs/answers.yaml"
    resources:
        mem_mb=memory(6),
        runtime=60,
    params:
        questions=QUESTIONS,
        axis=settings.axis.model_dump(mode="json"),
        thresholds=settings.thresholds.model_dump(
            include={"fdr", "alpha", "power", "smallest_effect"}
        ),
        cohorts=COHORTS,
        panels={"panels": settings.panels},
        tables=PANELS,
        code=CODE["answer"],
    message:
        "Answer the questions of the study"
    script:
        "../scripts/answer.py"
