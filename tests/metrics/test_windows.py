import cv2
import numpy as np
import pytest

from keepframe.metrics import mean_absolute_difference, rase, rmse, rmse_sw, scc


def _sewar():
    return pytest.importorskip("sewar.full_ref", reason="sewar is not installed (extra: reference)")


def test_rmse_sw_equals_sewar_s(any_pair):
    """Windows of 8 px, those that touch the border left out, mean over the channels."""
    assert rmse_sw(*any_pair) == pytest.approx(_sewar().rmse_sw(*any_pair)[0], abs=1e-9)


def test_rase_equals_sewar_s(any_pair):
    """Nearly black windows included."""
    assert rase(*any_pair, compatible=True) == pytest.approx(_sewar().rase(*any_pair), rel=1e-9)


def test_rase_is_sewar_s_where_nothing_is_nearly_black(plain_pair):
    """The two forms part only under one gray level."""
    assert rase(*plain_pair) == pytest.approx(_sewar().rase(*plain_pair), rel=1e-9)


@pytest.mark.slow
def test_scc_equals_sewar_s(any_pair):
    """Black beyond the border, nothing for windows without detail."""
    assert scc(*any_pair, compatible=True) == pytest.approx(_sewar().scc(*any_pair), abs=1e-9)


def test_scc_equals_sewar_s_on_one_picture(make):
    """The quick part of the comparison, with an even window and an odd one."""
    a = make.scene(40, 50)
    b = make.noisy(a, 5)
    for window in (7, 8):
        assert scc(a, b, window=window, compatible=True) == pytest.approx(
            _sewar().scc(a, b, ws=window), abs=1e-9
        )


def test_an_error_in_the_dark_weighs_more(make):
    """That is what relative means."""
    bright = np.full((32, 32), 200, np.uint8)
    dark = np.full((32, 32), 20, np.uint8)

    assert rase(dark, dark + 10) == pytest.approx(50)
    assert rase(bright, bright + 10) == pytest.approx(5)


def test_black_counts_as_one_level_and_not_as_no_error():
    """Sewar gives 0 for anything against black."""
    black, white = np.zeros((32, 32), np.uint8), np.full((32, 32), 255, np.uint8)

    assert rase(black, white) == pytest.approx(25500)
    assert rase(black, white, compatible=True) == 0


def test_rmse_sw_lies_between_the_mean_difference_and_rmse(make):
    """By Jensen's inequality; on a picture without a border to leave out."""
    a = np.pad(make.scene(40, 40), 8, mode="wrap")
    b = np.pad(make.with_object(make.scene(40, 40)), 8, mode="wrap")
    inner = [image[8:-8, 8:-8] for image in (a, b)]

    assert mean_absolute_difference(*inner) < rmse_sw(a, b) < rmse(*inner)


def test_a_picture_resembles_itself_even_without_detail():
    """Where sewar's form gives 0 for a lens cap and less than 1 for any picture with even areas."""
    cap = np.full((32, 32), 9, np.uint8)

    assert scc(cap, cap) == 1
    assert scc(cap, cap, compatible=True) == 0


def test_detail_against_none_is_no_resemblance(make):
    """0, whichever is which."""
    cap = np.full((32, 32), 9, np.uint8)
    noise = make.noisy(np.full((32, 32), 128, np.uint8), 20)

    assert scc(cap, noise) == scc(noise, cap) == 0


def test_scc_sees_detail_and_not_light(make):
    """Half the contrast and another brightness change nothing but rounding; a blur does."""
    a = (make.scene() // 2 * 2).astype(np.uint8)

    assert scc(a, a // 2 + 50) == pytest.approx(1, abs=1e-6)
    assert scc(a, cv2.GaussianBlur(a, (0, 0), 2)) < 0.7


@pytest.mark.parametrize("function", [rmse_sw, rase, scc])
def test_an_empty_window_is_refused(function):
    """The error names metric and value."""
    image = np.zeros((9, 9), np.uint8)
    with pytest.raises(
        ValueError, match=f"{function.__name__.replace('_', '-')}: expected window of at least 1 pixel, got 0"
    ):
        function(image, image, window=0)


@pytest.mark.parametrize("window", [181, 182])
def test_large_windows_do_not_overflow(window):
    """White against black is 255 in windows of any size."""
    black, white = np.zeros((400, 400), np.uint8), np.full((400, 400), 255, np.uint8)

    assert rmse_sw(black, white, window=window) == pytest.approx(255, abs=1e-9)
