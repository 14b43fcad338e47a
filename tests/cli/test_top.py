import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from keepframe.cli import top as module
from keepframe.cli.running import RunningPipeline, SilentError
from keepframe.cli.top import camera_rows, process_rows, remarks

PIPELINE = '[cameras.a]\nsource = "synthetic"\n'
CALM = {
    "pid": 7, "stage": "score", "replica": "0", "state": "running", "frames_per_s": 9.96, "waiting": 3, "in_flight": 0,
    "restarts": 2, "in_hand_s": 0.0, "oldest": None, "oldest_s": 0.0, "rss_mb": 62, "trouble": "", "missing": [],
}  # fmt: skip
STATUS = {
    "archive": "/data/archive",
    "processes": [
        CALM | {"stage": "archive", "trouble": "/data: [Errno 28] No space left on device"},
        *(CALM | {"replica": str(n)} for n in (10, 2)),
        CALM | {"stage": "preprocess", "pid": None, "state": "restarting", "rss_mb": 0, "in_hand_s": 61.0},
        CALM | {"stage": "capture", "replica": "a", "in_flight": 1234, "oldest": "a/0/17", "oldest_s": 3.5},
    ],
    "cameras": {"a": {"kept": 12, "unchanged": 1234}},
}


@pytest.fixture
def place(tmp_path):
    """A pipeline."""
    (tmp_path / "pipeline.toml").write_text(PIPELINE)


@pytest.fixture
def answers(place, runtime, monkeypatch):
    """What the run answers, one after the other; then it has ended."""
    answers = [STATUS]

    def ask(running, order):
        if not answers:
            raise ConnectionError("gone")
        answer = answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    monkeypatch.setattr(RunningPipeline, "ask", ask)
    monkeypatch.setattr(module.time, "sleep", lambda _seconds: None)
    return answers


def test_scripts_get_processes_and_cameras(told, answers):
    """In the order of a frame's way; the keys that the documents promise are there."""
    code, status = told("top", "pipeline.toml", "--once")

    assert code == 0
    assert [f"{p['stage']}.{p['replica']}" for p in status["processes"]] == [
        "capture.a", "preprocess.0", "score.2", "score.10", "archive.0"
    ]  # fmt: skip
    promised = {"pid", "stage", "replica", "state", "frames_per_s", "waiting", "in_flight", "restarts"}
    assert all(promised <= set(process) for process in status["processes"])
    assert status["cameras"] == {"a": {"kept": 12, "unchanged": 1234}}


def test_without_a_terminal_it_is_shown_once_and_plain(call, answers):
    """Where its pictures go, two tables and what is worth a line."""
    done = call("top")

    assert done.exit_code == 0
    assert "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    assert lines[0] == "pictures go to /data/archive"
    assert lines[3].split() == ["capture.a", "7", "running", "10.0", "3", "1234", "2", "62"]
    assert "archive.0: /data: [Errno 28] No space left on device" in lines
    assert answers == []


def test_where_no_camera_is_captured_there_is_no_table_of_cameras(call, answers):
    """As on a machine that only scores."""
    answers[:] = [STATUS | {"cameras": {}}]
    done = call("top")

    assert "PROCESS" in done.stdout
    assert "CAMERA" not in done.stdout


def test_rows_say_what_is_unknown_with_a_dash():
    """A process that is being started again has no pid and takes no memory."""
    rows = process_rows(STATUS)

    assert rows[3] == ("preprocess.0", "-", "restarting", "10.0", "3", "0", "2", "-")
    assert camera_rows(STATUS) == [("a", "1,246", "12", "1,234", "0", "0", "0", "0")]


def test_remarks_tell_trouble_and_what_takes_long():
    """What keeps a stage from going on, a frame long in hand, the oldest in flight."""
    assert list(remarks(STATUS)) == [
        ("archive.0: /data: [Errno 28] No space left on device", True),
        ("preprocess.0: the same frame in hand for 1 min 1 s", False),
        ("capture.a: waits for a/0/17, the oldest in flight, for 3.5 s", False),
    ]
    assert list(remarks({"processes": [CALM], "cameras": {}})) == []


def test_remarks_tell_who_is_missing():
    """Somebody below keeps frames from going on; from somebody above there may be none to come."""
    below = {"who": "archive", "how": "has not been found", "for_s": 12.0, "is_below": True}
    above = {"who": "preprocess.1", "how": "has not been heard", "for_s": 75.0, "is_below": False}

    assert list(remarks({"processes": [CALM | {"missing": [below, above]}], "cameras": {}})) == [
        ("score.0: archive has not been found for 12.0 s", True),
        ("score.0: preprocess.1 has not been heard for 1 min 15 s", False),
    ]


