"""
`keepframe check`: what a pipeline is, before anything starts: its graph, and the contract of each stage.

Reading and judging a pipeline is the config's business.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from keepframe.cli.options import json_option, pipeline_argument, set_option
from keepframe.cli.writing import duration, size, styled, write_json, write_table
from keepframe.config import CAPTURE, Camera, Pipeline, Stage, Use, load
from keepframe.config.advice import advice
from keepframe.config.places import missing_places
from keepframe.errors import ConfigError
from keepframe.redaction import redacted
from keepframe.stage import Option


@click.command("check")
@pipeline_argument
@set_option
@json_option
def command(pipeline: Path, sets: tuple[str, ...], *, is_json: bool) -> None:
    """
    Show what a pipeline is, without starting it.

    PIPELINE is a TOML file, by default pipeline.toml. Prints the graph, what each stage takes, its options with their types, defaults
    and the values that are set. Exits 78, with everything that is wrong, if it cannot run.
    """
    try:
        loaded = load(pipeline, sets)
    except ConfigError as error:
        if is_json:
            write_json({"pipeline": error.where, "problems": error.problems})
        raise
    if is_json:
        write_json(_said(loaded))
    else:
        _tell(pipeline, loaded)


def _tell(path: Path, pipeline: Pipeline) -> None:
    missing = missing_places(pipeline)
    if missing:
        click.echo(styled(f"{path}: can run, but not on this machine as it is: see the end", fg="yellow"))
    else:
        click.echo(styled(f"{path}: can run", fg="green"))
    click.echo()
    for line in graph(pipeline):
        click.echo(f"  {line}")
    for line in network(pipeline):
        click.echo(f"  {line}")
    for camera in pipeline.cameras.values():
        click.echo()
        click.echo(styled(f"[cameras.{camera.name}]", bold=True) + f" {_camera(camera)}")
        _tell_options(camera.source, pipeline.folder)
    for stage in pipeline.stages.values():
        click.echo()
        click.echo(styled(f"[stages.{stage.name}]", bold=True) + f" {_stage(stage)}")
        for use in stage.steps:
            click.echo(f"  {use.use}: {_contract(use)}")
            _tell_options(use, pipeline.folder)
        for name, steps in stage.by_camera.items():
            for use, default in zip(steps, stage.steps, strict=False):
                if use != default:
                    changed = {k: v for k, v in use.options.items() if default.options.get(k) != v}
                    told = ", ".join(f"{option} = {_value(value)}" for option, value in changed.items())
                    click.echo(f"  {name}: {use.use} with {told or 'its defaults'}")
            if len(steps) != len(stage.steps):
                click.echo(f"  {name}: {', '.join(use.use for use in steps)}")
    for text in [*advice(pipeline), *missing]:
        click.echo()
        click.echo(styled("note: ", fg="yellow") + text)


def graph(pipeline: Pipeline) -> Iterator[str]:
    """Each way from the capture to the archive, a line each."""

    def ways(name: str) -> Iterator[list[str]]:
        lowers = pipeline.lowers(name)
        if not lowers:
            yield [name]
        for lower in lowers:
            yield from ([name, *way] for way in ways(lower))

    for way in ways(CAPTURE):
        named = [
            f"{n} ×{pipeline.stages[n].replicas}" if n != CAPTURE and pipeline.stages[n].replicas > 1 else n
            for n in way
        ]
        yield " → ".join(named)


def network(pipeline: Pipeline) -> Iterator[str]:
    """What is reached over a network, a line each, and what keeps strangers out; nothing if all is within the machine."""
    for name, reach in _reach(pipeline).items():
        others = len(pipeline.cameras if name == CAPTURE else range(pipeline.stages[name].replicas)) - 1
        ports = f" and the next {f'{others} ports' if others > 1 else 'port'}" if others else ""
        yield f"{name} listens at {reach['listen'] or 'nothing'}, found at {', '.join(reach['at'])}{ports}"
    if _reach(pipeline):
        yield (
            f"keys in {pipeline.keys}"
            if pipeline.keys
            else "no keys: whoever gets there can see and send pictures"
        )
    if pipeline.only:
        yield f"here: {', '.join(pipeline.only)}"


def _reach(pipeline: Pipeline) -> dict[str, dict[str, Any]]:
    return {
        name: {"listen": listen and str(listen), "at": [str(at) for at in pipeline.at_of(name)]}
        for name in (CAPTURE, *pipeline.stages)
        if (listen := pipeline.listen_of(name)) or pipeline.at_of(name)
    }


def _camera(camera: Camera) -> str:
    kind = "live" if camera.is_live else "ends by itself"
    kind = "waits for more" if camera.source.options.get("watch") is True else kind
    return f"{camera.source.use}: source, {kind}, policy {camera.policy}"


def _stage(stage: Stage) -> str:
    queue = f"queue {stage.queue.frames} frames, {size(stage.queue.bytes)} a camera"
    return f"from {', '.join(stage.inputs)}; replicas {stage.replicas}; {queue}; hang_after {duration(stage.hang_after_s)}"


def _contract(use: Use) -> str:
    contract = use.bound.contract
    said = [f"one per {contract.per}" if contract.is_class else "a function"]
    if contract.kind == "archive":
        said.append("decides and remembers what has happened")
    elif contract.is_class:
        said.append("keeps its memory" if contract.has_memory else "starts fresh after a restart")
    if contract.holds:
        said.append(f"holds {contract.holds} frames back")
    return f"takes {', '.join(contract.inputs)}; {', '.join(said)}"


def _tell_options(use: Use, folder: Path) -> None:
    rows = []
    for option in use.bound.contract.options.values():
        value = use.options.get(option.name, option.default)
        is_default = option.name not in use.options or value in (
            option.default,
            _from(folder, option.default),
        )
        rows.append(
            (
                option.name,
                f"= {_value(value)}",
                option.expected,
                "" if is_default else f"set; {_default(option)}",
            )
        )
    write_table(rows, indent="    ")


def _from(folder: Path, value: Any) -> Any:
    """A default as the pipeline has it: a path starts at the folder of the TOML."""
    return folder / value if isinstance(value, Path) else value


def _default(option: Option) -> str:
    return "needed" if option.is_required else f"default {_value(option.default)}"


def _value(value: Any) -> str:
    return "nothing" if value is None else json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Path | str):
        return redacted(str(value))
    return [_plain(item) for item in value] if isinstance(value, Sequence) else value


def _said(pipeline: Pipeline) -> dict[str, Any]:
    return {
        "pipeline": str(pipeline.path),
        "name": pipeline.name,
        "fingerprint": pipeline.fingerprint,
        "problems": [],
        "notes": [*advice(pipeline), *missing_places(pipeline)],
        "network": _reach(pipeline),
        "keys": str(pipeline.keys) if pipeline.keys is not None else None,
        "only": pipeline.only,
        "capture": {
            "store": {"frames": pipeline.capture.store.frames, "bytes": pipeline.capture.store.bytes},
            "outputs": pipeline.lowers(CAPTURE),
        },
        "cameras": {
            camera.name: _use_said(camera.source) | {"policy": camera.policy, "is_live": camera.is_live}
            for camera in pipeline.cameras.values()
        },
        "stages": {stage.name: _stage_said(stage, pipeline) for stage in pipeline.stages.values()},
    }


def _stage_said(stage: Stage, pipeline: Pipeline) -> dict[str, Any]:
    return {
        "inputs": stage.inputs,
        "outputs": pipeline.lowers(stage.name),
        "replicas": stage.replicas,
        "queue": {"frames": stage.queue.frames, "bytes": stage.queue.bytes},
        "hang_after_seconds": stage.hang_after_s,
        "steps": [_use_said(use) for use in stage.steps],
        "cameras": {camera: [_use_said(use) for use in steps] for camera, steps in stage.by_camera.items()},
    }


def _use_said(use: Use) -> dict[str, Any]:
    contract = use.bound.contract
    return {
        "use": use.use,
        "kind": contract.kind,
        "takes": contract.inputs,
        "per": contract.per,
        "has_memory": contract.has_memory,
        "holds": contract.holds,
        "options": {
            option.name: {
                "type": option.expected,
                "is_required": option.is_required,
                "default": None if option.is_required else _plain(option.default),
                "value": _plain(use.options.get(option.name, None if option.is_required else option.default)),
            }
            for option in contract.options.values()
        },
    }
