"""The three strips: what each policy keeps of a fade, of a car that parks, and of a tree that waves for hours."""

import cv2
import numpy as np
import pytest

from keepframe.frame import Frame
from keepframe.score import Change
from keepframe.score.reference import WINDOW, policy
from keepframe.testing import run

POLICIES = ["last-kept", "previous", "background", "window-median"]
LEVELS = {"metric": "mean-absolute-difference", "threshold": 10 / 255}


def kept(pictures, **options):
    """The indexes of what is kept, one picture a second."""
    frames = [Frame(seq=n, time_ns=n * 10**9).with_image(picture) for n, picture in enumerate(pictures)]
    return [f.seq for f in run(Change, frames, **options) if f.outcome is None]


def scenery(count, seed=0):
    """A scene of blocks with noise of two levels."""
    rng = np.random.default_rng(seed)
    scene = rng.integers(60, 160, (15, 20), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    return [np.clip(scene + rng.normal(0, 2, scene.shape), 0, 255).astype(np.uint8) for _ in range(count)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("last-kept", [0, 11, 22, 33, 44, 55]), ("previous", [0]), ("window-median", [0])],
)
def test_a_fade_of_a_level_a_picture_by_levels(name, expected):
    """Against the last kept picture it adds up, for a metric that sees levels; against what moves along it never does."""
    pictures = [np.full((16, 16), 40 + n, np.uint8) for n in range(60)]

    assert kept(pictures, reference=name, **LEVELS) == expected


def test_a_fade_is_behind_the_background():
    """The running mean lags behind a fade that does not end by as many levels as its memory is long, and more where it is not believed."""
    pictures = [np.full((16, 16), 40 + n // 8, np.uint8) for n in range(160)]

    assert kept(pictures, reference="background", **LEVELS) == [0]


@pytest.mark.parametrize("name", POLICIES)
def test_a_fade_is_no_change_of_structure(name):
    """The default score sees no edge that turns: a fade by a seventh keeps nothing more, whatever the reference."""
    scene = scenery(1)[0].astype(float)
    pictures = [np.clip(scene * (1 - n / 400), 0, 255).astype(np.uint8) for n in range(60)]

    assert kept(pictures, reference=name) == [0]


@pytest.mark.parametrize(
    ("name", "count"), [("last-kept", 1), ("previous", 1), ("window-median", WINDOW // 2 + 1)]
)
def test_a_car_that_parks(name, count):
    """Kept once against the last kept and the previous picture, and until it is in most of the window."""
    pictures = scenery(80)
    for picture in pictures[40:]:
        picture[50:80, 60:110] = 230

    assert kept(pictures, reference=name) == [0, *range(40, 40 + count)]


@pytest.mark.slow
def test_a_car_that_parks_becomes_background():
    """Kept until it is absorbed, which a fifth of the rate makes slow."""
    pictures = scenery(400)
    for picture in pictures[40:]:
        picture[50:80, 60:110] = 230

    indexes = kept(pictures, reference="background")

    assert indexes[:3] == [0, 40, 41]
    assert indexes[-1] < 300


@pytest.mark.parametrize("name", POLICIES)
def test_a_tree_that_waves(name):
    """It is kept while its place is learned, and then no more, whatever the reference; someone who comes then is."""
    rng = np.random.default_rng(5)
    pictures = scenery(300)
    crown = cv2.GaussianBlur(rng.integers(0, 256, (60, 60), dtype=np.uint8), (0, 0), 1.5)
    for n, picture in enumerate(pictures):
        moved = np.roll(crown, (round(3 * np.sin(n)), round(4 * np.sin(1.7 * n + 1))), (0, 1))
        picture[20:80, 20:80] = np.clip(moved + rng.normal(0, 2, moved.shape), 0, 255).astype(np.uint8)
    for picture in pictures[280:]:
        picture[60:90, 120:150] = 235

    indexes = kept(pictures, reference=name)

    assert [n for n in indexes if 40 <= n < 280] == []
    assert 280 in indexes


def test_a_fixed_picture_stays(tmp_path):
    """The first picture too is compared with it, and the empty place after a guest is nothing new."""
    pictures = scenery(40)
    cv2.imwrite(str(tmp_path / "empty.png"), pictures[0])
    for picture in pictures[20:24]:
        picture[50:80, 60:110] = 230

    indexes = kept(pictures, reference="fixed", picture=tmp_path / "empty.png")

    assert indexes[0] == 20
    assert set(indexes) <= {20, 21, 22, 23}


@pytest.mark.parametrize("name", POLICIES)
def test_another_shape_is_not_compared(name):
    """The policy says that it has none of that shape, and goes on with it."""
    reference = policy(name)
    assert reference.is_empty
    reference.take(np.zeros((4, 4), np.uint8), "0/0", is_kept=True)

    assert reference.image((4, 5)) is None
    assert not reference.is_empty
    reference.take(np.zeros((4, 5), np.uint8), "0/1", is_kept=True)
    assert reference.image((4, 5)) is not None
    assert reference.image((4, 4)) is None


def test_the_median_of_five():
    """Pixel by pixel, as numpy finds it; the lower middle while there are fewer."""
    rng = np.random.default_rng(1)
    pictures = [rng.integers(0, 256, (6, 7), dtype=np.uint8) for _ in range(9)]
    reference = policy("window-median")

    for n, picture in enumerate(pictures):
        reference.take(picture, "", is_kept=False)
        window = np.stack(pictures[max(0, n - WINDOW + 1) : n + 1])
        expected = np.sort(window, axis=0)[(len(window) - 1) // 2]
        assert (reference.image((6, 7)) == expected).all()
