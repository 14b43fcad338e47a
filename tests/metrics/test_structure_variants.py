import warnings

import cv2
import numpy as np
import pytest

from keepframe import metrics


@pytest.fixture
def sewar():
    """Sewar's full-reference metrics, or the reason why not."""
    return pytest.importorskip("sewar.full_ref", reason="sewar is not installed (extra: reference)")


def _picture(height, width, phase):
    """The picture whose values by OpenCV contrib 5.0's quality module are kept here."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    waves = 127 + 60 * np.sin(x / 7 + phase) + 45 * np.cos(y / 5 - phase) + 20 * np.sin(x * y / 97)
    return waves.clip(0, 255).astype(np.uint8)


def test_the_gaussian_variant_equals_skimage(any_pair):
    """The options its docstring names to match Wang et al."""
    ours = metrics.ssim_gaussian(*any_pair)
    skimage = pytest.importorskip(
        "skimage.metrics", reason="scikit-image is not installed (extra: reference)"
    )
    theirs = skimage.structural_similarity(
        *any_pair,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
        channel_axis=-1 if any_pair[0].ndim == 3 else None,
    )

    assert ours == pytest.approx(theirs, abs=2e-6)


def test_sewar_s_variant_equals_sewar(sewar, plain_pair):
    """Uniform windows of 11, population variance, wholly inside."""
    assert metrics.ssim_sewar(*plain_pair) == pytest.approx(sewar.ssim(*plain_pair)[0], abs=2e-6)


@pytest.mark.parametrize(("size", "expected"), [((96, 128), 0.9798279700), ((97, 131), 0.9799446825)])
def test_opencv_s_variant_equals_its_quality_module(size, expected):
    """Values of QualitySSIM_compute, contrib 5.0."""
    assert metrics.ssim_opencv(_picture(*size, 0.0), _picture(*size, 0.2)) == pytest.approx(
        expected, abs=1e-7
    )


def test_opencv_s_variant_is_the_mean_of_its_channels():
    """The module gives one number per channel."""
    a, b = _picture(96, 128, 0.0), _picture(96, 128, 0.2)
    one, other = np.dstack([a, b, a[::-1]]), np.dstack([b, b, a[::-1, ::-1]])
    expected = (0.9798279700238102 + 1.0 + 0.12389693144557985) / 3

    assert metrics.ssim_opencv(one, other) == pytest.approx(expected, abs=1e-7)


def test_several_scales_equal_sewar_in_the_compatible_form(sewar, plain_pair):
    """Its own halving, over the channels too, and its cut weights."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        theirs = sewar.msssim(*plain_pair)

    assert metrics.ms_ssim(*plain_pair, compatible=True) == pytest.approx(theirs, abs=1e-6)


def test_several_scales_equal_the_paper_s_product(make):
    """Five scales halved by area, Gaussian windows, in float64."""
    a, b = make.scene(192, 256), cv2.GaussianBlur(make.scene(192, 256), (0, 0), 1.2)
    weights = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
    x, y = a.astype(np.float64), b.astype(np.float64)
    expected = 1.0
    for scale, weight in enumerate(weights):

        def smooth(plane):
            return cv2.GaussianBlur(plane, (11, 11), 1.5)[5:-5, 5:-5]

        mean_x, mean_y = smooth(x), smooth(y)
        xx, yy, xy = smooth(x * x) - mean_x**2, smooth(y * y) - mean_y**2, smooth(x * y) - mean_x * mean_y
        term = (2 * xy + 58.5225) / (xx + yy + 58.5225)
        if scale == 4:
            term = term * (2 * mean_x * mean_y + 6.5025) / (mean_x**2 + mean_y**2 + 6.5025)
        expected *= term.mean() ** weight
        x, y = (image.reshape(len(image) // 2, 2, -1, 2).mean(axis=(1, 3)) for image in (x, y))

    assert metrics.ms_ssim(a, b) == pytest.approx(expected, abs=2e-5)


def test_a_small_picture_uses_fewer_scales_with_weights_that_still_sum_to_one(make):
    """Where sewar cuts the weights, a small picture looks closer than it is."""
    a = make.scene(40, 40)
    blurred = cv2.GaussianBlur(a, (0, 0), 2)

    assert metrics.ms_ssim(a, blurred) < metrics.ms_ssim(a, blurred, compatible=True) < 1
    assert 0 <= metrics.ms_ssim(a, np.ascontiguousarray(255 - a)) <= 1


def test_below_the_window_the_compatible_form_says_what_to_do():
    """Sewar raises too."""
    with pytest.raises(
        ValueError, match="ms-ssim: expected sides of at least 11 pixels in the compatible form"
    ):
        metrics.ms_ssim(*np.zeros((2, 10, 40), np.uint8), compatible=True)


@pytest.mark.parametrize("name", ["ssim-gaussian", "ssim-sewar", "ssim-opencv"])
def test_maps_have_the_picture_s_size_and_agree_with_the_value(name, make):
    """Their mean is the score but for the border."""
    a, b = make.scene(90, 120), make.noisy(make.scene(90, 120), 10)
    one = metrics.metric(name)

    assert one.map(a, b).shape == a.shape
    assert one.map(a, b).mean() == pytest.approx(one.score(a, b), rel=0.1)
