"""What no command, card or rule reaches yet: named here with the plan that needs it, or not there at all."""

import ast

from tests.imports import modules, reached

#: Public function of sevaxis.models that only tests reach -> what is planned to use it.
PLANNED = {
    "genesets.camera.camera": "pathways",
    "genesets.camera.camera_preranked": "pathways",
    "genesets.preranked.preranked": "pathways",
    "genesets.preranked_kernels.enrichment_score": "pathways",
    "genesets.preranked_kernels.extremes": "pathways",
    "genesets.preranked_kernels.move_above": "pathways",
    "genesets.preranked_kernels.null_scores": "pathways",
    "genesets.preranked_kernels.rises_above": "pathways",
    "genesets.rotation.fry": "pathways",
    "genesets.rotation.roast": "pathways",
    "genesets.sets.contrast_effects": "pathways",
    "genesets.sets.index_sets": "pathways",
    "genesets.sets.set_table": "pathways",
    "genesets.sets.z_score": "pathways",
    "meta.heterogeneity.paule_mandel": "replication across studies",
    "meta.heterogeneity.restricted_likelihood": "replication across studies",
    "meta.pooling.leave_one_out": "replication across studies",
    "meta.pooling.pool": "replication across studies",
    "meta.pooling.regress": "replication across studies",
    "mixed.formula.fit_mixed_formula": "clinical models",
}


def entries() -> list[str]:
    """The scripts of the rules, and the command line."""
    return [name for name in modules() if name == "sevaxis.cli" or name.endswith(".py")]


def shelf() -> set[str]:
    """Public functions of the models that nothing reaches."""
    found = reached(entries())
    return {
        f"{module.removeprefix('sevaxis.models.')}.{part}"
        for module, content in modules().items()
        if module.startswith("sevaxis.models")
        for part, statements in content.parts.items()
        if statements
        and isinstance(statements[0], ast.FunctionDef)
        and not part.startswith("_")
        and (module, part) not in found
    }


def test_the_shelf_holds_what_is_planned_and_nothing_else():
    assert shelf() == set(PLANNED)


def test_the_scripts_reach_the_models():
    found = reached(entries())
    assert ("sevaxis.models.linear.empirical_bayes", "moderate") in found
    assert ("sevaxis.models.counts.negative_binomial", "wald") in found
