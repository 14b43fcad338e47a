import cv2
import numpy as np
import pytest

from keepframe.metrics import block_edges, metric, psnr, psnr_b


def _sewar():
    return pytest.importorskip("sewar.full_ref", reason="sewar is not installed (extra: reference)").psnrb


def _compressed(picture, quality):
    encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)


def test_psnr_b_equals_sewar_s(any_pair):
    """Gray as it is, of colours the first channel, the reference's own value for identical pictures included."""
    a, b = any_pair

    assert psnr_b(a, b, compatible=True) == pytest.approx(_sewar()(a, b), abs=1e-9)
    assert psnr_b(a, a, compatible=True) == pytest.approx(_sewar()(a, a), abs=1e-9)


def test_psnr_b_of_colours_is_that_of_their_luminance(make):
    """The paper speaks of luminance; channel 0 of BGR is blue."""
    a = make.in_colour(make.scene())
    b = make.noisy(a, 5)
    gray = [cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) for image in (a, b)]

    assert psnr_b(a, b) == psnr_b(*gray)


def test_block_edges_count_as_error_only_where_there_are_some():
    """Smooth shading has none; the same shading in steps of 8 px has."""
    smooth = np.tile(np.arange(64, dtype=np.uint8) * 2, (64, 1))
    blocks = np.tile(np.repeat(np.arange(8, dtype=np.uint8) * 16 + 7, 8), (64, 1))

    assert psnr_b(blocks, smooth) == psnr(blocks, smooth)
    assert psnr_b(smooth, blocks) < psnr(smooth, blocks) - 3


def test_block_edges_off_the_grid_are_not_seen():
    """As the docstring says."""
    picture = np.zeros((32, 32), np.uint8)
    picture[:, 8:], shifted = 30, np.roll(picture, 4, axis=1)
    shifted[:, 12:] = 30

    assert block_edges(picture) > 0
    assert block_edges(shifted) == 0


def test_stronger_compression_scores_higher(make):
    """A picture against itself is 0, whatever its blocks."""
    picture = cv2.GaussianBlur(make.scene(), (0, 0), 2)
    scores = [metric("psnr-b").score(picture, _compressed(picture, quality)) for quality in (95, 50, 10, 2)]

    assert scores == sorted(scores)
    assert metric("psnr-b").score(_compressed(picture, 2), _compressed(picture, 2)) < 1e-6
