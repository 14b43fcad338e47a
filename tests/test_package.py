"""
The wheel, installed into an empty environment outside the checkout, is whole and works there.

Not here: the image (docker/README.md) and the editable install, in which every other test runs.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Setting up takes two pip runs that fetch some 150 MB where nothing is cached.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def run(*command, cwd):
    """Run a command that must succeed, outside the checkout and deaf to what this process was started with."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))
    }
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Make an empty folder outside the checkout."""
    place = tmp_path_factory.mktemp("elsewhere")
    assert not place.is_relative_to(ROOT)
    return place


@pytest.fixture(scope="module")
def wheel(place):
    """Build the wheel as a release would."""
    run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        place / "dist",
        ROOT,
        cwd=place,
    )
    (found,) = (place / "dist").iterdir()
    return found


@pytest.fixture(scope="module")
def newer():
    """The newest Python here that is newer than this one: it gets newer packages, too."""
    kept = [*Path.home().glob(".pyenv/versions/*/bin/python3.1?")]
    named = [shutil.which(f"python3.{minor}") for minor in range(sys.version_info.minor + 1, 20)]
    found = {}
    for python in [*kept, *filter(None, named)]:
        told = subprocess.run(
            [python, "-c", "import ensurepip, sys; print(*sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if told.returncode == 0 and (version := tuple(map(int, told.stdout.split()))) > sys.version_info[:2]:
            found[version] = python
    if not found:
        pytest.skip(f"no Python newer than {sys.version_info.major}.{sys.version_info.minor} here")
    return found[max(found)]


@pytest.fixture(scope="module")
def binaries(wheel, place):
    """Install the wheel, and what it depends on, into an environment that has nothing else; return its bin folder."""
    run(sys.executable, "-m", "venv", place / "venv", cwd=place)
    run(place / "venv/bin/python", "-m", "pip", "install", "--quiet", wheel, cwd=place)
    return place / "venv/bin"


def test_the_wheel_holds_the_whole_package_and_nothing_else(wheel):
    """Modules, SQL and the protocol's text are in it; tests, scripts and examples are not."""
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    package = ROOT / "stages/keepframe"
    there = {
        f"keepframe/{path.relative_to(package).as_posix()}" for path in package.rglob("*") if path.is_file()
    }

    assert packed == {name for name in there if "__pycache__" not in name}


def test_nothing_installed_points_back_to_the_checkout(binaries, place):
    """Python finds the package in its own environment, and no installed file of it names the clone."""
    where = Path(
        run(binaries / "python", "-c", "import keepframe; print(keepframe.__file__)", cwd=place).strip()
    )
    texts = {
        path: path.read_bytes()
        for pattern in ("keepframe/**/*", "keepframe-*/*", "*.pth")
        for path in where.parents[1].glob(pattern)
        if path.is_file()
    }

    assert where.is_relative_to(place)
    assert len(texts) > 10
    assert [path for path, text in texts.items() if str(ROOT).encode() in text] == []


def test_the_installed_command_names_its_verbs(binaries, place):
    """`keepframe --help` works with nothing but the declared dependencies, and names what the README does."""
    text = run(binaries / "keepframe", "--help", cwd=place)
    module = run(binaries / "python", "-m", "keepframe", "--version", cwd=place)

    assert module == run(binaries / "keepframe", "--version", cwd=place)
    assert [
        verb for verb in ("run", "stage", "check", "compare", "list", "verify", "why") if verb not in text
    ] == []


def test_the_installed_command_runs_a_pipeline(binaries, place):
    """Twenty synthetic pictures go through four processes into an archive whose account balances."""
    folder = place / "pipeline"
    folder.mkdir()
    (folder / "pipeline.toml").write_text('[cameras.door]\nsource = "synthetic"\ncount = 20\n')

    result = json.loads(
        run(binaries / "keepframe", "run", "pipeline.toml", "--json", cwd=folder).splitlines()[-1]
    )
    run(binaries / "keepframe", "verify", "archive", cwd=folder)

    assert result["frames"]["captured"] == 20
    assert result["frames"]["failed"] == 0
    assert result["frames"]["kept"] >= 1
    assert list((folder / "archive").rglob("*.jpg"))


def test_a_newer_python_reads_a_video(newer, wheel, place):
    """With the newest packages that there are for it: what they no longer know shows here, not with a user."""
    folder = place / "newer"
    folder.mkdir()
    run(newer, "-m", "venv", folder / "venv", cwd=folder)
    run(folder / "venv/bin/python", "-m", "pip", "install", "--quiet", wheel, cwd=folder)
    clip = ROOT / "examples/lobby.mp4"
    (folder / "pipeline.toml").write_text(
        f'[cameras.lobby]\nsource = "video"\npath = "{clip}"\nevery = "5s"\n'
    )
    said = run(folder / "venv/bin/keepframe", "run", "--json", cwd=folder)
    run(folder / "venv/bin/keepframe", "verify", "archive", cwd=folder)
    frames = json.loads(said.splitlines()[-1])["frames"]

    assert frames["captured"] > 5
    assert frames["kept"] >= 1
    assert frames["failed"] == frames["rejected"] == 0
