import httpx
import pytest

from keepframe.capture.http_login import HttpLogin


def asked(*offers):
    """The Authorization headers of the requests that follow each other, where the camera answers 401 with these offers."""
    flow = HttpLogin("admin", "s3cret").auth_flow(httpx.Request("GET", "http://cam/snap.jpg"))
    request, seen = next(flow), []
    try:
        while True:
            seen.append(request.headers.get("Authorization", "").partition(" ")[0])
            headers = [("WWW-Authenticate", offer) for offer in offers]
            request = flow.send(httpx.Response(401, headers=headers, request=request))
    except StopIteration:
        return seen


DIGEST = 'Digest realm="x", nonce="abc", qop="auth"'


@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        ([DIGEST], ["", "", "Digest"]),
        (['Basic realm="x"'], ["", "Basic"]),
        ([DIGEST, 'Basic realm="x"'], ["", "", "Digest"]),
        (["Negotiate"], [""]),
    ],
)
def test_it_logs_in_as_the_camera_asks_for_it(offers, expected):
    """Nothing is sent before, digest goes before basic, and a refusal is the end of it."""
    assert asked(*offers) == expected
