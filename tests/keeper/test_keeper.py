"""A loop of one's own gets the verdicts of a pipeline."""

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from keepframe import Keeper
from keepframe.archive.reading import Reader
from keepframe.clock import FakeClock
from keepframe.errors import ConfigError
from keepframe.stage import find

CLIP = Path(__file__).parents[2] / "examples" / "lobby.mp4"
MINE = """
class Odd:
    \"\"\"Let every second picture go.\"\"\"
    def __init__(self, *, out: bool = True): self.count = 0
    def __call__(self, frame):
        self.count += 1
        return frame if self.count % 2 else None
    def save(self): return {"count": self.count}
    def load(self, memory): self.count = memory.get("count", 0)

def broken(frame):
    raise ValueError("no good")

class Late:
    holds = 2
    def __call__(self, frame): return None

def stamped(frame):
    return frame.with_note("time", frame.time_ns)
"""


@pytest.fixture
def room():
    """Make pictures of a room with a little noise, and of the same with a box in it."""
    rng = np.random.default_rng(3)

    def make(has_box=False):
        image = rng.integers(98, 104, (180, 320), np.uint8)
        if has_box:
            image[60:140, 200:280] = 240
        return image

    return make


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """Put stages of a user's own beside a pipeline, and give a function that makes a keeper with one of them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    name = f"mine_{tmp_path.name}"
    Path(f"{name}.py").write_text(MINE)
    yield lambda stage, **options: Keeper(steps=[{"use": f"{name}:{stage}"}, {"use": "grayscale"}], **options)
    sys.modules.pop(name, None)


def test_the_first_picture_and_a_change_are_kept(room):
    """Everything else is let go, with its score."""
    keeper = Keeper()

    verdicts = [keeper(image) for image in (room(), room(), room(True), room(True), room())]

    assert [bool(verdict) for verdict in verdicts] == [True, False, True, False, True]
    assert [verdict.reason for verdict in verdicts[:3]] == ["first", "unchanged", "changed"]
    assert verdicts[2].score > verdicts[2].threshold > verdicts[1].score


def test_the_box_is_in_pixels_of_the_picture(room):
    """It lies over what has changed, and within the picture."""
    keeper = Keeper()
    keeper(room())

    box = keeper(room(True)).box

    assert 200 - box.width < box.x < 280
    assert 60 - box.height < box.y < 140
    assert (box.x + box.width, box.y + box.height) <= (320, 180)


def test_options_have_the_names_of_the_toml(room):
    """Those of the score, and other steps before it."""
    keeper = Keeper(
        steps=[{"use": "grayscale"}, {"use": "crop", "width": 0.5}], metric="mse", threshold=0.001
    )

    assert [bool(keeper(image)) for image in (room(), room(True))] == [True, False]


def test_what_is_wrong_with_options_is_told_at_once():
    """With key path and nearest name, like a pipeline's."""
    with pytest.raises(ConfigError) as caught:
        Keeper(treshold=1, steps=[{"use": "blure"}])

    assert "did you mean 'threshold'" in str(caught.value)
    assert "did you mean 'blur'" in str(caught.value)


def test_what_save_gave_goes_on_elsewhere(room):
    """The reference and the counting are in it."""
    keeper, other = Keeper(), Keeper()
    for image in (room(), room(True)):
        keeper(image)
    other.load(keeper.save())

    for image in (room(True), room()):
        assert other(image) == keeper(image)


def test_a_new_keeper_can_be_saved(room):
    """Nothing learned is something to go on from, too."""
    keeper = Keeper()
    keeper.load(Keeper().save())

    assert keeper(room()).reason == "first"


@pytest.mark.parametrize("memory", [b"", b"hello", b"\x80", Keeper(threshold=0.3).save()])
def test_a_memory_that_does_not_fit_is_refused(memory, room):
    """Not one of ours, or of a keeper with other options; what it knew stays."""
    keeper = Keeper()
    keeper(room())

    with pytest.raises(ValueError, match="keeper: "):
        keeper.load(memory)
    assert keeper(room()).reason == "unchanged"


