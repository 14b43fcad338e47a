"""The short form of scripts/chaos, so that every change meets kills, freezes, restarts and scaling before it is taken."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_nothing_is_lost_in_a_short_storm():
    """Two dozen faults in four pipelines: accounts balance, archives are those of undisturbed runs, nothing is left behind."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "chaos.py", "--short"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "violations: 0" in done.stdout
