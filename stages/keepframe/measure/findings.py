"""
What an archive's rows say about why so little or so much was kept: short sentences, each with what to do.

Pure: rows in, findings out. The arithmetic of one verdict is told by `keepframe why FOLDER FRAME`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby, pairwise
from statistics import median, quantiles
from typing import Any

from keepframe.archive.reading import Event
from keepframe.archive.row import Row
from keepframe.archive.summary import share
from keepframe.clock import NS, iso
from keepframe.measure.places import Places

MUCH = 0.15
"""A share kept above this, or so many in a row without a pause, is worth asking why."""
HOUR_S, DAY_S = 3600.0, 86400.0
BURST_S = 5.0
MOST = 0.5
"""What holds for more than this share of something is a reason for it."""
LEAST_ROWS = 100
TROUBLES = {
    "lost": ("found", "the camera has been lost", "look at its cable, its power, its address"),
    "frozen": ("moving", "the camera has given one picture again and again", "start the camera again"),
    "blinded": ("seeing", "the camera has seen nothing", "look for a cap, a hand, a lamp in front of it"),
}
"""Events of a camera: what ends each, what it means, what to do."""
FROZEN_ROWS, FROZEN_S = 20, 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that explains what was kept: of which camera, what kind, in a sentence, and what to do about it."""

    camera: str
    kind: str
    text: str
    advice: str = ""

    def to_json(self) -> dict[str, Any]:
        """The finding for scripts."""
        return {key: value for key, value in asdict(self).items() if value}


def findings(rows: Sequence[Row], events: Sequence[Event] = ()) -> list[Finding]:
    """
    What explains the rows of any cameras, the most telling first for each camera; parts of frames are left out.

    rows: by camera and time, events: oldest first, as Reader.rows() and Reader.events() give them.

    >>> quiet = [Row(camera="a", stream=0, seq=n, outcome="unchanged", threshold=0.5, scores={"mse": 0.1 + n / 100}, time_ns=n * NS) for n in range(9)]
    >>> [finding.kind for finding in findings(quiet)]
    ['kept', 'below']
    """
    whole = [row for row in rows if not row.part]
    return [
        Finding(camera, *told)
        for camera, of in groupby(whole, key=lambda row: row.camera)
        for told in (*_of_camera(list(of)), *_still_so([e for e in events if e.camera == camera]))
    ]


def _still_so(events: Sequence[Event]) -> Iterator[tuple[str, str, str]]:
    """What befell the camera and has not ended since."""
    for kind, (end, text, advice) in TROUBLES.items():
        last = next((event for event in reversed(events) if event.kind in {kind, end}), None)
        if last is not None and last.kind == kind:
            yield kind, f"{text} since {iso(last.time_ns)}: {last.text}", advice


def _of_camera(rows: list[Row]) -> Iterator[tuple[str, str, str] | tuple[str, str]]:
    counts = Counter[str]()
    for row in rows:
        counts[row.outcome] += row.count
    total, kept = counts.total(), [row for row in rows if row.outcome == "kept"]
    span_s = (max(row.time_ns for row in rows) - min(row.time_ns for row in rows)) / NS
    rate = f", {_number(len(kept) / span_s * DAY_S)} a day at this rate" if span_s > HOUR_S else ""
    yield "kept", f"{len(kept):,} of {total:,} frames kept ({share(len(kept), total)}){rate}"
    yield from _lost(rows, counts, total)
    decided = [row for row in rows if row.threshold is not None and row.deciding_score is not None]
    if not decided:
        if kept and all(row.reason == "passed" for row in kept):
            yield (
                "undecided",
                "no stage decides, so everything is kept",
                'add a stage that does, such as use = "change"',
            )
        return
    unchanged = [row for row in decided if row.outcome == "unchanged"]
    changed = [row for row in decided if row.reason == "changed"]
    yield from _frozen(rows)
    yield from _learning(decided)
    if all(_score(row) <= (row.threshold or 0.0) for row in decided):
        yield _below(decided)
    if len(kept) > MUCH * total or len(changed) > len(unchanged):
        yield from _much(changed, unchanged, decided)
    yield from _reasons(kept)


def _lost(rows: list[Row], counts: Counter[str], total: int) -> Iterator[tuple[str, str, str]]:
    """What never came to a verdict."""
    advice = {
        "rejected": "look at the source: `keepframe list FOLDER --all` names the pictures",
        "filtered": "the stage that lets them go decides more than the score does",
        "dropped": "the pipeline is slower than the camera: a longer `every`, a smaller picture or more replicas",
        "failed": "mend the stage; `keepframe list FOLDER --all` names the frames",
    }
    for outcome, what in advice.items():
        if counts[outcome] > 0.05 * total:
            reasons = Counter(row.reason or outcome for row in rows if row.outcome == outcome)
            (reason, _), *_ = reasons.most_common(1)
            mostly = f", mostly {reason!r}" if reason != outcome else ""
            first = next(row for row in rows if (row.outcome, row.reason or outcome) == (outcome, reason))
            such = f", such as {first.name}: {first.fault}" if first.fault != first.reason else ""
            yield outcome, f"{share(counts[outcome], total)} of the frames were {outcome}{mostly}{such}", what


