"""What holds for every metric, whatever it measures."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from keepframe.metrics import metric, names

PLAIN = [name for name in names() if not name.endswith("-tile")]
SYMMETRIC = [name for name in PLAIN if "Not symmetric" not in metric(name).range]
SLOW = {name for name in PLAIN if metric(name).cost.startswith("high")}

pictures = st.one_of(
    arrays(np.uint8, st.tuples(st.integers(1, 24), st.integers(1, 24))),
    arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3))),
)
few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", names())
def test_identical_images_score_zero(name, make):
    """0 means the same, exactly: for scenes, in colour, for noise of any size, in 16 bits, and for a lens cap."""
    rng = np.random.default_rng(0)
    images = [make.scene(*size, seed=seed) for seed, size in enumerate([(64, 80), (61, 83), (121, 160)])]
    images += [rng.integers(0, 256, size, dtype=np.uint8) for size in [(64, 80), (33, 45), (9, 9), (9, 9, 3)]]
    images += [make.in_colour(images[1]), images[0].astype(np.uint16) * 257]
    images += [np.zeros((64, 80), np.uint8), np.full((3, 2), 255, np.uint8)]

    assert {i: s for i, image in enumerate(images) if (s := metric(name).score(image, image.copy()))} == {}


def at(image, offset):
    """Copy an image to memory that begins this many bytes behind a multiple of 64."""
    flat = np.empty(image.nbytes + 64 + offset, np.uint8)
    start = -flat.ctypes.data % 64 + offset
    copy = flat[start : start + image.nbytes].view(image.dtype).reshape(image.shape)
    copy[...] = image
    return copy


@pytest.mark.parametrize("name", names())
def test_where_the_images_lie_in_memory_changes_no_bit(name, make):
    """Vector code has other beginnings and ends of rows then, and must round there as in between."""
    gray = make.scene(61, 83)
    colour = make.in_colour(make.scene(121, 163))
    noise = np.random.default_rng(0).integers(0, 256, (2, 64, 80), dtype=np.uint8)
    for a, b in ((gray, make.with_object(gray)), (colour, make.noisy(colour, 5)), noise):
        values = set()
        for offset in (0, 1, 4, 8, 16, 24, 33, 48):
            in_the_way = [np.empty(offset * size + 1, np.uint8) for size in (1, 17, 1000)]
            values.add(metric(name).value(at(a, offset), at(b, 63 - offset)))
            del in_the_way

        assert len(values) == 1


@pytest.mark.parametrize("name", names())
def test_scores_are_finite_and_not_negative_whatever_the_camera_delivers(name, degenerate):
    """Black, white, one pixel, one row, odd sizes, BGRA and 16 bits have a defined score."""
    scores = {label: metric(name).score(a, b) for label, a, b in degenerate}

    assert {label: s for label, s in scores.items() if not (math.isfinite(s) and s >= 0)} == {}


@pytest.mark.parametrize("name", [name for name in PLAIN if metric(name).is_mapped])
def test_maps_are_finite_not_negative_and_zero_for_identical_images(name, degenerate):
    """A map has the image's size, or is a smaller picture of it."""
    for label, a, b in degenerate:
        difference = metric(name).map(a, b)

        assert difference.dtype == np.float32, label
        assert difference.ndim == 2, label
        assert np.isfinite(difference).all(), label
        assert difference.min() >= -1e-6, label
        assert np.abs(metric(name).map(a, a.copy())).max() <= 1e-5, label


