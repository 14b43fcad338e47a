"""
Measure metrics against the published packages: one core, both sides turn by turn, median and spread.

CPU time of the thread that computes, so that a busy machine disturbs little. A package that is not installed is left out and
named; all of them: pip install keepframe[reference].
"""

import argparse
import importlib
import json
import os
import platform
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

# before numpy is loaded: its matrix products would take every core
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import cv2  # noqa: E402
import numpy as np  # noqa: E402

from keepframe import metrics  # noqa: E402

SMALL, LARGE = (320, 180), (1920, 1080)


@dataclass(frozen=True)
class Row:
    """One comparison at one size; times in ms for one pair."""

    metric: str
    size: str
    ours_ms: float
    ours_spread_ms: float
    rival: str
    rival_ms: float
    rival_spread_ms: float
    ratio: float
    goal: float | None


@dataclass(frozen=True)
class Rival:
    """What a metric is measured against: the module it needs, how to call it, and the ratio aimed at per size."""

    metric: str
    module: str
    call: Callable[[Any, np.ndarray, np.ndarray], object]
    goals: dict[tuple[int, int], float]


def _hashes(name: str) -> Callable[[Any, np.ndarray, np.ndarray], object]:
    def call(module: Any, a: np.ndarray, b: np.ndarray) -> object:
        image = importlib.import_module("PIL.Image")
        function = getattr(module, name)
        return function(image.fromarray(a)) - function(image.fromarray(b))

    return call


RIVALS = [
    Rival("mse", "skimage.metrics", lambda m, a, b: m.mean_squared_error(a, b), {LARGE: 50}),
    Rival(
        "mean-absolute-difference",
        "numpy",
        lambda m, a, b: m.abs(a.astype(float) - b).mean(),
        {LARGE: 50},
    ),
    Rival("ncc", "numpy", lambda m, a, b: m.corrcoef(a.ravel(), b.ravel())[0, 1], {LARGE: 50}),
    Rival("ssim", "skimage.metrics", lambda m, a, b: m.structural_similarity(a, b), {SMALL: 5, LARGE: 10}),
    Rival("ms-ssim", "sewar.full_ref", lambda m, a, b: m.msssim(a, b), {SMALL: 40, LARGE: 40}),
    Rival("vif-p", "sewar.full_ref", lambda m, a, b: m.vifp(a, b), {SMALL: 40, LARGE: 40}),
    Rival("hash-average", "imagehash", _hashes("average_hash"), {LARGE: 20}),
    Rival("hash-difference", "imagehash", _hashes("dhash"), {LARGE: 20}),
    Rival("hash-perceptual", "imagehash", _hashes("phash"), {LARGE: 20}),
    Rival("hash-wavelet", "imagehash", _hashes("whash"), {LARGE: 20}),
    Rival(
        "earth-movers-distance",
        "scipy.stats",
        lambda m, a, b: m.wasserstein_distance(a.ravel(), b.ravel()),
        {SMALL: 100, LARGE: 100},
    ),
    Rival("uqi", "sewar.full_ref", lambda m, a, b: m.uqi(a, b), {}),
    Rival("edge-difference", "skimage.filters", lambda m, a, b: np.abs(m.sobel(a) - m.sobel(b)).mean(), {}),
    Rival("phase-shift", "skimage.registration", lambda m, a, b: m.phase_cross_correlation(a, b), {}),
]