def test_the_moving_picture_fits_into_eighty_columns():
    """Every head and number can be read, and what is told in words is text, not markup."""
    status = STATUS | {"processes": [*STATUS["processes"], CALM | {"trouble": "[bold]refused"}]}
    console = Console(file=io.StringIO(), width=80, force_terminal=False)
    console.print(module._picture(status))
    text = console.file.getvalue()

    for word in (*module.PROCESSES, *module.CAMERAS, "restarting", "1234", "1,246", "[bold]refused"):
        assert word in text
    assert "…" not in text


def test_at_a_terminal_it_moves_until_the_run_ends(call, answers, monkeypatch):
    """Then the last state stays, with a word that it is over."""
    monkeypatch.setattr(module, "is_for_people", lambda: True)
    answers.append(STATUS)
    done = call("top")

    assert done.exit_code == 0
    assert done.stdout.endswith("pipeline.toml: the run has ended\n")


def test_a_run_that_is_silent_or_started_again_is_waited_for(call, answers, monkeypatch):
    """What was shown stays, with a word why it does not move; then it moves again."""
    pictures, shown = [], module._picture

    def picture(status, trouble=""):
        pictures.append((status["cameras"]["a"]["kept"], trouble))
        return shown(status, trouble)

    again = STATUS | {"cameras": {"a": {"kept": 99}}}
    monkeypatch.setattr(module, "is_for_people", lambda: True)
    monkeypatch.setattr(module, "_picture", picture)
    answers += [SilentError("x")] * 30 + [STATUS] + [ConnectionError("gone")] * module.MISSES + [again]
    answers += [KeyboardInterrupt()]
    done = call("top")

    assert done.exit_code == 0
    assert pictures[0] == (12, "")
    assert re.fullmatch(
        "this is .* old: the run does not answer; is its supervisor stopped[?]", pictures[30][1]
    )
    assert pictures[31] == (12, "")
    assert pictures[-2] == (12, "the run has ended; a new one is waited for")
    assert pictures[-1] == (99, "")


@pytest.mark.parametrize("how", ["--once", "--json"])
def test_a_run_that_is_silent_is_an_error_where_it_is_shown_once(call, answers, how):
    """Whoever asks once wants an answer."""
    answers[:] = [SilentError("pipeline.toml: the run does not answer; is its supervisor stopped?")]
    done = call("top", how)

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "keepframe: pipeline.toml: the run does not answer; is its supervisor stopped?\n"


def test_ctrl_c_leaves_without_a_word(call, answers, monkeypatch):
    """The pipeline goes on."""

    def interrupted(_seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "is_for_people", lambda: True)
    monkeypatch.setattr(module.time, "sleep", interrupted)
    done = call("top")

    assert done.exit_code == 0
    assert "Aborted" not in done.stdout + done.stderr


def test_nothing_running_is_one_line_and_exit_1(call, place, tmp_path, runtime):
    """With what to do."""
    done = call("top", "--once", "--json")

    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"keepframe: pipeline.toml: does not run here, into {tmp_path / 'archive'}; start it with `keepframe run pipeline.toml`"
    ]


@pytest.mark.parametrize("words", [("top", "--once"), ("top", "pipeline.toml"), ("scale", "score=2")])
def test_looking_for_a_run_that_is_not_there_makes_nothing(call, place, runtime, words):
    """No folder of it, for ever empty."""
    code = call(*words).exit_code

    assert code == 1
    assert list(Path(runtime).iterdir()) == []


def test_without_a_pipeline_the_one_that_runs_is_shown(call, answers, monkeypatch):
    """A `keepframe watch`, whose file nobody has seen; by the folder it writes into as well."""
    asked = []
    monkeypatch.setattr(
        module, "found", lambda folder: asked.append(folder) or RunningPipeline("pipeline.toml")
    )
    answers.append(STATUS)
    Path("archive").mkdir()
    codes = [call("top").exit_code, call("top", "archive").exit_code]

    assert codes == [0, 0]
    assert asked == [None, Path("archive")]


def test_where_nothing_runs_that_is_told_with_what_to_do(call, runtime):
    """With a folder, and without anything."""
    Path("archive").mkdir()

    assert call("top").stderr.splitlines() == [
        "keepframe: nothing runs here; `keepframe watch SOURCE` or `keepframe run` starts something"
    ]
    assert call("top", "archive").stderr.splitlines() == [
        "keepframe: archive: nothing that runs here writes into this folder"
    ]
