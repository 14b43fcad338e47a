"""Pipelines whose processes share no memory: pictures come out of the capture's store when they are needed, and only then."""

import contextlib
import signal
import subprocess
import sys

import pytest
from running import DEADLINE_S, desk, is_sound, rows, run, write
from test_network import free_ports

LOBBY = """
[cameras.lobby]
source = "synthetic"
count = 60
fps = 1000.0
width = 640
height = 480
[stages.preprocess]
inputs = ["capture"]
steps = [{ use = "grayscale" }, { use = "downsample", width = 48 }]
[stages.score]
inputs = ["preprocess"]
use = "mine:EveryTenth"
[stages.archive]
inputs = ["score"]
use = "archive"
"""


@contextlib.contextmanager
def apart(folder, *stages):
    """Each stage as a process of its own that nobody supervises; all of them have ended in order when the block is left."""
    command = [sys.executable, "-c", "from keepframe.cli import main; main()", "stage"]
    with (folder / "log").open("a") as log:
        processes = {
            stage: subprocess.Popen([*command, stage, "pipeline.toml"], cwd=folder, stdout=log, stderr=log)
            for stage in stages
        }
    try:
        yield processes
        for process in processes.values():
            process.send_signal(signal.SIGTERM)
        assert [process.wait(DEADLINE_S) for process in processes.values()] == [0] * len(stages)
    finally:
        for process in processes.values():
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """The rows of a run whose processes share their memory."""
    folder = write(tmp_path_factory.mktemp("shared"), LOBBY)
    assert run(folder) == 0
    return rows(folder)


@pytest.mark.slow
@pytest.mark.parametrize("checks", ["", "check_pixels = true\n"])
def test_without_shared_memory_the_same_is_kept(shared, tmp_path, sockets, checks):
    """Preprocess fetches every picture, the archive those that are kept; rows and files are those of a run that shares it all."""
    first = free_ports(1)
    network = f"[stages.capture]\n{checks}listen = 'tcp://127.0.0.1:{first}'\n"
    there = write(tmp_path / "there", LOBBY + network)

    with apart(there, "archive", "score", "preprocess", "capture") as processes:
        assert processes["capture"].wait(DEADLINE_S) == 0, (there / "log").read_text()
    assert rows(there) == shared
    assert len(rows(there)) == 60
    assert sum(row[3] == "kept" for row in rows(there)) == 6
    assert is_sound(there)
    assert "lost-picture" not in (there / "log").read_text()
    assert desk(there).exists()
