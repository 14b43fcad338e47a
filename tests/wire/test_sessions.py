"""
The promises, held by the real nodes over seeded runs of simulation.py; SESSION_SEEDS sets how many (default 10, slowly 240).

What a world checks: the account balances (streams without hole or overlap, every picture once, drops by policy alone), rows and
memories equal what one process makes without faults to the last bit, nobody waits for ever, what waits is bounded. Where
the store does not outlive its process, as here, a live camera may miss what stood in it; test_lasting_store.py has the other case.
A finite source goes on from its committed memory, and a capture that finds a younger one has gone on stops and says why.
"""

import os

import pytest
from broken import MUTATIONS
from ledger import Ledger
from pipelines import Plan
from simulation import FAULTS, Parts, World, problems

from keepframe.archive import Archive
from keepframe.archive.reading import Reader
from keepframe.archive.verify import verify
from keepframe.wire import gather
from keepframe.wire.capture import CaptureNode
from keepframe.wire.place import place

SEEDS = int(os.environ.get("SESSION_SEEDS", "0"))
FAST, SLOW = SEEDS or 10, SEEDS or 240

GIVE_UP_S = 240.0
TRIES = 25


def finite(*ways, **values):
    """A pipeline with one finite camera."""
    return lambda: Plan.of(*(ways or ["prepare score"]), **{"count": 40, **values})


def live(**values):
    """A pipeline with one live camera of which the newest pictures win."""
    return finite(count=60, is_live=True, policy="latest", **values)


BREAKS = {
    # rule left out: (the promise that goes red, the first seed to try, pipeline or None for any, faults or () for any)
    "numbered": ("account", 5, finite(), ["mumble"]),
    "silence": ("stuck", 0, finite(count=20), ["cut", "kill"]),
    "relay_break": ("stuck", 0, finite(count=20), ["mumble:score", "mumble:archive", "kill:score"]),
    "fence": (
        "stuck",
        41,
        finite(replicas=2),
        [
            "stall:prepare",
            "stall:score",
            "leave",
            "kill:score",
            "kill:prepare",
            "kill:capture",
            "zombie:prepare",
        ],
    ),
    "one_writer, durable_epoch": (
        "account",
        44,
        finite(),
        ["zombie:archive"] * 2 + ["kill:prepare", "kill:score"],
    ),
    "rollback": ("verdict", 0, finite(), ["kill:prepare", "kill:archive", "mumble:archive"]),
    "in_order": ("verdict", 0, finite(), ["stall"]),
    "one_output": ("account", 0, finite(), ["stall"]),
    "filtered_travels": ("account", 0, finite(), ["kill"]),
    "mark_in_order": ("stuck", 0, finite(), ["stall"]),
    "mark_idle": ("stuck", 4, finite(), ["drain:capture"]),
    "mark_all_stages": ("verdict", 0, finite("prepare score confirm"), ["kill"]),
    "all_branches": ("conflict", 0, finite("prepare score", "prepare notify"), ["kill"]),
    "branch_order": ("verdict", 0, finite("prepare score", "prepare notify"), ["kill"]),
    "atomic": ("account", 0, finite(), ["kill"]),
    "ack_committed": ("account", 0, live(), ["kill:score", "kill:archive"]),
    "credit_end_to_end": ("memory", 0, finite(credit=2), ["stall"]),
    "credit": ("memory", 0, finite(credit=2), ["stall"]),
    "credit_comes_back": ("stuck", 0, finite(credit=4), ["stall"]),
    "slots_come_back": ("stuck", 0, finite(store=4), ["stall"]),
    "acks_come_back": ("stuck", 0, finite(), ["stall"]),
    "gap_is_item": ("account", 0, live(), ["stall"]),
    "gap_is_one": ("memory", 0, live(store=4), ["cut", "freeze"]),
    "drops_unsent_only": ("dropped after it was sent", 3, live(), ["kill:score", "kill:prepare"]),
    "own_stream": ("account", 0, live(), ["kill:capture"]),
    "old_stream_ends": ("account", 0, live(), ["kill:capture"]),
    "end_acked": ("account", 0, live(), ["kill:score"]),
    "stable_stream": ("account", 0, finite(), ["kill:capture"]),
    "source_memory": ("account", 0, finite(grows=True), ["kill:capture"]),
}


