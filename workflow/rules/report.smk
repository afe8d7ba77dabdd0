# Report: renders what the other rooms found; computes nothing.
rule report:
    input:
        effects=rules.answer.output.effects,
        axis=rules.answer.output.axis,
        answers=rules.answer.output.answers,
        files=every_dataset(rules.retrieve.output[0]),
        qualities=every_dataset(rules.assess.output.quality),
        models=every_dataset(rules.compare.output.model),
        values=every_dataset(rules.assess.output["values"]),
    output:
        html=RESULTS / "report.html",
        methods=RESULTS / "methods.md",
        provenance=RESULTS / "provenance.json",
        figures=directory(RESULTS / "figures"),
    log:
        f"logs/{settings.name}/report.log",
    benchmark:
        f"logs/{settings.name}/report.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=memory(4),
        runtime=60,
    params:
        questions=QUESTIONS,
        settings=settings.model_dump(mode="json", exclude={"mirror"}),
        cards=lambda wildcards: {
            name: card.model_dump(mode="json") for name, card in study.cards.items()
        },
        codes=CODE,
        gene_tables=tracking.gene_tables(study),
        panels={"panels": settings.panels},
        tables=PANELS,
        code=CODE["report"],
    message:
        "Write the report"
    script:
        "../scripts/report.py"
