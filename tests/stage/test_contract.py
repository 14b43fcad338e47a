# ruff: noqa: D103  small stages say it by their signature

from collections.abc import Iterator
from dataclasses import InitVar, dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np
import pytest

from keepframe.frame import Frame
from keepframe.stage.contract import REQUIRED, held_back, read_contract

if TYPE_CHECKING:
    from elsewhere import Frame as Seen  # there only for a type checker

Word = Literal["low", "high"]


def blur(
    frame: Frame, *, sigma: float = 1.0, kind: Word = "low", mask: Path | None = None, rows: list[int]
) -> Frame:
    return frame


def written_as_strings(frame: "Frame", *, sigma: "float", kind: "Word | None" = None) -> "Frame":
    return frame


def for_checkers_only(frame: "Seen", *, sigma: "float" = 1.0) -> "Seen":
    return frame


class Plain:
    def __call__(self, frame):
        return frame


class Remembers(Plain):
    def save(self):
        return {}

    def load(self, memory):
        pass


@dataclass(kw_only=True)
class Change:
    threshold: float = 0.05
    tiles: list[int] = field(default_factory=lambda: [8, 16])
    reference: "Word" = "low"
    _image: object = field(init=False, default=None)

    def __call__(self, frame: Frame) -> Frame | None:
        return frame


def of(target):
    return read_contract(target, "mine")


def options(target):
    """Name, type in words and default of each option."""
    return {o.name: (o.expected, o.default) for o in of(target).options.values()}


# --- the kinds -----------------------------------------------------------------------------------------------------


def test_one_input_is_a_stage_none_a_source_several_a_join():
    """The number of positional parameters says it, and their names are the inputs."""

    def camera(*, path: str): ...
    def depth(left, right, *, scale: float = 1.0): ...

    assert [(of(f).kind, of(f).inputs) for f in (blur, camera, depth)] == [
        ("stage", ("frame",)),
        ("source", ()),
        ("join", ("left", "right")),
    ]


def test_a_class_has_its_inputs_in_call_and_its_options_in_init():
    """One instance is made for each camera."""
    contract = of(Change)

    assert (contract.kind, contract.inputs, contract.is_class, contract.per) == (
        "stage",
        ("frame",),
        True,
        "camera",
    )
    assert list(contract.options) == ["threshold", "tiles", "reference"]


def test_a_class_whose_call_takes_nothing_is_a_source():
    """Like a function without positional parameter."""

    class Camera:
        def __call__(self):
            yield

    assert of(Camera).kind == "source"
    assert not of(Camera).forgets


def test_a_class_that_commits_and_is_not_called_is_an_archive():
    """A stage may have a method of that name too: what is called is a stage."""

    class Archive:
        def __init__(self, *, folder: Path = Path("a")): ...
        def commit(self): ...

    class Stage(Plain):
        def commit(self): ...

    assert (of(Archive).kind, of(Archive).per) == ("archive", "process")
    assert of(Stage).kind == "stage"


def test_bound_methods_partials_and_cached_functions_are_functions():
    """Whatever can be called with a frame."""

    class Box:
        def work(self, frame: Frame, *, sigma: float = 2.0) -> Frame:
            return frame

    cached = lru_cache(blur)

    assert [of(f).inputs for f in (Box().work, partial(blur, sigma=3.0), cached)] == [("frame",)] * 3
    assert options(Box().work) == {"sigma": ("float", 2.0)}
    assert options(partial(blur, sigma=3.0))["sigma"] == ("float", 3.0)
    assert of(partial(blur, sigma=3.0)).gives_frame


def test_an_object_that_can_be_called_is_a_function():
    """As long as it does not remember."""
    change = Change()
    contract = of(change)

    assert (contract.kind, contract.is_class, contract.options, contract.target) == (
        "stage",
        False,
        {},
        change,
    )


# --- the options ---------------------------------------------------------------------------------------------------


def test_options_are_read_with_type_and_default():
    """As annotated: floats, a Literal, a path that may be left out, a list that must be given."""
    assert options(blur) == {
        "sigma": ("float", 1.0),
        "kind": ("'low' or 'high'", "low"),
        "mask": ("path or nothing", None),
        "rows": ("list of int", REQUIRED),
    }
    assert [o.name for o in of(blur).options.values() if o.is_required] == ["rows"]


def test_annotations_may_be_strings():
    """As they are under `from __future__ import annotations`."""
    assert options(written_as_strings) == {
        "sigma": ("float", REQUIRED),
        "kind": ("'low' or 'high' or nothing", None),
    }
    assert of(written_as_strings).gives_frame


