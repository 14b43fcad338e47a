"""
Logging in over HTTP as the camera asks for it: basic or digest, whichever it offers, digest if both.

Source: RFC 7617 (basic), RFC 7616 (digest); the arithmetic is httpx's.
"""

from __future__ import annotations

from collections.abc import Generator

import httpx


class HttpLogin(httpx.Auth):
    """Sends nothing of a password before the camera has said how it wants it."""

    def __init__(self, user: str, password: str) -> None:
        self._user, self._password = user, password
        self._way: httpx.Auth | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """As httpx asks: the request, and what to try after its response."""
        if self._way is None:
            response = yield request
            if response.status_code != httpx.codes.UNAUTHORIZED:
                return
            offered = " ".join(response.headers.get_list("www-authenticate")).lower()
            if "digest" in offered:
                self._way = httpx.DigestAuth(self._user, self._password)
            elif "basic" in offered:
                self._way = httpx.BasicAuth(self._user, self._password)
            else:
                return
        yield from self._way.auth_flow(request)
