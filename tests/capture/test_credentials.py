from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.capture.credentials import VARIABLE, check_address, login
from keepframe.errors import CameraError
from keepframe.redaction import redacted


@pytest.fixture
def secret(tmp_path):
    """A function that writes a password file."""

    def write(text):
        (tmp_path / "secret").write_text(text, encoding="utf-8")
        return tmp_path / "secret"

    return write


@pytest.mark.parametrize(
    ("text", "user", "expected"),
    [
        ("s3cret\n", "admin", ("admin", "s3cret")),
        ("s3cret\r\n", "admin", ("admin", "s3cret")),
        ("with:colon", "admin", ("admin", "with:colon")),
        ("root:with:colon\n", None, ("root", "with:colon")),
        (" spaces ", "admin", ("admin", " spaces ")),
    ],
)
def test_a_file_holds_the_password_or_both(text, user, expected, secret):
    """As people write it with an editor or with printf."""
    found = login("rtsp://cam/", user, secret(text))

    assert (found.user, found.password) == expected


def test_a_file_goes_before_a_variable_before_the_address(secret, monkeypatch):
    """And the common variable is asked last, for a camera that has a user."""
    monkeypatch.setenv("CAMERA", "of variable")
    monkeypatch.setenv(VARIABLE, "common")
    url = "rtsp://admin:of%20address@cam:554/live"
    found = [
        login(url, None, secret("of file"), "CAMERA").password,
        login(url, None, None, "CAMERA").password,
        login(url).password,
        login("rtsp://admin@cam/").password,
        login("rtsp://cam/").password,
    ]

    assert found == ["of file", "of variable", "of address", "common", ""]
    assert login(url).url == "rtsp://cam:554/live"


def test_what_was_read_is_shown_nowhere(secret):
    """From then on, as it is and encoded, and not by the login itself."""
    found = login("rtsp://cam/", "admin", secret("pa ss/wörd"))

    assert redacted(f"open {found.address}: pa ss/wörd") == "open rtsp://admin:***@cam/: ***"
    assert "wörd" not in repr(found)


@given(user=st.text(min_size=1, max_size=9), password=st.text(min_size=1, max_size=9))
def test_any_password_comes_back_out_of_the_address(user, password):
    """Percent-encoded on its way to a library that takes it nowhere else."""
    try:
        parts = urlsplit(login("rtsp://cam:554/live", user).address)
    except UnicodeEncodeError:
        return
    found = login(login("rtsp://cam:554/live", user).address)

    assert (found.user, parts.hostname, parts.port) == (user, "cam", 554)


def test_a_place_that_is_not_there_is_told(tmp_path):
    """The path and the variable, and nothing of what may be in them."""
    with pytest.raises(
        CameraError, match=r"password_file: .*nowhere cannot be read \(No such file or directory\)"
    ):
        login("rtsp://cam/", "admin", tmp_path / "nowhere")
    with pytest.raises(CameraError, match="password_env: there is no variable NO_SUCH"):
        login("rtsp://cam/", "admin", None, "NO_SUCH")
    (tmp_path / "raw").write_bytes(b"\xff\xfe")
    with pytest.raises(CameraError, match="expected UTF-8 text"):
        login("rtsp://cam/", "admin", tmp_path / "raw")


def test_an_address_is_checked_by_its_scheme_and_host():
    """`udp://@:1234` has none and is one."""
    check_address("udp://@:1234", ("rtsp", "udp"))

    with pytest.raises(ValueError, match=r"begins with rtsp://, udp://, got scheme 'ftp'"):
        check_address("ftp://cam/", ("rtsp", "udp"))
