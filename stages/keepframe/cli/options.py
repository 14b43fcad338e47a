"""Arguments that several verbs have, declared once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import click

from keepframe.run import logs

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

PIPELINE: Final = "pipeline.toml"
"""The pipeline of the folder one stands in."""

pipeline_argument: Decorator = click.argument(
    "pipeline", type=click.Path(path_type=Path), default=PIPELINE, metavar="[PIPELINE]"
)
set_option: Decorator = click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="KEY.PATH=VALUE",
    help="Change a value of the pipeline, such as stages.score.threshold=8; may be given several times.",
)
only_option: Decorator = click.option(
    "--only",
    metavar="STAGE,STAGE...",
    help="Run these stages here, the others run elsewhere; see docs/machines.md. The same as --set only=[...].",
)
json_option: Decorator = click.option("--json", "is_json", is_flag=True, help="Write JSON for scripts.")


def _log_option(default: logs.Form) -> Decorator:
    return click.option(
        "--log",
        "log_form",
        type=click.Choice(logs.FORMS),
        default=default,
        show_default=True,
        envvar=logs.VARIABLE,
        help="What happens, on stderr, one a line: an event with its values, a JSON object, or a plain sentence.",
    )


log_option: Decorator = _log_option("text")
plain_log_option: Decorator = _log_option("plain")
folder_argument: Decorator = click.argument("folder", type=click.Path(path_type=Path))


def with_only(sets: Sequence[str], only: str | None) -> list[str]:
    """
    What --set changes, with what --only says.

    >>> with_only(["a.b=1"], "capture,score")
    ['a.b=1', 'only=["capture", "score"]']
    """
    names = [name.strip() for name in (only or "").split(",") if name.strip()]
    return [*sets, *([f"only={json.dumps(names)}"] if names else [])]
