"""Whole pipelines whose processes reach each other over tcp: on this machine, over loopback."""

import contextlib
import socket

import pytest
from running import begin, is_sound, left_behind, rows, run, write

from keepframe.wire.keys import new_pair

CAMERAS = """
[cameras.lobby]
source = "synthetic"
count = 60
fps = 1000.0
[cameras.door]
source = "synthetic"
count = 60
fps = 1000.0
seed = 1
"""
SLOW = "steps = [{ use = 'grayscale', min_width = 240 }, { use = 'downsample', height = 120 }, { use = 'mine:slow', seconds = 0.03, until = 'hurry' }]"


def free_ports(count):
    """The first of some ports in a row where nobody listens."""
    while True:
        with contextlib.ExitStack() as probes:
            try:
                first = probes.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
                for port in range(first + 1, first + count):
                    probes.enter_context(socket.create_server(("127.0.0.1", port)))
            except (OSError, OverflowError):
                continue
            return first


@pytest.fixture(scope="module")
def within(tmp_path_factory):
    """The rows of a run within the machine."""
    folder = write(tmp_path_factory.mktemp("within"), CAMERAS)
    assert run(folder) == 0
    return rows(folder)


@pytest.mark.slow
def test_over_tcp_the_same_is_kept_as_within_the_machine(within, tmp_path, sockets):
    """Replicas a port further each, a camera each, with keys; with and without tcp every row is the same."""
    first = free_ports(6)
    for stage in ("capture", "preprocess", "score", "archive"):
        new_pair(tmp_path / "there" / "keys", stage)
    network = (
        f"[stages.capture]\nlisten = 'tcp://127.0.0.1:{first}'\n"
        f"[stages.preprocess]\nlisten = 'tcp://localhost:{first + 2}'\nreplicas = 2\n"
        f"[stages.score]\nlisten = 'tcp://127.0.0.1:{first + 4}'\nreplicas = 2\n"
    )
    there = write(tmp_path / "there", f"keys = 'keys'\n{CAMERAS}{network}")

    assert run(there) == 0
    assert rows(there) == within
    assert len(rows(there)) == 120
    assert is_sound(there)
    assert left_behind(there) == ([], [], [])


@pytest.mark.slow
def test_parts_of_a_pipeline_run_apart(within, tmp_path, sockets):
    """Capture and preprocess, two scores, and the archive as three runs: the same rows; what has no captures runs until it is stopped."""
    first = free_ports(4)
    network = (
        f"[stages.preprocess]\nlisten = 'tcp://127.0.0.1:{first}'\n"
        f"[stages.score]\nlisten = 'tcp://127.0.0.1:{first + 1}'\nreplicas = 2\n"
    )
    for stage in ("preprocess", "score", "archive"):
        new_pair(tmp_path / "keys", stage)
    there = write(tmp_path / "there", f"keys = '../keys'\n{CAMERAS}{network}")
    others = [begin(there, "--only", only) for only in ("archive", "score")]
    captured = run(there, "--only", "capture,preprocess", "--json")
    for other in others:
        other.process.terminate()

    assert [captured, *(other.end() for other in others)] == [0, 0, 0]
    assert rows(there) == within
    assert is_sound(there)
    assert '"captured": 120' in others[0].log()
    assert "what was under way is done elsewhere, or again" in others[0].log()


@pytest.mark.slow
def test_a_stage_that_is_missing_is_told_by_name(within, tmp_path, sockets):
    """One that was never there, and one that has fallen silent: in the log, and as `keepframe top` shows it; nothing is lost by it."""
    first, heard = free_ports(2), []
    network = (
        f"insecure = true\n{CAMERAS}"
        f"[stages.preprocess]\nlisten = 'tcp://127.0.0.1:{first}'\n{SLOW}\n"
        f"[stages.score]\nlisten = 'tcp://127.0.0.1:{first + 1}'\n"
    )
    there, score = write(tmp_path / "there", network), f"score at 127.0.0.1:{first + 1}"
    running = begin(there, "--only", "capture,preprocess,archive")
    running.only = ("capture", "preprocess", "archive")

    def is_missed(by, who, how):
        processes = (running.status() or {"processes": []})["processes"]
        return any(
            (m["who"], m["how"]) == (who, how) for p in processes if p["stage"] == by for m in p["missing"]
        )

    running.wait_until(lambda: is_missed("archive", score, "has not been found"), "the archive tells")
    running.wait_until(lambda: is_missed("preprocess", "score", "has not been found"), "preprocess tells")
    other = begin(there, "--only", "score")
    running.wait_until(lambda: running.settled() > 10, "it runs")
    heard.append(not is_missed("archive", score, "has not been found"))
    other.process.kill()
    other.process.wait()
    named = score.replace("score", "score.0", 1)
    running.wait_until(lambda: is_missed("archive", named, "has not been heard"), "the archive tells")
    running.wait_until(lambda: is_missed("preprocess", "score.0", "has not been heard"), "preprocess tells")
    running.wait_until(
        lambda: f"nothing settled for 10 s: {named} has not" in running.log(), "so does the run"
    )
    other = begin(there, "--only", "score")
    (there / "hurry").touch()
    code = running.end()
    other.process.terminate()

    assert heard == [True]
    assert (code, other.end()) == (0, 0)
    assert "event=no-link process=preprocess.0 why='score has not been found for 10 s'" in running.log()
    assert rows(there) == within


@pytest.mark.slow
def test_keys_are_changed_while_it_runs(tmp_path, sockets):
    """First the new public keys, then the secret ones, then the old ones go: nobody is restarted, and every frame has its outcome."""
    first, stages = free_ports(3), ("preprocess", "score", "archive")
    folder, keys, fresh = tmp_path / "there", tmp_path / "there" / "keys", tmp_path / "fresh"
    for stage in stages:
        new_pair(keys, stage)
        new_pair(fresh, f"{stage}.2027")
    slow = 'steps = [{ use = "grayscale" }, { use = "downsample", width = 48 }, { use = "mine:slow", seconds = 0.03 }]'
    network = (
        f"[stages.preprocess]\nlisten = 'tcp://127.0.0.1:{first}'\n{slow}\n"
        f"[stages.score]\nlisten = 'tcp://127.0.0.1:{first + 1}'\n"
    )
    running = begin(write(folder, f"keys = 'keys'\n{CAMERAS}{network}"))
    running.wait_until(lambda: running.settled() > 10, "it runs")
    pids = running.pids()
    for kind in ("public", "secret"):
        for stage in stages:
            (fresh / f"{stage}.2027.{kind}").rename(keys / f"{stage}.2027.{kind}")
    for stage in stages:
        (keys / f"{stage}.secret").unlink()
        (keys / f"{stage}.public").unlink()
    before = running.settled()
    running.wait_until(lambda: running.settled() > before + 20, "it goes on")
    after = running.pids()

    assert before < 80
    assert after == pids
    assert running.end() == 0
    assert [(row[0], row[2]) for row in rows(folder)] == [
        (c, n) for c in ("door", "lobby") for n in range(60)
    ]
    assert {row[3] for row in rows(folder)} <= {"kept", "unchanged"}
    assert is_sound(folder)
