"""One child over its lives: real processes that run a few lines instead of a stage, and the rules on a clock that stands still."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from keepframe.clock import FakeClock
from keepframe.run import life
from keepframe.run.life import CRASH_LOOP, SILENCE_S, START_S, Child

FAKE = """
import json, os, signal, socket, sys, time
given = dict(a[2:].split("=", 1) for a in sys.argv[3:])
line = socket.socket(fileno=int(given["control"]))
def tell(event, **values):
    line.sendall(json.dumps({"event": event, **values}).encode() + b"\\n")
def heard():
    return json.loads(line.recv(1000))
exec(open(sys.argv[1]).read())
"""


def began(script, python=sys.executable):
    """What starts processes that run a script."""

    async def begin(arguments, given, *, reads_stdin):
        options = [f"{option}{fd}" for option, fd in given.items()]
        return await asyncio.create_subprocess_exec(
            *(python, "-I", "-S", str(script), *arguments, *options),
            stdin=None if reads_stdin else asyncio.subprocess.DEVNULL,
            pass_fds=list(given.values()),
        )

    return begin


@pytest.fixture
async def start(tmp_path):
    """Start a life of a child that runs these lines; gives the child and the list of what it tells."""
    fake = tmp_path / "fake.py"
    fake.write_text(FAKE)
    started = []

    async def start(lines, name="score.0", run=None, sets=(), child=None):
        (tmp_path / "lines").write_text(lines)
        child = child or Child(name, clock=FakeClock())
        child.has_told, told = asyncio.Event(), []

        def hear(_, event):
            told.append(event)
            child.has_told.set()

        await child.start(began(fake), SimpleNamespace(path=tmp_path / "lines", sets=sets), run, hear)
        started.append(child)
        return child, told

    yield start
    for child in started:
        child.signal(signal.SIGKILL)
        if child.process is not None:
            await child.ended()


async def test_a_life_tells_and_ends_with_its_exit_code(start):
    """Everything that it told is heard before its end is."""
    child, told = await start('tell("ready")\ntell("status", frames=2)\nsys.exit(7)')

    assert await child.ended() == 7
    assert told == [{"event": "ready"}, {"event": "status", "frames": 2}]
    assert child.process is None


async def test_it_is_told_which_process_it_is(start):
    """The pipeline, its name, what was set, which reading."""
    child, told = await start(
        'tell("given", argv=sys.argv[2:])',
        run=3,
        sets=("stages.score.replicas=2",),
    )
    await child.ended()

    assert told[0]["argv"][0] == "score.0"
    assert told[0]["argv"][1:3] == ["--set=stages.score.replicas=2", "--run=3"]


async def test_it_hears_what_it_is_told(start):
    """A command each line; to one that is gone nothing is told."""
    child, told = await start('tell("heard", **heard())')
    child.tell("drain", soon=True)
    code = await child.ended()
    child.tell("drain")

    assert code == 0
    assert told == [{"event": "heard", "do": "drain", "soon": True}]


@pytest.mark.parametrize("words", ['b\'{"event": "stat\'', "b'\\xff\\n'", "b'[1]\\n'", "b'\\n\\n'"])
async def test_a_process_that_dies_in_the_midst_of_a_word_has_just_died(start, words):
    """Its torn last line ends nothing but itself."""
    child, told = await start(f'tell("ready")\nline.sendall({words})\nos.kill(os.getpid(), 9)')

    assert await child.ended() == -signal.SIGKILL
    assert told == [{"event": "ready"}]


async def test_a_line_that_is_too_long_is_passed_over(start):
    """It ends neither the child nor whoever listens: what comes behind it is heard."""
    child, told = await start('tell("status", refused=["x" * 300_000])\ntell("ready")')

    assert await child.ended() == 0
    assert told[-1] == {"event": "ready"}


async def test_what_it_has_left_behind_does_not_keep_its_end_open(start, monkeypatch):
    """A process that a stage has forked, and that holds the line after the stage has died, is not waited for."""
    monkeypatch.setattr(life, "LAST_WORDS_S", 0.05)
    child, told = await start('if os.fork():\n    os._exit(3)\ntell("fork", pid=os.getpid())\ntime.sleep(60)')
    code = await child.ended()
    for event in told:
        os.kill(event["pid"], signal.SIGKILL)

    assert code == 3


async def test_what_was_in_hand_at_the_end_is_known(start):
    """The page is read when the process is gone; the next life begins with an empty one."""
    take = (
        "import mmap, struct\npage = mmap.mmap(int(given['hand']), mmap.PAGESIZE)\n"
        "page[:83] = struct.pack('<?qqH64s', True, 0, 57, 5, b'lobby')\nos._exit(3)"
    )
    child, _ = await start(take)
    await child.ended()
    first = child.in_hand
    await start("os._exit(3)", child=child)
    await child.ended()

    assert (first, child.in_hand) == (("lobby", (0, 57)), None)


async def test_ending_it_for_a_reason_kills_it_and_counts_as_its_own_death(start):
    """One that hangs does not hear SIGTERM."""
    child, _ = await start('signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntell("ready")\ntime.sleep(60)')
    await asyncio.wait_for(child.has_told.wait(), 10)
    child.signal(signal.SIGTERM)
    child.end_for("hangs")
    code = await child.ended()

    assert code == -signal.SIGKILL
    assert child.died_by_itself(code)
    assert not Child("b").died_by_itself(code)


async def test_a_new_life_begins_with_nothing_known(start):
    """Except what a capture has seen settled, which is counted on."""
    child, _ = await start("heard()")
    child.is_ready, child.ended_for, child.frames_per_s = True, "hangs", 25.0
    child.update({"settled": {"kept": 2, "unchanged": 5, "end": 1}, "total": 10})
    child.signal(signal.SIGKILL)
    await child.ended()
    while_dead = dict(child.settled)
    await start("heard()", child=child)

    assert (child.is_ready, child.ended_for, child.status, child.frames_per_s) == (False, "", {}, 0.0)
    assert while_dead == dict(child.settled) == {"kept": 2, "unchanged": 5}
    child.update({"settled": {"kept": 1}})
    assert dict(child.settled) == {"kept": 3, "unchanged": 5}


async def test_its_memory_is_measured_while_it_lives(start):
    """Some megabytes for an interpreter; nothing for one that is gone."""
    child, _ = await start('tell("ready")\nheard()')
    await asyncio.wait_for(child.has_told.wait(), 10)
    alive = child.rss_bytes()
    child.signal(signal.SIGKILL)
    await child.ended()

    assert 1 << 20 < alive < 1 << 30
    assert child.rss_bytes() == 0


async def test_waiting_for_one_that_was_never_started_is_a_mistake():
    """And signals to it reach nobody."""
    child = Child("score.0")
    child.signal(signal.SIGKILL)
    child.tell("drain")

    with pytest.raises(RuntimeError, match=r"score\.0 was not started"):
        await child.ended()


def open_files():
    """How many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_program_that_is_not_there_is_an_error(tmp_path):
    """It is raised, and leaves no descriptor open."""
    before = open_files()
    child = Child("score.0")

    with pytest.raises(FileNotFoundError, match="/nowhere/python"):
        await child.start(
            began("fake.py", "/nowhere/python"), SimpleNamespace(path=tmp_path, sets=()), None, print
        )
    assert open_files() == before


