"""The rules of starting, watching, draining and scaling, with children that live in memory and do as they are told."""

import asyncio
import os
import signal
from types import SimpleNamespace

import pytest

from keepframe.archive import Archive
from keepframe.clock import FakeClock
from keepframe.errors import ArchiveLockedError, ConfigError
from keepframe.frame import Frame, Item
from keepframe.run import life, supervisor
from keepframe.run.desk import ask
from keepframe.run.folders import runtime_folder
from keepframe.run.life import CRASH_LOOP, Child
from keepframe.run.supervisor import Supervisor

TWO = '[cameras.lobby]\nsource = "synthetic"\n[cameras.door]\nsource = "synthetic"\n'
ONE_BY_ONE = ["archive.0", "score.0", "preprocess.0", "capture.lobby"]


class FakeChild(Child):
    """It gets ready at once, ends on SIGTERM with 0 and on SIGKILL, and keeps what it was told."""

    def __init__(self, name, hang_after_s):
        super().__init__(name, hang_after_s, clock=FakeClock())
        self.lives, self.told, self.signals = [], [], []
        self.ends_on_term = True

    async def start(self, begin, pipeline, run, on_event):
        await asyncio.sleep(0)  # as a real one, it takes its time: others may act meanwhile
        self.begin_life()
        self.lives.append((pipeline, run))
        self.process, self.on_event = SimpleNamespace(pid=0), on_event
        self.end = asyncio.get_running_loop().create_future()
        self.say("ready")

    async def ended(self):
        code = await self.end
        self.process = None
        return code

    def say(self, event, **values):
        self.on_event(self, {"event": event, **values})

    def die(self, code, in_hand=None):
        if self.process is not None and not self.end.done():
            self.in_hand = in_hand
            self.end.set_result(code)

    def tell(self, do, **values):
        if self.process is not None:
            self.told.append({"do": do, **values})

    def signal(self, number):
        if self.process is not None and not self.end.done():
            self.signals.append(number)
            if number == signal.SIGKILL:
                self.die(-number)
            elif self.ends_on_term:
                self.die(0)

    def rss_bytes(self):
        return 0


class World:
    """A run under way in this process, with its children."""

    def __init__(self, pipeline, **more):
        self.supervisor = Supervisor(pipeline, make_child=FakeChild, **more)
        self.task = asyncio.create_task(self.supervisor.run())

    def __getitem__(self, name):
        return self.supervisor.children[name]

    async def until(self, is_so):
        """Wait until something holds."""
        async with asyncio.timeout(10):
            while not is_so():
                assert not self.task.done() or is_so(), "the run is over"
                await asyncio.sleep(0)

    async def lives(self, name, times):
        """Wait until a child has been started so often."""
        await self.until(lambda: name in self.supervisor.children and len(self[name].lives) == times)
        await self.until(lambda: self[name].is_ready)

    async def die(self, name, code, **more):
        """A child ends, and is started again."""
        times = len(self[name].lives)
        self[name].die(code, **more)
        await self.lives(name, times + 1)

    async def result(self):
        """What became of the run."""
        async with asyncio.timeout(10):
            return await self.task


@pytest.fixture
async def begin(loaded, sockets, monkeypatch):
    """Begin a run of a pipeline of this text; nothing waits longer than it must."""
    monkeypatch.setattr(life, "FIRST_DELAY_S", 0.0)
    monkeypatch.setattr(supervisor, "WATCH_S", 0.001)
    monkeypatch.setattr(supervisor, "STOP_S", 0.1)
    worlds = []

    async def begin(text="", **more):
        world = World(loaded(text), **more)
        worlds.append(world)
        await world.until(
            lambda: world.supervisor.children and all(c.lives for c in world.supervisor.children.values())
        )
        return world

    yield begin
    for world in worlds:
        if not world.task.done():
            world.supervisor._end(0)
        await asyncio.gather(world.task, return_exceptions=True)


