"""What counts as significant, and what is shown as a change."""

import numpy as np
import pandas as pd
from sevaxis.answers.readings import called, significant


def test_significant_is_tested_with_a_small_q_and_called_is_what_is_shown_as_a_change():
    rows = pd.DataFrame(
        {
            "status": ["tested", "tested", "tested", "low", "tested", "tested"],
            "q": [0.01, 0.05, 0.2, np.nan, 0.01, np.nan],
            "reading": [
                "up", "undetermined", "disappears", "not_measured", "published_down", "published_neither",
            ],
        }
    )  # fmt: skip
    assert significant(rows, 0.05).tolist() == [True, False, False, False, True, False]
    # the test of the family decides what is read as a change; only where there is none do the authors
    assert called(rows).tolist() == [True, False, True, False, True, False]
