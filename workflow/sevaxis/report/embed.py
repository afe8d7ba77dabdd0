"""What goes into the page besides its text: compressed data and the two libraries, none of it fetched.

Data and libraries are gzipped and base64-coded: a third of their size, nothing in them can end a script element,
and the browser neither decodes nor parses what nobody scrolls to.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
from collections.abc import Iterable
from importlib import resources
from typing import Any

import numpy as np


def pack(value: Any) -> str:
    """JSON of a value, gzipped and base64-coded; NaN becomes null."""
    text = json.dumps(
        _finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True
    )
    return compress(text.encode())


def compress(data: bytes) -> str:
    """Bytes gzipped (no time stamp) and base64-coded."""
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode("ascii")


def scaled(values: Iterable[float], factor: int) -> list[int | None]:
    """Numbers times a factor as whole numbers, which JSON and gzip keep small; None where missing."""
    array = np.asarray(values, dtype=float) * factor
    return [None if not math.isfinite(x) else int(x) for x in np.round(array)]


def libraries() -> dict[str, str]:
    """The offline bundles of plotly.js (MIT) and of DataTables as itables ships it (MIT), packed.

    Returns
    -------
    dict
        ``plotly``, ``datatables`` and ``datatables_css``.
    """
    from plotly.offline import get_plotlyjs

    tables = resources.files("itables") / "html"
    return {
        "plotly": compress(get_plotlyjs().encode()),
        "datatables": compress((tables / "dt_bundle.js").read_bytes()),
        "datatables_css": compress((tables / "dt_bundle.css").read_bytes()),
    }


def _finite(value: Any) -> Any:
    """The value with plain types: numpy scalars unwrapped, missing values None."""
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is not None and str(value) == "<NA>":
        return None
    return value