def test_only_the_options_annotations_are_read():
    """What stands beside the frame may be imported for the type checker alone."""
    assert options(for_checkers_only) == {"sigma": ("float", 1.0)}


def test_a_dataclass_shows_its_fields_and_what_its_factories_make():
    """Fields that are not set from outside are no options."""
    assert options(Change) == {
        "threshold": ("float", 0.05),
        "tiles": ("list of int", [8, 16]),
        "reference": ("'low' or 'high'", "low"),
    }


def test_a_field_inherited_from_another_module_is_read_there(tmp_path, monkeypatch):
    """Its annotation is a string in the names of that module."""
    (tmp_path / "base_for_contract.py").write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\nfrom typing import Literal\n"
        "Kind = Literal['a', 'b']\n@dataclass(kw_only=True)\nclass Base:\n    kind: Kind = 'a'\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    from base_for_contract import Base  # type: ignore[import-not-found]

    @dataclass(kw_only=True)
    class Derived(Base):
        sigma: float = 1.0

        def __call__(self, frame):
            return frame

    assert options(Derived) == {"kind": ("'a' or 'b'", "a"), "sigma": ("float", 1.0)}


def test_a_class_without_init_has_no_options():
    """Python's own `__init__` takes anything and means nothing."""
    assert of(Plain).options == {}


def test_an_option_without_annotation_has_its_defaults_type():
    """Or takes any plain value, if there is no default."""

    def loose(frame, *, sigma=1.0, folder=Path("a"), sizes=(1, 2), name=None, level): ...

    assert options(loose) == {
        "sigma": ("float", 1.0),
        "folder": ("path", Path("a")),
        "sizes": ("list of int", (1, 2)),
        "name": ("bool or int or float or str or nothing", None),
        "level": ("bool or int or float or str", REQUIRED),
    }


# --- what it remembers, holds, gives ---------------------------------------------------------------------------------


def test_a_memory_is_save_and_load():
    """Without them a class forgets; a function has nothing to forget."""
    assert [(of(t).has_memory, of(t).forgets) for t in (Remembers, Plain, blur)] == [
        (True, False),
        (False, True),
        (False, False),
    ]


def test_holds_may_be_an_attribute_a_property_or_an_option():
    """How many frames are held back may depend on the options."""

    class Fixed(Plain):
        holds = 5

    @dataclass(slots=True)
    class Window:
        size: int = 3

        @property
        def holds(self) -> int:
            return self.size - 1

        def __call__(self, frame):
            return frame

    @dataclass(slots=True)
    class Set:
        holds: int = 2

        def __call__(self, frame):
            return frame

    assert [of(c).holds for c in (Fixed, Plain, Window)] == [5, 0, 0]
    assert [of(c).holds_with({}) for c in (Fixed, Plain, Window, Set, blur)] == [5, 0, 2, 2, 0]
    assert of(Window).holds_with({"size": 9}) == 8
    assert of(Set).holds_with({"holds": 7}) == 7


@pytest.mark.parametrize("holds", [-1, True, "5", 1.0, None])
def test_holds_is_a_count(holds):
    """Anything else is told, on the class and on the instance."""
    with pytest.raises(TypeError) as error:
        held_back(holds, "mine")

    assert str(error.value) == f"'mine': expected holds to be how many frames it holds back, got {holds!r}"


def test_annotated_with_a_frame_it_promises_one():
    """`-> Frame` alone does; so does a class's `__call__`."""

    def maybe(frame) -> Frame | None: ...
    def several(frame) -> Iterator[Frame]: ...
    def unsaid(frame): ...

    class Always:
        def __call__(self, frame) -> Frame:
            return frame

    assert [of(t).gives_frame for t in (blur, Always, Always(), for_checkers_only)] == [
        True,
        True,
        True,
        False,
    ]
    assert [of(t).gives_frame for t in (maybe, several, unsaid, Change, Plain)] == [False] * 5


def test_a_frame_imported_for_the_checker_alone_counts_by_its_name():
    """The promise is the same."""

    def hidden(frame) -> "frames.Frame":  # noqa: F821  not there at run time, on purpose
        return frame

    assert of(hidden).gives_frame


# --- what cannot be a stage ------------------------------------------------------------------------------------------


async def asynchronous(frame): ...


async def asynchronous_source():
    yield


class AsynchronousCall:
    async def __call__(self, frame): ...


def star(*frames): ...


def stars(frame, **options): ...


def positional(frame, sigma=1.0): ...


def positional_source(path="x"): ...


def of_dict(frame, *, table: dict): ...


def of_array(frame, *, mask: np.ndarray): ...


