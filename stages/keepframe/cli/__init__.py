"""
The command line: one function and one module for each verb.

What a verb does is done by the rooms below; here it is asked for and told.
"""

from keepframe.cli.command import main

__all__ = ["main"]
