import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from keepframe import __version__
from keepframe.cli import main
from keepframe.cli.command import OURS, VERBS, Keepframe, Verbs
from keepframe.errors import ArchiveLockedError, ConfigError, PictureError

HEAVY = {"numpy", "cv2", "av", "zmq", "rich", "sqlite3", "asyncio"}


def process(*arguments, **more):
    """Run it as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "keepframe", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        **more,
    )


def test_alone_it_says_what_to_type(call):
    """A first use explains itself."""
    done = call()

    assert done.exit_code == 0
    assert "keepframe watch 0" in done.stdout
    assert "keepframe init" in done.stdout
    assert "from keepframe import Keeper" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_help_names_every_verb(call):
    """In the order people meet them, each with what it does."""
    text = call("--help").stdout
    places = [text.index(f"\n  {verb} ") for verb in VERBS]

    assert places == sorted(places)
    assert [line for line in VERBS.values() if line not in " ".join(text.split())] == []


@pytest.mark.parametrize("verb", VERBS)
def test_the_list_of_verbs_says_what_their_help_says(verb):
    """One sentence, told twice the same."""
    assert main.commands[verb].help.strip().splitlines()[0] == VERBS[verb]


def test_process_1_heeds_a_sigterm():
    """A container that is stopped while its verb is still imported, or has a verb that knows nothing of signals, must not wait to be killed."""
    script = (
        "import os, signal\nos.getpid, pid = lambda: 1, os.getpid()\nfrom keepframe.cli.command import heed_sigterm\n"
        "heed_sigterm()\nos.kill(pid, signal.SIGTERM)\nsignal.pause()"
    )

    assert subprocess.run([sys.executable, "-c", script], timeout=20, check=False).returncode == 143


def test_the_verbs_are_a_mapping():
    """Whoever asks a click group for its commands gets them, and may add one."""
    verbs = Verbs()
    verbs["more"] = click.Command("more")

    assert [*verbs] == [*VERBS, "more"]
    assert len(verbs) == len(VERBS) + 1
    assert verbs["list"].name == "list"
    del verbs["more"]
    assert "more" not in verbs


@pytest.mark.parametrize("arguments", [[], ["--help"], ["--version"]])
def test_nothing_heavy_is_imported_before_a_verb_needs_it(arguments):
    """Neither arrays nor decoders, neither sockets nor databases."""
    code = (
        "import sys\nfrom keepframe.cli import main\n"
        f"try: main({arguments!r})\nexcept SystemExit: pass\n"
        "print(sorted(name for name in sys.modules if '.' not in name))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert HEAVY.isdisjoint(eval(done.stdout.splitlines()[-1]))


def test_a_mistyped_verb_is_met_with_the_nearest(call):
    """As everywhere."""
    done = call("lst")

    assert done.exit_code == 2
    assert "Did you mean 'list'?" in done.stderr


def test_it_runs_as_a_module():
    """`python -m keepframe` is `keepframe`."""
    done = process("--version")

    assert (done.returncode, done.stdout) == (0, f"keepframe {__version__}\n")


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (ConfigError("p.toml", ["a: missing"]), 78, "p.toml: 1 problem\n  a: missing"),
        (ArchiveLockedError("archive: taken"), 75, "archive: taken"),
        (FileNotFoundError(2, "No such file or directory", "x"), 1, "x: no such file or directory"),
        (FileNotFoundError("x: expected an archive"), 1, "x: expected an archive"),
        (OSError(28, "No space left on device"), 1, "no space left on device"),
        (ValueError("ssim: images differ"), 1, "ssim: images differ"),
        (PictureError("a.jpg: corrupt"), 1, "a.jpg: corrupt"),
        (LookupError("no frame"), 1, "no frame"),
        (RuntimeError("a newer keepframe"), 1, "a newer keepframe"),
    ],
)
def test_an_error_is_one_clear_message(error, code, text):
    """On stderr, with the exit code of its kind, without a traceback."""

    @click.command("fail")
    def fail():
        raise error

    done = CliRunner().invoke(Keepframe(commands={"fail": fail}), ["fail"])

    assert (done.exit_code, done.stdout, done.stderr) == (code, "", f"keepframe: {text}\n")


def test_ctrl_c_is_no_failure():
    """Before there is anything to drain: the exit code of an interrupted program, not that of an error."""

    @click.command("fail")
    def fail():
        raise KeyboardInterrupt

    done = CliRunner().invoke(Keepframe(commands={"fail": fail}), ["fail"])

    assert (done.exit_code, done.stderr) == (130, "\nkeepframe: stopped\n")


@pytest.mark.parametrize("error", OURS)
def test_an_error_of_the_program_is_not_hidden(error):
    """It comes with its traceback, which helps to mend it."""

    @click.command("fail")
    def fail():
        if error is UnicodeError:
            raise error("text")
        raise error

    with pytest.raises(error):
        CliRunner().invoke(Keepframe(commands={"fail": fail}), ["fail"], catch_exceptions=False)


def test_a_reader_who_has_seen_enough_is_no_error(archive):
    """`keepframe list … | head -1` ends quietly."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as gone:
        done = subprocess.run(
            [sys.executable, "-m", "keepframe", "list", str(archive), "--all"],
            stdout=gone, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("verb", ["list", "verify", "why"])
def test_a_folder_without_an_archive_is_told(call, verb):
    """One line that says what was expected, and nothing is made."""
    done = call(verb, "nowhere", *(["lobby/0/0"] if verb == "why" else []))

    assert done.exit_code == 1
    assert done.stderr.startswith("keepframe: nowhere: expected an archive")
    assert not Path("nowhere").exists()
