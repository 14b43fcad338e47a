"""What a synthetic camera knows about its own pictures, as labels. What it shows is drawn in keepframe.capture."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from keepframe.capture.scene import Scene, Truth
from keepframe.measure.rules import Labels, Stretch

SETTLES_S = 1.0
"""A car that has parked is an event for as long as this after it stands still."""


def labels_of(scene: Scene, count: int, name: str = "synthetic") -> Labels:
    """
    Events and quiet stretches of the first pictures of a scene.

    An event is a visit that can be seen, the coming of a car, and a switch to or from infrared (its first picture). Quiet is what shows
    nothing of these, whatever the weather and the camera do; a broken picture of an empty scene is quiet, too. A switch, and a
    car that has come, begin a new stretch.
    """
    truths = [scene.truth(index) for index in range(count)]
    visits: dict[int, Stretch] = {}
    for truth in truths:
        if truth.view == "object" and not truth.is_lost:
            first, _ = visits.get(truth.visit, (truth.index, truth.index))
            visits[truth.visit] = first, truth.index
    coming = [truth.index for truth in truths if truth.car == "comes" and not truth.is_lost]
    comings = [(coming[0], min(count - 1, coming[-1] + round(SETTLES_S * scene.fps)))] if coming else []
    events = sorted([*visits.values(), *comings, *((n, n) for n in switches(scene, count))])
    return Labels(name, count, scene.fps, tuple(events), tuple(_quiet(truths)))


def switches(scene: Scene, count: int) -> list[int]:
    """Numbers of the pictures that are the first of another kind of light."""
    return _changes([scene.truth(index) for index in range(count)], lambda truth: truth.is_infrared)


def _quiet(truths: list[Truth]) -> list[Stretch]:
    begins = set(_changes(truths, lambda truth: (truth.is_infrared, truth.car)))
    found: list[Stretch] = []
    for truth in truths:
        if truth.view != "empty" or truth.car == "comes":
            continue
        if found and found[-1][1] == truth.index - 1 and truth.index not in begins:
            found[-1] = found[-1][0], truth.index
        else:
            found.append((truth.index, truth.index))
    return found


def _changes(truths: list[Truth], key: Callable[[Truth], object]) -> list[int]:
    return [b.index for a, b in pairwise(truths) if key(a) != key(b)]
