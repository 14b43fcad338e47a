from keepframe.run.unlinked import Unlinked
from keepframe.wire.absences import UNFOUND, UNHEARD, Absence


def whys(caplog):
    """What was logged."""
    return [(record.getMessage(), record.fields["why"]) for record in caplog.records]


def test_a_reason_is_logged_once_for_as_long_as_it_is_so(caplog):
    """And again when it comes again."""
    unlinked = Unlinked()
    shown = [unlinked.reasons(now) for now in (["a"], ["a", "b"], [], ["a"])]

    assert shown == [["a"], ["a", "b"], [], ["a"]]
    assert whys(caplog) == [("no-link", "a"), ("no-link", "b"), ("no-link", "a")]


def test_an_absence_is_logged_once_however_long_it_lasts(caplog):
    """The supervisor is told how long it has lasted."""
    unlinked = Unlinked()
    score, capture = (
        lambda for_s: Absence("score.1", UNHEARD, for_s, is_below=True),
        Absence("capture.a", UNFOUND, 11.0, is_below=False),
    )
    shown = [unlinked.missing(now) for now in ([score(10.04)], [score(12.26), capture], [], [score(10.5)])]

    assert shown[1] == [
        {"who": "score.1", "how": UNHEARD, "for_s": 12.3, "is_below": True},
        {"who": "capture.a", "how": UNFOUND, "for_s": 11.0, "is_below": False},
    ]
    assert [[m["for_s"] for m in found] for found in shown] == [[10.0], [12.3, 11.0], [], [10.5]]
    assert whys(caplog) == [
        ("no-link", "score.1 has not been heard for 10 s"),
        ("no-link", "capture.a has not been found for 11 s"),
        ("no-link", "score.1 has not been heard for 10 s"),
    ]
