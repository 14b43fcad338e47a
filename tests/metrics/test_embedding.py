import numpy as np
import pytest

from keepframe.metrics import Embedding, cosine_distance

# A model is written by hand, so that these tests need no package: protobuf is numbered fields, lengths and bytes.


def _number(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _field(number, value):
    if isinstance(value, int):
        return _number(number << 3) + _number(value)
    data = value.encode() if isinstance(value, str) else value
    return _number(number << 3 | 2) + _number(len(data)) + data


def _tensor_type(name, shape):
    dims = b"".join(_field(1, _field(1, n)) for n in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, dims)))


def _node(kind, source, target):
    return _field(1, _field(1, source) + _field(2, target) + _field(3, target) + _field(4, kind))


def _model(*kinds, side=8):
    """ONNX bytes of a chain of operations without weights from (1, 3, side, side) to (1, 3)."""
    names = ["input", *(f"step{n}" for n in range(len(kinds) - 1)), "output"]
    nodes = b"".join(_node(kind, names[n], names[n + 1]) for n, kind in enumerate(kinds))
    graph = nodes + _field(2, "tiny")
    graph += _field(11, _tensor_type("input", (1, 3, side, side))) + _field(
        12, _tensor_type("output", (1, 3))
    )
    return _field(1, 8) + _field(8, _field(1, "") + _field(2, 13)) + _field(7, graph)


@pytest.fixture
def mean_colour(tmp_path):
    """A model that gives the mean of each channel."""
    path = tmp_path / "mean.onnx"
    path.write_bytes(_model("GlobalAveragePool", "Flatten"))
    return path


def test_the_model_by_hand_is_what_the_onnx_package_calls_valid(mean_colour):
    """The bytes above are no private dialect."""
    onnx = pytest.importorskip("onnx", reason="onnx is not installed (extra: reference)")

    onnx.checker.check_model(onnx.load(str(mean_colour)), full_check=True)


def test_the_vector_is_the_model_s_answer_to_the_normalised_picture(mean_colour):
    """Red first, 0 to 1, mean subtracted, divided by the deviation."""
    picture = np.full((40, 30, 3), (51, 102, 204), np.uint8)
    embedding = Embedding(mean_colour, height=8, width=8, mean=(0.1, 0.2, 0.3), deviation=(0.5, 0.25, 2))

    assert embedding.vector(picture) == pytest.approx(
        [(0.8 - 0.1) / 0.5, (0.4 - 0.2) / 0.25, (0.2 - 0.3) / 2], abs=1e-6
    )
    assert Embedding(mean_colour, height=8, width=8, rgb=False).vector(picture) == pytest.approx(
        [0.2, 0.4, 0.8], abs=1e-6
    )


def test_the_distance_is_the_cosine_s(mean_colour, make):
    """0 for the same picture, exactly; symmetric; that of the vectors else."""
    embedding = Embedding(mean_colour, height=8, width=8)
    a = make.in_colour(make.scene())
    b = np.ascontiguousarray(a[:, :, ::-1]) // 2
    left, right = embedding.vector(a), embedding.vector(b)
    cosine = left @ right / np.linalg.norm(left) / np.linalg.norm(right)

    assert embedding(a, a.copy()) == 0
    assert embedding(a, b) == embedding(b, a) == pytest.approx(1 - cosine, abs=1e-7)


def test_gray_alpha_sixteen_bits_and_any_size_are_taken(mean_colour):
    """As everywhere in this room."""
    embedding = Embedding(mean_colour, height=8, width=8)

    for image in (
        np.full((1, 1), 51, np.uint8),
        np.full((9, 300, 4), 51, np.uint8),
        np.full((20, 20, 3), 51 * 257, np.uint16),
    ):
        assert embedding.vector(image) == pytest.approx([0.2, 0.2, 0.2], abs=1e-6)


def test_vectors_of_length_zero_have_a_distance(tmp_path):
    """A rectifier that lets nothing through."""
    path = tmp_path / "rectified.onnx"
    path.write_bytes(_model("Relu", "GlobalAveragePool", "Flatten"))
    embedding = Embedding(path, height=8, width=8, mean=(0.5, 0.5, 0.5))
    dark, darker, bright = (np.full((9, 9, 3), level, np.uint8) for level in (20, 0, 250))

    assert embedding(dark, darker) == 0
    assert embedding(dark, bright) == 1


def test_opposite_vectors_are_two_apart():
    """The end of the range."""
    assert cosine_distance(np.array([1.0, -2.0]), np.array([-3.0, 6.0])) == pytest.approx(2)


def test_what_is_no_model_is_refused(tmp_path):
    """Absent, empty, truncated, something else: the error names the file."""
    for name, content in (
        ("empty", b""),
        ("text", b"not a model"),
        ("cut", _model("GlobalAveragePool")[:40]),
    ):
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=rf'embedding: OpenCV cannot read ".*{name}.onnx" as ONNX'):
            Embedding(path, height=8, width=8)


def test_a_model_of_another_input_or_output_is_refused(mean_colour):
    """When it runs: OpenCV does not say before."""
    embedding = Embedding(mean_colour, height=8, width=8, output="nothing")
    with pytest.raises(ValueError, match=r"embedding: .* does not run on an input of"):
        embedding.vector(np.zeros((9, 9), np.uint8))


def test_numbers_that_are_not_finite_are_an_error(tmp_path):
    """The root of a negative number must not become a score."""
    path = tmp_path / "root.onnx"
    path.write_bytes(_model("Sqrt", "GlobalAveragePool", "Flatten"))
    embedding = Embedding(path, height=8, width=8, mean=(0.5, 0.5, 0.5))
    with pytest.raises(ValueError, match=r"embedding: .* gives numbers that are not finite"):
        embedding.vector(np.zeros((9, 9), np.uint8))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"height": 0, "width": 8}, "expected height and width of at least 1, got 0 and 8"),
        ({"height": 8, "width": 8, "mean": (0,)}, "expected three means and three deviations above 0"),
        (
            {"height": 8, "width": 8, "deviation": (1, 0, 1)},
            "expected three means and three deviations above 0",
        ),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message, mean_colour):
    """Before the model is read."""
    with pytest.raises(ValueError, match=f"embedding: {message}"):
        Embedding(mean_colour, **options)
