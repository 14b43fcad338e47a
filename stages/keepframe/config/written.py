"""
A pipeline as the text of a TOML file: what is set, and beside it what else could be, commented out with its default.

What a person typed becomes a source in keepframe.capture; what a file says is read in load.py.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from keepframe.config.defaults import default_stages
from keepframe.stage import find, read_contract

Notes = Mapping[str, str]
BARE = re.compile(r"[A-Za-z0-9_-]+")
"""A key that TOML takes without quotes."""
SECRET = re.compile(r"(?i)pass|pwd|secret|token|auth|key")


def camera_table(
    name: str, source: str, options: Mapping[str, Any], notes: Notes | None = None
) -> Iterator[str]:
    """
    The lines of a table [cameras.NAME]: what is set, then the other options of that source, commented out.

    notes: what to say of an option beside it.

    >>> list(camera_table("door", "synthetic", {"count": 3}))[:3]
    ['[cameras.door]', 'source = "synthetic"', 'count = 3']
    """
    yield f"[cameras.{name if BARE.fullmatch(name) else value(name)}]"
    yield from _lines({"source": source, **options}, notes or {})
    yield from others(source, options)


def stage_table(name: str, options: Mapping[str, Any], notes: Notes | None = None) -> Iterator[str]:
    """
    The lines of a table [stages.NAME] of the default stages, likewise.

    >>> next(stage_table("archive", {}))
    '[stages.archive]'
    """
    yield f"[stages.{name}]"
    yield from _lines(options, notes or {})
    use = options.get("use", default_stages()[name].get("use"))
    if use is not None:
        yield from others(use, options)


def others(use: str, options: Mapping[str, Any]) -> Iterator[str]:
    """
    The options of a built-in that are not set, commented out, each with its default.

    >>> list(others("blur", {"sigma": 1.0, "size": 3, "levels": 1.0}))
    ['# kind = "gaussian"']
    """
    try:
        contract = read_contract(find(use), use)
    except LookupError:  # whoever loads the file is told
        return
    for option in contract.options.values():
        if option.name in options or option.is_required:
            continue
        if option.default is None:
            yield f"# {option.name}: {option.expected.removesuffix(' or nothing')}; not set"
        else:
            yield f"# {option.name} = {value(option.default)}"


def value(given: Any) -> str:
    r"""
    A value as TOML writes it: text, numbers, truth values, lists, tables on one line.

    >>> value(["a\n", 1.5, True]), value({"use": "blur", "sigma": 2.0})
    ('["a\\n", 1.5, true]', '{ use = "blur", sigma = 2.0 }')
    """
    if isinstance(given, Mapping):
        return "{ " + ", ".join(f"{key} = {value(item)}" for key, item in given.items()) + " }"
    if isinstance(given, list | tuple):
        return "[" + ", ".join(value(item) for item in given) + "]"
    if isinstance(given, Path):
        given = str(given)
    return json.dumps(given, ensure_ascii=False).replace("\x7f", "\\u007f")


def relocated(path: str, folder: Path) -> str:
    """
    A path that somebody typed here, as it must stand in a file in that folder; one that is absolute stays as it is.

    >>> relocated("pictures", Path("here/out")), relocated("/data/a.mp4", Path("out"))
    ('../../pictures', '/data/a.mp4')
    """
    there = Path(path).expanduser()
    return str(there) if there.is_absolute() else os.path.relpath(there, folder)


def has_secret(url: str) -> bool:
    """
    Whether an address carries something like a password, which must not be written down.

    >>> has_secret("http://cam/snap?user=a&pwd=b"), has_secret("http://cam/snap?size=1")
    (True, False)
    """
    parts = urlsplit(url)
    return parts.password is not None or any(SECRET.search(key) for key, _ in parse_qsl(parts.query))


def _lines(options: Mapping[str, Any], notes: Notes) -> Iterator[str]:
    for name, given in options.items():
        line = f"{name} = {value(given)}"
        yield f"{line.ljust(35)} # {notes[name]}" if name in notes else line
