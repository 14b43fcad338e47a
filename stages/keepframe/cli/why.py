"""
`keepframe why`: what became of a frame and the arithmetic behind it; without a frame, why so little or so much was kept.

How a score comes about is the stage's business; here it is held against its threshold once more. What rows say together is in
keepframe.measure.findings.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

import click

from keepframe.archive import Row
from keepframe.archive.reading import Reader
from keepframe.cli import exits
from keepframe.cli.history import chosen, newest
from keepframe.cli.options import folder_argument, json_option
from keepframe.cli.writing import number, size, styled, write_json, write_table
from keepframe.clock import NS, iso
from keepframe.frame import REASONS
from keepframe.measure.findings import findings
from keepframe.score.learned import lean

HELD_BACK = {"unconfirmed", "too-soon", "spent"}
"""Reasons not to keep what was above its threshold."""
UNASKED = {"repeated", "light", "mode", "due"}
"""Reasons that do not ask for the threshold."""
TOLD = {"reference", "usual", "spread", "far", "model", "wanted", "state"}
"""Notes that have a line of their own."""

OUTCOMES = {
    "kept": "its picture is in the archive",
    "unchanged": "it showed nothing new",
    "filtered": "a stage let it go",
    "rejected": "it was no valid picture",
    "dropped": "the pipeline was busy, and the camera's policy is to go on with newer frames",
    "failed": "a stage raised an error over it",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict done again: the score that counted, what it was held against, what follows, and whether the row says so."""

    score: str
    value: float
    threshold: float
    follows: str
    agrees: bool

    @property
    def arithmetic(self) -> str:
        """The comparison in one line."""
        sign = ">" if self.value > self.threshold else "<="
        return f"{self.score} {self.value!r} {sign} threshold {self.threshold!r}: {self.follows}"


@click.command("why")
@folder_argument
@click.argument("frame", required=False, metavar="[FILE|CAMERA/STREAM/SEQ]")
@click.option("--camera", metavar="NAME", help="Without a frame: of this camera only.")
@click.option(
    "--last", metavar="DURATION", help="Without a frame: only of the newest 24h, 30min, … of each camera."
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    folder: Path,
    frame: str | None,
    camera: str | None,
    last: str | None,
    *,
    is_json: bool,
) -> None:
    """
    Explain what became of a frame, or why so little or so much was kept.

    FOLDER is the archive; a frame is named by its kept file or by CAMERA/STREAM/SEQ. Prints the arithmetic of the decision, done
    again from what is stored; exits 0 if it comes out as it is written, 1 if not. Without a frame: what explains each camera's keeps.
    """
    if frame is None:
        _findings(folder, camera, last, is_json=is_json)
        return
    if camera or last:
        raise click.UsageError("--camera and --last go without a frame")
    with Reader(folder) as reader:
        row = reader.find(frame)
        parts = reader.parts(row) if row.parts else []
    decision = decided(row)
    if is_json:
        told = row.to_json() | {"meaning": meaning(row), "decision": decision and asdict(decision)}
        write_json(told | ({"children": [part.to_json() for part in parts]} if parts else {}))
    else:
        _tell(row, decision, parts)
    ctx.exit(exits.OK if decision is None or decision.agrees else exits.UNSOUND)


def _findings(folder: Path, camera: str | None, last: str | None, *, is_json: bool) -> None:
    with Reader(folder) as reader:
        rows = newest(chosen(reader.rows(), camera, folder), last)
        events = reader.events(camera)
    found = findings(rows, events)
    if is_json:
        write_json([finding.to_json() for finding in found])
        return
    if not found:
        click.echo(f"{folder}: nothing seen yet")
    for name, of_camera in groupby(found, key=lambda finding: finding.camera):
        click.echo(styled(name, bold=True))
        for finding in of_camera:
            click.echo(f"  {finding.text}")
            if finding.advice:
                click.echo(f"    → {finding.advice}")


def decided(row: Row) -> Decision | None:
    """
    The decision of a row done again; None where no score was held against a threshold.

    >>> row = Row(camera="a", stream=0, seq=1, outcome="unchanged", reason="unchanged", threshold=0.5, scores={"ssim": 0.2}, time_ns=0)
    >>> decided(row).arithmetic, decided(row).agrees
    ('ssim 0.2 <= threshold 0.5: unchanged', True)
    """
    value = row.deciding_score
    if row.threshold is None or value is None:
        return None
    score = next(name for name, found in row.scores.items() if found == value)
    follows = "changed" if value > row.threshold else "unchanged"
    if follows == "changed" and row.reason in HELD_BACK:
        follows = row.reason
    elif row.reason in UNASKED:
        follows += f", but {row.reason} goes before"
    outcome = "kept" if follows == "changed" else "unchanged"
    # what happened after the verdict, such as a later stage that failed, does not speak against it
    agrees = row.reason in UNASKED or (
        row.outcome in {outcome, "failed", "filtered"}
        and (row.reason == follows or row.reason not in {"changed", "unchanged", *HELD_BACK})
    )
    return Decision(score, value, row.threshold, follows, agrees)


