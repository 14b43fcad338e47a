"""Pairs of pictures every metric test draws from: synthetic ones, degenerate ones, and photographs where installed."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest


def scene(height=120, width=160, *, seed=0):
    """A gray picture with large shapes, edges and texture, the same for the same seed."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(30, 220, (6, 8), dtype=np.uint8)
    picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(6):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        side = max(2, min(height, width) // 6)
        cv2.rectangle(picture, (x, y), (x + side, y + side), int(rng.integers(0, 255)), -1)
    texture = rng.normal(0, 6, (height, width))
    return np.clip(picture + texture, 0, 255).astype(np.uint8)


def noisy(picture, sigma, *, seed=1):
    """The picture with Gaussian noise of that deviation."""
    rng = np.random.default_rng(seed)
    return np.clip(np.rint(picture + rng.normal(0, sigma, picture.shape)), 0, 255).astype(np.uint8)


def with_object(picture):
    """The picture with a dark square in the lower left."""
    changed = picture.copy()
    height, width = picture.shape[:2]
    side = max(1, min(height, width) // 8)
    changed[height - 2 * side : height - side, side : 2 * side] = 5
    return changed


def shifted(picture, dx, dy):
    """The picture moved by whole pixels, wrapped around at the border."""
    return np.ascontiguousarray(np.roll(picture, (dy, dx), axis=(0, 1)))


def in_colour(gray, *, seed=2):
    """A BGR picture whose channels differ."""
    return np.ascontiguousarray(np.dstack([gray, cv2.flip(gray, 1), noisy(gray, 20, seed=seed)]))


def plain_pairs():
    """Ordinary pairs, named: (name, reference, test), gray and BGR, odd and even sizes."""
    made = []
    for label, size in (("even", (120, 160)), ("odd", (121, 163)), ("square", (64, 64))):
        base = scene(*size, seed=len(label))
        made += [
            (f"{label}-noise", base, noisy(base, 3)),
            (f"{label}-object", base, with_object(base)),
            (f"{label}-brighter", base, cv2.add(base, np.full_like(base, 10))),
            (f"{label}-blurred", base, cv2.GaussianBlur(base, (0, 0), 1.5)),
            (f"{label}-shifted", base, shifted(base, 1, 0)),
            (f"{label}-other", base, scene(*size, seed=99)),
            (f"{label}-negative", base, np.ascontiguousarray(255 - base)),
        ]
        colour = in_colour(base)
        made += [
            (f"{label}-colour-noise", colour, noisy(colour, 5)),
            (f"{label}-colour-object", colour, with_object(colour)),
        ]
    return made


def photograph_pairs():
    """Real photographs that ship with scikit-image, each noisy, blurred and with something in it; [] without it."""
    try:
        from skimage import data
    except ImportError:
        return []
    made = []
    for name in ("camera", "coins", "page"):
        photo = cv2.resize(getattr(data, name)(), (320, 240), interpolation=cv2.INTER_AREA)
        made += [
            (f"{name}-noise", photo, noisy(photo, 4)),
            (f"{name}-object", photo, with_object(photo)),
            (f"{name}-blurred", photo, cv2.GaussianBlur(photo, (0, 0), 1)),
        ]
    for name in ("astronaut", "chelsea", "coffee"):
        photo = cv2.resize(getattr(data, name)()[:, :, ::-1], (320, 240), interpolation=cv2.INTER_AREA)
        made += [
            (f"{name}-noise", photo, noisy(photo, 4)),
            (f"{name}-object", photo, with_object(photo)),
            (f"{name}-dimmed", photo, (photo * 0.8).astype(np.uint8)),
        ]
    return made


def degenerate_pairs():
    """Pairs a camera delivers on a bad day, each defined for every metric."""
    black, white = np.zeros((48, 64), np.uint8), np.full((48, 64), 255, np.uint8)
    base = scene(48, 64)
    dot = black.copy()
    dot[20, 30] = 255
    half = base.copy()
    half[24:] = 128
    return [
        ("black-black", black, black),
        ("black-white", black, white),
        ("white-black", white, black),
        ("white-white", white, white),
        ("gray-gray", black + 128, black + 138),
        ("black-scene", black, base),
        ("scene-white", base, white),
        ("one-dot", black, dot),
        ("dot-black", dot, black),
        ("half-gray", base, half),
        ("one-pixel", np.full((1, 1), 3, np.uint8), np.full((1, 1), 200, np.uint8)),
        ("two-pixels", np.array([[1, 2]], np.uint8), np.array([[2, 1]], np.uint8)),
        ("one-row", base[:1], base[1:2]),
        ("one-column", base[:, :1].copy(), base[:, 1:2].copy()),
        ("tiny", base[:5, :5].copy(), base[5:10, 5:10].copy()),
        ("prime", scene(37, 53), scene(37, 53, seed=5)),
        ("bgr-black", np.zeros((40, 50, 3), np.uint8), in_colour(scene(40, 50))),
        ("bgr-one-pixel", np.zeros((1, 1, 3), np.uint8), np.full((1, 1, 3), (1, 2, 3), np.uint8)),
        ("bgra", np.dstack([in_colour(base), base]), np.dstack([in_colour(base), half])),
        ("one-channel", base[:, :, None].copy(), half[:, :, None].copy()),
        ("16-bit", base.astype(np.uint16) * 257, half.astype(np.uint16) * 257),
        ("16-bit-bgr", in_colour(base).astype(np.uint16) * 200, in_colour(half).astype(np.uint16) * 200),
        ("16-bit-dark", np.zeros((20, 20), np.uint16), np.full((20, 20), 3, np.uint16)),
    ]


@pytest.fixture(scope="session")
def make():
    """The makers of test pictures, by name."""
    return SimpleNamespace(
        scene=scene, noisy=noisy, with_object=with_object, shifted=shifted, in_colour=in_colour
    )


def _marked(pairs):
    """Pairs as parameters; all but a few of every kind are left out of the fast set."""
    quick = {
        "even-noise",
        "even-object",
        "odd-blurred",
        "odd-colour-noise",
        "square-negative",
        "square-colour-object",
    }
    quick |= {"camera-noise", "astronaut-dimmed"}
    return [pytest.param(p[1:], id=p[0], marks=[] if p[0] in quick else pytest.mark.slow) for p in pairs]


@pytest.fixture(params=_marked(plain_pairs()))
def plain_pair(request):
    """One ordinary synthetic pair after the other."""
    return request.param


@pytest.fixture(params=_marked([*plain_pairs(), *photograph_pairs()]))
def any_pair(request):
    """Every ordinary pair, synthetic and photographed."""
    return request.param


@pytest.fixture(params=[pytest.param(pair[1:], id=pair[0]) for pair in degenerate_pairs()])
def degenerate_pair(request):
    """One degenerate pair after the other."""
    return request.param


@pytest.fixture(scope="session")
def degenerate():
    """All degenerate pairs at once: [(name, reference, test)]."""
    return degenerate_pairs()
