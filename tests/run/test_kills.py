"""Any process may be killed at any moment: nothing is lost, nothing is stored twice, and the verdicts are the same."""

import os
import random
import signal

import pytest
from running import begin, events, is_sound, left_behind, rows, run, write

pytestmark = pytest.mark.slow

FOUR = "".join(
    f'[cameras.c{n}]\nsource = "synthetic"\ncount = 150\nseed = {n}\nfps = 2.0\nobject_size = 0.5\n'
    for n in range(4)
)
SLOW = """
[stages.preprocess]
steps = [{ use = "mine:slow" }, { use = "grayscale" }, { use = "downsample", width = 48 }, { use = "blur", sigma = 2.0 }]
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The rows of a run in which nobody is killed."""
    folder = write(tmp_path_factory.mktemp("undisturbed"), FOUR + SLOW)
    assert run(folder) == 0
    assert sum(row[3] == "kept" for row in rows(folder)) >= 50
    return rows(folder)


STAGES = ["preprocess", "score", "archive", "capture"]


@pytest.mark.parametrize(
    "killed",
    [*([stage] * 10 for stage in STAGES), random.Random(7).choices(STAGES, k=10)],
    ids=[*STAGES, "at random"],
)
def test_ten_kills_change_nothing_and_suspect_nobody(killed, undisturbed, tmp_path):
    """Ten kills in one run, each with frames in flight: nothing is lost, nothing twice, nothing held against a frame."""
    running = begin(write(tmp_path, FOUR + SLOW.replace('"mine:slow"', '"mine:slow", seconds = 0.02')))
    for stage in killed:
        before = running.settled()
        running.wait_until(lambda before=before: running.settled() > before, "it goes on")
        running.kill(stage)

    assert running.end() == 0
    assert rows(tmp_path) == undisturbed
    assert is_sound(tmp_path)
    assert "suspect" not in running.log()
    assert left_behind(tmp_path) == ([], [], [])


def test_killing_the_fork_server_kills_all_and_changes_nothing(undisturbed, tmp_path):
    """Three times, with frames in flight: every child ends with it, is forked by the next one, and goes on."""
    running = begin(write(tmp_path, FOUR + SLOW.replace('"mine:slow"', '"mine:slow", seconds = 0.02')))
    servers = set()
    for _ in range(3):
        before = running.settled()
        running.wait_until(
            lambda before=before: running.settled() > before and running.in_flight(), "it goes on"
        )
        servers.add(running.fork_server())
        os.kill(running.fork_server(), signal.SIGKILL)

    assert running.end() == 0
    assert len(servers) == 3
    assert rows(tmp_path) == undisturbed
    assert is_sound(tmp_path)
    assert "suspect" not in running.log()
    assert left_behind(tmp_path) == ([], [], [])


def test_killing_everything_at_once_and_running_again_changes_nothing(undisturbed, tmp_path):
    """The supervisor and all its children are killed; the next run goes on where the archive stands."""
    running = begin(write(tmp_path, FOUR + SLOW))
    running.wait_until(lambda: running.settled() > 50 and running.in_flight(), "some frames are settled")
    for pid in [*running.pids(), running.process.pid]:  # the supervisor last: it takes what is left along
        os.kill(pid, signal.SIGKILL)
    running.process.wait()

    assert run(tmp_path) == 0
    assert rows(tmp_path) == undisturbed
    assert is_sound(tmp_path)
    assert left_behind(tmp_path) == ([], [], [])


def test_no_process_outlives_a_killed_supervisor(tmp_path):
    """Kill -9 of the supervisor ends every child, and the folder can be used by the next run at once."""
    few = FOUR.replace("count = 150", "count = 40")
    running = begin(write(tmp_path, few + SLOW.replace('"mine:slow"', '"mine:slow", seconds = 0.02')))
    running.wait_until(lambda: len(running.pids()) == 7, "all run")
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait()

    assert run(tmp_path) == 0
    assert left_behind(tmp_path) == ([], [], [])


def test_an_interrupted_run_drains_and_the_next_goes_on(undisturbed, tmp_path):
    """Ctrl-C settles what was captured and exits 0; the streams stay open and are finished by the next run."""
    small = '\n[stages.capture]\nstore = { frames = 16, bytes = "64MB" }\n'  # else all is captured, and settled, by then
    running = begin(write(tmp_path, FOUR + SLOW + small))
    running.wait_until(lambda: running.settled() > 50, "some frames are settled")
    running.process.send_signal(signal.SIGINT)

    assert running.end() == 0
    assert 50 < len(rows(tmp_path)) < len(undisturbed)
    assert is_sound(tmp_path)
    assert run(tmp_path) == 0
    assert rows(tmp_path) == undisturbed


def test_a_frozen_process_that_comes_back_changes_nothing(undisturbed, tmp_path):
    """A stopped score process is taken for dead by its links; its late output is of a session that is over."""
    running = begin(write(tmp_path, FOUR + SLOW + "\n[stages.score]\nreplicas = 2\n"))
    running.kill("score", signal.SIGSTOP)
    frozen = running.pids("score")[0]
    before = running.settled()
    running.wait_until(
        lambda: running.settled() > before + 100, "the other replica has taken its cameras over"
    )
    os.kill(frozen, signal.SIGCONT)

    assert running.end() == 0
    assert rows(tmp_path) == undisturbed
    assert is_sound(tmp_path)


def test_a_stage_with_a_memory_is_the_same_under_kills_and_one_without_is_recorded(tmp_path):
    """`save` and `load` carry a counter through kills; a stage without them is told to have started fresh."""
    stages = (
        FOUR
        + """
[stages.preprocess]
steps = [{ use = "mine:slow" }, { use = "mine:Forgetful" }, { use = "downsample", width = 48 }]
[stages.score]
use = "mine:EveryTenth"
"""
    )
    calm, stormy = write(tmp_path / "calm", stages), write(tmp_path / "stormy", stages)
    assert run(calm) == 0
    running = begin(stormy)
    for stage in ("score", "preprocess"):
        before = running.settled()
        running.wait_until(lambda before=before: running.settled() > before, "it goes on")
        running.kill(stage)

    assert running.end() == 0
    assert rows(stormy) == rows(calm)
    assert not events(calm, "fresh")
    assert any("Forgetful" in event.text for event in events(stormy, "fresh"))
