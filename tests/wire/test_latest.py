"""A stage that is slower than its cameras: with `latest` what it gets is new, with `block` nothing is lost; the time is the simulation's."""

import itertools

import pytest
import simulation
from pipelines import Camera, Plan
from simulation import World

from keepframe.frame import Item
from keepframe.wire.relay import RelayNode

SERVICE_S, TRAVEL_S = 15.0, 2.0
"""The simulation's longest service for a mean of 10 s, and the longest way to it."""
FAST_S, SLOW_S, UNTIL_S = 1.0, 50.0, 600.0


class Slow(World):
    """One replica that scores, a camera that is ten times as fast as it and one that is five times as slow; notes how old frames are when their turn comes."""

    def __init__(self, seed, policy, relay=RelayNode):
        cameras = {c: Camera(0, is_live=True, policy=policy, store=16) for c in "ab"}
        stages = ("capture", "prepare", "score", "archive")
        lowers = {upper: [lower] for upper, lower in itertools.pairwise(stages)}
        plan = Plan(
            lowers, dict.fromkeys(stages[1:], 1), cameras, again={c: [] for c in cameras}, is_calm=True
        )
        names = [name for stage in stages for name in plan.names(stage)]
        plan.service_s = {name: 10.0 if name == "score.0" else 0.01 for name in names}
        self.shot_at, self.ages, self.is_heavy = {}, {"a": [], "b": []}, False
        super().__init__(seed, simulation.Parts(relay=relay), plan=plan, give_up_s=4 * UNTIL_S)
        for camera, every_s in (("a", FAST_S), ("b", SLOW_S)):
            for i in range(int((UNTIL_S - 60) / every_s)):
                self.at(5 + i * every_s, lambda c=camera, n=f"{i:04d}": self.shoot(c, n))

    def shoot(self, camera, name):
        self.shot_at.setdefault((camera, name), self.now)
        super().shoot(camera, name)

    def _node(self, name, stage, replica):
        node = super()._node(name, stage, replica)
        if stage == "score":
            take = node.take

            def watched():
                work = take()
                self.is_heavy = work is not None and isinstance(work[1], Item) and work[1].outcome is None
                if self.is_heavy:
                    (frame,) = work[1].frames
                    self.ages[frame.camera].append(self.now - self.shot_at[frame.camera, frame.source])
                return work

            node.take = watched
        return node

    def _later(self, p):
        """Headers and marks pass a stage in no time."""
        is_light = p.name == "score.0" and not self.is_heavy
        return self.now + 0.001 if is_light else super()._later(p)

    def dropped(self, camera):
        """How many frames of a camera were dropped."""
        return sum(row.count for row in self.ledger.rows_of(camera).values() if row.outcome == "dropped")


@pytest.fixture
def _later_end(monkeypatch):
    monkeypatch.setattr(simulation, "DRAIN_AT_S", UNTIL_S)


@pytest.mark.usefixtures("_later_end")
@pytest.mark.parametrize("seed", range(4))
def test_with_latest_a_frame_is_a_service_per_camera_old_and_the_slow_camera_loses_nothing(seed):
    """At most one is prefetched and cameras take turns, however many pictures the fast one has."""
    world = Slow(seed, "latest")

    assert world.run() == []
    assert max(world.ages["a"] + world.ages["b"]) <= 2 * SERVICE_S + FAST_S + TRAVEL_S
    assert min(map(len, world.ages.values())) >= 5
    assert world.dropped("a") > 300
    assert world.dropped("b") == 0


@pytest.mark.slow
@pytest.mark.usefixtures("_later_end")
def test_with_block_nothing_is_lost_and_what_waits_is_bounded():
    """The source waits instead; the simulation looks at what is in memory."""
    world = Slow(1, "block")

    assert world.run() == []
    assert (world.dropped("a"), world.dropped("b")) == (0, 0)
    assert world.worst["store"] <= 2 * 16 + 4


class NoTurns(RelayNode):
    """A replica that goes on with the camera it has worked for while that has frames."""

    def take(self):
        work = super().take()
        if work is not None:
            camera = work[0].camera
            self.sessions = {camera: self.sessions.pop(camera), **self.sessions}
        return work


@pytest.mark.slow
@pytest.mark.usefixtures("_later_end")
def test_without_turns_the_slow_camera_waits_too_long():
    """What the test above would find."""
    worlds = [Slow(seed, "latest", NoTurns) for seed in range(4)]
    for world in worlds:
        world.run()

    assert max(age for world in worlds for age in world.ages["b"]) > 2 * SERVICE_S + FAST_S + TRAVEL_S
