"""The benchmarks still run and tell what they promise; what they measure is no matter for a test."""

import os
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def bench(name, *arguments, **environment):
    """Run one and return what it printed."""
    command = [sys.executable, ROOT / "scripts" / f"bench_{name}.py", *arguments]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_form_of_the_job_keeps_what_it_should():
    """Once through the beginning of the clip: keepframe's three forms keep the same number of pictures, and each has its row."""
    rows = [line.split(" | ") for line in bench("job", "--quick").splitlines() if line.startswith("| ")]
    kept = {row[0].removeprefix("| "): row[2] for row in rows[1:]}
    ours = {
        kept[f"keepframe, {form}"]
        for form in ("one-process loop", "separate processes", "preprocess and score fused")
    }

    assert len(ours) == 1
    assert int(ours.pop()) > 1
    assert kept["keepframe, separate, nothing kept"] == "1"
    assert kept["keepframe, one-process loop, nothing kept"] == "1"


def test_a_hop_leaves_out_rivals_that_do_not_work(tmp_path):
    """Rivals that answer with a version and then fail: each is left out with the reason, ours and plain pyzmq have their rows."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\n[ "$1" = -c ] && echo 1.0 || exit 3\n')
    python.chmod(0o700)

    told = bench("hop", "--quick", "--sizes", "640x480", BENCH_RIVAL_PYTHON=str(python)).splitlines()
    rows = [line.split(" | ")[0].removeprefix("| ") for line in told if line.startswith("| ")]
    left_out = [line.split(":")[1].strip() for line in told if line.startswith("Left out")]

    assert rows[1:] == [
        "one copy in memory",
        "slots, made in place",
        "slots, copied in",
        "inline",
        "pyzmq PUSH/PULL ipc",
    ]
    assert [name.split(",")[0].split()[0] for name in left_out] == [
        "imagezmq",
        "ezmsg",
        "dora-rs",
        "dora-rs",
        "iceoryx2",
    ]


def test_frames_flow_again_after_a_kill_of_each_stage():
    """One kill each: every camera has a commit of a new session afterwards, and the account balances."""
    told = bench("recovery", "--kills", "1", "--floor", "60")  # how fast is no matter of a test

    assert all(f"| {stage} | 1 |" in told for stage in ("preprocess", "score", "archive", "capture"))


def test_what_cameras_take_to_start_and_to_stop_is_measured():
    """Two of them, in five processes and two that look after these; each figure is above nothing."""
    (row,) = [line for line in bench("start", "--quick").splitlines() if line.startswith("| 2 |")]
    figures = [float(cell.split()[0]) for cell in row.strip("| ").split(" | ")[1:]]

    assert figures[2] == 7
    assert min(figures) > 0


def test_the_verdict_is_measured_where_there_is_footage():
    """A recipe on the shipped clip, every picture and one a second: its row counts visits and quiet pictures."""
    told = bench("verdict", "--data", ROOT / "examples", "--parts", "every", "second", "--only", "pHash")
    rows = [line.split(" | ") for line in told.splitlines() if line.startswith("| pHash")]

    assert [row[1] for row in rows] == ["6 of 6", "30 of 30"]
    assert rows[0][3].endswith("of 189")


def test_the_verdict_is_measured_on_what_worse_cameras_would_have_given(tmp_path):
    """A clip of 40 pictures with a square in the last ten: each disturbance has its row, shows them all, and hides it from nobody."""
    rng = np.random.default_rng(0)
    with av.open(str(tmp_path / "clip.mkv"), "w") as clip:
        stream = clip.add_stream("ffv1", rate=5)
        stream.width, stream.height, stream.pix_fmt = 161, 120, "yuv420p"
        scene = cv2.resize(rng.integers(60, 180, (12, 16, 3), dtype=np.uint8), (161, 120))
        for number in range(40):
            scene[50:80, 70:100] = (20, 20, 20) if number >= 30 else scene[20:50, 20:50]
            clip.mux(stream.encode(av.VideoFrame.from_ndarray(scene, format="bgr24")))
        clip.mux(stream.encode())
    (tmp_path / "clip.events.csv").write_text("first_frame,last_frame\n30,39\n")
    (tmp_path / "clip.quiet.csv").write_text("first_frame,last_frame\n5,28\n")
    told = bench("verdict", "--data", tmp_path, "--parts", "disturbed", "--only", "keepframe")
    rows = [line.split(" | ")[2:5] for line in told.splitlines() if " | keepframe | " in line]

    assert len(rows) == 12
    assert rows == [["1 of 1", "1", "0 of 19"]] * 12  # the first second of a quiet stretch is not judged


def test_the_cost_of_the_verdict_is_told_beside_its_rivals():
    """A row for each of the two sizes and three methods, with a median within its spread."""
    rows = [line.strip("| ").split(" | ") for line in bench("verdict_cost", "--count", "24").splitlines()]
    rows = [row for row in rows if row[0] in {"213 x 120", "320 x 180"}]

    assert len(rows) == 6
    assert all(float(row[3]) <= float(row[2]) <= float(row[4]) for row in rows)


def test_simulated_days_keep_about_what_was_asked_for():
    """Two short runs: quiet pictures within a factor of two of the number, every budget filled on its third day."""
    rows = [
        [cell.strip() for cell in line.strip("| ").split("|")]
        for line in bench("days", "--quick").splitlines()
        if line.startswith(("| series", "| last-kept"))
    ]
    shares = [float(row[5]) for row in rows if row[2] == "0" and "[" in row[4]]
    full = [row[4] for row in rows if "of" in row[4]]

    assert len(shares) == 2
    assert all(0.5 <= share <= 2 for share in shares)
    assert full == ["2 of 2", "2 of 2"]


def test_each_condition_around_the_verdict_is_needed_on_a_simulated_day():
    """Left out in turn: flashes, a place that is never looked at again, a frozen camera, too many pictures of one visit."""
    rows = [
        line.strip("| ").split(" | ")
        for line in bench("days", "--ablation").splitlines()
        if line.startswith("| ")
    ]
    told = {row[0]: [float(cell) for cell in row[1:]] for row in rows[1:]}
    kept, flashes, put_down, visit, frozen, gap = told["nothing"]

    assert (put_down, frozen) == (6, 0)
    assert told["confirm"][1] > 10 * flashes > 0
    assert told["min_gap"][3] > 2 * visit
    assert told["at_least_every"][5] > 2 * gap
    assert told["repeats"][4] > frozen
    assert kept < told["min_gap"][0]
