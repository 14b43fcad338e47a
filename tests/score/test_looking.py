from keepframe.score.looking import Seen


def test_what_is_seen_need_not_have_a_place_or_an_event():
    """A score alone is enough for a verdict."""
    seen = Seen(0.5)

    assert (seen.quiet, seen.event, seen.box, dict(seen.notes), dict(seen.scores)) == (
        None,
        None,
        None,
        {},
        {},
    )
