"""
A camera that is asked over HTTP: a stream of JPEGs (MJPEG), or one picture at a time, told apart by what it answers.

Its JPEG bytes stay as they are. How they are found in a stream is in jpeg_stream.py, how it is logged in in http_login.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from ssl import SSLContext
from typing import Literal

import httpx

from keepframe.capture.credentials import Login, check_address, login
from keepframe.capture.gate import frame_of_jpeg
from keepframe.capture.http_login import HttpLogin
from keepframe.capture.jpeg_stream import JpegStream, trimmed
from keepframe.capture.live import Live
from keepframe.capture.pace import Pace
from keepframe.errors import CameraError
from keepframe.frame import Frame

MAX_BYTES = 20_000_000
"""Of one picture."""
MAX_REDIRECTS = 3
_TOLD = {
    401: "login refused (401); check user and password",
    403: "not allowed (403); may this user see the camera?",
    404: "there is no such page (404); check the path of the address",
}


@dataclass(kw_only=True)
class Http(Live):
    """
    A camera with an address like http://HOST/video.mjpg (MJPEG) or http://HOST/snapshot.jpg (asked anew for each picture).

    url: a user and password in it are taken out. user; password_file: a file with the password alone, or "user:password";
    password_env: the variable that holds it. certificate: "check" that of an https address, or take "any", as a camera's own. every,
    open_timeout, read_timeout, frozen_after: as all live sources have them.

    A picture that has not changed since the last one, by the camera's own word (304), is no frame. Rejected, with a note "error": what is
    no whole JPEG.

    >>> Http(url="http://door.local/snapshot.jpg", every="10s").hang_after_s
    25.0
    """

    url: str
    user: str | None = None
    password_file: Path | None = None
    password_env: str | None = None
    certificate: Literal["check", "any"] = "check"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_address(self.url, ("http", "https"))

    def connection(self, pace: Pace) -> Iterator[Frame]:
        """Ask once, and see whether a stream comes or a picture."""
        known = login(self.url, self.user, self.password_file, self.password_env)
        deadlines = httpx.Timeout(self.read_s, connect=self.open_s, pool=self.open_s)
        with (
            _told(known.url),
            httpx.Client(
                auth=HttpLogin(known.user, known.password) if known.password or known.user else None,
                timeout=deadlines,
                verify=_trusted() if self.certificate == "check" else False,
                follow_redirects=True,
                max_redirects=MAX_REDIRECTS,
                headers={"Accept": "multipart/x-mixed-replace, image/jpeg, */*;q=0.5"},
            ) as client,
        ):
            asked: dict[str, str] = {}
            while True:
                self.rest(pace.wait_s)
                with client.stream("GET", known.url, headers=asked) as response:
                    _check(response, known)
                    if "multipart" in response.headers.get("content-type", ""):
                        yield from self._stream(response, known, pace)
                        return
                    pace.take()
                    if response.status_code != httpx.codes.NOT_MODIFIED:
                        yield frame_of_jpeg(self._picture(response, known))
                        asked = _conditions(response)

    def _stream(self, response: httpx.Response, known: Login, pace: Pace) -> Iterator[Frame]:
        stream, last_s = JpegStream(MAX_BYTES), self.clock.monotonic_s()
        for data in response.iter_bytes():
            self.pulse()
            for picture in stream.feed(data):
                if pace.take():
                    yield frame_of_jpeg(picture)
                last_s = self.clock.monotonic_s()  # whoever takes the pictures may take his time
            if self.clock.monotonic_s() - last_s > self.read_s:
                raise CameraError(f"{known.url}: no whole picture for {self.read_s:g} s")

    def _picture(self, response: httpx.Response, known: Login) -> bytes:
        began, data = self.clock.monotonic_s(), bytearray()
        for piece in response.iter_bytes():
            self.pulse()
            data += piece
            if len(data) > MAX_BYTES:
                raise CameraError(f"{known.url}: a picture of more than {MAX_BYTES // 1_000_000} MB")
            if self.clock.monotonic_s() - began > self.open_s + self.read_s:
                raise CameraError(f"{known.url}: no whole picture for {self.open_s + self.read_s:g} s")
        kind = response.headers.get("content-type", "")
        if kind.startswith("text/"):
            raise CameraError(
                f"{known.url}: expected a picture or a stream of them, got a page ({kind.partition(';')[0]}); "
                "the camera's manual tells the address of its picture"
            )
        return trimmed(bytes(data))


@cache
def _trusted() -> SSLContext:
    """Whom this machine trusts: read once, since that takes longer than a connection, and memory each time."""
    return httpx.create_ssl_context()


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Whatever goes wrong, in one line."""
    try:
        yield
    except httpx.ConnectTimeout as error:
        raise CameraError(f"{url}: no connection in time; is it on, and the address right?") from error
    except httpx.TimeoutException as error:
        raise CameraError(f"{url}: no answer in time") from error
    except httpx.TooManyRedirects as error:
        raise CameraError(
            f"{url}: more than {MAX_REDIRECTS} redirects; use the address it leads to"
        ) from error
    except (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise CameraError(f"{url}: cannot be reached ({_reason(error)})") from error
    except httpx.HTTPError as error:
        raise CameraError(f"{url}: the connection broke ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    text = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "its certificate is not one this machine trusts; certificate = 'any' takes it as it is"
    return text.rpartition("] ")[2] if text.startswith("[Errno") else text


def _check(response: httpx.Response, known: Login) -> None:
    status = response.status_code
    if status in (httpx.codes.OK, httpx.codes.NOT_MODIFIED):
        return
    told = _TOLD.get(status, f"the camera answers {status} {response.reason_phrase}")
    if status == httpx.codes.UNAUTHORIZED and not known.user:
        told = "it asks for a login (401); set user, and password_file or password_env"
    raise CameraError(f"{known.url}: {told}")


def _conditions(response: httpx.Response) -> dict[str, str]:
    """Headers that ask for the next picture only if it is another one."""
    names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
    return {ask: response.headers[name] for name, ask in names.items() if name in response.headers}
