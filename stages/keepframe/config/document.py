"""
The TOML as written: read from its file, changed by `--set`, completed by the default stages.

What the keys mean is not known here.
"""

from __future__ import annotations

import copy
import re
import tomllib
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from keepframe.config.defaults import default_stages
from keepframe.config.pipeline import CAPTURE
from keepframe.config.problems import Keys, Problems, path_of, told
from keepframe.errors import ConfigError
from keepframe.redaction import redacted

Table = dict[str, Any]
_STEP = re.compile(r'"([^"]*)"|([^.\[\]"=]+)|\[(\d+)\]')


def read(path: Path) -> Table:
    """The tables of a TOML file. Raises ConfigError if there is none that can be read."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(
            str(path),
            ["there is no such file; `keepframe init` writes one, `keepframe watch SOURCE` needs none"],
        ) from None
    except IsADirectoryError:
        raise ConfigError(str(path), ["expected a TOML file, got a folder"]) from None
    except OSError as error:
        raise ConfigError(str(path), [f"cannot be read: {error.strerror or error}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), [f"expected UTF-8 text, got byte {error.start} that is none"]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(path), [f"not valid TOML: {error}{_toml_hint(str(error))}"]) from error


def assign(document: Table, setting: str, problems: Problems) -> None:
    """
    Change one value as `--set key.path=value` says; a value that is no TOML is a string.

    >>> document = {"cameras": {"a": {}}}
    >>> assign(document, "cameras.a.path=clip.mp4", Problems()); assign(document, "cameras.a.count=3", Problems())
    >>> document
    {'cameras': {'a': {'path': 'clip.mp4', 'count': 3}}}
    """
    written, equals, text = setting.partition("=")
    if redacted(text) != text:
        problems.add(
            (),
            f"--set {redacted(setting)!r}: a password on a command line can be read by everybody on this machine; "
            "set password_file or password_env instead",
        )
        return
    keys = _keys(written.strip())
    if not equals or not keys:
        problems.add((), f"--set {setting!r}: expected key.path=value, such as stages.score.threshold=0.1")
        return
    if any(isinstance(key, int) for key in keys):
        _write_out_default_steps(document, keys)
    *way, last = keys
    place: Any = document
    for depth, key in enumerate(way):
        if isinstance(place, dict) and isinstance(key, str):
            place = place.setdefault(key, {})
        elif _is_in(place, key):
            place = place[key]
        else:
            _no_place(problems, setting, keys[: depth + 1], place)
            return
    if not (isinstance(place, dict) and isinstance(last, str)) and not _is_in(place, last):
        _no_place(problems, setting, keys, place)
        return
    place[last] = value_of(text)


def value_of(text: str) -> Any:
    """
    A value as the command line gives it: TOML where it is TOML, else the text itself.

    >>> value_of("0.5"), value_of("last-kept"), value_of("[1, 2]"), value_of("2026-01-01"), value_of("a#b")
    (0.5, 'last-kept', [1, 2], '2026-01-01', 'a#b')
    """
    text = text.strip()
    is_quoted = text[:1] in ("'", '"', "[", "{")
    if "\n" in text or ("#" in text and not is_quoted):
        return text
    try:
        found = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return text if isinstance(found, date | datetime | time) else found


def completed(document: Table) -> Table:
    """
    The stage tables, with the defaults where the document is silent.

    The default stages stand unless some stage names `inputs`; then only those that are written exist. Either way a written
    table of a default's name changes only its keys, and one that says what to use says it whole.

    >>> completed({"stages": {"score": {"threshold": 0.1}}})["score"]
    {'inputs': ['preprocess'], 'use': 'change', 'threshold': 0.1}
    """
    written: Table = document.get("stages", {})
    tables = {name: table for name, table in written.items() if name != CAPTURE}
    defaults = default_stages()
    if any(isinstance(table, dict) and "inputs" in table for table in tables.values()):
        defaults = {name: table for name, table in defaults.items() if name in tables}
    merged: Table = {}
    for name in [*defaults, *(name for name in tables if name not in defaults)]:
        table, base = tables.get(name, {}), defaults.get(name, {})
        if not isinstance(table, dict):
            merged[name] = table
            continue
        if "use" in table or "steps" in table:
            base = {key: value for key, value in base.items() if key not in ("use", "steps")}
        merged[name] = {**base, **copy.deepcopy(table)}
    return merged


def stage_names(path: Path) -> list[str]:
    """The stages that a TOML file names, "capture" first, without asking whether they can run. Raises ConfigError if it cannot be read."""
    document = read(path)
    tables = document if isinstance(document.get("stages", {}), dict) else {}
    return [CAPTURE, *completed(tables)]


def _toml_hint(said: str) -> str:
    """What most often is behind an error of the TOML parser."""
    if said.startswith("Invalid value"):
        return '; text stands in quotes: path = "pictures"'
    if "\\" in said:
        return "; between single quotes a backslash is a backslash: 'C:\\pictures'"
    if said.startswith("Expected '=' after a key"):
        return '; a table stands in brackets: [cameras.NAME], a value after "=": path = "pictures"'
    return ""


def _keys(written: str) -> Keys:
    """The keys of a dotted path; empty if it is none."""
    keys: list[str | int] = []
    at = 0
    while at < len(written):
        if at and written[at] == ".":
            at += 1
        elif at and written[at] != "[":
            return ()
        match = _STEP.match(written, at)
        if match is None or (not keys and match[3] is not None):
            return ()
        keys.append(int(match[3]) if match[3] is not None else (match[1] or match[2] or "").strip())
        at = match.end()
    return tuple(keys) if not written.endswith(".") else ()


def _write_out_default_steps(document: Table, keys: Keys) -> None:
    """A place in a list of default steps can be set once the list stands in the document."""
    tables = document.get("stages", {})
    defaults = default_stages()
    if keys[0] != "stages" or len(keys) < 3 or keys[1] not in defaults or not isinstance(tables, dict):
        return
    name = str(keys[1])
    table = tables.get(name, {})
    if isinstance(table, dict) and "use" not in table and "steps" not in table and "steps" in defaults[name]:
        document.setdefault("stages", {}).setdefault(name, {})["steps"] = defaults[name]["steps"]


def _is_in(place: Any, key: str | int) -> bool:
    return isinstance(place, list) and isinstance(key, int) and key < len(place)


def _no_place(problems: Problems, setting: str, keys: Keys, place: Any) -> None:
    problems.add((), f"--set {setting!r}: there is no {path_of(keys)}; {path_of(keys[:-1])} is {told(place)}")
