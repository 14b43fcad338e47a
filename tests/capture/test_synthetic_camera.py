"""A camera that needs no hardware."""

from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepframe.capture import synthetic
from keepframe.clock import FakeClock

S = 1_000_000_000


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(count=st.integers(1, 60), share=st.floats(0, 0.99))
def test_going_on_gives_what_an_undisturbed_run_would_have_given(read, count, share):
    """From any point, to the last bit."""
    frames, memories = read(synthetic(count=count, seed=4))
    at = int(count * share)
    resumed = synthetic(count=count, seed=4)
    resumed.load(memories[at])

    assert resumed.total() == count - at - 1
    assert read(resumed)[0] == frames[at + 1 :]


def test_a_finite_one_has_times_of_its_own_and_never_waits():
    """Two runs give the same, as fast as they are taken."""
    camera = synthetic(count=4, fps=2)
    camera.wait = lambda seconds: pytest.fail(f"waited {seconds} s")
    frames = list(camera())

    assert [f.media_ns for f in frames] == [0, S // 2, S, 3 * S // 2]
    assert [f.time_ns - f.media_ns for f in frames] == [1_704_067_200 * S] * 4
    assert [f.index for f in frames] == [0, 1, 2, 3]
    assert not camera.is_live
    assert camera.total() == 0


def test_none_at_all_is_an_empty_stream():
    """A count of 0 is a finite one too."""
    assert list(synthetic(count=0)()) == []


def live(**options):
    """A live camera whose waiting moves its clock."""
    camera = synthetic(**options)
    camera.clock = FakeClock(1_000 * S)
    camera.wait = camera.clock.advance
    return camera


def test_a_live_one_is_paced_by_its_clock():
    """A picture each tenth of a second, without a place or an end."""
    camera = live(fps=10)
    frames = list(islice(camera(), 4))

    assert camera.is_live
    assert camera.total() is None
    assert [f.time_ns - 1_000 * S for f in frames] == [0, S // 10, S // 5, 3 * S // 10]
    assert camera.clock.now_ns == pytest.approx(1_000 * S + 3 * S // 10)
    assert {(f.index, f.media_ns, f.source) for f in frames} == {(None, None, "")}


def test_a_live_one_that_is_not_read_in_time_goes_on_with_the_newest():
    """Like a camera: what nobody asked for was never taken."""
    camera = live(fps=10)
    frames = camera()
    next(frames)
    camera.clock.advance(2.05)

    assert next(frames).time_ns - 1_000 * S == 2 * S
    assert next(frames).time_ns - 1_000 * S == 21 * S // 10


def test_the_notes_tell_the_truth():
    """The same as truth()."""
    camera = synthetic(count=300, seed=1)
    notes = [(f.notes["truth"], f.notes["visit"]) for f in camera()]

    assert notes == [(camera.truth(i).view, camera.truth(i).visit) for i in range(300)]
    assert {view for view, _ in notes} == {"empty", "edge", "object"}


def test_all_formats_show_the_same_scene():
    """Gray of each is the same, but for rounding."""
    pictures = {f: next(synthetic(count=1, format=f)()).picture for f in ("yuv420", "gray", "bgr")}
    gray = {f: p.gray().astype(int) for f, p in pictures.items()}

    assert {f: p.format for f, p in pictures.items()} == {f: f for f in pictures}
    assert (gray["yuv420"] == gray["gray"]).all()
    assert abs(gray["bgr"] - gray["gray"]).max() <= 3


def test_another_camera_is_refused_with_what_differs():
    """A memory belongs to its options."""
    camera = synthetic(count=3)
    list(camera())

    with pytest.raises(
        ValueError, match=r"got another \(seed 0 → 1, noise 2.0 → 3.0\); choose another archive folder"
    ):
        synthetic(count=3, seed=1, noise=3.0).load(camera.save())


def test_a_larger_count_goes_on():
    """Only the end has moved."""
    camera = synthetic(count=3)
    list(camera())
    longer = synthetic(count=5)
    longer.load(camera.save())

    assert [f.index for f in longer()] == [3, 4]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 8}, "width: expected from 16 to 16384, got 8"),
        ({"height": 20000}, "height: expected from 16 to 16384, got 20000"),
        ({"fps": 0}, "fps: expected from 0.001 to 1000, got 0"),
        ({"fps": float("nan")}, "fps: expected from 0.001 to 1000, got nan"),
        ({"count": -1}, r"count: expected from 0 to 1e\+12, got -1"),
        ({"noise": -1}, "noise: expected from 0 to 50, got -1"),
        ({"drift": 2}, "drift: expected from 0 to 0.5, got 2"),
        ({"object_size": 1}, "object_size: expected from 0 to 0.9, got 1"),
        ({"present": 0}, r"present: expected from 0.001 to 1e\+06, got 0"),
        ({"seed": -1}, "seed: expected from 0"),
    ],
)
def test_a_wrong_option_is_refused(options, message):
    """With its name and its range."""
    with pytest.raises(ValueError, match=message):
        synthetic(**options)


def test_an_archive_of_an_older_version_goes_on():
    """It knew nothing of weather, and showed none."""
    camera = synthetic(count=5)
    known = camera.save()
    old = {key: value for key, value in known["scene"].items() if key in {"seed", "height", "width", "fps", "noise", "drift", "object_size", "absent", "present"}}  # fmt: skip
    camera.load({"scene": old, "next": 3})

    assert [f.index for f in camera()] == [3, 4]
    with pytest.raises(ValueError, match=r"rain 0\.0 → 5\.0"):
        synthetic(count=5, rain=5.0).load({"scene": old, "next": 3})
