"""Where bytes lie."""

import numpy as np
import pytest

from keepframe.picture import Inline


def test_inline_bytes_are_flat_and_read_only():
    """Whatever the shape and writability of what they came from."""
    data = Inline(np.arange(6, dtype=np.uint8).reshape(2, 3).data).data()

    assert bytes(data) == bytes(range(6))
    assert data.readonly
    with pytest.raises(TypeError):
        data[0] = 1


def test_inline_knows_its_size():
    """In bytes, not in items."""
    assert Inline(np.zeros(3, np.uint16).data).nbytes == 6
