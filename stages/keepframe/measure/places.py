"""
Where in the picture the keeps of a camera come from, by the boxes that the score stage has noted.

Pure. A box is the note "box", "x,y,width,height" in pixels of the working image, whose size no row says: it is taken to reach as far as the boxes
of all decided rows do, for noise is hottest now here, now there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from keepframe.archive.row import Row

CELLS = 4
"""The picture is told in so many columns and rows; a place is two by two of them, so that none lies on an edge."""
COLUMNS, ROWS = ("left", "middle", "right"), ("upper", "middle", "lower")


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the picture. share: of the keeps whose box has its centre in it. region: its corners as shares, as `mask` takes them."""

    share: float
    where: str
    region: str


class Places:
    """
    Boxes of one camera's rows, as shares of the picture.

    >>> rows = [Row(camera="a", stream=0, seq=n, outcome="kept", notes={"box": f"{n},{n},8,8"}, time_ns=0) for n in (0, 4, 92)]
    >>> Places(rows).hottest(rows[:2])
    Place(share=1.0, where='upper left', region='0,0 0.12,0.12')
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        boxes = [box for row in rows if (box := _box(row)) is not None]
        self.width = max((x + width for x, _, width, _ in boxes), default=0.0)
        self.height = max((y + height for _, y, _, height in boxes), default=0.0)

    def hottest(self, rows: Iterable[Row]) -> Place | None:
        """The place of two by two sixteenths that most of these rows' boxes have their centre in; None where nothing has a box."""
        boxes = [box for row in rows if (box := _box(row)) is not None]
        if not boxes or not self.width or not self.height:
            return None
        cells = Counter(
            (self._cell(x + w / 2, self.width), self._cell(y + h / 2, self.height)) for x, y, w, h in boxes
        )
        blocks = {
            (i, j): sum(cells[i + di, j + dj] for di in (0, 1) for dj in (0, 1))
            for i in range(CELLS - 1)
            for j in range(CELLS - 1)
        }
        (column, row), count = max(blocks.items(), key=lambda pair: pair[1])
        inside = [
            box for box in boxes
            if self._cell(box[0] + box[2] / 2, self.width) - column in (0, 1)
            and self._cell(box[1] + box[3] / 2, self.height) - row in (0, 1)
        ]  # fmt: skip
        left, right = min(b[0] for b in inside) / self.width, max(b[0] + b[2] for b in inside) / self.width
        top, bottom = min(b[1] for b in inside) / self.height, max(b[1] + b[3] for b in inside) / self.height
        where = "middle" if (column, row) == (1, 1) else f"{ROWS[row]} {COLUMNS[column]}"
        return Place(count / len(boxes), where, f"{left:.2g},{top:.2g} {right:.2g},{bottom:.2g}")

    @staticmethod
    def _cell(at: float, size: float) -> int:
        return min(CELLS - 1, int(CELLS * at / size))


def _box(row: Row) -> tuple[float, float, float, float] | None:
    try:
        x, y, width, height = map(float, str(row.notes["box"]).split(","))
    except (KeyError, ValueError):
        return None
    return x, y, width, height
