"""
From what the TOML names to a Python object: a built-in's short name, an entry point, or "module:attribute".

What the object is fit for is read by contract.py. Nothing that comes over the network is ever looked up here.
"""

from __future__ import annotations

import importlib
import re
from difflib import get_close_matches
from importlib.metadata import entry_points
from typing import Any

ROOMS = ("capture", "preprocess", "score", "archive")
GROUP = "keepframe.stages"
_IMPORT = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def find(use: str, *, group: str = GROUP) -> Any:
    """
    The object that `use` names.

    Raises LookupError if there is nothing by that name (with the nearest one), ValueError if an import string is not well formed,
    and ImportError, with the cause, if the module is there but fails while it is imported.

    >>> find("keepframe.frame:Frame").__name__
    'Frame'
    """
    if ":" in use:
        return _import(use)
    for room in ROOMS:
        module = importlib.import_module(f"keepframe.{room}")
        if use in module.__all__:
            return getattr(module, use)
    for point in entry_points(group=group, name=use):
        return point.load()
    known = sorted(short_names() | {p.name for p in entry_points(group=group)})
    near = get_close_matches(use, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
    raise LookupError(f'nothing is named {use!r}; {hint} (your own: "module:attribute")')


def short_names() -> set[str]:
    """The short names of the built-in stages and sources."""
    rooms = (importlib.import_module(f"keepframe.{room}") for room in ROOMS)
    return {name for room in rooms for name in room.__all__ if name.islower()}


def _import(use: str) -> Any:
    if not _IMPORT.fullmatch(use):
        raise ValueError(f'import string {use!r} must be in the form "module:attribute"')
    module_name, _, attributes = use.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(error.name + ".")):
            raise LookupError(
                f"{use!r}: there is no module {error.name!r} beside pipeline.toml or installed"
            ) from error
        raise ImportError(f"{use!r}: the module fails while it is imported: {error}") from error
    except Exception as error:
        raise ImportError(
            f"{use!r}: the module fails while it is imported: {type(error).__name__}: {error}"
        ) from error
    for attribute in attributes.split("."):
        if not hasattr(found, attribute):
            near = get_close_matches(attribute, [n for n in dir(found) if not n.startswith("_")], 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise LookupError(f"{use!r}: {module_name!r} has no {attribute!r}{hint}")
        found = getattr(found, attribute)
    return found
