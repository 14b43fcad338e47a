import json
import os
import re
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from keepframe.cli import run as module
from keepframe.errors import ArchiveLockedError
from keepframe.run.result import Progress, RunResult

PIPELINE = (
    '[cameras.a]\nsource = "synthetic"\ncount = 30\n[cameras.b]\nsource = "synthetic"\ncount = 5\nseed = 3\n'
)
KEYS = ["captured", "kept", "unchanged", "filtered", "rejected", "dropped", "failed"]


@pytest.fixture
def place(tmp_path):
    """A folder with a pipeline of two cameras that end."""
    (tmp_path / "pipeline.toml").write_text(PIPELINE)
    return tmp_path


@pytest.fixture
def engine(monkeypatch, archive):
    """An engine that runs nothing and gives a result; what it was called with is noted."""
    counts = {
        "captured": 9,
        "kept": 2,
        "unchanged": 1,
        "filtered": 1,
        "rejected": 1,
        "dropped": 3,
        "failed": 1,
    }
    noted = SimpleNamespace(calls=[], code=0, cameras={"lobby": counts}, new=None, is_stopped=False)

    def supervise(pipeline, *, again, show):
        noted.calls.append((pipeline, again))
        show(Progress(9, 9, 9, {"kept": 2}))
        return RunResult(noted.code, noted.cameras, archive, 75.2, new=noted.new, is_stopped=noted.is_stopped)

    monkeypatch.setattr(module, "supervise", supervise)
    monkeypatch.setenv("KEEPFRAME_LOG", "text")  # a run sets it for its children
    return noted


