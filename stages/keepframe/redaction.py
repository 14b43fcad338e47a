"""
The one place where passwords are taken out of what people, logs and the catalogue get to see.

Whoever reads a password says hide(); whoever writes text for others writes redacted() of it. Where passwords come from is no
business of this module.
"""

from __future__ import annotations

import base64
import re
from urllib.parse import quote, quote_plus

STARS = "***"
SHORTEST = 3
"""A shorter password is not looked for in texts, which would be full of stars; in an address it is found by its place."""
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^\s/:@]*):[^\s/]*@")
_QUERY = re.compile(
    r"(?i)([?&](?:pass(?:word|wd)?|pwd|psw|pw|token|secret|loginpas|auth|apikey|api_key)=)[^&\s'\"]+"
)
_HEADER = re.compile(r"(?i)\b(authorization:\s*(?:basic|digest|bearer)\s+)\S.*")
_hidden: set[str] = set()


def hide(password: str, user: str = "") -> None:
    """From now on this password is shown in no text, as it is or percent-encoded, nor together with its user in base64."""
    if len(password) < SHORTEST:
        return
    forms = {password, quote(password, safe=""), quote(password), quote_plus(password)}
    forms |= {re.sub(r"%[0-9A-F]{2}", lambda code: code[0].lower(), form) for form in forms}
    forms.add(base64.b64encode(f"{user}:{password}".encode()).decode())
    _hidden.update(forms)
    _hidden.update({repr(form)[1:-1] for form in forms})


def redacted(text: str) -> str:
    """
    The text without any password that was hidden, without one that stands in an address, known or not, or in a header.

    >>> redacted("cannot open rtsp://admin:s3cret@10.0.0.7/live")
    'cannot open rtsp://admin:***@10.0.0.7/live'
    """
    if "://" in text:
        text = _ADDRESS.sub(rf"\1:{STARS}@", text)
        text = _QUERY.sub(rf"\1{STARS}", text)
    text = _HEADER.sub(rf"\1{STARS}", text)
    for form in sorted(_hidden, key=len, reverse=True):
        text = text.replace(form, STARS)
    return text
