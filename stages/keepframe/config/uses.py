"""
What the TOML names and sets, held against the contract of the callable that is named.

How a contract is read from a signature is the kernel's business.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import numpy as np

from keepframe.capture.naming import VIDEOS, Named, named
from keepframe.config.imports import hidden_module
from keepframe.config.pipeline import Use, frozen
from keepframe.config.problems import Keys, Problems, nearest, path_of, told
from keepframe.frame import Frame
from keepframe.stage import Contract, Option, find, read_contract
from keepframe.stage.load import short_names

WRONG: Any = object()
"""In place of a value that was refused already, so that it does not count as missing too."""

_TINY = Frame(camera="trial").with_image(np.zeros((8, 8), np.uint8))


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads uses for one pipeline: where its paths start, and where its problems go."""

    folder: Path
    problems: Problems
    _read: dict[str, Contract] = field(default_factory=dict, repr=False)
    """What was read, by name: a hundred cameras have few kinds of source."""

    def contract(self, keys: Keys, use: Any) -> Contract | None:
        """The contract of what is named at `keys`; None, and a problem, if there is none."""
        if not isinstance(use, str) or not use:
            where = _where(keys, str(use)) if isinstance(use, int) else None
            self.problems.add(keys, where or f"expected the name of a callable, got {told(use)}")
            return None
        try:
            if use not in self._read:
                self._read[use] = read_contract(find(use), use)
            return self._read[use]
        except (LookupError, ValueError, TypeError, ImportError) as error:
            hidden = hidden_module(use, self.folder) if ":" in use else None
            self.problems.add(keys, hidden or _where(keys, use) or _no_source(keys, use, error) or str(error))
        except Exception as error:  # noqa: BLE001  an entry point of somebody else's may raise anything
            self.problems.add(keys, f"{use!r} fails while it is imported: {type(error).__name__}: {error}")
        return None

    def options(
        self, keys: Keys, contract: Contract, table: Mapping[str, Any], known: Iterable[str]
    ) -> dict[str, Any]:
        """
        The options in `table`, checked and converted; paths made absolute.

        A value that does not fit becomes a problem, and WRONG. known: further keys that may stand in that table, to name the nearest among.
        """
        options = {}
        for name, value in table.items():
            option = contract.options.get(name)
            if option is None:
                names = [*contract.options, *known]
                self.problems.unknown((*keys, name), names, f"option of {contract.use!r}")
                continue
            try:
                options[name] = self._converted(option, value)
            except (TypeError, ValueError):
                options[name] = WRONG
                self.problems.add(
                    (*keys, name), f"expected {option.expected}, got {told(value)}{_near(option, value)}"
                )
        return options

    def made(self, keys: Keys, contract: Contract, options: dict[str, Any]) -> Use:
        """
        A use whose options are whole: what is missing, or out of range as its own code says, becomes a problem.

        A path that is a default starts at the TOML's folder like every other.
        """
        defaults = {option.name: option.default for option in contract.options.values()}
        paths = {
            name: self._absolute(default) for name, default in defaults.items() if isinstance(default, Path)
        }
        wrong = {name for name, value in options.items() if value is WRONG}
        options = {name: value for name, value in {**paths, **options}.items() if name not in wrong}
        missing = [
            option
            for option in contract.options.values()
            if option.is_required and option.name not in options and option.name not in wrong
        ]
        for option in missing:
            self.problems.add(
                (*keys, option.name), f"missing; {contract.use!r} needs it: expected {option.expected}"
            )
        if not missing and not any(contract.options[name].is_required for name in wrong):
            self._try(keys, contract, options)
        return Use(contract.use, frozen(options), contract)

    def _try(self, keys: Keys, contract: Contract, options: dict[str, Any]) -> None:
        """
        Try a built-in once, so that a value out of range is told before anything starts.

        Not a user's own: its constructor may load a model, and every process reads the whole pipeline.
        """
        if not getattr(contract.target, "__module__", "").startswith("keepframe."):
            return
        told = _complaint(contract, options)
        if told is None:
            return
        needed = {name: value for name, value in options.items() if contract.options[name].is_required}
        rest = [(name, value) for name, value in options.items() if name not in needed]
        alone = [_complaint(contract, {**needed, name: value}) for name, value in rest]
        for text in dict.fromkeys([told, *alone]):  # a constructor stops at the first; the user shall see all
            if text is not None:
                self._refused(keys, contract, text)

    def _refused(self, keys: Keys, contract: Contract, text: str) -> None:
        """Tell what a callable said of its options, at the one it speaks of."""
        named = [name for name in contract.options if re.search(rf"\b{name}\b", text)]
        where = (*keys, named[0]) if len(named) == 1 else keys
        if len(named) == 1:
            text = text.removeprefix(f"{contract.use}: ").removeprefix(f"{named[0]}: ")
        self.problems.add(where, text)

    def _converted(self, option: Option, value: Any) -> Any:
        if isinstance(value, dict):
            raise TypeError("no option is a table")
        converted = option.convert(value)
        if isinstance(converted, Path):
            if not str(value) or "\0" in str(value):
                raise ValueError("no path")
            return self._absolute(converted)
        if isinstance(converted, list | tuple):
            return type(converted)(self._absolute(v) if isinstance(v, Path) else v for v in converted)
        return converted

    def _absolute(self, path: Path) -> Path:
        return Path(os.path.normpath(self.folder / path.expanduser()))


