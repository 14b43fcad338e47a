import cv2
import numpy as np
import pytest

from keepframe import metrics

IMAGEHASH = {
    "average_hash": "average_hash",
    "difference_hash": "dhash",
    "perceptual_hash": "phash",
    "wavelet_hash": "whash",
    "colour_hash": "colorhash",
}
METRIC = {name: "hash_" + name.removesuffix("_hash") for name in IMAGEHASH}


def _open(array):
    from PIL import Image

    return Image.fromarray(array if array.ndim == 2 else np.ascontiguousarray(array[:, :, ::-1]))


@pytest.mark.parametrize("name", IMAGEHASH)
def test_compatible_bits_equal_imagehash_s(name, any_pair):
    """Pillow's Lanczos and HSV are followed to the last bit."""
    imagehash = pytest.importorskip("imagehash", reason="ImageHash is not installed (extra: reference)")
    make, theirs = getattr(metrics, name), getattr(imagehash, IMAGEHASH[name])
    expected = [
        theirs(_open(image)) if name != "colour_hash" else theirs(_open(_bgr(image))) for image in any_pair
    ]
    bits = [make(image, compatible=True) for image in any_pair]

    assert [np.array_equal(b.ravel(), e.hash.ravel()) for b, e in zip(bits, expected, strict=True)] == [
        True,
        True,
    ]
    assert getattr(metrics, METRIC[name])(*any_pair, compatible=True) == expected[0] - expected[1]


def _bgr(image):
    return image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)


def test_other_sizes_equal_imagehash_s_too(make):
    """hash_size is side."""
    imagehash = pytest.importorskip("imagehash", reason="ImageHash is not installed (extra: reference)")
    scene = make.scene(130, 210)

    assert np.array_equal(
        metrics.average_hash(scene, side=12, compatible=True), imagehash.average_hash(_open(scene), 12).hash
    )
    assert np.array_equal(
        metrics.difference_hash(scene, side=5, compatible=True), imagehash.dhash(_open(scene), 5).hash
    )
    assert np.array_equal(
        metrics.perceptual_hash(scene, side=16, compatible=True), imagehash.phash(_open(scene), 16).hash
    )
    assert np.array_equal(
        metrics.wavelet_hash(scene, side=16, compatible=True), imagehash.whash(_open(scene), 16).hash
    )


def test_block_mean_bits_equal_opencv_contrib_s():
    """Bits of cv2.img_hash.blockMeanHash, contrib 5.0, of a made picture."""
    expected = {
        (96, 128): "ef3dc738c210c318e739ef3dc738c210c310e739e73de739c210c210c738e73d",
        (97, 131): "ef3dc7184210c318e73ce7bdc7184210c318e738e73de738c2184218e738e73d",
        (10, 9): "f0fff0fff0fff0fff0ffe0ffc0ffc0ff80ff00ff00fe00fc00f800f000c00080",
    }
    for (height, width), bits in expected.items():
        y, x = np.mgrid[:height, :width].astype(np.float64)
        waves = 127 + 60 * np.sin(x / 7) + 45 * np.cos(y / 5) + 20 * np.sin(x * y / 97)
        hashed = metrics.block_mean_hash(waves.clip(0, 255).astype(np.uint8), compatible=True)

        assert np.packbits(hashed.ravel(), bitorder="little").tobytes().hex() == bits


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda i: metrics.average_hash(i, side=1), "average-hash: expected side of at least 2, got 1"),
        (
            lambda i: metrics.wavelet_hash(i, side=6),
            "wavelet-hash: expected side to be a power of two, got 6",
        ),
        (
            lambda i: metrics.block_mean_hash(i, side=8, compatible=True),
            "expected side to be 16 in the compatible form",
        ),
        (
            lambda i: metrics.hamming(metrics.average_hash(i), metrics.block_mean_hash(i)),
            "hashes differ in shape",
        ),
    ],
)
def test_bad_options_are_refused(call, message):
    """The errors say what was expected."""
    with pytest.raises(ValueError, match=message):
        call(np.zeros((20, 20), np.uint8))
