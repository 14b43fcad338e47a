"""
How long the vectors of a plane are, to the same last bit wherever their memory lies.

What the vectors are (slopes, flow, waves) is their family's business.
"""

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]


def length(x: Plane, y: Plane) -> Plane:
    """
    The root of x² + y² at each pixel: two float32 planes of one shape in, a new one out.

    Not cv2.magnitude: it fuses the sum in its vector code and not at the rest of a row, so the last bit depends on where memory
    lies, and a score must not. Each step of numpy's is rounded by itself.

    >>> length(np.array([[3]], np.float32), np.array([[4]], np.float32)).tolist()
    [[5.0]]
    """
    squares = x * x
    squares += y * y
    return np.asarray(np.sqrt(squares, out=squares), np.float32)
