"""Each answer changes what the pipeline keeps, as its comment says."""

import cv2
import numpy as np
import pytest

from keepframe import Keeper
from keepframe.capture.naming import Named
from keepframe.config import load
from keepframe.config.answers import Answers, score_of, steps_of, text_of

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
    return Keeper(steps=[step for step, _ in steps_of(asked)], **score_of(asked)[0])


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


def test_light_and_shaking_need_no_answer(scene):
    """After a few pictures a scene at 80 % of its light, or shifted, is nothing new; what is new in it is seen."""
    for different in ({"light": 0.8}, {"shift": 12}):
        asked = keeper()
        for _ in range(12):
            asked(scene())

        assert not asked(scene(**different))
        assert asked(scene(**different, side=100))


def test_colour_alone_counts_if_it_is_to(scene):
    """What is as bright as before in another colour."""
    assert kept(scene(is_red=True), scene(), is_colour=True)
    assert not kept(scene(is_red=True), scene())
    assert not kept(scene(), scene(), is_colour=True)


@pytest.mark.parametrize(("change", "side"), [("small", WIDTH // 25), ("large", WIDTH // 4)])
def test_what_is_as_large_as_said_is_seen(scene, change, side):
    """And where only what is large counts, a third of that is not."""
    assert kept(scene(side=side), scene(), change=change)
    assert change == "small" or not kept(scene(side=side // 3), scene(), change=change)


@pytest.mark.parametrize(
    ("answers", "options"),
    [
        ({}, {}),
        ({"keep": "low", "ignore": ("0,0 0.3,0.1",)}, {"keep": "low"}),
        ({"budget": "200/day", "is_brief": False}, {"budget": "200/day", "confirm": "2 of 3"}),
        ({"at_least_every": "1h"}, {"at_least_every": "1h"}),
        ({"is_colour": True, "keep": "high"}, {"metric": "ssim-tile", "threshold": 0.35}),
        ({"change": "large", "budget": "9/day"}, {"metric": "ssim-tile", "budget": "9/day"}),
    ],
)
def test_the_default_score_is_left_only_for_what_it_cannot_see(answers, options):
    """Colour alone, or only what is large; all else is a preset, a budget or a condition, and learned."""
    assert score_of(Answers(source=SOURCE, **answers))[0] == options


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
        ignore=("0,0 0.3,0.1",),
        keep="high",
        is_brief=False,
    )
    path = tmp_path / "pipeline.toml"
    path.write_text(text_of(answers, path))

    loaded = load(path)

    options = loaded.cameras["pictures"].source.options
    uses = [use.use for use in loaded.stages["preprocess"].steps]
    assert (options["every"], options["any_size"], loaded.archive_folder) == ("10s", True, tmp_path / "kept")
    assert uses == ["grayscale", "resize", "downsample", "mask"]
    assert 'confirm = "2 of 3"                  # what is seen on one picture only' in path.read_text()
    assert all("#" in line for line in path.read_text().splitlines() if line.startswith("    {"))
