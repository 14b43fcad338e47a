"""
From a person's answers about a camera to the text of its pipeline.toml: what each answer changes, and beside it why.

How the questions are asked is the command line's business; what the steps do is that of keepframe.preprocess.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from keepframe.capture.naming import Named
from keepframe.config.defaults import default_stages
from keepframe.config.written import camera_table, relocated, stage_table, value
from keepframe.score.learned import lean
from keepframe.score.options import FALSE_KEEPS_PER_DAY

Change = Literal["small", "large"]
SEEN: dict[Change, str] = {"small": "a 25th", "large": "a quarter"}
"""How much of the picture's width something has to take to be seen, in strong contrast; tests see to it."""
Preset = Literal["low", "medium", "high"]
_WIDTH, _WIDTH_LARGE = 48, 24
"""Of the working image that METRIC looks at."""
METRIC, THRESHOLD = "ssim-tile", 0.5
"""Instead of the default score, for what it cannot do. What is seen at which width was measured with this threshold."""
CONFIRM = "2 of 3"
_OFTEN: dict[Preset, str] = {"low": "once a week", "medium": "once a day", "high": "ten times a day"}
LOCAL = ("path", "device")
Step = tuple[dict[str, Any], str]
"""As it stands in the TOML, and why it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """
    What is known of one camera and of what is looked for.

    source: what was typed, read. every: "10s"; None: every picture. into: the archive's folder. The rest are the questions nobody else can
    answer: have all pictures one size? does a change of colour alone count? how small is what shall be seen? which regions ("x,y x,y",
    shares of the picture) do not count? how easily is a picture kept, or how many a day (budget: "200/day")? does what is seen on one
    picture only, such as an insect, count? is a picture kept even if nothing happens (at_least_every: "1h")? Light, noise and a camera that
    shakes are not asked about: the default score learns them.
    """

    source: Named
    into: Path = Path("archive")
    every: str | None = None
    is_one_size: bool = True
    is_colour: bool = False
    change: Change = "small"
    ignore: tuple[str, ...] = ()
    keep: Preset = "medium"
    budget: str | None = None
    is_brief: bool = True
    at_least_every: str | None = None


def steps_of(answers: Answers) -> list[Step]:
    """
    The steps before the score: the default ones, or, if an answer asks for what the default score cannot do, those that go with METRIC.

    >>> [step["use"] for step, _ in steps_of(Answers(source=Named("synthetic"), ignore=("0,0 0.3,0.1",)))]
    ['grayscale', 'downsample', 'mask']
    """
    steps: list[Step] = []
    if _is_default(answers):
        why = {"grayscale": "decoded no larger than is needed", "downsample": "small: fast, and less noise"}
        steps += [(step, why[step["use"]]) for step in default_stages()["preprocess"]["steps"]]
    else:
        width = _WIDTH if answers.is_colour else _WIDTH_LARGE
        if not answers.is_colour:
            steps.append(({"use": "grayscale", "min_width": 4 * width}, "decoded no larger than is needed"))
        steps.append(
            (
                {"use": "downsample", "width": width},
                f"what takes less than {_seen(answers)} of the width is not seen",
            )
        )
    if not answers.is_one_size:
        fitted = {"use": "resize", "width": 640, "height": 360, "aspect": "fill"}
        steps.insert(len(steps) - 1, (fitted, "pictures are of several sizes: all are brought to this one"))
    if answers.ignore:
        steps.append(({"use": "mask", "exclude": list(answers.ignore)}, "regions that do not count"))
    if not _is_default(answers):
        steps.append(({"use": "blur", "sigma": 2.0}, "evens out noise and what moves by less than a pixel"))
    return steps


def score_of(answers: Answers) -> tuple[dict[str, Any], dict[str, str]]:
    """
    The options of the score, and beside each why: the default score and a learned threshold wherever they can do what is asked for.

    >>> score_of(Answers(source=Named("synthetic"), keep="high"))[0], score_of(Answers(source=Named("synthetic"), is_colour=True))[0]
    ({'keep': 'high'}, {'metric': 'ssim-tile', 'threshold': 0.5})
    """
    options: dict[str, Any] = {}
    notes = {
        "metric": "the default score sees edges in gray: of colour alone it sees nothing"
        if answers.is_colour
        else "the default score sees small things too, however small the image",
        "keep": f"quiet pictures may pass for changes {_OFTEN[answers.keep]}",
        "threshold": f"in this metric's score; {_told()}",
        "budget": "the largest changes of each day",
        "confirm": "what is seen on one picture only does not count",
        "at_least_every": "even if nothing happens",
    }
    if not _is_default(answers):
        options["metric"] = METRIC
    if answers.budget is not None:
        options["budget"] = answers.budget
    elif not _is_default(answers):
        options["threshold"] = _threshold(answers.keep)
    elif answers.keep != "medium":
        options["keep"] = answers.keep
    if not answers.is_brief:
        options["confirm"] = CONFIRM
    if answers.at_least_every is not None:
        options["at_least_every"] = answers.at_least_every
    return options, notes


def _threshold(keep: Preset) -> float:
    return round(THRESHOLD * lean(FALSE_KEEPS_PER_DAY[keep]), 2)


def _told() -> str:
    return ", ".join(f"{keep} is {_threshold(keep):g}" for keep in get_args(Preset))


def _is_default(answers: Answers) -> bool:
    """Whether the default score can do what is asked for."""
    return not answers.is_colour and answers.change == "small"


def _seen(answers: Answers) -> str:
    return "an 8th" if answers.is_colour else SEEN["large"]


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
    learns = "What is left out is learned: noise, leaves, light. "
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
        f"# When a picture is kept. {learns if _is_default(answers) else ''}`keepframe why FOLDER` tells afterwards.",
        *stage_table("score", *score_of(answers)),
        "",
        *stage_table("archive", {"folder": relocated(str(answers.into), path.parent)}),
    ]
    return "\n".join(lines) + "\n"


def _written(steps: list[Step]) -> Iterator[str]:
    for step, why in steps:
        yield f"    {value(step)},".ljust(56) + f"  # {why}"
