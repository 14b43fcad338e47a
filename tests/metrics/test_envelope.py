import cv2
import numpy as np
import pytest

from keepframe.metrics import gist, gist_descriptor


def _waves(cycles, degrees, side=128):
    """A sine of that many cycles per picture, its stripes turned by that much."""
    y, x = np.mgrid[:side, :side] / side
    turn = np.deg2rad(degrees)
    return np.rint(127 + 100 * np.sin(2 * np.pi * cycles * (x * np.cos(turn) + y * np.sin(turn)))).astype(
        np.uint8
    )


def _strongest(picture):
    """Scale and orientation of the strongest filter, over all blocks."""
    energies = gist_descriptor(picture).reshape(4, 8, 16).sum(axis=2)
    return tuple(int(n) for n in np.unravel_index(np.argmax(energies), energies.shape))


def test_the_descriptor_has_512_finite_numbers(make):
    """4 scales, 8 orientations, 16 blocks; whatever the shape of the picture."""
    for picture in (make.scene(), make.scene(7, 300), np.zeros((1, 1), np.uint8)):
        descriptor = gist_descriptor(picture)

        assert descriptor.shape == (512,)
        assert np.isfinite(descriptor).all()
        assert descriptor.min() >= 0


@pytest.mark.parametrize("orientation", range(8))
def test_stripes_wake_the_filter_of_their_orientation(orientation):
    """Eight orientations of 22.5 degrees; a filter answers on the other side of its angle."""
    assert _strongest(_waves(12, -22.5 * orientation))[1] == orientation


@pytest.mark.parametrize(("cycles", "scale"), [(19, 0), (10, 1), (5.6, 2), (3, 3)])
def test_stripes_wake_the_filter_of_their_width(cycles, scale):
    """Centres at 0.3 cycles per pixel of 64, and 1.85 times as wide each."""
    assert _strongest(_waves(cycles, 0))[0] == scale


def test_blocks_know_where_the_texture_is():
    """Fine stripes in the upper left quarter only."""
    picture = np.full((128, 128), 127, np.uint8)
    picture[:32, :32] = _waves(19, 0)[:32, :32]
    energies = gist_descriptor(picture).reshape(4, 8, 4, 4)[0, 0]

    assert np.unravel_index(np.argmax(energies), energies.shape) == (0, 0)


def test_light_matters_little_and_the_scene_much(make):
    """Gain, offset and a slow slope against another scene and the same one mirrored."""
    a = (make.scene(128, 160) // 2 + 40).astype(np.uint8)
    slope = np.linspace(0.75, 1.25, 160)
    sloped = np.rint(a * slope).astype(np.uint8)
    light = max(gist(a, cv2.convertScaleAbs(a, alpha=1.3, beta=-30)), gist(a, sloped))
    scene = min(gist(a, make.scene(128, 160, seed=8)), gist(a, a[:, ::-1]))

    assert light < scene / 2


def test_an_even_change_of_light_is_exactly_none():
    """The levels are stretched first."""
    a = np.random.default_rng(1).integers(0, 100, (64, 64), dtype=np.uint8)

    assert gist(a, a + 50) == 0
    assert gist(a, a * 2) == pytest.approx(0, abs=1e-4)


def test_the_authors_side_is_an_option(make):
    """At 256 the same pictures rank the same way."""
    a, b, c = make.scene(), make.noisy(make.scene(), 5), make.scene(seed=8)

    assert gist(a, b, side=256) < gist(a, c, side=256)


@pytest.mark.parametrize("side", [0, 31, 48, -64])
def test_a_side_that_does_not_divide_is_refused(side):
    """The error names the value."""
    image = np.zeros((9, 9), np.uint8)
    with pytest.raises(ValueError, match=f"gist: expected side to be a positive multiple of 32, got {side}"):
        gist(image, image, side=side)
