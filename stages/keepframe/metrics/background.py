"""
Background models: learn what a scene looks like from pictures, and say which pixels of another do not belong.

Here stand the models and their two-image forms; when to learn, and from which frames, is the score stage's decision.
"""

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, channel_mean, eight_bit, one, pair
from keepframe.metrics.recipe import Recipe, as_it_is

_FOREGROUND = 255
# not 0: with that OpenCV 5's KNN takes what it is shown for background after a few looks
_LOOK_ONLY = 1e-8
# KNN calls everything foreground until it has seen a pixel a few times
_SHOWN = 10


class Background(Protocol):
    """What all models offer; every picture of one model has one size, channel count and dtype."""

    def learn(self, image: Image) -> None:
        """Take the picture as background."""

    def foreground(self, image: Image) -> NDArray[np.bool_]:
        """Which pixels (H, W) are not background; nothing is learned."""


class MeanDeviation:
    """
    Mean and standard deviation of every pixel; foreground is what lies outside mean ± k deviations in any channel.

    k: 2 leaves 4.6 % of a still scene outside, 1 leaves 32 %. floor: smallest deviation in gray levels, for dark pixels that
    never moved. The deviation is that of the pictures seen (divided by their number).
    Source: sastanin's update, "the most simple version".

    >>> model = MeanDeviation()
    >>> for level in (10, 14): model.learn(np.full((1, 1), level, np.uint8))
    >>> [bool(model.foreground(np.full((1, 1), level, np.uint8))[0, 0]) for level in (16, 17)]
    [False, True]
    """

    def __init__(self, *, k: float = 2.0, floor: float = 1.0) -> None:
        if k <= 0 or floor <= 0:
            raise ValueError(f"mean-deviation: expected k and floor above 0, got {k} and {floor}")
        self.k, self.floor = k, floor
        self.count = 0
        self.mean = np.zeros(0)
        self._squares = np.zeros(0)

    @property
    def deviation(self) -> NDArray[np.float64]:
        """Standard deviation of every sample, at least the floor."""
        return np.maximum(np.sqrt(self._squares / max(self.count, 1)), self.floor)

    def learn(self, image: Image) -> None:
        """Take the picture as background."""
        samples = one(image, "mean-deviation").astype(np.float64)
        if self.count == 0:
            self.mean, self._squares = np.zeros_like(samples), np.zeros_like(samples)
        _same_shape(samples.shape, self.mean.shape, "mean-deviation")
        # Welford: sums of squares would cancel on bright pixels
        self.count += 1
        step = samples - self.mean
        self.mean += step / self.count
        self._squares += step * (samples - self.mean)

    def foreground(self, image: Image) -> NDArray[np.bool_]:
        """Which pixels (H, W) lie outside; nothing is learned."""
        _learned(self.count, "mean-deviation")
        samples = one(image, "mean-deviation").astype(np.float64)
        _same_shape(samples.shape, self.mean.shape, "mean-deviation")
        return _any_channel(np.abs(samples - self.mean) > self.k * self.deviation)


class RunningMean:
    """
    A running mean of every pixel; foreground is what differs from it by more than a tolerance in any channel.

    rate: weight of a new picture, 0 to 1. tolerance: in gray levels.
    Source: cv2.accumulateWeighted; what Frigate and many webcam scripts do.

    >>> model = RunningMean(rate=0.5, tolerance=3)
    >>> for level in (10, 14): model.learn(np.full((1, 1), level, np.uint8))
    >>> float(model.mean[0, 0]), bool(model.foreground(np.full((1, 1), 16, np.uint8))[0, 0])
    (12.0, True)
    """

    def __init__(self, *, rate: float = 0.05, tolerance: float = 25.0) -> None:
        if not 0 < rate <= 1 or tolerance < 0:
            raise ValueError(
                f"running-mean: expected rate above 0 up to 1 and tolerance of at least 0, got {rate} and {tolerance}"
            )
        self.rate, self.tolerance = rate, tolerance
        self.mean: NDArray[np.float32] = np.zeros(0, np.float32)

    def learn(self, image: Image) -> None:
        """Take the picture as background, with the weight of the rate."""
        samples = one(image, "running-mean").astype(np.float32)
        if self.mean.size == 0:
            self.mean = samples
            return
        _same_shape(samples.shape, self.mean.shape, "running-mean")
        self.mean = self.mean + np.float32(self.rate) * (samples - self.mean)

    def foreground(self, image: Image) -> NDArray[np.bool_]:
        """Which pixels (H, W) differ; nothing is learned."""
        _learned(self.mean.size, "running-mean")
        samples = one(image, "running-mean").astype(np.float32)
        _same_shape(samples.shape, self.mean.shape, "running-mean")
        return _any_channel(np.abs(samples - self.mean) > self.tolerance)


