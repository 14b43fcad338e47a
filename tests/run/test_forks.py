"""Children forked on request: real processes that run a few lines instead of a stage, forked by a server that has imported nothing else."""

import asyncio
import json
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from keepframe.run import forks as module
from keepframe.run.forks import MOST_FDS, NOT_FORKED, Forks

SERVER = """
import json, os, signal, socket, sys, time
from keepframe.run.fork_server import ForkServer, die_with_parent
die_with_parent()
arguments = ForkServer(socket.socket(fileno=int(sys.argv[2]))).serve()
if arguments is None:
    sys.exit(130)
def tell(*what):
    for argument in arguments:
        if argument.startswith("--tell="):
            os.write(int(argument[7:]), json.dumps(what).encode() + b"\\n")
exec(open(sys.argv[1]).read())
"""
STOPPED_AT_ONCE = """
import os, signal
from keepframe.run.fork_server import ForkServer
leave = ForkServer._leave
def stopped(*given, **more):
    os.kill(os.getpid(), signal.SIGTERM)
    leave(*given, **more)
ForkServer._leave = stopped
"""
SUPERVISOR = """
import asyncio, os, sys
from pathlib import Path
from keepframe.run.forks import Forks
async def main():
    forks = Forks(Path(sys.argv[2]), command=(sys.executable, sys.argv[1]))
    child = await forks.fork([], {})
    print(child.pid, forks._server.process.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def is_alive(pid):
    """Whether there is such a process, and it is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def until(is_so):
    """Wait until something holds."""
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.to_thread(threading.Event().wait, 0.01)


@pytest.fixture
def open_files():
    """How many descriptors this process has open."""
    return lambda: len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
async def forks(tmp_path, open_files):
    """Gives what forks processes that run these lines, its server some others first; leaves no descriptor open."""
    before = open_files()
    made = []

    def of(lines, *, first="", command=(sys.executable, str(tmp_path / "server.py"))):
        (tmp_path / "server.py").write_text(f"{first}\n{SERVER}")
        (tmp_path / "lines").write_text(lines)
        made.append(Forks(tmp_path / "lines", command=command))
        return made[-1]

    yield of
    for each in made:
        each.close()
    assert open_files() == before


@pytest.fixture
def line():
    """Gives the descriptor that a child tells on, and how to read the next that it tells."""
    read, write = os.pipe()

    async def told():
        return json.loads(await asyncio.to_thread(os.read, read, 1000))

    yield write, told
    os.close(read)
    os.close(write)


async def test_a_forked_process_is_on_its_own(forks, line):
    """It leads its session, has nothing to read, nothing of the server's is open in it, and signals do to it what they do to any process."""
    write, told = line
    lines = (
        'tell(arguments[0], os.getsid(0) == os.getpid(), os.read(0, 1).decode(), len(os.listdir("/proc/self/fd")),'
        " signal.getsignal(signal.SIGTERM) == signal.SIG_DFL, signal.getsignal(signal.SIGINT) is signal.default_int_handler,"
        " signal.set_wakeup_fd(-1), any(os.get_inheritable(int(a.rpartition('=')[2])) for a in arguments[1:]))"
    )
    child = await forks(lines).fork(["score.0"], {"--tell=": write})

    # its own three, what it was given, and the folder that is listed
    assert await told() == ["score.0", True, "", 5, True, True, -1, False]
    assert await child.wait() == 0


async def test_the_end_of_each_is_told_of_it(forks):
    """Exit codes, exceptions, signals; who forks many at once knows which is which."""
    lines = "\nif arguments[0] == 'error':\n    raise ValueError('on purpose')\nsys.exit(int(arguments[0]))"
    made = forks("sys.stderr = open(os.devnull, 'w')" + lines)
    children = await asyncio.gather(*(made.fork([code], {}) for code in ("0", "3", "error", "75")))

    assert await asyncio.gather(*(child.wait() for child in children)) == [0, 3, 1, 75]
    assert len({child.pid for child in children}) == 4


