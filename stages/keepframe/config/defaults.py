"""
The stages of a pipeline that names none: a file with nothing but [cameras.NAME] is complete.

Only what the steps are stands here; what their options default to is said by their own signatures.
"""

from __future__ import annotations

import tomllib
from typing import Any

DEFAULT_STAGES = """
[preprocess]
inputs = ["capture"]
steps = [{ use = "grayscale", min_width = 240 }, { use = "downsample", height = 120 }]

[score]
inputs = ["preprocess"]
use = "change"

[archive]
inputs = ["score"]
use = "archive"
"""


def default_stages() -> dict[str, dict[str, Any]]:
    """
    A fresh copy of the default tables.

    >>> list(default_stages())
    ['preprocess', 'score', 'archive']
    """
    return tomllib.loads(DEFAULT_STAGES)
