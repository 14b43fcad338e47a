import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.frame import Frame
from keepframe.metrics import hottest, metric
from keepframe.score import Change, change
from keepframe.stage.memory import pack, unpack
from keepframe.testing import run

MAD = "mean-absolute-difference"
FIXED = {"metric": "ssim-tile", "threshold": 0.5}


def told(frames):
    """What was decided of each frame: outcome, reason, scores, threshold and notes."""
    return [(f.seq, f.outcome, f.reason, dict(f.scores), f.threshold, dict(f.notes)) for f in frames]


def test_the_first_picture_is_kept(flat):
    """With nothing to compare with there is no score; the reason says so."""
    (frame,) = run(change, [flat(0, 10)])

    assert told([frame]) == [(0, None, "first", {}, None, {})]


def test_what_is_not_above_the_threshold_is_unchanged(flat):
    """A score that only reaches the threshold is not above it; the score, what it was held against and the reference are noted."""
    step = Change(metric=MAD, threshold=0.2)

    _, same, at, above = (step(flat(seq, level)) for seq, level in enumerate([0, 0, 51, 52]))

    assert told([same, at, above]) == [
        (1, "unchanged", "unchanged", {MAD: 0.0}, 0.2, {"reference": "2/0"}),
        (2, "unchanged", "unchanged", {MAD: 0.2}, 0.2, {"reference": "2/0"}),
        (3, None, "changed", {MAD: 52 / 255}, 0.2, {"reference": "2/0"}),
    ]


def test_a_slow_drift_is_seen_against_the_last_kept_picture(flat):
    """Ten small steps add up: against the last kept one they are a change, against the previous one never."""
    frames = [flat(seq, 10 * seq) for seq in range(11)]

    by_policy = {
        policy: [
            f.seq
            for f in run(Change, frames, metric=MAD, reference=policy, threshold=0.1)
            if f.outcome is None
        ]
        for policy in ("last-kept", "previous")
    }

    assert by_policy == {"last-kept": [0, 3, 6, 9], "previous": [0]}


def test_the_previous_picture_is_the_reference_kept_or_not(flat):
    """Each frame says which one it was compared with."""
    notes = [dict(f.notes) for f in run(Change, [flat(s, 0) for s in range(3)], reference="previous")]

    assert [n.get("reference") for n in notes] == [None, "2/0", "2/1"]


def test_the_hottest_tile_is_noted():
    """A metric with tiles says where the largest difference is, in pixels of the working image."""
    empty = np.full((45, 80), 90, np.uint8)
    visited = empty.copy()
    visited[20:36, 40:56] = 200

    _, frame = run(Change, [Frame(working=empty), Frame(working=visited)], **FIXED)

    box = hottest("ssim-tile", empty, visited)[1]
    assert frame.notes["box"] == f"{box.x},{box.y},{box.width},{box.height}"
    assert 40 <= box.x + box.width / 2 <= 56


def test_a_decision_can_be_recomputed():
    """Score, threshold and reference of every compared frame are enough to decide again."""
    rng = np.random.default_rng(4)
    images = [rng.normal(90, 2 * (n % 5), (27, 48)).astype(np.uint8) for n in range(30)]

    decided = run(change, [Frame(working=image) for image in images], metric="ssim-tile", threshold=0.3)

    for frame in decided[1:]:
        reference = int(str(frame.notes["reference"]).split("/")[1])
        score = metric("ssim-tile").score(images[reference], images[frame.seq])
        assert frame.scores["ssim-tile"] == score
        assert (frame.outcome is None) == (score > frame.threshold)
    assert {f.reason for f in decided} == {"first", "changed", "unchanged"}


@pytest.mark.parametrize("shape", [(8, 9), (4, 16), (8, 8, 3)])
@pytest.mark.parametrize("policy", ["last-kept", "previous"])
def test_another_size_or_kind_is_a_new_reference(shape, policy, flat):
    """A picture that cannot be compared is kept with a reason of its own, and what follows is compared with it."""
    frames = [flat(0, 0), flat(1, 0, shape), flat(2, 0, shape), flat(3, 0)]

    decided = run(Change, frames, reference=policy, **FIXED)

    assert [(f.outcome, f.reason) for f in decided] == [
        (None, "first"),
        (None, "reshaped"),
        ("unchanged", "unchanged"),
        (None, "reshaped"),
    ]
    assert decided[2].notes["reference"] == "2/1"
    assert "ssim-tile" not in decided[1].scores


