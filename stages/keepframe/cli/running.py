"""
Where verbs find a pipeline that runs: its runtime folder follows from its file and its archive's folder.

What it answers is the business of keepframe.run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keepframe.config import Pipeline, load
from keepframe.run.addresses import runtime_folder
from keepframe.run.desk import ask


class RunningPipeline:
    """
    A pipeline that a supervisor runs on this machine.

    sets: what it was started with, since another archive is another run. Raises ConfigError for a pipeline that cannot run.
    """

    def __init__(self, path: Path, sets: Sequence[str] = ()) -> None:
        self.path = path
        self.pipeline: Pipeline = load(path, sets)
        self._folder = runtime_folder(self.pipeline.path, self.pipeline.archive_folder, self.pipeline.only)

    def ask(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """
        Its answer to an order.

        Raises ConnectionError if it does not run, ValueError with its words if it refuses.
        """
        try:
            return ask(self._folder, order)
        except TimeoutError as error:
            raise ConnectionError(
                f"{self.path}: the run does not answer; is its supervisor stopped?"
            ) from error
        except OSError as error:
            raise ConnectionError(
                f"{self.path}: does not run here, into {self.pipeline.archive_folder}; "
                f"start it with `keepframe run {self.path}`"
            ) from error
