"""
What keepframe keeps of labelled footage, beside what others keep: scripts/bench verdict [--data FOLDER] [--only NAME ...] [--set KEY.PATH=VALUE].

Parts: every picture and one a second of a data set folder (labels as `keepframe evaluate` reads them; by default the one beside the
checkout, if there is one), objects planted into its quiet stretches, and seeded synthetic scenes; if asked for, its clips as worse
cameras would have given them (--parts disturbed). One setting for everything. Prints a table for each part, writes nothing but what
rivals keep of the same pictures, into a temporary folder.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import av
import cv2
from verdict_disturbed import DISTURBANCES, disturbed
from verdict_footage import FOUND_IN, SHARES, Footage, Planted, clips, planted, scenes, sites
from verdict_rivals import RECIPES, Keeper, programs
from verdict_tables import tell_disturbed, tell_every, tell_planted, tell_scenes, tell_second

from keepframe.cli.rehearsal import Rehearsal, pipeline_for
from keepframe.frame import Frame
from keepframe.measure.rules import ONE_A_SECOND, PHASES, Tally, is_sampled, tally

ROOT = Path(__file__).resolve().parents[1]
OURS = "keepframe"
PARTS = ("every", "second", "planted", "synthetic")
MORE_PARTS = ("disturbed",)
"""Not measured unless asked for: minutes for each method."""
CACHE = Path(tempfile.gettempdir()) / "keepframe-bench-verdict"
SOURCE = "".join(
    ast.dump(ast.parse((ROOT / "scripts" / name).read_text()))
    for name in ("verdict_rivals.py", "verdict_footage.py", "verdict_disturbed.py")
)
"""What rivals keep is remembered as long as the code that makes it is the same."""


class Ours:
    """Keepframe's stages over pictures, as a keeper of frames."""

    def __init__(self, pipeline: Path | None, sets: Sequence[str]) -> None:
        self._rehearsal = Rehearsal(*pipeline_for({"source": "synthetic", "count": 0}, pipeline, None, sets))

    def see(self, frame: Frame) -> list[int]:
        """Which pictures are kept now."""
        return [f.index for f in self._rehearsal.push(frame) if f.outcome is None and f.index is not None]

    def finish(self) -> list[int]:
        """Which had been held back."""
        return [f.index for f in self._rehearsal.finish() if f.outcome is None and f.index is not None]


class Theirs:
    """A recipe as a keeper of frames."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def see(self, frame: Frame) -> list[int]:
        """Which pictures are kept now; a damaged one never."""
        if frame.picture is None or frame.index is None:
            return []
        return [frame.index] if self._keeper(frame.picture.bgr()) else []

    def finish(self) -> list[int]:
        """Nothing is held back."""
        return []


Run = Callable[[int], bool]
Method = Callable[[], Any]


class Bench:
    """The methods, and what they keep; what rivals keep is remembered, since it does not change."""

    def __init__(self, ours: dict[str, Method], recipes: dict[str, Method], *, with_programs: bool) -> None:
        self.ours, self.recipes = ours, recipes
        self.programs = programs() if with_programs else {}

    @property
    def names(self) -> list[str]:
        """All of them, ours first."""
        return [*self.ours, *self.recipes]

    def kept(
        self, key: str, frames: Callable[[], Iterable[Frame]], runs: Sequence[Run]
    ) -> dict[str, list[list[int]]]:
        """What each method keeps in each run, all in one reading."""
        told = {
            name: known for name in self.recipes if (known := _known(f"{key} {len(runs)} {name}")) is not None
        }
        made = {
            name: [method() for _ in runs]
            for name, method in (self.ours | self.recipes).items()
            if name not in told
        }
        found: dict[str, list[list[int]]] = {name: [[] for _ in runs] for name in made}
        for frame in frames():
            for number, run in enumerate(runs):
                if run(frame.index or 0):
                    for name, keepers in made.items():
                        found[name][number] += keepers[number].see(frame)
        for name, keepers in made.items():
            for number, keeper in enumerate(keepers):
                found[name][number] += keeper.finish()
            if name in self.recipes:
                _remember(f"{key} {len(runs)} {name}", found[name])
        return found | told

    def kept_of_file(self, footage: Footage) -> dict[str, list[int]]:
        """What the programs keep of every picture of a clip."""
        told: dict[str, list[int]] = {}
        for name, program in self.programs.items():
            known = _known(f"{footage.key} file {name}")
            if known is None:
                with tempfile.TemporaryDirectory() as folder:
                    file = footage.file or _written(footage, Path(folder) / "clip.mkv")
                    try:
                        kept = program(file, footage.labels.fps or 1.0)
                    except subprocess.CalledProcessError as error:
                        print(f"left out, {name} failed: {error.stderr[-300:]}", file=sys.stderr)
                        continue
                    known = [n for n in kept if n < footage.labels.count]
                _remember(f"{footage.key} file {name}", known)
            told[name] = known
        return told


def _place(key: str) -> Path:
    return CACHE / f"{hashlib.sha256((SOURCE + key).encode()).hexdigest()[:24]}.json"


def _known(key: str) -> Any:
    try:
        return json.loads(_place(key).read_text())
    except (OSError, ValueError):
        return None


def _remember(key: str, kept: Any) -> None:
    CACHE.mkdir(exist_ok=True, mode=0o700)
    _place(key).write_text(json.dumps(kept))


def _written(footage: Footage, path: Path) -> Path:
    """The pictures as a lossless video, for programs that read files."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=round(footage.labels.fps or 1))
        stream.pix_fmt = "yuv420p"
        for frame in footage.frames():
            picture = frame.picture
            if picture is None:
                continue
            if stream.width != picture.width:
                stream.height, stream.width = picture.height, picture.width
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture.bgr(), format="bgr24")))
        container.mux(stream.encode())
    return path


