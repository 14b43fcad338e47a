"""
The contract of a stage, read from its signature: what it takes, which options it has, what it remembers.

No base class, no decorator, no registry: a callable with one positional parameter is a stage, with none a source, with several a
join of cameras. How a stage is run is in line.py, which types an option may have in option.py.
"""

from __future__ import annotations

import inspect
import sys
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, Literal, get_origin, get_type_hints

from keepframe.frame import Frame
from keepframe.stage.option import ALLOWED, REQUIRED, Option, guess, is_allowed

Kind = Literal["source", "stage", "join", "archive"]
Per = Literal["camera", "process"]


@dataclass(frozen=True, slots=True)
class Contract:
    """What a callable promises by its signature."""

    use: str
    kind: Kind
    target: Callable[..., Any]
    inputs: tuple[str, ...]
    options: Mapping[str, Option] = field(default_factory=dict)
    per: Per = "camera"
    is_class: bool = False
    has_memory: bool = False
    """Whether what it remembers of a camera can be saved and loaded."""
    holds: int = 0
    """How many frames it may hold back before it gives one on; 0 too where that depends on its options."""
    gives_frame: bool = False
    """Whether it is annotated `-> Frame`, so that None is a forgotten return and not a filtered frame."""

    @property
    def forgets(self) -> bool:
        """Whether it has a state that a takeover loses."""
        return self.is_class and not self.has_memory and self.kind in ("stage", "join")

    def holds_with(self, options: Mapping[str, Any]) -> int:
        """How many frames it may hold back with these options; it is made once to find out where it depends on them."""
        holds = getattr(self.target, "holds", 0) if self.is_class else 0
        if "holds" in self.options or inspect.isdatadescriptor(holds):
            holds = self.target(**options).holds
        return held_back(holds, self.use) or 0


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
    if not inspect.isclass(target):
        return _of_function(target, use)
    if "__call__" in dir(target):
        return _of_class(target, use)
    if hasattr(target, "commit"):
        options = _options(target.__init__, use, own=target)
        return Contract(use, "archive", target, ("frame",), options, "process", is_class=True)
    raise TypeError(f"{use!r}: the class has no __call__; give it `def __call__(self, frame)`")


def _of_function(target: Any, use: str) -> Contract:
    """A function, or whatever else is called as it is: a bound method, a partial, an object with __call__."""
    is_object = not isinstance(target, partial) and not hasattr(target, "__name__")
    remembers = [name for name in ("save", "load", "flush", "holds") if is_object and hasattr(target, name)]
    if remembers:
        raise TypeError(
            f"{use!r} is one object for all cameras, but has {remembers[0]}; name its class, so that each camera gets its own"
        )
    if isinstance(target, partial) and inspect.isclass(target.func):
        raise TypeError(f"{use!r} is a partial of a class; name the class, its options stand in the TOML")
    call = target.__call__ if is_object else target
    _refuse_async(call, use)
    inputs = _inputs(_parameters(call, use), use)
    options = _options(call, use)
    return Contract(use, _kind(inputs), target, inputs, options, gives_frame=_gives_frame(call))


def _of_class(target: Any, use: str) -> Contract:
    call = target.__call__
    _refuse_async(call, use)
    inputs = _inputs(_parameters(call, use)[1:], use, is_class=True)
    has_save, has_load = hasattr(target, "save"), hasattr(target, "load")
    if has_save != has_load:
        there, missing = ("save", "load") if has_save else ("load", "save")
        raise TypeError(f"{use!r} has {there}() but no {missing}(); a memory needs both, or neither")
    per: Any = getattr(target, "per", "camera")
    holds = held_back(getattr(target, "holds", 0), use)
    if inspect.isdatadescriptor(per) or per not in ("camera", "process"):
        raise TypeError(f"{use!r}: expected per = 'camera' or 'process', got {per!r}")
    if per == "process" and (has_save or holds != 0):
        what = "save() and load()" if has_save else "holds"
        raise TypeError(
            f"{use!r} is one for all cameras (per = 'process') but has {what}, which is one camera's; leave out one of them"
        )
    options = _options(target.__init__, use, own=target)
    return Contract(
        use,
        _kind(inputs),
        target,
        inputs,
        options,
        per,
        is_class=True,
        has_memory=has_save,
        holds=holds or 0,
        gives_frame=_gives_frame(call),
    )


