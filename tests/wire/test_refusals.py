from keepframe.wire.refusals import KEPT_S, MOST, Refusals


def test_a_refusal_is_told_while_it_is_said_again():
    """Whoever is refused goes on asking; silence means that it was mended or went away."""
    refusals = Refusals()
    for now in (0.0, 2.0, 4.0):
        refusals.add("score.0", "no", now)

    assert refusals.told(4.0 + KEPT_S / 2) == {"score.0": "no"}
    assert refusals.told(4.0 + KEPT_S) == {}


def test_who_fits_is_told_of_no_more():
    """At once."""
    refusals = Refusals()
    refusals.add("score.0", "no", 0.0)
    refusals.settle("score.0")
    refusals.settle("score.1")

    assert refusals.told(0.0) == {}


def test_of_very_many_names_the_newest_are_known():
    """A neighbour that is started again and again under another name must not fill the memory."""
    refusals = Refusals()
    for number in range(2 * MOST):
        refusals.add(f"score.{number}", "no", 0.0)

    assert list(refusals.told(0.0)) == [f"score.{number}" for number in range(MOST, 2 * MOST)]
