# Answers: the study's questions, asked of the effects of all data sets.
rule answer:
    input:
        effects=every_dataset(rules.compare.output.effects),
        files=every_dataset(rules.retrieve.output[0]) if settings.simulated else [],
    output:
        effects=RESULTS / "effects.parquet",
        text=RESULTS / "effects.tsv.gz",
        axis=RESULTS / "axis.tsv",
        answers=[RESULTS / "answers" / f"{question}.json" for question in QUESTIONS],
        tables=[RESULTS / "answers" / f"{question}.tsv" for question in QUESTIONS],
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
        axis=settings.axis.model_dump(mode="json"),
        thresholds=settings.thresholds.model_dump(
            include={"fdr", "alpha", "power", "smallest_effect"}
        ),
        tables=PANELS,
        code=CODE["answer"],
    message:
        "Answer the questions of the study"
    script:
        "../scripts/answer.py"