@pytest.mark.parametrize("name", SYMMETRIC)
def test_order_does_not_matter_where_the_docstring_does_not_say_so(name, make):
    """Where it matters, Range says "Not symmetric"."""
    a = make.scene(64, 80)
    for b in (make.noisy(a, 5), make.with_object(a), make.scene(64, 80, seed=5)):
        assert metric(name).score(a, b) == pytest.approx(metric(name).score(b, a), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("name", sorted(set(PLAIN) - SLOW))
def test_arbitrary_pictures_give_a_finite_score_and_stay_untouched(name):
    """Any size from one pixel on, any content, read-only memory."""

    @few
    @given(pictures, st.integers(0, 2**32 - 1))
    def holds(reference, seed):
        test = np.random.default_rng(seed).integers(0, 256, reference.shape, dtype=np.uint8)
        before = reference.copy(), test.copy()
        for image in (reference, test):
            image.setflags(write=False)
        score = metric(name).score(reference, test)

        assert math.isfinite(score)
        assert score >= 0
        assert np.array_equal(reference, before[0])
        assert np.array_equal(test, before[1])

    holds()


@pytest.mark.parametrize("name", PLAIN)
def test_views_give_the_score_of_their_copies(name, make):
    """Mirrored, sliced and transposed pictures are pictures."""
    a, b = make.scene(70, 90), make.with_object(make.scene(70, 90))
    for view in (lambda i: i[::-1, ::-1], lambda i: i[3:67:2, 1:89:2], lambda i: i.T):
        assert metric(name).score(view(a), view(b)) == metric(name).score(view(a).copy(), view(b).copy())


@pytest.mark.parametrize("name", PLAIN)
def test_one_thread_gives_what_many_give(name, make):
    """A score must not depend on the machine's cores."""
    a = make.in_colour(make.scene(240, 320))
    b = make.noisy(make.with_object(a), 2)
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        alone = metric(name).score(a, b)
        cv2.setNumThreads(4)
        together = metric(name).score(a, b)
    finally:
        cv2.setNumThreads(before)

    assert together == pytest.approx(alone, rel=1e-6)


# more noise must mean more difference; not so for these, and their docstrings say what they are blind to
INDIFFERENT_TO_NOISE = {
    "aligned-difference": "interpolation of the aligned picture smooths the noise away",
    "background-knn": "noise stays below its threshold",
    "background-mean-deviation": "takes the noise for noise",
    "background-mog2": "noise stays below its threshold",
    "background-running-mean": "noise stays below its tolerance",
    "cross-correlation-shift": "noise does not move the camera",
    "dense-flow": "noise is no motion",
    "ecc-shift": "noise does not move the camera",
    "phase-shift": "noise does not move the camera",
    "sparse-flow": "noise is no motion",
}


@pytest.mark.parametrize("name", sorted(set(PLAIN) - set(INDIFFERENT_TO_NOISE)))
def test_more_noise_is_never_closer(name, make):
    """Deviations of 1, 5 and 25 gray levels."""
    scene = make.in_colour(make.scene(192, 256))
    scores = [metric(name).score(scene, make.noisy(scene, sigma)) for sigma in (1, 5, 25)]

    assert scores == sorted(scores)


UNMOVED_BY_BRIGHTNESS = [
    ("ncc", 1e-9),
    ("r-squared", 1e-3),
    ("template-match", 1e-9),
    ("edge-difference", 1e-6),
    ("edge-mismatch", 1e-9),
    ("gradient-orientation", 1e-4),
    ("hash-difference", 0.02),
    ("hash-average", 0.05),
    ("hash-wavelet", 0.05),
    ("hash-perceptual", 0.05),
    ("dct-distance", 1e-3),
    ("phase-shift", 1e-3),
    ("sparse-flow", 1e-3),
]


@pytest.mark.parametrize(("name", "largest"), UNMOVED_BY_BRIGHTNESS)
def test_ten_levels_more_everywhere_are_not_seen(name, largest, make):
    """Without saturation, what these measure is the same."""
    scene = np.clip(make.scene(120, 160), 5, 240)

    assert metric(name).score(scene, scene + 10) <= largest


@pytest.mark.parametrize(
    "name",
    [
        "histogram-l1",
        "hellinger",
        "jensen-shannon",
        "kullback-leibler",
        "earth-movers-distance",
        "hash-colour",
    ],
)
def test_a_mirrored_picture_is_the_same_to_what_only_counts(name, make):
    """Counts of gray levels and colours have no place."""
    scene = make.in_colour(make.scene(96, 128))

    assert metric(name).score(scene, scene[:, ::-1]) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    "name",
    [
        "mse",
        "ssim",
        "ssim-gaussian",
        "ms-ssim",
        "gmsd",
        "uqi",
        "edge-difference",
        "hash-perceptual",
        "dct-distance",
    ],
)
def test_more_blur_is_never_closer(name, make):
    """Deviations of 0.7, 1.5 and 4 pixels."""
    scene = make.scene(192, 256)
    scores = [metric(name).score(scene, cv2.GaussianBlur(scene, (0, 0), sigma)) for sigma in (0.7, 1.5, 4)]

    assert scores == sorted(scores)