class Mixture:
    """
    OpenCV's MOG2 or KNN background model; shadows do not count as foreground. 16-bit pictures are reduced to 8.

    method: "mog2" (Zivkovic 2004) or "knn" (Zivkovic, van der Heijden 2006). history: pictures it looks back.
    rate: weight of a new picture; -1 lets OpenCV choose from the history.

    >>> model = Mixture()
    >>> model.learn(np.zeros((4, 4), np.uint8))
    >>> bool(model.foreground(np.full((4, 4), 200, np.uint8)).all())
    True
    """

    def __init__(self, *, method: str = "mog2", history: int = 500, rate: float = -1) -> None:
        makers = {"mog2": cv2.createBackgroundSubtractorMOG2, "knn": cv2.createBackgroundSubtractorKNN}
        if method not in makers:
            raise ValueError(f'mixture: expected method "mog2" or "knn", got "{method}"')
        if history < 1:
            raise ValueError(f"mixture: expected history of at least 1 picture, got {history}")
        self._model = makers[method](history=history)
        self.rate = rate
        self._shape: tuple[int, ...] = ()

    def learn(self, image: Image) -> None:
        """Take the picture as background."""
        samples = eight_bit(one(image, "mixture"))
        # OpenCV starts afresh without a word when the size changes
        _same_shape(samples.shape, self._shape or samples.shape, "mixture")
        self._shape = samples.shape
        self._model.apply(_coloured(samples), None, self.rate)

    def foreground(self, image: Image) -> NDArray[np.bool_]:
        """Which pixels (H, W) are foreground; nothing is learned."""
        _learned(len(self._shape), "mixture")
        samples = eight_bit(one(image, "mixture"))
        _same_shape(samples.shape, self._shape, "mixture")
        return np.asarray(np.asarray(self._model.apply(_coloured(samples), None, _LOOK_ONLY)) == _FOREGROUND)


def background_mean_deviation(reference: Image, test: Image, *, k: float = 2.0) -> float:
    """
    Share of pixels outside the reference ± k deviations, one deviation for the picture, taken from the two images.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; a pixel is outside if any channel is.
    k: 2 leaves 4.6 % of pure noise outside. The deviation is the median difference / 0.6745, at least one level. With more
        than two images use MeanDeviation, which learns a deviation for every pixel.
    Range: 0 to 1.
    Identical: 0.
    Direction: higher is more different.
    Score: the value.
    Cost: low.
    Blind to: a change of more than half of the picture, which it takes for noise.
    When: the noise is unknown and changes, day and night.
    Errors: ValueError if the images differ in size, channels or dtype, or k is not above 0.
    Source: sastanin's update for one reference, with Rousseeuw's robust deviation; tested against numpy.

    >>> background_mean_deviation(np.zeros((3, 3), np.uint8), np.eye(3, dtype=np.uint8) * 9).__round__(3)
    0.333
    """
    if k <= 0:
        raise ValueError(f"background-mean-deviation: expected k above 0, got {k}")
    difference = cv2.absdiff(*pair(reference, test, "background-mean-deviation"))
    deviation = max(float(np.median(difference)) / 0.6745, 1.0)
    return float(_any_channel(difference > k * deviation).mean())


