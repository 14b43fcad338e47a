"""A frame of the decoder as a picture."""

import av
import numpy as np
import pytest

from keepframe.capture import synthetic, video
from keepframe.picture import heap
from keepframe.picture.planes import full_range


@pytest.mark.parametrize(
    ("pix_fmt", "codec", "format"),
    [
        ("yuv420p", "ffv1", "yuv420"),
        ("yuv444p", "ffv1", "bgr"),
        ("gray", "ffv1", "gray"),
        ("bgr0", "ffv1", "bgr"),
        ("yuv420p10le", "ffv1", "bgr"),
    ],
)
def test_planes_stay_planes_and_the_rest_becomes_bgr(make_video, pix_fmt, codec, format):
    """Without loss for the first kind, by the decoder's own conversion for the others."""
    frames = list(video(path=make_video("clip.mkv", 3, codec=codec, pix_fmt=pix_fmt))())

    assert {f.picture.format for f in frames} == {format}
    assert len({f.image.tobytes() for f in frames}) == 3


def test_motion_jpeg_has_full_range(make_video):
    """Its planes say so."""
    path = make_video("clip.avi", 1, codec="mjpeg", pix_fmt="yuvj420p")

    assert next(video(path=path)()).picture.is_full_range


@pytest.mark.parametrize(("size", "matrix"), [((48, 64), "bt601"), ((720, 64), "bt709")])
def test_an_unsaid_matrix_follows_the_height(make_video, size, matrix):
    """And an unsaid range is the limited one."""
    picture = next(video(path=make_video(count=1, size=size))()).picture

    assert (picture.matrix, picture.is_full_range) == (matrix, False)


def test_a_said_matrix_and_range_stand(make_video):
    """Whatever the height."""
    path = make_video(count=1, color_range=2, options={"x264-params": "colormatrix=bt709"})
    picture = next(video(path=path)()).picture

    assert (picture.matrix, picture.is_full_range) == ("bt709", True)


def test_odd_sides_are_kept(make_video):
    """Chroma is rounded up."""
    frames = list(video(path=make_video("clip.mkv", 2, codec="ffv1", size=(45, 63)))())

    assert [(f.picture.height, f.picture.width) for f in frames] == [(45, 63)] * 2
    assert frames[0].image.shape == (45, 63, 3)


@pytest.mark.parametrize(("degrees", "quarters"), [(90, 1), (180, 2), (-90, 3)])
def test_the_display_matrix_is_followed(make_video, degrees, quarters):
    """A telephone held upright gives upright pictures."""
    path = make_video("flat.mp4", 2)
    flat = next(video(path=path)()).picture.gray()
    data = path.read_bytes()
    at = data.index(b"tkhd") + 4 + 40  # version 0: the matrix stands 40 bytes behind the flags
    cos, sin = {90: (0, -1), 180: (-1, 0), -90: (0, 1)}[degrees]
    unit = [cos << 16, sin << 16, 0, -sin << 16, cos << 16, 0, 0, 0, 1 << 30]
    matrix = b"".join(int(n).to_bytes(4, "big", signed=True) for n in unit)
    turned = path.with_name("turned.mp4")
    turned.write_bytes(data[:at] + matrix + data[at + 36 :])

    assert np.array_equal(next(video(path=turned)()).picture.gray(), np.rot90(flat, quarters))


@pytest.mark.parametrize(("color_range", "is_stretched"), [(1, True), (2, False), (None, False)])
def test_gray_of_limited_range_is_stretched(make_video, color_range, is_stretched):
    """Since a gray picture has the full range."""
    path = make_video("clip.mkv", 1, codec="ffv1", pix_fmt="gray", color_range=color_range)
    with av.open(str(path)) as container:
        luma = next(container.decode(video=0)).to_ndarray()[:48, :64]
    picture = next(video(path=path)()).picture.gray()

    assert np.array_equal(picture, full_range(luma) if is_stretched else luma)


@pytest.mark.parametrize("source", ["video", "synthetic"])
def test_pictures_are_made_in_the_room_that_was_lent(make_video, source):
    """Planes go straight there, and show the same as elsewhere."""
    spaces = []

    def room(nbytes):
        spaces.append(heap(nbytes))
        return spaces[-1]

    def make():
        return video(path=make_video(count=3)) if source == "video" else synthetic(count=3)

    lent = make()
    lent.picture_room = room
    pictures = [frame.picture for frame in lent()]

    assert [bytes(space.view) for space in spaces] == [bytes(p.handle.data()) for p in pictures]
    assert [p.bgr().tobytes() for p in pictures] == [frame.picture.bgr().tobytes() for frame in make()()]