async def test_a_signal_ends_it(forks):
    """As a negative code; to one that has ended none is sent."""
    made = forks("time.sleep(60)")
    first, second = await made.fork([], {}), await made.fork([], {})
    first.send_signal(signal.SIGTERM)
    second.send_signal(signal.SIGKILL)
    codes = await first.wait(), await second.wait()
    first.send_signal(signal.SIGTERM)

    assert codes == (-signal.SIGTERM, -signal.SIGKILL)


async def test_a_signal_that_comes_before_it_is_on_its_own_is_not_lost(forks):
    """Whoever is told of a new process may end it at once, while it still is the fork server's image."""
    child = await forks("time.sleep(60)", first=STOPPED_AT_ONCE).fork([], {})

    assert await asyncio.wait_for(child.wait(), 20) == -signal.SIGTERM


async def test_a_stop_of_all_processes_does_not_end_the_fork_server(forks):
    """Neither while it begins, nor later: those that it has forked leave when they are done, it is the last to go."""
    made = forks("signal.pause()", first="import os, signal\nos.kill(os.getpid(), signal.SIGTERM)")
    child = await made.fork([], {})
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(made._server.process.pid, number)
    another = await made.fork([], {})
    children = child, another
    for each in children:
        each.send_signal(signal.SIGTERM)

    assert [await each.wait() for each in children] == [-signal.SIGTERM] * 2
    assert made._server.process.poll() is None
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()).isdisjoint({signal.SIGTERM, signal.SIGINT})


async def test_each_has_random_numbers_of_its_own(forks, line):
    """Python's as well as NumPy's, which are drawn on with what it had drawn before it was forked."""
    write, told = line
    made = forks("tell(random.random(), numpy.random.random())", first="import random, numpy.random")
    drawn = set()
    for _ in range(2):
        child = await made.fork([], {"--tell=": write})
        drawn |= {*await told()}
        await child.wait()

    assert len(drawn) == 4


async def test_it_inherits_more_than_one_message_carries(forks, line):
    """A descriptor for each of very many cameras."""
    write, told = line
    given = {f"--store={n}=": write for n in range(2 * MOST_FDS + 7)}
    made = forks(
        "numbers = {a.rpartition('=')[2] for a in arguments[:-1]}\ntell(len(arguments), len(numbers), sorted(arguments)[:2])"
    )
    child = await made.fork([], given | {"--tell=": write})
    count, distinct, first = await told()
    await child.wait()

    assert (count, distinct) == (2 * MOST_FDS + 8, 2 * MOST_FDS + 7)
    assert first[0].startswith("--store=0=")


async def test_what_is_piped_into_the_run_is_for_the_one_that_reads_it(tmp_path):
    """The others have nothing to read."""
    (tmp_path / "server.py").write_text(SERVER)
    (tmp_path / "lines").write_text("print(arguments[0], len(sys.stdin.read()), flush=True)")
    script = SUPERVISOR.replace(
        "    child = await forks.fork([], {})\n",
        "    for name in 'ab':\n        await (await forks.fork([name], {}, reads_stdin=name == 'b')).wait()\n    return\n",
    )
    command = [sys.executable, "-c", script, tmp_path / "server.py", tmp_path / "lines"]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await asyncio.wait_for(process.communicate(b"pictures"), 20)

    assert said.decode().splitlines() == ["a 0", "b 8"]


async def test_with_the_fork_server_end_those_it_has_forked(forks):
    """By kill -9, as far as they know; the next child begins another server."""
    made = forks("time.sleep(60)")
    children = [await made.fork([], {}) for _ in range(2)]
    server = made._server.process.pid
    os.kill(server, signal.SIGKILL)
    codes = [await child.wait() for child in children]
    await until(lambda: not any(is_alive(child.pid) for child in children))
    another = await made.fork([], {})

    assert codes == [-signal.SIGKILL] * 2
    assert made._server.process.pid != server
    another.send_signal(signal.SIGKILL)
    assert await another.wait() == -signal.SIGKILL


