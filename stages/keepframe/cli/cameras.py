"""
`keepframe cameras`: what is attached to this machine, and what each source accepts.

Which devices there are is told by keepframe.capture; no camera is opened, and nothing is sent to a network.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from keepframe.capture.attached import devices
from keepframe.capture.naming import FORMS
from keepframe.cli.options import json_option
from keepframe.cli.writing import styled, write_json, write_table
from keepframe.config.uses import names_of_kind
from keepframe.stage import find, read_contract


@click.command("cameras")
@json_option
def command(*, is_json: bool) -> None:
    """
    List the cameras attached to this machine, and what each source accepts.

    Cameras on the network are not looked for: their manual tells their address, and `keepframe snap ADDRESS` tries it.
    """
    attached = list(devices())
    sources = {name: _options(name) for name in names_of_kind("source")}
    if is_json:
        write_json(
            {
                "attached": [{"device": d.path, "name": d.name, "trouble": d.trouble} for d in attached],
                "sources": sources,
            }
        )
        return
    click.echo(styled("attached", bold=True))
    write_table([(d.path, d.name, d.trouble) for d in attached] or [("none",)], indent="  ")
    click.echo()
    click.echo(f"a SOURCE is {FORMS}")
    for name, options in sources.items():
        click.echo()
        click.echo(styled(f'source = "{name}"', bold=True) + f"  {_summary(name)}")
        needed_first = sorted(options.items(), key=lambda option: not option[1]["is_required"])
        write_table([(key, about["type"], _usual(about)) for key, about in needed_first], indent="  ")


def _options(name: str) -> dict[str, dict[str, Any]]:
    contract = read_contract(find(name), name)
    return {
        option.name: {"type": option.expected, "is_required": option.is_required}
        | ({} if option.is_required else {"default": _plain(option.default)})
        for option in contract.options.values()
    }


def _plain(default: Any) -> Any:
    return str(default) if isinstance(default, Path) else default


def _usual(about: dict[str, Any]) -> str:
    """What an option is unless it is set."""
    if about["is_required"]:
        return "needed"
    return "" if about["default"] is None else f"{json.dumps(about['default'])} unless set"


def _summary(name: str) -> str:
    """The first line that the source says of itself."""
    return (find(name).__doc__ or "").strip().partition("\n")[0].rstrip(".")