@pytest.mark.parametrize("policy", ["last-kept", "previous"])
def test_a_failing_metric_costs_its_frame_only(policy, mine, flat):
    """The frame fails with the metric's name, and the next one is compared with the reference that stood before."""

    def distance(reference, image):
        if image[0, 0] == 66:
            raise RuntimeError("no sixes")
        return float("nan") if image[0, 0] == 77 else abs(float(reference[0, 0]) - image[0, 0])

    frames = [flat(seq, level) for seq, level in enumerate([5, 66, 77, 7])]

    first, raised, nan, last = run(Change, frames, metric=mine(distance), reference=policy, threshold=1.5)

    assert first.reason == "first"
    assert raised.outcome == nan.outcome == "failed"
    assert 'metric "mine:distance" failed: RuntimeError: no sixes' in raised.reason
    assert 'metric "mine:distance": expected a finite number, got nan' in nan.reason
    assert told([last]) == [(3, None, "changed", {"mine:distance": 2.0}, 1.5, {"reference": "2/0"})]


def test_the_reference_is_its_own_copy(flat):
    """The memory of a settled picture is used again; the reference must not change with it."""
    memory = np.zeros((8, 8), np.uint8)
    step = Change(metric=MAD)
    step(Frame().with_image(memory))

    memory[:] = 255

    assert step(flat(1, 0)).scores[MAD] == 0.0


def test_a_part_of_a_frame_is_named_as_reference(flat):
    """A child that a stage made of a frame keeps its number in the note."""
    step = Change()
    step(Frame(stream=1, seq=4, part="0", working=np.zeros((8, 8), np.uint8)))

    assert step(flat(5, 0)).notes["reference"] == "1/4/0"


def test_cameras_have_references_of_their_own(flat):
    """One camera's pictures are never compared with another's."""
    frames = [Frame(camera=c, working=np.full((8, 8), v, np.uint8)) for c, v in [("a", 0), ("b", 255)] * 3]

    decided = run(change, frames)

    assert sorted((f.camera, f.reason) for f in decided if f.outcome is None) == [
        ("a", "first"),
        ("b", "first"),
    ]


def moved(memory):
    """A memory as it comes back from the wire or the catalogue."""
    return unpack(pack(memory, "change"))


@given(data=st.data())
def test_going_on_from_a_memory_changes_nothing(data):
    """Saving and loading into fresh instances between any frames gives the same outcomes, scores and notes to the last bit."""
    policy = data.draw(st.sampled_from(["last-kept", "previous"]))
    name = data.draw(st.sampled_from(["ssim-tile", "mse", "ncc"]))
    seeds = data.draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=12))
    shapes = [(9, 12), (9, 12, 3), (12, 9)]
    frames = [
        Frame(seq=n).with_image(
            np.random.default_rng(seed).integers(0, 256, shapes[max(0, kind - 1)], dtype=np.uint8)
        )
        for n, (seed, kind) in enumerate(seeds)
    ]
    broken = data.draw(st.sets(st.integers(0, len(frames))))
    options = {"metric": name, "reference": policy, "threshold": 0.3}
    steady, step = Change(**options), Change(**options)
    interrupted = []

    for n, frame in enumerate(frames):
        if n in broken:
            memory = moved(step.save())
            step = Change(**options)
            step.load(memory)
        interrupted.append(step(frame))

    assert told(interrupted) == told(map(steady, frames))
    assert pack(step.save(), "change") == pack(steady.save(), "change")


def test_loading_goes_back_to_what_was_committed(flat):
    """An instance that has seen more than was committed forgets it."""
    step = Change(metric=MAD, threshold=0.5)
    step(flat(0, 0))
    committed = moved(step.save())
    step(flat(1, 255))

    step.load(committed)

    assert step(flat(1, 255)).reason == "changed"
    step.load({})
    assert step(flat(1, 255)).reason == "first"


def test_an_unchanged_frame_changes_nothing_large_in_the_memory(flat):
    """What is sent with a mark is only what changed: not the reference while nothing happens."""
    step = Change(**FIXED)
    step(flat(0, 0))
    before = pack(step.save(), "change")

    step(flat(1, 0))

    after = pack(step.save(), "change")
    assert {key for key in after if after[key] != before[key]} <= {"judge.over"}
    assert "reference.image" in after


