"""
Every metric under its public name, with what its docstring says about it.

No metric is computed here. A family module lists its metrics in `METRICS`; the words come from the docstrings and from
nowhere else.
"""

import difflib
import functools
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from keepframe.metrics import families, tiles
from keepframe.metrics.images import Image, one
from keepframe.metrics.recipe import Recipe
from keepframe.metrics.tiles import Box

Compare = Callable[[Image, Image], float]
DifferenceMap = Callable[[Image, Image], NDArray[np.float32]]

TILE = "-tile"
FIELDS = ("takes", "range", "identical", "direction", "score", "cost", "blind to", "when", "errors", "source")


@dataclass(frozen=True, slots=True)
class Metric:
    """One way to compare two images: what it says, and the functions that say it."""

    name: str
    summary: str
    takes: str
    range: str
    identical: str
    direction: str
    conversion: str
    cost: str
    blind_to: str
    when: str
    errors: str
    source: str
    function: Compare
    to_score: Callable[[float, Image], float]
    mapper: DifferenceMap | None

    @property
    def is_mapped(self) -> bool:
        """Whether `map` says where the pictures differ."""
        return self.mapper is not None

    def words(self) -> dict[str, str | bool]:
        """All that is said about the metric, ready for JSON: the texts, and whether it is mapped."""
        texts = {f.name: str(getattr(self, f.name)) for f in fields(self) if f.type is str}
        return {**texts, "is_mapped": self.is_mapped}

    def value(self, reference: Image, test: Image) -> float:
        """The metric in its own unit; see `range` and `direction`."""
        return float(self.function(reference, test))

    def score(self, reference: Image, test: Image) -> float:
        """
        The metric as a score: 0 = same, higher = more different, always finite; `conversion` says how.

        Errors: ValueError if the images do not match; ArithmeticError if a metric breaks its promise to stay finite.
        """
        return self.as_score(self.value(reference, test), reference)

    def as_score(self, value: float, reference: Image) -> float:
        """
        A value of this metric as a score; reference: the image it was computed with, for its size and levels.

        Errors: ArithmeticError if the score is not finite.
        """
        score = self.to_score(value, one(reference, self.name, "reference"))
        if not math.isfinite(score):
            raise ArithmeticError(
                f"{self.name}: score is {score}; expected a finite number: please report this"
            )
        # rounding may leave -1e-16 for identical images
        return max(score, 0.0)

    def map(self, reference: Image, test: Image) -> NDArray[np.float32]:
        """
        Where the images differ: float32 (rows, columns), 0 = same, in the unit of the score.

        The map has the size of the images or, for metrics of thumbnails and halved pictures, another; `hottest` scales back.
        Errors: ValueError if the metric has no map.
        """
        if self.mapper is None:
            mapped = ", ".join(name for name in names() if not name.endswith(TILE) and metric(name).is_mapped)
            raise ValueError(f"{self.name}: has no difference map; mapped metrics: {mapped}")
        return self.mapper(reference, test)


def names() -> list[str]:
    """
    All public names, sorted: one per metric, and NAME-tile for the largest tile of each mapped one.

    >>> "mse" in names() and "ssim-tile" in names()
    True
    """
    return sorted(_recipes())


@functools.cache
def metric(name: str) -> Metric:
    """
    The metric of that public name.

    Errors: ValueError with the nearest valid name for an unknown one.

    >>> metric("mse").value(np.zeros((2, 2), np.uint8), np.full((2, 2), 3, np.uint8))
    9.0
    >>> metric("sim")
    Traceback (most recent call last):
    ValueError: metric: no metric named "sim"; did you mean "ssim"?
    """
    recipes = _recipes()
    if name not in recipes:
        near = difflib.get_close_matches(name.lower().replace("_", "-"), recipes, n=1, cutoff=0.0)
        raise ValueError(f'metric: no metric named "{name}"; did you mean "{near[0]}"?')
    recipe = recipes[name]
    made = _made(recipe)
    return _largest_tile(made) if name.endswith(TILE) and name != recipe.name else made


