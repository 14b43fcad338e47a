"""
The whole job on a long clip, in keepframe's forms and others': scripts/bench job [--quick] [--height 1080] [--repeats 3] [--seconds 60].

Each form is a process (tree) of its own; forms take turns, in reversed order every other time. Measured: wall time and CPU of the whole tree. Start-up is
measured apart, as the same run on a clip of one picture, and taken off; what is left is told per 1000 pictures and as a ratio to the loop.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path

import av
from job_clips import Clips, scaled
from pipelines import machine

ROOT = Path(__file__).resolve().parents[1]
FORMS_PY = ROOT / "scripts" / "job_forms.py"
CAMERA = "clip"
FUSED = """
[stages.all]
inputs = ["capture"]
steps = [{ use = "grayscale", min_width = 240 }, { use = "downsample", height = 120 }, { use = "change" }]
[stages.archive]
inputs = ["all"]
use = "archive"
"""
VERSIONS = ("keepframe", "av", "opencv-python-headless", "pyzmq", "numpy")
QUIET = "[stages.score]\nthreshold = 1e9\n"
PLAIN = '[stages.score]\nmetric = "mean-absolute-difference"\nthreshold = 1.0\n'
"""No score is above 1: what is left is what keepframe itself takes, for the score takes next to nothing."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to do the job. command: of a clip and a fresh folder. share: of the long clip's pictures that it is given."""

    name: str
    command: Callable[[Path, Path], list[str]]
    stages: str = ""
    share: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run has cost, its children included, and how many pictures it has kept."""

    wall_s: float
    cpu_s: float
    kept: int


def forms(*, with_rivals: bool) -> list[Form]:
    """All of them, the floor first."""

    def own(name: str) -> Callable[[Path, Path], list[str]]:
        return lambda clip, folder: [sys.executable, str(FORMS_PY), name, str(clip), str(folder)]

    def pipeline(_clip: Path, _folder: Path) -> list[str]:
        return [sys.executable, "-m", "keepframe", "run", "pipeline.toml", "--json"]

    chosen = [
        Form("decode only", own("decode")),
        Form("keepframe, one-process loop", own("loop")),
        Form("keepframe, one-process loop, nothing kept", own("loop"), QUIET),
        Form("keepframe, separate processes", pipeline),
        Form("keepframe, preprocess and score fused", pipeline, FUSED),
        Form("keepframe, separate, nothing kept", pipeline, QUIET),
        Form("keepframe, one-process loop, nothing kept, a plain difference", own("loop"), PLAIN),
        Form("keepframe, separate, nothing kept, a plain difference", pipeline, PLAIN),
        Form("OpenCV loop as tutorials teach", own("tutorial"), share=Fraction(1, 4)),
    ]
    rival = os.environ.get("BENCH_RIVAL_PYTHON")
    if with_rivals and rival:

        def scan(clip: Path, _folder: Path) -> list[str]:
            return [rival, "-m", "dvr_scan", "-i", str(clip), "-so"]

        chosen.append(Form("DVR-Scan, scan only", scan, share=Fraction(1, 8)))
    return chosen


def run(form: Form, clip: Path) -> Cost:
    """One run into a fresh folder. Raises RuntimeError with its last words if it fails."""
    with tempfile.TemporaryDirectory(prefix="job-", dir="/tmp") as name:
        folder = Path(name)
        camera = f'[cameras.{CAMERA}]\nsource = "video"\npath = "{clip}"\n'
        (folder / "pipeline.toml").write_text(camera + form.stages)
        (folder / "run").mkdir(mode=0o700)
        environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder / "run")}
        # where it is set each process compiles all of keepframe anew
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        began = time.monotonic()
        with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
            process = subprocess.Popen(
                form.command(clip, folder),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=environment,
            )
            _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(
                f"{form.name}: exit code {process.returncode}: {(folder / 'err').read_text()[-800:]}"
            )
        return Cost(wall_s, usage.ru_utime + usage.ru_stime, _kept((folder / "out").read_text()))


def _kept(said: str) -> int:
    last = (said.strip().splitlines() or [""])[-1]
    if last.startswith("{"):
        return int(json.loads(last)["frames"]["kept"])
    return int(last) if last.isdigit() else 0


def measure(chosen: Sequence[Form], clips: Clips, repeats: int) -> Iterator[tuple[Form, Cost, Cost]]:
    """Each form's start-up and whole run, in turns; forwards, then backwards, and so on."""
    for repeat in range(repeats):
        for form in chosen if repeat % 2 == 0 else list(reversed(chosen)):
            clip, _ = clips.of(form.share)
            start, whole = run(form, clips.first()), run(form, clip)
            print(
                f"{repeat + 1}/{repeats} {form.name}: {whole.wall_s:.1f} s, CPU {whole.cpu_s:.1f} s",
                file=sys.stderr,
                flush=True,
            )
            yield form, start, whole