def test_a_truncated_picture_is_rejected_and_is_no_reference(room):
    """As in a pipeline; the loop goes on."""
    keeper, data = Keeper(), cv2.imencode(".jpg", room())[1].tobytes()
    keeper(data)

    verdict = keeper(data[: len(data) // 2])

    assert (verdict.outcome, verdict.reason) == ("rejected", "truncated")
    assert keeper(data).reason == "repeated"


def test_the_pipelines_file_has_the_steps(room, tmp_path):
    """Of the camera that is named, with its own options."""
    path = tmp_path / "pipeline.toml"
    path.write_text(
        '[cameras.a]\nsource = "synthetic"\n[cameras.a.stages.score]\nthreshold = 1e6\n[cameras.b]\nsource = "synthetic"\n'
    )
    calm, keen = Keeper(path, camera="a"), Keeper(str(path), camera="b")

    assert [bool(calm(room(n == 1))) for n in range(2)] == [True, False]
    assert [bool(keen(room(n == 1))) for n in range(2)] == [True, True]
    with pytest.raises(ValueError, match="expected camera= one of a, b, got none"):
        Keeper(path)
    with pytest.raises(TypeError, match="stand in the pipeline's file"):
        Keeper(path, threshold=1)


def test_a_step_of_ones_own_is_taken_as_in_a_pipeline(mine, room):
    """With its memory; what it lets go is filtered, and where something is in the picture is then not said."""
    keeper, other = mine("Odd"), mine("Odd")
    outcomes = [keeper(room(n > 1)).outcome for n in range(3)]
    other.load(keeper.save())

    assert outcomes == ["kept", "filtered", "kept"]
    assert other(room()).outcome == "filtered"
    assert keeper(room()).box is None


def test_a_step_that_fails_raises(mine, room):
    """Nobody looks at a catalogue here, so it is not to be overlooked."""
    with pytest.raises(RuntimeError, match=r"broken: ValueError: no good"):
        mine("broken")(room())


def test_a_step_that_holds_frames_back_is_refused(mine):
    """It could not say at once."""
    with pytest.raises(ValueError, match="holds 2 frames back"):
        mine("Late")


@pytest.mark.parametrize(
    ("time", "expected"), [(None, 5), (2, 2_000_000_000), (datetime(1970, 1, 1, 0, 0, 3, tzinfo=UTC), 3_000_000_000)]
)  # fmt: skip
def test_the_time_is_given_or_now(mine, room, time, expected):
    """Seconds or a datetime; else the clock's."""
    keeper = mine("stamped", clock=FakeClock(now_ns=5))

    assert keeper(room(), time).notes["time"] == expected


def test_a_pipeline_that_branches_is_refused(tmp_path):
    """There would be two verdicts."""
    path = tmp_path / "pipeline.toml"
    path.write_text(
        '[cameras.a]\nsource = "synthetic"\n[stages.one]\ninputs = ["capture"]\nuse = "grayscale"\n'
        '[stages.two]\ninputs = ["capture"]\nuse = "grayscale"\n[stages.archive]\ninputs = ["one"]\nuse = "archive"\n'
    )

    with pytest.raises(ValueError, match="a pipeline that branches"):
        Keeper(path)


def test_several_threads_may_call_it(room):
    """They wait for each other: of the same picture given by many at once one is kept."""
    keeper, verdicts, image = Keeper(), [], room()
    threads = [threading.Thread(target=lambda: verdicts.append(keeper(image))) for _ in range(16)]
    with keeper:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sum(map(bool, verdicts)) == 1
    assert len(verdicts) == 16


@pytest.mark.slow
def test_a_loop_keeps_of_the_shipped_clip_exactly_what_the_pipeline_keeps(tmp_path):
    """The same pictures, for the same reasons, with the same scores to the last bit."""
    (tmp_path / "pipeline.toml").write_text(f'[cameras.lobby]\nsource = "video"\npath = "{CLIP}"\n')
    command = [sys.executable, "-m", "keepframe", "run", "pipeline.toml", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    keeper = Keeper()
    source = find("video")(path=CLIP)

    verdicts = [keeper(frame.picture, frame.media_ns / 1e9) for frame in source()]

    with Reader(tmp_path / "archive") as reader:
        rows = reader.rows()
    assert json.loads(done.stdout)["frames"]["kept"] == sum(map(bool, verdicts)) > 1
    assert [(row.outcome, row.reason, row.deciding_score, row.threshold) for row in rows] == [
        (verdict.outcome, verdict.reason, verdict.score, verdict.threshold) for verdict in verdicts
    ]
