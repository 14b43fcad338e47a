"""Tab completes verbs and options."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(call, shell):
    """It calls the command with a variable of its own."""
    done = call("completion", shell)

    assert done.exit_code == 0
    assert f"_KEEPFRAME_COMPLETE={shell}_complete" in done.stdout


def test_another_shell_is_refused_with_those_there_are(call):
    """As click says it."""
    done = call("completion", "csh")

    assert done.exit_code == 2
    assert "'bash', 'zsh', 'fish'" in done.stderr


def test_verbs_and_options_are_completed():
    """What the script asks for, the installed command answers."""
    asked = {"_KEEPFRAME_COMPLETE": "bash_complete", "COMP_WORDS": "keepframe watch --sa", "COMP_CWORD": "2"}
    command = [sys.executable, "-c", "from keepframe.cli import main; main(prog_name='keepframe')"]
    done = subprocess.run(command, env=os.environ | asked, capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["plain,--save"]