def _frozen(rows: list[Row]) -> Iterator[tuple[str, str, str]]:
    """The last frames that have exactly the same scores against the same reference: it is the same picture again and again."""
    last: list[Row] = []
    for row in reversed(rows):
        if row.outcome in {"dropped", "rejected"}:
            continue
        if last and (not row.scores or row.scores != last[-1].scores or _against(row) != _against(last[-1])):
            break
        last.append(row)
    seconds = (last[0].time_ns - last[-1].time_ns) / NS if last else 0.0
    if len(last) >= FROZEN_ROWS and seconds >= FROZEN_S:
        text = f"the camera has shown exactly the same picture since {iso(last[-1].time_ns)}, {len(last):,} frames long"
        yield "frozen", text, "a camera has noise: look whether it has stopped"


def _against(row: Row) -> object:
    return row.notes.get("reference")


def _learning(decided: list[Row]) -> Iterator[tuple[str, str, str]]:
    state = decided[-1].notes.get("state")
    if state == "learning":
        text = f"the camera is still being learned, after {len(decided):,} frames"
        yield "learning", text, "wait: the threshold comes from the noise model alone so far"


def _below(decided: list[Row]) -> tuple[str, str, str]:
    """Nothing was above the threshold: what came nearest, and what a lower one would have kept."""
    nearest = max(decided, key=_nearness)
    score, threshold = _score(nearest), nearest.threshold or 0.0
    hours = (decided[-1].time_ns - decided[0].time_ns) / NS / HOUR_S
    span = f" in {_number(hours)} h" if hours >= 1 else ""
    text = f"no score{span} was above its threshold: the largest is {_number(score)} <= {_number(threshold)} ({nearest.name})"
    if score <= 0:
        return "below", text, "nothing at all differs: look at the pictures themselves"
    if is_learned(nearest):
        return "below", text, 'if something was missed, write keep = "high" for the score stage'
    ratios = sorted(map(_nearness, decided))
    few, lower = ("one", ratios[-1]) if len(ratios) < LEAST_ROWS else ("ten", ratios[-10])
    wanted = _number(0.99 * lower * threshold)
    return "below", text, f"a threshold of {wanted} would have kept {few}; `keepframe replay` lists which"


def is_learned(row: Row) -> bool:
    """Whether its threshold was learned, not written."""
    return "state" in row.notes


def _much(changed: list[Row], unchanged: list[Row], decided: list[Row]) -> Iterator[tuple[str, str, str]]:
    """Why so much: one place, light scores just above, one after the other."""
    places = Places(decided)
    if (hot := places.hottest(changed)) is not None and hot.share > MOST and len(changed) >= 10:
        text = f"{round(100 * hot.share)} % of the keeps come from one place of the picture: {hot.where} ({hot.region})"
        yield (
            "place",
            text,
            f'if nothing there matters: {{ use = "mask", exclude = ["{hot.region}"] }} in preprocess',
        )
    nearness = sorted(map(_nearness, changed))
    if len(nearness) >= 10 and (middle := median(nearness)) < 2:
        text = f"half of the keeps are less than {_number(middle)} times their threshold: noise or slow light is enough"
        wanted = quantiles(nearness, n=10)[-1] * (changed[-1].threshold or 0.0)
        yield (
            "barely",
            text,
            f"a threshold of {_number(wanted)} would keep a tenth of them; `keepframe replay` lists which",
        )
    gaps = [(b.time_ns - a.time_ns) / NS for a, b in pairwise(changed)]
    if len(gaps) >= 10 and sum(gap < BURST_S for gap in gaps) > MOST * len(gaps):
        close = share(sum(gap < BURST_S for gap in gaps), len(gaps))
        yield (
            "burst",
            f"{close} of the keeps come within {BURST_S:g} s of the one before",
            "take fewer pictures (`every` of the camera), or keep a least gap between two (`min_gap` of the score stage)",
        )
    if changed and len(changed) > 3 * len(unchanged):
        text = f"{share(len(changed), len(decided))} of the decided frames changed: the scene, or the camera itself, hardly ever stands still"
        yield "busy", text, "steady the camera, use `align`, or give the busy parts a mask"


def _reasons(kept: list[Row]) -> Iterator[tuple[str, str]]:
    """Which reasons the keeps have, if there is more than one."""
    reasons = Counter(row.reason for row in kept)
    if len(reasons) > 1:
        yield (
            "reasons",
            "kept for: " + ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common()),
        )
    hours = Counter(row.time_ns // (3600 * NS) % 24 for row in kept)
    span_s = (kept[-1].time_ns - kept[0].time_ns) / NS if kept else 0.0
    if span_s > 2 * DAY_S and len(kept) >= 20:
        hour, count = max(hours.items(), key=lambda pair: pair[1])
        if count > len(kept) / 4:
            yield "hour", f"{share(count, len(kept))} of the keeps are from {hour:02}:00 to {hour:02}:59 UTC"


def _nearness(row: Row) -> float:
    """How many times its threshold a score is; the score itself where that is 0."""
    return _score(row) / (row.threshold or 1.0)


def _score(row: Row) -> float:
    return row.deciding_score or 0.0


def _number(value: float) -> str:
    return f"{value:.3g}"
