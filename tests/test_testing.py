# ruff: noqa: D103  small stages say it by their signature
import numpy as np
import pytest

from keepframe.frame import Frame
from keepframe.preprocess import blur, grayscale
from keepframe.score import Change
from keepframe.testing import check_stage, run


def frame(value, **known):
    """A frame of one level of gray."""
    return Frame(working=np.full((8, 8), value, np.uint8), **known)


def values(frames):
    """The level of each frame."""
    return [int(f.image[0, 0]) for f in frames]


def brighten(frame, *, by: int = 1):
    return frame.with_image(frame.image + by)


def halves(frame):
    yield frame.with_note("half", 1)
    yield frame.with_note("half", 2)


def dark(frame):
    return frame if frame.image.mean() < 5 else None


class Count:
    """Counts, and can be interrupted."""

    def __init__(self):
        self.count = 0

    def __call__(self, frame):
        self.count += 1
        return frame.with_score("count", self.count)

    def save(self):
        return {"count": self.count}

    def load(self, memory):
        self.count = memory["count"]


class Late:
    """Holds one back."""

    holds = 1

    def __init__(self):
        self.held = None

    def __call__(self, frame):
        before, self.held = self.held, frame
        return before

    def flush(self):
        return self.held


FRAMES = [frame(n) for n in range(6)]


# --- run -----------------------------------------------------------------------------------------------------------------


