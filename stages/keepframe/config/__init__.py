"""
TOML to frozen dataclasses: what a pipeline is, read and checked once, with everything that is wrong told at once.

Nothing is started here.
"""

from keepframe.config.imports import prepare_imports
from keepframe.config.load import load
from keepframe.config.pipeline import (
    CAPTURE,
    MARK_EVERY,
    Camera,
    Capture,
    Pipeline,
    Policy,
    Queue,
    Stage,
    Store,
    Use,
)

__all__ = [
    "CAPTURE",
    "MARK_EVERY",
    "Camera",
    "Capture",
    "Pipeline",
    "Policy",
    "Queue",
    "Stage",
    "Store",
    "Use",
    "load",
    "prepare_imports",
]
