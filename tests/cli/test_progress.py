import io
import os
import subprocess
import sys

import click
import pytest
from rich.console import Console

from keepframe.cli.progress import EVERY_S, SAME_S, Bar, Lines, said, shown
from keepframe.run.result import Progress

SOME = Progress(captured=120, settled=100, total=1394, outcomes={"kept": 5, "unchanged": 95})


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (SOME, "100 of 1,394 seen, 5 kept"),
        (Progress(0, 0, None), "0 seen, 0 kept"),
        (Progress(9, 8, 10, {"kept": 1}, restarts=2), "8 of 10 seen, 1 kept, 2 restarted"),
        (Progress(9, 8, 10, {}, trouble="archive: disk full"), "8 of 10 seen, 0 kept; archive: disk full"),
    ],
)
def test_it_says_how_far_it_is(state, text):
    """In plain words; a live camera has no end to count towards."""
    assert said(state) == text


def test_a_log_gets_a_line_now_and_then():
    """Not one for each of a few states a second."""
    clock, written = [0.0], []
    with Lines(written.append, now=lambda: clock[0]) as show:
        for n, clock[0] in enumerate((0.2, EVERY_S - 0.1, EVERY_S, EVERY_S + 0.2, 2 * EVERY_S)):
            show(Progress(n, n, None))

    assert written == ["2 seen, 0 kept", "4 seen, 0 kept"]


def test_a_line_that_says_the_same_comes_once_a_minute():
    """A log that nobody reads must not fill up; that it still runs is seen."""
    clock, written = [0.0], []
    with Lines(written.append, now=lambda: clock[0]) as show:
        for clock[0] in (
            EVERY_S,
            2 * EVERY_S,
            EVERY_S + SAME_S - 0.1,
            EVERY_S + SAME_S,
            2 * EVERY_S + SAME_S,
        ):
            show(SOME)
        show(Progress(121, 101, 1394))

    assert written == [said(SOME)] * 2 + ["101 of 1,394 seen, 0 kept"]


def test_trouble_is_told_at_once_and_once():
    """What keeps it from going on does not wait for the next line."""
    written = []
    with Lines(written.append, now=lambda: 0.0) as show:
        for trouble in ("", "disk full", "disk full", ""):
            show(Progress(1, 1, 2, trouble=trouble))

    assert written == ["1 of 2 seen, 0 kept; disk full"]


def test_a_terminal_gets_a_bar_that_goes_away():
    """It shows share, counts and words, and leaves nothing but the cursor."""
    console = Console(file=io.StringIO(), force_terminal=True, width=120, color_system=None)
    with Bar(console) as show:
        show(Progress(0, 0, None))
        show(SOME)
        show(Progress(1394, 1394, 1394, {"kept": 31}, trouble="[bold]not markup"))
    text = console.file.getvalue()

    assert "100 %  1,394 of 1,394 seen, 31 kept; [bold]not markup" in text


def test_what_is_shown_depends_on_who_looks(capsys):
    """A person gets the bar, a log the lines, on stderr."""
    show = shown(is_moving=False, write=lambda text: click.echo(text, err=True))
    with show:
        show(Progress(1, 1, 2, trouble="x"))

    assert isinstance(shown(is_moving=True, write=print), Bar)
    assert capsys.readouterr().err == "1 of 2 seen, 0 kept; x\n"


def test_other_lines_stand_above_the_bar():
    """What a child logs while the bar moves is not torn, and markup in it is text."""
    code = (
        "import os\nfrom keepframe.cli.progress import Bar\nfrom keepframe.run.result import Progress\n"
        "with Bar() as show:\n    show(Progress(1, 1, 2))\n    os.write(2, b'WARNING [red]died\\n')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "FORCE_COLOR": "1"}
    )  # fmt: skip

    assert "WARNING [red]died\n" in done.stderr
