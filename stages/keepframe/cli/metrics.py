"""
`keepframe metrics`: every way to compare two pictures, by name.

What a metric is good for is said in its own docstring and read from there.
"""

from __future__ import annotations

from typing import Any

import click

from keepframe.cli.options import json_option
from keepframe.cli.writing import write_json, write_table
from keepframe.metrics import Metric, metric, names

FIELDS = (
    "takes",
    "range",
    "identical",
    "direction",
    "conversion",
    "cost",
    "blind_to",
    "when",
    "errors",
    "source",
)


@click.command("metrics")
@click.argument("name", required=False)
@click.option("--markdown", "is_markdown", is_flag=True, help="Write the reference page of all metrics.")
@json_option
def command(name: str | None, *, is_markdown: bool, is_json: bool) -> None:
    """
    List every way to compare two pictures.

    NAME: tell all about one of them. Each is also a value of `metric` in the score stage, as a score: 0 is the same, higher is more
    different.
    """
    if is_markdown and (is_json or name):
        raise click.UsageError("--markdown writes the whole page; leave out --json and the name")
    if is_markdown:
        from keepframe.metrics.handbook import page  # noqa: PLC0415  only needed here

        click.echo(page(), nl=False)
    elif is_json:
        write_json(_said(metric(name)) if name else [_said(metric(each)) for each in names()])
    elif name:
        found = metric(name)
        click.echo(f"{found.name}: {found.summary}")
        write_table([(field.replace("_", " "), getattr(found, field)) for field in FIELDS], indent="  ")
    else:
        write_table([(each, metric(each).summary) for each in names()])


def _said(found: Metric) -> dict[str, Any]:
    said = {field: getattr(found, field) for field in FIELDS}
    return {"name": found.name, "summary": found.summary, "is_mapped": found.is_mapped, **said}
