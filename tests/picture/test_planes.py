"""Planes into planes: by area, by table, and back."""

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.picture import planes

SIDES = st.integers(1, 40)


def exact_bgr(flat, height, width, *, is_full_range, matrix):
    """The formulas of BT.601 and BT.709 in float64, each chroma sample for its 2x2 block."""
    luma, u, v = (p.astype(float) for p in planes.yuv420_planes(flat, height, width))
    kr, kb = planes.LUMA_WEIGHTS[matrix]
    y = luma if is_full_range else (luma - 16) * 255 / 219
    scale = 1 if is_full_range else 255 / 224
    u, v = ((c.repeat(2, 0).repeat(2, 1)[:height, :width] - 128) * scale for c in (u, v))
    red, blue = y + 2 * (1 - kr) * v, y + 2 * (1 - kb) * u
    green = (y - kr * red - kb * blue) / (1 - kr - kb)
    return np.clip(np.dstack([blue, green, red]), 0, 255)


def smooth_planes(make_smooth, height, width, *, is_full_range):
    """Smooth planes whose colors none of the conversions clips."""
    low, high = (40, 215) if is_full_range else (50, 200)
    half = (height + 1) // 2, (width + 1) // 2
    parts = (
        make_smooth(height, width, low, high),
        make_smooth(*half, 108, 148, seed=1),
        make_smooth(*half, 108, 148, seed=2),
    )
    return np.concatenate([part.ravel() for part in parts])


