"""
Worlds of scores without pictures, led day by day past a judge.

`series`, in which scores come as they come and a run of kept pictures is one false keep (with eight below the threshold it is over), and
`last-kept`, in which each kept picture is the new reference and counts. What is measured on them, and told, is bench_days.py's.
"""

import math
from dataclasses import dataclass

import numpy as np

from keepframe.score.evidence import Evidence
from keepframe.score.judge import Steered

DAY_S = 86_400
NS = 1_000_000_000
RUN = 8


@dataclass(frozen=True)
class World:
    """What happens: the pictures' interval in seconds, how they are compared, visits a day, and how heavy the tails are (Student's t)."""

    kind: str = "last-kept"
    every_s: int = 10
    visits: int = 0
    tails: tuple[int, int] = (4, 5)


@dataclass
class Day:
    """What was kept of one day: quiet pictures, visits hit and missed, all pictures."""

    false: int = 0
    hit: int = 0
    visits: int = 0
    kept: int = 0


class Moments:
    """Each moment's numbers for so many days: noise, light, activity, visits."""

    def __init__(self, world: World, days: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        n = days * DAY_S // world.every_s
        at = np.arange(n) * world.every_s
        hour = at / 3600 % 24
        is_night = (hour < 6) | (hour >= 20)
        slow, fast = (rng.standard_t(df, n) / math.sqrt(df / (df - 2)) for df in world.tails)
        drift = 0.2 * np.cumsum(rng.normal(0, 1, n)) * math.sqrt(world.every_s / DAY_S)
        activity = (0.3 * np.sin(2 * np.pi * (hour - 8) / 24) + drift) * np.where(is_night, 0.5, 1.0)
        visit, number = np.zeros(n), np.full(n, -1)
        for k in range(rng.poisson(world.visits * days)):
            start_s = (
                rng.integers(days) * DAY_S + (rng.uniform(6, 20) if k % 2 else rng.uniform(0, 24)) * 3600
            )
            start = int(start_s / world.every_s)
            stop = min(n, start + max(1, int(rng.uniform(20, 180) / world.every_s)))
            shape = np.minimum(
                1, 4 * np.minimum(*(np.linspace(a, 1 - a, stop - start) for a in (0, 1))) + 0.3
            )
            visit[start:stop] = math.log(10) * rng.uniform(0.5, 1.5) * shape + rng.normal(
                0, 0.2, stop - start
            )
            number[start:stop] = k
        self.at_s = at.tolist()
        self.level = (np.where(is_night, 40.0, 120.0) + 10 * np.sin(2 * np.pi * hour / 24)).tolist()
        self.slow, self.fast = slow.tolist(), fast.tolist()
        self.base = (np.where(is_night, math.log(1.3), math.log(2.0)) + activity).tolist()
        self.spread = np.where(is_night, 0.15, 0.25).tolist()
        self.visit, self.number = visit.tolist(), number.tolist()


def live(world: World, judge: Steered, days: int, seed: int) -> list[Day]:
    """Lead so many days of a world past a judge."""
    m = Moments(world, days, seed)
    counted = [Day() for _ in range(days)]
    stay = math.exp(-world.every_s / 60)
    move = math.sqrt(1 - stay * stay)
    is_series = world.kind == "series"
    state = reference = 0.0
    recent = [0.0] * RUN
    since = RUN + 1
    hit, seen = set(), set()
    judge.restart(0)
    for at_s, level, slow, fast, base, spread, visit, number in zip(
        m.at_s, m.level, m.slow, m.fast, m.base, m.spread, m.visit, m.number, strict=True
    ):
        state = stay * state + move * slow
        if is_series:
            score = quiet = math.exp(base + spread * 0.7 * (state + fast) + visit)
        else:
            noise = math.exp(base + spread * 0.7 * fast + visit)
            score = noise * math.hypot(1, (state - reference) / 2)
            quiet = noise * math.hypot(1, (state - recent[0]) / 2)
            recent.append(state)
            del recent[0]
        is_kept = judge(Evidence(score, quiet, level, at_s * NS)).verdict.is_kept
        day = counted[at_s // DAY_S]
        since += 1
        if number >= 0 and number not in seen:
            seen.add(number)
            day.visits += 1
        if not is_kept:
            continue
        day.kept += 1
        reference = state
        if number < 0:
            day.false += not is_series or since > RUN
        elif number not in hit:
            hit.add(number)
            day.hit += 1
        since = 0
    return counted
