"""What the supervisor does with processes that end, hang, or never begin."""

import os
import signal

import pytest
from running import begin, desk, is_sound, left_behind, rows, run, write

pytestmark = pytest.mark.slow

ONE = '[cameras.a]\nsource = "synthetic"\ncount = 40\n'


def test_a_run_ends_by_itself_with_everything_settled(tmp_path):
    """A finite source: exit 0, a row for each frame, nothing left behind."""
    folder = write(tmp_path, ONE)

    assert run(folder) == 0
    assert len(rows(folder)) == 40
    assert is_sound(folder)
    assert left_behind(folder) == ([], [], [])


def test_a_second_run_finds_everything_settled_and_again_makes_a_new_stream(tmp_path):
    """What is settled is not read again, unless the user asks for it."""
    folder = write(tmp_path, ONE)
    assert [run(folder), run(folder)] == [0, 0]
    assert {row[1] for row in rows(folder)} == {0}

    assert run(folder, "--again") == 0
    assert sorted(row[1] for row in rows(folder)) == [0] * 40 + [1] * 40
    assert is_sound(folder)


def test_a_frame_that_fails_is_told_by_the_exit_code(tmp_path):
    """A stage that raises loses that frame only; the run ends with 1."""
    folder = write(
        tmp_path, ONE + '[stages.preprocess]\nsteps = [{ use = "mine:broken" }, { use = "grayscale" }]\n'
    )

    assert run(folder) == 1
    assert [(row[2], row[4]) for row in rows(folder) if row[3] == "failed"] == [
        (5, "mine:broken: ValueError: this frame is not to my liking")
    ]


def test_a_process_that_never_begins_is_a_crash_loop(tmp_path):
    """A stage whose instance cannot be made dies in every life: five times, then the run ends with 70."""
    folder = write(tmp_path, ONE + '[stages.preprocess]\nuse = "mine:Stillborn"\n')
    with (folder / "stages" / "mine.py").open("a") as file:
        file.write(
            "\n\nclass Stillborn:\n    def __init__(self):\n        os._exit(9)\n\n    def __call__(self, frame):\n        return frame\n"
        )

    running = begin(folder)

    assert running.end() == 70
    assert "crash-loop" in running.log()
    assert left_behind(folder) == ([], [], [])


def test_a_second_run_into_the_same_archive_is_refused(tmp_path):
    """While one run is under way, another of the same pipeline says so and starts nothing."""
    running = begin(write(tmp_path, '[cameras.a]\nsource = "synthetic"\n'))
    running.wait_until(lambda: running.settled() > 0, "it runs")
    second = begin(tmp_path)

    assert second.end() == 75
    assert "running already" in running.log()
    running.process.terminate()
    assert running.end() == 0
    assert is_sound(tmp_path)


def test_what_a_killed_run_has_left_is_cleared_away_by_the_next_run(tmp_path, sockets):
    """Of whatever pipeline; the folder of a run that lives, or is stopped, is not touched."""
    endless = "[cameras.lobby]\nsource = 'synthetic'\ncount = 1_000_000\nfps = 1000.0\n"
    killed, living, stopped = (
        begin(write(tmp_path / name, endless)) for name in ("killed", "living", "stopped")
    )
    for each in (killed, living, stopped):
        each.wait_until(each.settled, "it runs")
    killed.process.kill()
    killed.process.wait()
    os.kill(stopped.process.pid, signal.SIGSTOP)
    is_left = desk(killed.folder).exists()
    code = run(write(tmp_path / "next", "[cameras.lobby]\nsource = 'synthetic'\ncount = 5\n"))
    there = [desk(each.folder).exists() for each in (killed, living, stopped)]
    os.kill(stopped.process.pid, signal.SIGCONT)
    seen = living.settled(), stopped.settled()
    living.wait_until(lambda: living.settled() > seen[0], "it goes on")
    stopped.wait_until(lambda: stopped.settled() > seen[1], "it goes on")
    for each in (living, stopped):
        each.process.terminate()

    assert is_left
    assert code == 0
    assert there == [False, True, True]
    assert [living.end(), stopped.end()] == [0, 0]
    assert list(sockets.iterdir()) == []


@pytest.mark.parametrize("how", ["crash", "hang", "memory"])
def test_a_frame_that_kills_its_process_fails_and_the_camera_goes_on(how, tmp_path):
    """Three deaths with it in hand, two of them alone: it is failed as poison; everything else is as without it."""
    score = "[stages.score]\nmetric = 'ssim-tile'\nthreshold = 0.5\n"  # which learns from no frame
    harmless = (
        score
        + '[stages.preprocess]\nsteps = [{ use = "mine:deadly", seq = %d, how = "%s" }, { use = "grayscale" }]\nhang_after = "%s"\nmax_memory = "300MB"\n'
    )
    limit = "1s" if how == "hang" else "60s"
    calm = write(tmp_path / "calm", ONE + harmless % (1000, how, limit))
    folder = write(tmp_path / "deadly", ONE + harmless % (17, how, limit))
    assert run(calm) == 0

    assert run(folder) == 1
    assert [(row[2], row[4]) for row in rows(folder) if row[3] == "failed"] == [
        (17, "poison: preprocess died with it in hand, 3 times")
    ]
    without = [[row for row in rows(where) if row[2] != 17] for where in (folder, calm)]
    assert without[0] == without[1]
    assert len(without[0]) == 39
    assert is_sound(folder)
