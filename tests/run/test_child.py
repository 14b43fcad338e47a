"""The entry of a process: what it makes of its arguments, and how it ends if it cannot begin."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from keepframe.errors import ArchiveLockedError
from keepframe.run import archiving, capturing, child, relaying
from keepframe.run.child import main, run_process, take_turns
from keepframe.run.control import pair
from keepframe.run.hand import Hand

BODIES = {
    "capture.lobby": (capturing, "Capturing"),
    "score.0": (relaying, "Relaying"),
    "archive.0": (archiving, "Archiving"),
}


@pytest.fixture
def bodies(monkeypatch, sockets):
    """Processes that do nothing but keep their seat, and exit with 7."""
    seats = []

    def body(kind):
        class Body:
            def __init__(self, seat):
                seats.append((kind, seat))

            def work(self):
                return 7

        return Body

    for module, kind in BODIES.values():
        monkeypatch.setattr(module, kind, body(kind))
    monkeypatch.setattr(child, "configure", lambda *_: None)
    monkeypatch.setattr(child, "take_turns", lambda: None)  # it would hold for the tests that follow
    yield seats
    for _, seat in seats:
        seat.hand.close()


@pytest.mark.parametrize("name", BODIES)
def test_each_process_runs_what_its_name_says(name, bodies, loaded, sockets):
    """Started by hand: no line, no stores, a hand of its own; the exit code is the body's."""
    pipeline = loaded()

    assert run_process(pipeline, name) == 7
    [(kind, seat)] = bodies
    assert kind == BODIES[name][1]
    assert (seat.name, seat.pipeline, seat.run, dict(seat.stores)) == (name, pipeline, None, {})
    assert seat.control.fd is None
    assert seat.hand.holds is None
    assert seat.folder.parent == sockets


def test_what_a_supervisor_hands_over_arrives(bodies, loaded):
    """Settings, the line, the hand, the reading, the stores."""
    path = loaded().path
    (ours, control), hand = pair(), Hand.create()
    arguments = [f"--control={control}", f"--hand={hand}", "--run=3", "--store=lobby=11", "--store=a-b=12"]

    assert main([str(path), "score.1", "--set=stages.score.replicas=2", *arguments]) == 7
    [(_, seat)] = bodies
    assert (seat.name, seat.run, seat.control.fd, seat.hand.fd) == ("score.1", 3, control, hand)
    assert dict(seat.stores) == {"lobby": 11, "a-b": 12}
    assert seat.pipeline.stages["score"].replicas == 2
    ours.close()
    seat.control._socket.close()


@pytest.mark.parametrize("text", ["[cameras.lobby]\nsource = 7\n", "no toml", "cameras = []\n"])
def test_a_pipeline_that_cannot_run_exits_with_78(text, bodies, tmp_path, caplog):
    """Its supervisor does not try again."""
    path = tmp_path / "pipeline.toml"
    path.write_text(text)

    assert main([str(path), "score.0"]) == 78
    assert str(path) in caplog.records[0].fields["error"]
    assert bodies == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ArchiveLockedError("another archive"), 75),
        (OSError(24, "Too many open files"), 70),
        (PermissionError(13, "no"), 70),
    ],
)
def test_what_keeps_it_from_beginning_is_its_exit_code(error, code, bodies, loaded, monkeypatch, caplog):
    """And told in words, not as a traceback."""

    def body(_seat):
        raise error

    monkeypatch.setattr(archiving, "Archiving", body)

    assert main([str(loaded().path), "archive.0"]) == code
    assert caplog.records[0].fields["error"] == str(error)


def test_a_runtime_folder_that_cannot_be_had_is_told(bodies, loaded, monkeypatch, caplog):
    """Before any socket is opened."""
    path = loaded().path
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/4321")

    assert main([str(path), "archive.0"]) == 70
    assert "set XDG_RUNTIME_DIR" in caplog.records[0].fields["error"]


def test_arguments_that_are_none_are_refused(capsys):
    """With the usage, as any command."""
    with pytest.raises(SystemExit) as left:
        main(["pipeline.toml"])

    assert left.value.code == 2
    assert "process" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "then"), [(os.SCHED_OTHER, os.SCHED_BATCH), (os.SCHED_IDLE, os.SCHED_IDLE)]
)
def test_a_process_pushes_nobody_aside_when_it_wakes_up(given, then):
    """Unless somebody has given it another policy."""

    def turned():
        os.sched_setscheduler(0, given, os.sched_param(0))
        take_turns()
        return os.sched_getscheduler(0)

    with ThreadPoolExecutor(1) as thread:  # a policy is a thread's own
        assert thread.submit(turned).result() == then