def learned(row: Row) -> str | None:
    """
    What a learned threshold comes from, multiplied out; None for one that somebody wrote, or with nothing usual yet and nothing wished.

    >>> notes = {"usual": 1.5, "spread": 0.25, "far": 4.0}
    >>> learned(Row(camera="a", stream=0, seq=1, outcome="unchanged", threshold=4.07742269, notes=notes, time_ns=0))
    'usual 1.5 x exp(spread 0.25 x far 4) = 4.077'
    >>> learned(Row(camera="a", stream=0, seq=1, outcome="kept", threshold=2.7673, notes={"model": 4.0, "wanted": 10.0}, time_ns=0))
    "the noise model's 4 x 0.6918 for 10 false keeps a day = 2.767"
    """
    usual, spread, far = (_noted(row, name) for name in ("usual", "spread", "far"))
    if row.threshold is None:
        return None
    if usual is None or spread is None or far is None:
        return f"the noise model's {_own(row, row.threshold)}" if "wanted" in row.notes else None
    value = usual * math.exp(min(spread * far, 700.0))
    told = f"usual {number(usual)} x exp(spread {number(spread)} x far {number(far)}) = {number(value)}"
    if row.threshold < value * (1 - 1e-6):
        told += f", but it is not let rise above {_own(row, row.threshold)}"
    elif row.threshold > value * (1 + 1e-6):
        told += f", but the noise model's {_own(row, row.threshold)} goes before"
    return told


def _own(row: Row, threshold: float) -> str:
    """A threshold that is the metric's own: what it is for one false keep a day, and what another wish makes of it."""
    model, wanted = _noted(row, "model"), _noted(row, "wanted")
    if model is None or wanted is None:
        return number(threshold)
    by = lean(wanted)
    slack = threshold / (model * by)
    counted = f" x {number(slack)} as it is counted" if slack > 1 + 1e-6 else ""
    return f"{number(model)} x {number(by)} for {number(wanted)} false keeps a day{counted} = {number(threshold)}"


def _noted(row: Row, name: str) -> float | None:
    value = row.notes.get(name)
    return value if isinstance(value, int | float) else None


def meaning(row: Row) -> str:
    """
    What its outcome and reason mean, in a sentence.

    >>> meaning(Row(camera="a", stream=0, seq=0, outcome="kept", reason="first", time_ns=0))
    'there was nothing to compare with'
    """
    if row.reason.startswith("poison: "):
        return "it killed the process working on it; see `keepframe quarantine`"
    return REASONS.get(row.reason) or OUTCOMES[row.outcome]


def _tell(row: Row, decision: Decision | None, parts: list[Row]) -> None:
    reason = f", {row.reason}" if row.reason and row.reason != row.outcome else ""
    click.echo(f"{row.name}: {row.outcome}{reason}: {meaning(row)}")
    lines = [("taken", _taken(row))]
    if row.count > 1:
        lines.append(("frames", f"{row.count:,}, from {row.seq} to {row.seq + row.count - 1}"))
    if "reference" in row.notes:
        lines.append(("compared with", f"{row.camera}/{row.notes['reference']}"))
    lines += [
        ("score", f"{name} {'unknown' if value is None else number(value)}")
        for name, value in row.scores.items()
    ]
    if decision is not None:
        written = "as it is written" if decision.agrees else "but NOT as it is written"
        lines.append(("arithmetic", f"{decision.arithmetic}, {written}"))
    if (told := learned(row)) is not None:
        lines.append(("threshold", f"{told}{_state(row)}"))
    lines += [("noted", f"{key} = {value}") for key, value in row.notes.items() if key not in TOLD]
    if row.file is not None:
        how = "the camera's own file" if row.is_original else "encoded by the archive"
        if row.outcome == "failed":
            how = "in quarantine" if row.gone is None else "was in quarantine"
        gone = f"; gone: {row.gone}" if row.gone else ""
        lines.append(("file", f"{row.file} ({size(row.bytes or 0)}, {row.width}x{row.height}, {how}{gone})"))
    lines += [("part", f"{part.name}: {part.outcome}, {part.reason}") for part in parts]
    write_table(lines, indent="  ")


def _state(row: Row) -> str:
    """What a learned threshold rests on, in words."""
    words = {
        "learning": "learning: the noise model and a usual tail",
        "extrapolated": "extrapolated from the quiet frames so far",
        "calibrated": "calibrated by the quiet frames so far",
    }
    state = words.get(str(row.notes.get("state", "")))
    return f"; {state}" if state else ""


def _taken(row: Row) -> str:
    told = iso(row.time_ns)
    if row.media_ns is not None:
        told += f", {row.media_ns / NS:.3f} s into the video"
    if row.source:
        told += f", {row.source}"
    return told if row.index is None else f"{told}, number {row.index} (from 0)"
