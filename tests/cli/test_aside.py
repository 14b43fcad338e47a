import subprocess
import sys

CODE = """
import os, subprocess, sys
from keepframe.cli.aside import Aside
lines = []
with Aside(lines.append) as aside:
    print("mine", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-c", "import sys; print('a child', file=sys.stderr)"])
    os.write(2, b"\\xff no end")
    aside.terminal.write("to the terminal\\n")
print("after", file=sys.stderr)
print(lines)
"""


def test_lines_are_taken_aside_and_handed_on():
    """Of this process and of its children, the last one without an end too; afterwards stderr is what it was."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)

    assert done.stdout == "['mine', 'a child', '\\ufffd no end']\n".replace("\\ufffd", "\ufffd")
    assert done.stderr == "to the terminal\nafter\n"


def test_a_child_that_stays_does_not_hold_up_the_end():
    """It keeps the pipe open; the end waits for a moment only."""
    code = (
        "import subprocess, sys\nfrom keepframe.cli.aside import Aside\nlines = []\n"
        "with Aside(lines.append):\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)\n"
        "child.communicate()\nprint('ended')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )

    assert done.stdout == "ended\n"
