"""What the catalogue says before and after a run: from where counting starts, and what became of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from keepframe.archive.booking import standing
from keepframe.archive.reading import Reader
from keepframe.config.pipeline import CAPTURE
from keepframe.frame import Position
from keepframe.stage.memory import unpack


class Account:
    """
    The archive's account around one run.

    before: the newest commit before the run. behind: up to where each camera was settled then. runs: which reading of its source each
    camera is to begin, if it is asked for again.
    """

    def __init__(self, folder: Path, cameras: Sequence[str], *, again: bool) -> None:
        self.folder = folder
        self.before = 0
        self.behind: dict[str, Position] = {}
        self.runs: dict[str, int] = {}
        with self._reading() as reader:
            if reader is not None:
                self.before = reader.newest_commit()
                self.behind = reader.committed()
                self.runs = {camera: _run_of(reader, camera) + 1 for camera in cameras} if again else {}

    def counts(self) -> dict[str, dict[str, int]]:
        """Each camera's frames by outcome, of the streams that were worked on since, each as a whole."""
        with self._reading() as reader:
            return reader.counts(since_commit=self.before) if reader is not None else {}

    def new(self) -> dict[str, dict[str, int]]:
        """Each camera's frames by outcome that were settled since."""
        with self._reading() as reader:
            return reader.counts_behind(self.behind) if reader is not None else {}

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Reader | None]:
        try:
            reader = Reader(self.folder)
        except FileNotFoundError:
            yield None
            return
        with reader:
            yield reader


def _run_of(reader: Reader, camera: str) -> int:
    memory = standing(reader.catalogue, camera, None).memory.get(CAPTURE, {})
    return int(unpack(memory).get("run", 0))
