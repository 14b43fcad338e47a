"""
Run a pipeline: the supervisor with one child process per camera and replica, or one process by hand.

`python -m keepframe.run` is the entry of the process that all children are forked from, which no user calls.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Progress": "result",
    "RunResult": "result",
    "all_processes": "addresses",
    "processes": "addresses",
    "run_process": "child",
    "runtime_folder": "folders",
    "supervise": "supervisor",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    """Import what is asked for, and no more: a child needs no supervisor."""
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
