"""Pixels by handle: the four formats, and where their bytes lie. What they show is nobody's business here."""

from keepframe.picture.handle import Handle, Inline, Room, Space, heap
from keepframe.picture.picture import FORMATS, Format, Image, Picture, checksum, read_only
from keepframe.picture.remote import Remote

__all__ = [
    "FORMATS",
    "Format",
    "Handle",
    "Image",
    "Inline",
    "Picture",
    "Remote",
    "Room",
    "Space",
    "checksum",
    "heap",
    "read_only",
]
