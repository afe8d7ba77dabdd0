"""The folder tests/data: small, explained, and R's own numbers."""

import pandas as pd
import pytest

from tests.data import reduce

FILES = sorted(path for folder in ("simulated", "hard") for path in (reduce.HERE / folder).rglob("*.*"))


def test_every_file_is_explained():
    page = (reduce.HERE / "README.md").read_text()
    names = {path.name.split(".")[0].rstrip("0123456789") for path in FILES}
    assert {name for name in names if name not in page} == set()


def test_files_are_small():
    sizes = [path.stat().st_size for path in FILES]
    assert max(sizes) < 1.5e6
    assert sum(sizes) < 4.2e6


@pytest.mark.shared
def test_folder_is_what_the_script_makes(shared, tmp_path):
    reduce.main(shared / "reference", tmp_path)
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.*"))
    assert made == [path.relative_to(reduce.HERE) for path in FILES]
    for path in made:
        one, other = (pd.read_csv(folder / path, sep="\t", dtype=str) for folder in (tmp_path, reduce.HERE))
        pd.testing.assert_frame_equal(one, other)
