import cv2
import numpy as np
import pytest

from keepframe.metrics import census, census_codes, centrist, centrist_histogram, metric

ORDER = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]


def _codes(image):
    """Wu and Rehg's text, pixel by pixel: a bit is set where the centre is at least as bright, the first is 0x80."""
    height, width = image.shape
    codes = np.zeros((height - 2, width - 2), np.uint8)
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            for bit, (dy, dx) in enumerate(ORDER):
                codes[y - 1, x - 1] |= (0x80 >> bit) * int(image[y, x] >= image[y + dy, x + dx])
    return codes


def test_census_codes_are_those_of_the_paper(make):
    """Order of the bits, equal neighbours set, no border."""
    image = make.scene(20, 31)

    assert np.array_equal(census_codes(image), _codes(image))


def test_census_codes_of_the_paper_s_own_example():
    """Wu and Rehg, equation 1: 32 64 96 / 32 64 96 / 32 32 96 gives 11010110."""
    image = np.array([[32, 64, 96], [32, 64, 96], [32, 32, 96]], np.uint8)

    assert census_codes(image).tolist() == [[0b11010110]]


def test_centrist_is_the_l1_distance_of_the_histograms(make):
    """Shares, all 256 codes."""
    a, b = make.scene(20, 31), make.scene(20, 31, seed=5)
    left, right = (np.bincount(_codes(image).ravel(), minlength=256) / (18 * 29) for image in (a, b))

    assert np.array_equal(centrist_histogram(a), left)
    assert centrist(a, b) == pytest.approx(np.abs(left - right).sum(), abs=1e-12)


def test_census_without_margin_and_blur_is_the_hamming_distance_of_the_codes(make):
    """Inside the border, where the codes are defined."""
    a, b = make.scene(40, 50), make.noisy(make.scene(40, 50), 4)
    framed = [cv2.copyMakeBorder(image, 1, 1, 1, 1, cv2.BORDER_REPLICATE) for image in (a, b)]
    differing = np.unpackbits(census_codes(framed[0]) ^ census_codes(framed[1])).mean()

    assert census(a, b, margin=0, sigma=0) == pytest.approx(differing, abs=1e-12)


def test_census_counts_a_neighbour_only_beyond_the_margin():
    """The middle pixel rises by 2, then by 3: it is a neighbour of eight pixels of 25."""
    a = np.full((5, 5), 100, np.uint8)
    b, c = a.copy(), a.copy()
    b[2, 2], c[2, 2] = 102, 103

    assert census(a, b, margin=2, sigma=0) == 0
    assert census(a, c, margin=2, sigma=0) == pytest.approx(8 / (8 * 25))


def test_light_leaves_census_alone_and_an_object_does_not(make):
    """Brighter and more contrast against something new."""
    a = (make.scene() // 2 + 20).astype(np.uint8)
    brighter = cv2.add(a, np.full_like(a, 40))

    assert census(a, brighter) == 0
    assert centrist(a, brighter) == 0
    assert metric("census-tile").score(a, make.with_object(a)) > 3 * metric("census-tile").score(
        a, make.noisy(a, 1)
    )


def test_the_largest_margin_sees_nothing(make):
    """Nothing is brighter by more than 255, and a larger margin does not wrap around."""
    assert census(make.scene(), make.scene(seed=5), margin=10_000) == 0


@pytest.mark.parametrize("options", [{"margin": -1}, {"sigma": -0.5}])
def test_negative_options_are_refused(options):
    """The error names both values."""
    image = np.zeros((9, 9), np.uint8)
    with pytest.raises(ValueError, match="census: expected margin and sigma of at least 0, got"):
        census(image, image, **options)
