"""The threshold a camera teaches. How many false keeps a day it comes to is measured by scripts/bench days."""

import copy
import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepframe.score.evidence import Evidence
from keepframe.score.learned import Learned, lean
from keepframe.stage.memory import pack, unpack

S = 10**9


def quiet(count, seed=1, location=0.0, scale=0.2, level=99.0, start_s=0, every_s=10):
    """Return the evidence of a scene in which nothing happens."""
    rng = random.Random(seed)
    scores = [math.exp(rng.gauss(location, scale)) for _ in range(count)]
    return [Evidence(s, s, level, (start_s + every_s * n) * S) for n, s in enumerate(scores)]


def taught(learned, evidence):
    """Hold each against the threshold and learn it; return which were above."""
    over = []
    for n, seen in enumerate(evidence):
        is_over = seen.score > learned.threshold(seen).value
        learned.learn(seen, is_over=is_over, is_kept=is_over)
        if is_over:
            over.append(n)
    return over


def test_the_states_are_passed_through():
    """The model alone, then a tail that is extrapolated, then one that is counted."""
    learned, states = Learned(false_keeps_per_day=100, cold=6.0), []
    for seen in quiet(1000):
        states.append(learned.threshold(seen).state)
        learned.learn(seen, is_over=False, is_kept=False)

    assert list(dict.fromkeys(states)) == ["learning", "extrapolated", "calibrated"]
    assert states.index("extrapolated") >= 100


def test_a_cold_start_keeps_what_noise_does_not_explain():
    """The first pictures are held against the noise model; without one, nothing is kept on them."""
    seen = Evidence(7.0, None, 99.0, 0)

    assert Learned(cold=6.0).threshold(seen).value == 6.0
    assert Learned().threshold(seen).value == math.inf


def test_nothing_is_lower_than_the_floor():
    """However quiet it is."""
    learned = Learned(cold=6.0, floor=4.0)
    taught(learned, quiet(500, scale=0.01))

    assert learned.threshold(quiet(1)[0]).value == 4.0


def test_nothing_is_higher_than_the_ceiling_until_it_is_counted():
    """A few pictures of a restless scene do not make it deaf; what is counted may go so far above, and no farther."""
    learned = Learned(false_keeps_per_day=100, ceiling=2.0 / lean(100), slack=1.5)
    restless = quiet(1000, scale=1.0)
    told = []
    for seen in restless:
        told.append(learned.threshold(seen))
        learned.learn(seen, is_over=False, is_kept=False)

    for state, most in (("extrapolated", 2.0), ("calibrated", 3.0)):
        assert {now.value for now in told if now.state == state} == {most}


def test_a_wish_moves_the_metrics_own_threshold_at_once():
    """From the first picture on, in both directions, and what is quiet or restless later keeps to it."""
    wishes = (1 / 7, 1.0, 10.0)
    made = [Learned(false_keeps_per_day=wished, cold=4.0, floor=4.0, ceiling=4.0) for wished in wishes]
    seen = quiet(1)[0]
    expected = pytest.approx([4.0 * lean(wished) for wished in wishes])

    assert [learned.threshold(seen).value for learned in made] == expected
    assert expected.expected == sorted(expected.expected, reverse=True)

    for learned in made:
        taught(learned, quiet(200) + quiet(100, scale=2.0, start_s=2000))
    assert [learned.threshold(seen).value for learned in made] == expected


def test_a_wish_is_noted_where_it_moved_something():
    """With the metric's own number, so that both multiply to the threshold; one a day is what the metric's own is for."""
    seen = quiet(1)[0]
    told = Learned(false_keeps_per_day=10, cold=4.0).threshold(seen)

    assert told.value == pytest.approx(told.notes["model"] * lean(told.notes["wanted"]))
    assert (
        Learned(cold=4.0).threshold(seen).notes == Learned(false_keeps_per_day=10).threshold(seen).notes == {}
    )


def test_the_value_is_its_parts():
    """Usual * exp(spread * far), as it is noted."""
    learned = Learned(cold=6.0)
    taught(learned, quiet(500))
    now = learned.threshold(quiet(1)[0])

    assert now.value == pytest.approx(now.usual * math.exp(now.spread * now.far))
    assert now.usual == pytest.approx(1.0, rel=0.1)


def test_visits_do_not_teach():
    """Forty visits in a day, large and a minute long: the threshold is about what it is without them, and none is missed."""
    plain, visited = Learned(cold=6.0), Learned(cold=6.0)
    day = quiet(8640)
    taught(plain, day)
    busy = list(day)
    visits = range(300, 8500, 205)
    for start in visits:
        for n in range(start, start + 6):
            busy[n] = Evidence(20.0, 20.0, 99.0, busy[n].time_ns)
    over = set(taught(visited, busy))

    assert all(start in over for start in visits)
    assert visited.threshold(day[0]).value == pytest.approx(plain.threshold(day[0]).value, rel=0.15)


