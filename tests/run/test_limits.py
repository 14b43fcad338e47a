import resource

import pytest
from running import begin, is_sound, write

from keepframe.run.limits import MOST_FILES, allow_files


def test_a_process_may_have_as_many_connections_as_the_system_lets_it():
    """A soft limit is for programs that do not expect so many; a hard one stands."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, before[1]), before[1]))
    allow_files()
    after = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, before)

    assert after == (min(before[1], MOST_FILES), before[1])


@pytest.mark.slow
def test_a_soft_limit_does_not_bound_how_many_cameras_there_are(tmp_path):
    """The usual one of 1024 would be reached with 250 cameras; here with a dozen."""
    camera = '[cameras.c{}]\nsource = "synthetic"\ncount = 2\nwidth = 160\nheight = 120\n'
    folder = write(tmp_path, "".join(map(camera.format, range(12))))
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (56, before[1]))
    try:
        running = begin(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)

    assert running.end() == 0
    assert is_sound(tmp_path)
