"""Pixels by handle: the four formats, and where their bytes lie. What they show is nobody's business here."""

from keepframe.picture.handle import Handle, Inline, Room, Space, heap
from keepframe.picture.picture import FORMATS, Format, Image, Picture, read_only

__all__ = ["FORMATS", "Format", "Handle", "Image", "Inline", "Picture", "Room", "Space", "heap", "read_only"]
