from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lines import (
    Sums,
    Window,
    bound,
    chains,
    end,
    fickle,
    header,
    item,
    led,
    level,
    line,
    streams,
    told,
)

from keepframe.frame import START, Item
from keepframe.stage import Line, Mark, close_shared
from keepframe.stage.line import CONFIG, fingerprint


def brighten(frame, *, by: int = 1):
    """A stage with an option."""
    return frame.with_image(frame.image + by)


def positions(things):
    """The first and last position of each item."""
    return [(thing.at, thing.upto) for thing in things if isinstance(thing, Item)]


# --- the laws ----------------------------------------------------------------------------------------------------------


@settings(max_examples=70)
@given(chains, streams(), st.data())
def test_fused_in_one_line_is_the_same_as_one_line_after_the_other(chain, items, data):
    """Steps in one process, or each in its own: the same items, to the last bit, in the same order, marks in the same places."""
    things = [t for i in items for t in ([i, Mark(i.upto)] if data.draw(st.booleans()) else [i])]
    chained = things
    for step in chain:
        chained = led(line(step), chained)

    assert [told(t) for t in chained] == [told(t) for t in led(line(*chain), things)]


@settings(max_examples=70)
@given(chains, streams())
def test_one_item_leaves_for_each_that_came(chain, items):
    """In the same order, each at its own position, and everything by the end."""
    assert positions(led(line(*chain), items)) == positions(items)


@settings(max_examples=70)
@given(chains, streams(), st.data())
def test_from_any_memory_it_goes_on_as_if_undisturbed(chain, items, data):
    """Restored at any mark, however much was held back: the same items from there on, nothing twice, and the same memories."""
    at = data.draw(st.integers(0, len(items) - 1))
    undisturbed = led(line(*chain), [t for i in items for t in (i, Mark(i.upto))])
    marks = {t.upto: t.memory for t in undisturbed if isinstance(t, Mark)}
    upto = items[at].upto
    restored = line(*chain, memory=marks[upto], committed=upto)
    rest = led(restored, [t for i in items[at + 1 :] for t in (i, Mark(i.upto))])

    assert [told(t) for t in rest] == [told(t) for t in undisturbed[undisturbed_after(undisturbed, upto) :]]
    assert {t.upto: t.memory for t in rest if isinstance(t, Mark)} == {
        k: v for k, v in marks.items() if k > upto
    }
    assert not [e for e in restored.events if "no save()" not in e[1]]


def undisturbed_after(things, upto):
    """Where the mark at a position has left."""
    return 1 + next(n for n, t in enumerate(things) if isinstance(t, Mark) and t.upto == upto)


@settings(max_examples=40)
@given(chains, streams())
def test_marks_change_nothing(chain, items):
    """Saving is looking."""
    marked = led(line(*chain), [t for i in items for t in (i, Mark(i.upto))])

    assert [told(t) for t in marked if isinstance(t, Item)] == [told(t) for t in led(line(*chain), items)]


@settings(max_examples=40)
@given(chains, streams())
def test_nothing_is_held_longer_than_promised(chain, items):
    """With as many items on the way as the steps hold back and one more, there is always one that leaves: else all would wait for ever."""
    through = line(*chain)
    holds = sum(step.holds for step in through.steps)
    inside = 0
    for i in items:
        inside += 1 - len(through.push(i))

        assert inside <= holds


# --- order, headers, marks -----------------------------------------------------------------------------------------------


def test_what_was_decided_before_passes_untouched():
    """No step is called for it: it has no pixels."""
    things = [header(0), header(1, "dropped", 5), header(6, "failed"), end(7)]

    assert [told(t) for t in led(line(fickle, Sums, Window), things)] == [told(t) for t in things]


def test_what_a_step_settles_the_next_does_not_see():
    """It goes on as a header."""

    def dark(frame):
        return frame.settled("rejected", "dark")

    def never(frame):
        raise AssertionError("called")

    ((out,),) = [thing.frames for thing in led(line(dark, never), [item(0)])]

    assert (out.outcome, out.reason, out.working) == ("rejected", "dark", None)


def test_headers_and_marks_queue_behind_a_frame_that_is_held():
    """Order is all the bookkeeping there is."""
    through = line((Window, {"size": 5}))
    left = [
        len(through.push(thing)) for thing in (item(0, 1), header(1), Mark((0, 1)), header(2), item(3, 1))
    ]
    rest = led(through, [end(4)])

    assert left == [0, 0, 0, 0, 0]
    assert [told(t)[1] if isinstance(t, Mark) else t.at[1] for t in rest] == [0, 1, (0, 1), 2, 3, 4]


