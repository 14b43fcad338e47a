"""
A loop of one's own: the kernel and the verdict of a pipeline in this process, for pictures that somebody has already.

No source, no socket, no archive: what is done with a picture worth keeping is the caller's business.
"""

from keepframe.keeper.comparing import compare
from keepframe.keeper.keeper import Keeper
from keepframe.keeper.verdict import Verdict

__all__ = ["Keeper", "Verdict", "compare"]