def test_one_callable_is_a_step():
    """With its options."""
    assert values(run(brighten, FRAMES)) == [1, 2, 3, 4, 5, 6]
    assert values(run(brighten, FRAMES, by=2)) == [2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("steps", [[brighten, (brighten, {"by": 2})], (brighten, (brighten, {"by": 2}))])
def test_several_are_a_chain(steps):
    """Each with options of its own."""
    assert values(run(steps, FRAMES)) == [3, 4, 5, 6, 7, 8]


def test_a_pair_is_a_callable_with_its_options():
    """As it stands in a list."""
    assert values(run((brighten, {"by": 3}), FRAMES[:1])) == [3]


def test_frames_are_numbered_per_camera():
    """Unless they have a number that fits."""
    frames = [frame(0), frame(1, camera="b"), frame(2), frame(3, seq=7), frame(4)]

    assert [f.name for f in run(brighten, frames)] == ["/0/0", "b/0/0", "/0/1", "/0/7", "/0/8"]


def test_a_new_stream_ends_the_one_before():
    """What was held is given before it begins, and its numbers start anew."""
    frames = [frame(0), frame(1), frame(2, stream=1), frame(3, stream=1)]

    assert [f.name for f in run(Late, frames)] == ["/0/0", "/0/1", "/1/0", "/1/1"]
    with pytest.raises(ValueError, match="camera '': stream 0 after stream 1; streams have growing numbers"):
        run(brighten, [frame(0, stream=1), frame(1)])


def test_what_came_out_can_be_led_in_again():
    """Parts stay together: two runs are the same as one chain."""
    together = run([halves, halves, Count], FRAMES)
    again = run(Count, run(halves, run(halves, FRAMES)))

    assert [(f.name, dict(f.scores), dict(f.notes)) for f in again] == [
        (f.name, dict(f.scores), dict(f.notes)) for f in together
    ]
    assert [f.part for f in together[:4]] == ["0.0", "0.1", "1.0", "1.1"]


def test_filtered_frames_are_left_out_and_headers_come():
    """Unchanged, failed and rejected ones with their reasons."""

    def moody(frame):
        if frame.seq == 1:
            raise ValueError("no")
        return {0: frame, 2: None, 3: frame.settled("rejected", "dark")}[frame.seq]

    assert [(f.seq, f.outcome, f.reason) for f in run(moody, FRAMES[:4])] == [
        (0, None, ""),
        (1, "failed", "moody: ValueError: no"),
        (3, "rejected", "dark"),
    ]


def test_each_camera_has_a_state_of_its_own():
    """As in the processes."""
    frames = [frame(n, camera=camera) for n in range(3) for camera in "ab"]

    assert [f.scores["count"] for f in run(Count, frames)] == [1, 1, 2, 2, 3, 3]


def test_what_was_entered_is_left_even_if_the_frames_fail():
    """No resource stays open behind a source that broke."""
    log = []

    class Open(Count):
        def __enter__(self):
            log.append("entered")

        def __exit__(self, *_):
            log.append("left")

    def broken():
        yield frame(0)
        yield frame(1)
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        run(Open, broken())

    assert log == ["entered", "left"]


def test_one_per_process_is_entered_and_left_once():
    """Whatever the number of cameras."""
    log = []

    class Shared:
        per = "process"

        def __enter__(self):
            log.append("entered")

        def __exit__(self, *_):
            log.append("left")

        def __call__(self, frame):
            return frame

    run(Shared, [frame(n, camera=camera) for n in range(2) for camera in "ab"])

    assert log == ["entered", "left"]


def camera():
    yield frame(0)


def join(left, right):
    return left


def needs(frame, *, size: int):
    return frame


@pytest.mark.parametrize(
    ("steps", "options", "told"),
    [
        (camera, {}, "'camera' is source with inputs (), expected a stage: (frame)"),
        (join, {}, "'join' is join with inputs ('left', 'right'), expected a stage: (frame)"),
        (brighten, {"byy": 1}, "'brighten' has no option 'byy'; did you mean 'by'?"),
        (dark, {"by": 1}, "'dark' has no option 'by'; known: none"),
        (brighten, {"by": "much"}, "'brighten': option by: expected int, got str 'much'"),
        (needs, {}, "'needs' needs option size: expected int"),
        ([brighten, dark], {"by": 1}, "options by: write (callable, options) for each step of a list"),
    ],
)
def test_what_cannot_be_run_is_told_before_the_first_frame(steps, options, told):
    """Not as a failed frame, one after the other."""
    with pytest.raises(TypeError) as error:
        run(steps, FRAMES, **options)

    assert str(error.value) == told


def test_no_frames_give_no_frames():
    """Nothing is made up."""
    assert run(Count, []) == []


# --- check_stage -----------------------------------------------------------------------------------------------------------


def level(frame):
    return int(frame.image[0, 0])


@pytest.mark.parametrize("stage", [brighten, halves, dark, Count, grayscale, (blur, {"sigma": 1.0}), Change])
def test_a_stage_that_keeps_to_the_contract_passes(stage):
    """Functions, fan-outs, filters, classes with a memory, the built-ins."""
    check_stage(stage, [frame(n * 40 % 256, camera=c) for n in range(8) for c in "ab"])


def test_a_window_that_keeps_to_the_contract_passes():
    """With frames held back, and headers in between."""

    class Window(Late):
        def flush(self):
            before, self.held = self.held, None
            return before

        def save(self):
            return {"held": (*self.held.at, level(self.held)) if self.held else None}

        def load(self, memory):
            if memory["held"]:
                stream, seq, value = memory["held"]
                self.held = frame(value, stream=stream, seq=seq)

    check_stage(Window, [frame(n) if n % 3 else frame(n).settled("rejected", "dark") for n in range(9)])


def test_a_stage_of_a_process_may_see_other_cameras():
    """That is what it is for."""

    class Shared:
        per = "process"

        def __init__(self):
            self.count = 0

        def __call__(self, frame):
            self.count += 1
            return frame.with_score("count", self.count)

    check_stage(Shared, FRAMES)


def raises(frame):
    raise ValueError("no")


def gives_pixels(frame):
    return frame.image


def forgets_return(frame) -> Frame:
    frame.with_note("seen", True)


def writes_input(frame):
    if frame.image.base is not None:
        frame.image.base.flags.writeable = True
        frame.image.base[0, 0] ^= 255
    return frame


BUFFER = np.zeros((8, 8), np.uint8)


def writes_output(frame):
    BUFFER[:] = frame.image
    return frame.with_image(BUFFER)


SEEN = []


def remembers(frame):
    SEEN.append(level(frame))
    return frame.with_note("before", SEEN[-2] if len(SEEN) > 1 else -1)


class Global(Count):
    """Counts all cameras' frames in the class."""

    total = 0

    def __call__(self, frame):
        Global.total += level(frame) > 200  # the other camera sees the inverted frames
        return frame.with_score("total", Global.total)


class LosesCount(Count):
    def save(self):
        return {}


class CountsSaves(Count):
    def save(self):
        self.count += 1
        return super().save()


class SavesClock(Count):
    ticks = 0

    def save(self):
        SavesClock.ticks += 1
        return {**super().save(), "ticks": SavesClock.ticks}


class CannotSave(Count):
    def save(self):
        return {"frames": {1, 2}}


class CannotLoad(Count):
    def load(self, memory):
        raise KeyError("total")


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        (raises, "raises: ValueError: no (frame /0/0)"),
        (
            gives_pixels,
            "gives_pixels: TypeError: must return a Frame, None or several Frames, got ndarray; "
            "use frame.with_image(array) (frame /0/0)",
        ),
        (
            forgets_return,
            "forgets_return: TypeError: returned None, but is annotated -> Frame; is a `return` missing? "
            "(-> Frame | None, if it filters) (frame /0/0)",
        ),
        (writes_input, "writes_input: writes to the pixels it gets; copy them first: frame.image.copy()"),
        (writes_output, "writes_output: writes to pixels it has given on; give a new array each time"),
        (remembers, "remembers: with other frames before it, /0/0 becomes another: notes "),
        (Global, "Global: with another camera's frames in between, /0/0 becomes another: scores "),
        (
            LosesCount,
            "LosesCount: with save() and load() after /0/0, /0/1 becomes another: scores {'count': 2.0} and {'count': 1.0}",
        ),
        (CountsSaves, "CountsSaves: with save() after each frame, /0/1 becomes another: scores "),
        (SavesClock, "SavesClock: with save() and load() after /0/0, save()['ticks'] is another at 0/1"),
        (CannotSave, "CannotSave: its memory cannot be saved, so a takeover starts it fresh: TypeError: "),
        (CannotLoad, "CannotLoad: its memory cannot be loaded, so it starts with nothing: KeyError: 'total'"),
    ],
)
def test_a_stage_that_does_not_is_told(stage, told):
    """What it did, at which frame, and what to do about it."""
    with pytest.raises(AssertionError) as error:
        check_stage(stage, [frame(n) for n in range(6)])

    assert str(error.value).startswith(told)


def test_without_frames_there_is_nothing_to_check():
    """A check that looks at nothing must not pass."""
    with pytest.raises(ValueError, match="check_stage: there is no frame to check with"):
        check_stage(brighten, [])
