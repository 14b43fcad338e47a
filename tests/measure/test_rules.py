"""The rules by which keep lists are counted, held against the scorer they were taken from where it is at hand."""

import importlib
import itertools
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepframe.measure.rules import (
    EVERY_PICTURE,
    ONE_A_SECOND,
    PHASES,
    Labels,
    Rules,
    Tally,
    is_sampled,
    tally,
)

SCORING = Path(__file__).parents[3] / "shared" / "scoring"
ROOM = Labels("room", 200, 10.0, events=((40, 79),), quiet=((0, 39), (90, 199)))


@pytest.fixture
def scorer(monkeypatch):
    """The module that the rules were first written down in."""
    if not SCORING.exists():
        pytest.skip(f"no scorer to compare with: {SCORING} is absent")
    monkeypatch.syspath_prepend(str(SCORING))
    for name in ("data", "score"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("score")


@st.composite
def clips(draw):
    """Labels of a clip with stretches in order, apart from each other or not."""
    marks = sorted(draw(st.lists(st.integers(0, 299), min_size=2, max_size=12, unique=True)))
    stretches = list(zip(marks[::2], marks[1::2], strict=False))
    events = tuple(s for n, s in enumerate(stretches) if n % 2)
    return Labels("x", 300, draw(st.sampled_from([5.0, 10.0, 12.0])), events, tuple(stretches[::2]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(labels=clips(), keeps=st.sets(st.integers(0, 299)), phase=st.integers(0, 4) | st.none())
def test_a_clip_is_counted_as_the_scorer_counts_it(scorer, labels, keeps, phase):
    """Every figure the two have in common, with every picture shown and with one a second."""
    known = {"name": "x", "kind": "clip", "n": 300, "fps": labels.fps, "labels": None, "states": None}
    known |= {"events": [(*event, "") for event in labels.events], "quiet": list(labels.quiet)}
    if phase is None:
        shown, protocol, rules = list(range(300)), "p1", EVERY_PICTURE
    else:
        shown, protocol, rules = scorer.sample(known, "p2", phase), "p2", ONE_A_SECOND
        keeps &= set(shown)

        assert shown == [n for n in range(300) if is_sampled(n, labels.fps, 1.0, phase)]
    theirs = scorer.score_run(known, keeps, shown, scorer.lead(known, protocol), protocol)
    ours = tally(labels, keeps, shown, rules)

    assert (ours.shown, ours.kept, ours.events, ours.hit, ours.prompt, ours.quiet, ours.false) == tuple(
        theirs[key] for key in ("frames", "keeps", "events", "events_hit", "prompt", "quiet_frames", "false")
    )
    assert [round(delay * labels.fps) for delay in ours.delays_s] == theirs["latency"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    marks=st.lists(st.sampled_from(["quiet", "change", "duplicate", "unlabelled"]), min_size=20, max_size=60),
    keeps=st.sets(st.integers(0, 59)),
)
def test_snapshots_are_counted_as_the_scorer_counts_them(scorer, marks, keeps):
    """Changes, quiet ones and exact repeats."""
    keeps = {n for n in keeps if n < len(marks)}
    known = {"name": "x", "kind": "snapshots", "n": len(marks), "fps": None, "labels": marks, "states": None}
    theirs = scorer.score_run(known, keeps, list(range(len(marks))), 12, "p1")
    ours = tally(Labels("x", len(marks), None, marks=tuple(marks)), keeps)
    keys = (
        "frames",
        "keeps",
        "events",
        "events_hit",
        "quiet_frames",
        "false",
        "duplicates",
        "duplicates_kept",
    )

    assert (
        ours.shown, ours.kept, ours.events, ours.hit, ours.quiet, ours.false, ours.duplicates, ours.duplicates_kept,
    ) == tuple(theirs[key] for key in keys)  # fmt: skip


def test_the_scene_at_rest_again_may_be_kept_once():
    """A second keep in the same stretch is false; so is one in a stretch that no keep came before."""
    assert tally(ROOM, [45, 95]).false == 0
    assert tally(ROOM, [45, 95, 150]).false == 1
    assert tally(ROOM, [95]).false == 1


def test_the_lead_is_seen_and_not_scored():
    """The first two seconds: a keep there is neither false nor counted, but something was kept before."""
    assert tally(ROOM, [0, 5]) == Tally(shown=180, kept=0, events=1, quiet=130)


def test_a_hit_is_prompt_within_a_second_and_late_until_half_a_second_after_the_end():
    """And nothing later."""
    found = [tally(ROOM, [n]) for n in (39, 40, 50, 51, 84, 85)]

    assert [of.hit for of in found] == [0, 1, 1, 1, 1, 0]
    assert [of.prompt for of in found] == [0, 1, 1, 0, 0, 0]
    assert found[3].delays_s == (1.1,)


def test_an_event_of_which_nothing_was_shown_does_not_count():
    """Nobody can keep what he has not seen."""
    assert tally(ROOM, [], [30, 100]).events == 0


@given(count=st.integers(1, 500), fps=st.floats(1, 60), every_s=st.floats(0.1, 5))
def test_each_phase_shows_about_one_picture_in_each_interval(count, fps, every_s):
    """And if the interval is shorter than a picture, every picture."""
    step = max(1.0, fps * every_s)
    for phase in range(PHASES):
        shown = [n for n in range(count) if is_sampled(n, fps, every_s, phase)]

        assert abs(len(shown) - count / step) <= 2
        assert all(abs(b - a - step) <= 1 for a, b in itertools.pairwise(shown))


def test_tallies_add_up_and_tell_share_and_delay():
    """Two runs together; nothing at all has a share of 0 and no delay."""
    both = tally(ROOM, [50]) + tally(ROOM, [60, 100])

    assert (both.events, both.hit, both.kept, both.shown) == (2, 2, 3, 360)
    assert both.delay_s == 1.5
    assert both.to_json()["share"] == 3 / 360
    assert (Tally().share, Tally().delay_s) == (0.0, None)
    assert Rules(lead_s=0).first(ROOM) == 0