def pictures(width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """A textured gray scene and the same with noise and something in it; the same on every machine."""
    rng = np.random.default_rng(6)
    coarse = rng.integers(30, 220, (9, 16), dtype=np.uint8)
    scene = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    scene = np.clip(scene + rng.normal(0, 8, scene.shape), 0, 255).astype(np.uint8)
    test = np.clip(scene + rng.normal(0, 3, scene.shape), 0, 255).astype(np.uint8)
    test[height // 2 : height // 2 + height // 8, width // 3 : width // 3 + height // 8] = 10
    return scene, test


def measure(rival: Rival, module: Any, size: tuple[int, int], seconds: float) -> Row:
    """Time both, turn by turn, for about that long, at least three times each."""
    a, b = pictures(*size)
    one = metrics.metric(rival.metric)
    ours: list[float] = []
    theirs: list[float] = []
    one.value(a, b)
    begun = time.perf_counter()
    while len(theirs) < 3 or (time.perf_counter() - begun < seconds and len(theirs) < 200):
        # ours runs several times a turn: below a tenth of a millisecond one run is mostly the clock
        started = time.thread_time_ns()
        for _ in range(5):
            one.value(a, b)
        ours.append((time.thread_time_ns() - started) / 5e6)
        started = time.thread_time_ns()
        rival.call(module, a, b)
        theirs.append((time.thread_time_ns() - started) / 1e6)
    mine, other = statistics.median(ours), statistics.median(theirs)
    return Row(
        rival.metric,
        f"{size[0]}x{size[1]}",
        round(mine, 4),
        round(_spread(ours), 4),
        rival.module.partition(".")[0],
        round(other, 3),
        round(_spread(theirs), 3),
        round(other / mine, 1),
        rival.goals.get(size),
    )


def _spread(values: list[float]) -> float:
    """Distance of the quartiles."""
    ordered = sorted(values)
    return ordered[(3 * len(ordered)) // 4] - ordered[len(ordered) // 4]


def _import_cost() -> tuple[float, float]:
    """Seconds to import cv2 alone and keepframe.metrics, each in a fresh interpreter, best of five."""
    import subprocess  # noqa: PLC0415

    def best(module: str) -> float:
        code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
        runs = (
            subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
            for _ in range(5)
        )
        return min(float(run.stdout) for run in runs)

    return best("cv2"), best("keepframe.metrics")


def main() -> int:
    """Measure, print the table, and say what misses its goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="per metric and size (default 1)")
    parser.add_argument("--only", nargs="*", help="names of metrics")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    warnings.simplefilter("ignore")
    rows, missing = [], set()
    for rival in RIVALS:
        if options.only and rival.metric not in options.only:
            continue
        if rival.metric not in metrics.names():
            missing.add(rival.metric)
            continue
        try:
            module = importlib.import_module(rival.module)
        except ImportError:
            missing.add(rival.module.partition(".")[0])
            continue
        for size in (SMALL, LARGE):
            rows.append(measure(rival, module, size, options.seconds))
            if not options.json:
                _print(rows[-1], header=len(rows) == 1)
    alone, whole = _import_cost()
    if options.json:
        machine = {"python": platform.python_version(), "opencv": cv2.__version__, "numpy": np.__version__}
        report = {"machine": machine, "import_s": {"cv2": alone, "keepframe.metrics": whole}}
        print(
            json.dumps(
                {**report, "rows": [asdict(row) for row in rows], "missing": sorted(missing)}, indent=1
            )
        )
    else:
        print(
            f"import: cv2 {alone * 1e3:.0f} ms, keepframe.metrics {whole * 1e3:.0f} ms ({whole / alone:.2f} times; goal below 2)"
        )
        if missing:
            print(f"left out, not installed: {', '.join(sorted(missing))}")
    return 0


def _print(row: Row, *, header: bool) -> None:
    if header:
        print(
            f"Python {platform.python_version()}, OpenCV {cv2.__version__}, numpy {np.__version__}; ms CPU, median (quartile distance)"
        )
        print(f"{'metric':26}{'size':>11}{'ours':>20}{'rival':>26}{'ratio':>8}{'goal':>6}")
    ours = f"{row.ours_ms:.3f} ({row.ours_spread_ms:.3f})"
    theirs = f"{row.rival} {row.rival_ms:.2f} ({row.rival_spread_ms:.2f})"
    goal = "" if row.goal is None else f"{row.goal:.0f}{'' if row.ratio >= row.goal else ' !'}"
    print(f"{row.metric:26}{row.size:>11}{ours:>20}{theirs:>26}{row.ratio:>8.1f}{goal:>6}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