# --- the rules, without a process


class Fake(Child):
    """One that lives as far as its memory says."""

    def __init__(self, **more):
        super().__init__("score.0", clock=FakeClock(), **more)
        self.process, self.rss = SimpleNamespace(pid=1), 0
        self.begin_life()

    def rss_bytes(self):
        return self.rss

    def pass_s(self, seconds, **status):
        """Time passes; with a status it has been heard at its end."""
        self.clock.advance(seconds)
        if status:
            self.heard = self.clock.monotonic_s()
            self.update(status)


def test_one_that_does_not_get_ready_in_time_ails():
    """Until then a start may take as long as it takes to import what a stage needs."""
    child = Fake()
    child.pass_s(START_S)
    in_time = child.ailment()
    child.pass_s(0.1)

    assert in_time == ""
    assert child.ailment() == "not ready after 30 s"


def test_one_that_is_silent_ails():
    """A stopped or deadlocked process tells nothing of itself."""
    child = Fake(hang_after_s=1.0)
    child.is_ready = True
    child.pass_s(SILENCE_S)
    in_time = child.ailment()
    child.pass_s(1.0)

    assert in_time == ""
    assert child.ailment() == "silent for 21 s"


def test_a_long_computation_may_be_silent_as_long_as_it_may_take():
    """hang_after raises the limit for silence too: a call that holds the interpreter looks the same from outside."""
    child = Fake(hang_after_s=600.0)
    child.is_ready = True
    child.pass_s(590.0)

    assert child.ailment() == ""


def test_a_frame_in_hand_for_too_long_ails():
    """The same frame for longer than hang_after, although it tells of itself."""
    child = Fake(hang_after_s=60.0)
    child.is_ready = True
    child.pass_s(60.0, frames=3, in_hand_s=60.0)
    in_time = child.ailment()
    child.pass_s(1.0, frames=3, in_hand_s=61.0)

    assert in_time == ""
    assert child.ailment() == "hangs: the same frame in hand for 61 s"


