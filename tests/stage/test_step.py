from collections import deque
from dataclasses import replace

import numpy as np
import pytest
from lines import Late, Sums, Window, end, frame, header, item, led, level, line, told

from keepframe.errors import LostPictureError
from keepframe.frame import Frame, Item
from keepframe.stage import Mark
from keepframe.stage.memory import MAX_BYTES
from keepframe.stage.outputs import MAX_PARTS
from keepframe.stage.step import MAX_REASON


def reasons(things):
    """Outcome and reason of each frame that left."""
    return [(f.outcome, f.reason) for t in things if isinstance(t, Item) for f in t.frames]


def one(stage, frame_=None):
    """What becomes of one frame."""
    (out,) = led(line(stage), [Item((frame(3) if frame_ is None else frame_,))])
    return out


# --- map, filter, fan-out ------------------------------------------------------------------------------------------------


def test_a_frame_goes_on():
    """Map."""

    def darker(frame):
        return frame.with_image(frame.image - 1)

    assert level(one(darker).frames[0]) == 2


def test_none_is_filtered_by_the_stage():
    """Filter: a header in its place, with the stage's name."""

    def nothing(frame):
        return None

    assert reasons([one(nothing)]) == [("filtered", "nothing")]


def test_several_are_parts():
    """Fan-out: one item, its frames named by their place."""

    def three(frame):
        for n in range(3):
            yield frame.with_note("n", n)

    out = one(three)

    assert [(f.part, f.notes["n"], f.at) for f in out.frames] == [
        ("0", 0, (0, 3)),
        ("1", 1, (0, 3)),
        ("2", 2, (0, 3)),
    ]


def test_one_of_a_series_is_the_frame_itself():
    """A generator that yields once divides nothing; one that yields never filters."""

    def once(frame):
        yield frame

    def never(frame):
        yield from ()

    assert [f.part for f in one(once).frames] == [""]
    assert reasons([one(never)]) == [("filtered", "never")]


def test_some_parts_may_be_filtered_and_others_fail():
    """Each part has an outcome of its own."""

    def four(frame):
        return [frame.with_image(np.full((1, 1), n, np.uint8)) for n in range(4)]

    def choosy(frame):
        if level(frame) == 3:
            raise ValueError("no 3")
        return {0: None, 1: frame, 2: frame.settled("rejected", "dark")}[level(frame)]

    (out,) = led(line(four, choosy), [item(0)])

    assert [f.outcome for f in out.frames] == ["filtered", None, "rejected", "failed"]
    assert out.outcome is None


@pytest.mark.parametrize(
    ("first", "second", "fits"), [(16, 1, True), (8, 2, True), (9, 2, False), (1, 17, False)]
)
def test_a_frame_has_at_most_16_parts_over_all_steps(first, second, fits):
    """One message carries them all; whether the steps share a process makes no difference."""

    def cut(frame):
        return [frame] * first

    def again(frame):
        return [frame] * second

    (fused,) = led(line(cut, again), [item(0)])
    (apart,) = led(line(again), led(line(cut), [item(0)]))

    assert len(fused.frames) <= MAX_PARTS
    assert all(f.outcome is None for f in fused.frames) == fits
    assert reasons([fused]) == reasons([apart])


# --- failures --------------------------------------------------------------------------------------------------------------


class UnheardError(Exception):
    """An error of the user's."""


def raising(error):
    """A stage that raises at frame 1."""

    def stage(frame):
        if frame.seq == 1:
            raise error
        return frame

    return stage


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("no good"), "stage: ValueError: no good"),
        (UnheardError(), "stage: UnheardError"),
        (KeyError("x"), "stage: KeyError: 'x'"),
        (MemoryError("too much"), "stage: MemoryError: too much"),
        (ValueError("long " * 999), ("stage: ValueError: " + "long " * 999)[:MAX_REASON]),
    ],
)
def test_a_stage_that_raises_loses_that_frame_only(error, reason):
    """It fails with the error, briefly; those before and after go on."""
    assert reasons(led(line(raising(error)), [item(n) for n in range(3)])) == [
        (None, ""),
        ("failed", reason),
        (None, ""),
    ]


def test_ctrl_c_is_no_failure_of_a_frame():
    """It ends the process, as does sys.exit()."""
    with pytest.raises(KeyboardInterrupt):
        led(line(raising(KeyboardInterrupt())), [item(1)])


def test_what_a_generator_gave_before_it_raised_is_not_half_a_frame():
    """The frame fails as a whole."""

    def half(frame):
        yield frame
        raise ValueError("midway")

    assert reasons([one(half)]) == [("failed", "half: ValueError: midway")]


