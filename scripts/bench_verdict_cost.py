"""
What the default score and verdict cost a picture, beside MOG2 and pHash: scripts/bench verdict_cost [--count N].

CPU time of the thread that computes, on one core, on the same pictures of seeded synthetic scenes: from the working image on, which is
made once and not measured. Scene by scene the methods take turns, several times, and of each picture the least time counts: whatever
shares the core or its caches can only add to it. The last column is the median of all times, with what others added.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from verdict_footage import COMMON, SCENES
from verdict_rivals import RECIPES

from keepframe.capture.synthetic_camera import Synthetic
from keepframe.config.defaults import default_stages
from keepframe.frame import Frame
from keepframe.score import Change
from keepframe.stage import find
from keepframe.testing import run

GOAL_MS = 1.0
CHOSEN = ("noise", "leaves", "shake", "small object")
"""Scenes: nothing moves, much moves, everything moves, somebody comes."""
WARM_UP = 20
"""Pictures at the start of each scene that are not measured."""
PASSES = 7
"""How often each scene is shown, from the beginning."""
RIVALS = ("MOG2 > 0.5 %", "pHash > 5")


def working(name: str, count: int, steps: list[dict[str, object]]) -> Iterator[Frame]:
    """The pictures of a scene after these steps of preprocess."""
    options = COMMON | SCENES[name] | {"seed": 1, "count": count}
    made = [(find(str(step["use"])), {k: v for k, v in step.items() if k != "use"}) for step in steps]
    for seq, frame in enumerate(run(made, Synthetic(**options)())):
        yield Frame(seq=seq, time_ns=frame.time_ns, working=frame.image)


def timed(call: Callable[[], object]) -> float:
    """CPU milliseconds of one call."""
    began = time.thread_time_ns()
    call()
    return (time.thread_time_ns() - began) / 1e6


def measured(count: int, steps: list[dict[str, object]]) -> tuple[dict[str, list[list[float]]], str]:
    """Milliseconds of each picture by method, once for each pass, and the size of the working image."""
    told: dict[str, list[list[float]]] = {"keepframe": [], **{name: [] for name in RIVALS}}
    size = ""
    for scene in CHOSEN:
        frames = list(working(scene, count, steps))
        size = "{1} x {0}".format(*frames[0].image.shape)
        passes = [{name: _shown(name, frames) for name in told} for _ in range(PASSES)]
        for name, times in told.items():
            spent = zip(*(one[name][WARM_UP:] for one in passes), strict=True)
            times.extend(list(each) for each in spent)
    return told, size


def _shown(name: str, frames: list[Frame]) -> list[float]:
    """Milliseconds of each picture of a scene that is shown from the beginning."""
    if name == "keepframe":
        ours = Change()
        return [timed(lambda frame=frame: ours(frame)) for frame in frames]
    theirs = RECIPES[name]()
    images = [np.ascontiguousarray(cv2.cvtColor(frame.image, cv2.COLOR_GRAY2BGR)) for frame in frames]
    return [timed(lambda image=image: theirs(image)) for image in images]


def main() -> int:
    """Measure both sizes of working image and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=120, help="pictures of each scene")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    print(
        f"{platform.machine()}, Python {platform.python_version()}, OpenCV {cv2.__version__}, numpy {np.__version__}\n"
    )
    print(
        "| 320 x 180, working image | | ms a picture, least of its passes: median | a tenth below | a tenth above "
        "| keepframe takes | median of all passes |"
    )
    print("|---|---|---|---|---|---|---|")
    gray, *rest = default_stages()["preprocess"]["steps"]
    for steps in ([gray, *rest], [{"use": gray["use"]}]):
        told, size = measured(options.count, steps)
        ours = statistics.median(map(min, told["keepframe"]))
        for name, passes in told.items():
            least = [min(spent) for spent in passes]
            low, *_, high = statistics.quantiles(least, n=10)
            middle, common = statistics.median(least), statistics.median(t for spent in passes for t in spent)
            ratio = (
                f"{ours / GOAL_MS:.2f} of the goal"
                if name == "keepframe"
                else f"{ours / middle:.2f} times that"
            )
            print(
                f"| {size} | {name} | {middle:.2f} | {low:.2f} | {high:.2f} | {ratio} | {common:.2f} |",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
