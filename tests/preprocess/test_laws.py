"""What holds for every step: the same pixels give the same pixels, and nobody's image is written to."""

import hashlib
import subprocess
import sys

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepframe.frame import Frame
from keepframe.preprocess import (
    Align,
    EvenLight,
    blur,
    crop,
    downsample,
    edges,
    grayscale,
    mask,
    normalize,
    resize,
    threshold,
)
from keepframe.testing import check_stage

STEPS = {
    "grayscale": (grayscale, {}),
    "crop": (crop, {"x": 0.2, "y": 0.3, "width": 0.5}),
    "downsample": (downsample, {"factor": 2.3}),
    "blur": (blur, {"sigma": 1.3}),
    "box": (blur, {"kind": "box", "size": 5}),
    "median": (blur, {"kind": "median", "size": 5}),
    "bilateral": (blur, {"kind": "bilateral", "sigma": 1.5, "levels": 30.0}),
    "normalize": (normalize, {}),
    "mean-std": (normalize, {"method": "mean-std"}),
    "equalize": (normalize, {"method": "equalize"}),
    "clahe": (normalize, {"method": "clahe"}),
    "local": (normalize, {"method": "local", "window": 5}),
    "rec709": (grayscale, {"weights": "rec709"}),
    "channel mean": (grayscale, {"weights": "mean"}),
    "green": (grayscale, {"weights": "green"}),
    "fit": (resize, {"width": 41, "height": 30}),
    "fill": (resize, {"width": 41, "height": 30, "aspect": "fill", "interpolation": "cubic"}),
    "stretch": (resize, {"width": 70, "height": 19, "aspect": "stretch", "interpolation": "nearest"}),
    "edges": (edges, {}),
    "scharr": (edges, {"operator": "scharr"}),
    "prewitt": (edges, {"operator": "prewitt"}),
    "otsu": (threshold, {}),
    "threshold": (threshold, {"level": 100}),
    "mask": (mask, {"include": ("0,0 0.9,0.8",), "exclude": ("0.3,0.1 0.6,0.7 0.1,0.6",)}),
}


def after(step, image):
    """What a step makes of an image."""
    function, options = STEPS[step]
    return function(Frame().with_image(image), **options).image


def at(image, offset):
    """Copy an image to memory that begins this many bytes behind a multiple of 64."""
    flat = np.empty(image.nbytes + 64 + offset, np.uint8)
    start = -flat.ctypes.data % 64 + offset
    copy = flat[start : start + image.nbytes].reshape(image.shape)
    copy[...] = image
    return copy


@pytest.mark.parametrize("step", STEPS)
@settings(max_examples=25, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    channels=st.sampled_from([(), (3,)]),
    seed=st.integers(0, 2**16),
)
def test_how_the_image_lies_in_memory_changes_nothing(step, shape, channels, seed):
    """A contiguous image, a part of a larger one, a mirrored and a transposed view with the same pixels give the same pixels."""
    large = np.random.default_rng(seed).integers(0, 256, (64, 72, *channels), dtype=np.uint8)
    part = large[3 : 3 + shape[0], 5 : 5 + shape[1]]
    expected = after(step, part.copy())

    mirrored = np.ascontiguousarray(part[::-1, ::-1])[::-1, ::-1]
    transposed = np.ascontiguousarray(part.swapaxes(0, 1)).swapaxes(0, 1)
    moved = [at(part, offset) for offset in (1, 8, 33)]

    assert all(np.array_equal(after(step, view), expected) for view in (part, mirrored, transposed, *moved))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("level", [0, 128, 255])
def test_any_size_of_a_constant_image_is_taken(step, level):
    """One pixel, one row, one column, with and without colour: uint8 out, and constant where the step is no border."""
    for shape in [(1, 1), (1, 1, 3), (1, 50), (50, 1), (2, 3, 3), (37, 53), (37, 53, 3)]:
        made = after(step, np.full(shape, level, np.uint8))

        assert made.dtype == np.uint8
        assert made.size
        if step not in {"fit", "mask"}:
            assert len(np.unique(made)) == 1


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("shape", [(27, 48), (33, 57, 3)])
def test_the_image_it_gets_is_left_alone_and_what_it_gives_is_read_only(step, shape, noise):
    """Shared memory stays safe: a step neither writes to its input nor lets another write to its output."""
    image = noise(*shape)
    before = image.copy()

    made = after(step, image)

    assert np.array_equal(image, before)
    assert made.dtype == np.uint8
    assert not made.flags.writeable


