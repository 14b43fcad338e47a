"""Each answer changes what the pipeline keeps, as its comment says."""

import cv2
import numpy as np
import pytest

from keepframe import Keeper
from keepframe.capture.naming import Named
from keepframe.config import load
from keepframe.config.answers import SCORE, Answers, is_asked, steps_of, text_of

HEIGHT, WIDTH = 360, 640
SOURCE = Named("synthetic", camera="door")


@pytest.fixture(scope="module")
def scene():
    """Make pictures of one soft, coloured scene with noise: shifted, in another light, with a square in it, in part in another colour."""
    rng = np.random.default_rng(0)
    soft = cv2.GaussianBlur(rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8), (0, 0), 12)
    soft = cv2.normalize(soft, None, 30, 220, cv2.NORM_MINMAX)

    def make(shift=0, light=1.0, side=0, level=230, at=(150, 300), is_red=False, noise=3.0):
        image = soft.copy()
        if is_red:  # what was any colour is reddish, as bright as before
            part = image[120:220, 250:390].astype(float)
            luma = part @ (0.114, 0.587, 0.299)
            red = np.clip(1.6 * luma, 0, 255)
            rest = np.clip((luma - 0.299 * red) / 0.701, 0, 255)
            image[120:220, 250:390] = np.dstack([rest, rest, red])
        image[at[0] : at[0] + side, at[1] : at[1] + side] = level
        moved = cv2.warpAffine(
            image,
            np.float32([[1, 0, shift], [0, 1, shift]]),
            (WIDTH, HEIGHT),
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.clip(moved * light + rng.normal(0, noise, moved.shape), 0, 255).astype(np.uint8)

    return make


def keeper(**answers):
    """Make a keeper with the steps of these answers."""
    asked = Answers(source=SOURCE, **answers)
    score = SCORE if is_asked(asked) else {}
    return Keeper(steps=[step for step, _ in steps_of(asked)], **score)


def kept(image, reference, **answers):
    """Whether an image is kept after another one."""
    asked = keeper(**answers)
    asked(reference)
    return bool(asked(image))


def test_without_an_answer_the_steps_are_the_default_ones(scene):
    """The same scores to the last bit."""
    asked, usual = keeper(), Keeper()
    images = [scene(), scene(), scene(side=100)]

    assert [asked(image) for image in images] == [usual(image) for image in images]


def test_light_that_changes_is_no_change(scene):
    """A scene at 40 % of its light scores less, and what is new in it is still seen."""
    dim = {"light": 0.4}
    even, usual = keeper(is_light_changing=True), keeper()
    even(scene()), usual(scene())

    assert even(scene(**dim)).score < 0.2 * usual(scene(**dim)).score
    assert kept(scene(side=100, **dim), scene(), is_light_changing=True)


def test_a_camera_that_moves_is_put_back(scene):
    """A shift scores less, and what is new is still seen."""
    still, usual = keeper(is_shaking=True), keeper()
    still(scene()), usual(scene())

    assert still(scene(shift=12)).score < 0.2 * usual(scene(shift=12)).score
    assert kept(scene(shift=12, side=100), scene(), is_shaking=True)


def test_colour_alone_counts_if_it_is_to(scene):
    """What is as bright as before in another colour."""
    assert kept(scene(is_red=True), scene(), is_colour=True)
    assert not kept(scene(is_red=True), scene())
    assert not kept(scene(), scene(), is_colour=True)


def test_noise_is_evened_out_further(scene):
    """It scores a third less, and what is new is still seen."""
    calm, usual = keeper(is_noisy=True, change="small"), keeper(change="small")
    calm(scene(noise=60)), usual(scene(noise=60))

    assert calm(scene(noise=60)).score < 0.67 * usual(scene(noise=60)).score
    assert kept(scene(side=130, noise=60), scene(noise=60), is_noisy=True)


@pytest.mark.parametrize(
    ("change", "side"), [("small", WIDTH // 25), ("medium", WIDTH // 7), ("large", WIDTH // 4)]
)
def test_what_is_as_large_as_said_is_seen(scene, change, side):
    """And what is a third of that is not, unless nothing is asked and the default score looks, which sees it."""
    assert kept(scene(side=side), scene(), change=change)
    assert kept(scene(side=side // 3), scene(), change=change) == (change == "medium")


def test_a_region_that_does_not_count_is_left_out(scene):
    """What changes there is not seen, what changes elsewhere is."""
    ignore = ("0.4,0.3 0.7,0.8",)

    assert not kept(scene(side=100), scene(), ignore=ignore)
    assert kept(scene(side=100, at=(20, 20)), scene(), ignore=ignore)


def test_pictures_of_several_sizes_are_compared(scene):
    """The same scene at half the size is nothing new; else its working image may have another shape."""
    half = cv2.resize(scene(), (WIDTH // 2, HEIGHT // 2 - 7), interpolation=cv2.INTER_AREA)

    assert not kept(half, scene(), is_one_size=False)
    assert kept(half, scene())


def test_the_text_is_a_pipeline_with_all_of_it(tmp_path):
    """It loads, with paths right where it lies, and says why each step is there."""
    (tmp_path / "pictures").mkdir()
    answers = Answers(
        source=Named("folder", {"path": str(tmp_path / "pictures")}, "pictures"),
        every="10s",
        into=tmp_path / "kept",
        is_one_size=False,
        is_shaking=True,
        is_light_changing=True,
        is_noisy=True,
        change="small",
        ignore=("0,0 0.3,0.1",),
    )
    path = tmp_path / "pipeline.toml"
    path.write_text(text_of(answers, path))

    loaded = load(path)

    options = loaded.cameras["pictures"].source.options
    uses = [use.use for use in loaded.stages["preprocess"].steps]
    assert (options["every"], options["any_size"], loaded.archive_folder) == ("10s", True, tmp_path / "kept")
    assert uses == ["grayscale", "resize", "align", "downsample", "even_light", "mask", "blur"]
    assert all("#" in line for line in path.read_text().splitlines() if line.startswith("    {"))