def background_running_mean(reference: Image, test: Image, *, tolerance: float = 25.0) -> float:
    """
    Share of pixels that differ from the background by more than a tolerance; here the reference alone is the background.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; a pixel differs if any channel does.
    tolerance: in gray levels. With more than two images use RunningMean.
    Range: 0 to 1.
    Identical: 0.
    Direction: higher is more different.
    Score: the value.
    Cost: trivial.
    Blind to: changes below the tolerance.
    When: as people do it: blur, running mean, threshold 25, count.
    Errors: ValueError if the images differ in size, channels or dtype, or the tolerance is negative.
    Source: cv2.accumulateWeighted recipes; tested against numpy.

    >>> background_running_mean(np.zeros((2, 2), np.uint8), np.array([[0, 26], [25, 0]], np.uint8))
    0.25
    """
    model = RunningMean(tolerance=tolerance)
    return _share(model, *pair(reference, test, "background-running-mean"))


def background_mog2(reference: Image, test: Image) -> float:
    """
    Share of foreground by OpenCV's MOG2 that has seen the reference alone.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA (alpha dropped), uint8 or uint16 (reduced to 8 bits).
    Range: 0 to 1; shadows do not count. With more than two images use Mixture. Not symmetric.
    Identical: 0.
    Direction: higher is more different.
    Score: the value.
    Cost: medium.
    Blind to: shadows, on purpose; differences below about 16 levels.
    When: comparing with what OpenCV users run; on two images it is a threshold with shadow removal.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Zivkovic 2004, cv2.createBackgroundSubtractorMOG2 with its defaults.

    >>> background_mog2(np.zeros((4, 4), np.uint8), np.full((4, 4), 200, np.uint8))
    1.0
    """
    return _share(Mixture(method="mog2"), *pair(reference, test, "background-mog2"))


def background_knn(reference: Image, test: Image) -> float:
    """
    Share of foreground by OpenCV's KNN model that has seen the reference alone, ten times.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA (alpha dropped), uint8 or uint16 (reduced to 8 bits).
    Range: 0 to 1; shadows do not count. With more than two images use Mixture. Not symmetric.
    Identical: 0.
    Direction: higher is more different.
    Score: the value.
    Cost: high.
    Blind to: shadows, on purpose; differences below about 20 levels.
    When: as background-mog2; a little less sensitive to noise.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Zivkovic, van der Heijden 2006, cv2.createBackgroundSubtractorKNN with its defaults.

    >>> background_knn(np.zeros((4, 4), np.uint8), np.full((4, 4), 200, np.uint8))
    1.0
    """
    return _share(Mixture(method="knn"), *pair(reference, test, "background-knn"), shown=_SHOWN)


def _share(model: Background, a: Image, b: Image, *, shown: int = 1) -> float:
    for _ in range(shown):
        model.learn(a)
    return float(model.foreground(b).mean())


def _any_channel(outside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return outside if outside.ndim == 2 else np.asarray(outside.any(axis=2))


def _coloured(image: Image) -> Image:
    return image if image.ndim == 2 else np.ascontiguousarray(image[:, :, :3])


def _learned(seen: int, where: str) -> None:
    if seen == 0:
        raise ValueError(f"{where}: expected at least one learned picture, got none; call learn first")


def _same_shape(got: tuple[int, ...], expected: tuple[int, ...], where: str) -> None:
    if got != expected:
        raise ValueError(
            f"{where}: expected a picture of {expected}, got {got}; use one model per camera and size"
        )


def _mog2_map(reference: Image, test: Image) -> NDArray[np.float32]:
    model = Mixture(method="mog2")
    a, b = pair(reference, test, "background-mog2")
    model.learn(a)
    return model.foreground(b).astype(np.float32)


def _running_map(reference: Image, test: Image) -> NDArray[np.float32]:
    a, b = pair(reference, test, "background-running-mean")
    model = RunningMean()
    model.learn(a)
    return channel_mean(model.foreground(b).astype(np.uint8))


METRICS = (
    Recipe(background_mean_deviation, as_it_is),
    Recipe(background_running_mean, as_it_is, _running_map),
    Recipe(background_mog2, as_it_is, _mog2_map),
    Recipe(background_knn, as_it_is),
)
