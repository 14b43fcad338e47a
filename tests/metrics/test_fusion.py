import cv2
import numpy as np
import pytest

from keepframe.metrics import (
    d_lambda,
    d_s,
    qnr,
    quality_no_reference,
    spatial_distortion,
    spectral_distortion,
    uqi,
)


def _sewar():
    return pytest.importorskip("sewar.no_ref", reason="sewar is not installed (extra: reference)")


@pytest.fixture
def fusion(make):
    """A panchromatic image, a coarse colour image and three fused ones: good, with a foreign channel, blurred."""
    shapes = cv2.GaussianBlur(make.scene(128, 160), (0, 0), 1)
    fine = np.dstack([shapes // 2 + 60, shapes, cv2.convertScaleAbs(shapes, alpha=0.8, beta=10)])
    pan = cv2.cvtColor(fine, cv2.COLOR_BGR2GRAY)
    coarse = cv2.resize(fine, (40, 32), interpolation=cv2.INTER_AREA)
    foreign = fine.copy()
    foreign[:, :, 2] = fine[::-1, :, 2]
    return pan, coarse, {"good": fine, "foreign": foreign, "blurred": cv2.GaussianBlur(fine, (0, 0), 3)}


def test_the_compatible_forms_equal_sewar_s(fusion):
    """Its index, its blur, Pillow's bicubic reduction."""
    pan, coarse, fused = fusion
    # of mixed dtypes the package warns, though it computes in floats
    given = coarse.astype(np.float32)
    for fine in fused.values():
        assert spectral_distortion(coarse, fine, compatible=True) == pytest.approx(
            _sewar().d_lambda(coarse, fine), abs=1e-9
        )
        assert spatial_distortion(pan, coarse, fine, compatible=True) == pytest.approx(
            _sewar().d_s(pan, given, fine), abs=1e-6
        )
        assert quality_no_reference(pan, coarse, fine, compatible=True) == pytest.approx(
            _sewar().qnr(pan, given, fine), abs=1e-6
        )


def test_powers_equal_sewar_s(fusion):
    """Its p and q."""
    pan, coarse, fused = fusion

    assert spectral_distortion(coarse, fused["foreign"], power=2, compatible=True) == pytest.approx(
        _sewar().d_lambda(coarse, fused["foreign"], p=2), abs=1e-9
    )
    assert spatial_distortion(pan, coarse, fused["foreign"], power=2, compatible=True) == pytest.approx(
        _sewar().d_s(pan, coarse.astype(np.float32), fused["foreign"], q=2), abs=1e-6
    )


def test_the_package_s_index_hides_what_the_formula_shows(fusion):
    """With means in place of sums nearly everything resembles everything: a foreign channel all but vanishes."""
    _, coarse, fused = fusion

    assert spectral_distortion(coarse, fused["foreign"]) > 3 * spectral_distortion(
        coarse, fused["foreign"], compatible=True
    )


def test_two_images_of_one_size_equal_sewar_s_d_lambda(make):
    """It takes them as coarse and fused."""
    a = make.in_colour(make.scene(50, 60))
    b = make.noisy(a, 9)

    assert d_lambda(a, b, compatible=True) == pytest.approx(_sewar().d_lambda(a, b), abs=1e-9)


def test_d_lambda_is_the_mean_change_of_the_index_between_channels(make):
    """The formula, written out."""
    a = make.in_colour(make.scene(50, 60))
    b = make.noisy(a, 9)
    changes = [
        abs(uqi(b[:, :, i].copy(), b[:, :, j].copy()) - uqi(a[:, :, i].copy(), a[:, :, j].copy()))
        for i, j in ((0, 1), (0, 2), (1, 2))
    ]

    assert d_lambda(a, b) == pytest.approx(np.mean(changes), abs=1e-12)


def test_d_s_of_gray_is_what_uqi_misses(make):
    """The reference is its own luminance."""
    a = make.scene(50, 60)
    b = make.noisy(a, 9)

    assert d_s(a, b) == pytest.approx(1 - uqi(a, b), abs=1e-12)
    assert qnr(a, b) == pytest.approx(uqi(a, b), abs=1e-12)


def test_a_good_fusion_is_better_than_a_wrong_or_a_blurred_one(fusion):
    """What the measure is for."""
    pan, coarse, fused = fusion
    quality = {name: quality_no_reference(pan, coarse, fine) for name, fine in fused.items()}

    assert quality["good"] > max(quality["foreign"], quality["blurred"])


def test_gray_and_sizes_that_do_not_fit_are_refused(fusion):
    """The errors name what came."""
    pan, coarse, fused = fusion
    with pytest.raises(ValueError, match=r"spectral-distortion: expected .*, got .32, 40, 3. and .128, 160."):
        spectral_distortion(coarse, pan)
    with pytest.raises(ValueError, match=r"spatial-distortion: expected panchromatic of the size of fused"):
        spatial_distortion(pan[1:], coarse, fused["good"])
