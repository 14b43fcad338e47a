"""
The scripts set up what is missing, once, and say in one line what would mend what they cannot do.

Not here: a real installation (that is how these tests came to run). A python3 of shell lines stands in and writes down its calls.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = [
    "bash",
    "basename",
    "cat",
    "chmod",
    "cmp",
    "cp",
    "date",
    "dirname",
    "head",
    "mkdir",
    "readlink",
    "tail",
]

FAKE_PYTHON = """#!/usr/bin/env bash
echo "$*" >>"$FAKE_CALLS"
case "$*" in
    --version) echo "Python 3.9.2" ;;
    *version_info*) [ -z "${FAKE_OLD:-}" ] ;;
    *ensurepip*) [ -z "${FAKE_NO_ENSUREPIP:-}" ] ;;
    "-m venv"*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
    "-m pip install"*) echo "no index can be reached" && [ -z "${FAKE_NO_INDEX:-}" ] ;;
esac
"""


class Checkout:
    """A copy of the scripts in a folder of its own, and a PATH with nothing but a fake Python and what scripts need."""

    def __init__(self, folder, binaries):
        self.folder = folder
        self.calls = binaries.parent / "calls"
        self.environment = {"PATH": str(binaries), "FAKE_CALLS": str(self.calls)}

    def start(self, *command, **environment):
        """Run a script from a folder that is not the checkout; return how it ended and how Python was called meanwhile."""
        self.calls.write_text("")
        done = subprocess.run(
            [self.folder / command[0], *command[1:]],
            cwd=self.calls.parent,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done, self.calls.read_text().splitlines()


@pytest.fixture
def checkout(tmp_path):
    """Lay out a fresh clone on a fresh machine."""
    folder, binaries = tmp_path / "my clone", tmp_path / "bin"
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    shutil.copy(ROOT / "pyproject.toml", folder)
    binaries.mkdir()
    for tool in ["env", *TOOLS]:
        (binaries / tool).symlink_to(shutil.which(tool))
    (binaries / "python3").write_text(FAKE_PYTHON)
    (binaries / "python3").chmod(0o755)
    return Checkout(folder, binaries)


def installs(calls):
    """Return what pip was asked for."""
    return [call.rpartition("/")[2] for call in calls if call.startswith("-m pip install")]


def test_a_missing_venv_module_is_answered_with_the_line_that_mends_it(checkout):
    """Debian ships ensurepip apart; the answer can be pasted, and no half environment stays."""
    done, _ = checkout.start("scripts/test", FAKE_NO_ENSUREPIP="yes")

    assert done.returncode == 1
    assert done.stderr.endswith("cannot make a virtual environment; mend with: apt install python3-venv\n")
    assert not (checkout.folder / ".venv").exists()


def test_an_old_python_is_answered_with_the_line_that_mends_it(checkout):
    """The version found, the version needed and the way to it."""
    done, calls = checkout.start("scripts/run", FAKE_OLD="yes")

    assert done.returncode == 1
    assert "needs Python 3.11 or newer, found Python 3.9.2; mend with: apt install python3.11 " in done.stderr
    assert installs(calls) == []


def test_an_interpreter_can_be_chosen(checkout):
    """PYTHON= is taken at its word: one that does not fit is refused, not replaced."""
    done, _ = checkout.start("scripts/setup", PYTHON="/nowhere/python")

    assert done.returncode == 1
    assert "PYTHON=/nowhere/python is not a Python 3.11 or newer" in done.stderr


def test_a_failing_pip_is_shown_and_tried_again(checkout):
    """Its last lines and where to look; the next start does not take the environment for complete."""
    failed, _ = checkout.start("scripts/test", FAKE_NO_INDEX="yes")
    mended, calls = checkout.start("scripts/test")

    assert failed.returncode == 1
    assert "no index can be reached" in failed.stderr
    assert "pip config list" in failed.stderr
    assert mended.returncode == 0
    assert installs(calls) == ["my clone[test]"]


def test_the_second_start_installs_nothing_and_says_nothing(checkout):
    """It goes straight to pytest."""
    checkout.start("scripts/test")
    done, calls = checkout.start("scripts/test", "-k", "a name")

    assert calls == ["-m pytest -k a name"]
    assert done.stderr == ""


def test_a_changed_pyproject_is_installed_again(checkout):
    """New dependencies arrive without being asked for, in the same environment."""
    checkout.start("scripts/test")
    (checkout.folder / "pyproject.toml").write_text("# changed\n")
    _, calls = checkout.start("scripts/test")

    assert installs(calls) == ["my clone[test]"]
    assert [call for call in calls if call.startswith("-m venv")] == []


def test_a_moved_checkout_gets_a_new_environment(checkout):
    """An environment names the folder it was made for: in another it would run the code of the old one."""
    checkout.start("scripts/test")
    checkout.folder = checkout.folder.rename(checkout.folder.with_name("moved"))
    _, calls = checkout.start("scripts/test")

    assert [call.rpartition("/")[2] for call in calls if call.startswith("-m venv")] == [".venv"]
    assert installs(calls) == ["moved[test]"]


def test_an_environment_behind_a_link_is_left_alone(checkout):
    """It may be another checkout's, or nobody's yet; the answer says what to remove, and what stands there stays."""
    other = checkout.folder.with_name("other")
    (other / "bin").mkdir(parents=True)
    (other / "setup-test").write_text(f"{other}\n")
    (checkout.folder / ".venv").symlink_to(other)
    done, calls = checkout.start("scripts/test")

    assert done.returncode == 1
    assert f"is a link to {other}, expected a folder of this checkout's own" in done.stderr
    assert f"mend with: rm '{checkout.folder}/.venv'" in done.stderr
    assert calls == []
    assert (other / "setup-test").read_text() == f"{other}\n"


def test_fast_leaves_out_what_is_slow(checkout):
    """--fast becomes a marker expression, on all cores; all other arguments are pytest's."""
    checkout.start("scripts/setup", "test")
    _, calls = checkout.start("scripts/test", "--fast", "tests/wire")

    assert calls == ["-m pytest -m not slow -n logical tests/wire"]