def hottest(metric_or_map: str | NDArray[np.float32], reference: Image, test: Image) -> tuple[float, Box]:
    """
    The largest tile of a mapped metric: its score, and where it is in pixels of the images.

    metric_or_map: a mapped metric's name ("ssim" or "ssim-tile"), or a difference map of the two images.
    Returns (score, Box(x, y, width, height)).
    Errors: ValueError if the metric has no map or the images do not match.

    >>> black = np.zeros((16, 16), np.uint8); spot = black.copy(); spot[8:, :8] = 255
    >>> hottest("mean-absolute-difference", black, spot)
    (1.0, Box(x=0, y=8, width=8, height=8))
    """
    if isinstance(metric_or_map, str):
        plain = metric_or_map.removesuffix(TILE) if metric_or_map in _recipes() else metric_or_map
        difference = metric(plain).map(reference, test)
    else:
        difference = metric_or_map
    score, box = tiles.hottest_tile(difference)
    return score, _in_pixels(box, difference.shape, reference.shape)


def _in_pixels(box: Box, map_shape: tuple[int, ...], shape: tuple[int, ...]) -> Box:
    if map_shape[:2] == shape[:2]:
        return box
    down, across = shape[0] / map_shape[0], shape[1] / map_shape[1]
    left, top = math.floor(box.x * across), math.floor(box.y * down)
    right, bottom = math.ceil((box.x + box.width) * across), math.ceil((box.y + box.height) * down)
    return Box(left, top, min(right, shape[1]) - left, min(bottom, shape[0]) - top)


@functools.cache
def _recipes() -> dict[str, Recipe]:
    found: dict[str, Recipe] = {}
    for recipe in families.recipes():
        found[recipe.name] = recipe
        if recipe.map is not None:
            found[recipe.name + TILE] = recipe
    return found


@functools.cache
def _made(recipe: Recipe) -> Metric:
    summary, said = described(recipe.function)
    return Metric(
        name=recipe.name,
        summary=summary,
        takes=said["takes"],
        range=said["range"],
        identical=said["identical"],
        direction=said["direction"],
        conversion=said["score"],
        cost=said["cost"],
        blind_to=said["blind to"],
        when=said["when"],
        errors=said["errors"],
        source=said["source"],
        function=recipe.function,
        to_score=recipe.score,
        mapper=recipe.map,
    )


def _largest_tile(whole: Metric) -> Metric:
    def largest(reference: Image, test: Image) -> float:
        """
        Largest tile.

        Range: 0 up to the largest value of the map; identical images give 0.
        Blind to: what the map is blind to; many weak differences.
        When: a small object must not be lost in the mean of the picture.
        """
        return tiles.hottest_tile(whole.map(reference, test))[0]

    _, said = described(largest)
    return Metric(
        name=whole.name + TILE,
        summary=f"Largest mean over small tiles of the {whole.name} difference map.",
        takes=whole.takes,
        range=said["range"],
        identical="0",
        direction="higher is more different.",
        conversion="the value.",
        cost=whole.cost,
        blind_to=said["blind to"],
        when=said["when"],
        errors=whole.errors,
        source=f"keepframe.metrics.tiles over the map of {whole.name}. {whole.source}",
        function=largest,
        to_score=lambda value, _reference: value,
        mapper=whole.mapper,
    )


def described(function: Callable[..., object]) -> tuple[str, dict[str, str]]:
    """
    The first paragraph and the labelled fields of a metric's docstring; a missing field is "".

    >>> described(metric)[0]
    'The metric of that public name.'
    """
    text = inspect.getdoc(function) or ""
    said = dict.fromkeys(FIELDS, "")
    summary, _, rest = text.partition("\n\n")
    label = ""
    for line in rest.splitlines():
        head, colon, tail = line.partition(":")
        if not line.strip() or line.startswith(">>>"):
            label = ""
        elif colon and head.lower() in FIELDS:
            label = head.lower()
            said[label] = tail.strip()
        elif label:
            said[label] += " " + line.strip()
    return " ".join(summary.split()), said
