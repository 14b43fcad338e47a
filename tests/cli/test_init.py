"""The questions, the options that answer them, and the file."""

import tomllib
from pathlib import Path

import pytest


def written(name="pipeline.toml"):
    """Read the file that was written."""
    return tomllib.loads(Path(name).read_text(encoding="utf-8"))


def test_a_person_is_asked_everything(call):
    """One line of input for each question; the file has what was answered, and can run."""
    lines = ["synthetic", "", "kept", "y", "n", "small", "0,0 0.3,0.1", "n", "200/day", "1h"]
    done = call("init", input="\n".join(lines) + "\n")
    steps = written()["stages"]["preprocess"]["steps"]

    assert done.exit_code == 0, done.output
    assert "pipeline.toml is written" in done.output
    assert written()["stages"]["archive"]["folder"] == "kept"
    assert [step["use"] for step in steps] == ["grayscale", "downsample", "mask"]
    assert written()["stages"]["score"] == {"budget": "200/day", "confirm": "2 of 3", "at_least_every": "1h"}
    assert call("check").exit_code == 0


def test_what_makes_no_sense_is_asked_again(call):
    """A source that is none, a duration that is none; then what is meant."""
    lines = ["nowhere", "synthetic", "soon", "10s", *[""] * 8]
    done = call("init", input="\n".join(lines) + "\n")

    assert done.exit_code == 0, done.output
    assert "nowhere: there is no such file or folder" in done.output
    assert "expected a duration like '1s'" in done.output
    assert written()["cameras"]["synthetic"]["every"] == "10s"


def test_with_yes_nothing_is_asked(call):
    """What is not given stays as usual, and the file runs."""
    Path("pictures").mkdir()
    done = call("init", "cam.toml", "--yes", "--source", "pictures", "--colour", "--every", "5min")
    steps = written("cam.toml")["stages"]["preprocess"]["steps"]

    assert done.exit_code == 0, done.output
    assert [step["use"] for step in steps] == ["downsample", "blur"]
    assert call("check", "cam.toml").exit_code == 0


def test_yes_needs_a_source(call):
    """There is no usual one."""
    done = call("init", "--yes")

    assert done.exit_code == 2
    assert "--source: needed with --yes; expected 0 or /dev/video0" in done.stderr


@pytest.mark.parametrize(("more", "code"), [(["--yes"], 1), ([], 0)])
def test_a_file_is_not_overwritten_unasked(call, more, code):
    """With --yes never; a person is asked, and the usual answer is no."""
    Path("pipeline.toml").write_text("mine")
    done = call("init", "--source", "synthetic", *more, input="\n" * 20)

    assert done.exit_code == code
    assert "there already" in done.output or "there is one already" in done.output
    assert Path("pipeline.toml").read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "words"),
    [(["--every", "soon"], "expected a duration"), (["--ignore", "here"], "expected corners"), (["--source", "x://"], "no source reads"),
     (["--keep", "much"], 'expected low, medium or high, or a number of pictures like "200/day", got "much"')],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(call, options, words):
    """Before anything is written."""
    done = call("init", "--yes", "--source", "synthetic", *options)

    assert done.exit_code != 0
    assert words in done.output
    assert not Path("pipeline.toml").exists()
