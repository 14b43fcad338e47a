"""
Who logs in at a camera: the user and password of its address, of a file or of the environment, and the address without them.

A password that is read here is hidden from every text from then on. How a camera is asked for it is the protocol's business.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from keepframe.errors import CameraError
from keepframe.redaction import hide

VARIABLE = "KEEPFRAME_PASSWORD"
"""Asked for the password of a camera that has a user and no other place for it."""
MAX_BYTES = 4096


@dataclass(frozen=True, slots=True, repr=False)
class Login:
    """The address without user and password, and both of them, as they are."""

    url: str
    user: str = ""
    password: str = ""

    @property
    def address(self) -> str:
        """The address with both in it, percent-encoded, for a library that takes them nowhere else; for no other eyes."""
        if not self.user and not self.password:
            return self.url
        parts = urlsplit(self.url)
        userinfo = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@"
        return urlunsplit(parts._replace(netloc=userinfo + parts.netloc))


def login(
    url: str, user: str | None = None, password_file: Path | None = None, password_env: str | None = None
) -> Login:
    """
    The login of a camera, read anew each time, so that a password may change while the camera is lost.

    user and password of the address count unless the options say otherwise; the file comes before the variable. A file holds the
    password alone, or "user:password" if no user is named; a line end at its end is none of it.
    Raises CameraError if the file or the variable is not there.

    >>> login("rtsp://door.local/live").url
    'rtsp://door.local/live'
    """
    parts = urlsplit(url)
    found_user = user if user is not None else unquote(parts.username or "")
    password = unquote(parts.password or "")
    if password_file is not None:
        password = _read(password_file)
        if not found_user and ":" in password:
            found_user, _, password = password.partition(":")
    elif password_env is not None:
        if password_env not in os.environ:
            raise CameraError(
                f"password_env: there is no variable {password_env}; set it before keepframe is started"
            )
        password = os.environ[password_env]
    elif found_user and not password:
        password = os.environ.get(VARIABLE, "")
    hide(password, found_user)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    return Login(urlunsplit(bare), found_user, password)


def check_address(url: str, schemes: tuple[str, ...]) -> None:
    """Raise ValueError ("url: expected …") for what is no address with one of these schemes; a password in it is not repeated."""
    try:
        parts = urlsplit(url)
        has_place = bool(parts.hostname) or parts.scheme in ("udp", "rtp")
        _ = parts.port
    except ValueError:
        raise ValueError(
            f"url: expected an address like {schemes[0]}://HOST/PATH, got one that cannot be read"
        ) from None
    if parts.scheme.lower() not in schemes or not has_place:
        raise ValueError(
            f"url: expected an address that begins with {', '.join(f'{scheme}://' for scheme in schemes)}, got scheme {parts.scheme!r}"
        )


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
        return text.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise CameraError(f"password_file: {path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError:
        raise CameraError(f"password_file: expected UTF-8 text in {path}") from None