# --- the beginning and the end


async def test_every_process_is_started_the_archive_first(begin):
    """One for each camera and replica, with the hang limit of its stage."""
    world = await begin(TWO + '[stages.score]\nreplicas = 2\nhang_after = "7s"\n')

    assert list(world.supervisor.children) == [
        "archive.0", "score.0", "score.1", "preprocess.0", "capture.lobby", "capture.door",
    ]  # fmt: skip
    assert [c.hang_after_s for c in world.supervisor.children.values()] == [60.0, 7.0, 7.0, 60.0, 60.0, 60.0]


async def test_it_is_over_when_every_capture_has_ended(begin, sockets):
    """The others are asked to leave; nothing is left in the runtime folder."""
    world = await begin(TWO)
    world["capture.lobby"].die(0)
    await world.until(lambda: world["capture.lobby"].is_done)
    others = [world[name] for name in ONE_BY_ONE[:3]]
    was_over = world.task.done()
    world["capture.door"].die(0)

    assert (await world.result()).exit_code == 0
    assert not was_over
    assert [c.signals[0] for c in others] == [signal.SIGTERM] * 3
    assert list(sockets.iterdir()) == []


async def test_frames_that_failed_are_told_by_the_exit_code(begin, loaded):
    """The counts come from the catalogue, of the streams that this run worked on."""
    pipeline = loaded()
    items = [
        Item((Frame(camera="lobby", seq=0, outcome="unchanged"),)),
        Item((Frame(camera="lobby", seq=1, outcome="failed"),)),
    ]
    with Archive(folder=pipeline.archive_folder) as archive:
        archive.open("lobby", (0, 1, 7), None)
        archive.commit("lobby", (0, 1, 7), (0, 0), items[:1], {}, [])
        world = await begin()
        archive.commit("lobby", (0, 1, 7), (0, 1), items[1:], {}, [])
    world["capture.lobby"].die(0)
    result = await world.result()

    assert (result.exit_code, result.since_commit, result.archive) == (1, 1, pipeline.archive_folder)
    assert (result.cameras["lobby"]["captured"], result.cameras["lobby"]["failed"]) == (2, 1)
    assert (result.seen["lobby"]["captured"], result.behind) == (1, {"lobby": (0, 0)})


async def test_an_old_failure_is_not_this_run_s(begin, loaded):
    """Nothing new: exit 0, and no camera to tell of."""
    with Archive(folder=loaded().archive_folder) as archive:
        archive.open("lobby", (0, 1, 7), None)
        archive.commit("lobby", (0, 1, 7), (0, 0), [Item((Frame(camera="lobby", outcome="failed"),))], {}, [])
    world = await begin()
    world["capture.lobby"].die(0)
    result = await world.result()

    assert (result.exit_code, result.cameras) == (0, {})


async def test_again_asks_the_captures_for_the_next_reading(begin, loaded):
    """The others are not asked for any, and without it nobody is."""
    with Archive(folder=loaded().archive_folder) as archive:
        archive.open("lobby", (0, 1, 7), None)
    world = await begin(again=True)
    calm = await begin("[stages.archive]\nfolder = 'elsewhere'\n")

    assert world["capture.lobby"].lives[0][1] == 1
    assert world["score.0"].lives[0][1] is None
    assert calm["capture.lobby"].lives[0][1] is None


async def test_a_second_run_of_the_same_is_refused(begin, loaded):
    """It starts nothing and leaves the first alone."""
    pipeline = loaded()
    await begin()
    second = Supervisor(pipeline, make_child=FakeChild)

    with pytest.raises(ArchiveLockedError, match="running already"):
        await second.run()
    assert second.children == {}
    folder = runtime_folder(pipeline.path, pipeline.archive_folder)
    assert len((await asyncio.to_thread(ask, folder, {"do": "status"}))["processes"]) == len(ONE_BY_ONE)


