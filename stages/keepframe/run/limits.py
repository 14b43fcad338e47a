"""What the system lets a process have, as far as more can be asked for. What one takes of it is the business of those who do."""

from __future__ import annotations

import resource

MOST_FILES = 65536


def allow_files() -> None:
    """
    Have room for as many open files as the system lets a process have.

    A supervisor takes four for each camera; in its children strangers who hold the line open take one each.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
