"""Numbers that follow from integers."""

from hypothesis import given
from hypothesis import strategies as st

from keepframe.capture.seeded import uniform


def test_the_numbers_are_the_same_for_ever():
    """An archive that goes on after an update sees the same pictures."""
    assert uniform(3, 1, 5, 2) == [0.8156270194558307, 0.5385548829049166]


@given(seed=st.integers(0, 2**63 - 1), what=st.integers(0, 9), index=st.integers(0, 10**12))
def test_each_is_from_0_to_below_1_and_no_other_list_begins_with_it(seed, what, index):
    """Another seed, purpose or picture has other numbers."""
    numbers = uniform(seed, what, index, 4)

    assert all(0 <= number < 1 for number in numbers)
    assert numbers[:2] == uniform(seed, what, index, 2)
    assert numbers[0] not in {uniform(seed, what, index + 1, 1)[0], uniform(seed, what + 1, index, 1)[0]}