def test_a_marks_memory_is_that_at_its_arrival():
    """What comes after it is not in it, though it leaves later; what is held is."""
    through = line((Window, {"size": 2}))
    left = led(through, [item(0, 1), Mark((0, 0)), item(1, 1), item(2, 1), end(3)])
    (mark,) = [t for t in left if isinstance(t, Mark)]
    restored = line((Window, {"size": 2}), memory=mark.memory, committed=(0, 0))

    assert restored.steps[0].instance.save() == {"frames": [(0, 0, "", 1)], "past": []}


def test_what_leaves_up_to_the_committed_position_is_not_sent_again():
    """The frames a restored window holds were settled before; they are there for those that follow."""
    things = [t for n in range(5) for t in (item(n, 1), Mark((0, n)))]
    marks = {t.upto: t for t in led(line((Window, {"size": 2})), [*things, end(5)]) if isinstance(t, Mark)}
    restored = line((Window, {"size": 2}), memory=marks[0, 2].memory, committed=(0, 2))
    left = led(restored, [item(3, 1), item(4, 1), end(5)])

    assert [t.at for t in left] == [(0, 3), (0, 4), (0, 5)]
    assert left[0].frames[0].notes["of"] == 4  # two before it, itself, one after it


def test_each_step_adds_its_memory_under_its_place():
    """Two of the same kind do not meet; a mark brings what steps above have put in."""
    (mark,) = line(Sums, fickle, (Sums, {"salt": 1})).push(Mark(START, {"above": b"x"}))

    assert {"above", CONFIG, "0.sum", "2.sum"} == set(mark.memory)
    assert mark.memory["0.sum"] != mark.memory["2.sum"]


def test_only_what_changed_has_other_bytes():
    """So that only that is sent."""
    through = line(Sums)
    first, second = (led(through, [item(n, 5), Mark((0, n))])[-1].memory for n in range(2))

    assert first[CONFIG] == second[CONFIG]
    assert first["0.sum"] != second["0.sum"]


# --- starts --------------------------------------------------------------------------------------------------------------


def memory_of(*steps):
    """What steps have learned after a frame."""
    return led(line(*steps), [item(0, 7), Mark((0, 0))])[-1].memory


def test_under_another_configuration_what_was_learned_is_set_aside():
    """And that is recorded."""
    restored = line((Sums, {"salt": 3}), memory=memory_of(Sums), committed=(0, 0))

    assert restored.steps[0].instance.sum == 3
    assert restored.events == [("fresh", "Sums: configuration changed, what was learned is set aside")]


def test_under_the_same_configuration_nothing_is_recorded():
    """It goes on."""
    restored = line(Sums, memory=memory_of(Sums), committed=(0, 0))

    assert restored.events == []
    assert restored.steps[0].instance.sum != 0


def test_where_nothing_was_learned_nothing_is_set_aside():
    """Functions have no memory, so another option is no event."""
    assert line((brighten, {"by": 2}), memory=memory_of(brighten), committed=(0, 0)).events == []


def test_a_default_written_out_is_the_same_configuration():
    """And so is a folder elsewhere, but not another value."""

    def masked(frame, *, mask: Path = Path("/a/mask.png"), rows: list[int] = (1, 2)):
        return frame

    same = [
        bound(masked),
        bound(masked, rows=[1, 2]),
        bound(masked, mask=Path("/b/mask.png")),
    ]
    others = [bound(masked, mask=Path("/a/other.png")), bound(masked, rows=[2, 1]), bound(brighten)]

    assert len({fingerprint([b]) for b in same}) == 1
    assert len({fingerprint([b]) for b in [same[0], *others]}) == 4


def test_the_order_of_the_steps_is_part_of_the_configuration():
    """A memory lies under its step's place."""
    assert fingerprint([bound(brighten), bound(fickle)]) != fingerprint([bound(fickle), bound(brighten)])


class Forgetful:
    """A state, and no way to save it."""

    def __init__(self):
        self.count = 0

    def __call__(self, frame):
        self.count += 1
        return frame.with_note("count", self.count)