@pytest.mark.parametrize("start", range(0, FAST, 10))
def test_every_promise_holds_under_any_faults(start):
    """Delay, stall, kill, freeze, ghosts, cuts, a full disk, joins, leaves, small credit, tiny stores, forks, frames held back."""
    failed = {seed: found for seed in range(start, min(start + 10, FAST)) if (found := problems(seed))}

    assert failed == {}


class Patient(CaptureNode):
    """Frames of a finite source wait for those that one mark covers, as run.capturing has it."""

    def __init__(self, name, lowers, cameras, nonce, pipeline, intake, **options):
        is_patient = intake.has_memory and intake.policy == "block"
        super().__init__(name, lowers, cameras, nonce, pipeline, intake, is_patient=is_patient, **options)


@pytest.mark.slow
def test_every_promise_holds_where_frames_go_together():
    """Whoever waits for company waits for nothing else: no break, no small credit or tiny store makes it wait for ever."""
    seeds = range(500, 500 + FAST)
    failed = {seed: found for seed in seeds if (found := problems(seed, Parts(capture=Patient)))}

    assert failed == {}


@pytest.mark.slow
@pytest.mark.parametrize("parts", [Parts(), Parts(capture=Patient)])
def test_every_promise_holds_where_marks_rest(parts, monkeypatch):
    """However much a memory weighs: marks that come seldom cost work, never a frame, and nobody waits for one for ever."""
    monkeypatch.setattr(gather, "MEMORY_PER_S", 1)
    seeds = range(700, 700 + FAST)
    failed = {seed: found for seed in seeds if (found := problems(seed, parts))}

    assert failed == {}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("start", range(1000, 1000 + SLOW, 40))
def test_every_promise_holds_under_many_more_faults(start):
    """The same with other seeds."""
    failed = {seed: found for seed in range(start, min(start + 40, 1000 + SLOW)) if (found := problems(seed))}

    assert failed == {}


@pytest.mark.parametrize("rule", BREAKS)
def test_without_this_rule_a_promise_breaks(rule):
    """Each rule is needed: left out, this promise goes red, under a seed that harms nothing with the rule."""
    promise, first, plan, faults = BREAKS[rule]
    for seed in range(first, first + TRIES):
        found = problems(seed, MUTATIONS[rule], plan=plan(), faults=faults, give_up_s=GIVE_UP_S)
        if found:
            break

    assert [f for f in found if f.startswith(promise)], found
    assert problems(seed, plan=plan(), faults=faults, give_up_s=GIVE_UP_S) == []


def test_every_mutation_is_tried():
    """None is forgotten: those that need more than faults have a test of their own below."""
    assert MUTATIONS.keys() - BREAKS.keys() == {
        "ready_from_below",
        "refusal_told",
        "slow_start",
        "younger_goes_on",
    }


@pytest.mark.parametrize(("parts", "is_stuck"), [(Parts(), False), (MUTATIONS["ready_from_below"], True)])
def test_a_replica_without_a_way_down_is_not_chosen(parts, is_stuck):
    """Rule 4: the camera goes where there is a way; else it opens again and again where there is none."""
    plan = Plan.of("prepare score", count=10, is_calm=True)
    plan.replicas["score"] = 2
    world = World(1, parts, plan=plan, give_up_s=60.0)
    (blind,) = set(place(["a"], ["score.0", "score.1"]).values())
    world.cut |= {(blind, "archive.0"), ("archive.0", blind)}

    assert bool(world.run()) == is_stuck


@pytest.mark.parametrize(("parts", "is_stuck"), [(Parts(), False), (MUTATIONS["refusal_told"], True)])
def test_a_capture_hears_which_epoch_stands_in_its_way(parts, is_stuck):
    """Rule 5: a capture that has forgotten how often it was started counts on; unheard, it would try for ever."""
    ledger = Ledger()
    ledger.epochs["a"] = (3, 7, 99)
    world = World(
        1, parts, plan=Plan.of("prepare score", count=10, is_calm=True), ledger=ledger, give_up_s=60.0
    )

    assert bool(world.run()) == is_stuck


@pytest.mark.parametrize(("parts", "is_stuck"), [(Parts(), False), (MUTATIONS["slow_start"], True)])
def test_slow_work_gets_done_although_its_process_is_killed_for_ever(parts, is_stuck):
    """Rule 9: marks after 1, 2, 4 … frames keep what was done; with a mark every 8 frames each kill undoes everything."""
    plan = Plan.of("prepare score", count=12, is_calm=True)
    plan.service_s["score.0"] = 1.2
    world = World(1, parts, plan=plan, kill_every_s=9.0, give_up_s=400.0)

    assert bool(world.run()) == is_stuck


