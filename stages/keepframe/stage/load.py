"""
From what the TOML names to a Python object: a built-in's short name, an entry point, or "module:attribute".

What the object is fit for is read by contract.py. Nothing that comes over the network is ever looked up here.
"""

from __future__ import annotations

import importlib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ROOMS = ("capture", "preprocess", "score", "archive")
GROUP = "keepframe.stages"


def find(use: str, *, group: str = GROUP) -> Any:
    """
    The object that `use` names; a built-in goes before an entry point of the same name.

    Raises LookupError if there is nothing by that name (with the nearest one), ValueError if an import string is not well formed or two
    packages have an entry point of that name, and ImportError, with the cause, if the module is there but fails while it is imported.

    >>> find("keepframe.frame:Frame").__name__
    'Frame'
    """
    if ":" in use:
        return _import(use)
    for room in ROOMS:
        module = importlib.import_module(f"keepframe.{room}")
        if use in _short_names(module):
            return getattr(module, use)
    points = entry_points(group=group, name=use)
    if points:
        return _entered(use, points)
    known = sorted(short_names() | {p.name for p in entry_points(group=group)})
    near = get_close_matches(use, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
    raise LookupError(f'nothing is named {use!r}; {hint} (your own: "module:attribute")')


def entry_points(*, group: str, name: str | None = None) -> list[EntryPoint]:
    """What installed packages offer; looked into by who names something that is not built in, for its import takes as long as OpenCV's."""
    from importlib.metadata import entry_points as installed  # noqa: PLC0415

    return [point for point in installed(group=group) if name in (None, point.name)]


def short_names() -> set[str]:
    """The short names of the built-in stages and sources."""
    rooms = (importlib.import_module(f"keepframe.{room}") for room in ROOMS)
    return {name for room in rooms for name in _short_names(room)}


def _short_names(room: Any) -> list[str]:
    return [name for name in room.__all__ if name.islower()]  # what else a room exports is no stage


def _entered(use: str, points: list[EntryPoint]) -> Any:
    if len(points) > 1 and len({point.value for point in points}) > 1:  # one package may be seen twice
        told = ", ".join(sorted(point.value for point in points))
        raise ValueError(f"{use!r} is named by several installed packages; write one of: {told}")
    try:
        return points[0].load()
    except (Exception, SystemExit) as error:
        raise ImportError(f"{use!r} fails while it is imported: {type(error).__name__}: {error}") from error


def _import(use: str) -> Any:
    module_name, _, attributes = use.partition(":")
    if not all(part.isidentifier() for part in [*module_name.split("."), *attributes.split(".")]):
        raise ValueError(f'import string {use!r} must be in the form "module:attribute"')
    found = _module(use, module_name)
    owner = module_name
    for attribute in attributes.split("."):
        if not hasattr(found, attribute):
            near = get_close_matches(attribute, [n for n in dir(found) if not n.startswith("_")], 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise LookupError(f"{use!r}: {owner!r} has no {attribute!r}{hint}")
        found, owner = getattr(found, attribute), attribute
    return found


def _module(use: str, name: str) -> Any:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:  # a script without a main guard may leave with sys.exit()
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and (name == missing or name.startswith(f"{missing}.")):
            raise LookupError(
                f"{use!r}: there is no module {missing!r} beside pipeline.toml or installed"
            ) from error
        kind = "" if isinstance(error, ModuleNotFoundError) else f"{type(error).__name__}: "
        raise ImportError(f"{use!r}: the module fails while it is imported: {kind}{error}") from error