@pytest.mark.parametrize("stage", ["archive.0", "capture.lobby"])
@pytest.mark.parametrize("code", [75, 78])
async def test_what_a_restart_would_not_mend_ends_the_run(begin, code, stage):
    """Another archive, another capture, a pipeline that cannot be read: no second try."""
    world = await begin()
    children = dict(world.supervisor.children)
    world[stage].die(code)

    assert (await world.result()).exit_code == code
    assert {len(c.lives) for c in children.values()} == {1}
    assert all(c.process is None for c in children.values())


async def test_children_that_do_not_leave_are_killed(begin):
    """After the time they have for it."""
    world = await begin()
    stubborn = world["score.0"]
    stubborn.ends_on_term = False
    world["capture.lobby"].die(0)

    assert (await world.result()).exit_code == 0
    assert stubborn.signals == [signal.SIGTERM, signal.SIGKILL]


async def test_a_failure_of_its_own_ends_the_run_and_every_child(begin):
    """Whatever is wrong in the supervisor or in what shows its progress: 70, said once, nobody left behind."""

    def show(_progress):
        raise ZeroDivisionError

    world = await begin(show=show)
    children = list(world.supervisor.children.values())

    assert (await world.result()).exit_code == 70
    assert all(c.process is None for c in children)


async def test_progress_is_shown_while_it_runs(begin):
    """What the captures tell."""
    seen = []
    world = await begin(show=seen.append)
    world["capture.lobby"].say("status", captured=9, settled={"kept": 2, "unchanged": 5}, total=20)
    await world.until(lambda: seen[-1].settled == 7)

    assert (seen[-1].captured, seen[-1].total, seen[0].settled) == (9, 20, 0)


# --- starting again


@pytest.mark.parametrize("name", ONE_BY_ONE)
async def test_a_process_that_dies_is_started_again_and_the_others_hear_of_it(begin, name):
    """At once they break their connections to it, and do not wait for its silence."""
    world = await begin()
    await world.die(name, -signal.SIGSEGV)

    assert world[name].restarts == 1
    assert {
        c.name for c in world.supervisor.children.values() if {"do": "forget", "name": name} in c.told
    } == {other for other in ONE_BY_ONE if other != name}


async def test_five_deaths_in_a_row_without_a_commit_end_the_run(begin):
    """A crash loop: 70."""
    world = await begin()
    score = world["score.0"]
    for _ in range(CRASH_LOOP - 1):
        await world.die("score.0", 1)
    score.die(1)

    assert (await world.result()).exit_code == 70
    assert len(score.lives) == CRASH_LOOP


async def test_a_commit_between_deaths_is_no_crash_loop(begin):
    """However often it dies, as long as the archive gets on; also over the archive's own deaths."""
    world = await begin()
    for n in range(1, 3 * CRASH_LOOP):
        world["archive.0"].say("status", frames=n % 7)
        if n % 7 == 6:
            await world.die("archive.0", 1)
        await world.die("score.0", 1)

    assert world["score.0"].restarts == 3 * CRASH_LOOP - 1
    assert world.supervisor.exit_code == 0


@pytest.mark.parametrize("code", [-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, 0, 130])
async def test_kills_from_outside_do_not_count(begin, code):
    """Whoever kills processes for sport gets them back each time."""
    world = await begin()
    for _ in range(2 * CRASH_LOOP):
        await world.die("score.0", code)

    assert world["score.0"].deaths == 0


async def test_a_capture_that_somebody_else_has_stopped_is_started_again(begin):
    """It has drained and ended with 0, but its source has not ended."""
    world = await begin()
    world["capture.lobby"].say("status", settled={"kept": 1}, is_leaving=True)
    await world.die("capture.lobby", 0)

    assert not world["capture.lobby"].is_done
    assert not world.task.done()


