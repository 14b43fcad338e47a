"""
What is new in an archive while a run writes it: each kept picture as a line that says why, every score for whoever draws them.

It goes at the pace of the commits: what is told here is settled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from keepframe.archive import Row
from keepframe.archive.reading import Reader
from keepframe.archive.summary import because, moment
from keepframe.frame import START, Position


class Keeps:
    """
    Follows the account of some cameras from where it stands now.

    write: takes a line. An archive that does not exist yet, or cannot be read just now, is waited for: the run goes on without its lines.
    """

    def __init__(
        self, folder: Path, cameras: Iterable[str], write: Callable[[str], None], *, is_json: bool = False
    ) -> None:
        self.folder, self._write = folder, write
        self._line = _as_json if is_json else line
        self._at: dict[str, Position] = dict.fromkeys(cameras, START)
        self._at |= {camera: at for camera, at in self._committed().items() if camera in self._at}

    def told(self) -> list[float]:
        """Write a line for each picture that was kept since; give every new score as a share of its threshold."""
        ratios = []
        for row in self._new():
            if row.outcome == "kept":
                self._write(self._line(row))
            if row.threshold and (score := row.deciding_score) is not None:
                ratios.append(score / row.threshold)
        return ratios

    def _committed(self) -> dict[str, Position]:
        try:
            with Reader(self.folder) as reader:
                return reader.committed()
        except FileNotFoundError:
            return {}

    def _new(self) -> Iterator[Row]:
        try:
            with Reader(self.folder) as reader:
                for camera in self._at:
                    rows = reader.after(camera, self._at[camera])
                    if rows:
                        self._at[camera] = rows[-1].at
                    yield from rows
        except OSError:
            return


def line(row: Row) -> str:
    """
    A kept picture in one line: when, which, why, where.

    >>> line(Row(camera="a", stream=0, seq=7, outcome="kept", reason="first", time_ns=0, file="a/x.jpg"))
    '00:00:00 UTC  a/0/7  first: there was nothing to compare with  a/x.jpg'
    """
    why = because(row.outcome, row.reason, row.deciding_score, row.threshold)
    return f"{moment(row)}  {row.name}  {why}  {row.file or ''}".rstrip()


def _as_json(row: Row) -> str:
    return json.dumps(row.to_json(), ensure_ascii=False, allow_nan=False)
