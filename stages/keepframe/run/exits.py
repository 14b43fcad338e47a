"""The exit codes of a run and of its processes, by name. What they mean to people is said in cli/exits.py."""

import signal

OK = 0
SOME_FAILED = 1
"""A run: everything is settled, but some frames failed."""
FAILED = 70
"""A process: its source, its sockets or its folders cannot be had. A run: a process died again and again."""
LOCKED = 75
"""Somebody else writes into the archive, or captures this camera."""
CONFIG = 78
"""The pipeline cannot run as it is written."""
INTERRUPTED = 130
"""Left at once, asked to for the second time."""

FINAL = {LOCKED, CONFIG}
"""Those of a process that starting it again would not mend."""
NOT_ITS_OWN = {OK, INTERRUPTED, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT}
"""Those of a process that somebody else has ended; negative for a signal."""
