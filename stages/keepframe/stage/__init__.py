"""The kernel: a callable, its contract read from its signature, and the line that leads a camera's frames through it."""

from keepframe.stage.contract import Contract, read_contract
from keepframe.stage.line import Line
from keepframe.stage.load import find
from keepframe.stage.option import Option
from keepframe.stage.shapes import Map, Sink, Source
from keepframe.stage.source import CameraEvent, Shot, read_source
from keepframe.stage.step import Bound, close_shared
from keepframe.stage.waiting import Mark

__all__ = [
    "Bound",
    "CameraEvent",
    "Contract",
    "Line",
    "Map",
    "Mark",
    "Option",
    "Shot",
    "Sink",
    "Source",
    "close_shared",
    "find",
    "read_contract",
    "read_source",
]
