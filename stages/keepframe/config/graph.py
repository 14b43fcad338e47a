"""
How the stages hang together: every frame comes from the capture and ends in the one archive.

Tables and options are read elsewhere; here are only names and what feeds what.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from keepframe.config.defaults import default_stages
from keepframe.config.pipeline import CAPTURE, Stage
from keepframe.config.problems import Problems, nearest

ALL_WRITTEN = "once a stage names inputs, only the stages that are written exist"


def linked(
    stages: Mapping[str, Stage], cameras: Collection[str], problems: Problems
) -> tuple[dict[str, Stage], tuple[str, ...]]:
    """
    The stages in topological order, and the sinks, which are fed on to the archive.

    What does not fit is noted; the order is then of no use.
    """
    before = len(problems.found)
    archives = [stage.name for stage in stages.values() if stage.is_archive]
    _check_archives(archives, problems)
    for stage in stages.values():
        _check_inputs(stage, stages, cameras, problems)
    ordered = _ordered(stages, problems)
    if len(problems.found) > before:
        return dict(stages), ()
    read = {name for stage in stages.values() for name in stage.inputs}
    sinks = tuple(name for name in ordered if name not in read and name not in archives)
    archive = stages[archives[0]]
    return {
        **{name: stages[name] for name in ordered if name != archive.name},
        archive.name: replace(archive, inputs=(*archive.inputs, *sinks)),
    }, sinks


def _check_archives(archives: list[str], problems: Problems) -> None:
    if not archives:
        problems.add(
            ("stages",),
            f"expected one archive, got none; {ALL_WRITTEN}",
        )
    elif len(archives) > 1:
        problems.add(("stages",), f"expected one archive, got {len(archives)}: {', '.join(archives)}")


def _check_inputs(
    stage: Stage, stages: Mapping[str, Stage], cameras: Collection[str], problems: Problems
) -> None:
    keys = ("stages", stage.name, "inputs")
    for i, name in enumerate(stage.inputs):
        if name == CAPTURE:
            continue
        if name not in stages:
            hint = nearest(name, [CAPTURE, *(other for other in stages if other != stage.name)])
            if name in default_stages():
                hint = ALL_WRITTEN
            elif name in cameras:
                hint = "it is a camera; 'capture' stands for all of them"
            problems.add((*keys, i), f"no stage named {name!r}; {hint}")
        elif stages[name].is_archive:
            problems.add((*keys, i), f"{name!r} is the archive; nothing comes after it")
    if len(stage.inputs) > 1 and not stage.is_archive:
        several = ", ".join(map(repr, stage.inputs))
        problems.add(
            keys,
            f"branches meet here ({several}); only the archive can take several inputs as long as there are no joins",
        )


def _ordered(stages: Mapping[str, Stage], problems: Problems) -> list[str]:
    """Their names, what feeds first, else as written."""
    ordered: list[str] = []
    waiting = dict(stages)
    while waiting:
        ready = [
            name for name, stage in waiting.items() if not any(upper in waiting for upper in stage.inputs)
        ]
        if not ready:
            cycle = _cycle(waiting)
            problems.add(("stages", cycle[0], "inputs"), f"a circle: {' -> '.join([*cycle, cycle[0]])}")
            return ordered
        ordered.append(ready[0])
        del waiting[ready[0]]
    return ordered


def _cycle(waiting: Mapping[str, Stage]) -> list[str]:
    """One circle among stages that all wait for another of them, in the direction of the frames."""
    way = [next(iter(waiting))]
    while True:
        upper = next(name for name in waiting[way[-1]].inputs if name in waiting)
        if upper in way:
            circle = way[way.index(upper) :][::-1]
            first = circle.index(min(circle))
            return circle[first:] + circle[:first]
        way.append(upper)
