import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from keepframe.archive.reading import Reader
from keepframe.archive.verify import verify
from keepframe.cli import stage as module

PIPELINE = """
[cameras.a]
source = "synthetic"
count = 12
[cameras.b]
source = "synthetic"
count = 12
seed = 3
[stages.score]
replicas = 2
"""
LIVE = """
[cameras.a]
source = "synthetic"
[cameras.b]
source = "synthetic"
"""


@pytest.fixture
def place(tmp_path):
    """A folder with a pipeline of two cameras and two score replicas."""
    (tmp_path / "pipeline.toml").write_text(PIPELINE)
    return tmp_path


@pytest.fixture
def started(monkeypatch):
    """Which processes would be run."""
    names = []

    async def run_all(_pipeline, found):
        names.extend(found)
        return 0

    monkeypatch.setattr(module, "run_process", lambda _pipeline, name, _control: names.append(name) or 0)
    monkeypatch.setattr(module, "_run_all", run_all)
    return names


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["archive"], ["archive.0"]),
        (["score"], ["score.0"]),
        (["score", "pipeline.toml", "--replica", "1"], ["score.1"]),
        (["score", "--replica", "3", "--set", "stages.score.replicas=4"], ["score.3"]),
        (["capture"], ["capture.a", "capture.b"]),
        (["capture", "--camera", "b"], ["capture.b"]),
    ],
)
def test_a_stage_is_its_processes(call, place, started, arguments, names):
    """A replica, a camera's capture, or the captures of all cameras."""
    done = call("stage", *arguments)

    assert (done.exit_code, started) == (0, names)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["scor"], 78, "stages: no stage named 'scor'; did you mean 'score'?"),
        (["score", "--replica", "2"], 2, "expected 0 to 1, got 2; set stages.score.replicas to have more"),
        (["score", "--camera", "a"], 2, "score is one for all cameras"),
        (["capture", "--replica", "1"], 2, "a camera has one capture"),
        (["capture", "--camera", "c"], 2, "no camera named 'c'; known: a, b"),
    ],
)
def test_what_is_no_process_is_told(call, place, started, arguments, code, text):
    """Nothing is started then."""
    done = call("stage", *arguments)

    assert done.exit_code == code
    assert text in done.stderr
    assert started == []


def wait_until(is_so):
    """Wait for something that no file descriptor tells of."""
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def captures_of(pid):
    """The captures among what a process has begun, and what that has begun."""
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += captures_of(child)
        if b"\0capture." in (Path("/proc") / child / "cmdline").read_bytes():
            found.append(Path("/proc") / child)
    return found


@pytest.mark.slow
def test_no_capture_is_left_when_who_started_them_is_killed(place):
    """Two of them, killed with -9 from above: an orphan would hold the camera and its sockets against the next start."""
    (place / "pipeline.toml").write_text(LIVE)
    stage = subprocess.Popen([sys.executable, "-m", "keepframe", "stage", "capture"], cwd=place)
    wait_until(lambda: len(captures_of(stage.pid)) == 2)
    captures = captures_of(stage.pid)
    stage.kill()
    stage.wait(timeout=30)

    wait_until(lambda: not any(capture.exists() for capture in captures))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_whoever_is_stopped_before_there_is_a_capture_ends_well(place, number):
    """While what they are forked from is still on its way: each is told as soon as it is there, and none hears it too early to heed it."""
    command = [sys.executable, "-m", "keepframe", "stage", "capture"]
    stage = subprocess.Popen(command, cwd=place, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: Path(f"/proc/{stage.pid}/task/{stage.pid}/children").read_text())
    stage.send_signal(number)
    try:
        _, said = stage.communicate(timeout=20)
    finally:
        stage.kill()
        stage.wait(timeout=20)

    assert (stage.returncode, said) == (0, "")


def settled(place):
    """How many frames the archive has a row of."""
    if not (place / "archive" / "catalogue.sqlite").exists():
        return 0
    with Reader(place / "archive") as reader:
        return sum(1 for _ in reader.rows())


@pytest.mark.slow
def test_a_signal_to_all_processes_at_once_drains(place):
    """As a service manager stops what it has started: each capture is asked twice, by it and by who has begun it, and drains all the same."""
    (place / "pipeline.toml").write_text(LIVE)
    begin = [sys.executable, "-m", "keepframe", "stage"]
    stage = subprocess.Popen([*begin, "capture"], cwd=place)
    others = [subprocess.Popen([*begin, name], cwd=place) for name in ("preprocess", "score", "archive")]
    try:
        wait_until(lambda: len(captures_of(stage.pid)) == 2 and settled(place))
        for pid in [stage.pid, *(int(capture.name) for capture in captures_of(stage.pid))]:
            os.kill(pid, signal.SIGTERM)
        code = stage.wait(timeout=20)
    finally:
        stage.kill()
        stage.wait(timeout=20)
        for other in others:
            other.terminate()
        for other in others:
            other.wait(timeout=20)

    assert code == 0
    assert verify(place / "archive").problems == []


@pytest.mark.slow
def test_a_second_signal_ends_captures_at_once(place):
    """Also those that cannot drain."""
    (place / "pipeline.toml").write_text(LIVE)
    stage = subprocess.Popen([sys.executable, "-m", "keepframe", "stage", "capture"], cwd=place)
    wait_until(lambda: len(captures_of(stage.pid)) == 2)
    for capture in captures_of(stage.pid):
        os.kill(int(capture.name), signal.SIGSTOP)
    for number in (signal.SIGTERM, signal.SIGINT):
        stage.send_signal(number)
    try:
        code = stage.wait(timeout=20)
    finally:
        stage.kill()
        stage.wait(timeout=20)

    assert code == 130


@pytest.mark.slow
def test_a_capture_that_is_killed_is_told(place):
    """The other goes on; in the end the exit code is one of a crash, however it was stopped."""
    (place / "pipeline.toml").write_text(LIVE)
    command = [sys.executable, "-m", "keepframe", "stage", "capture"]
    stage = subprocess.Popen(command, cwd=place, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: len(captures_of(stage.pid)) == 2)
    os.kill(int(captures_of(stage.pid)[0].name), signal.SIGKILL)
    told = next(line for line in stage.stderr if "event=died" in line)
    others = len(captures_of(stage.pid))
    stage.terminate()
    try:
        stage.communicate(timeout=20)
    finally:
        stage.kill()
        stage.wait(timeout=20)

    assert "process=capture.a how='signal 9'" in told
    assert (others, stage.returncode) == (1, 70)


@pytest.mark.slow
def test_stages_by_hand_are_a_pipeline(place):
    """Each in a process of its own, started in any order; the account balances in the end."""
    begin = [sys.executable, "-m", "keepframe", "stage"]
    names = [["score"], ["archive"], ["preprocess"], ["score", "--replica", "1"]]
    others = [subprocess.Popen([*begin, *name], cwd=place, stderr=subprocess.PIPE) for name in names]
    capture = subprocess.run(
        [*begin, "capture"], cwd=place, capture_output=True, text=True, check=False, timeout=60
    )
    for other in others:
        other.send_signal(signal.SIGTERM)
    codes = [other.wait(timeout=30) for other in others]
    for other in others:
        other.stderr.close()
    sound = subprocess.run(
        [sys.executable, "-m", "keepframe", "verify", "archive"], cwd=place, capture_output=True, text=True, check=False
    )  # fmt: skip

    assert capture.returncode == 0, capture.stderr
    assert codes == [0, 0, 0, 0]
    assert sound.stdout.startswith("archive: sound: 24 frames of 2 cameras")
