"""YAML that would take all memory, all stack, or a traceback: refused with its line, at once."""

import time

import pytest
from sevaxis.base.yaml_source import load_yaml

NINE = "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9))


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("a: &a [x, x, x, x, x, x, x, x, x]\n" + NINE, "grows without measure", 6),
        ("a: &a {b: 1}\nc: &c {<<: *a}\n", None, 0),
        ("a: " + "[" * 100_000, "nested too deeply", 1),
        ("".join(" " * i + "a:\n" for i in range(3000)), "nested too deeply", 41),
        ("a: &x\n  b: *x\n", "contains itself", 2),
        ("b: 1\na: 2024-13-01\n", "neither a date nor a number", 2),
        ("b: 1\na: " + "1" * 5000, "neither a date nor a number", 2),
        ("a: b\nc: \x00\n", "not YAML", 2),
        (b"a: 1\nb: \xe9t\xe9\n", "cannot be read", 2),
        ("a: 1\n".encode("utf-16"), "cannot be read", 1),
        ("a: 1\nb: *nobody\n", "not YAML", 2),
        ("a: 1\n---\nb: 2\n", "not YAML", 2),
        ("a: 1\nb: 'open\nc: 2\n", "not YAML", 4),
        ("a: !!python/object:os.system x", "not YAML", 1),
        ("? [a, b]\n: c\n", "not YAML", 1),
        ("- a\n- b\n", "holds no settings", 1),
        ("", "holds no settings", 1),
        (b"a: " + b"x" * 6_000_000, "cannot be read", 1),
    ],
)
def test_a_file_that_must_not_be_built(tmp_path, text, what, line):
    path = tmp_path / "card.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    start = time.monotonic()
    source, problems = load_yaml(path, "card.yaml")
    assert time.monotonic() - start < 2
    if what is None:
        assert source.data["c"] == {"b": 1} and problems == []
        return
    (problem,) = problems
    assert source is None and what in f"{problem.what}"
    assert problem.where == f"card.yaml:{line}"
    assert problem.hint and "README" not in problem.hint.split(";")[0]
