"""
What keepframe promises, checked on a world that has run: the account, the verdicts, and that what waits is bounded.

How a world runs and what disturbs it is simulation.py's; nothing is run here but what one process would have made of the same pictures.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from ledger import Row, row_of
from pipelines import alone, shot

from keepframe.frame import STRENGTH, Frame, Item, Position

if TYPE_CHECKING:
    from simulation import World


def broken_promises(world: World, captures: set[str]) -> list[str]:
    """What is broken of what was promised."""
    found = [f"stuck: {sorted(captures - world.done)}"] if not captures <= world.done else []
    found += [f"conflict: {c}" for c in world.ledger.conflicts[:2]]
    found += [f"unsendable: {u}" for u in world.unsendable[:2]]
    found += [f"dropped after it was sent: {at}" for at in world.dropped_late[:2]]
    found += _memory(world)
    for camera in world.plan.cameras:
        if f"capture.{camera}" in world.done:
            rows = world.ledger.rows_of(camera)
            found += _streams(world, camera, rows)
            account = _account_live if camera in world.plan.live else _account_finite
            found += account(world, camera, rows) + _verdicts(world, camera, rows)
    return found


def _memory(world: World) -> list[str]:
    """What waits anywhere is bounded by credit and store, whatever happened."""
    cameras = world.plan.cameras.values()
    credit, store = max(c.credit for c in cameras), max(c.store for c in cameras)
    limits = {
        "relay": 4 * credit + 4,  # between two frames a run of drops and a mark
        "store": 2 * store + 4,  # between two frames a run of drops
        "archive": (2 * store + 4) * len(cameras) * world.plan.branches,
    }
    return [
        f"memory: {world.worst[k]} items wait in a {k}" for k, most in limits.items() if world.worst[k] > most
    ]


def _streams(world: World, camera: str, rows: dict[Position, Row]) -> list[str]:
    """Streams without hole or overlap, each from 0 to its end, and no end without a cause."""
    due, found = (0, 0), []
    for at, row in rows.items():
        if at != due:
            return [f"account of {camera}: {at} where {due} is due"]
        due = (at[0] + 1, 0) if row.outcome == "end" else (at[0], at[1] + row.count)
    if due[1] != 0:
        found.append(f"account of {camera}: stream {due[0]} has no end")
    reasons = {row.reason for row in rows.values() if row.outcome == "end"}
    allowed = (
        {""}
        | ({"store-lost"} if camera in world.lost else set())
        | ({"again"} if world.runs[camera] else set())
    )
    if reasons - allowed:
        found.append(f"account of {camera}: a stream that ends because of {reasons - allowed}")
    return found


def _account_live(world: World, camera: str, rows: dict[Position, Row]) -> list[str]:
    """Every picture has its row or is counted as dropped; only what stood in the store of a dead process may be missing."""
    offered, lost = world.offered.get(camera, []), world.lost.get(camera, [])
    seen = [row.source for row in rows.values() if row.outcome not in ("end", "dropped")]
    if camera not in world.taken_over and seen != [name for name in offered if name in set(seen)]:
        return [f"account of {camera}: twice, or not in order"]
    if len(seen) != len(set(seen)):
        return [f"account of {camera}: twice"]
    dropped = sum(row.count for row in rows.values() if row.outcome == "dropped")
    absent = len(
        set(offered) - set(seen) - {item.frames[0].source for item in lost if item.outcome != "dropped"}
    )
    lost_drops = sum(item.count for item in lost if item.outcome == "dropped")
    if not dropped - lost_drops <= absent <= dropped + lost_drops:
        return [f"account of {camera}: {absent} have no row, {dropped} of them are dropped"]
    if dropped and world.plan.cameras[camera].policy == "block":
        return [f"dropped on a block link: {camera} {dropped}"]
    return []


def _account_finite(world: World, camera: str, rows: dict[Position, Row]) -> list[str]:
    """Every picture once for each finished run, at most once for one given up; in order where none came in between."""
    due = Counter(name for names in world.finished[camera].values() for name in names)
    seen = Counter(row.source for row in rows.values() if row.source)
    given_up = world.runs[camera] + 1 - len(world.finished[camera])
    if due - seen or any(n > given_up for n in (seen - due).values()):
        return [f"account of {camera}: twice {list(seen - due)[:3]}, lost {list(due - seen)[:3]}"]
    order = [(at[0], row.source) for at, row in rows.items() if row.source]
    if order != sorted(order) and camera not in world.plan.growing:
        return [f"account of {camera}: not in order"]
    return []


def _verdicts(world: World, camera: str, rows: dict[Position, Row]) -> list[str]:
    """
    Every row and every memory as one process would have made them, one frame after the other.

    A frame that was held back may have been decided by one behind it that died with its process: such rows stand as they are.
    """
    if world.plan.holds and camera in world.lost:
        return []
    branches, memory = alone(world.plan, camera, [_captured(camera, at, row) for at, row in rows.items()])
    found = []
    for at, row in rows.items():
        ways = [item for items in branches for item in items if item.at == at]
        best = row_of(max(ways, key=lambda item: STRENGTH.index(item.outcome or "kept")))
        if best != row:
            found.append(f"verdict of {camera} {at}: {row}, without faults {best}")
            break
    committed = {stage: keys for stage, keys in world.ledger.memory_of(camera).items() if stage != "capture"}
    if rows and not found and committed != memory:
        found.append(f"memory of {camera} in the catalogue is not the memory after its last frame")
    return found


def _captured(camera: str, at: Position, row: Row) -> Item:
    """What the capture must have sent for this row."""
    frame = shot(camera, row.source) if row.source else Frame(camera=camera)
    if row.outcome in ("end", "dropped"):
        frame = frame.settled(row.outcome, row.reason)
    return Item((replace(frame, stream=at[0], seq=at[1]),), row.count)
