"""
Compare two pictures and say the result in one plain sentence.

For a person with two files. A pipeline does not decide this way: the score stage learns each camera's noise.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keepframe.metrics.catalogue import metric
from keepframe.metrics.images import Image, pair
from keepframe.metrics.regions import Light, Regions, changed_regions
from keepframe.metrics.tiles import Box

DEFAULT_NAMES = (
    "mean-absolute-difference",
    "mse",
    "ncc",
    "ssim",
    "ssim-tile",
    "gradient-orientation-tile",
    "earth-movers-distance",
    "hash-perceptual",
)

# below this many gray levels nobody sees the light change; above a quarter of the range it is a change by itself
_LIGHT_SEEN, _LIGHT_CHANGED = 3.0, 64.0
_PLACES = (
    ("in the upper left", "at the top", "in the upper right"),
    ("on the left", "in the centre", "on the right"),
    ("in the lower left", "at the bottom", "in the lower right"),
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    What came of comparing two pictures.

    changed: at least one region differs beyond light, noise and camera shift, or the light changed by 64 levels or more.
    sentence: the same for a person. metrics: values in their own units, by name. scores: 0 = same, higher = more different.
    boxes: changed regions in pixels of the reference, largest first. share: of the picture in them, 0 to 1.
    """

    changed: bool
    sentence: str
    metrics: dict[str, float]
    scores: dict[str, float]
    boxes: list[Box]
    share: float


def compare(reference: Image, test: Image, names: Sequence[str] | None = None) -> Comparison:
    """
    Compare two pictures: whether, where and how much they differ, and one sentence about it.

    reference, test: gray, BGR or BGRA, uint8 or uint16, of one size. names: metrics to compute; by default a small choice.
    changed is decided by regions (see changed_regions), never by the metrics. metrics may hold inf (psnr of equal images);
    scores are finite.
    Errors: ValueError if the images differ in size, channels or dtype, or a name is unknown.

    >>> black = np.zeros((32, 32), np.uint8); spot = black.copy(); spot[20:28, 4:12] = 200
    >>> compare(black, spot, ["mse"]).sentence
    'changed: something in the lower left, 6 % of the picture; the light is the same'
    """
    pair(reference, test, "compare")
    wanted = [metric(name) for name in (DEFAULT_NAMES if names is None else names)]
    found = changed_regions(reference, test)
    changed = bool(found.boxes) or abs(found.light.step) >= _LIGHT_CHANGED
    values = {one.name: one.value(reference, test) for one in wanted}
    return Comparison(
        changed=changed,
        sentence=_sentence(found, reference.shape, changed=changed, equal=np.array_equal(reference, test)),
        metrics=values,
        scores={one.name: one.as_score(values[one.name], reference) for one in wanted},
        boxes=found.boxes,
        share=found.share,
    )


def _sentence(found: Regions, shape: tuple[int, ...], *, changed: bool, equal: bool) -> str:
    if equal:
        return "the same: every pixel is equal"
    what = "only the light" if changed and not found.boxes else _what(found, shape)
    parts = [what, _light(found.light)]
    if found.moved.x or found.moved.y:
        parts.append(_movement(found))
    return f"{'changed' if changed else 'unchanged'}: {'; '.join(parts)}"


def _what(found: Regions, shape: tuple[int, ...]) -> str:
    if not found.boxes:
        return "nothing stands out from the noise"
    percent = f"{_percent(found.share)} of the picture"
    if found.share >= 0.5:
        return f"most of the picture, {_percent(found.share)}"
    place = _place(found.boxes[0], shape)
    if len(found.boxes) == 1:
        return f"something {place}, {percent}"
    return f"{len(found.boxes)} places, the largest {place}, {percent} in all"


def _light(light: Light) -> str:
    if abs(light.step) < _LIGHT_SEEN:
        return "the light is the same"
    return f"it is {'brighter' if light.step > 0 else 'darker'} by {abs(light.step):.0f} of 255 levels"


def _movement(found: Regions) -> str:
    ways = [
        f"{abs(length):.0f} px {'to the ' if positive in {'right', 'left'} else ''}{positive if length > 0 else negative}"
        for length, positive, negative in ((found.moved.x, "right", "left"), (found.moved.y, "down", "up"))
        if abs(length) >= 0.5
    ]
    return f"the picture moved {' and '.join(ways)}"


def _place(box: Box, shape: tuple[int, ...]) -> str:
    row = min(2, int(3 * (box.y + box.height / 2) / shape[0]))
    column = min(2, int(3 * (box.x + box.width / 2) / shape[1]))
    return _PLACES[row][column]


def _percent(share: float) -> str:
    percent = 100 * share
    if percent >= 1:
        return f"{percent:.0f} %"
    # one digit that is not zero says more than "0 %"
    return f"{percent:.{min(4, max(1, -math.floor(math.log10(max(percent, 1e-4)))))}f} %"
