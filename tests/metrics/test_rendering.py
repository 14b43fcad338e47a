import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from keepframe.metrics import metric, pixelmatch


def _package(a, b, **options):
    package = pytest.importorskip("pixelmatch", reason="pixelmatch is not installed (extra: reference)")
    flat = []
    for image in (a, b):
        colour = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image
        opacity = colour[:, :, 3] if colour.shape[2] == 4 else np.full(colour.shape[:2], 255, np.uint8)
        flat.append(np.dstack([colour[:, :, 2::-1], opacity]).ravel().tolist())
    return package.pixelmatch(*flat, a.shape[1], a.shape[0], **options)


def _drawing(shift=0.0):
    """Lines, circles and letters with smoothed edges, moved by a part of a pixel."""
    picture = np.full((60, 90, 3), 255, np.uint8)
    at = round(shift * 16)
    cv2.line(picture, (40 + at, 100), (1200 + at, 700), (200, 30, 0), 2, cv2.LINE_AA, 4)
    cv2.circle(picture, (700 + at, 400), 240, (0, 0, 0), 1, cv2.LINE_AA, 4)
    cv2.putText(picture, "keep", (8, 50), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (20, 140, 60), 1, cv2.LINE_AA)
    return picture


def test_pixelmatch_equals_the_package_on_ordinary_pairs(plain_pair):
    """On a corner of each: the package compares one pixel at a time."""
    a, b = (np.ascontiguousarray(image[-40:, :50]) for image in plain_pair)

    assert pixelmatch(a, b) == _package(a, b)


@pytest.mark.parametrize("include", [False, True])
@pytest.mark.parametrize("threshold", [0, 0.02, 0.1, 0.5])
@pytest.mark.parametrize("shift", [0.25, 0.5, 1, 3])
def test_pixelmatch_equals_the_package_on_drawings(shift, threshold, include):
    """Smoothed edges are what it is for."""
    a, b = _drawing(), _drawing(shift)
    cv2.rectangle(b, (60, 40), (70, 50), (0, 0, 255), -1)

    assert pixelmatch(a, b, threshold=threshold, include_antialiased=include) == _package(
        a, b, threshold=threshold, includeAA=include
    )


@settings(max_examples=60, deadline=None)
@given(
    arrays(
        np.uint8,
        st.tuples(st.just(2), st.integers(1, 7), st.integers(1, 7), st.sampled_from([3, 4])),
        elements=st.sampled_from([0, 60, 61, 200, 255]),
    ),
    st.sampled_from([0.0, 0.1, 0.3]),
)
def test_pixelmatch_equals_the_package_on_few_colours(images, threshold):
    """Ties, borders, one pixel, and transparency."""
    assert pixelmatch(*images, threshold=threshold) == _package(*images, threshold=threshold)


def test_a_smoothed_edge_is_forgiven_and_a_new_thing_is_not():
    """A line moved by half a pixel against a new square on white."""
    a, moved, new = _drawing(), _drawing(0.5), _drawing()
    cv2.rectangle(new, (78, 4), (86, 12), (0, 0, 255), -1)

    assert pixelmatch(a, moved) < 0.35 * pixelmatch(a, moved, include_antialiased=True)
    assert pixelmatch(a, new) == 81


def test_the_map_shows_the_pixels_that_count():
    """Ones where the value counts."""
    a, b = _drawing(), _drawing(3)

    assert metric("pixelmatch").map(a, b).sum() == pixelmatch(a, b)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_outside_is_refused(threshold):
    """The error names the value."""
    image = np.zeros((9, 9), np.uint8)
    with pytest.raises(ValueError, match=f"pixelmatch: expected threshold from 0 to 1, got {threshold}"):
        pixelmatch(image, image, threshold=threshold)