def test_one_that_takes_too_much_memory_ails_if_it_has_a_ceiling():
    """Both numbers are told."""
    free, bound = Fake(), Fake(max_rss_bytes=512 << 20)
    for child in (free, bound):
        child.is_ready, child.rss = True, 700 << 20

    assert free.ailment() == ""
    assert bound.ailment() == "takes 700 MB of memory, expected at most 512 MB"


def test_one_that_is_not_there_is_well():
    """Between two lives nothing can ail."""
    child = Fake()
    child.process = None
    child.pass_s(1000.0)

    assert child.ailment() == ""


@pytest.mark.parametrize("code", [0, 130, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT])
def test_an_end_from_outside_is_no_death_of_its_own(code):
    """However often somebody kills it or asks it to leave, it is started again, and soon."""
    child = Fake()
    delays = {child.died(code, committed=0) for _ in range(3 * CRASH_LOOP)}

    assert delays == {life.FIRST_DELAY_S}
    assert (child.deaths, child.restarts) == (0, 3 * CRASH_LOOP)


@pytest.mark.parametrize("code", [1, 3, 70, -signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS])
def test_five_deaths_of_its_own_without_a_commit_are_a_crash_loop(code):
    """Each start waits longer than the one before."""
    child = Fake()

    assert [child.died(code, committed=0) for _ in range(CRASH_LOOP)] == [0.2, 0.4, 0.8, 1.6, None]
    assert child.restarts == CRASH_LOOP - 1


def test_a_commit_between_deaths_is_no_crash_loop():
    """It counts from there; after a life with commits it is started at once."""
    child = Fake()
    child.is_ready = True
    told = [child.died(1, committed=committed) for committed in (0, 0, 0, 5, 5, 5, 5)]

    assert told == [0.2, 0.4, 0.8, 0.0, 0.2, 0.4, 0.8]
    assert child.deaths == 4
    assert child.died(1, committed=5) is None


def test_a_process_of_no_use_waits_although_others_make_progress():
    """One that never gets ready is no crash loop while frames are committed, and yet not started a hundred times a minute."""
    child = Fake()
    told = [child.died(1, committed=committed) for committed in range(10, 200, 10)]

    assert told[:5] == [0.2, 0.4, 0.8, 1.6, 3.2]
    assert set(told[5:]) == {life.MAX_DELAY_S}


def test_a_capture_is_of_use_if_its_own_frames_were_settled():
    """A camera that is unplugged does not spin because another one delivers."""
    child = Fake()
    child.is_ready = True
    child.update({"settled": {"end": 1}})
    of_no_use = child.died(70, committed=50)
    child.begin_life()
    child.update({"settled": {"unchanged": 3}})

    assert of_no_use == 0.2
    assert child.died(70, committed=60) == 0.0


def test_killing_it_for_an_ailment_leads_to_a_crash_loop_too():
    """A hang at every start is no better than a crash."""
    child = Fake()
    for _ in range(CRASH_LOOP):
        child.ended_for = "hangs"
        told = child.died(-signal.SIGKILL, committed=0)

    assert told is None


def test_its_rate_is_a_mean_over_two_seconds():
    """Of the frames that it tells, or of what a capture has seen settled."""
    child = Fake()
    child.update({"frames": 100})
    for n in range(1, 41):
        child.pass_s(0.25, frames=100 + 5 * n)
    relay = child.frames_per_s
    child.begin_life()
    for n in range(40):
        child.pass_s(0.25, settled={"kept": n, "unchanged": n})

    assert relay == pytest.approx(20.0, rel=0.01)
    assert child.frames_per_s == pytest.approx(8.0, rel=0.01)


def test_its_state_is_one_word():
    """From the first start to the last end."""
    child = Fake()
    states = [child.state]
    child.is_ready = True
    states.append(child.state)
    child.update({"is_leaving": True})
    states.append(child.state)
    child.process = None
    states.append(child.state)
    child.is_done = True

    assert [*states, child.state] == ["starting", "running", "draining", "restarting", "done"]
    assert json.dumps(states)
    assert (child.stage, Child("capture.cam-1").stage) == ("score", "capture")


def test_a_camera_that_hangs_again_and_again_ends_no_run():
    """Its process is replaced each time; the other cameras go on."""
    child = Fake()
    child.is_ready = True
    child.pass_s(1.0, settled={}, hangs_s=26.0)
    ailment = child.ailment()
    for _ in range(2 * CRASH_LOOP):
        child.begin_life()
        child.ended_for = ailment
        delay_s = child.died(-9, committed=0)

    assert ailment == "hangs: no sign of life from its camera for 26 s"
    assert delay_s == life.MAX_DELAY_S
