"""
The contract of a stage, read from its signature: what it takes, which options it has, what it remembers.

No base class, no decorator, no registry: a callable with one positional parameter is a stage, with none a source, with several a
join of cameras. How a stage is run is in line.py.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

Kind = Literal["source", "stage", "join", "archive"]
PLAIN = (bool, int, float, str, Path)
REQUIRED = inspect.Parameter.empty


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
    def is_path(self) -> bool:
        """Whether its value is a path, to be read relative to the TOML's folder."""
        return any(a is Path for a in _alternatives(self.annotation))

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


@dataclass(frozen=True, slots=True)
class Contract:
    """What a callable promises by its signature."""

    use: str
    kind: Kind
    target: Callable[..., Any]
    inputs: tuple[str, ...]
    options: Mapping[str, Option] = field(default_factory=dict)
    per: Literal["camera", "process"] = "camera"
    is_class: bool = False
    has_memory: bool = False
    """Whether what it remembers of a camera can be saved and loaded."""
    holds: int = 0
    """How many frames it may hold back before it gives one on."""

    @property
    def forgets(self) -> bool:
        """Whether it has a state that a takeover loses."""
        return self.is_class and not self.has_memory and self.kind in ("stage", "join")


def read_contract(target: Any, use: str) -> Contract:
    """
    Read the contract of `target`, which the user named `use`.

    Raises TypeError, saying what to change, if it cannot be a stage.

    >>> def gray(frame, *, weights: str = "rec601"): return frame
    >>> contract = read_contract(gray, "gray")
    >>> contract.kind, contract.options["weights"].default
    ('stage', 'rec601')
    """
    if not callable(target):
        raise TypeError(
            f"{use!r} is {type(target).__name__}, which cannot be called; name a function or a class with __call__"
        )
    is_class = inspect.isclass(target)
    if is_class and "__call__" not in dir(target) and not hasattr(target, "commit"):
        raise TypeError(f"{use!r}: the class has no __call__; give it `def __call__(self, frame)`")
    if is_class and hasattr(target, "commit"):
        return Contract(
            use,
            "archive",
            target,
            ("frame",),
            _options(target.__init__, use, skip=1),
            "process",
            is_class=True,
        )
    call = target.__call__ if is_class else target
    if inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call):
        raise TypeError(f"{use!r} is asynchronous; a stage is an ordinary function")
    inputs = _inputs(call, use, skip=1 if is_class else 0, options_allowed=not is_class)
    options = (
        _options(target.__init__, use, skip=1) if is_class else _options(call, use, skip=None)
    )
    kinds: dict[int, Kind] = {0: "source", 1: "stage"}
    has_save, has_load = hasattr(target, "save"), hasattr(target, "load")
    if is_class and has_save != has_load:
        there, missing = ("save", "load") if has_save else ("load", "save")
        raise TypeError(f"{use!r} has {there}() but no {missing}(); a memory needs both, or neither")
    per: Any = getattr(target, "per", "camera")
    if per not in ("camera", "process"):
        raise TypeError(f"{use!r}: expected per = 'camera' or 'process', got {per!r}")
    holds = getattr(target, "holds", 0)
    held = holds if isinstance(holds, int) else 0  # a property: known once there is an instance
    return Contract(
        use,
        kinds.get(len(inputs), "join"),
        target,
        inputs,
        options,
        per,
        is_class,
        is_class and has_save,
        held,
    )


def _inputs(call: Callable[..., Any], use: str, *, skip: int, options_allowed: bool) -> tuple[str, ...]:
    inputs = []
    for p in list(inspect.signature(call).parameters.values())[skip:]:
        if p.kind is p.VAR_POSITIONAL:
            raise TypeError(f"{use!r}: *{p.name} does not say how many inputs there are; name each of them")
        if p.kind is p.VAR_KEYWORD:
            raise TypeError(f"{use!r}: **{p.name} does not say which options there are; name each of them")
        if p.kind is p.KEYWORD_ONLY:
            if not options_allowed:
                raise TypeError(
                    f"{use!r}: {p.name} is an option of __call__; options of a class belong to its __init__"
                )
        elif p.default is not REQUIRED:
            raise TypeError(
                f"{use!r}: {p.name} has a default but is positional; put * before the options: (frame, *, {p.name}=…)"
            )
        else:
            inputs.append(p.name)
    return tuple(inputs)


def _options(call: Callable[..., Any], use: str, *, skip: int | None) -> dict[str, Option]:
    try:
        hints = get_type_hints(call)
    except Exception as error:
        raise TypeError(f"{use!r}: its annotations cannot be read: {error}") from error
    parameters = list(inspect.signature(call).parameters.values())
    if skip is None:
        parameters = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    else:
        parameters = [p for p in parameters[skip:] if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    options = {}
    for p in parameters:
        guess = str if p.default in (REQUIRED, None) else type(p.default)
        annotation = hints.get(p.name, guess)
        if not all(_is_allowed(a) for a in _alternatives(annotation)):
            raise TypeError(
                f"{use!r}: option {p.name}: expected bool, int, float, str, Path, a list of one of them, or a Literal, got {annotation}"
            )
        options[p.name] = Option(p.name, annotation, p.default)
    return options


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def _is_allowed(annotation: Any) -> bool:
    if get_origin(annotation) in (list, tuple):
        return all(a in PLAIN or a is Ellipsis for a in get_args(annotation))
    return annotation in (*PLAIN, type(None)) or get_origin(annotation) is Literal


def _in_words(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " or ".join(repr(a) for a in get_args(annotation))
    if get_origin(annotation) in (list, tuple):
        return f"list of {_in_words(get_args(annotation)[0])}"
    return {Path: "path", type(None): "nothing"}.get(
        annotation, getattr(annotation, "__name__", str(annotation))
    )


def _fit(annotation: Any, value: Any) -> tuple[bool, Any]:
    if get_origin(annotation) is Literal:
        return value in get_args(annotation), value
    if get_origin(annotation) in (list, tuple):
        if not isinstance(value, list | tuple):
            return False, value
        items = [_fit(get_args(annotation)[0], v) for v in value]
        return all(fits for fits, _ in items), get_origin(annotation)(v for _, v in items)
    if annotation is Path:
        return isinstance(value, str | Path), Path(value) if isinstance(value, str | Path) else value
    if annotation is float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number, float(value) if is_number else value
    if annotation is int:
        return isinstance(value, int) and not isinstance(value, bool), value
    return isinstance(value, annotation), value
