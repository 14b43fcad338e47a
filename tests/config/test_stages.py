import pytest

from keepframe.config import Capture, Queue, Stage, Store, Use
from keepframe.errors import ConfigError

TWO = "[cameras.a]\nsource = 'synthetic'\n[cameras.b]\nsource = 'synthetic'\n"
NEEDY = "def needy(frame, *, level: int):\n    return frame\n"


def test_engine_keys_are_read(loaded):
    """Replicas, credit, patience."""
    stage = loaded('[stages.score]\nreplicas = 3\nqueue = { bytes = "1 MiB" }\nhang_after = "2min"').stages[
        "score"
    ]

    assert (stage.replicas, stage.queue, stage.hang_after_s) == (3, Queue(32, 1 << 20), 120.0)


def test_silent_keys_have_their_defaults(loaded):
    """Those of the dataclass."""
    stage = loaded().stages["score"]

    assert stage == Stage("score", ("preprocess",), (Use("change"),))


def test_the_capture_has_a_table(loaded):
    """How much one camera's store holds, and whether pixels are proved."""
    text = '[stages.capture]\nstore = { frames = 9, bytes = "1GB" }\nhang_after = "5s"\ncheck_pixels = true'

    assert loaded(text).capture == Capture(Store(9, 10**9), check_pixels=True, hang_after_s=5.0)


def test_check_pixels_is_true_or_false(loaded):
    """Told with the place."""
    with pytest.raises(ConfigError, match=r"stages\.capture\.check_pixels: expected true or false, got"):
        loaded("[stages.capture]\ncheck_pixels = 1")


def test_the_capture_alone_names_no_stages(loaded):
    """Its table leaves the default stages standing."""
    assert list(loaded("[stages.capture]\nhang_after = '5s'").stages) == ["preprocess", "score", "archive"]


def test_a_camera_may_have_steps_of_its_own(loaded):
    """A list of steps is replaced whole: each camera has its own view."""
    stage = loaded(TWO + "[cameras.a.stages.preprocess]\nsteps = [{ use = 'crop', width = 0.5 }]").stages[
        "preprocess"
    ]

    assert stage.for_camera("a") == (Use("crop", {"width": 0.5}),)
    assert [use.use for use in stage.for_camera("b")] == ["grayscale", "downsample"]


def test_an_empty_table_of_a_camera_changes_nothing(loaded):
    """It may stand there for later."""
    stage = loaded(TWO + "[cameras.a.stages.preprocess]\n[cameras.a.stages.score]").stages["preprocess"]

    assert stage.for_camera("a") == stage.for_camera("b")


def test_an_option_that_is_needed_may_come_from_each_camera(loaded, problems, folder):
    """It is missed only where neither stage nor camera gives it."""
    (folder / "needy_for_stages.py").write_text(NEEDY)
    text = TWO + "[stages.score]\nuse = 'needy_for_stages:needy'\n[cameras.a.stages.score]\nlevel = 1\n"
    whole = loaded(text + "[cameras.b.stages.score]\nlevel = 2")

    assert [whole.stages["score"].for_camera(name)[0].options for name in "ab"] == [
        {"level": 1},
        {"level": 2},
    ]
    assert problems(text) == ["stages.score.level: missing; 'needy_for_stages:needy' needs it: expected int"]


def test_a_value_out_of_range_is_found_for_one_camera(problems):
    """A camera's options are tried like the stage's, and named by their place."""
    assert problems(TWO + "[cameras.a.stages.score]\nthreshold = -1\nmetric = 'sim'") == [
        "cameras.a.stages.score.threshold: expected 0 or more (0 = the same), got -1",
        'cameras.a.stages.score.metric: no metric named "sim"; did you mean "ssim"?',
    ]


def test_what_is_wrong_with_a_stage_is_not_told_again_for_each_camera(problems):
    """The cause is named once, where it stands."""
    assert problems(TWO + "[stages.score]\nthreshold = 'x'\n[cameras.a.stages.score]\nmetric = 'mse'") == [
        "stages.score.threshold: expected float or nothing, got str 'x'"
    ]


def test_several_steps_in_one_process(loaded):
    """Preprocess and score fused: the archive reads the one stage."""
    pipeline = loaded(
        "[stages.work]\ninputs = ['capture']\nsteps = [{ use = 'grayscale' }, { use = 'change', threshold = 0.1 }]\n"
        "[stages.archive]\ninputs = ['work']"
    )

    assert list(pipeline.stages) == ["work", "archive"]
    assert pipeline.stages["work"].steps == (Use("grayscale"), Use("change", {"threshold": 0.1}))