@pytest.mark.parametrize(
    ("status", "words"),
    [({"frames": 1, "in_hand_s": 61.0}, "hangs"), ({"frames": 1}, "silent"), (None, "not ready")],
)
async def test_one_that_ails_is_killed_and_started_again(begin, status, words):
    """A hang, silence, a start that takes too long: a death of its own, and the reason is told."""
    world = await begin()
    score = world["score.0"]
    score.is_ready = status is not None
    if status is not None:
        score.say("status", **status)
    if "hangs" not in words:
        score.clock.advance(100.0)
    await world.lives("score.0", 2)

    assert score.signals == [signal.SIGKILL]
    assert score.deaths == 1


async def test_the_frame_in_hand_at_a_death_is_reported_to_its_capture(begin):
    """To that one alone, with the stage that died; the position tells which frame."""
    world = await begin(TWO)
    await world.die("score.0", -signal.SIGSEGV, in_hand=("door", (3, 57)))

    assert {"do": "suspect", "stream": 3, "seq": 57, "killed": "score"} in world["capture.door"].told
    assert not any(told["do"] == "suspect" for told in world["capture.lobby"].told)


@pytest.mark.parametrize("code", [-signal.SIGKILL, 0])
async def test_no_frame_is_suspected_for_a_kill_from_outside(begin, code):
    """It was in hand by chance."""
    world = await begin()
    await world.die("score.0", code, in_hand=("lobby", (0, 5)))

    assert not any(told["do"] == "suspect" for told in world["capture.lobby"].told)


async def test_a_frame_that_hangs_its_process_is_suspected(begin):
    """Although it was the supervisor that killed it."""
    world = await begin()
    world["score.0"].end_for("hangs")
    world["score.0"].in_hand = ("lobby", (0, 5))
    await world.lives("score.0", 2)

    assert {"do": "suspect", "stream": 0, "seq": 5, "killed": "score"} in world["capture.lobby"].told


# --- draining


async def test_the_first_signal_drains_and_the_run_ends_in_order(begin):
    """The captures stop reading; the others work until everything is settled."""
    world = await begin(TWO)
    os.kill(os.getpid(), signal.SIGTERM)
    await world.until(lambda: {"do": "drain"} in world["capture.door"].told)
    told = {name for name, child in world.supervisor.children.items() if {"do": "drain"} in child.told}
    signals = [c.signals for c in world.supervisor.children.values()]
    for name in ("capture.lobby", "capture.door"):
        world[name].say("status", settled={"kept": 1}, is_leaving=True)
        world[name].die(0)

    assert told == {"capture.lobby", "capture.door"}
    assert not any(signals)
    assert (await world.result()).exit_code == 0


async def test_the_second_signal_leaves_at_once(begin):
    """Every process is killed; nothing is lost by it."""
    world = await begin()
    children = list(world.supervisor.children.values())
    for number in (signal.SIGINT, signal.SIGINT):
        os.kill(os.getpid(), number)
        await world.until(lambda: world.task.done() or {"do": "drain"} in world["capture.lobby"].told)

    assert (await world.result()).exit_code == 130
    assert all(c.signals[0] == signal.SIGKILL for c in children)


async def test_a_second_signal_while_it_ends_does_not_wait_for_anybody(begin):
    """One that does not leave in order is not waited for any longer."""
    world = await begin()
    world["score.0"].ends_on_term = False
    score = world["score.0"]
    os.kill(os.getpid(), signal.SIGINT)
    await world.until(lambda: {"do": "drain"} in world["capture.lobby"].told)
    world["capture.lobby"].die(0)
    await world.until(lambda: signal.SIGTERM in score.signals)
    os.kill(os.getpid(), signal.SIGINT)

    assert (await world.result()).exit_code == 0
    assert score.signals[:2] == [signal.SIGTERM, signal.SIGKILL]


async def test_a_capture_that_dies_while_draining_drains_in_its_next_life(begin):
    """What it had captured still gets its outcome."""
    world = await begin()
    os.kill(os.getpid(), signal.SIGTERM)
    await world.until(lambda: {"do": "drain"} in world["capture.lobby"].told)
    await world.die("capture.lobby", -signal.SIGKILL)
    await world.until(lambda: world["capture.lobby"].told.count({"do": "drain"}) == 2)

    assert not world.task.done()


