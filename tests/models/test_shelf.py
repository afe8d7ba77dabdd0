"""What no command, card or rule reaches yet: named here with the plan that needs it, or not there at all."""

import ast
from functools import cache
from pathlib import Path

WORKFLOW = Path(__file__).resolve().parents[2] / "workflow"

#: Public function of sevaxis.models that only tests reach -> what is planned to use it.
PLANNED = {
    "counts.independent_filter.filter_independently": "independent filtering as an option of the negative binomial",
    "counts.outliers.find_count_outliers": "count outliers as an option of the negative binomial",
    "detection.firth_detection": "presence and abundance read together",
    "detection.joint_reading": "presence and abundance read together",
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
    "linear.design.aliased": "covariates that no model can tell from a contrast, refused by name as batches are",
    "linear.design.estimable": "covariates that no model can tell from a contrast, refused by name as batches are",
    "linear.empirical_bayes.f_test": "several contrasts tested together",
    "meta.heterogeneity.paule_mandel": "replication across studies",
    "meta.heterogeneity.restricted_likelihood": "replication across studies",
    "meta.pooling.leave_one_out": "replication across studies",
    "meta.pooling.pool": "replication across studies",
    "meta.pooling.regress": "replication across studies",
    "mixed.formula.fit_mixed_formula": "clinical models",
}


class Module:
    """A source file: what its names are, and which names each of its definitions uses.

    Attributes
    ----------
    imports
        Name here -> module and name there.
    parts
        Definition at the top -> its statements; under "" all that runs on import.
    """

    def __init__(self, path: Path):
        tree = ast.parse(path.read_text())
        self.imports = {
            alias.asname or alias.name: (node.module, alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sevaxis"
            for alias in node.names
        }
        self.parts: dict[str, list[ast.stmt]] = {"": []}
        for node in tree.body:
            defined = node.name if isinstance(node, ast.FunctionDef | ast.ClassDef) else ""
            self.parts.setdefault(defined, []).append(node)

    def uses(self, part: str) -> set[tuple[str | None, str]]:
        """What a definition uses: (module, name), the module None where the name is of this file."""
        found: set[tuple[str | None, str]] = set()
        for node in (node for statement in self.parts[part] for node in ast.walk(statement)):
            match node:
                case ast.Name(id=name) if name in self.imports:
                    found.add(self.imports[name])
                case ast.Name(id=name) if name in self.parts:
                    found.add((None, name))
                case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in self.imports:
                    found.add((".".join(self.imports[name]), attribute))
        return found


@cache
def modules() -> dict[str, Module]:
    """All of sevaxis by dotted name, and the scripts of the rules by path."""
    paths = {
        path: path.relative_to(WORKFLOW).with_suffix("") for path in (WORKFLOW / "sevaxis").rglob("*.py")
    }
    named = {".".join(parts.parts).removesuffix(".__init__"): Module(path) for path, parts in paths.items()}
    return named | {str(path): Module(path) for path in (WORKFLOW / "scripts").glob("*.py")}


def reached() -> set[tuple[str, str]]:
    """(module, definition) that the scripts and the command line get to."""
    known = modules()
    todo = [(name, "") for name in known if name == "sevaxis.cli" or not name.startswith("sevaxis")]
    todo += [("sevaxis.cli", name) for name in known["sevaxis.cli"].parts]
    seen: set[tuple[str, str]] = set()
    while todo:
        here, part = todo.pop()
        if (here, part) in seen:
            continue
        seen.add((here, part))
        for module, name in known[here].uses(part):
            there = module or here
            while there in known and name in known[there].imports:  # a package passes it on
                there, name = known[there].imports[name]
            if f"{there}.{name}" in known:
                there, name = f"{there}.{name}", ""
            if there in known:
                todo += [(there, ""), (there, name if name in known[there].parts else "")]
    return seen


def shelf() -> set[str]:
    """Public functions of the models that nothing reaches."""
    found = reached()
    return {
        f"{module.removeprefix('sevaxis.models.')}.{part}"
        for module, content in modules().items()
        if module.startswith("sevaxis.models")
        for part in content.parts
        if part
        and not part.startswith("_")
        and (module, part) not in found
        and isinstance(content.parts[part][0], ast.FunctionDef)
    }


def test_the_shelf_holds_what_is_planned_and_nothing_else():
    assert shelf() == set(PLANNED)


def test_the_scripts_reach_the_models():
    found = reached()
    assert ("sevaxis.models.linear.empirical_bayes", "moderate") in found
    assert ("sevaxis.models.counts.negative_binomial", "wald") in found