def table(chosen: Sequence[Form], clips: Clips, costs: Sequence[tuple[Form, Cost, Cost]]) -> str:
    """Medians per 1000 pictures without start-up, ratios to the loop in the same repeat, with spread."""
    net: dict[str, list[tuple[float, float]]] = {}
    for form in chosen:
        starts = [start for f, start, _ in costs if f is form]
        start_wall, start_cpu = (
            statistics.median(s.wall_s for s in starts),
            statistics.median(s.cpu_s for s in starts),
        )
        per = 1000 / clips.of(form.share)[1]
        net[form.name] = [
            ((c.wall_s - start_wall) * per, (c.cpu_s - start_cpu) * per) for f, _, c in costs if f is form
        ]
    base, floor = net[chosen[1].name], net[chosen[0].name]
    lines = [
        "| form | pictures | kept | wall s / 1000 | CPU s / 1000 | wall / loop | CPU / loop | CPU above decoding, ms a picture | start-up: wall, CPU s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for form in chosen:
        mine, pictures = net[form.name], clips.of(form.share)[1]
        kept = next(c.kept for f, _, c in costs if f is form)
        starts = [start for f, start, _ in costs if f is form]
        wall, cpu = (statistics.median(m[i] for m in mine) for i in (0, 1))
        ratios = [
            _ratio([m[i] / b[i] for m, b in zip(mine, base, strict=True)], wall_or_cpu=(mine, base, i))
            for i in (0, 1)
        ]
        above = cpu - statistics.median(f[1] for f in floor)
        start = f"{statistics.median(s.wall_s for s in starts):.2f}, {statistics.median(s.cpu_s for s in starts):.2f}"
        lines.append(
            f"| {form.name} | {pictures} | {kept or '–'} | {wall:.2f} | {cpu:.2f} | {ratios[0]} | {ratios[1]} | {above:.2f} | {start} |"
        )
    return "\n".join(lines)


def _ratio(
    each: Sequence[float],
    *,
    wall_or_cpu: tuple[Sequence[tuple[float, float]], Sequence[tuple[float, float]], int],
) -> str:
    mine, base, i = wall_or_cpu
    of_medians = statistics.median(m[i] for m in mine) / statistics.median(b[i] for b in base)
    return f"**{of_medians:.2f}** ({min(each):.2f}–{max(each):.2f})"


def bench(
    *, height: int | None, repeats: int, seconds: float, with_rivals: bool, most: int | None = None
) -> str:
    """The whole benchmark, on so many pictures of the clip at most; its report as Markdown."""
    folder = Path(tempfile.mkdtemp(prefix="bench-job-", dir="/tmp"))
    before = machine()
    try:
        source = ROOT / "examples" / "lobby.mp4"
        if height is not None:
            scaled(source, folder / "scaled.mp4", height)
            source = folder / "scaled.mp4"
        chosen = forms(with_rivals=with_rivals)
        clip = source.rename(folder / f"{CAMERA}.mp4") if height else _named(source, folder)
        once = run(chosen[1], clip).wall_s if seconds else math.inf
        with av.open(str(clip)) as container:
            video = container.streams.video[0]
            shape, pictures = f"{video.width}×{video.height}, {video.codec_context.name}", video.frames
        clips = Clips(clip, folder, max(1, round(seconds / once)), min(pictures, most or pictures))
        costs = list(measure(chosen, clips, repeats))
        versions = ", ".join(f"{name} {version(name)}" for name in VERSIONS)
        return (
            f"{before}; after the runs {machine().rpartition('load ')[2]}. {versions}; {_rival()}.\n\n"
            f"`examples/lobby.mp4`{f' scaled to {shape}' if height else f' ({shape})'}, {clips.loops} times behind itself; {repeats} repeats.\n\n"
            f"{table(chosen, clips, costs)}"
        )
    finally:
        shutil.rmtree(folder)


def _named(source: Path, folder: Path) -> Path:
    target = folder / f"{CAMERA}.mp4"
    shutil.copy(source, target)
    return target


def _rival() -> str:
    text = (ROOT / "scripts" / "bench_job.txt").read_text().strip()
    return text.replace("==", " ") if os.environ.get("BENCH_RIVAL_PYTHON") else "no rivals"


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments, measure, tell."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench job", description="The whole job, in keepframe's forms and others'."
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="so long the one-process loop has to work on the clip"
    )
    parser.add_argument("--height", type=int, help="scale the clip to this height first, such as 1080")
    parser.add_argument("--no-rivals", action="store_true")
    parser.add_argument("--quick", action="store_true", help="once, the first 300 pictures, without rivals")
    given = parser.parse_args(arguments)
    if given.quick:
        print(bench(height=given.height, repeats=1, seconds=0, with_rivals=False, most=300))
    else:
        print(
            bench(
                height=given.height,
                repeats=given.repeats,
                seconds=given.seconds,
                with_rivals=not given.no_rivals,
            )
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
