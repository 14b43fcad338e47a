"""
The command line: its verbs, and how an error becomes one clear line and an exit code.

Each verb has a module of its own, which is imported when it is asked for: `keepframe` alone needs no decoder.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import NoReturn

import click

from keepframe import __version__
from keepframe.cli import exits
from keepframe.cli.writing import leave_stdout
from keepframe.errors import ArchiveLockedError, ConfigError
from keepframe.redaction import redacted

VERBS = {
    "watch": "Watch one camera, without a TOML; say what is kept, and why.",
    "init": "Ask a few questions and write a pipeline.toml.",
    "run": "Run a pipeline until its sources have ended.",
    "top": "Show what a running pipeline is doing.",
    "scale": "Run more or fewer replicas of a stage.",
    "stage": "Run one stage of a pipeline in the foreground.",
    "keys": "Make a pair of keys for a stage.",
    "check": "Show what a pipeline is, without starting it.",
    "cameras": "List the cameras attached to this machine, and what each source accepts.",
    "snap": "Take one picture.",
    "compare": "Say whether two pictures differ, and how much.",
    "match": "Find for each picture of folder A the one of folder B that shows the same.",
    "dedupe": "Keep the first of each run of pictures that show the same.",
    "list": "List the pictures an archive has kept.",
    "verify": "Prove that an archive is whole.",
    "why": "Explain what became of a frame, or why so little or so much was kept.",
    "calibrate": "Look at an unchanging scene: its noise, its light, and what each setting would keep of it.",
    "replay": "Say which verdicts would be others under another configuration.",
    "plot": "Draw score, threshold and keeps over time.",
    "evaluate": "Say what the verdicts are worth on labelled pictures.",
    "quarantine": "List frames that killed a process, retry or drop them.",
    "metrics": "List every way to compare two pictures.",
    "completion": "Print the script that completes verbs and options in a shell.",
}
"""In the order people meet them. The first line of each verb's own help says the same; a test sees to it."""

START = """\
keepframe keeps the pictures that show a change and lets the others go.

  keepframe watch 0 --every 10s   one camera: a webcam; or a folder, a video,
                                  rtsp://…, http://…
  keepframe init                  more than that: a few questions make
                                  a pipeline.toml, `keepframe run` runs it
  from keepframe import Keeper    a loop of one's own, in Python:
                                  if keeper(image): save(image)

  keepframe compare A.jpg B.jpg   say whether two pictures differ
  keepframe --help                everything else
"""


OURS = (KeyError, IndexError, UnicodeError, NotImplementedError, RecursionError)
"""Never a user's mistake but one of this program: the traceback helps to mend it."""


class Verbs(MutableMapping[str, click.Command]):
    """The verbs by name; each is imported when it is taken out."""

    def __init__(self) -> None:
        self._added: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name in VERBS and name not in self._added:
            self._added[name] = import_module(f"keepframe.cli.{name}").command
        return self._added[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._added[name] = command

    def __delitem__(self, name: str) -> None:
        del self._added[name]

    def __iter__(self) -> Iterator[str]:
        return iter([*VERBS, *(name for name in self._added if name not in VERBS)])

    def __len__(self) -> int:
        return len(list(iter(self)))


class Keepframe(click.Group):
    """The group of all verbs: an error of a verb becomes one clear line, never a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """The verbs in the order people meet them."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The verbs with their first lines, without importing any."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Run the verb; what it raises decides what is said and how it exits."""
        heed_sigterm()
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:  # before a run can drain: click would say "Aborted!" and exit with 1
            click.echo(err=True)  # the terminal has written ^C
            leave(exits.INTERRUPTED, "stopped")
        except (click.exceptions.Exit, click.exceptions.Abort, *OURS):
            raise
        except ConfigError as error:
            leave(exits.CONFIG, str(error))
        except ArchiveLockedError as error:
            leave(exits.LOCKED, str(error))
        except BrokenPipeError:
            leave_stdout()
            raise click.exceptions.Exit(exits.OK) from None
        except (OSError, LookupError, ValueError, RuntimeError) as error:
            text = told(error) if isinstance(error, OSError) else str(error)
            leave(exits.COMPARE_ERROR if ctx.invoked_subcommand == "compare" else exits.FAILED, text)


def heed_sigterm() -> None:
    """End at a SIGTERM also as process 1 of a container, which gets only signals that it handles; until a verb knows better what to do."""
    if os.getpid() == 1:
        signal.signal(signal.SIGTERM, lambda number, _: os._exit(exits.SIGNALLED + number))


def told(error: OSError) -> str:
    """
    An error of the file system in one line: which file, what is wrong.

    >>> told(PermissionError(13, "Permission denied", "/data/archive"))
    '/data/archive: permission denied'
    """
    if error.strerror is None:
        return str(error)
    what = f"{error.strerror[:1].lower()}{error.strerror[1:]}"
    return what if error.filename is None else f"{error.filename}: {what}"


def leave(code: int, text: str) -> NoReturn:
    """Exit with this code, after one message on stderr."""
    click.echo(redacted(f"keepframe: {text}"), err=True)
    raise click.exceptions.Exit(code)


@click.group(
    cls=Keepframe,
    commands=Verbs(),
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="keepframe", message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Keep the pictures that show a change and let the others go."""
    if ctx.invoked_subcommand is None:
        click.echo(START, nl=False)
