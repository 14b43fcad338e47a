import cv2
import numpy as np
import pytest

from keepframe import metrics

HASHES = ("average", "difference", "perceptual", "wavelet", "colour", "block_mean")


@pytest.mark.parametrize("name", HASHES)
def test_the_default_form_keeps_close_to_the_package_s(name, make):
    """Its bits differ, its judgement does not: the same picture stays near, another is far."""
    distance = getattr(metrics, f"hash_{name}")
    scene = make.in_colour(make.scene(480, 640))
    smaller = cv2.resize(cv2.resize(scene, (320, 240), interpolation=cv2.INTER_AREA), (640, 480))
    other = make.in_colour(make.scene(480, 640, seed=77))

    assert distance(scene, smaller) <= 0.1 * metrics.average_hash(scene).size
    if name != "colour":
        assert distance(scene, other) > 3 * max(distance(scene, smaller), 1)


def test_an_even_change_of_light_leaves_most_bits(make):
    """As long as nothing saturates."""
    scene = np.clip(make.scene(), 20, 230)

    assert metrics.hash_difference(scene, scene + 10) == 0
    assert metrics.hash_average(scene, scene + 10) <= 2
    assert metrics.hash_perceptual(scene, scene + 10) <= 2
    assert metrics.hash_wavelet(scene, scene + 10) <= 2


def test_pictures_without_texture_hash_alike():
    """Two lens caps of different darkness are one picture."""
    black, dark = np.zeros((60, 80), np.uint8), np.full((60, 80), 12, np.uint8)
    names = ["hash_average", "hash_difference", "hash_wavelet", "hash_block_mean"]

    assert [getattr(metrics, name)(black, dark) for name in names] == [0] * 4
    assert metrics.hash_perceptual(black, dark) <= 1
