"""
Scores against their threshold as a row of small columns that moves on: half height is the threshold.

Where scores come from is not its business.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from rich.progress import ProgressColumn, Task
from rich.text import Text

LEVELS = "▁▂▃▄▅▆▇█"
HALF = len(LEVELS) // 2
MOST = 60
TEXT_WIDTH = 58
"""What the words beside it take; on a narrower terminal the columns are fewer."""


def level(ratio: float) -> str:
    """
    A score as a share of its threshold, as a column: up to half height it is not above the threshold, from there on it is.

    >>> "".join(level(ratio) for ratio in (0, 0.5, 1, 1.1, 1.5, 99))
    '▁▃▄▅▇█'
    """
    if ratio <= 1:
        return LEVELS[min(HALF - 1, int(max(ratio, 0.0) * HALF))]
    return LEVELS[min(len(LEVELS) - 1, HALF + int((ratio - 1) * HALF))]


class Sparkline(ProgressColumn):
    """
    The newest scores, each as a share of its threshold, the newest on the right.

    >>> line = Sparkline()
    >>> line.add([0.1, 0.4, 1.8])
    >>> line.shown(20).plain
    '█'
    """

    def __init__(self) -> None:
        super().__init__()
        self._ratios: deque[float] = deque(maxlen=MOST)
        self.width = MOST

    def add(self, ratios: Iterable[float]) -> None:
        """What came at once; the highest of it is one column."""
        highest = max(ratios, default=None)
        if highest is not None:
            self._ratios.append(highest)

    def shown(self, width: int) -> Text:
        """The newest that fit into this width; what was above the threshold stands out in colour."""
        text = Text()
        for ratio in list(self._ratios)[-width:]:
            text.append(level(ratio), "bold yellow" if ratio > 1 else "dim")
        return text

    def render(self, task: Task) -> Text:  # noqa: ARG002  rich's signature
        """As a column of a progress display."""
        return self.shown(self.width)
