import re
import signal
import subprocess
import sys

import pytest

from keepframe.cli.running import RunningPipeline

PIPELINE = '[cameras.a]\nsource = "synthetic"\n[cameras.b]\nsource = "synthetic"\n'


@pytest.fixture
def orders(tmp_path, monkeypatch):
    """A pipeline that runs with two replicas of score, and the orders it gets."""
    (tmp_path / "pipeline.toml").write_text(PIPELINE)
    (tmp_path / "other.toml").write_text(PIPELINE)
    orders = []

    def ask(running, order):
        orders.append((running.name, order))
        return {"processes": [{"stage": stage} for stage in ("score", "score", "preprocess")], "cameras": {}}

    monkeypatch.setattr(RunningPipeline, "ask", ask)
    return orders


def test_stages_are_scaled_one_after_the_other(call, orders):
    """Before and after are told, and replicas that will have nothing to do."""
    done = call("scale", "score=1", "preprocess=3", "other.toml")

    assert done.exit_code == 0
    assert [(name, o.get("stage"), o.get("replicas")) for name, o in orders] == [
        ("other.toml", None, None), ("other.toml", "score", 1), ("other.toml", "preprocess", 3)
    ]  # fmt: skip
    assert (
        done.stdout
        == "score: 2 → 1\npreprocess: 1 → 3; 1 will be idle: a camera passes a stage through one replica\n"
    )


def test_scripts_get_the_status_after_it(told, orders):
    """The same object as of `top`."""
    assert told("scale", "score=2") == (
        0,
        {"processes": [{"stage": s} for s in ("score", "score", "preprocess")], "cameras": {}},
    )


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["scor=2"], "no stage named 'scor'; did you mean 'score'?"),
        (["archive=2"], "archive: an archive cannot be scaled; one process alone decides what has happened"),
        (["capture=2"], "capture: there is one process for each camera; more cameras are more processes"),
        (["score=0"], "score: expected a whole number of replicas from 1 on, got '0'"),
        (["score=-1"], "score: expected a whole number of replicas from 1 on, got '-1'"),
        (["score="], "score: expected a whole number of replicas from 1 on, got ''"),
        (["score=two"], "score: expected a whole number of replicas from 1 on, got 'two'"),
        (["preprocess=2", "score=0"], "score: expected a whole number of replicas from 1 on, got '0'"),
        (["pipeline.toml"], "'pipeline.toml': expected STAGE=N such as score=3"),
        (
            ["score", "2", "pipeline.toml"],
            "'score': expected STAGE=N such as score=3, and one pipeline at most",
        ),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_ordered(words, text, call, orders):
    """One wrong word, and no stage is touched."""
    done = call("scale", *words)

    assert done.exit_code == 2
    assert text in done.stderr
    assert orders == []


def test_a_pipeline_that_does_not_run_exits_with_1(call, tmp_path, runtime):
    """One clear line."""
    (tmp_path / "pipeline.toml").write_text(PIPELINE)
    done = call("scale", "score=2")

    assert done.exit_code == 1
    assert done.stderr.startswith("keepframe: pipeline.toml: does not run here")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_a_run_is_seen_and_scaled(call, told, tmp_path, runtime):
    """By its file alone: who runs, then one replica more, and the run goes on to its end."""
    (tmp_path / "pipeline.toml").write_text(PIPELINE)
    running = subprocess.Popen(
        [sys.executable, "-m", "keepframe", "run"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    for line in (
        running.stderr
    ):  # a line every few seconds: by then pictures have gone through, if only of the other camera
        if re.search(r"[1-9]\d* seen, ", line):
            code, before = told("top", "--once")
            if sum(before["cameras"]["a"].values()):
                break
    done = call("scale", "score=2")
    after = told("top")[1]
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=60)

    assert code == 0
    assert [p["stage"] for p in before["processes"]] == [
        "capture",
        "capture",
        "preprocess",
        "score",
        "archive",
    ]
    assert all(p["pid"] for p in before["processes"])
    assert sum(before["cameras"]["a"].values()) > 0
    assert done.stdout == "score: 1 → 2\n"
    assert [p["replica"] for p in after["processes"] if p["stage"] == "score"] == ["0", "1"]
    assert running.returncode == 0, err
    assert call("top").exit_code == 1