def names_of_kind(kind: str) -> list[str]:
    """The short names of the built-ins of one kind: "source", "stage" or "archive"."""
    return [name for name, of in _kinds().items() if of == kind]


@cache
def _kinds() -> dict[str, str]:
    """Of which kind each built-in is, by its short name; found out once, since it takes an import of each."""
    return {name: read_contract(find(name), name).kind for name in sorted(short_names())}


def _where(keys: Keys, use: str) -> str | None:
    """What to write where somebody wrote an address, a path or a number for a source, as `watch` takes them; None for anything else."""
    is_video = Path(use).suffix.lower() in VIDEOS
    is_path = ":" not in use and ("/" in use or is_video or use in (".", ".."))
    if keys[-1] != "source" or not ("://" in use or use.isdecimal() or is_path):
        return None
    try:
        meant = named(use)
    except FileNotFoundError:
        meant = Named("video" if is_video else "folder", {"path": use})
    except ValueError as error:
        return str(error)
    options = " and ".join(f"{name} = {json.dumps(value)}" for name, value in meant.options.items())
    return f'{use} says where, not what reads it; write source = "{meant.source}" and {options}'


def _no_source(keys: Keys, use: str, error: Exception) -> str | None:
    """What to say of a name that nothing has, where a source must stand: stages are no help there. None for anything else."""
    if keys[-1] != "source" or ":" in use or not isinstance(error, LookupError):
        return None
    return f'nothing is named {use!r}; {nearest(use, names_of_kind("source"))} (your own: "module:attribute")'


def refusal(keys: Keys, contract: Contract) -> str | None:
    """Why something cannot stand in a stage; None if it can."""
    if contract.kind == "source":
        return f"{contract.use!r} is a source: it takes no frame; name it in [cameras.NAME] source"
    if contract.kind == "join":
        inputs = ", ".join(contract.inputs)
        return f"{contract.use!r} joins {len(contract.inputs)} inputs ({inputs}); joins cannot be run yet: give it one input"
    if contract.kind == "archive" and "steps" in keys:
        return f"{contract.use!r} is an archive and runs on its own: write a table for it, with use = {contract.use!r}"
    if contract.per == "process" and path_of(keys).startswith("cameras."):
        return f"{contract.use!r} is one for all cameras; set it in [stages.{keys[3]}]"
    return None


def _complaint(contract: Contract, options: Mapping[str, Any]) -> str | None:
    """What a callable says against these options; None if nothing."""
    try:
        if contract.is_class:
            contract.target(**options)
        elif contract.kind == "stage":
            contract.target(_TINY, **options)
    except (ValueError, TypeError, LookupError, ImportError) as error:
        return str(error)
    return None


def _near(option: Option, value: Any) -> str:
    """The nearest of an option's words, where it has words."""
    alternatives = (option.annotation, *get_args(option.annotation))
    words = [word for a in alternatives if get_origin(a) is Literal for word in get_args(a)]
    if not words or not isinstance(value, str):
        return ""
    hint = nearest(value, map(str, words))
    return f"; {hint}" if hint.startswith("did") else ""
