"""
One option of a stage: which types it may have, how it is told to the user, and how a value from the TOML becomes one.

How options are read from a signature is in contract.py; whether a value makes sense is the stage's business.
"""

from __future__ import annotations

import inspect
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

PLAIN = (bool, int, float, str, Path)
REQUIRED = inspect.Parameter.empty
ALLOWED = "bool, int, float, str, Path, a list of one of them, a dict from str to one of them, or a Literal"


@dataclass(frozen=True, slots=True)
class Option:
    """One keyword option of a stage: its type as annotated, and its default (REQUIRED if it has none)."""

    name: str
    annotation: Any
    default: Any = REQUIRED

    @property
    def is_required(self) -> bool:
        """Whether it must be given."""
        return self.default is REQUIRED

    @property
    def expected(self) -> str:
        """Its type in words: "float", "list of str", "'a' or 'b'", "int or nothing"."""
        return " or ".join(_in_words(a) for a in _alternatives(self.annotation))

    def convert(self, value: Any) -> Any:
        """
        The value as the stage gets it. Raises TypeError with "expected …, got …" if it does not fit.

        >>> Option("sigma", float).convert(2)
        2.0
        """
        for alternative in _alternatives(self.annotation):
            fits, converted = _fit(alternative, value)
            if fits:
                return converted
        raise TypeError(f"expected {self.expected}, got {type(value).__name__} {value!r}")


def is_allowed(annotation: Any) -> bool:
    """
    Whether an option may be annotated like this.

    >>> is_allowed(list[Path]), is_allowed(int | None), is_allowed(dict[str, float]), is_allowed(dict)
    (True, True, True, False)
    """
    return all(_is_allowed(a) for a in _alternatives(annotation))


def guess(default: Any) -> Any:
    """
    The type of an option without annotation: its default's, or any plain value if that tells nothing.

    >>> guess(0.5), guess([1, 2])
    (<class 'float'>, list[int])
    """
    if default is REQUIRED or default is None:
        anything = bool | int | float | str
        return anything if default is REQUIRED else anything | None
    if isinstance(default, list | tuple) and default:
        of: Any = guess(default[0])
        return list[of] if isinstance(default, list) else tuple[of, ...]
    return next((plain for plain in PLAIN if isinstance(default, plain)), type(default))


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(a for part in get_args(annotation) for a in _alternatives(part))
    return (annotation,)


def _is_allowed(annotation: Any) -> bool:
    if get_origin(annotation) in (list, tuple):
        return _item(annotation) is not None
    if get_origin(annotation) is dict:
        return get_args(annotation)[0] is str and get_args(annotation)[1] in PLAIN
    return annotation in (*PLAIN, type(None)) or get_origin(annotation) is Literal


def _item(annotation: Any) -> Any:
    """Of what a list is, or a tuple of any length; None where that is not one plain type or Literal."""
    of = get_args(annotation)
    is_any_length = of[1:] == (() if get_origin(annotation) is list else (Ellipsis,))
    return of[0] if is_any_length and (of[0] in PLAIN or get_origin(of[0]) is Literal) else None


def _in_words(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " or ".join(repr(a) for a in get_args(annotation))
    if get_origin(annotation) in (list, tuple):
        return f"list of {_in_words(_item(annotation))}"
    if get_origin(annotation) is dict:
        return f"table of {_in_words(get_args(annotation)[1])}"
    words = {Path: "path", type(None): "nothing"}
    return words.get(annotation) or str(annotation.__name__)


def _fit(annotation: Any, value: Any) -> tuple[bool, Any]:
    if get_origin(annotation) is Literal:  # 1 == True == 1.0, so the type counts
        words = get_args(annotation)
        return any(type(word) is type(value) and word == value for word in words), value
    if get_origin(annotation) in (list, tuple):
        if not isinstance(value, list | tuple):
            return False, value
        items = [_fit(_item(annotation), v) for v in value]
        return all(fits for fits, _ in items), get_origin(annotation)(v for _, v in items)
    if get_origin(annotation) is dict:
        if not isinstance(value, dict):
            return False, value
        entries = {key: _fit(get_args(annotation)[1], v) for key, v in value.items()}
        is_fit = all(fits and type(key) is str for key, (fits, _) in entries.items())
        return is_fit, {key: v for key, (_, v) in entries.items()}
    if annotation is Path:
        return isinstance(value, str | Path), Path(value) if isinstance(value, str | Path) else value
    if annotation is float:
        return _fit_float(value)
    if annotation is int:
        return isinstance(value, int) and not isinstance(value, bool), value
    return isinstance(value, annotation), value


def _fit_float(value: Any) -> tuple[bool, Any]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False, value
    try:
        return True, float(value)
    except OverflowError:  # TOML's whole numbers have no end
        return False, value
