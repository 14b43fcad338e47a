"""
From a person's answers about a camera to the text of its pipeline.toml: what each answer changes, and beside it why.

How the questions are asked is the command line's business; what the steps do is that of keepframe.preprocess.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from keepframe.capture.naming import Named
from keepframe.config.defaults import default_stages
from keepframe.config.written import camera_table, relocated, stage_table, value

Change = Literal["small", "medium", "large"]
WIDTHS: dict[Change, int] = {"small": 144, "medium": 48, "large": 24}
"""Of the working image."""
SEEN: dict[Change, str] = {"small": "a 25th", "medium": "an 8th", "large": "a quarter"}
"""How much of the picture's width something has to take to be seen, in strong contrast; tests see to it."""
ALIGN_WIDTH = 320
_STEPS: tuple[dict[str, Any], ...] = (
    {"use": "grayscale", "min_width": 96},
    {"use": "downsample", "width": 48},
    {"use": "blur", "sigma": 2.0},
)
SCORE = {"metric": "ssim-tile", "threshold": 0.5}
"""What goes with steps that were asked for: what is seen at which width was measured with it."""
LOCAL = ("path", "device")
Step = tuple[dict[str, Any], str]
"""As it stands in the TOML, and why it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """
    What is known of one camera and of what is looked for.

    source: what was typed, read. every: "10s"; None: every picture. into: the archive's folder. The rest are the questions one has to answer
    before two pictures can be compared: of one size? does the camera move? does the light or the exposure change? does colour count? is
    there much noise? how small is what shall be seen? which regions ("x,y x,y", shares of the picture) do not count?
    """

    source: Named
    into: Path = Path("archive")
    every: str | None = None
    is_one_size: bool = True
    is_shaking: bool = False
    is_light_changing: bool = False
    is_colour: bool = False
    is_noisy: bool = False
    change: Change = "medium"
    ignore: tuple[str, ...] = ()


def steps_of(answers: Answers) -> list[Step]:
    """
    The steps before the score: the default ones, or, if an answer asks for others, those that go with SCORE.

    >>> [step["use"] for step, _ in steps_of(Answers(source=Named("synthetic"), is_shaking=True))]
    ['grayscale', 'align', 'downsample', 'blur']
    """
    if not is_asked(answers):
        return [
            (dict(step), "gray, decoded no larger than is needed, and small")
            for step in default_stages()["preprocess"]["steps"]
        ]
    width = WIDTHS[answers.change]
    steps: list[Step] = []
    for default in _STEPS:
        step = dict(default)
        if step["use"] == "grayscale":
            if not answers.is_colour:
                step["min_width"] = ALIGN_WIDTH if answers.is_shaking else 2 * width
                steps.append((step, "colour does not count; decoded no larger than is needed"))
            steps += _before_small(answers)
        elif step["use"] == "downsample":
            steps.append(
                (
                    {**step, "width": width},
                    f"what takes less than about {SEEN[answers.change]} of the width is not seen",
                )
            )
            steps += _after_small(answers)
        elif step["use"] == "blur" and answers.is_noisy:
            steps.append(
                (
                    {**step, "sigma": 1.5 * step["sigma"]},
                    "half as much again, against noise; small things go too",
                )
            )
        else:
            steps.append((step, "evens out noise and what moves by less than a pixel"))
    return steps


def is_asked(answers: Answers) -> bool:
    """Whether an answer asks for other steps than the default ones, and so for SCORE instead of the default score."""
    plain = Answers(source=answers.source, into=answers.into, every=answers.every)
    return answers != plain


def text_of(answers: Answers, path: Path) -> str:
    """The text of a pipeline.toml at that path, where relative paths are right."""
    found = answers.source
    options: dict[str, Any] = {
        key: relocated(str(given), path.parent) if key in LOCAL else given
        for key, given in found.options.items()
    }
    if answers.every is not None:
        options["every"] = answers.every
    if found.source == "folder" and not answers.is_one_size:
        options["any_size"] = True
    notes = {
        "every": "one picture in each interval",
        "any_size": "else pictures of another size than the first are rejected",
    }
    lines = [
        f"# Run it with `keepframe run {path.name}`; `keepframe check {path.name}` says what it would do. Whatever else can be set",
        "# for the camera, the score and the archive is commented out, with its default. Relative paths start at this file's folder.",
        "",
        *camera_table(found.camera, found.source, options, notes),
        "",
        "# What is compared: a small working image, made of each picture. The kept pictures themselves are not touched.",
        "[stages.preprocess]",
        "steps = [",
        *_written(steps_of(answers)),
        "]",
        "",
        "# When a picture is kept.",
        *stage_table("score", SCORE if is_asked(answers) else {}),
        "",
        *stage_table("archive", {"folder": relocated(str(answers.into), path.parent)}),
    ]
    return "\n".join(lines) + "\n"


def _before_small(answers: Answers) -> Iterator[Step]:
    if not answers.is_one_size:
        yield (
            {"use": "resize", "width": 640, "height": 360, "aspect": "fit"},
            "pictures are of several sizes: all are fitted into this one",
        )
    if answers.is_shaking:
        yield {"use": "align"}, "the camera moves: each picture is put over its first one"


def _after_small(answers: Answers) -> Iterator[Step]:
    if answers.is_light_changing:
        yield (
            {"use": "even_light"},
            "the light or the exposure changes: each picture is brought into the light of the first one",
        )
    if answers.ignore:
        yield {"use": "mask", "exclude": list(answers.ignore)}, "regions that do not count"


def _written(steps: list[Step]) -> Iterator[str]:
    for step, why in steps:
        yield f"    {value(step)},".ljust(56) + f"  # {why}"