def test_a_foreign_memory_is_told():
    """A memory of another stage is not taken for one's own."""
    with pytest.raises(
        ValueError, match=r"change: expected a memory with keys that begin with reference.* got \['count'\]"
    ):
        Change().load({"count": 3})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reference": "first"}, 'change: unknown reference "first"; known: last-kept, previous'),
        ({"reference": "fixed"}, 'change: reference = "fixed" and picture = "FILE" go together'),
        ({"threshold": -0.1}, r"change: threshold: expected 0 or more \(0 = the same\), got -0.1"),
        ({"threshold": float("nan")}, "threshold: expected 0 or more .* got nan"),
        ({"threshold": float("inf")}, "threshold: expected 0 or more .* got inf"),
        ({"keep": {}}, "change: keep: expected limits by metric, like { ssim = 0.05 }, got none"),
        ({"keep": {"ssim": 0.0}}, "change: keep.ssim: expected a limit above 0, got 0"),
        ({"keep": {"sim": 0.1}}, 'metric: no metric named "sim"; did you mean "ssim"'),
        ({"keep": {"ssim": 0.1}, "match": "most"}, 'match: expected one of any, all, got "most"'),
        ({"keep": {"ssim": 0.1}, "threshold": 1.0}, "keep and threshold: each says how much to keep"),
        ({"keep": "always"}, 'keep: expected one of auto, low, medium, high, got "always"'),
        ({"metric": "sim"}, 'metric: no metric named "sim"; did you mean "ssim"'),
        ({"metric": ""}, 'metric: no metric named ""'),
    ],
)
def test_an_option_that_makes_no_sense_is_told(options, message):
    """Before the first frame, with what is possible."""
    with pytest.raises(ValueError, match=message):
        Change(**options)


def test_a_threshold_of_zero_keeps_whatever_differs(flat):
    """Only exact repeats are let go."""
    decided = run(Change, [flat(0, 9), flat(1, 9), flat(2, 10)], metric=MAD, threshold=0)

    assert [f.reason for f in decided] == ["first", "unchanged", "changed"]


def test_a_frame_without_pixels_is_told(flat):
    """A header is no picture, and the reference stays."""
    step = Change()
    step(flat(0, 0))

    with pytest.raises(ValueError, match="door/0/1: this frame is a header without pixels"):
        step(Frame(camera="door", seq=1))

    assert step(flat(2, 0)).notes["reference"] == "2/0"


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (2, 2, 3), (7, 7)])
def test_tiny_pictures_are_compared(shape, flat):
    """A metric takes any size, down to one pixel."""
    decided = run(Change, [flat(0, 0, shape), flat(1, 0, shape), flat(2, 255, shape)], **FIXED)

    assert [f.reason for f in decided] == ["first", "unchanged", "changed"]


@pytest.mark.parametrize(
    ("match", "expected"),
    [("any", ["changed", "changed", "unchanged"]), ("all", ["changed", "unchanged", "unchanged"])],
)
def test_a_rule_over_several_metrics(match, expected, flat):
    """Any limit exceeded, or all; what decides is noted, 1 is the limit, and each score is there."""
    frames = [flat(0, 0), flat(1, 200), flat(2, 240), flat(3, 242)]

    first, *decided = run(Change, frames, keep={MAD: 0.1, "mse": 0.1}, match=match)

    assert first.reason == "first"
    assert [f.reason for f in decided] == expected
    assert decided[0].threshold == 1.0
    assert decided[0].notes["score"] == "rules"
    assert decided[0].scores[MAD] == 200 / 255
    assert decided[0].scores["rules"] == pytest.approx(
        (max if match == "any" else min)(2000 / 255, 10 * (200 / 255) ** 2)
    )


@pytest.mark.parametrize("policy", ["last-kept", "previous", "background", "window-median"])
@pytest.mark.parametrize("broken", [1, 2, 9, 13, 20])
def test_the_default_goes_on_from_a_memory(policy, broken):
    """Noise, a guest, a switched lamp: after a takeover at any frame the verdicts are those of an undisturbed run."""
    rng = np.random.default_rng(3)
    scene = rng.integers(40, 160, (12, 16), dtype=np.uint8).repeat(6, 0).repeat(6, 1)
    pictures = [np.clip(scene + rng.normal(0, 2, scene.shape), 0, 255).astype(np.uint8) for _ in range(24)]
    pictures[10][20:40, 30:50] = 220
    pictures[12] = pictures[11]
    pictures[15:] = [255 - picture for picture in pictures[15:]]
    frames = [Frame(seq=n, time_ns=n * 10**9).with_image(picture) for n, picture in enumerate(pictures)]
    steady, step = Change(reference=policy), Change(reference=policy)
    interrupted = []

    for n, frame in enumerate(frames):
        if n == broken:
            memory = moved(step.save())
            step = Change(reference=policy)
            step.load(memory)
        interrupted.append(step(frame))

    assert told(interrupted) == told(map(steady, frames))
    assert pack(step.save(), "change") == pack(steady.save(), "change")
