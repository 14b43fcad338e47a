from dataclasses import replace

from keepframe.run.life import Child
from keepframe.run.result import Progress, counts_of, progress_of


def child(name, restarts=0, **status):
    """A process that has told this."""
    return Child(name, restarts=restarts, status=status)


def test_nothing_is_known_of_nobody():
    """Before the first process has told anything, and without any."""
    assert progress_of([]) == Progress(0, 0, 0)
    assert progress_of([child("capture.a")]) == Progress(0, 0, None)


def test_captures_are_added_up():
    """Frames by outcome, without the ends of streams; the other stages count no frame twice."""
    told = progress_of(
        iter([
            child("capture.a", captured=12, settled={"kept": 2, "unchanged": 7, "end": 1}, total=20),
            child("capture.b", captured=5, settled={"kept": 1, "rejected": 1}, total=10),
            child("score.0", frames=11, waiting=3),
            child("archive.0", frames=11),
        ])
    )  # fmt: skip

    assert (told.captured, told.settled, told.total) == (17, 11, 30)
    assert told.outcomes == {"kept": 3, "unchanged": 7, "rejected": 1}


def test_one_live_camera_makes_the_total_unknown():
    """A bar that would end before the run is none."""
    told = progress_of([child("capture.a", total=20), child("capture.b", total=None, settled={"kept": 3})])

    assert (told.total, told.settled) == (None, 3)


def test_a_capture_that_was_started_again_is_counted_on():
    """Its total is what is still to come then; nothing goes backwards."""
    capture = child("capture.a", captured=12, settled={"kept": 2, "unchanged": 8, "end": 0}, total=50)
    before = progress_of([capture])
    capture.begin_life()
    at_start = progress_of([capture])
    capture.update({"captured": 7, "settled": {"kept": 1, "unchanged": 4}, "total": 40})

    assert (before.captured, before.settled, before.total) == (12, 10, 50)
    assert (at_start.captured, at_start.settled, at_start.total) == (10, 10, None)
    assert progress_of([capture]) == replace(
        before, captured=17, settled=15, total=50, outcomes={"kept": 3, "unchanged": 12}
    )


def test_restarts_and_troubles_of_all_are_told():
    """A full disk, and processes that do not fit each other."""
    told = progress_of(
        [
            child("archive.0", restarts=1, trouble="archive: no space left"),
            child(
                "score.0",
                restarts=2,
                trouble="",
                refused=["score.1 runs configuration 'b'", "x is no receiver"],
            ),
        ]
    )

    assert told.restarts == 3
    assert told.trouble == "archive: no space left; score.1 runs configuration 'b'; x is no receiver"


def test_where_captures_run_elsewhere_what_has_gone_through_is_told():
    """Of the stage that has seen the most; what became of it nobody here is told."""
    told = progress_of([child("score.0", frames=11), child("archive.0", frames=9, trouble="full")])

    assert told == Progress(11, 11, None, None, 0, "full")


def test_where_the_archive_runs_elsewhere_the_captures_know_the_outcomes():
    """By camera, over all their lives; a camera that nothing is settled of is not there."""
    lobby = child("capture.lobby", settled={"kept": 2, "unchanged": 7, "end": 1})
    lobby.begin_life()
    lobby.update({"settled": {"kept": 1, "end": 1}})
    counts = counts_of([lobby, child("capture.door"), child("score.0", frames=99)])

    assert counts == {
        "lobby": {"captured": 10, "kept": 3, "unchanged": 7}
        | dict.fromkeys(("filtered", "rejected", "dropped", "failed"), 0)
    }
