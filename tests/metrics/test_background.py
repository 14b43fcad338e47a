import numpy as np
import pytest

from keepframe import metrics


def test_mean_and_deviation_are_those_of_the_pictures_seen(make):
    """Welford's running sums equal numpy on the whole stack."""
    frames = [make.noisy(make.scene(40, 50), 4, seed=seed) for seed in range(30)]
    model = metrics.MeanDeviation(floor=0.01)
    for frame in frames:
        model.learn(frame)

    assert model.mean == pytest.approx(np.mean(frames, axis=0))
    assert model.deviation == pytest.approx(np.maximum(np.std(frames, axis=0), 0.01))


@pytest.mark.parametrize(("k", "share"), [(2, 0.046), (1, 0.317)])
def test_the_share_outside_a_still_scene_is_the_normal_law_s(k, share):
    """4.6 % beyond two deviations, 32 % beyond one."""
    rng = np.random.default_rng(5)
    model = metrics.MeanDeviation(k=k)
    for _ in range(200):
        model.learn(rng.normal(128, 12, (40, 50)).round().astype(np.uint8))
    test = rng.normal(128, 12, (40, 50)).round().astype(np.uint8)

    assert model.foreground(test).mean() == pytest.approx(share, abs=0.03)


def test_the_running_mean_equals_opencv_s(make):
    """cv2.accumulateWeighted, frame for frame."""
    import cv2

    frames = [make.noisy(make.scene(40, 50), 9, seed=seed) for seed in range(6)]
    theirs = frames[0].astype(np.float32)
    model = metrics.RunningMean(rate=0.2)
    for frame in frames:
        model.learn(frame)
    for frame in frames[1:]:
        cv2.accumulateWeighted(frame, theirs, 0.2)

    assert model.mean == pytest.approx(theirs, abs=1e-3)


@pytest.mark.parametrize("method", ["mog2", "knn"])
def test_a_mixture_finds_what_is_new_and_learns_nothing_by_looking(method, make):
    """The same foreground again, however often it is asked."""
    scene = make.in_colour(make.scene(60, 80))
    model = metrics.Mixture(method=method)
    for seed in range(12):
        model.learn(make.noisy(scene, 2, seed=seed))
    test = make.noisy(scene, 2)
    test[30:40, 30:40] = 255
    first = model.foreground(test)
    for _ in range(5):
        again = model.foreground(test)

    assert first[31:39, 31:39].mean() > 0.9
    assert first.mean() < 0.1
    assert np.array_equal(first, again)


def test_shadows_do_not_count(make):
    """MOG2 marks them 127, and 127 is not foreground."""
    scene = np.full((40, 40, 3), (90, 160, 210), np.uint8)
    shadow = scene.copy()
    shadow[10:30, 10:30] = (scene[10:30, 10:30] * 0.75).astype(np.uint8)

    assert metrics.background_mog2(scene, shadow) == 0
    assert metrics.background_running_mean(scene, shadow) == 0.25


def test_the_robust_deviation_leaves_noise_out_whatever_its_strength(make):
    """The share of pure noise stays near the normal law's 4.6 %."""
    still = np.full((100, 100), 128, np.uint8)
    shares = [metrics.background_mean_deviation(still, make.noisy(still, sigma)) for sigma in (3, 8, 20)]

    assert shares == pytest.approx([0.046] * 3, abs=0.03)


MODELS = [metrics.MeanDeviation, metrics.RunningMean, metrics.Mixture]


@pytest.mark.parametrize("model", MODELS)
def test_a_model_asked_before_it_learned_says_so(model):
    """Not everything, and not nothing, is foreground then."""
    with pytest.raises(ValueError, match="expected at least one learned picture, got none; call learn first"):
        model().foreground(np.zeros((4, 4), np.uint8))


@pytest.mark.parametrize("model", MODELS)
def test_a_picture_of_another_size_is_refused(model):
    """OpenCV would start afresh without a word."""
    learned = model()
    learned.learn(np.zeros((4, 4), np.uint8))
    for call in (learned.learn, learned.foreground):
        with pytest.raises(ValueError, match=r"expected a picture of \(4, 4\), got \(5, 4\)"):
            call(np.zeros((5, 4), np.uint8))


@pytest.mark.parametrize(
    "call",
    [
        lambda: metrics.MeanDeviation(k=0),
        lambda: metrics.MeanDeviation(floor=0),
        lambda: metrics.RunningMean(rate=0),
        lambda: metrics.RunningMean(tolerance=-1),
        lambda: metrics.Mixture(method="gmg"),
        lambda: metrics.Mixture(history=0),
        lambda: metrics.background_mean_deviation(*np.zeros((2, 4, 4), np.uint8), k=0),
    ],
)
def test_bad_options_are_refused(call):
    """Each error says what was expected."""
    with pytest.raises(ValueError, match="expected"):
        call()
