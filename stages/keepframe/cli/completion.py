"""
`keepframe completion`: the script that lets a shell complete verbs and options with the Tab key.

How it completes is click's own affair.
"""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")
PROGRAM = "keepframe"


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """
    Print the script that completes verbs and options in a shell.

    SHELL is bash, zsh or fish. Put `eval "$(keepframe completion bash)"` into ~/.bashrc, the same with zsh into ~/.zshrc, or
    `keepframe completion fish | source` into ~/.config/fish/config.fish.
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"shell: expected one of {', '.join(SHELLS)}, got {shell!r}")
    click.echo(found(ctx.find_root().command, {}, PROGRAM, f"_{PROGRAM.upper()}_COMPLETE").source())