# --- scaling


async def test_a_replica_more_is_started_and_the_stages_below_hear_of_it(begin):
    """They connect to it; the others need not know."""
    world = await begin()
    world.supervisor.scale("preprocess", 2)
    await world.lives("preprocess.1", 1)
    order = {"do": "uppers", "stage": "preprocess", "names": ["preprocess.0", "preprocess.1"]}

    assert [name for name, child in world.supervisor.children.items() if order in child.told] == ["score.0"]
    assert world["preprocess.1"].lives[0][0].stages["preprocess"].replicas == 2


async def test_a_replica_less_is_asked_to_leave_and_not_started_again(begin):
    """And the stages below let go of it."""
    world = await begin("[stages.preprocess]\nreplicas = 3\n")
    gone = [world["preprocess.1"], world["preprocess.2"]]
    world.supervisor.scale("preprocess", 1)
    await world.until(lambda: "preprocess.2" not in world.supervisor.children)

    assert [c.signals for c in gone] == [[signal.SIGTERM]] * 2
    assert "preprocess.1" not in world.supervisor.children
    assert world["score.0"].told[0] == {"do": "uppers", "stage": "preprocess", "names": ["preprocess.0"]}


async def test_processes_started_later_know_what_was_scaled(begin):
    """A restart gets the pipeline as it is now."""
    world = await begin()
    world.supervisor.scale("preprocess", 4)
    await world.die("score.0", 1)

    assert world["score.0"].lives[-1][0].stages["preprocess"].replicas == 4
    assert "stages.preprocess.replicas=4" in world["score.0"].lives[-1][0].sets


async def test_a_process_that_is_just_being_started_hears_of_a_scaling(begin):
    """Between its start and its line there is a moment in which it cannot be told."""
    world = await begin()
    score = world["score.0"]
    real = score.start

    async def start(begin, pipeline, run, on_event):
        world.supervisor.scale("preprocess", 2)
        await real(begin, pipeline, run, on_event)

    score.start = start
    await world.die("score.0", 1)
    names = ["preprocess.0", "preprocess.1"]
    await world.until(lambda: {"do": "uppers", "stage": "preprocess", "names": names} in score.told)

    assert score.lives[-1][0].stages["preprocess"].replicas == 1


async def test_a_replica_scaled_away_while_it_is_started_leaves(begin):
    """It was no process yet that a signal could reach."""
    world = await begin("[stages.preprocess]\nreplicas = 2\n")
    child = world["preprocess.1"]
    real = child.start

    async def start(begin, pipeline, run, on_event):
        world.supervisor.scale("preprocess", 1)
        await real(begin, pipeline, run, on_event)

    child.start = start
    child.die(1)
    await world.until(lambda: "preprocess.1" not in world.supervisor.children)

    assert child.signals == [signal.SIGTERM]
    assert child.process is None


async def test_a_replica_scaled_away_while_it_waits_for_its_restart_is_not_started(begin, monkeypatch):
    """And it is off the list."""
    world = await begin("[stages.preprocess]\nreplicas = 2\n")
    monkeypatch.setattr(life, "FIRST_DELAY_S", 0.005)
    child = world["preprocess.1"]
    child.die(1)
    await world.until(lambda: child.restarts == 1)
    world.supervisor.scale("preprocess", 1)
    await world.until(lambda: "preprocess.1" not in world.supervisor.children)

    assert len(child.lives) == 1


async def test_a_replica_wanted_again_while_it_leaves_is_started_again(begin):
    """One process of a name at a time, and never one that nobody watches."""
    world = await begin("[stages.preprocess]\nreplicas = 2\n")
    child = world["preprocess.1"]
    child.ends_on_term = False
    world.supervisor.scale("preprocess", 1)
    world.supervisor.scale("preprocess", 2)
    is_same = world["preprocess.1"] is child
    child.die(0)
    await world.lives("preprocess.1", 2)

    assert is_same
    assert world["preprocess.1"] is child
    assert not child.is_done


