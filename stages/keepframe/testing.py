"""
Run stages in memory, with the same kernel as the processes and without a socket.

Part of the product: users test their own stages with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from keepframe.frame import Frame, Item
from keepframe.stage.contract import read_contract
from keepframe.stage.line import Bound, Line

Step = Callable[..., Any] | tuple[Callable[..., Any], dict[str, Any]]


def run(steps: Step | Sequence[Step], frames: Iterable[Frame], **options: Any) -> list[Frame]:
    """
    Lead frames of any cameras through one step or several, and give what comes out, in order.

    steps: a callable, or (callable, options), or a list of them; `options` go to a single callable.
    Frames without a number are numbered per camera. Filtered frames are left out; unchanged, failed and rejected ones come as headers, with
    outcome and reason. At the end of the frames every camera's line is flushed.

    >>> import numpy as np
    >>> def invert(frame): return frame.with_image(255 - frame.image)
    >>> [int(f.image[0, 0]) for f in run(invert, [Frame(working=np.zeros((2, 2), np.uint8))])]
    [255]
    """
    chain = steps if isinstance(steps, list) else [steps if isinstance(steps, tuple) else (steps, options)]
    bound = [_bound(step) for step in chain]
    shared: dict[int, Any] = {}
    lines: dict[str, Line] = {}
    counts: dict[str, int] = {}
    left: list[Frame] = []
    for frame in frames:
        camera = frame.camera
        if camera not in lines:
            lines[camera] = Line(bound, camera, shared=shared)
        number = counts.get(camera, 0)
        counts[camera] = max(number, frame.seq) + 1
        numbered = frame if frame.seq >= number else replace(frame, seq=number)
        left += _frames(lines[camera].push(Item((numbered,))))
    for camera, line in lines.items():
        end = Frame(camera=camera, seq=counts[camera]).settled("end")
        left += _frames(line.push(Item((end,))))
        line.close()
    return left


def _bound(step: Step) -> Bound:
    target, options = step if isinstance(step, tuple) else (step, {})
    contract = read_contract(target, getattr(target, "__name__", type(target).__name__))
    return Bound(
        contract,
        {k: contract.options[k].convert(v) if k in contract.options else v for k, v in options.items()},
    )


def _frames(things: Iterable[Any]) -> list[Frame]:
    return [
        f for t in things if isinstance(t, Item) for f in t.frames if f.outcome not in ("filtered", "end")
    ]