@pytest.mark.parametrize(
    ("given", "got"),
    [
        (lambda f: f.image, "got ndarray; use frame.with_image(array)"),
        (lambda f: f.image.mean() > 3, "got bool"),
        (lambda f: {"a": f}, "got dict"),
        (lambda f: [f, None], "got several, among them NoneType"),
    ],
)
def test_a_wrong_result_fails_with_the_rule(given, got):
    """Named by the stage that gave it."""

    def stage(frame):
        return given(frame)

    assert reasons([one(stage)]) == [
        ("failed", f"stage: TypeError: must return a Frame, None or several Frames, {got}")
    ]


def test_a_forgotten_return_is_told():
    """Annotated `-> Frame`, None is no filtering; annotated `-> Frame | None` or not at all, it is."""
    reason = (
        "returned None, but is annotated -> Frame; is a `return` missing? (-> Frame | None, if it filters)"
    )

    def promised(frame) -> Frame:
        frame.with_note("seen", True)

    def may_filter(frame) -> Frame | None:
        return None

    class Promised:
        def __call__(self, frame) -> "Frame":
            frame.with_note("seen", True)

    assert reasons([one(promised), one(Promised), one(may_filter)]) == [
        ("failed", f"promised: TypeError: {reason}"),
        ("failed", f"Promised: TypeError: {reason}"),
        ("filtered", "may_filter"),
    ]


def test_a_frame_of_ones_own_making_is_told():
    """A frame made from nothing is not the one that came: its time, its picture and its place would be lost."""

    def new(frame):
        return Frame(working=frame.image)

    def other(frame):
        return Frame(stream=frame.stream, seq=frame.seq, working=frame.image)

    assert reasons([one(new), one(other)]) == [
        ("failed", "new: ValueError: gave a frame that is not here (any more): /0/0; hold at most 0 back"),
        ("failed", "other: ValueError: gave /0/3 for lobby/0/3; use frame.with_image(array)"),
    ]


def test_a_frame_kept_from_before_is_told():
    """Whoever holds frames back says so in `holds`."""

    class Before:
        def __init__(self):
            self.before = None

        def __call__(self, frame):
            before, self.before = self.before, frame
            return before

    assert reasons(led(line(Before), [item(0), item(1)])) == [
        ("filtered", "Before"),
        (
            "failed",
            "Before: ValueError: gave a frame that is not here (any more): lobby/0/0; hold at most 0 back",
        ),
    ]


# --- frames that are held back -----------------------------------------------------------------------------------------------


def of(things):
    """Which frames left, and of how many each is the median."""
    return [(t.at[1], t.frames[0].notes.get("of")) for t in things if isinstance(t, Item)]


def test_a_window_gives_each_frame_when_it_has_seen_those_behind_it():
    """Five back: the first leaves with the sixth, the rest at the end."""
    through = line((Window, {"size": 5}))
    left = [of(through.push(item(n, 1))) for n in range(7)]

    assert left == [[], [], [], [], [], [(0, 6)], [(1, 7)]]
    assert of(through.push(end(7))) == [(2, 7), (3, 7), (4, 7), (5, 7), (6, 6), (7, None)]


class Confirm:
    """Two of three: a frame is kept if one of the two after it is as bright."""

    holds = 2

    def __init__(self):
        self.frames = deque()

    def __call__(self, frame):
        self.frames.append(frame)
        return self._next() if len(self.frames) > self.holds else None

    def flush(self):
        while self.frames:
            yield self._next()

    def _next(self):
        frame = self.frames.popleft()
        is_seen = any(level(f) >= level(frame) for f in self.frames)
        return frame if is_seen else frame.settled("unchanged", "unconfirmed")


def test_n_of_m_decides_when_it_knows():
    """A flash is not confirmed, what stays is."""
    things = led(line(Confirm), [*(item(n, value) for n, value in enumerate([9, 1, 1, 5, 5, 0])), end(6)])

    assert reasons(things) == [
        ("unchanged", "unconfirmed"),
        (None, ""),
        (None, ""),
        (None, ""),
        ("unchanged", "unconfirmed"),
        ("unchanged", "unconfirmed"),
        ("end", ""),
    ]


def test_headers_do_not_make_a_held_frame_wait_for_ever():
    """The stage is not called for them, so it is asked to flush when its time is over: else the way would be full, and no frame would come."""
    through = line(Confirm)
    left = [reasons(through.push(t)) for t in (item(0, 9), header(1), header(2), header(3))]

    assert left == [
        [],
        [],
        [("unchanged", "unconfirmed"), ("rejected", "before"), ("rejected", "before")],
        [("rejected", "before")],
    ]


