import socket
import threading

import pytest

from keepframe.cli.running import RunningPipeline
from keepframe.run import desk


@pytest.fixture
def running(tmp_path, runtime):
    """A pipeline, with a runtime folder of its own."""
    (tmp_path / "pipeline.toml").write_text('[cameras.a]\nsource = "synthetic"\n')
    return RunningPipeline(tmp_path / "pipeline.toml")


def test_one_that_does_not_run_is_told_with_what_to_do(running):
    """The pipeline, the archive it would write into, the command."""
    with pytest.raises(
        ConnectionError,
        match=r"pipeline.toml: does not run here, into .*archive; start it with `keepframe run",
    ):
        running.ask({"do": "status"})


def test_one_that_does_not_answer_is_told(running, monkeypatch):
    """A supervisor that is stopped takes the order and says nothing."""
    monkeypatch.setattr(desk, "ANSWER_S", 0.05)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(running._folder / desk.NAME))
        listening.listen()

        with pytest.raises(ConnectionError, match="does not answer"):
            running.ask({"do": "status"})


def test_an_answer_is_handed_on(running):
    """Whatever the supervisor says."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(running._folder / desk.NAME))
        listening.listen()

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
