"""
What is worth knowing about a pipeline and no mistake: `keepframe check` shows it.

What keeps a pipeline from running is a problem, found while it is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator

from keepframe.config.pipeline import CAPTURE, Pipeline, Stage


def advice(pipeline: Pipeline) -> list[str]:
    """What a user may want to change, each beginning with its key path."""
    of_stages = [text for stage in pipeline.stages.values() for text in _of_stage(stage, pipeline)]
    return [*_of_network(pipeline), *of_stages]


def _of_network(pipeline: Pipeline) -> Iterator[str]:
    if pipeline.keys is not None and not pipeline.keys.is_dir():
        yield f"keys: there is no folder {pipeline.keys} here; `keepframe keys new STAGE` makes a pair for each stage"
    far = [name for name in pipeline.stages if any(not at.is_loopback for at in pipeline.at_of(name))]
    if far and pipeline.listen_of(CAPTURE) is None:
        yield (
            f"stages.{CAPTURE}.listen: not set, so whole pictures travel to whoever is below {far[0]} on another machine, and on from there; "
            "with it only small working images do, and kept pictures are fetched"
        )


def _of_stage(stage: Stage, pipeline: Pipeline) -> Iterator[str]:
    cameras = len(pipeline.cameras)
    if stage.replicas > cameras:
        idle = stage.replicas - cameras
        yield (
            f"stages.{stage.name}.replicas: {stage.replicas} replicas for {cameras} camera{'' if cameras == 1 else 's'}: "
            f"{idle} will idle, for a camera passes through one replica at a time"
        )
    if CAPTURE in stage.inputs and not stage.is_archive and _is_apart(stage, pipeline):
        yield (
            f"stages.{stage.name}: looks at captured pictures and does not run with the capture, so every one of them travels to it: "
            "let it run on the cameras' machine, in the part that captures"
        )
    for use in stage.steps:
        if use.contract is not None and use.contract.forgets:
            yield (
                f"stages.{stage.name}: {use.use!r} has no save() and load(): "
                "after a restart or a move to another replica it starts each camera fresh"
            )
    if stage.name in pipeline.sinks:
        yield f"stages.{stage.name}: nothing reads it; its frames reach the archive as headers and decide nothing"


def _is_apart(stage: Stage, pipeline: Pipeline) -> bool:
    """Whether a stage certainly does not share the captures' memory: another part has it, or it is found on other machines than they."""
    if pipeline.runs_here(stage.name) != pipeline.runs_here(CAPTURE):
        return True
    own, theirs = ({at.host for at in pipeline.at_of(name)} for name in (stage.name, CAPTURE))
    return bool(own and theirs) and own.isdisjoint(theirs) and not _is_on_loopback(pipeline, CAPTURE)


def _is_on_loopback(pipeline: Pipeline, name: str) -> bool:
    return any(at.is_loopback for at in pipeline.at_of(name))
