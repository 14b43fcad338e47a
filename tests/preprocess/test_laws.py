"""What holds for every step: the same pixels give the same pixels, and nobody's image is written to."""

import hashlib
import subprocess
import sys

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.frame import Frame
from keepframe.preprocess import blur, crop, downsample, grayscale, normalize

STEPS = {
    "grayscale": (grayscale, {}),
    "crop": (crop, {"x": 0.2, "y": 0.3, "width": 0.5}),
    "downsample": (downsample, {"factor": 2.3}),
    "blur": (blur, {"sigma": 1.3}),
    "normalize": (normalize, {}),
}


def after(step, image):
    """What a step makes of an image."""
    function, options = STEPS[step]
    return function(Frame().with_image(image), **options).image


@pytest.mark.parametrize("step", STEPS)
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

    assert all(np.array_equal(after(step, view), expected) for view in (part, mirrored, transposed))


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
    image = noise(722, 1283, 3)
    made = []
    for count in (1, 2, 3):
        cv2.setNumThreads(count)
        made.append(after(step, image).copy())

    assert all(np.array_equal(m, made[0]) for m in made)


PROGRAM = """
import hashlib, numpy as np
from keepframe.frame import Frame
from keepframe.preprocess import blur, downsample, grayscale, normalize
image = np.random.default_rng(5).integers(0, 256, (433, 767, 3), dtype=np.uint8)
frame = Frame().with_image(image)
frame = normalize(blur(downsample(grayscale(frame), width=48), sigma=2.0))
print(hashlib.sha256(frame.image.tobytes()).hexdigest())
"""


def test_another_process_gives_the_same_pixels(capsys):
    """A chain of steps in a process of its own ends in the same bytes as here."""
    there = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)

    exec(compile(PROGRAM, "here", "exec"), {})

    here = capsys.readouterr().out
    assert here == there.stdout
    assert len(here.strip()) == hashlib.sha256().digest_size * 2
