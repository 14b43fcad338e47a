"""
The stage tables: [stages.NAME], [stages.capture], and what [cameras.X.stages.NAME] changes for one camera.

Whether the stages fit together is looked at in graph.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from difflib import get_close_matches
from typing import Any, TypeVar

from keepframe.config import units
from keepframe.config.defaults import default_stages
from keepframe.config.pipeline import CAPTURE, Capture, Queue, Stage, Store, Use, frozen
from keepframe.config.problems import Keys, Problems, told
from keepframe.config.reach import REACH_KEYS, read_reach
from keepframe.config.uses import Reader, refusal

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
STAGE_KEYS = ("inputs", "use", "steps", "replicas", "queue", "hang_after", "max_memory", *REACH_KEYS)
CAPTURE_KEYS = ("store", "check_pixels", "hang_after", "max_memory", *REACH_KEYS)

Limits = TypeVar("Limits", Queue, Store)
Bounded = TypeVar("Bounded", Capture, Stage)
Steps = list[tuple[Keys, Use]]
"""Each step with the place where its options are written; not whole yet: a camera may add to them."""


def is_name(keys: Keys, problems: Problems) -> bool:
    """Whether the last of `keys` can be the name of a camera or a stage."""
    if NAME.fullmatch(str(keys[-1])):
        return True
    problems.add(
        keys, "expected a name of 1 to 64 letters, digits, - and _, beginning with a letter or digit"
    )
    return False


def read_capture(table: Any, problems: Problems) -> Capture:
    """The table [stages.capture]."""
    keys = ("stages", CAPTURE)
    if not isinstance(table, dict):
        problems.add(keys, f"expected a table, got {told(table)}")
        return Capture()
    for key in table:
        if key not in CAPTURE_KEYS:
            problems.unknown((*keys, key), CAPTURE_KEYS)
    capture = Capture()
    if "store" in table:
        capture = replace(capture, store=_limits((*keys, "store"), table["store"], Store(), problems))
    if "check_pixels" in table:
        told_so = table["check_pixels"]
        if not isinstance(told_so, bool):
            problems.add((*keys, "check_pixels"), f"expected true or false, got {told(told_so)}")
        capture = replace(capture, check_pixels=told_so is True)
    return _with_bounds(keys, table, capture, problems)


def read_stage(
    name: str, table: Any, reader: Reader, *, is_needed: bool = True
) -> tuple[Stage, Steps] | None:
    """
    One stage without its per-camera options, and its steps with the places they are written at.

    is_needed: False for a stage of other machines, whose own modules are not imported here. None if there is no telling what it is.
    """
    problems, keys = reader.problems, ("stages", name)
    if not isinstance(table, dict):
        problems.add(keys, f"expected a table, got {told(table)}")
        return None
    if not is_name(keys, problems):
        return None
    inputs = _inputs(keys, table, problems)
    steps = _steps(keys, table, reader, STAGE_KEYS, is_needed=is_needed)
    stage = Stage(name, inputs, tuple(use for _, use in steps))
    if "replicas" in table:
        stage = replace(stage, replicas=_replicas(keys, table["replicas"], problems))
    if "queue" in table:
        stage = replace(stage, queue=_limits((*keys, "queue"), table["queue"], Queue(), problems))
    stage = _with_bounds(keys, table, stage, problems)
    if len(steps) == 1 and stage.is_archive and stage.replicas != 1:
        problems.add((*keys, "replicas"), f"expected 1, got {stage.replicas}; one archive writes a catalogue")
    return (stage, steps) if steps else None


def with_cameras(
    stage: Stage, steps: Steps, tables: Mapping[str, Any], reader: Reader, *, is_needed: bool = True
) -> Stage:
    """
    The stage with every camera's options, all of them whole.

    tables: for each camera what stands in [cameras.X.stages.NAME], or None.
    """
    by_camera = {}
    for camera, table in tables.items():
        if table is None:
            continue
        own = _own_steps(
            ("cameras", camera, "stages", stage.name), table, stage, steps, reader, is_needed=is_needed
        )
        by_camera[camera] = tuple(_whole(step_keys, use, reader) for step_keys, use in own)
    if not tables or len(by_camera) < len(tables) or _is_shared(steps):
        steps = [(step_keys, _whole(step_keys, use, reader)) for step_keys, use in steps]
    return replace(stage, steps=tuple(use for _, use in steps), by_camera=frozen(by_camera))


def _is_shared(steps: Steps) -> bool:
    return any(use.contract is not None and use.contract.per == "process" for _, use in steps)


def _own_steps(
    keys: Keys, table: Any, stage: Stage, steps: Steps, reader: Reader, *, is_needed: bool
) -> Steps:
    if not isinstance(table, dict):
        reader.problems.add(keys, f"expected a table, got {told(table)}")
        return steps
    for key in table:
        if key in STAGE_KEYS and key != "steps":
            reader.problems.add((*keys, key), f"the same for all cameras; set it in [stages.{stage.name}]")
    table = {key: value for key, value in table.items() if key not in STAGE_KEYS or key == "steps"}
    refused = [refusal(keys, use.contract) for _, use in steps if use.contract is not None]
    if not table or any(refused):
        for why_not in filter(None, refused if table else ()):
            reader.problems.add(keys, why_not)
        return steps
    is_single = len(steps) == 1 and "steps" not in steps[0][0]
    if "steps" in table or not is_single:
        return _steps(keys, {"steps": None, **table}, reader, ("steps",), is_needed=is_needed)
    base = steps[0][1]
    if base.contract is None:
        return [(keys, Use(base.use, frozen({**base.options, **table})))]
    options = reader.options(keys, base.contract, table, ())
    return [(keys, Use(base.use, frozen({**base.options, **options}), base.contract))]


def _whole(keys: Keys, use: Use, reader: Reader) -> Use:
    return use if use.contract is None else reader.made(keys, use.contract, dict(use.options))


def _steps(
    keys: Keys, table: Mapping[str, Any], reader: Reader, known: tuple[str, ...], *, is_needed: bool = True
) -> Steps:
    problems = reader.problems
    if "use" in table and "steps" in table:
        problems.add(keys, "expected either use or steps, got both")
        return []
    if "steps" not in table:
        if "use" not in table:
            problems.add((*keys, "use"), "missing; expected the name of a stage, or steps = [{ use = … }, …]")
            return []
        options = {key: value for key, value in table.items() if key not in known}
        return _step(keys, table["use"], options, reader, known, is_needed=is_needed)
    for key in table:
        if key not in known:
            problems.add(
                (*keys, key), "unknown key; with steps an option stands in its step: steps = [{ use = …, … }]"
            )
    written = table["steps"]
    if written is None:
        return []
    if not isinstance(written, list) or not written:
        problems.add(
            (*keys, "steps"), f"expected a list of tables like {{ use = 'blur' }}, got {told(written)}"
        )
        return []
    found: Steps = []
    for i, step in enumerate(written):
        place = (*keys, "steps", i)
        if not isinstance(step, dict):
            problems.add(place, f"expected a table like {{ use = 'blur' }}, got {told(step)}")
        elif "use" not in step:
            problems.add((*place, "use"), "missing; expected the name of a stage")
        else:
            options = {key: value for key, value in step.items() if key != "use"}
            found += _step(place, step["use"], options, reader, ("use",), is_needed=is_needed)
    return found if len(found) == len(written) else []


def _step(
    keys: Keys, use: Any, options: dict[str, Any], reader: Reader, known: tuple[str, ...], *, is_needed: bool
) -> Steps:
    if not is_needed and isinstance(use, str) and ":" in use:
        return [(keys, Use(use, frozen(options)))]
    contract = reader.contract((*keys, "use"), use)
    if contract is None:
        return []
    why_not = refusal((*keys, "use"), contract)
    if why_not is not None:
        reader.problems.add((*keys, "use"), why_not)
        return []
    return [(keys, Use(contract.use, frozen(reader.options(keys, contract, options, known)), contract))]


def _inputs(keys: Keys, table: Mapping[str, Any], problems: Problems) -> tuple[str, ...]:
    keys = (*keys, "inputs")
    if "inputs" not in table:
        near = get_close_matches(str(keys[-2]), [CAPTURE, *default_stages()], 1)
        hint = f"; is {near[0]!r} meant to be it?" if near else ""
        problems.add(keys, f"missing; expected a list of what feeds this stage, like ['capture']{hint}")
        return ()
    inputs = table["inputs"]
    if not isinstance(inputs, list) or not inputs or not all(isinstance(name, str) for name in inputs):
        problems.add(keys, f"expected a list of what feeds this stage, like ['capture'], got {told(inputs)}")
        return ()
    for i, name in enumerate(inputs):
        if name in inputs[:i]:
            problems.add((*keys, i), f"{name!r} stands there twice")
    return tuple(dict.fromkeys(inputs))


def _replicas(keys: Keys, value: Any, problems: Problems) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    problems.add((*keys, "replicas"), f"expected a whole number from 1, got {told(value)}")
    return 1


def _with_bounds(keys: Keys, table: Mapping[str, Any], of: Bounded, problems: Problems) -> Bounded:
    """What a process may take before its supervisor ends it, time for a frame and memory, and where it is found."""
    hang_after_s, max_memory = of.hang_after_s, of.max_memory
    if "hang_after" in table:
        where = (*keys, "hang_after")
        hang_after_s = _checked(where, units.seconds, table["hang_after"], hang_after_s, problems)
    if "max_memory" in table:
        max_memory = _checked((*keys, "max_memory"), units.size, table["max_memory"], max_memory, problems)
    listen, at = read_reach(keys, table, problems)
    return replace(of, hang_after_s=hang_after_s, max_memory=max_memory, listen=listen, at=at)


def _limits(keys: Keys, table: Any, limits: Limits, problems: Problems) -> Limits:
    if not isinstance(table, dict):
        problems.add(keys, f"expected a table like {{ frames = 32, bytes = '64MB' }}, got {told(table)}")
        return limits
    known = [field.name for field in fields(limits)]
    for key in table:
        if key not in known:
            problems.unknown((*keys, key), known)
    frames = _checked((*keys, "frames"), _count, table.get("frames", limits.frames), limits.frames, problems)
    most = _checked((*keys, "bytes"), units.size, table.get("bytes", limits.bytes), limits.bytes, problems)
    return replace(limits, frames=frames, bytes=most)


def _count(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise ValueError(f"expected a whole number from 1, got {told(value)}")


Value = TypeVar("Value", int, float)


def _checked(
    keys: Keys, check: Callable[[Any], Value], value: Any, default: Value, problems: Problems
) -> Value:
    try:
        return check(value)
    except ValueError as error:
        problems.add(keys, str(error))
        return default
