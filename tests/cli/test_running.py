import json
import os
import socket
import threading

import pytest

from keepframe.cli.running import RunningPipeline, SilentError, found
from keepframe.run import desk
from keepframe.run.folders import hold, runtime_folder


@pytest.fixture
def running(tmp_path, runtime):
    """A pipeline, with a runtime folder of its own."""
    (tmp_path / "pipeline.toml").write_text('[cameras.a]\nsource = "synthetic"\n')
    return RunningPipeline(tmp_path / "pipeline.toml")


@pytest.fixture
def listening(running):
    """The socket of a supervisor that takes what it is told."""
    with socket.socket(socket.AF_UNIX) as listening:
        running._folder.mkdir(mode=0o700)
        listening.bind(str(running._folder / desk.NAME))
        listening.listen()
        yield listening


def test_one_that_does_not_run_is_told_with_what_to_do(running):
    """The pipeline, the archive it would write into, the command."""
    with pytest.raises(
        ConnectionError,
        match=r"pipeline.toml: does not run here, into .*archive; start it with `keepframe run",
    ):
        running.ask({"do": "status"})


@pytest.mark.usefixtures("listening")
def test_one_that_does_not_answer_is_told(running, monkeypatch):
    """A supervisor that is stopped takes the order and says nothing."""
    monkeypatch.setattr(desk, "ANSWER_S", 0.05)

    with pytest.raises(ConnectionError, match="does not answer"):
        running.ask({"do": "status"})


@pytest.mark.usefixtures("listening")
def test_without_a_name_one_that_does_not_answer_is_not_called_absent(monkeypatch):
    """It is there, which is not the same as nothing."""
    monkeypatch.setattr(desk, "ANSWER_S", 0.05)

    with pytest.raises(SilentError, match="does not answer"):
        found()


def test_an_answer_is_handed_on(running, listening):
    """Whatever the supervisor says."""

    def answer():
        line, _ = listening.accept()
        with line:
            line.recv(1000)
            line.sendall(b'{"processes": []}\n')

    thread = threading.Thread(target=answer)
    thread.start()
    answered = running.ask({"do": "status"})
    thread.join()

    assert answered == {"processes": []}


@pytest.fixture
def run(tmp_path, runtime):
    """A function that lets a run of this name, with an archive of this name, answer one status after the other."""
    listening = []

    def answer(line, status):
        while True:
            try:
                conversation, _ = line.accept()
            except OSError:
                return
            with conversation:
                conversation.recv(1000)
                conversation.sendall(json.dumps(status).encode() + b"\n")

    def begin(name, archive):
        pipeline, archive = tmp_path / name, tmp_path / archive
        archive.mkdir()
        folder = runtime_folder(pipeline, archive)
        folder.mkdir(mode=0o700)
        line = socket.create_server(str(folder / desk.NAME), family=socket.AF_UNIX)
        listening.append(line)
        status = {"pipeline": str(pipeline), "archive": str(archive)}
        threading.Thread(target=answer, args=(line, status), daemon=True).start()

    yield begin
    for line in listening:
        line.shutdown(socket.SHUT_RDWR)
        line.close()


def test_the_only_run_is_found_without_a_name(run, tmp_path, monkeypatch):
    """Whatever its file is called; what a killed one has left is passed over."""
    monkeypatch.chdir(tmp_path)
    os.close(hold(runtime_folder(tmp_path / "killed.toml", tmp_path / "gone")))
    nothing = found()
    run("watch.toml", "kept")
    only = found()

    assert nothing is None
    assert only.name == "kept"
    assert only.ask({"do": "status"})["pipeline"] == str(tmp_path / "watch.toml")


def test_of_several_that_of_this_folder_or_the_named_one_is_taken(run, tmp_path, monkeypatch):
    """By its archive's folder; else all are named."""
    monkeypatch.chdir(tmp_path)
    run("a.toml", "one")
    run("b.toml", "two")
    with pytest.raises(LookupError, match=r"2 pipelines run here; name .*: one, two"):
        found()
    named = found(tmp_path / "two")
    run("pipeline.toml", "three")

    assert named.name == "two"
    assert found().name == "three"
    assert found(tmp_path) is None
