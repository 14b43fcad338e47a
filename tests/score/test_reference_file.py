import cv2
import numpy as np
import pytest

from keepframe.score.reference_file import read_reference

SCENE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def test_a_picture_is_made_gray_and_small(tmp_path):
    """As the working images are."""
    cv2.imwrite(str(tmp_path / "a.png"), SCENE)

    found = read_reference(tmp_path / "a.png", (24, 32))

    assert found.shape == (24, 32)
    assert (
        abs(
            found.astype(float)
            - cv2.resize(cv2.cvtColor(SCENE, cv2.COLOR_BGR2GRAY), (32, 24), interpolation=cv2.INTER_AREA)
        ).max()
        <= 1
    )
    assert (read_reference(tmp_path / "a.png", (48, 64, 3)) == SCENE).all()


@pytest.mark.parametrize("shape", [(96, 128), (24, 24), (24, 32, 4)])
def test_a_picture_that_does_not_fit_is_told(tmp_path, shape):
    """Smaller than what it is compared with, or of other proportions or kind."""
    cv2.imwrite(str(tmp_path / "a.png"), SCENE[:, :, 0] if len(shape) == 3 else SCENE)

    with pytest.raises(ValueError, match=r"a.png: expected the shape .* use a picture of this camera"):
        read_reference(tmp_path / "a.png", shape)


def test_what_is_no_picture_is_told(tmp_path):
    """With the file's name."""
    (tmp_path / "a.png").write_bytes(b"text")

    with pytest.raises(ValueError, match=r"change: picture .*a.png"):
        read_reference(tmp_path / "a.png", (4, 4))
    with pytest.raises(FileNotFoundError):
        read_reference(tmp_path / "b.png", (4, 4))
