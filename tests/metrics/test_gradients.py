import cv2
import numpy as np
import pytest

from keepframe.metrics import gsm, metric


def test_gsm_of_a_step_is_the_formula_s():
    """A step of 80 levels against one of 20: at the edge the mask sees the whole step."""
    a, b = np.full((2, 15, 15), 100, np.uint8)
    a[:, 8:], b[:, 8:] = 180, 120
    ratio = abs(80 - 20) / 80
    k = 200 / 80
    structure = (2 * (1 - ratio) + k) / (1 + (1 - ratio) ** 2 + k)
    weight = 0.1 * structure
    brightness = 1 - (60 / 255) ** 2

    # beside the step, where the brightness is still the same, and beyond it
    assert 1 - metric("gsm").map(a, b)[7, 7] == pytest.approx((1 - weight) * structure + weight, abs=1e-6)
    assert 1 - metric("gsm").map(a, b)[7, 8] == pytest.approx(
        (1 - weight) * structure + weight * brightness, abs=1e-6
    )


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_quarter_turn_of_both_changes_nothing(turn, make):
    """Four directions, and the strongest counts."""
    a = make.scene(64, 64)
    b = make.noisy(a, 8)

    assert gsm(np.rot90(a, turn), np.rot90(b, turn)) == pytest.approx(gsm(a, b), abs=1e-6)


def test_an_even_change_of_brightness_is_nearly_no_difference(make):
    """The weight of brightness is 0.1, of a squared share."""
    a = (make.scene() // 2 + 40).astype(np.uint8)

    assert gsm(a, a + 10) == pytest.approx(1 - 0.1 * (10 / 255) ** 2, abs=1e-4)


def test_gsm_falls_with_blur_and_with_noise(make):
    """More of it is less alike."""
    a = make.scene()
    blur = [gsm(a, cv2.GaussianBlur(a, (0, 0), sigma)) for sigma in (0.5, 1, 2, 4)]
    noise = [gsm(a, make.noisy(a, sigma)) for sigma in (2, 6, 18, 40)]

    assert blur == sorted(blur, reverse=True)
    assert noise == sorted(noise, reverse=True)
    assert 1 > min(blur + noise) > 0


def test_the_same_loss_of_contrast_is_worse_where_it_can_be_seen():
    """The paper's masking: from 8 to 4 levels is below sight, from 160 to 80 is not."""
    weak_a, weak_b, strong_a, strong_b = np.full((4, 15, 15), 40, np.uint8)
    weak_a[:, 8:], weak_b[:, 8:], strong_a[:, 8:], strong_b[:, 8:] = 48, 44, 200, 120

    assert gsm(weak_a, weak_b) > gsm(strong_a, strong_b)
    assert gsm(weak_a, weak_b) > 0.99


def test_black_against_white_differs_by_brightness_alone():
    """Neither has a gradient: similarity 1 of structure, 0 of brightness."""
    black, white = np.zeros((9, 9), np.uint8), np.full((9, 9), 255, np.uint8)

    assert gsm(black, white) == pytest.approx(0.9)
