from keepframe.run.unlinked import Unlinked
from keepframe.wire.absences import NO_WAY, UNFOUND, UNHEARD, Absence


def whys(caplog):
    """What was logged."""
    return [(r.getMessage(), r.fields["why"]) for r in caplog.records if "why" in r.fields]


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


def test_who_is_missed_no_more_is_logged_once(caplog):
    """With how long that was; somebody who is missed in another way has not come back."""
    caplog.set_level("INFO")
    unlinked = Unlinked()
    unheard, stuck = (Absence("score.1", how, 12.3, is_below=True) for how in (UNHEARD, NO_WAY))
    for now in ([unheard], [stuck], [], []):
        unlinked.missing(now)

    assert [(r.getMessage(), r.fields) for r in caplog.records if r.getMessage() == "link"] == [
        ("link", {"who": "score.1", "for_s": 12})
    ]