def process(place, *arguments, **more):
    """Run it as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "keepframe", "run", *arguments], cwd=place, capture_output=True, text=True, check=False, **more
    )  # fmt: skip


def test_a_summary_ends_a_run(call, place, engine, archive):
    """In plain words, with where to look."""
    done = call("run")

    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "9 seen, 2 kept, 78 % not stored, 1 rejected, 3 dropped, 1 failed, biggest change at 0:02 (1 min 15 s)",
        "pictures       archive",
        "contact sheet  archive/index.html",
        "rejected       lobby/0/4: corrupt",
        "failed         lobby/0/5: blur: ValueError: expected something else",
        "all of them    keepframe list --all archive",
    ]
    assert (archive / "index.html").is_file()


def test_a_run_that_went_on_tells_what_it_did_and_what_there_is_in_all(call, place, engine):
    """Its seconds stand beside its own frames; JSON counts streams as a whole."""
    (place / "pipeline.toml").write_text('[cameras.lobby]\nsource = "synthetic"\ncount = 5\n')
    engine.new = {"lobby": {"captured": 2, "kept": 1, "unchanged": 1}}
    done = call("run")

    assert done.stdout.splitlines()[:2] == [
        "2 seen, 1 kept, 50 % not stored, biggest change at 0:02 (1 min 15 s)",
        "in all         9 seen, 2 kept, 78 % not stored, 1 rejected, 3 dropped, 1 failed",
    ]
    assert json.loads(call("run", "--json").stdout)["frames"]["captured"] == 9

    engine.new = {}

    assert call("run").stdout.startswith("nothing new: everything is settled already")


def test_scripts_get_one_object_on_the_last_line(call, place, engine, archive):
    """With every outcome of every camera."""
    done = call("run", "--json")

    assert done.stdout.count("\n") == 1
    said = json.loads(done.stdout)
    assert list(said) == ["frames", "cameras", "archive", "seconds"]
    assert list(said["frames"]) == list(said["cameras"]["lobby"]) == KEYS
    assert (said["archive"], said["seconds"]) == (str(archive), 75.2)


def test_scripts_find_every_camera_also_where_nothing_was_new(call, place, engine):
    """With zeros, so that nobody has to ask whether it is there."""
    engine.cameras = {}
    said = json.loads(call("run", "--json").stdout)

    assert said["cameras"] == {name: dict.fromkeys(KEYS, 0) for name in "ab"}


@pytest.mark.parametrize(
    ("name", "is_stopped", "text"),
    [
        ("lobby", False, "nothing new: everything is settled already (read it once more with --again)"),
        ("door", False, "nothing seen: no picture came from door; is that where they are?"),
        ("lobby", True, "nothing seen: stopped before the first picture"),
    ],
)
def test_a_run_that_saw_nothing_says_why(call, place, engine, name, is_stopped, text):
    """All was settled, there was nothing to see, or somebody stopped it: three things to tell apart."""
    engine.cameras, engine.is_stopped = {}, is_stopped
    (place / "pipeline.toml").write_text(f'[cameras.{name}]\nsource = "synthetic"\ncount = 5\n')

    assert call("run").stdout.splitlines()[0] == text


def test_a_run_that_was_stopped_says_that_it_can_go_on(call, place, engine):
    """Its numbers are not those of the whole source."""
    engine.is_stopped = True

    assert "stopped before the end: the same command goes on from here" in call("run").stdout


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (1, "some frames failed"),
        (70, "a process died again and again"),
        (75, "another pipeline writes into this archive"),
        (130, "left without draining"),
    ],
)
def test_the_exit_code_is_the_engines_and_is_explained(call, place, engine, code, text):
    """In words on stderr."""
    engine.code = code
    done = call("run")

    assert done.exit_code == code
    assert text in done.stderr


def test_arguments_reach_the_engine(call, place, engine):
    """--set changes the pipeline, --again reads settled sources once more."""
    call("run", "pipeline.toml", "--set", "stages.score.threshold=0.9", "--again")
    (pipeline, again) = engine.calls[0]

    assert pipeline.stages["score"].steps[0].options == {"threshold": 0.9}
    assert again is True


def test_a_broken_pipeline_starts_nothing(call, place, engine):
    """Exit 78, everything on stderr."""
    done = call("run", "--set", "stages.score.treshold=1", "--set", "cameras.a.count=many")

    assert done.exit_code == 78
    assert done.stderr.splitlines()[0] == "keepframe: pipeline.toml: 2 problems"
    assert engine.calls == []


def test_a_file_that_is_not_there_starts_nothing(call, place, engine):
    """It is told before any process could stumble over it."""
    done = call("run", "--set", "cameras.a={source='video', path='lobbby.mp4'}")

    assert done.exit_code == 78
    assert f"cameras.a.path: expected a file or folder, there is no {place / 'lobbby.mp4'}" in done.stderr
    assert engine.calls == []


def test_a_taken_archive_exits_with_75(call, place, monkeypatch):
    """Also where the engine raises."""

    def supervise(pipeline, **_):
        raise ArchiveLockedError("archive: another archive (process 7) writes into this folder")

    monkeypatch.setattr(module, "supervise", supervise)
    done = call("run")

    assert (done.exit_code, done.stderr) == (
        75,
        "keepframe: archive: another archive (process 7) writes into this folder\n",
    )


def test_a_run_that_kept_nothing_has_no_sheet(call, place, monkeypatch, tmp_path):
    """No archive, no page, no error."""
    monkeypatch.setattr(module, "supervise", lambda *_, **__: RunResult(0, {}, tmp_path / "none", 0.1))

    assert call("run").stdout == "nothing seen (0.1 s)\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_sheet_that_cannot_be_written_is_no_failure(call, place, engine, archive, caplog):
    """The pictures are safe; the page is a convenience."""
    archive.chmod(0o500)
    done = call("run")
    archive.chmod(0o700)

    assert done.exit_code == 0
    assert "no-contact-sheet" in caplog.text


@pytest.mark.parametrize("given", ["option", "variable"])
def test_in_json_every_line_on_stderr_is_an_object(given, call, place, engine, monkeypatch):
    """How far it is and how it ended too; the result stays on stdout, for people."""

    def supervise(pipeline, *, again, show):
        show(Progress(9, 9, 9, {"kept": 2}, trouble="disk full"))
        return RunResult(70, {}, place, 75.2)

    monkeypatch.setenv("KEEPFRAME_LOG", "json" if given == "variable" else "text")
    monkeypatch.setattr(module, "supervise", supervise)
    done = call("run", *(["--log", "json"] if given == "option" else []))
    told = [json.loads(line) for line in done.stderr.splitlines()]

    assert done.exit_code == 70
    assert [(line["level"], line["event"], line["process"]) for line in told] == [
        ("info", "progress", "supervisor"),
        ("error", "ended", "supervisor"),
    ]
    assert told[1]["exit_code"] == 70
    assert os.environ["KEEPFRAME_LOG"] == "json"


def test_another_form_of_the_log_is_refused(call, place, engine):
    """Before anything starts."""
    done = call("run", "--log", "xml")

    assert done.exit_code == 2
    assert "'xml' is not one of 'text', 'json'" in done.stderr
    assert engine.calls == []


@pytest.mark.slow
def test_a_whole_run(place):
    """From the TOML to pictures, page and an account that balances; then there is nothing new; then everything once more."""
    done = process(place, "--json")
    said = json.loads(done.stdout.splitlines()[-1])
    nothing = process(place)
    again = process(place, "--json", "--again")

    assert done.returncode == 0, done.stderr
    assert (said["cameras"]["a"]["captured"], said["cameras"]["b"]["captured"]) == (30, 5)
    assert said["frames"]["captured"] == sum(said["frames"][key] for key in KEYS[1:]) == 35
    assert (place / "archive" / "index.html").is_file()
    assert nothing.stdout.startswith("nothing new")
    assert json.loads(again.stdout.splitlines()[-1])["frames"]["captured"] == 35
    assert process(place, "--json", "--set", "x").returncode == 78


@pytest.mark.slow
def test_ctrl_c_drains(place):
    """What was captured has its outcome, exit 0, and the summary is told."""
    running = subprocess.Popen(
        [sys.executable, "-m", "keepframe", "run", "--set", "cameras.a={source='synthetic'}"],
        cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for line in running.stderr:  # a line every few seconds: by then pictures have gone through
        if re.search(r"[1-9]\d* seen, ", line):
            break
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    sound = subprocess.run([sys.executable, "-m", "keepframe", "verify", "archive"], cwd=place, check=False)

    assert running.returncode == 0, err
    assert " seen, " in out
    assert sound.returncode == 0
    assert (place / "archive").is_dir()


NETWORK = "[stages.capture]\nlisten = 'tcp://127.0.0.1:1'\n[stages.score]\nlisten = 'tcp://127.0.0.1:3'\n"


def test_a_part_of_a_pipeline_is_run(call, place, engine):
    """--only is --set only=[...]; where no camera is there is nothing to go on with from here."""
    path = place / "pipeline.toml"
    path.write_text(path.read_text() + NETWORK)
    engine.is_stopped = True
    done = call("run", "--only", "preprocess, score")
    pipeline, _ = engine.calls[0]

    assert pipeline.only == ("preprocess", "score")
    assert "the same command goes on" not in done.stdout


@pytest.mark.parametrize(
    ("cameras", "told"),
    [
        ({"lobby": {"captured": 9, "kept": 2}}, "9 seen, 2 kept, 78 % not stored (1 min 15 s); the pictures are where the archive runs"),
        ({}, "stopped after 1 min 15 s: what was under way is done elsewhere, or again"),
    ],
)  # fmt: skip
def test_without_the_archive_a_run_tells_where_the_pictures_are(cameras, told, capsys):
    """Or, without cameras too, that nothing is lost."""
    module._tell(RunResult(0, cameras, None, 75.2), None, ())

    assert capsys.readouterr().out.strip() == told
    assert module._sheet(RunResult(0, cameras, None, 75.2)) is None
    assert module.said(RunResult(0, cameras, None, 75.2))["archive"] is None


LATE = """
import os, sys
from keepframe.cli.run import deaf_at_exit
class Late:
    def __del__(self, kill=os.kill, pid=os.getpid(), number=int(sys.argv[1])):
        kill(pid, number)
late = Late()
deaf_at_exit()
sys.exit(1)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_python_itself_ends_does_not_change_the_exit_code(number):
    """A second Ctrl-C right after everything was told: that the run has drained still counts."""
    done = subprocess.run([sys.executable, "-c", LATE, str(int(number))], check=False)

    assert done.returncode == 1
