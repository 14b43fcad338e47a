"""
What keeps a run from going on, for people: what its processes tell, and whom they miss where nothing is settled.

How it is shown is the command line's; who is missing, the wire finds out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from keepframe.config.pipeline import CAPTURE
from keepframe.run.life import Child
from keepframe.wire.absences import NO_WAY
from keepframe.wire.port import stage_of

STALLED_S = 10.0
"""A camera of which nothing is settled for longer, though a frame is under way, is worth a word."""
FOUND_S = 5.0
"""Whoever is missing is known so much later at most: nobody is asked before."""
MINUTE_S = 60


def missing_of(children: Collection[Child]) -> dict[str, list[dict[str, Any]]]:
    """Whom each process misses, by its name, see Absence; not those who have ended as they should."""
    done = {child.name for child in children if child.is_done}
    return {
        child.name: [m for m in child.status.get("missing", ()) if _name(m["who"]) not in done]
        for child in children
    }


def troubles_of(children: Iterable[Child]) -> str:
    """All of it in one line; empty if nothing keeps it from going on."""
    children = list(children)
    lost = [c.status["trouble"] for c in children if c.stage == CAPTURE and c.status.get("trouble")]
    stuck = [c.status["trouble"] for c in children if c.stage != CAPTURE and c.status.get("trouble")]
    stuck += [why for c in children for why in c.status.get("refused", ())]
    return "; ".join([*lost, *(stuck or _stalls(children))])  # a camera that is lost is no reason for another


def _stalls(children: Collection[Child]) -> list[str]:
    """What nothing is settled of, and why; where no frame waits, who is missing below, since none could go on."""
    stalled = [c for c in children if c.status.get("oldest_s", 0.0) > STALLED_S]
    reasons = _reasons(children, is_stalled=bool(stalled))
    if not stalled:
        return reasons
    reasons += [
        f"{c.name} has had the same frame in hand for {roughly(in_hand_s)}"
        for c in children
        if (in_hand_s := c.status.get("in_hand_s", 0.0)) > STALLED_S
    ]
    waits_s = max(c.status["oldest_s"] for c in stalled)
    if not reasons and waits_s < STALLED_S + FOUND_S:
        return []
    cameras = ", ".join(c.name.rpartition(".")[2] for c in stalled)
    why = f": {', '.join(reasons)}" if reasons else "; does every stage run, here and elsewhere?"
    return [f"{cameras}: nothing settled for {roughly(waits_s)}{why}"]


def _reasons(children: Collection[Child], *, is_stalled: bool) -> list[str]:
    """Who is missing, each once, with its place if anybody knows it; of those who are there and lead nowhere only the last, if nobody is found to be why."""
    by = missing_of(children)
    stuck = {name for name, of in by.items() if any(m["is_below"] for m in of)}
    told = [m for of in by.values() for m in of if not (m["how"] == NO_WAY and m["who"] in stuck)]
    told.sort(key=lambda m: bool(m["is_below"]))
    missing = {
        m["who"]: m for m in told if m["is_below"] or (is_stalled and stage_of(_name(m["who"])) != CAPTURE)
    }
    is_placed = {_name(who) for who in missing if who != _name(who)}
    causes = [m for who, m in missing.items() if m["how"] != NO_WAY and who not in is_placed]
    return [f"{m['who']} {m['how']} for {roughly(m['for_s'])}" for m in causes or missing.values()]


def _name(who: str) -> str:
    return who.partition(" at ")[0]


def roughly(seconds: float) -> str:
    """
    A duration that changes seldom, so that what is said again is the same: a log has no line for each second.

    >>> roughly(12.3), roughly(59), roughly(150), roughly(7300)
    ('10 s', '30 s', '2 min', '2 h')
    """
    if seconds < MINUTE_S:
        return "30 s" if seconds >= MINUTE_S / 2 else f"{STALLED_S:g} s"
    minutes = int(seconds // MINUTE_S)
    return f"{minutes} min" if minutes < MINUTE_S else f"{minutes // 60} h"
