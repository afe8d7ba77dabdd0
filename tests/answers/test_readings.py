"""What effects amount to, each reading with its reason."""

import numpy as np
import pandas as pd
from sevaxis.answers.readings import called, readings_of, significant


def test_readings_say_why():
    table = readings_of(
        [1.5, 0.3, 0.02, 0.5, np.nan, 0.4, -1.5, 0.5],
        [0.2, 0.05, 0.1, 0.5, np.nan, 0.2, 0.2, 0.2],
        [10, 10, 10, 4, 10, 400, 10, 0.2],
        [0.001, 0.01, 0.9, 0.5, np.nan, 0.06, 0.001, 0.9],
        margin=0.58,
    )
    assert table["reading"].tolist() == [
        "changed_up", "changed_up", "equivalent", "undetermined", "published", "undetermined", "changed_down",
        "undetermined",
    ]  # fmt: skip
    # half width 2.228 * 0.2 = 0.446
    assert table["why"][0] == "up, 95% interval +1.05 to +1.95"
    assert table["why"][1].endswith("but smaller than the smallest effect of interest 0.58")
    # noncentrality at df 4 is 3.761, times 0.5
    assert table["why"][3] == "underpowered: MDE80 1.9 exceeds the smallest effect of interest 0.58"
    assert table["why"][7] == "underpowered: less than one degree of freedom"
    assert table["why"][5].startswith("neither a change nor its absence is shown: 95% interval +0.01")


def test_significant_is_tested_with_a_small_q_and_called_is_what_is_shown_as_a_change():
    rows = pd.DataFrame(
        {
            "status": ["tested", "tested", "tested", "low", "tested", "tested"],
            "q": [0.01, 0.05, 0.2, np.nan, 0.01, np.nan],
            "reading": [
                "changed_up", "undetermined", "changed_down", "not_measured", "published", "published",
            ],
        }
    )  # fmt: skip
    assert significant(rows, 0.05).tolist() == [True, False, False, False, True, False]
    # Holm's test decides what is read as changed; only where there is none do the authors
    assert called(rows, 0.05).tolist() == [True, False, True, False, True, False]
