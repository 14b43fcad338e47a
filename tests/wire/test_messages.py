import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.wire import messages
from keepframe.wire.messages import changed

memories = st.dictionaries(st.text("abc", max_size=2), st.binary(max_size=2))


@given(memories, memories)
def test_what_changed_makes_the_new_of_the_old(old, new):
    """Applied to what was there before it gives what is there now, and it says no more than it must."""
    delta = changed(old, new)
    applied = {k: v for k, v in (dict(old) | delta).items() if v is not None}

    assert applied == new
    assert all(old.get(k) != v for k, v in delta.items())


def test_a_message_is_not_changed():
    """It may lie in several queues at once."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        messages.Ping(is_ready=True).is_ready = False


def test_nobody_shares_an_empty_memory():
    """The default of a mark's memory is its own."""
    a, b = (messages.Mark("a", (0, 0, 0), (0, 0)) for _ in range(2))

    assert a.memory is not b.memory
