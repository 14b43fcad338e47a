"""
Distance of learned features: the vectors a user's own ONNX model gives for both pictures.

No model comes with keepframe and none is downloaded. It is no metric of the catalogue either, because it needs a file: make
one in a module of your own and name that, "module:attribute".
"""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, bgr, one, pair


class Embedding:
    """
    Cosine distance of the vectors an ONNX model gives for two images; an object to be called with both.

    path: of the model; one input (1, 3, height, width) float32, any one output, which is flattened to a vector.
    height, width: the input's size; pictures are resized to it.
    mean, deviation: per channel, of values from 0 to 1, in the model's order of channels; they are subtracted, then divided by.
    rgb: whether the model takes red first, as most do. output: its name; by default the last layer's.
    Errors: FileNotFoundError, or ValueError if it is no model OpenCV can run or an option makes no sense.
    Not for several threads at once: the network keeps its last input.
    Source: the nearest-pictures tutorial of duhaime's answer, with OpenCV's dnn in place of TensorFlow.

    >>> Embedding("no-such-model.onnx", height=224, width=224)
    Traceback (most recent call last):
    FileNotFoundError: embedding: no model at "no-such-model.onnx"
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        height: int,
        width: int,
        mean: Sequence[float] = (0.0, 0.0, 0.0),
        deviation: Sequence[float] = (1.0, 1.0, 1.0),
        rgb: bool = True,
        output: str | None = None,
    ) -> None:
        if min(height, width) < 1:
            raise ValueError(f"embedding: expected height and width of at least 1, got {height} and {width}")
        if len(mean) != 3 or len(deviation) != 3 or not min(deviation) > 0:
            raise ValueError(
                "embedding: expected three means and three deviations above 0, "
                f"got {tuple(mean)} and {tuple(deviation)}"
            )
        if not Path(path).is_file():
            raise FileNotFoundError(f'embedding: no model at "{os.fspath(path)}"')
        self._path = os.fspath(path)
        self._size = width, height
        self._mean, self._deviation = (
            np.array(numbers, np.float32).reshape(3, 1, 1) for numbers in (mean, deviation)
        )
        self._rgb = rgb
        self._output = output
        try:
            self._network = cv2.dnn.readNetFromONNX(self._path)
        except cv2.error as error:
            raise ValueError(
                f'embedding: OpenCV cannot read "{self._path}" as ONNX: {_cause(error)}'
            ) from error

    def vector(self, image: Image) -> NDArray[np.float64]:
        """
        What the model says of one picture, (N,) float64.

        image: gray (repeated), BGR or BGRA (alpha dropped), uint8 or uint16 (reduced to 8 bits).
        Errors: ValueError if it is no such image, or the model does not run on it or gives numbers that are not finite.
        """
        colours = bgr(one(image, "embedding"))
        smaller = colours.shape[1] >= self._size[0] and colours.shape[0] >= self._size[1]
        way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        values = np.asarray(cv2.resize(colours, self._size, interpolation=way), np.float32) / 255
        planes = np.moveaxis(values[:, :, ::-1] if self._rgb else values, 2, 0)
        blob = np.ascontiguousarray((planes - self._mean) / self._deviation)[np.newaxis]
        try:
            self._network.setInput(blob)
            given = self._network.forward(self._output) if self._output else self._network.forward()
        except cv2.error as error:
            raise ValueError(
                f'embedding: "{self._path}" does not run on an input of {blob.shape}: {_cause(error)}'
            ) from error
        vector = np.array(given, np.float64).ravel()
        if not np.isfinite(vector).all():
            raise ValueError(f'embedding: "{self._path}" gives numbers that are not finite for this picture')
        return vector

    def __call__(self, reference: Image, test: Image) -> float:
        """
        Cosine distance of both vectors: 0 the same direction, 1 nothing in common, 2 opposite.

        Two vectors of length 0 are the same (0), one of them has nothing in common with the other (1).
        Errors: ValueError if the images differ in size, channels or dtype, or as in vector.
        """
        a, b = (self.vector(image) for image in pair(reference, test, "embedding"))
        return cosine_distance(a, b)


def cosine_distance(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """
    1 - cosine of the angle between two vectors, 0 to 2; 0 if both are of length 0, 1 if one is.

    >>> cosine_distance(np.array([1.0, 0.0]), np.array([0.0, 2.0]))
    1.0
    """
    length_a, length_b = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if length_a == 0 or length_b == 0:
        return 0.0 if length_a == length_b else 1.0
    # half the squared distance of the unit vectors: exactly 0 for equal ones, where 1 - dot is rounding
    step = a / length_a - b / length_b
    return min(math.fsum(step * step) / 2, 2.0)


def _cause(error: cv2.error) -> str:
    return " ".join(str(error.err or error).split())