@pytest.mark.parametrize(("parts", "is_red"), [(Parts(), False), (MUTATIONS["younger_goes_on"], True)])
def test_a_capture_that_was_frozen_does_not_go_on_behind_its_successor(parts, is_red):
    """Rule 5: the successor has read a folder that grew, so what the old one holds stands under other numbers by now; it stops."""
    log: list[str] = []
    plan = Plan.of("prepare score", count=120, grows=True, is_calm=True)
    world = World(8, parts, log.append, plan=plan)
    for when in (2, 5, 9):
        world.at(when, lambda: world.freeze(world.current["capture.a"], is_replaced=True))

    assert bool(world.run()) == is_red
    assert any("another capture of this camera has gone on" in line for line in log) != is_red


@pytest.mark.slow
def test_every_kind_of_fault_is_met():
    """The seeds of the suite are worth their time: nothing that can happen is left out."""
    met = set()
    for seed in range(12):
        world = World(seed, give_up_s=40.0)
        world.run()
        met |= world.faults.keys()

    assert met == {kind for kinds in FAULTS.values() for kind in kinds}


@pytest.mark.slow
def test_a_seed_is_one_run():
    """The same seed gives the same faults at the same times and the same catalogue."""
    logs = [], []
    worlds = [World(5, log=log.append) for log in logs]
    for world in worlds:
        world.run()

    assert logs[0] == logs[1]
    assert worlds[0].ledger.rows == worlds[1].ledger.rows


def test_a_store_stays_small_however_long_the_path_is_blocked():
    """A run of drops is one header: `latest` holds a handful of items after hundreds of pictures, and the account balances."""
    plan = Plan.of("prepare score", count=400, is_live=True, policy="latest", is_calm=True)
    world = World(3, plan=plan)
    world.at(6, lambda: world.kill(world.current["archive.0"], restart=False))
    world.at(24, lambda: world.start("archive.0"))

    assert world.run() == []
    assert len(world.offered["a"]) > 100
    assert world.worst["store"] <= 16
    assert max(row.count for row in world.ledger.rows.values()) > 20


@pytest.mark.parametrize("plan", [live(), live(store=4), finite()])
def test_no_suspect_waits_for_ever(plan):
    """Frames that were in hand at a death go alone, however many were dropped or wait around them."""
    faults = ["blame:prepare", "blame:score", "blame:archive", "cut"]
    failed = {
        seed: found
        for seed in range(8)
        if (found := problems(seed, plan=plan(), faults=faults, give_up_s=GIVE_UP_S))
    }

    assert failed == {}


class RealArchive:
    """The archive of the package where the simulation wants a catalogue: one instance for each process that writes."""

    def __init__(self, folder):
        self.folder, self.writer, self.archive, self.conflicts = folder, 0, None, []

    def take_writer(self):
        if self.archive is not None:
            self.archive.__exit__()
        self.archive = Archive(folder=self.folder, picture="working", format="png").__enter__()
        self.writer += 1
        return self.writer

    def is_current(self, writer):
        return writer == self.writer and self.archive.is_current()

    def newest(self, camera):
        return self.archive.newest(camera)

    def open(self, _writer, *job):
        return self.archive.open(*job)

    def commit(self, _writer, *job):
        return self.archive.commit(*job)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_the_real_archive_keeps_the_same_under_faults(seed, tmp_path):
    """The catalogue itself instead of the one in memory: the same rows, the same pictures to the last byte, nothing torn."""
    kept = []
    for name, faults in (
        ("calm", []),
        ("faults", ["kill", "kill:archive", "several", "mumble", "stall", "full"]),
    ):
        ledger = RealArchive(tmp_path / name)
        plan = Plan.of("prepare score confirm", "prepare notify", count=40, is_calm=not faults)
        world = World(seed, plan=plan, ledger=ledger, faults=faults)
        world.problems = lambda captures, done=world.done: sorted(captures - done)

        assert world.run() == []

        ledger.archive.__exit__()
        with Reader(ledger.folder) as reader:
            assert not [event for event in reader.events() if event.kind == "conflict"]
            kept.append(
                [[r.name, r.outcome, r.reason, r.scores, r.notes, r.sha256, r.source] for r in reader.rows()]
            )
        assert verify(ledger.folder).is_sound

    assert kept[0] == kept[1]
    assert len({row[0].split("/")[2] for row in kept[0]}) == 40