def held_back(holds: Any, use: str) -> int | None:
    """
    What a stage says in `holds`; None for a property, which speaks once there is an instance. Raises TypeError for no count.

    >>> held_back(5, "median")
    5
    """
    if inspect.isdatadescriptor(holds):
        return None
    if not isinstance(holds, int) or isinstance(holds, bool) or holds < 0:
        raise TypeError(f"{use!r}: expected holds to be how many frames it holds back, got {holds!r}")
    return holds


def _kind(inputs: tuple[str, ...]) -> Kind:
    kinds: dict[int, Kind] = {0: "source", 1: "stage"}
    return kinds.get(len(inputs), "join")


def _refuse_async(call: Any, use: str) -> None:
    if inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call):
        raise TypeError(f"{use!r} is asynchronous; a stage is an ordinary function")


def _parameters(call: Any, use: str) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(call).parameters.values())
    except ValueError as error:  # some functions written in C tell nothing of themselves
        raise TypeError(f"{use!r} has no signature to read; wrap it: def stage(frame): …") from error


def _inputs(parameters: list[inspect.Parameter], use: str, *, is_class: bool = False) -> tuple[str, ...]:
    inputs: list[str] = []
    for p in parameters:
        if p.kind is p.VAR_POSITIONAL:
            raise TypeError(f"{use!r}: *{p.name} does not say how many inputs there are; name each of them")
        if p.kind is p.VAR_KEYWORD:
            raise TypeError(f"{use!r}: **{p.name} does not say which options there are; name each of them")
        if p.kind is p.KEYWORD_ONLY:
            if is_class:
                raise TypeError(
                    f"{use!r}: {p.name} is an option of __call__; options of a class belong to its __init__"
                )
        elif p.default is not REQUIRED:
            shape = ", ".join([*(["self"] if is_class else []), *inputs, "*", f"{p.name}=…"])
            hint = (
                "options of a class belong to its __init__"
                if is_class
                else f"put * before the options: ({shape})"
            )
            raise TypeError(f"{use!r}: {p.name} has a default but is positional; {hint}")
        else:
            inputs.append(p.name)
    return tuple(inputs)


def _options(call: Any, use: str, own: type | None = None) -> dict[str, Option]:
    """The options of a function, or of the `__init__` of the class `own`, where they need not be keyword-only."""
    parameters = _parameters(call, use)
    if own is None:
        parameters = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    elif call is object.__init__:
        parameters = []
    factories = (
        {f.name: f.default_factory for f in fields(own)} if own is not None and is_dataclass(own) else {}
    )
    options = {}
    for p in parameters[1:] if own is not None else parameters:
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD, p.POSITIONAL_ONLY):
            raise TypeError(f"{use!r}: {p} in __init__ cannot be set by name; name each option")
        # a dataclass shows a placeholder where each instance gets a list of its own
        default = factories[p.name]() if repr(p.default) == "<factory>" else p.default  # type: ignore[operator]
        annotation = guess(default)
        if p.annotation is not p.empty:
            try:
                annotation = _resolved(p.annotation, call, own)
            except Exception as error:
                raise TypeError(f"{use!r}: the type of option {p.name} cannot be read: {error}") from error
        if not is_allowed(annotation):
            told = annotation if get_origin(annotation) else getattr(annotation, "__name__", annotation)
            raise TypeError(f"{use!r}: option {p.name}: expected {ALLOWED}, got {told}")
        options[p.name] = Option(p.name, annotation, default)
    return options


def _gives_frame(call: Any) -> bool:
    try:
        annotation = inspect.signature(call).return_annotation
        return _resolved(annotation, call) is Frame
    except Exception:  # noqa: BLE001  what cannot be read promises nothing
        return isinstance(annotation, str) and annotation.rpartition(".")[2] == "Frame"


def _resolved(annotation: Any, call: Any, own: type | None = None) -> Any:
    """An annotation that may be a string, in the names of the module that it stands in, or of a base class's."""
    while isinstance(call, partial):
        call = call.func
    names = getattr(inspect.unwrap(getattr(call, "__func__", call)), "__globals__", {})
    modules = (
        [vars(sys.modules[c.__module__]) for c in own.__mro__ if c.__module__ in sys.modules] if own else []
    )
    holder = SimpleNamespace(__annotations__={"it": annotation})
    return get_type_hints(holder, dict(names), ChainMap(*modules))["it"]