async def test_one_has_ended_when_it_is_gone(forks, line):
    """Not when the fork server is: until then it holds what the next of its name needs, such as the archive's lock."""
    write, told = line
    survives = (
        "import ctypes\nctypes.CDLL(None).prctl(1, 0)\nserver = os.getppid()\ntell('here')\n"
        "while os.getppid() == server:\n    time.sleep(0.01)\ntime.sleep(0.1)"
    )
    made = forks(survives)
    child = await made.fork([], {"--tell=": write})
    await told()
    os.kill(made._server.process.pid, signal.SIGKILL)
    code = await child.wait()

    assert code == -signal.SIGKILL
    assert not is_alive(child.pid)


async def test_one_that_will_not_go_is_not_waited_for_for_ever(forks, line, monkeypatch):
    """It waits for a disk, say: its supervisor goes on without it."""
    monkeypatch.setattr(module, "GONE_S", 0.05)
    write, told = line
    made = forks("import ctypes\nctypes.CDLL(None).prctl(1, 0)\ntell('here')\ntime.sleep(60)")
    child = await made.fork([], {"--tell=": write})
    await told()
    made.close()
    code, was_alive = await child.wait(), is_alive(child.pid)
    os.kill(child.pid, signal.SIGKILL)

    assert (code, was_alive) == (-signal.SIGKILL, True)


async def test_a_fork_server_that_cannot_begin_is_the_end_of_the_child(forks):
    """With its exit code: so a broken installation is a crash loop, and is told as one."""
    child = await forks("", command=(sys.executable, "-c", "raise SystemExit(3)")).fork([], {})
    child.send_signal(signal.SIGKILL)

    assert (child.pid, await child.wait()) == (NOT_FORKED, 3)


async def test_a_fork_server_that_does_not_answer_is_ended(forks, monkeypatch):
    """And its child with it, which will be started again."""
    monkeypatch.setattr(module, "ANSWER_S", 0.05)
    child = await forks("", command=(sys.executable, "-c", "import time; time.sleep(60)")).fork([], {})

    assert (child.pid, await child.wait()) == (NOT_FORKED, -signal.SIGKILL)


async def test_a_program_that_is_not_there_is_an_error(forks):
    """It is raised, for every child."""
    made = forks("", command=("/nowhere/python",))
    for _ in range(2):
        with pytest.raises(FileNotFoundError, match="/nowhere/python"):
            await made.fork([], {})


async def test_one_that_nobody_waits_for_takes_no_others_answer(forks):
    """Whoever asked was called off before the fork server had begun."""
    made = forks("sys.exit(int(arguments[0]))")
    asked = asyncio.create_task(made.fork(["3"], {}))
    await asyncio.sleep(0)
    asked.cancel()
    child = await made.fork(["4"], {})

    assert await child.wait() == 4


async def test_closing_ends_everybody(forks):
    """Who is waited for has ended by then; closing twice is no harm."""
    made = forks("signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(60)")
    child = await made.fork([], {})
    made.close()
    made.close()
    await until(lambda: not is_alive(child.pid))

    assert await child.wait() == -signal.SIGKILL


async def test_nobody_outlives_a_supervisor_that_is_killed(tmp_path):
    """Neither the fork server nor what it has forked."""
    (tmp_path / "server.py").write_text(SERVER)
    (tmp_path / "lines").write_text("time.sleep(60)")
    command = [sys.executable, "-c", SUPERVISOR, tmp_path / "server.py", tmp_path / "lines"]
    supervisor = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    pids = [int(pid) for pid in (await supervisor.stdout.readline()).split()]
    were_alive = [is_alive(pid) for pid in pids]
    supervisor.kill()
    await supervisor.wait()
    await until(lambda: not any(map(is_alive, pids)))

    assert were_alive == [True, True]