@pytest.mark.parametrize(
    ("stage", "replicas", "error", "words"),
    [
        ("scoer", 2, LookupError, "no stage named 'scoer'; known: preprocess, score, archive"),
        ("capture", 2, LookupError, "no stage named 'capture'"),
        ("score", 0, ValueError, "score: expected at least 1 replica, got 0"),
        ("score", -1, ValueError, "score: expected at least 1 replica, got -1"),
        ("archive", 2, ConfigError, "archive.replicas"),
    ],
)
async def test_an_impossible_number_of_replicas_is_refused(begin, stage, replicas, error, words):
    """And nothing has changed."""
    world = await begin()
    before = world.supervisor.pipeline

    with pytest.raises(error) as caught:
        world.supervisor.scale(stage, replicas)
    assert words in str(caught.value)
    assert world.supervisor.pipeline is before
    assert list(world.supervisor.children) == ONE_BY_ONE


# --- a part of a pipeline: the rest runs elsewhere

NETWORK = "[cameras.a]\nsource = 'synthetic'\n" + "".join(
    f"[stages.{stage}]\nlisten = 'tcp://127.0.0.1:{port}'\n"
    for stage, port in (("capture", 1), ("preprocess", 2), ("score", 3))
)


async def test_without_captures_a_run_ends_when_it_is_asked_to(begin):
    """Nothing is left to drain here: what is not committed is with the captures. One signal is enough."""
    world = await begin(f"only = ['score', 'archive']\n{NETWORK}")
    world["archive.0"].say("status", frames=7)
    os.kill(os.getpid(), signal.SIGTERM)
    result = await world.result()

    assert list(world.supervisor.children) == ["archive.0", "score.0"]
    assert (result.exit_code, result.is_stopped, result.archive is not None) == (0, True, True)
    assert [child.signals[0] for child in world.supervisor.children.values()] == [signal.SIGTERM] * 2


async def test_without_the_archive_a_run_ends_with_its_captures(begin):
    """It tells what these were told of their frames, and no account of an archive that is not here."""
    world = await begin(f"only = 'capture'\n{NETWORK}")
    world["capture.a"].say("status", settled={"kept": 2, "unchanged": 3, "end": 1})
    world["capture.a"].die(0)
    result = await world.result()

    assert (result.exit_code, result.archive) == (0, None)
    assert result.cameras["a"]["captured"] == 5


async def test_frames_that_go_through_count_as_progress_where_there_is_no_archive(begin):
    """A replica that dies now and then, with work done between, is no crash loop."""
    world = await begin(f"only = 'score'\n{NETWORK}")
    for _ in range(2 * life.CRASH_LOOP):
        world["score.0"].say("status", frames=3)
        await world.die("score.0", 1)

    assert world.supervisor.committed == 6 * life.CRASH_LOOP
    assert not world.task.done()


async def test_of_a_stage_elsewhere_more_places_are_looked_at(begin):
    """Scaling it here starts nothing; those below are told how many there may be."""
    world = await begin(f"only = ['capture', 'preprocess', 'archive']\n{NETWORK}")
    world.supervisor.scale("score", 3)

    assert "score.0" not in world.supervisor.children
    assert world["archive.0"].told[-1] == {
        "do": "uppers", "stage": "score", "names": ["score.0", "score.1", "score.2"],
    }  # fmt: skip


def test_without_the_archive_nothing_is_read_again(loaded, sockets):
    """The archive alone knows which reading of a folder comes next."""
    with pytest.raises(ValueError, match="--again: the archive runs elsewhere"):
        Supervisor(loaded(f"only = 'capture'\n{NETWORK}"), again=True)
