import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.run.hand import SIZE, Hand

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", fullmatch=True)


@pytest.fixture
def hand():
    """An empty one."""
    made = Hand(Hand.create())
    yield made
    made.close()


def test_nothing_is_in_a_new_hand(hand):
    """A process that dies before its first frame accuses none."""
    assert hand.holds is None


@given(camera=NAMES, stream=st.integers(0, 2**63 - 1), seq=st.integers(0, 2**63 - 1))
def test_what_is_taken_is_held_until_it_is_released(camera, stream, seq):
    """Every name and number that a frame can have, up to 64 letters."""
    hand = Hand(Hand.create())
    hand.take(camera, (stream, seq))
    held = hand.holds
    hand.release()

    assert held == (camera, (stream, seq))
    assert hand.holds is None
    hand.close()


def test_a_short_name_after_a_long_one_is_read_whole(hand):
    """Nothing of the frame before is left over."""
    hand.take("x" * 64, (2**40, 2**40))
    hand.take("a", (0, 1))

    assert hand.holds == ("a", (0, 1))


@pytest.mark.parametrize("ends", ["os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_it_outlives_the_process_that_holds_it(hand, ends):
    """That is what it is for: whoever shares the page reads what the dead one had in hand."""
    child = os.fork()
    if child == 0:
        hand.take("lobby", (3, 57))
        exec(ends)
    os.waitpid(child, 0)

    assert hand.holds == ("lobby", (3, 57))


def test_it_has_no_name_and_does_not_reach_a_program_by_itself(hand):
    """Memory that is gone with its last user; a child gets it only if it is handed over."""
    assert not os.get_inheritable(hand.fd)
    assert Path(f"/proc/self/fd/{hand.fd}").readlink().name.endswith("(deleted)")


def test_a_file_that_is_too_small_is_refused(tmp_path):
    """A number on the command line that is no page of a supervisor's."""
    with (tmp_path / "empty").open("w+b") as file, pytest.raises(ValueError, match="mmap length"):
        Hand(file.fileno())
    assert SIZE >= 4096
