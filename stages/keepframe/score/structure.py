"""
The default score: how unusual, for its place, the most unusual change of edges or levels is.

Looks at a picture, its reference and a recent picture (the anchor), from which each place learns what it does by itself. How two
pictures are compared is told in view.py, which one is the reference in reference.py, what is decided on the score by a judge.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.frame import Note
from keepframe.metrics import Box, Light, even_light, shift
from keepframe.picture import Image
from keepframe.score.envelope import Envelope, Range
from keepframe.score.evidence import Event
from keepframe.score.looking import Seen, fingerprint
from keepframe.score.places import LEAST, Places, Tiles, largest_near
from keepframe.score.view import NONE, TILE, Pair, View, at_border, box, made_small

_ANCHOR_AGE = 8
"""Pictures until the anchor is replaced: so old is the oldest change that counts as what a place does by itself."""
HOT = 4.0
"""Spreads from which a tile is counted as hot in what is noted. The verdict goes by the threshold, not by this."""
_DISPLACED, _SUSPECT = 0.25, 2.0
"""If so many tiles are so unusual the camera may have moved."""
_TRUSTED = 0.1
"""The response of phase correlation below which a shift is chance."""
_FARTHEST = 8
"""Pixels: a camera that moved farther is not put back."""
_EVERYWHERE = 0.5
"""The share of hot tiles from which all of the picture has changed at a stroke."""
_ALIKE = 0.9
"""The correlation of levels from which such a change is one of light."""
_INSIDE = 8
"""Tiles on a side below which there is hardly an inside."""
_COMING = np.float32(1.5)
"""Spreads by which a tile at the border may be farther off than those beside it inside."""
_MOST = 40.0
"""Spreads: what is farther off is not told apart."""
_MOST_BOXES = 4


class Structure:
    """
    Scores a camera's pictures; one per camera, called for each picture in order.

    >>> structure, rng = Structure(), np.random.default_rng(0)
    >>> pictures = [rng.normal(90, 2, (90, 160)).astype(np.uint8) for _ in range(12)]
    >>> scores = [structure(pictures[0], picture).score for picture in pictures[1:]]
    >>> pictures[-1][40:50, 70:80] = 130
    >>> max(scores) < 3 < structure(pictures[0], pictures[-1]).score
    True
    """

    def __init__(self) -> None:
        self._places, self._envelope = Places(), Envelope()
        self._anchor: View | None = None
        self._age = 0
        self._print = 0
        self._before: View | None = None
        self._reference: tuple[Image, View] | None = None
        self._pair: tuple[View, View, Range | None, Pair] | None = None

    def begin(self, image: Image) -> None:
        """Take a picture that has nothing to be compared with: the first, or another size."""
        small, _ = made_small(image)
        self._print, self._before = fingerprint(image), View.of(small)
        self._begin(self._before)

    def _begin(self, view: View) -> None:
        self._places, self._envelope = Places(), Envelope()
        self._envelope.learn(view.shown)
        self._anchor, self._age = view, 0

    def __call__(self, reference: Image, image: Image) -> Seen:
        """What is seen of an image against a reference of its shape; learns from it."""
        small, factor = made_small(image)
        now, view, known = fingerprint(image), View.of(small), self._known(reference)
        is_repeat, self._print, self._before = now == self._print, now, view
        if self._anchor is None or self._anchor.small.shape != small.shape:
            self._begin(view)
        self._places.light(cv2.mean(small)[0])
        anchor = self._anchor or view
        change, unusual, moved = self._change(known, anchor, view)
        is_same = moved == (0, 0) and bool((change[0] == NONE).all())
        is_first = not self._places.is_known
        event: Event | None = "repeated" if is_repeat else None
        if not is_repeat and not is_first and _is_everywhere(unusual[:, 0]):
            event = _stroke(anchor.coarse, view.coarse)
        far = _borne_out(_together(unusual) if self._envelope.is_believed else unusual[:, 0])
        if event != "repeated":
            self._learn(view, change[1], is_over=event is not None)
        return Seen(
            0.0 if is_same else _score(far[0]),
            None if is_first else _score(far[1]),
            event,
            box((*_hottest(far[0]), 1, 1), image.shape, factor),
            _notes(even_light(known.coarse, view.coarse), far[0], moved, image.shape, factor),
        )

    def save(self) -> dict[str, Any]:
        """The anchor, lossless, the places and the envelope; the reference is somebody else's."""
        if self._anchor is None:
            return {}
        envelope = {f"envelope.{key}": value for key, value in self._envelope.save().items()}
        own = {"anchor": self._anchor.small, "age": self._age, "print": self._print}
        return own | self._places.save() | envelope

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave, among other keys."""
        self.__init__()  # type: ignore[misc]
        if "anchor" in memory:
            self._anchor = View.of(memory["anchor"])
            self._age, self._print = memory["age"], memory["print"]
            self._places.load(memory)
            begin = "envelope."
            self._envelope.load({k.removeprefix(begin): v for k, v in memory.items() if k.startswith(begin)})

    def _change(self, known: View, anchor: View, view: View) -> tuple[Tiles, Tiles, tuple[int, int]]:
        """
        The log change of each tile against the reference and the anchor, how unusual it is, and where the reference lies now.

        Both are (2, 2, rows, columns): by what it was compared with, and by kind.
        """
        change = self._against(known, anchor).change(view)
        unusual = self._places.unusual(change)
        edges = unusual[0, 0]
        if not self._places.is_known or np.count_nonzero(edges > _SUSPECT) > _DISPLACED * edges.size:
            moved = _moved(known.small, view.small)
            if moved != (0, 0):
                back = Pair.of((known.moved(*moved), anchor), self._envelope.near).change(view)
                border = at_border(*moved, edges.shape)
                # what passes by may fool the correlation, not most of the tiles
                if not border.all() and back[0, 0, ~border].mean() < change[0, 0, ~border].mean():
                    # of what came in nothing can be said
                    back[0] = np.where(border, NONE, back[0])
                    return back, self._places.unusual(back), moved
        return change, unusual, (0, 0)

    def _against(self, known: View, anchor: View) -> Pair:
        """What pictures are held against; worked out once for each reference, anchor and range."""
        these = known, anchor, self._envelope.near
        if self._pair is None or any(a is not b for a, b in zip(self._pair, these, strict=False)):
            self._pair = *these, Pair.of((known, anchor), these[2])
        return self._pair[3]

    def _learn(self, view: View, recent: Tiles, *, is_over: bool) -> None:
        if is_over:
            self._places.forget()
            self._envelope = Envelope()
        else:
            self._places.learn(recent)
        self._envelope.learn(view.shown)
        self._age += 1
        if is_over or self._age >= _ANCHOR_AGE:
            self._anchor, self._age = view, 0

    def _known(self, reference: Image) -> View:
        """The reference as it is looked at; worked out once for each, and mostly has been: it is the picture before."""
        if self._reference is None or self._reference[0] is not reference:
            is_before = self._before is not None and fingerprint(reference) == self._print
            view = self._before if is_before else None
            self._reference = reference, view or View.of(made_small(reference)[0])
        return self._reference[1]


def _notes(
    light: Light, unusual: Tiles, moved: tuple[int, int], shape: tuple[int, ...], factor: int
) -> dict[str, Note]:
    notes: dict[str, Note] = {
        "light": round(light.step, 1),
        "gain": round(light.gain, 2),
        "offset": round(light.offset, 1),
    }
    if moved != (0, 0):
        notes["shift"] = f"{moved[0] * factor},{moved[1] * factor}"
    hot = unusual > HOT
    share = np.count_nonzero(hot) / hot.size
    if share:
        notes["hot_share"] = round(share, 4)
        notes["boxes"] = " ".join(",".join(map(str, box)) for box in _boxes(hot, shape, factor))
    return notes


def _together(unusual: Tiles) -> Tiles:
    """How far off each tile is by both kinds at once, as two sides of a right angle: who comes changes edges and levels, noise one of them."""
    above = np.maximum(unusual, np.float32(0))
    above *= above
    return np.asarray(np.sqrt(above[:, 0] + above[:, 1]), np.float32)


def _borne_out(far: Tiles) -> Tiles:
    """
    How far off each tile is, the outermost by at most one and a half spreads more than those next to them inside.

    Who comes in shows there too; the edge of a shadow that slides along the border has no place before it from which it was learned.
    """
    if min(far.shape[1:]) < _INSIDE:
        return far
    inside = np.zeros_like(far)
    inside[:, 1:-1, 1:-1] = far[:, 1:-1, 1:-1]
    return np.asarray(np.minimum(far, largest_near(inside) + _COMING), np.float32)


def _is_everywhere(unusual: Tiles) -> bool:
    """Whether half of the tiles are hot, against the reference and against what was just there."""
    return all(np.count_nonzero(tiles > HOT) >= _EVERYWHERE * tiles.size for tiles in unusual)


def _stroke(anchor: Image, coarse: Image) -> Event:
    """What changed everywhere at a stroke, by the cells of before and now."""
    then, now = (image.astype(np.float64) for image in (anchor, coarse))
    both = float(np.sqrt(then.var() * now.var()))
    alike = float(((then - then.mean()) * (now - now.mean())).mean()) / both if both > 0 else 0.0
    return "light" if alike >= _ALIKE else "mode"


def _score(unusual: Tiles) -> float:
    """The most unusual tile: how many times the usual its change is, had the place the least spread."""
    return math.exp(LEAST * min(float(unusual.max()), _MOST))


def _moved(reference: Image, small: Image) -> tuple[int, int]:
    """How far the camera moved, in whole pixels right and down; (0, 0) if that is not sure or too far to be undone."""
    half = small.shape[1] // 2, small.shape[0] // 2
    if min(half) < TILE:
        return 0, 0
    found = shift(
        *(np.asarray(cv2.resize(image, half, interpolation=cv2.INTER_AREA)) for image in (reference, small))
    )
    x, y = round(2 * found.x), round(2 * found.y)
    is_trusted = found.response >= _TRUSTED and max(abs(x), abs(y)) <= _FARTHEST
    return (x, y) if is_trusted else (0, 0)


def _hottest(unusual: Tiles) -> tuple[int, int]:
    row, column = divmod(int(unusual.argmax()), unusual.shape[1])
    return column, row


def _boxes(hot: NDArray[np.bool_], shape: tuple[int, ...], factor: int) -> list[Box]:
    """Of the largest groups of hot tiles that touch."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(hot.astype(np.uint8), connectivity=8)
    groups = sorted((tuple(map(int, stats[n])) for n in range(1, count)), key=lambda g: (-g[4], g))
    return [box((x, y, width, height), shape, factor) for x, y, width, height, _ in groups[:_MOST_BOXES]]
