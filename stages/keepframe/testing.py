"""
Run stages in memory, with the same kernel as the processes and without a socket, and check that they keep to the contract.

Part of the product: users test their own stages with it. Sources are read with keepframe.stage.read_source().
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import fields, replace
from difflib import get_close_matches
from itertools import groupby
from typing import Any

import numpy as np

from keepframe.frame import START, Frame, Item, Position
from keepframe.picture import Picture
from keepframe.stage import Bound, Line, Mark, close_shared, read_contract

Step = Callable[..., Any] | tuple[Callable[..., Any], Mapping[str, Any]]
MOST_POINTS = 24
"""At how many places check_stage() interrupts a stage with a memory; spread evenly if there are more frames."""


def run(steps: Step | Sequence[Step], frames: Iterable[Frame], **options: Any) -> list[Frame]:
    """
    Lead frames of any cameras through one step or several, and give what comes out, in order.

    steps: a callable, or (callable, options), or a list of them; `options` go to a single callable.
    Frames without a number are numbered per camera; parts of one frame, one after the other, stay together. Filtered frames are left
    out; unchanged, failed and rejected ones come as headers, with outcome and reason. At the end of each stream, and of the frames, every
    camera's line is flushed. Raises TypeError for what is no stage and for options that do not fit.

    >>> def invert(frame): return frame.with_image(255 - frame.image)
    >>> [int(f.image[0, 0]) for f in run(invert, [Frame(working=np.zeros((2, 2), np.uint8))])]
    [255]
    """
    left = _led([_bound(step) for step in _chain(steps, options)], _items(frames))
    return [f for item in left for f in item.frames if f.outcome not in ("filtered", "end")]


def check_stage(step: Step, frames: Iterable[Frame], **options: Any) -> None:
    """
    Check that a stage keeps to the contract on these frames. Raises AssertionError, saying what is wrong, if it does not.

    It raises for none of them and gives Frames; it writes neither to the pixels it gets nor later to those it gave; what it makes of a
    camera's frames does not depend on other cameras' frames in between (unless it is one per process); a function gives the same for
    a frame whatever came before; save() and load() after any frame change nothing. Raises ValueError without a frame to check with.

    >>> def forgetful(frame): frame.with_score("mean", frame.image.mean()); return 3
    >>> check_stage(forgetful, [Frame(working=np.zeros((2, 2), np.uint8))])
    Traceback (most recent call last):
    AssertionError: forgetful: TypeError: must return a Frame, None or several Frames, got int (frame /0/0)
    """
    (bound,) = [_bound(step) for step in _chain(step, options)]
    items = list(_items(frames))
    if not items:
        raise ValueError("check_stage: there is no frame to check with")
    before = [_told(f) for item in items for f in item.frames]
    plain, is_steady = _watched([bound], items)
    for item in plain:
        for frame in item.frames:
            if frame.outcome == "failed":
                raise AssertionError(f"{frame.reason} (frame {frame.name})")
    use = bound.contract.use
    if [_told(f) for item in items for f in item.frames] != before:
        raise AssertionError(f"{use}: writes to the pixels it gets; copy them first: frame.image.copy()")
    if not is_steady:
        raise AssertionError(f"{use}: writes to pixels it has given on; give a new array each time")
    if not bound.contract.is_class:
        turned = [_led([bound], [item])[0] for item in reversed(items) if item.outcome != "end"]
        _compare(use, "with other frames before it", [i for i in plain if i.outcome != "end"], turned[::-1])
    if bound.contract.per == "camera":
        own = _of_cameras(_led([bound], _among_others(items)), {item.frames[0].camera for item in items})
        _compare(use, "with another camera's frames in between", plain, own)
    if bound.contract.has_memory:
        for camera in {item.frames[0].camera: None for item in items}:
            _check_memory(bound, camera, [item for item in items if item.frames[0].camera == camera])


def _chain(steps: Step | Sequence[Step], options: Mapping[str, Any]) -> list[Step]:
    if callable(steps):
        return [(steps, options)]
    if options:
        raise TypeError(f"options {', '.join(options)}: write (callable, options) for each step of a list")
    if isinstance(steps, tuple) and len(steps) == 2 and isinstance(steps[1], Mapping):
        return [(steps[0], steps[1])]
    return list(steps)


def _bound(step: Step) -> Bound:
    target, options = step if isinstance(step, tuple) else (step, {})
    use = getattr(target, "__name__", type(target).__name__)
    contract = read_contract(target, use)
    if contract.kind != "stage":
        raise TypeError(
            f"{use!r} is {contract.kind} with inputs {contract.inputs}, expected a stage: (frame)"
        )
    converted = {}
    for name, value in options.items():
        if name not in contract.options:
            near = get_close_matches(name, contract.options, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(contract.options) or 'none'}"
            raise TypeError(f"{use!r} has no option {name!r}; {hint}")
        try:
            converted[name] = contract.options[name].convert(value)
        except TypeError as error:
            raise TypeError(f"{use!r}: option {name}: {error}") from error
    for option in contract.options.values():
        if option.is_required and option.name not in converted:
            raise TypeError(f"{use!r} needs option {option.name}: expected {option.expected}")
    return Bound(contract, converted)


def _items(frames: Iterable[Frame]) -> Iterator[Item]:
    """The frames as they travel: numbered, parts together, each stream with its end."""
    numbers: dict[str, Position] = {}
    for _, parts in groupby(frames, lambda f: (f.camera, f.at) if f.part else object()):
        together = tuple(parts)
        camera, stream = together[0].camera, together[0].stream
        now, number = numbers.get(camera, (stream, 0))
        if stream < now:
            raise ValueError(
                f"camera {camera!r}: stream {stream} after stream {now}; streams have growing numbers"
            )
        if stream > now:
            yield _end(camera, now, number)
            number = 0
        seq = max(together[0].seq, number)
        numbers[camera] = stream, seq + 1
        yield Item(tuple(f if f.seq == seq else replace(f, seq=seq) for f in together))
    for camera, (stream, number) in numbers.items():
        yield _end(camera, stream, number)


def _end(camera: str, stream: int, seq: int) -> Item:
    return Item((Frame(camera=camera, stream=stream, seq=seq).settled("end"),))


def _led(chain: Sequence[Bound], items: Iterable[Item]) -> list[Item]:
    return _watched(chain, items)[0]


def _watched(chain: Sequence[Bound], items: Iterable[Item]) -> tuple[list[Item], bool]:
    """What comes out of the lines of all cameras, and whether it is still what it was when it came out."""
    lines: dict[str, Line] = {}
    shared: dict[int, Any] = {}
    left: list[Item] = []
    told: list[Any] = []
    with ExitStack() as exits:
        exits.callback(close_shared, shared)
        for item in items:
            camera = item.frames[0].camera
            if camera not in lines:
                lines[camera] = Line(chain, camera, shared=shared)
                exits.callback(lines[camera].close)
            out = [thing for thing in lines[camera].push(item) if isinstance(thing, Item)]
            left += out
            told += [_told(f) for o in out for f in o.frames]
    return left, told == [_told(f) for item in left for f in item.frames]


def _among_others(items: Sequence[Item]) -> Iterator[Item]:
    """Between any two items one of a camera that sees the same frames inverted and the other way round."""
    others = [
        replace(f, camera="other camera", stream=0, seq=n, part="", picture=None).with_image(255 - f.image)
        for n, f in enumerate(f for item in reversed(items) for f in item.frames if f.outcome is None)
    ]
    waiting = iter(others)
    for item in items:
        yield from (Item((other,)) for other in [next(waiting, None)] if other is not None)
        yield item


def _of_cameras(items: Iterable[Item], cameras: set[str]) -> list[Item]:
    return [item for item in items if item.frames[0].camera in cameras]


def _check_memory(bound: Bound, camera: str, items: Sequence[Item]) -> None:
    use = bound.contract.use
    plain, memories, failures = _marked(bound, camera, items, {}, START)
    if failures:
        raise AssertionError(failures[0])
    _compare(use, "with save() after each frame", _led([bound], items), plain)
    every = max(1, -(-len(items) // MOST_POINTS))
    for n in range(0, len(items) - 1, every):
        at = items[n].upto
        went_on, later, failures = _marked(bound, camera, items[n + 1 :], memories[at], at)
        if failures:
            raise AssertionError(f"{failures[0]} (after frame {items[n].frames[0].name})")
        where = f"with save() and load() after {items[n].frames[0].name}"
        _compare(use, where, [item for item in plain if item.at > at], went_on)
        for position, memory in later.items():
            keys = sorted(
                k for k in memory | memories[position] if memory.get(k) != memories[position].get(k)
            )
            if keys:
                name = keys[0].partition(".")[2]
                raise AssertionError(
                    f"{use}: {where}, save()[{name!r}] is another at {position[0]}/{position[1]}"
                )


def _marked(
    bound: Bound, camera: str, items: Sequence[Item], memory: Mapping[str, bytes], at: Position
) -> tuple[list[Item], dict[Position, dict[str, bytes]], list[str]]:
    """What comes out of a line with a mark behind every item, the memory at each mark, and what went wrong with it."""
    line = Line([bound], camera, memory, at)
    try:
        left = [out for item in items for thing in (item, Mark(item.upto)) for out in line.push(thing)]
    finally:
        line.close()
    memories = {thing.upto: thing.memory for thing in left if isinstance(thing, Mark)}
    return [t for t in left if isinstance(t, Item)], memories, [detail for _, detail in line.events]


def _compare(use: str, where: str, expected: Sequence[Item], got: Sequence[Item]) -> None:
    for one, other in zip(expected, got, strict=False):
        if len(one.frames) != len(other.frames):
            told = f"{len(one.frames)} and {len(other.frames)} frames"
            raise AssertionError(f"{use}: {where}, {one.frames[0].name} becomes another: {told}")
        for f, g in zip(one.frames, other.frames, strict=True):
            for name, first, second in zip([x.name for x in fields(Frame)], _told(f), _told(g), strict=True):
                if first != second:
                    told = (
                        "other pixels" if name in ("picture", "working") else f"{name} {first} and {second}"
                    )
                    raise AssertionError(f"{use}: {where}, {f.name} becomes another: {told}")
    if len(expected) != len(got):
        raise AssertionError(f"{use}: {where}, {len(got)} frames come out, not {len(expected)}")


def _told(frame: Frame) -> list[Any]:
    """Every field of a frame as values that can be compared."""
    return [_plain(getattr(frame, x.name)) for x in fields(Frame)]


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    if isinstance(value, Picture):
        return value.format, value.height, value.width, bytes(value.handle.data())
    return dict(value) if isinstance(value, Mapping) else value
