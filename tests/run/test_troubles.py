import pytest

from keepframe.run.life import Child
from keepframe.run.troubles import missing_of, roughly, troubles_of
from keepframe.wire.absences import NO_WAY, UNFOUND, UNHEARD


def child(name, **status):
    """A process that has told this."""
    return Child(name, status=status)


def missing(who, how=UNHEARD, for_s=12.0, *, is_below=True):
    """What a process tells of whom it misses."""
    return {"who": who, "how": how, "for_s": for_s, "is_below": is_below}


LOBBY = child("capture.lobby", oldest="lobby/0/7", oldest_s=10.5)
DOOR = child("capture.door", oldest="door/0/2", oldest_s=9.5)


def test_frames_that_wait_for_long_are_told_unless_the_reason_is_known():
    """A machine that has gone says nothing itself; a full disk does."""
    asked = "lobby: nothing settled for 10 s; does every stage run, here and elsewhere?"
    late = child("capture.lobby", oldest="lobby/0/7", oldest_s=15.5)

    assert troubles_of([late, DOOR]) == asked
    assert troubles_of([LOBBY, DOOR]) == ""  # who is missing is known in a moment
    assert troubles_of([LOBBY, child("archive.0", trouble="no space left")]) == "no space left"
    assert troubles_of([LOBBY, child("score.0", refused=["x runs another"])]) == "x runs another"
    assert troubles_of([DOOR]) == ""


def test_a_camera_that_is_lost_hides_no_other_reason():
    """It waits for nobody; what another camera waits for is told beside it."""
    lost = child("capture.yard", trouble="lost: no route to host")
    told = troubles_of([lost, LOBBY, child("preprocess.0", missing=[missing("score.1")])])

    assert (
        told == "lost: no route to host; lobby: nothing settled for 10 s: score.1 has not been heard for 10 s"
    )


def test_the_neighbour_that_is_missing_is_told():
    """Once, though those above and below both miss it; those that lead nowhere for want of it are not named."""
    told = troubles_of([
        child("archive.0", missing=[missing("score.1", is_below=False)]),
        child("preprocess.0", missing=[missing("score.1", for_s=40.0)]),
        child("capture.lobby", oldest_s=31.0, missing=[missing("preprocess.0", NO_WAY)]),
        child("capture.door", oldest_s=12.0, missing=[missing("preprocess.0", NO_WAY)]),
    ])  # fmt: skip

    assert told == "lobby, door: nothing settled for 30 s: score.1 has not been heard for 30 s"


def test_the_place_of_the_one_that_is_missing_is_told():
    """Those above know its name alone, those below where it was."""
    places = ("score.0 at 10.0.0.2:7602", "score.0 at 10.0.0.3:7602")
    above = [missing("score.0"), missing("score.1")]
    below = [missing(place, is_below=False) for place in places]
    told = troubles_of([LOBBY, child("archive.0", missing=below), child("preprocess.0", missing=above)])

    assert told.removeprefix("lobby: nothing settled for 10 s: ").split(", ") == [
        f"{who} has not been heard for 10 s" for who in (*places, "score.1")
    ]


def test_one_that_leads_nowhere_is_told_where_nobody_else_is_to_blame():
    """Its own machine knows who is missing there."""
    told = troubles_of([LOBBY, child("preprocess.0", missing=[missing("score.0", NO_WAY)])])

    first = child("capture.lobby", oldest_s=10.5, missing=[missing("preprocess.0", NO_WAY)])
    both = troubles_of([first, child("preprocess.0", missing=[missing("score.0", NO_WAY)])])

    assert told == "lobby: nothing settled for 10 s: score.0 has had no way to the archive for 10 s"
    assert both == told


def test_a_frame_long_in_hand_is_a_reason():
    """Nobody is missing then; somebody is busy."""
    told = troubles_of([LOBBY, child("score.0", in_hand_s=14.0), child("score.1", in_hand_s=1.0)])

    assert told == "lobby: nothing settled for 10 s: score.0 has had the same frame in hand for 10 s"


def test_where_nothing_waits_only_those_below_are_told():
    """Frames could not go on without them; from those above there may be none to come."""
    above = child("score.0", missing=[missing("preprocess at 10.0.0.1:7601", UNFOUND, is_below=False)])
    below = child("score.0", missing=[missing("archive", UNFOUND, 61.0)])

    assert troubles_of([above]) == ""
    assert troubles_of([below]) == "archive has not been found for 1 min"


def test_a_capture_that_has_gone_is_no_reason_for_another_camera():
    """`keepframe top` shows it."""
    above = child("preprocess.0", missing=[missing("capture.yard at 10.0.0.9:7600", is_below=False)])
    late = child("capture.lobby", oldest="lobby/0/7", oldest_s=15.5)

    assert "does every stage run" in troubles_of([late, above])


def test_a_capture_that_has_ended_as_it_should_is_missed_by_nobody():
    """However it is reached; one elsewhere of the same stage is."""
    who = ["capture.yard", "capture.yard at 127.0.0.1:7601", "capture.gate"]
    preprocess = child("preprocess.0", missing=[missing(name, is_below=False) for name in who])
    yard = Child("capture.yard", is_done=True)

    assert [m["who"] for m in missing_of([yard, preprocess])["preprocess.0"]] == ["capture.gate"]
    assert [m["who"] for m in missing_of([preprocess])["preprocess.0"]] == who


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(10.1, "10 s"), (29.9, "10 s"), (30.0, "30 s"), (60.0, "1 min"), (3599.0, "59 min"), (3600.0, "1 h")],
)
def test_a_duration_changes_seldom(seconds, text):
    """Else each second were news."""
    assert roughly(seconds) == text
