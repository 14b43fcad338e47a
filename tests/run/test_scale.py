"""The same pictures are kept at any scale: fused, in memory, with one replica or several, added and removed while it runs."""

import pytest
from running import begin, is_sound, rows, run, write

from keepframe.config import load
from keepframe.stage import read_source
from keepframe.testing import run as run_in_memory

pytestmark = pytest.mark.slow

EIGHT = "".join(
    f'[cameras.c{n}]\nsource = "synthetic"\ncount = 40\nseed = {n}\nfps = 2.0\nobject_size = 0.5\n'
    for n in range(8)
)
SLOW = """
[stages.preprocess]
steps = [{ use = "mine:slow" }, { use = "grayscale" }, { use = "downsample", width = 48 }]
"""
FUSED = """
[stages.all]
inputs = ["capture"]
steps = [{ use = "mine:slow" }, { use = "grayscale" }, { use = "downsample", width = 48 }, { use = "change" }]
[stages.archive]
inputs = ["all"]
use = "archive"
"""


@pytest.fixture(scope="module")
def separate(tmp_path_factory):
    """The rows of a run with one process for each stage."""
    folder = write(tmp_path_factory.mktemp("separate"), EIGHT + SLOW)
    assert run(folder) == 0
    return rows(folder)


@pytest.mark.parametrize("replicas", [2, 4])
def test_replicas_change_nothing(replicas, separate, tmp_path):
    """Cameras spread over several replicas give the same rows, scores and pictures."""
    folder = write(tmp_path, EIGHT + SLOW + f"replicas = {replicas}\n[stages.score]\nreplicas = {replicas}\n")

    assert run(folder) == 0
    assert rows(folder) == separate


def test_steps_fused_into_one_process_change_nothing(separate, tmp_path):
    """Preprocess and score in one process give the same rows, scores and pictures."""
    folder = write(tmp_path, EIGHT + FUSED)

    assert run(folder) == 0
    assert rows(folder) == separate


def test_running_in_memory_gives_the_same_verdicts(separate, tmp_path):
    """`keepframe.testing.run` with the same steps: the same frames kept, the same scores to the last bit."""
    pipeline = load(write(tmp_path, EIGHT + FUSED) / "pipeline.toml")
    steps = [(use.bound.contract.target, dict(use.options)) for use in pipeline.stages["all"].steps]
    in_memory = []
    for camera in pipeline.cameras.values():
        shots = read_source(camera.source.bound.contract, camera.source.options, camera.name)
        in_memory += [
            (frame.camera, frame.seq, frame.outcome or "kept", frame.reason, dict(frame.scores))
            for frame in run_in_memory(steps, (shot.frame for shot in shots))
        ]

    assert in_memory == [(row[0], row[2], row[3], row[4], row[6]) for row in separate]


def test_replicas_added_and_removed_while_it_runs_change_nothing(separate, tmp_path):
    """From one to three and back to two, of two stages, with frames in flight."""
    running = begin(write(tmp_path, EIGHT + SLOW.replace('"mine:slow"', '"mine:slow", seconds = 0.06')))
    for stage, replicas in (("score", 3), ("preprocess", 2), ("score", 2), ("preprocess", 1)):
        before = running.settled()
        running.wait_until(lambda before=before: running.settled() > before, "it goes on")
        running.scale(stage, replicas)
        running.wait_until(
            lambda stage=stage, replicas=replicas: len(running.pids(stage)) == replicas,
            f"{replicas} of {stage} run",
        )

    assert running.end() == 0
    assert rows(tmp_path) == separate
    assert is_sound(tmp_path)
