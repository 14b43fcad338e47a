"""Pipelines on several machines, made of network namespaces: replicas that join and are pulled, links that are cut, deaf and slow."""

import re
import threading

import pytest
from machines import Machines, missing, pull
from running import begin, is_sound, rows, run, write

from keepframe.archive.reading import Reader
from keepframe.wire.keys import new_pair

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(missing()), reason=missing())]

FIRST = ("capture", "preprocess", "archive")
STAGES = ("capture", "preprocess", "score", "archive")
NETWORK = """
keys = "../keys"
{cameras}
[stages.capture]
listen = "tcp://127.0.0.1:7611"
[stages.preprocess]
listen = "tcp://0.0.0.0:7601"
at = "tcp://10.77.1.1:7601"
steps = [{{ use = "grayscale", min_width = 96 }}, {{ use = "downsample", width = 48 }}, {{ use = "mine:slow", seconds = {seconds}, until = "hurry" }}]
[stages.score]
listen = "tcp://0.0.0.0:7602"
at = ["tcp://10.77.1.2:7602", "tcp://10.77.2.2:7602"]
replicas = 2
"""


def cameras(count, names=("lobby", "door"), **more):
    """Cameras of so many small pictures, and what else is set."""
    said = "".join(
        f"{key} = {value!r}\n" for key, value in {"fps": 1000.0, "width": 96, "height": 72, **more}.items()
    )
    return "".join(
        f"[cameras.{n}]\nsource = 'synthetic'\ncount = {count}\nseed = {i}\n{said}"
        for i, n in enumerate(names)
    )


@pytest.fixture
def pipeline(tmp_path, sockets):
    """Write the same pipeline for several machines, each in a folder of its own, with keys for all."""
    for stage in STAGES:
        new_pair(tmp_path / "keys", stage)

    def make(text, *names, seconds=0.004):
        return [write(tmp_path / name, NETWORK.format(cameras=text, seconds=seconds)) for name in names]

    return make


def wait(seconds):
    """Let the world go on for so long: what a cut lasts is what is tried here."""
    threading.Event().wait(seconds)


def works(part):
    """Whether frames go through a part of a pipeline."""
    return any(process["frames_per_s"] for process in (part.status() or {"processes": []})["processes"])


def outcomes(folder):
    """How many frames of each outcome the archive has."""
    with Reader(folder / "archive") as reader:
        return {camera: dict(counts) for camera, counts in reader.counts().items()}


def test_scoring_on_other_machines_that_come_and_go(pipeline):
    """Two replicas on a second machine, more on a third that joins, the second is pulled: the same rows as on one machine."""
    here, there, third, alone = pipeline(
        cameras(300, "abcd"), "here", "there", "third", "alone", seconds=0.03
    )
    text = (alone / "pipeline.toml").read_text()
    (alone / "pipeline.toml").write_text(
        re.sub(r"(?m)^(listen|at|keys) = .*$|, \{ use = \"mine:slow\".*?\}", "", text)
    )
    with Machines(2) as machines:
        first = machines.run(0, here, *FIRST)
        second = machines.run(1, there, "score")
        first.wait_until(lambda: first.settled() > 20, "the second machine scores")
        other = machines.run(2, third, "score", KEEPFRAME_PREPROCESS_AT="tcp://10.77.2.1:7601")
        first.wait_until(lambda: works(other) and first.settled() > 100, "a third joins")
        pull(second)
        (here / "hurry").touch()
        code = first.end()

    assert code == 0, first.log()
    assert run(alone) == 0
    assert rows(here) == rows(alone)
    assert len(rows(here)) == 1200
    assert is_sound(here)


def test_a_link_that_is_cut_deaf_and_slow_loses_nothing(pipeline):
    """For 3 s, for 5 s in one direction, for 20 s, then slow to the end: every frame has its outcome, nothing is dropped."""
    here, there = pipeline(cameras(300), "here", "there", seconds=0.01)
    with Machines(1) as machines:
        first = machines.run(0, here, *FIRST)
        second = machines.run(1, there, "score")
        seen = 0
        for spoil, mend, seconds in (
            (machines.cut, machines.mend, 3.0),
            (machines.deafen, machines.hear, 5.0),
            (machines.cut, machines.mend, 20.0),
        ):
            first.wait_until(lambda: first.settled() > seen + 60, f"frames before {spoil.__name__}")  # noqa: B023
            spoil(1)
            wait(seconds)
            mend(1)
            seen = first.settled()
        machines.slow(1)
        code = first.end()
        assert second.process.poll() is None, second.log()

    assert code == 0, first.log()
    assert is_sound(here)
    assert {camera: (of["captured"], of["dropped"]) for camera, of in outcomes(here).items()} == {
        "door": (300, 0),
        "lobby": (300, 0),
    }


