"""What the tests of the command line share: a way to call it, and an archive with one frame of each kind."""

import json
import tempfile

import numpy as np
import pytest
from click.testing import CliRunner

from keepframe.archive import Archive
from keepframe.cli import main
from keepframe.frame import Frame, Item
from keepframe.picture import Picture

T0_NS = 1_700_000_000_000_000_000
FRAMES = {
    0: {"reason": "first"},
    1: {"outcome": "unchanged", "reason": "unchanged", "scores": {"ssim-tile": 0.25}, "threshold": 0.5},
    2: {"reason": "changed", "scores": {"ssim-tile": 0.75, "mse": 0.1}, "threshold": 0.5, "notes": {"score": "ssim-tile", "reference": "0/0"}},
    3: {"outcome": "filtered", "reason": "mine:dark"},
    4: {"outcome": "rejected", "reason": "corrupt"},
    5: {"outcome": "failed", "reason": "blur: ValueError: expected something else"},
    6: {"outcome": "dropped", "reason": "latest", "count": 3},
}  # fmt: skip


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Call the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def call(*arguments, **more):
        return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False, **more)

    return call


@pytest.fixture
def runtime(monkeypatch):
    """A folder for the sockets of runs, in which none runs; its path is short enough for them."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield folder


@pytest.fixture
def told(call):
    """Call it with --json and return the exit code and what it says."""

    def told(*arguments):
        done = call(*arguments, "--json")
        return done.exit_code, json.loads(done.stdout)

    return told


@pytest.fixture
def archive(tmp_path):
    """An archive of the camera `lobby` with two kept pictures and one frame of every other outcome."""
    folder = tmp_path / "archive"
    items = []
    for seq, known in FRAMES.items():
        said = {"outcome": None, **known}
        count = said.pop("count", 1)
        if said["outcome"] is None:
            said["picture"] = Picture.of(np.full((8, 12), 40 * seq, np.uint8))
        items.append(
            Item((Frame(camera="lobby", seq=seq, time_ns=T0_NS + seq * 10**9, media_ns=seq * 10**9, source="clip.mp4", index=seq, **said),), count)
        )  # fmt: skip
    items.append(Item((Frame(camera="lobby", seq=9, outcome="end"),)))
    with Archive(folder=folder) as opened:
        opened.open("lobby", (0, 1, 7), None)
        opened.commit("lobby", (0, 1, 7), (0, 9), items, {}, [])
    return folder
