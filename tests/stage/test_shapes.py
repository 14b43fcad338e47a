import subprocess
import sys
import typing
from pathlib import Path

import pytest

from keepframe.stage import shapes

ROOT = Path(__file__).parents[2]
STAGES = """
from collections.abc import Iterator
from dataclasses import dataclass

from keepframe.frame import Frame
from keepframe.picture import Image
from keepframe.stage import Map, Sink, Source


def blur(frame: Frame, *, sigma: float = 1.0) -> Frame: return frame
def bright(frame: Frame) -> Frame | None: return frame if frame.image.mean() > 9 else None
def halves(frame: Frame) -> Iterator[Frame]: yield frame
def camera(*, path: str = "a") -> Iterator[Image]: yield Frame().image
def notify(frame: Frame) -> None: print(frame.name)


@dataclass(kw_only=True)
class Change:
    threshold: float = 0.05

    def __call__(self, frame: Frame) -> Frame: return frame


maps: list[Map] = [blur, bright, halves, notify, Change()]
sources: list[Source] = [camera]
sinks: list[Sink] = [notify]
"""
WRONG = {
    "def dark(frame: Frame) -> bool: return frame.seq > 9": "maps.append(dark)",
    "def two(left: Frame, right: Frame) -> Frame: return left": "maps.append(two)",
    "def picky(frame: Frame, *, size: int) -> Frame: return frame": "maps.append(picky)",
    "def words() -> Iterator[str]: yield 'a'": "sources.append(words)",
    "def gives(frame: Frame) -> Frame: return frame": "sinks.append(gives)",
}


@pytest.mark.slow
def test_a_type_checker_knows_stages_by_their_shape(tmp_path):
    """What fits is accepted, what does not is found, line by line; whoever installs the package gets its types."""
    pytest.importorskip("mypy", reason="mypy comes with the extra `check`")
    lines = STAGES.splitlines()
    wrong = []
    for made, used in WRONG.items():
        lines += [made, used]
        wrong.append(len(lines))
    (tmp_path / "mine.py").write_text("\n".join(lines) + "\n")
    out = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--config-file=",
            "--cache-dir",
            tmp_path / "cache",
            "mine.py",
        ],
        cwd=tmp_path,
        env={"MYPYPATH": str(ROOT / "stages"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line for line in out.stdout.splitlines() if line.startswith("mine.py") and "error" in line]

    assert [int(line.split(":")[1]) for line in found] == wrong, out.stdout


@pytest.mark.parametrize("name", ["Map", "Source", "Sink"])
def test_a_shape_is_no_base_class(name):
    """Nothing inherits from it: the signature is the contract."""
    assert (
        typing.is_protocol(getattr(shapes, name))
        if sys.version_info >= (3, 13)
        else getattr(shapes, name)._is_protocol
    )


def test_the_package_says_that_it_is_typed():
    """Without this file a type checker would not look into it."""
    assert (ROOT / "stages/keepframe/py.typed").is_file()
