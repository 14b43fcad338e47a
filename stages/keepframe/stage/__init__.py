"""The kernel: a callable, its contract read from its signature, and the line that leads a camera's frames through it."""

from keepframe.stage.contract import Contract, read_contract
from keepframe.stage.line import Bound, Line, Mark
from keepframe.stage.load import find
from keepframe.stage.option import Option
from keepframe.stage.source import Shot, read_source

__all__ = ["Bound", "Contract", "Line", "Mark", "Option", "Shot", "find", "read_contract", "read_source"]