def test_a_live_camera_behind_a_cut_link_drops_into_gaps(pipeline):
    """With `latest` what nobody could take is dropped by the capture alone, and every drop has its row."""
    here, there = pipeline(
        cameras(10**9, policy="latest", fps=50.0).replace("count = 1000000000\n", ""), "here", "there"
    )
    with Machines(1) as machines:
        first = machines.run(0, here, *FIRST)
        machines.run(1, there, "score")
        first.wait_until(lambda: first.settled() > 100, "it runs")
        machines.cut(1)
        wait(5.0)
        machines.mend(1)
        seen = first.settled()
        first.wait_until(lambda: first.settled() > seen + 300, "it goes on")
        first.process.terminate()
        code = first.end()

    assert code == 0, first.log()
    assert is_sound(here)
    for camera, of in outcomes(here).items():
        assert of["dropped"] > 100, camera
        assert of["failed"] == 0, camera


def test_an_unchanged_picture_costs_the_network_a_two_hundredth_of_its_size(pipeline):
    """Only the working image goes to score and back, with keys and all that links say beside; kept pictures stay where they are."""
    here, there = pipeline(cameras(60, ("big",), width=1920, height=1080, absent=1e6), "here", "there")
    with Machines(1) as machines:
        first = machines.run(0, here, *FIRST)
        machines.run(1, there, "score")
        code = first.end()
        crossed = machines.bytes(1)
    of = outcomes(here)["big"]

    assert code == 0, first.log()
    assert of["captured"] == 60
    assert of["kept"] < 5
    assert crossed / 60 < 1920 * 1080 * 1.5 / 200


FETCHED = """
keys = "../keys"
[cameras.lobby]
source = "synthetic"
format = "gray"
width = 1920
height = 1080
count = 40
fps = 1000.0
[stages.capture]
store = { frames = 12 }
listen = "tcp://0.0.0.0:7611"
at = "tcp://10.77.1.1:7611"
[stages.preprocess]
inputs = ["capture"]
steps = [{ use = "grayscale", min_width = 96 }, { use = "downsample", width = 48 }]
[stages.score]
inputs = ["preprocess"]
use = "mine:EveryTenth"
listen = "tcp://0.0.0.0:7602"
at = "tcp://10.77.1.1:7602"
[stages.archive]
inputs = ["score"]
use = "archive"
"""


def test_kept_pictures_cross_a_slow_link_to_an_archive_elsewhere(tmp_path, sockets):
    """Each takes longer than the silence that ends a link; none ends, the bytes are the same, and a stop waits for those on their way."""
    for stage in STAGES:
        new_pair(tmp_path / "keys", stage)
    here, there = (write(tmp_path / name, FETCHED) for name in ("here", "there"))
    alone = write(tmp_path / "alone", re.sub(r"(?m)^(listen|at|keys) = .*$", "", FETCHED))
    with Machines(1) as machines:
        machines.slow(1, "5mbit")
        first = machines.run(0, here, "capture", "preprocess", "score")
        first.wait_until(lambda: len(first.pids()) == 3, "all listen")
        archive = machines.run(1, there, "archive")
        first.wait_until(first.settled, "the first picture is kept")
        settled, opened = first.settled(), machines.opened(1)
        other = begin(alone)
        first.process.terminate()
        first.wait_until(lambda: machines.bytes(1) > 1.9 * 1920 * 1080, "the second is nearly there")
        again = machines.opened(1) - opened
        codes = [first.end()]
        archive.process.terminate()
        codes.append(archive.end())

        codes.append(other.end())

    assert codes == [0, 0, 0], first.log() + archive.log()
    assert 0 < settled < len(rows(there)) < 40
    assert rows(there) == rows(alone)[: len(rows(there))]
    assert [row[3] for row in rows(there)].count("kept") == 2
    assert again == 0
    assert is_sound(there)
