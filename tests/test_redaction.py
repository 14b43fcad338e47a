import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe import redaction
from keepframe.redaction import hide, redacted


@pytest.fixture(autouse=True)
def nothing_hidden(monkeypatch):
    """Each test has its own secrets."""
    monkeypatch.setattr(redaction, "_hidden", set())


@pytest.mark.parametrize(
    "form",
    [
        "p@ss w/ö%rd",
        "p%40ss%20w%2F%C3%B6%25rd",
        "p%40ss%20w%2f%c3%b6%25rd",
        "p%40ss%20w/%C3%B6%25rd",
        "p%40ss+w%2F%C3%B6%25rd",
        base64.b64encode("admin:p@ss w/ö%rd".encode()).decode(),
    ],
)
def test_a_hidden_password_is_shown_in_no_form(form):
    """As it is, percent-encoded in any way, and in the header that carries it."""
    hide("p@ss w/ö%rd", "admin")

    assert redacted(f"no answer ({form})") == "no answer (***)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://admin:x@cam/live", "rtsp://admin:***@cam/live"),
        ("http://:x@cam/", "http://:***@cam/"),
        ("http://a:b@c:d@cam/", "http://a:***@cam/"),
        ("two rtsp://a:b@c/ and http://d:e@f/", "two rtsp://a:***@c/ and http://d:***@f/"),
        ("http://cam:8080/a@b", "http://cam:8080/a@b"),
        ("rtsp://admin@cam:554/live", "rtsp://admin@cam:554/live"),
        ("http://cam/snap.jpg?user=admin&pwd=abc&q=1", "http://cam/snap.jpg?user=admin&pwd=***&q=1"),
        ("Authorization: Basic YTpi", "Authorization: Basic ***"),
        ('Authorization: Digest username="a", response="b"', "Authorization: Digest ***"),
    ],
)
def test_a_password_is_found_by_its_place_too(text, shown):
    """Nobody has to know it: an address and a header tell where theirs is."""
    assert redacted(text) == shown


def test_a_short_password_does_not_fill_texts_with_stars():
    """Two letters are in every second word."""
    hide("on")

    assert redacted("no connection") == "no connection"


@given(
    password=st.text(min_size=3, max_size=20).filter(lambda text: not set(text) & set("*\n")),
    around=st.text(max_size=10),
)
def test_no_text_shows_it(password, around):
    """Whatever stands beside it."""
    redaction._hidden.clear()
    hide(password)

    assert password not in redacted(f"{around} {password} {around}").replace("***", "\n")
