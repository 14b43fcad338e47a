import cv2
import numpy as np
import pytest

from keepframe.metrics import ncc, r_squared, template_match
from keepframe.metrics.images import gray


def test_ncc_equals_numpy_s_correlation_coefficient(any_pair):
    """Exact integer sums agree with float64 to rounding."""
    a, b = any_pair

    assert ncc(a, b) == pytest.approx(np.corrcoef(a.ravel(), b.ravel())[0, 1], abs=1e-9)


def test_ncc_of_a_constant_image_is_defined_where_opencv_says_everything_matches():
    """TM_CCOEFF_NORMED gives 1 for a lens cap against anything; here it is 0, and 1 only for two equal ones."""
    cap, scene = np.zeros((8, 8), np.uint8), np.arange(64, dtype=np.uint8).reshape(8, 8)

    assert cv2.matchTemplate(scene, cap, cv2.TM_CCOEFF_NORMED)[0, 0] == 1
    assert [ncc(cap, scene), ncc(scene, cap), ncc(cap, cap), ncc(cap, cap + 9)] == [0, 0, 1, 0]


def test_ncc_of_a_negative_is_minus_one():
    """Unlike r², the sign is told."""
    scene = np.arange(64, dtype=np.uint8).reshape(8, 8)

    assert ncc(scene, 255 - scene) == -1


def test_r_squared_equals_the_answer_on_thumbnails_of_width_100(any_pair):
    """Flattened gray thumbnails, correlated and squared."""
    image_module = pytest.importorskip("PIL.Image", reason="Pillow is not installed (extra: reference)")
    vectors = []
    for image in any_pair:
        plane = gray(image)
        size = (
            (100, round(plane.shape[0] * 100 / plane.shape[1])) if plane.shape[1] > 100 else plane.shape[::-1]
        )
        vectors.append(
            np.asarray(image_module.fromarray(plane).resize(size, image_module.Resampling.BOX)).ravel()
        )

    assert r_squared(*any_pair) == pytest.approx(np.corrcoef(*vectors)[0, 1] ** 2, abs=0.01)


def test_r_squared_hides_the_sign():
    """A negative picture correlates perfectly, as its docstring warns."""
    scene = np.arange(64, dtype=np.uint8).reshape(8, 8)

    assert r_squared(scene, 255 - scene) == 1


MODES = {"ccoeff": cv2.TM_CCOEFF, "ccorr": cv2.TM_CCORR, "ccoeff-normed": cv2.TM_CCOEFF_NORMED}
MODES["ccorr-normed"] = cv2.TM_CCORR_NORMED


@pytest.mark.parametrize("mode", MODES)
def test_template_match_is_the_share_of_the_self_match(plain_pair, mode):
    """The answer's two calls of matchTemplate, in one exact step."""
    a, b = plain_pair
    if a.ndim == 3 and mode.startswith("ccoeff"):
        pytest.skip("cv2 takes each channel's own mean away; here all samples enter one sum")
    own = cv2.matchTemplate(a, a, MODES[mode])[0, 0]
    cross = cv2.matchTemplate(b, a, MODES[mode])[0, 0]

    assert template_match(a, b, mode=mode) == pytest.approx(cross / own, rel=2e-3, abs=2e-3)


def test_brighter_counts_as_a_better_match_with_plain_correlation(make):
    """Why ccorr is not the default: +10 gives more than 100 %."""
    scene = np.minimum(make.scene(), 245)

    assert template_match(scene, scene + 10, mode="ccorr") > 1.05
    assert template_match(scene, scene + 10) == 1


def test_template_matching_of_a_constant_picture_is_defined():
    """Its match with itself is 0, and the answer divides by it."""
    cap, scene = np.full((8, 8), 7, np.uint8), np.arange(64, dtype=np.uint8).reshape(8, 8)

    assert [template_match(cap, x) for x in (cap, cap + 1, scene)] == [1, 0, 0]
    assert template_match(np.zeros((8, 8), np.uint8), scene, mode="ccorr") == 0


@pytest.mark.parametrize("mode", ["sqdiff", "TM_CCOEFF"])
def test_a_mode_without_a_share_is_refused(mode):
    """The squared difference with oneself is 0 and has no share."""
    with pytest.raises(ValueError, match=f'template-match: expected mode .* got "{mode}"'):
        template_match(*np.zeros((2, 3, 3), np.uint8), mode=mode)