def test_a_run_goes_into_a_fresh_folder_each_time(checkout):
    """Two starts, even in the same second, never share an archive."""
    checkout.start("scripts/setup")
    command = checkout.folder / ".venv/bin/keepframe"
    command.write_text(FAKE_PYTHON)
    command.chmod(0o755)
    calls = [checkout.start("scripts/run", "--json")[1][0] for _ in range(2)]
    folders = list((checkout.folder / "out").iterdir())
    pipeline = checkout.folder / "pipeline.toml"

    assert len(folders) == 2
    assert sorted(calls) == sorted(
        f"run {pipeline} --set stages.archive.folder={folder} --json" for folder in folders
    )


def test_an_unknown_benchmark_is_answered_with_those_there_are(checkout):
    """Each scripts/bench_NAME.py is a name; nothing is installed for a wrong one."""
    for script in (checkout.folder / "scripts").glob("bench_*"):
        script.unlink()
    (checkout.folder / "scripts/bench_speed.py").touch()
    listed, _ = checkout.start("scripts/bench")
    done, calls = checkout.start("scripts/bench", "spede")

    assert listed.returncode == 0
    assert listed.stdout.endswith("  speed\n")
    assert done.returncode == 2
    assert done.stderr == "scripts/bench: no benchmark named 'spede'; known:\n  speed\n"
    assert calls == []


def test_a_rival_lives_in_an_environment_of_its_own(checkout):
    """Its cv2 would overwrite ours; the benchmark is told which interpreter has it."""
    (checkout.folder / "scripts/bench_speed.py").touch()
    (checkout.folder / "scripts/bench_speed.txt").write_text("rival==1\n")
    checkout.start("scripts/bench", "speed")
    done, calls = checkout.start("scripts/bench", "speed", "--quick")

    assert done.returncode == 0
    assert (checkout.folder / ".venv-speed/bin/python").exists()
    assert calls == [f"{checkout.folder}/scripts/bench_speed.py --quick"]


def test_a_rival_that_cannot_be_installed_is_left_out(checkout):
    """The benchmark runs without it, and pip's reason stands in the output; the next start tries again."""
    (checkout.folder / "scripts/bench_speed.py").touch()
    (checkout.folder / "scripts/bench_speed.txt").write_text("rival==1\nother==2\n")
    checkout.start("scripts/setup", "bench")
    done, calls = checkout.start("scripts/bench", "speed", FAKE_NO_INDEX="1")
    _, again = checkout.start("scripts/bench", "speed")

    assert done.returncode == 0
    assert done.stderr.count("no index can be reached") == 2
    assert "scripts/bench: left out: rival==1: pip failed" in done.stderr
    assert calls[-1] == f"{checkout.folder}/scripts/bench_speed.py"
    assert "-m pip install --disable-pip-version-check rival==1" in again


def test_each_script_is_executable_and_stops_at_the_first_error():
    """What the README tells to start can be started."""
    for script in [ROOT / "scripts" / name for name in ("setup", "test", "check", "run", "bench")]:
        assert os.access(script, os.X_OK)
        assert "\nset -eu\n" in script.read_text()