def unreadable(frame, *, size: "Sise"): ...  # noqa: F821  a mistyped name, on purpose


class OptionInCall:
    def __call__(self, frame, *, sigma=1.0): ...


class DefaultInCall:
    def __call__(self, frame, sigma=1.0): ...


class Uncalled: ...


class OnlySaves(Plain):
    def save(self): ...


class OnlyLoads(Plain):
    def load(self, memory): ...


class PerFrame(Plain):
    per = "frame"


class SharedMemory(Remembers):
    per = "process"


class SharedHolds(Plain):
    per = "process"
    holds = 2


class Holds(Plain):
    holds = "two"


class AnyOption(Plain):
    def __init__(self, **options): ...


class AnyOptions(Plain):
    def __init__(self, *options): ...


class ByPlace(Plain):
    def __init__(self, sigma, /): ...


@dataclass
class Init:
    size: InitVar[int]

    def __call__(self, frame): ...


TYPES = "bool, int, float, str, Path, a list of one of them, a dict from str to one of them, or a Literal"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (3, "'mine' is int, which cannot be called; name a function or a class with __call__"),
        (Uncalled, "'mine': the class has no __call__; give it `def __call__(self, frame)`"),
        (asynchronous, "'mine' is asynchronous; a stage is an ordinary function"),
        (asynchronous_source, "'mine' is asynchronous; a stage is an ordinary function"),
        (AsynchronousCall, "'mine' is asynchronous; a stage is an ordinary function"),
        (AsynchronousCall(), "'mine' is asynchronous; a stage is an ordinary function"),
        (partial(asynchronous), "'mine' is asynchronous; a stage is an ordinary function"),
        (star, "'mine': *frames does not say how many inputs there are; name each of them"),
        (stars, "'mine': **options does not say which options there are; name each of them"),
        (
            positional,
            "'mine': sigma has a default but is positional; put * before the options: (frame, *, sigma=…)",
        ),
        (
            positional_source,
            "'mine': path has a default but is positional; put * before the options: (*, path=…)",
        ),
        (OptionInCall, "'mine': sigma is an option of __call__; options of a class belong to its __init__"),
        (
            DefaultInCall,
            "'mine': sigma has a default but is positional; options of a class belong to its __init__",
        ),
        (of_dict, f"'mine': option table: expected {TYPES}, got dict"),
        (of_array, f"'mine': option mask: expected {TYPES}, got ndarray"),
        (Init, f"'mine': option size: expected {TYPES}, got dataclasses.InitVar[int]"),
        (unreadable, "'mine': the type of option size cannot be read: name 'Sise' is not defined"),
        (OnlySaves, "'mine' has save() but no load(); a memory needs both, or neither"),
        (OnlyLoads, "'mine' has load() but no save(); a memory needs both, or neither"),
        (PerFrame, "'mine': expected per = 'camera' or 'process', got 'frame'"),
        (
            SharedMemory,
            "'mine' is one for all cameras (per = 'process') but has save() and load(), which is one camera's; "
            "leave out one of them",
        ),
        (
            SharedHolds,
            "'mine' is one for all cameras (per = 'process') but has holds, which is one camera's; leave out one of them",
        ),
        (Holds, "'mine': expected holds to be how many frames it holds back, got 'two'"),
        (AnyOption, "'mine': **options in __init__ cannot be set by name; name each option"),
        (AnyOptions, "'mine': *options in __init__ cannot be set by name; name each option"),
        (ByPlace, "'mine': sigma in __init__ cannot be set by name; name each option"),
        (
            Remembers(),
            "'mine' is one object for all cameras, but has save; name its class, so that each camera gets its own",
        ),
        (partial(Change), "'mine' is a partial of a class; name the class, its options stand in the TOML"),
    ],
)
def test_what_cannot_be_a_stage_is_told(target, message):
    """Each trap with its own words, and what to do about it."""
    with pytest.raises(TypeError) as error:
        of(target)

    assert str(error.value) == message


def test_a_function_that_tells_nothing_of_itself_is_told():
    """OpenCV's functions are written in C and have no signature."""
    with pytest.raises(TypeError) as error:
        read_contract(cv2.GaussianBlur, "cv2:GaussianBlur")

    assert str(error.value) == "'cv2:GaussianBlur' has no signature to read; wrap it: def stage(frame): …"


def test_reading_a_contract_makes_no_instance():
    """A constructor may load a model; every process reads the whole pipeline."""

    class Costly(Plain):
        def __init__(self, *, size: int = 3):
            raise AssertionError("made")

    assert list(of(Costly).options) == ["size"]
