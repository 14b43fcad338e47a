"""
The camera tables: [cameras.NAME], a source with its options and what to do when the rest is slower.

What a camera changes in a stage is read with the stages.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from keepframe.config.pipeline import Camera, Policy, Use, frozen
from keepframe.config.problems import Keys, Problems, nearest, told
from keepframe.config.stages import is_name
from keepframe.config.uses import Reader, names_of_kind
from keepframe.picture import polygon

CAMERA_KEYS = ("source", "policy", "privacy", "stages")
POLICIES: tuple[Policy, ...] = get_args(Policy)


def camera_tables(document: dict[str, Any], problems: Problems) -> dict[str, dict[str, Any]]:
    """The tables of the cameras, as far as they are tables with a name."""
    tables = document.get("cameras", {})
    if not isinstance(tables, dict):
        problems.add(("cameras",), f"expected tables [cameras.NAME], got {told(tables)}")
        return {}
    if not tables:
        problems.add(("cameras",), "expected at least one table [cameras.NAME], got none")
    found = {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            problems.add(("cameras", name), f"expected a table [cameras.NAME], got {told(table)}")
        elif is_name(("cameras", name), problems):
            found[name] = table
    return found


def read_camera(name: str, table: dict[str, Any], reader: Reader, *, is_needed: bool = True) -> Camera:
    """One camera; what is wrong with it is noted. is_needed: False where its source's own module is not to be imported."""
    problems, keys = reader.problems, ("cameras", name)
    options = {key: value for key, value in table.items() if key not in CAMERA_KEYS}
    source = _source(keys, table, options, reader, is_needed=is_needed)
    is_live = _is_live(source)
    policy: Policy = "latest" if is_live else "block"
    if source.contract is not None and getattr(source.contract.target, "policy", None) in POLICIES:
        policy = source.contract.target.policy  # type: ignore[attr-defined]
    if "policy" in table:
        policy = _policy((*keys, "policy"), table["policy"], policy, problems)
    privacy = _privacy((*keys, "privacy"), table.get("privacy", []), problems)
    return Camera(name, source, policy, is_live, privacy)


def check_pipe(cameras: Iterable[Camera], problems: Problems) -> None:
    """There is one stdin: of two cameras that read it each would get a part of the other's pictures."""
    readers = [camera.name for camera in cameras if camera.reads_stdin]
    for name in readers[1:]:
        problems.add(
            ("cameras", name, "source"),
            f"expected one camera that reads the pipe, cameras.{readers[0]} does already; run this one as a pipeline of its own",
        )


def _source(
    keys: Keys, table: dict[str, Any], options: dict[str, Any], reader: Reader, *, is_needed: bool
) -> Use:
    nothing = Use(str(table.get("source", "")), frozen(options))
    place = (*keys, "source")
    if "source" not in table:
        near = [key for key in options if nearest(key, ["source"]).startswith("did")]
        hint = f"; is {near[0]!r} meant to be it?" if near else ""
        reader.problems.add(
            place,
            f"missing; expected one of {', '.join(names_of_kind('source'))}, or 'module:attribute'{hint}",
        )
        return nothing
    if not is_needed and ":" in nothing.use:
        return nothing
    contract = reader.contract(place, table["source"])
    if contract is None:
        return nothing
    if contract.kind != "source":
        known = ", ".join(names_of_kind("source"))
        reader.problems.add(place, f"{contract.use!r} is no source: it takes a frame; known sources: {known}")
        return nothing
    return reader.made(keys, contract, reader.options(keys, contract, options, CAMERA_KEYS))


def _is_live(source: Use) -> bool:
    if source.contract is None:
        return False
    found = getattr(source.contract.target, "is_live", False)
    if not isinstance(found, property):
        return bool(found)
    try:
        return bool(source.contract.target(**source.options).is_live)
    except Exception:  # noqa: BLE001  what its constructor refuses is told where it is tried
        return False


def _privacy(keys: Keys, value: Any, problems: Problems) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(region, str) for region in value):
        problems.add(keys, f"expected a list of regions like '0,0 0.5,1', got {told(value)}")
        return ()
    for i, region in enumerate(value):
        try:
            polygon.corners(region)
        except ValueError as error:
            problems.add((*keys, i), str(error))
    return tuple(value)


def _policy(keys: Keys, value: Any, default: Policy, problems: Problems) -> Policy:
    for policy in POLICIES:
        if value == policy:
            return policy
    near = nearest(value, POLICIES) if isinstance(value, str) else ""
    hint = f"; {near}" if near.startswith("did") else ""
    problems.add(keys, f"expected {' or '.join(map(repr, POLICIES))}, got {told(value)}{hint}")
    return default
