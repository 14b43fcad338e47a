"""The exit codes of every verb, by name. Nothing else in cli/ writes a number."""

OK = 0
SOME_FAILED = 1
"""run: drained and balanced, but some frames failed."""
CHANGED = 1
"""compare: the pictures differ."""
UNSOUND = 1
"""verify: something is wrong with the archive."""
FAILED = 1
"""Any verb: what it was to read or write could not be."""
USAGE = 2
"""Any verb: the command line itself; click's own code."""
COMPARE_ERROR = 2
"""compare: no verdict, one of the pictures could not be compared."""
CRASH_LOOP = 70
"""run: a process died again and again without one frame committed between."""
LOCKED = 75
"""run: another pipeline writes into the archive."""
CONFIG = 78
"""run, stage, check: the pipeline cannot run as it is written; nothing was started."""
SIGNALLED = 128
"""Any verb: and the number of the signal that has ended it, as shells count."""
INTERRUPTED = 130
"""Any verb: Ctrl-C; run: a second one, which leaves without draining."""

RUN_WORDS = {
    SOME_FAILED: "some frames failed; `keepframe list FOLDER --all` names them",
    CRASH_LOOP: "stopped: a process died again and again; the lines above say which and why",
    LOCKED: "stopped: another pipeline writes into this archive",
    CONFIG: "stopped: the pipeline cannot run as it is written, or without a key; the lines above say which",
    INTERRUPTED: "left without draining; the next run goes on where this one stopped",
}
"""What a run's exit code means, for people."""