def every_picture(bench: Bench, footage: Sequence[Footage]) -> dict[str, dict[str, Tally]]:
    """{method: {clip: tally}}, every picture shown."""
    told: dict[str, dict[str, Tally]] = {}
    for one in footage:
        kept = {name: runs[0] for name, runs in bench.kept(one.key, one.frames, [lambda _: True]).items()}
        if one.labels.fps:
            kept |= bench.kept_of_file(one)
        for name, keeps in kept.items():
            told.setdefault(name, {})[one.name] = tally(one.labels, keeps)
    return told


def one_a_second(bench: Bench, footage: Sequence[Footage]) -> dict[str, dict[str, Tally]]:
    """{method: {clip: tally}}, one picture a second, five shifted runs added up."""
    told: dict[str, dict[str, Tally]] = {}
    for one in footage:
        fps = one.labels.fps
        if fps is None:
            continue
        runs = [lambda n, phase=phase, fps=fps: is_sampled(n, fps, 1.0, phase) for phase in range(PHASES)]
        for name, kept in bench.kept(f"{one.key} 1s", one.frames, runs).items():
            tallies = [
                tally(one.labels, keeps, [n for n in range(one.labels.count) if run(n)], ONE_A_SECOND)
                for keeps, run in zip(kept, runs, strict=True)
            ]
            told.setdefault(name, {})[one.name] = sum(tallies, Tally())
    return told


def found_objects(
    bench: Bench, footage: Sequence[Footage], plants: int
) -> tuple[dict[str, dict[float, int]], int]:
    """How many planted objects of each size each method finds, and of how many; planted so many times, elsewhere each time."""
    told = {name: dict.fromkeys(SHARES, 0) for name in bench.names}
    count = 0
    for seed, (one, stretch) in enumerate(sites(list(footage))):
        plain: dict[str, list[list[int]]] | None = None
        for case in chain.from_iterable(planted(one, stretch, seed + 1000 * n) for n in range(plants)):
            count += 1
            plain = plain or bench.kept(
                f"{one.key} {stretch} plain", lambda case=case: case.plain, [lambda _: True]
            )
            kept = bench.kept(
                case.key, lambda case=case: (*case.plain[: case.at], *case.planted), [lambda _: True]
            )
            for name in bench.names:
                told[name][case.share] += _is_found(case, kept[name][0], plain[name][0])
    return told, count // len(SHARES)


def _is_found(case: Planted, kept: Sequence[int], plain: Sequence[int]) -> bool:
    """Kept with the object, silent shortly before, and silent in the run without it."""
    before = {f.index for f in case.plain[case.at - FOUND_IN : case.at]}
    after = {f.index for f in case.plain[case.at : case.at + FOUND_IN]}
    return bool(after & set(kept)) and not before & set(kept) and not after & set(plain)


def main() -> int:
    """Measure the parts and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=ROOT.parent / "shared" / "data", help="a folder of labelled clips"
    )
    parser.add_argument("--shaking", default="cdnet_traffic_jitter", help="the clip that is told apart")
    parser.add_argument("--parts", nargs="*", choices=PARTS + MORE_PARTS, default=PARTS)
    parser.add_argument("--seed", type=int, default=1, help="of the synthetic scenes")
    parser.add_argument(
        "--plants", type=int, default=1, help="how many times objects are planted, elsewhere each time"
    )
    parser.add_argument("--only", nargs="*", help=f"methods whose name begins so; {OURS!r} is ours")
    parser.add_argument("--pipeline", type=Path, help="stages of ours; the default ones unless given")
    parser.add_argument("--set", dest="sets", action="append", default=[], help="change a value of ours")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    began = time.monotonic()
    wanted = tuple(options.only or ("",))
    ours = {OURS: lambda: Ours(options.pipeline, options.sets)} if OURS.startswith(wanted) else {}
    recipes = {
        name: lambda made=made: Theirs(made()) for name, made in RECIPES.items() if name.startswith(wanted)
    }
    bench = Bench(ours, recipes, with_programs=options.only is None)
    if options.data.is_dir():
        footage = clips(options.data)
        if "every" in options.parts:
            print(*tell_every(every_picture(bench, footage), options.shaking), "", sep="\n", flush=True)
        if "second" in options.parts:
            print(*tell_second(one_a_second(bench, footage), options.shaking), "", sep="\n", flush=True)
        if "planted" in options.parts:
            found, count = found_objects(bench, footage, options.plants)
            print(*tell_planted(found, count), "", sep="\n", flush=True)
        if "disturbed" in options.parts:
            films = [one for one in footage if one.labels.fps]
            told = {
                name: every_picture(bench, [disturbed(one, name) for one in films]) for name in DISTURBANCES
            }
            print(*tell_disturbed(told, options.shaking), "", sep="\n", flush=True)
    else:
        print(
            f"left out, no labelled clips at {options.data}: every picture, one a second, planted objects\n"
        )
    if "synthetic" in options.parts:
        footage = scenes(options.seed)
        print(*tell_scenes(every_picture(bench, footage), footage), "", sep="\n", flush=True)
    print(f"{time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