def test_a_stage_that_forgets_is_recorded_as_fresh():
    """After a takeover; at the very start there is nothing to forget."""
    assert line(Forgetful, Sums).events == []
    assert line(Forgetful, Sums, memory=memory_of(Forgetful, Sums), committed=(0, 0)).events == [
        ("fresh", "Forgetful: no save() and load(), so it starts with nothing")
    ]


class Shared(Forgetful):
    """One for all cameras of a process."""

    per = "process"
    log: list[str]

    def __enter__(self):
        self.log.append("entered")

    def __exit__(self, *_):
        self.log.append("left")


def test_one_per_process_is_shared_entered_and_left_once():
    """By all lines; it is left when they are all closed."""
    Shared.log, shared = [], {}
    lines = [Line([bound(Shared)], camera, shared=shared) for camera in "ab"]
    counts = [t.frames[0].notes["count"] for n in range(2) for one in lines for t in one.push(item(n))]
    for one in lines:
        one.close()
    assert Shared.log == ["entered"]
    close_shared(shared)
    close_shared(shared)

    assert counts == [1, 2, 3, 4]
    assert Shared.log == ["entered", "left"]


def test_a_shared_stage_that_is_still_there_has_forgotten_nothing():
    """A camera's session began anew, the process did not."""
    shared = {}
    Shared.log = []
    first = Line([bound(Shared)], "a", committed=(0, 3), shared=shared)
    second = Line([bound(Shared)], "a", committed=(0, 3), shared=shared)

    assert [len(first.events), len(second.events)] == [1, 0]


class Resource:
    """A stage in a `with`."""

    log: ClassVar[list[str]] = []

    def __init__(self, *, name: str = "a", is_broken: bool = False):
        self.name, self.is_broken = name, is_broken

    def __enter__(self):
        if self.is_broken:
            raise OSError("no such device")
        self.log.append(f"{self.name} entered")
        return "something else"

    def __exit__(self, *_):
        self.log.append(f"{self.name} left")
        if self.name == "b":
            raise OSError("will not close")

    def __call__(self, frame):
        return frame


def test_with_is_entered_and_left_once_in_reverse():
    """Whatever __enter__ returns, the stage is the instance."""
    Resource.log.clear()
    through = line(Resource, (Resource, {"name": "c"}))

    assert len(led(through, [item(0), end(1)])) == 2
    through.close()
    through.close()
    assert Resource.log == ["a entered", "c entered", "c left", "a left"]


def test_each_is_left_even_if_another_will_not():
    """And the trouble is told."""
    Resource.log.clear()
    with pytest.raises(OSError, match="will not close"):
        line(Resource, (Resource, {"name": "b"}), (Resource, {"name": "c"})).close()

    assert Resource.log[3:] == ["c left", "b left", "a left"]


def test_what_was_entered_is_left_if_another_cannot_be():
    """No resource is lost with a line that never was."""
    Resource.log.clear()
    with pytest.raises(OSError, match="no such device"):
        line(Resource, (Resource, {"is_broken": True}))

    assert Resource.log == ["a entered", "a left"]


def test_cameras_have_instances_of_their_own():
    """What one camera shows does not reach into another's state."""
    one, other = line(Forgetful), line(Forgetful)
    counts = [led(x, [item(n)])[0].frames[0].notes["count"] for n, x in enumerate([one, other, one, other])]

    assert counts == [1, 1, 2, 2]


def test_options_reach_functions_and_classes():
    """By name."""
    through = line((brighten, {"by": 3}), (Sums, {"salt": 4}))

    assert level(led(line((brighten, {"by": 3})), [item(0, 1)])[0].frames[0]) == 4
    assert through.steps[1].instance.sum == 4


def test_parts_of_parts_have_names_below_their_parts():
    """0 becomes 0.0 and 0.1; a part that is not divided keeps its name."""

    def halves(frame):
        yield frame.with_note("cut", 1)
        yield frame.with_note("cut", 2)

    def first_again(frame):
        return [frame, frame] if frame.part in ("0", "0.1") else frame

    (out,) = led(line(halves, first_again, first_again), [item(3)])

    assert [f.name for f in out.frames] == [
        "lobby/0/3/0.0",
        "lobby/0/3/0.1.0",
        "lobby/0/3/0.1.1",
        "lobby/0/3/1",
    ]
    assert [f.notes["cut"] for f in out.frames] == [1, 1, 1, 2]
