from keepframe.wire.suspects import DEATHS, Suspects


def test_a_suspect_goes_alone():
    """Nothing behind it goes, and it waits until nothing is before it."""
    suspects = Suspects()
    suspects.accuse((0, 5))

    assert suspects.allow((0, 4), (0, 3))
    assert not suspects.allow((0, 5), (0, 3))
    assert suspects.allow((0, 5), (0, 5))
    assert not suspects.allow((0, 6), (0, 5))


def test_who_was_there_at_three_deaths_is_found_out():
    """One death is chance; each frame is counted on its own."""
    suspects = Suspects()

    assert [suspects.accuse((0, 5)) for _ in range(DEATHS)] == [False] * (DEATHS - 1) + [True]
    assert not suspects.accuse((0, 6))


def test_what_is_settled_is_suspected_no_more():
    """The others still are."""
    suspects = Suspects()
    for seq in (1, 9):
        suspects.accuse((0, seq))
    suspects.settled_upto((0, 1))

    assert suspects.deaths == {(0, 9): 1}
    assert suspects.allow((0, 8), (0, 2))
