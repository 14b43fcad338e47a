"""What examples/two-machines says: the pipeline is one that can run, and systemd takes the units."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from keepframe.config import load

TWO = Path(__file__).parents[1] / "examples" / "two-machines"
UNITS = sorted(TWO.glob("*.service"))


def setting(unit, key):
    """The last value of a key in a unit."""
    return re.findall(rf"^{key}=(.*)$", unit.read_text(encoding="utf-8"), flags=re.MULTILINE)[-1]


def only(unit):
    """The stages that a unit runs."""
    return re.search(r"KEEPFRAME_ONLY=(\S+)", unit.read_text(encoding="utf-8"))[1]


def test_the_units_together_run_the_whole_pipeline(monkeypatch):
    """Each stage on one kind of machine, from one file that both can read."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    parts = []
    for unit in UNITS:
        monkeypatch.setenv("KEEPFRAME_ONLY", only(unit))
        parts.append(load(TWO / "pipeline.toml"))

    assert sorted(stage for part in parts for stage in part.only) == [
        "archive",
        "capture",
        "preprocess",
        "score",
    ]
    assert len({part.fingerprint for part in parts}) == 1
    assert {part.keys for part in parts} == {TWO / "keys"}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_drains_and_is_not_started_again_for_nothing(unit):
    """The supervisor alone gets the signal and has time; what starting again would not mend is left."""
    assert setting(unit, "KillMode") == "mixed"
    assert int(setting(unit, "TimeoutStopSec")) >= 30
    assert "78" in setting(unit, "RestartPreventExitStatus").split()
    assert setting(unit, "User") != "root"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_lets_its_processes_listen(unit):
    """Over netlink libzmq asks for the interfaces before it binds a tcp address; it aborts the process where it may not."""
    families = setting(unit, "RestrictAddressFamilies").split()

    assert {"AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"} <= set(families)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_has_nothing_to_say_against_a_unit(unit, tmp_path):
    """With a program that is there in place of the installed one."""
    copy = tmp_path / unit.name
    copy.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE))
    done = subprocess.run(
        ["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.returncode, done.stdout + done.stderr) == (0, "")