def test_what_does_not_come_in_time_is_filtered():
    """And what comes too late changes nothing: its outcome stands."""

    class Slow(Confirm):
        def __call__(self, frame):
            self.frames.append(frame)
            return self.frames.popleft() if len(self.frames) > 4 else None

        def flush(self):
            return None

    left = led(line(Slow), [*(item(n) for n in range(6)), end(6)])

    assert reasons(left) == [("filtered", "Slow")] * 6 + [("end", "")]


def test_a_frame_that_is_silently_left_out_makes_no_flush():
    """The stage was called often enough, so what it did not give it has filtered; what it still holds it may hold."""
    flushes = []

    class Bright(Confirm):
        def __call__(self, frame):
            return super().__call__(frame) if level(frame) > 4 else None

        def flush(self):
            flushes.append(1)
            return super().flush()

    led(line(Bright), [item(n, value) for n, value in enumerate([9, 1, 9, 9, 1, 9, 9])])

    assert flushes == []


class Switch:
    """Gives a bright frame with all that it holds, and holds dark ones."""

    holds = 3

    def __init__(self):
        self.frames = []

    def __call__(self, frame):
        self.frames.append(frame)
        return self.flush() if level(frame) > 4 else None

    def flush(self):
        frames, self.frames = self.frames, []
        return [f.with_note("together", len(frames)) for f in frames]

    def save(self):
        return {"frames": [(*f.at, f.part, level(f)) for f in self.frames]}

    def load(self, memory):
        self.frames = [frame(n, value, stream=s) for s, n, _, value in memory["frames"]]
        self.frames = [
            replace(f, part=part) for f, (_, _, part, _) in zip(self.frames, memory["frames"], strict=True)
        ]


def test_a_part_that_has_left_its_stage_is_not_waited_for_after_a_takeover():
    """One part is held, the other was given before: the flush that its absence would cause never was in the undisturbed run."""
    parts = Item((replace(frame(0, 9), part="0"), replace(frame(0, 1), part="1")))
    rest = [item(1, 9), item(2, 1), header(3), item(4, 9)]
    (mark,) = [t for t in led(line(Switch), [parts, Mark((0, 0)), *rest]) if isinstance(t, Mark)]
    undisturbed = led(line(Switch), [parts, *rest])[1:]
    restored = led(line(Switch, memory=mark.memory, committed=(0, 0)), rest)

    assert [told(t) for t in restored] == [told(t) for t in undisturbed]


def test_a_failed_frame_that_is_given_later_stays_failed():
    """The stage had it in its window already when it raised; no other frame is lost by that."""

    class Stumbles(Confirm):
        def __call__(self, frame):
            given = super().__call__(frame)
            if frame.seq == 1:
                raise ValueError("stumbled")
            return given

    left = led(line(Stumbles), [*(item(n, 5) for n in range(5)), end(5)])

    assert [outcome for outcome, _ in reasons(left)] == [None, "failed", None, None, "unchanged", "end"]


def test_a_flush_that_raises_loses_what_was_held_only():
    """Each with the error; the next stream begins as ever."""
    things = [item(0, 5), end(1), item(0, 4, stream=1), item(1, 3, stream=1), end(2, stream=1)]

    assert reasons(led(line(Late), things)) == [
        ("failed", "Late: ValueError: no flush"),
        ("end", ""),
        (None, ""),
        (None, ""),
        ("end", ""),
    ]


def test_without_a_flush_what_is_held_at_the_end_was_filtered():
    """Nothing is left behind."""

    class Keeps:
        holds = 3

        def __call__(self, frame):
            return None

    assert reasons(led(line(Keeps), [item(0), item(1), end(2)])) == [("filtered", "Keeps")] * 2 + [
        ("end", "")
    ]


def test_a_window_larger_than_a_message_is_flushed():
    """The limit is for the parts of one frame."""
    left = led(line((Window, {"size": 40})), [*(item(n, 1) for n in range(40)), end(40)])

    assert len(left) == 41
    assert not [r for r in reasons(left) if r[0] == "failed" and "more than" in r[1]]


@pytest.mark.parametrize("holds", [-1, "2", None])
def test_an_instance_says_how_many_it_holds(holds):
    """A property is read when the instance is there."""

    class Odd:
        @property
        def holds(self):
            return holds

        def __call__(self, frame):
            return frame

    with pytest.raises(TypeError, match="'Odd': expected holds to be how many frames it holds back, got "):
        line(Odd)


