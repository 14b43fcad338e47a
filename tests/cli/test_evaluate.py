from pathlib import Path

import numpy as np
import pytest

from keepframe.picture.encoded import to_png

ROOT = Path(__file__).parents[2]
PIPELINE = '[cameras.a]\nsource = "folder"\npath = "clip"\n[stages.preprocess]\nsteps = [{ use = "grayscale" }]\n[stages.score]\nmetric = "mse"\nthreshold = 0.001\n'


@pytest.fixture
def clip(tmp_path):
    """Labelled pictures, ten a second by their names: gray, five bright ones as an event, gray again."""
    folder = tmp_path / "clip"
    folder.mkdir()
    for n in range(60):
        second, tenth = divmod(n, 10)
        level = 200 if 30 <= n < 35 else 100 + (n == 50) * 60
        (folder / f"2024-01-01_00-00-{second:02}.{tenth}00.png").write_bytes(
            to_png(np.full((16, 16), level, np.uint8))
        )
    (tmp_path / "clip.events.csv").write_text("first_frame,last_frame,what\n30,34,light\n")
    (tmp_path / "clip.quiet.csv").write_text("first_frame,last_frame\n0,29\n35,59\n")
    (tmp_path / "pipeline.toml").write_text(PIPELINE)
    return folder


def test_the_stages_are_judged_on_a_clip(told, clip):
    """The event is hit at once, the scene at rest is free, what flickers later is false twice: there and back."""
    code, found = told("evaluate", "clip.events.csv", "--clip", clip, "--pipeline", "pipeline.toml")

    assert code == 0
    assert found["clip"] == {
        "shown": 40, "kept": 4, "events": 1, "hit": 1, "prompt": 1, "quiet": 35, "false": 2, "duplicates": 0,
        "duplicates_kept": 0, "share": 0.1, "delay_s": 0.0,
    }  # fmt: skip


def test_another_threshold_is_tried_with_set(told, clip):
    """What the pipeline's file says is changed for this once."""
    arguments = ["--clip", clip, "--pipeline", "pipeline.toml", "--set", "stages.score.threshold=1.0"]

    assert told("evaluate", "clip.events.csv", *arguments)[1]["clip"]["kept"] == 0


@pytest.mark.slow
def test_an_archive_is_judged_as_its_stages_are(told, clip, call, runtime):
    """A run of the same pipeline, judged by what it has kept."""
    done = call("run", "pipeline.toml", "--json")
    of_archive = told("evaluate", "clip.events.csv", "--archive", "archive")[1]
    of_stages = told("evaluate", "clip.events.csv", "--clip", clip, "--pipeline", "pipeline.toml")[1]

    assert done.exit_code == 0
    assert of_archive == of_stages


@pytest.mark.slow
def test_the_shipped_clip_is_evaluated_at_one_picture_a_second(call):
    """Five runs, shifted by a fifth of a second: each visit counts five times."""
    done = call("evaluate", ROOT / "examples", "--every", "1s")
    row = done.stdout.splitlines()[1].split()

    assert row[:2] == ["lobby", "30"]
    assert int(row[2]) <= 30


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["clip.events.csv"], "clip: no clip beside the labels; name it with --clip"),
        (["clip.events.csv", "--archive", "x", "--every", "1s"], "--archive judges what was kept; it goes with none of"),
        (["clip.events.csv", "--clip", "clip", "--every", "1s"], "clip is a folder; its pictures are shown one by one"),
        (["clip.events.csv", "--clip", "clip", "--every", "soon"], "every: expected a duration"),
        (["far.events.csv", "--clip", "clip"], "far: labels speak of picture 99, but there are 60; another clip?"),
        (["nothing"], "nothing: no such file or folder"),
        (["clip.events.csv", "--archive", "nothing"], "nothing: expected an archive"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_told(call, clip, tmp_path, arguments, message):
    """In one line."""
    (tmp_path / "far.events.csv").write_text("first_frame,last_frame\n9,99\n")
    done = call("evaluate", *arguments)

    assert done.exit_code != 0
    assert message in done.stderr


def test_an_archive_without_the_camera_is_told(call, clip, archive):
    """With those it has."""
    done = call("evaluate", "clip.events.csv", "--archive", archive, "--camera", "yard")

    assert "no camera 'yard' of a video or folder; known: lobby; choose one with --camera" in done.stderr
