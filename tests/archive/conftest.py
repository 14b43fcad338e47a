"""What the tests of the archive share: items as a capture would send them, and an open archive."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from keepframe.archive import Archive
from keepframe.frame import Frame, Item
from keepframe.picture import Picture

FIRST = (0, 1, 77)
T0_NS = 1_700_000_000_000_000_000


def make_item(
    seq: int, outcome: str | None = None, *, stream: int = 0, count: int = 1, camera: str = "lobby", **more
) -> Item:
    """One frame a second; without an outcome it comes with a small picture of its own."""
    if outcome is None and "picture" not in more:
        more["picture"] = Picture.of(np.full((8, 12), (37 * seq + 11 * stream) % 256, np.uint8))
    frame = Frame(camera=camera, stream=stream, seq=seq, time_ns=T0_NS + seq * 10**9, outcome=outcome)
    return Item((replace(frame, **more),), count)


@pytest.fixture
def item() -> Callable[..., Item]:
    """How to make an item of one frame."""
    return make_item


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the archive is, or will be."""
    return tmp_path / "archive"


@pytest.fixture
def archive(folder: Path):
    """An open archive with a session of the camera `lobby` under the epoch (0, 1, 77)."""
    with Archive(folder=folder) as opened:
        opened.open("lobby", FIRST, None)
        yield opened


@pytest.fixture
def commit(archive: Archive):
    """Commit items of `lobby` and whatever else is given, up to the last item."""

    def commit(*items: Item, epoch=FIRST, memory=None, events=()):
        return archive.commit("lobby", epoch, items[-1].upto, items, memory or {}, events)

    return commit