# --- memories --------------------------------------------------------------------------------------------------------------


class Moody(Sums):
    """Cannot always save or load."""

    mood = "well"

    def save(self):
        if self.mood == "raises":
            raise ValueError("not now")
        return {"large": b"0" * MAX_BYTES, "set": {1}}.get(self.mood) or super().save()

    def load(self, memory):
        super().load(memory)
        if self.mood == "raises":
            raise KeyError("sum")


@pytest.fixture(autouse=True)
def _in_good_mood():
    Moody.mood = "well"


def test_a_save_that_raises_leaves_no_memory_rather_than_an_old_one():
    """A takeover would go on from what was; so it starts fresh, and that is recorded once."""
    through = line(Moody, Sums)
    memories = []
    for n, mood in enumerate(["well", "raises", "raises", "well", "raises"]):
        Moody.mood = mood
        memories.append({k[:2] for k in led(through, [item(n, 7), Mark((0, n))])[-1].memory} - {"co"})

    assert memories == [{"0.", "1."}, {"1."}, {"1."}, {"0.", "1."}, {"1."}]
    assert (
        through.events
        == [
            (
                "unsaved",
                "Moody: its memory cannot be saved, so a takeover starts it fresh: ValueError: not now",
            )
        ]
        * 2
    )


@pytest.mark.parametrize(
    ("saved", "message"),
    [
        (None, "TypeError: 'Bad': save() must return a dict, got NoneType"),
        (
            {"x": {1}},
            "TypeError: 'Bad': save()['x'] cannot be stored: expected None, bool, int, float, str, bytes",
        ),
        (
            {"x": b"0" * (MAX_BYTES + 1)},
            "ValueError: 'Bad': save() gave 4194311 bytes under 1 keys, expected at most",
        ),
    ],
)
def test_a_memory_that_cannot_be_stored_is_told(saved, message):
    """No return, a wrong type, too much of it: the frames go on."""

    class Bad(Sums):
        def save(self):
            return saved

    through = line(Bad)
    left = led(through, [item(0, 7), Mark((0, 0)), item(1, 7)])

    assert len(left) == 3
    assert [detail.partition("starts it fresh: ")[2].startswith(message) for _, detail in through.events] == [
        True
    ]


@pytest.mark.parametrize("broken", ["load", "bytes"])
def test_a_memory_that_cannot_be_loaded_is_set_aside(broken):
    """Of that step alone; with a new instance, since the first may have loaded half of it. It is recorded."""
    memory = led(line(Moody, Sums), [item(0, 7), Mark((0, 0))])[-1].memory
    if broken == "bytes":
        memory = memory | {"0.sum": b"\xc1"}
    else:
        Moody.mood = "raises"
    restored = line(Moody, Sums, memory=memory, committed=(0, 0))

    assert [step.instance.sum == 0 for step in restored.steps] == [True, False]
    ((kind, detail),) = restored.events
    assert kind == "fresh"
    assert detail.startswith("Moody: its memory cannot be loaded, so it starts with nothing: ")


def test_an_instance_that_could_not_load_is_left():
    """Its `with` was entered."""
    log = []

    class Open(Moody):
        def __enter__(self):
            log.append("entered")

        def __exit__(self, *_):
            log.append("left")

    memory = led(line(Open), [item(0, 7), Mark((0, 0))])[-1].memory
    log.clear()
    Moody.mood = "raises"
    line(Open, memory=memory, committed=(0, 0)).close()

    assert log == ["entered", "left", "entered", "left"]


def test_an_empty_memory_is_not_loaded():
    """It is that of a camera never seen."""

    class Nothing(Sums):
        def save(self):
            return {}

        def load(self, memory):
            raise AssertionError("called")

    memory = led(line(Nothing), [Mark((0, 0))])[-1].memory

    assert line(Nothing, memory=memory, committed=(0, 0)).events == []


def test_its_identity_goes_on_with_a_frame():
    """Time, source, index: what a stage does not touch is what the capture stamped."""
    stamped = replace(frame(3), time_ns=5, source="a.jpg", index=2, media_ns=7)
    out = one(lambda f: f.with_image(f.image + 1), stamped).frames[0]

    assert (out.time_ns, out.source, out.index, out.media_ns, out.name) == (5, "a.jpg", 2, 7, stamped.name)


def test_a_picture_that_did_not_come_is_no_failure_of_its_frame():
    """It comes again, so nothing may be decided of it."""

    def look(frame):
        raise LostPictureError("not within 5 s")

    with pytest.raises(LostPictureError):
        one(look)