def test_what_is_the_scenes_own_is_half_a_matter_of_what_is_asked():
    """An excursion may reach the farther beyond the threshold to be learned, the nearer the threshold is; that of few a day is not taught visits."""

    def room(wanted):
        learned = Learned(false_keeps_per_day=wanted)
        taught(learned, quiet(2000))
        last = quiet(1, start_s=20_000)[0]
        far = learned.threshold(last).far
        for tenth in range(300):
            asked = copy.deepcopy(learned)
            off = tenth / 10
            peak = math.exp(off * learned.threshold(last).spread) * learned.threshold(last).usual
            taught(asked, [replace(last, score=peak), *quiet(8, start_s=20_010)])
            if asked.save()["tail"]["visits"]:
                return off - far
        raise AssertionError("everything is learned")

    assert room(0.1) < room(3.0) < room(100.0)


def test_a_lasting_change_becomes_the_new_normal():
    """A wind that rises to six times what was usual is kept for a quarter of an hour or so, then no more."""
    learned = Learned(cold=6.0)
    taught(learned, quiet(2000))
    windy = quiet(2000, seed=2, location=math.log(6), start_s=20_000)
    over = taught(learned, windy)

    assert 0 in over
    assert 50 <= len(over) <= 250
    assert max(over) < 400


def test_night_is_not_judged_by_day():
    """A noisier night has its own threshold, and the day finds its own again."""
    learned = Learned(cold=6.0)
    taught(learned, quiet(1000))
    day = learned.threshold(quiet(1)[0]).value
    taught(learned, quiet(1000, location=math.log(3), level=20.0, start_s=10_000))
    night = learned.threshold(Evidence(1.0, 1.0, 20.0, 0)).value

    assert night > 2 * day
    assert learned.threshold(quiet(1)[0]).value == pytest.approx(day, rel=0.3)


def test_a_repeat_teaches_nothing():
    """A camera that sends the same picture again and again does not become quieter by it."""
    learned = Learned(cold=6.0)
    taught(learned, quiet(500))
    before = learned.threshold(quiet(1)[0])
    for n in range(500):
        frozen = Evidence(0.0, 0.0, 99.0, (5000 + 10 * n) * S, "repeated")
        learned.learn(frozen, is_over=False, is_kept=False)

    assert learned.threshold(quiet(1)[0]) == before


@given(st.floats(1e-3, 1e3))
@settings(max_examples=20, deadline=None)
def test_the_threshold_scales_with_the_scores(by):
    """A metric with other units keeps the same pictures."""
    plain, scaled = Learned(), Learned()
    day = quiet(400, scale=0.5)
    over = taught(plain, day)
    also = taught(scaled, [Evidence(by * e.score, by * (e.quiet or 0), e.level, e.time_ns) for e in day])

    assert over == also
    assert scaled.threshold(day[0]).value == pytest.approx(by * plain.threshold(day[0]).value)


@given(st.floats(0.01, 1000), st.floats(0.01, 1000))
@settings(max_examples=20, deadline=None)
def test_more_false_keeps_a_day_never_raise_the_threshold(one, other):
    """With the same pictures learned."""
    day = quiet(300)
    values = []
    for wanted in sorted((one, other)):
        learned = Learned(false_keeps_per_day=wanted)
        for seen in day:
            learned.learn(seen, is_over=False, is_kept=False)
        values.append(learned.threshold(day[0]).value)

    assert values[1] <= values[0]


@given(st.integers(0, 300))
@settings(max_examples=25, deadline=None)
def test_saving_changes_nothing(at):
    """Saved and loaded before any frame, within a visit or not, every later threshold is the same to the last bit."""
    day = quiet(150) + quiet(60, seed=2, location=3.0, start_s=1500) + quiet(90, level=30.0, start_s=2100)
    straight, resumed = Learned(cold=6.0), Learned(cold=6.0)
    for n, seen in enumerate(day):
        if n == at:
            memory = unpack(pack(resumed.save(), "test"))
            resumed = Learned(cold=6.0)
            resumed.load(memory)
        told = straight.threshold(seen)
        assert resumed.threshold(seen) == told
        for learned in (straight, resumed):
            learned.learn(seen, is_over=seen.score > told.value, is_kept=False)

    assert pack(straight.save(), "test") == pack(resumed.save(), "test")


def test_what_a_gust_has_taught_does_not_depend_on_whether_it_was_saved_in_between():
    """An excursion of the scene's own is learned in one order: where the sum of the counts passes 128, another order rounds otherwise."""
    for seed in range(30):
        rng = random.Random(seed)
        gust = [math.exp(rng.uniform(0.7, 1.2)) for _ in range(12)]
        seen = [
            *quiet(138, seed),
            *(Evidence(s, s, 99.0, (1380 + 10 * n) * S) for n, s in enumerate(gust)),
            *quiet(40, seed + 100, start_s=1500),
        ]
        straight, resumed = Learned(cold=6.0), Learned(cold=6.0)
        for n, evidence in enumerate(seen):
            if n == 149:  # with the last picture of the gust still to come
                memory = unpack(pack(resumed.save(), "test"))
                resumed = Learned(cold=6.0)
                resumed.load(memory)
            for learned in (straight, resumed):
                learned.learn(evidence, is_over=False, is_kept=False)

        assert pack(straight.save(), "test") == pack(resumed.save(), "test"), seed


def test_a_foreign_memory_is_refused():
    """With the keys that were expected."""
    with pytest.raises(ValueError, match="expected a memory of"):
        Learned().load({"tail": {}})