@given(height=SIDES, width=SIDES, shrink=st.sampled_from([1, 2, 4, 8]))
def test_a_shrunk_picture_has_its_sides_divided_and_rounded_up(height, width, shrink):
    """Any size shrinks, also one that does not divide."""
    image = np.zeros((height, width), np.uint8)

    assert planes.shrunk(image, shrink).shape == (-(-height // shrink), -(-width // shrink))


@given(height=SIDES, width=SIDES, level=st.integers(0, 255), shrink=st.sampled_from([2, 4, 8]))
def test_shrinking_does_not_change_a_level(height, width, level, shrink):
    """A constant picture stays what it is, at the edges too."""
    image = np.full((height, width), level, np.uint8)

    assert np.all(planes.shrunk(image, shrink) == level)


@given(seed=st.integers(0, 10_000), height=SIDES, width=SIDES)
def test_a_halving_is_the_mean_of_each_block_rounded_half_up(seed, height, width):
    """Blocks at an odd edge count what they have."""
    image = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    padded = np.pad(image, ((0, height % 2), (0, width % 2)), mode="edge").astype(int)
    blocks = padded[::2, ::2] + padded[1::2, ::2] + padded[::2, 1::2] + padded[1::2, 1::2]

    assert np.array_equal(planes.shrunk(image, 2), (blocks + 2) // 4)


def test_limited_luma_is_stretched_with_one_rounding():
    """All 256 levels against the formula."""
    levels = np.arange(256, dtype=np.uint8)
    expected = np.clip(np.floor((levels.astype(float) - 16) * 255 / 219 + 0.5), 0, 255)

    assert np.array_equal(planes.full_range(levels[np.newaxis])[0], expected)


def test_gray_of_a_color_has_the_weights_of_rec_601():
    """Within half a level of 0.299 R + 0.587 G + 0.114 B, plus the fixed point."""
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    expected = image @ np.array([0.114, 0.587, 0.299])

    assert np.abs(planes.gray_of_bgr(image) - expected).max() <= 0.51


def test_gray_becomes_bgr_and_back_unchanged():
    """Three equal planes have that gray."""
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)

    assert np.array_equal(planes.gray_of_bgr(planes.bgr_of_gray(image)), image)


@given(
    seed=st.integers(0, 10_000),
    height=SIDES,
    width=SIDES,
    is_full_range=st.booleans(),
    matrix=st.sampled_from(["bt601", "bt709"]),
)
def test_bgr_is_within_a_level_of_the_formula(seed, height, width, is_full_range, matrix):
    """Any bytes, any size, both ranges and both matrices."""
    size = height * width + 2 * ((height + 1) // 2) * ((width + 1) // 2)
    flat = np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)
    image = planes.bgr_of_yuv420(flat, height, width, is_full_range=is_full_range, matrix=matrix)
    exact = exact_bgr(flat, height, width, is_full_range=is_full_range, matrix=matrix)

    assert image.shape == (height, width, 3)
    assert np.abs(image - exact).max() <= 1.01


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
@pytest.mark.parametrize("is_full_range", [True, False])
@pytest.mark.parametrize(("height", "width"), [(192, 256), (287, 383)])
def test_bgr_is_what_swscale_gives(make_smooth, height, width, is_full_range, matrix):
    """On smooth content within 3 levels, 1.6 in the mean: swscale cuts off where the formula rounds."""
    flat = smooth_planes(make_smooth, height, width, is_full_range=is_full_range)
    frame = av.VideoFrame(width, height, "yuv420p")
    for plane, pixels in zip(frame.planes, planes.yuv420_planes(flat, height, width), strict=True):
        padded = np.zeros((plane.height, plane.line_size), np.uint8)
        padded[:, : pixels.shape[1]] = pixels
        plane.update(padded)
    space, color_range = (5 if matrix == "bt601" else 1), (2 if is_full_range else 1)
    theirs = frame.reformat(
        format="bgr24",
        src_colorspace=space,
        dst_colorspace=space,
        src_color_range=color_range,
        dst_color_range=2,
    ).to_ndarray()
    ours = planes.bgr_of_yuv420(flat, height, width, is_full_range=is_full_range, matrix=matrix)
    difference = np.abs(ours.astype(int) - theirs)

    assert difference.max() <= 3
    assert difference.mean() <= 1.6


@given(seed=st.integers(0, 10_000), matrix=st.sampled_from(["bt601", "bt709"]), is_full_range=st.booleans())
def test_yuv_comes_back_from_bgr(seed, matrix, is_full_range):
    """Where no color is clipped, the planes can be computed back to within two levels."""
    rng = np.random.default_rng(seed)
    luma, u, v = (
        rng.integers(90, 150, (8, 10)),
        rng.integers(118, 138, (4, 5)),
        rng.integers(118, 138, (4, 5)),
    )
    flat = np.concatenate([p.ravel() for p in (luma, u, v)]).astype(np.uint8)
    bgr = planes.bgr_of_yuv420(flat, 8, 10, is_full_range=is_full_range, matrix=matrix).astype(float)
    kr, kb = planes.LUMA_WEIGHTS[matrix]
    y = bgr @ np.array([kb, 1 - kr - kb, kr])
    scale, low = (1, 0) if is_full_range else (219 / 255, 16)
    chroma = 1 if is_full_range else 224 / 255
    back_u = ((bgr[:, :, 0] - y) / (2 * (1 - kb)))[::2, ::2] * chroma + 128
    back_v = ((bgr[:, :, 2] - y) / (2 * (1 - kr)))[::2, ::2] * chroma + 128

    assert np.abs(y * scale + low - luma).max() <= 2
    assert np.abs(back_u - u).max() <= 2
    assert np.abs(back_v - v).max() <= 2


@given(
    seed=st.integers(0, 10_000),
    height=SIDES,
    width=SIDES,
    is_full_range=st.booleans(),
    matrix=st.sampled_from(["bt601", "bt709"]),
)
def test_planes_for_a_jpeg_are_within_a_level_of_the_formula(seed, height, width, is_full_range, matrix):
    """Any bytes, any size: range and matrix become those of JFIF, by way of unclipped colours in float64."""
    rows, columns = (height + 1) // 2, (width + 1) // 2
    flat = np.random.default_rng(seed).integers(0, 256, height * width + 2 * rows * columns, dtype=np.uint8)
    luma, u, v = (plane.astype(float) for plane in planes.yuv420_planes(flat, height, width))
    if not is_full_range:
        luma, u, v = (luma - 16) * 255 / 219, (u - 128) * 255 / 224 + 128, (v - 128) * 255 / 224 + 128

    def as_jpeg(y, u, v):
        kr, kb = planes.LUMA_WEIGHTS[matrix]
        red, blue = y + 2 * (1 - kr) * (v - 128), y + 2 * (1 - kb) * (u - 128)
        green = (y - kr * red - kb * blue) / (1 - kr - kb)
        y = 0.299 * red + 0.587 * green + 0.114 * blue
        return [np.clip(p, 0, 255) for p in (y, (blue - y) / 1.772 + 128, (red - y) / 1.402 + 128)]

    doubled = (p.repeat(2, 0).repeat(2, 1)[:height, :width] for p in (u, v))
    exact = [as_jpeg(luma, *doubled)[0], *as_jpeg(np.full((rows, columns), 128.0), u, v)[1:]]
    given_planes = planes.jpeg_planes(flat, height, width, is_full_range=is_full_range, matrix=matrix)

    assert [p.shape for p in given_planes] == [(height, width), (rows, columns), (rows, columns)]
    assert all(np.abs(ours - theirs).max() <= 1.01 for ours, theirs in zip(given_planes, exact, strict=True))
