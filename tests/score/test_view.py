import numpy as np
import pytest

from keepframe.score.envelope import Envelope
from keepframe.score.view import NONE, STRIDE, Pair, View, at_border, box, made_small

RNG = np.random.default_rng(5)
SCENE = np.kron(RNG.integers(40, 160, (15, 20)), np.ones((8, 8))).astype(np.uint8)


def view(image):
    """An image as it is looked at."""
    return View.of(made_small(image)[0])


def shown(image, times=9):
    """What was shown lately, if it was this image so many times."""
    envelope = Envelope()
    for _ in range(times):
        envelope.learn(view(image).shown)
    return envelope.near


@pytest.fixture
def visited():
    """The scene with a bright object of 6 x 7 pixels at row 40, column 64."""
    image = SCENE.copy()
    image[40:46, 64:71] = 255
    return image


def test_the_same_picture_has_not_changed():
    """By either kind, against both."""
    change = Pair.of((view(SCENE), view(SCENE)), shown(SCENE)).change(view(SCENE.copy()))

    assert (change == NONE).all()


def test_each_kind_is_compared_with_each_picture(visited):
    """Reference first, then anchor; edges first, then levels. The object is where it is, and only in the picture without it."""
    pair = Pair.of((view(visited), view(SCENE)), shown(SCENE))

    change = pair.change(view(visited))

    assert (change[0] == NONE).all()
    for kind in (0, 1):
        row, column = np.unravel_index(change[1, kind].argmax(), change[1, kind].shape)
        assert abs(row * STRIDE + 4 - 43) <= 8
        assert abs(column * STRIDE + 4 - 67) <= 8


def test_what_neither_the_reference_nor_lately_showed_is_outside(visited):
    """A reference with the object takes it for known, an anchor without does not; lately counts for both."""
    recently = Pair.of((view(SCENE), view(SCENE)), shown(visited).with_(shown(SCENE)))

    assert (recently.change(view(visited))[:, 1] == NONE[1]).all()


def test_a_camera_that_moved_is_put_back():
    """What the reference is moved by is no change, away from the border."""
    moved = np.roll(SCENE, (3, -5), (0, 1))
    inside = np.s_[0, :, 5:-5, 5:-5]

    displaced = Pair.of((view(SCENE), view(SCENE)), shown(SCENE)).change(view(moved))
    back = Pair.of((view(SCENE).moved(-5, 3), view(SCENE)), shown(SCENE)).change(view(moved))

    assert (back[inside] == NONE).all()
    assert displaced[inside][0].mean() > 2


@pytest.mark.parametrize(("x", "y"), [(0, 0), (5, 0), (-5, 0), (0, 8), (2, -3)])
def test_a_tile_sees_what_at_border_or_is_as_if_nothing_had_moved(x, y):
    """Whatever stands beyond: a tile that is not said to see it is the same once the scene is put back."""
    wide = np.pad(SCENE, 8, mode="reflect")
    noise = RNG.integers(0, 256, wide.shape, dtype=np.uint8)
    noise[8:-8, 8:-8] = SCENE
    moved = noise[8 - y : 8 - y + SCENE.shape[0], 8 - x : 8 - x + SCENE.shape[1]]
    back = Pair.of((view(SCENE).moved(x, y), view(SCENE)), None).change(view(moved))[0, 0]

    seen = at_border(x, y, back.shape)

    assert (back[~seen] == NONE[0]).all()
    assert seen.any() == bool(x or y)


def test_a_mean_of_edges_and_the_fullest_quarter_of_levels_count():
    """Numbers that can be worked out by hand: one cell of levels outside fills a tile as much as four do."""
    still, one, four = (np.full((16, 16), 100, np.uint8) for _ in range(3))
    plain, lit = view(still), [view(image).shown.copy() for image in (one, four)]
    lit[0][4:8, 4:8] += 20
    lit[1][4:12, 4:12] += 20
    pair = Pair.of((plain, plain), shown(still))

    tiles = [pair.change(plain._replace(shown=levels))[1, 1] for levels in lit]

    assert tiles[0].max() == tiles[1].max() == pytest.approx(np.log(4.0 + 20))


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (7, 9), (8, 8), (121, 33), (250, 41, 3), (1081, 1920)])
def test_any_size_is_made_of_whole_strides(shape):
    """At least a tile, about a hundred rows, and no pixel that no tile sees."""
    image = RNG.integers(0, 256, shape, dtype=np.uint8)

    small, factor = made_small(image)

    assert not any(side % STRIDE for side in small.shape)
    assert min(small.shape) >= 8
    assert small.shape[0] <= 152
    assert all(side * factor > seen - factor for side, seen in zip(small.shape, shape, strict=False))
    assert Pair.of((view(image), view(image)), None).change(view(image)).shape == (
        2, 2, small.shape[0] // STRIDE - 1, small.shape[1] // STRIDE - 1,
    )  # fmt: skip


def test_a_box_does_not_stick_out():
    """Of a tile in the border that was added for whole strides."""
    assert box((3, 0, 1, 1), (9, 17), 1) == (12, 0, 5, 8)
