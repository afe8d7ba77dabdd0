# sevaxis: card -> matrix -> effects -> answers -> report. Each room has its rules in workflow/rules.
from snakemake.utils import min_version

min_version("9.9")

# A study's own configuration replaces the demo's as a whole: nothing of one leaks into the other.
if "datasets" not in config:

    configfile: "config/config.yaml"


include: "workflow/rules/common.smk"


# Besides the report, what people open of each data set: Snakemake makes deleted files again only where they are asked
# for.
rule all:
    input:
        RESULTS / "report.html",
        expand(
            DATASET / "{file}",
            dataset=study.cards,
            file=[
                "quality.json",
                "effects.parquet",
                "model.json",
                "robustness.parquet",
                "courses.parquet",
            ],
        ),


include: "workflow/rules/retrieve.smk"
include: "workflow/rules/matrix.smk"
include: "workflow/rules/effects.smk"
include: "workflow/rules/answers.smk"
include: "workflow/rules/report.smk"


onsuccess:
    print(f"\n{last_words()}")


onerror:
    print(f"\n{files_wanted()}")
