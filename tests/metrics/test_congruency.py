import cv2
import numpy as np
import pytest

from keepframe.metrics import fsim, fsimc, metric, phase_congruency

# piq 0.8.0 on torch 2.13.0 (CPU, float32), fsim(test, reference, data_range=255.0, chromatic=False) and with chromatic=True, of
# made(height, width) as RGB against changed(made(height, width), kind). piq needs torch, so its values are kept here.
PIQ = [
    ((96, 120), "noise", 0.9252955, 0.9192157),
    ((96, 120), "blur", 0.9810540, 0.9797122),
    ((96, 120), "dimmed", 0.9741660, 0.9725990),
    ((96, 120), "object", 0.9851024, 0.9848999),
    ((75, 90), "noise", 0.9353477, 0.9287726),
    ((75, 90), "blur", 0.9807042, 0.9788934),
    ((75, 90), "dimmed", 0.9725888, 0.9710805),
    ((75, 90), "object", 0.9767276, 0.9761147),
    ((61, 67), "noise", 0.9287453, 0.9220223),
    ((61, 67), "blur", 0.9756346, 0.9732506),
    ((61, 67), "dimmed", 0.9737391, 0.9722415),
    ((61, 67), "object", 0.9704951, 0.9689929),
    ((97, 130), "noise", 0.9266696, 0.9205987),
    ((97, 130), "blur", 0.9806260, 0.9792321),
    ((97, 130), "dimmed", 0.9738649, 0.9723111),
    ((97, 130), "object", 0.9886379, 0.9884443),
    ((400, 431), "noise", 0.9887553, 0.9871504),
    ((400, 431), "blur", 0.9968965, 0.9965780),
    ((400, 431), "dimmed", 0.9663143, 0.9648131),
    ((400, 431), "object", 0.9981748, 0.9981553),
]


def made(height, width):
    """A colour picture from numpy alone, so that it can be made again where the reference runs: (H, W, 3) uint8, BGR."""
    rng = np.random.default_rng(5)
    coarse = rng.integers(30, 226, (height // 8 + 1, width // 8 + 1, 3))
    picture = np.repeat(np.repeat(coarse, 8, axis=0), 8, axis=1)[:height, :width].astype(np.int64)
    for axis in (0, 1):
        for _ in range(3):
            picture = (picture + np.roll(picture, 1, axis) + np.roll(picture, -1, axis)) // 3
    picture[height // 3 : height // 2, width // 4 : width // 2] = (20, 200, 120)
    return np.clip(picture + rng.integers(-8, 9, picture.shape), 0, 255).astype(np.uint8)


def changed(picture, kind):
    """The picture changed in one of four ways, by integers alone."""
    if kind == "noise":
        more = np.random.default_rng(77).integers(-20, 21, picture.shape)
        return np.clip(picture + more, 0, 255).astype(np.uint8)
    if kind == "blur":
        wide = picture.astype(np.int64)
        for axis in (0, 1):
            wide = (np.roll(wide, 1, axis) + wide + np.roll(wide, -1, axis)) // 3
        return wide.astype(np.uint8)
    if kind == "dimmed":
        return (picture.astype(np.int64) * 3 // 4).astype(np.uint8)
    moved = picture.copy()
    moved[-20:-10, 10:20] = (250, 10, 60)
    return moved


@pytest.mark.parametrize(("size", "kind", "gray", "colour"), PIQ)
def test_fsim_equals_piq_s(size, kind, gray, colour):
    """Even, odd and prime sides, and sides that are averaged down."""
    a = made(*size)
    b = changed(a, kind)

    assert fsim(a, b, compatible=True) == pytest.approx(gray, abs=1e-5)
    assert fsimc(a, b, compatible=True) == pytest.approx(colour, abs=1e-5)


@pytest.mark.parametrize(("size", "kind", "gray", "colour"), PIQ)
def test_the_fast_form_stays_near(size, kind, gray, colour):
    """It continues the picture by mirroring where the size does not transform fast."""
    a = made(*size)
    b = changed(a, kind)

    assert fsim(a, b) == pytest.approx(gray, abs=1e-3)
    assert fsimc(a, b) == pytest.approx(colour, abs=1e-3)


def test_gray_has_no_colour_to_compare(make):
    """On gray both are one measure, however it is stored."""
    a = make.scene(60, 80)
    b = make.noisy(a, 8)
    as_colour = [cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) for image in (a, b)]

    assert fsimc(a, b) == pytest.approx(fsim(a, b), abs=1e-6)
    assert fsim(*as_colour) == pytest.approx(fsim(a, b), abs=1e-6)


def test_phase_congruency_does_not_care_about_gain_and_offset(make):
    """What it was invented for."""
    plane = make.scene(64, 80).astype(np.float32)

    assert np.abs(phase_congruency(plane * 0.5 + 40) - phase_congruency(plane)).max() < 1e-3


def test_fsim_falls_with_noise_and_with_blur(make):
    """More of it is less alike."""
    a = make.scene()
    noise = [fsim(a, make.noisy(a, sigma)) for sigma in (2, 6, 18)]
    blur = [fsim(a, cv2.GaussianBlur(a, (0, 0), sigma)) for sigma in (0.7, 1.4, 2.8)]

    assert noise == sorted(noise, reverse=True)
    assert blur == sorted(blur, reverse=True)


def test_the_mean_of_the_map_is_the_score(make):
    """But for the border, where the value sees black beyond and the map does not."""
    a = make.scene()
    b = make.noisy(a, 6)

    assert metric("fsim").map(a, b).mean() == pytest.approx(metric("fsim").score(a, b), rel=0.1)
