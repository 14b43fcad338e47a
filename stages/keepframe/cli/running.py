"""
Where verbs find a pipeline that runs: by its file, by the folder it writes into, or because it is the only one.

What it answers is the business of keepframe.run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keepframe.cli.writing import short_path
from keepframe.config import Pipeline, load
from keepframe.run.desk import ask
from keepframe.run.folders import runtime_folder, runtime_folders

STATUS = {"do": "status"}
SILENT = "the run does not answer; is its supervisor stopped?"


class SilentError(ConnectionError):
    """A run is there, and does not answer: its supervisor is stopped, or the machine has no time for it."""


class Running:
    """
    A run on this machine, by its runtime folder.

    name: what people call it. absent: what to say if nothing runs there.
    """

    def __init__(self, name: str, folder: Path, absent: str = "the run has ended") -> None:
        self.name, self._folder, self._absent = name, folder, absent

    def ask(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """
        Its answer to an order.

        Raises SilentError if it does not answer within some seconds, ConnectionError if it does not run, ValueError with its words if it refuses.
        """
        try:
            return ask(self._folder, order)
        except TimeoutError as error:
            raise SilentError(f"{self.name}: {SILENT}") from error
        except OSError as error:
            raise ConnectionError(f"{self.name}: {self._absent}") from error


class RunningPipeline(Running):
    """
    The run of a pipeline's file.

    sets: what it was started with, since another archive is another run. Raises ConfigError for a pipeline that cannot run.
    """

    def __init__(self, path: Path, sets: Sequence[str] = ()) -> None:
        self.pipeline: Pipeline = load(path, sets)
        archive, only = self.pipeline.archive_folder, self.pipeline.only
        folder = runtime_folder(self.pipeline.path, archive, only)
        absent = f"does not run here, into {archive}; start it with `keepframe run {path}`"
        super().__init__(str(path), folder, absent)


def found(archive: Path | None = None) -> Running | None:
    """
    The only run of this user here, or the only one that writes into this folder; of several that of ./pipeline.toml. None if there is none.

    Raises LookupError, which names them, if there are several; SilentError if none of those that are there answers.
    """
    answered, are_silent = _runs()
    runs = [
        run for run in answered if archive is None or Path(run[0]["archive"]).resolve() == archive.resolve()
    ]
    if are_silent and not runs:
        raise SilentError(SILENT)
    here = [run for run in runs if run[0]["pipeline"] == str(Path("pipeline.toml").absolute())]
    if len(here or runs) > 1:
        told = ", ".join(sorted({short_path(status["archive"]) for status, _ in runs}))
        raise LookupError(
            f"{len(runs)} pipelines run here; name the file of one, or the folder it writes into: {told}"
        )
    for status, folder in here or runs:
        return Running(short_path(status["archive"]), folder)
    return None


def _runs() -> tuple[list[tuple[dict[str, Any], Path]], bool]:
    """Each run that answers, with its status; and whether there are others that do not."""
    answered, are_silent = [], False
    for folder in runtime_folders():
        try:
            status = ask(folder, STATUS)
        except TimeoutError:
            are_silent = True
        except OSError:
            continue  # it was killed, or ends just now
        else:
            if "archive" in status:  # one of an older version does not say what it is
                answered.append((status, folder))
    return answered, are_silent
