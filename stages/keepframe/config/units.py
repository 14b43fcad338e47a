"""
Sizes and durations as people write them: "64MB", "1s", "500ms".

A bare number says neither; a size may be given as whole bytes, since its key says so.
"""

from __future__ import annotations

import math
import re
from typing import Any

from keepframe.config.problems import told

_NUMBER = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*")
SIZES = {
    "B": 1,
    "kB": 1000,
    "KB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
}
DURATIONS = {"ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}


def size(value: Any) -> int:
    """
    A size in bytes, at least 1. Raises ValueError with "expected …, got …".

    >>> size("64MB"), size("1.5 KiB"), size(4096)
    (64000000, 1536, 4096)
    """
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    found = _scaled(value, SIZES)
    if found is None or found < 1:
        raise ValueError(f"expected a size like '64MB', got {told(value)}")
    return int(found)


def seconds(value: Any) -> float:
    """
    A duration in seconds, more than 0. Raises ValueError with "expected …, got …".

    >>> seconds("500ms"), seconds("2 min")
    (0.5, 120.0)
    """
    found = _scaled(value, DURATIONS)
    if found is None or found <= 0:
        raise ValueError(f"expected a duration like '1s' or '500ms', got {told(value)}")
    return found


def _scaled(value: Any, units: dict[str, Any]) -> float | None:
    match = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[2] not in units:
        return None
    found = float(match[1]) * units[match[2]]
    return found if math.isfinite(found) else None
