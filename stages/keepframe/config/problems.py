"""
What is wrong with a pipeline, collected: where, what was expected, what was found, and the nearest valid name.

Nothing is raised here; whoever has read everything raises once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

Keys = tuple[str | int, ...]
"""The way to a value: names of tables and keys, places in lists."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_MAX_SHOWN = 60


class Problems:
    """
    A list that problems are added to while reading goes on.

    >>> problems = Problems()
    >>> problems.add(("stages", "preprocess", "steps", 1, "width"), "expected int, got str 'wide'")
    >>> problems.found
    ["stages.preprocess.steps[1].width: expected int, got str 'wide'"]
    """

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, keys: Keys, message: str) -> None:
        """Note a problem of the value at `keys`; the same one is noted once."""
        text = f"{path_of(keys)}: {message}" if keys else message
        if text not in self.found:
            self.found.append(text)

    def unknown(self, keys: Keys, known: Iterable[str], what: str = "key") -> None:
        """Note that the last of `keys` is no key that can stand there."""
        self.add(keys, f"unknown {what}; {nearest(str(keys[-1]), known)}")


def path_of(keys: Keys) -> str:
    """
    The way to a value as one writes it in TOML.

    >>> path_of(("cameras", "front door", "path"))
    'cameras."front door".path'
    """
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
            continue
        shown = key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)
        text += ("." if text else "") + shown
    return text


def told(value: Any) -> str:
    """
    A value as it is quoted in a problem: its type and, shortened, what it is.

    >>> told("high"), told({}), told(True)
    ("str 'high'", 'a table', 'bool true')
    """
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, bool):
        return f"bool {str(value).lower()}"
    shown = repr(value)
    if len(shown) > _MAX_SHOWN:
        shown = shown[: _MAX_SHOWN - 1] + "…"
    return f"{type(value).__name__} {shown}"


def nearest(name: str, known: Iterable[str]) -> str:
    """
    The nearest valid name, or all of them where none is near.

    >>> nearest("treshold", ["threshold", "metric"]), nearest("x", ["threshold", "metric"])
    ("did you mean 'threshold'?", 'known: metric, threshold')
    """
    names = sorted(known)
    near = get_close_matches(name.lower(), names, 1) or get_close_matches(name, names, 1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known: {', '.join(names)}" if names else "none is known"