@pytest.fixture
def restored_threads():
    """Give OpenCV its number of threads back."""
    count = cv2.getNumThreads()
    yield
    cv2.setNumThreads(count)


@pytest.mark.parametrize("step", STEPS)
def test_threads_change_nothing(step, noise, restored_threads):
    """One OpenCV thread and several give the same pixels."""
    image = noise(361, 643, 3)
    made = []
    for count in (1, 2, 3):
        cv2.setNumThreads(count)
        made.append(after(step, image).copy())

    assert all(np.array_equal(m, made[0]) for m in made)


def shaken(count, channels=()):
    """Frames of a camera that shakes under light that changes, one of them constant and one of another size."""
    rng = np.random.default_rng(11)
    scene = cv2.GaussianBlur(rng.integers(0, 256, (90, 120, *channels), dtype=np.uint8), (0, 0), 1.5)
    scene = cv2.normalize(scene, None, 40, 200, cv2.NORM_MINMAX)
    for n in range(count):
        x, y = rng.integers(5, 15, 2)
        seen = np.clip(scene[y : y + 64, x : x + 80] * rng.uniform(0.8, 1.2) + rng.uniform(-10, 10), 0, 255)
        if n == 3:
            seen[...] = 77
        yield Frame(seq=n, working=(seen[:50] if n == 6 else seen).astype(np.uint8))


@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize("reference", ["first", "previous"])
@pytest.mark.parametrize(
    ("stage", "options"), [(Align, {}), (EvenLight, {}), (EvenLight, {"method": "histogram"})]
)
def test_a_memory_goes_on_at_any_frame_as_if_nothing_had_happened(stage, options, reference, channels):
    """Restored behind any frame, the rest comes out the same; and no camera sees another's pictures."""
    check_stage((stage, {"reference": reference, **options}), list(shaken(9, channels)))


@pytest.mark.parametrize("channels", [(), (3,)])
def test_threads_change_nothing_for_stages_with_a_memory(channels, restored_threads):
    """The shift and the light that are found are the same, and so are the pixels."""
    made = []
    for count in (1, 2, 3):
        cv2.setNumThreads(count)
        align, light = Align(), EvenLight()
        left = [light(align(frame)) for frame in shaken(6, channels)]
        made.append([(dict(frame.notes), frame.image.tobytes()) for frame in left])

    assert all(m == made[0] for m in made)


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_a_huge_image_is_taken(step):
    """More samples than float32 can count one by one, in a shape that nothing divides."""
    image = np.full((5003, 4999), 200, np.uint8)
    image[3000:, 2000:] = 10
    made = after(step, image)

    assert made.dtype == np.uint8
    assert made.min() < made.max()


PROGRAM = """
import hashlib, numpy as np
from keepframe.frame import Frame
from keepframe.preprocess import (
    Align, EvenLight, blur, downsample, edges, grayscale, mask, normalize, resize, threshold
)
image = np.random.default_rng(5).integers(0, 256, (433, 767, 3), dtype=np.uint8)
align, light = Align(reference="previous"), EvenLight(reference="previous")
seen = hashlib.sha256()
for n in range(3):
    frame = Frame().with_image(np.roll(image, n, axis=1) // (1 + n % 2) + n)
    frame = light(align(resize(blur(frame, kind="bilateral", sigma=1.5), width=320, height=240)))
    frame = mask(normalize(downsample(frame, width=96), method="clahe"), exclude=("0,0 1,0.3 0,0.5",))
    for made in (frame, edges(frame), threshold(frame), normalize(blur(grayscale(frame), sigma=2.0), method="local")):
        seen.update(made.image.tobytes())
print(seen.hexdigest())
"""


def test_another_process_gives_the_same_pixels(capsys):
    """A chain of steps in a process of its own ends in the same bytes as here."""
    there = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)

    exec(compile(PROGRAM, "here", "exec"), {})

    here = capsys.readouterr().out
    assert here == there.stdout
    assert len(here.strip()) == hashlib.sha256().digest_size * 2
