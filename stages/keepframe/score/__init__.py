"""Stages that compare a frame with its camera's reference and say whether to keep it. How to compare is in keepframe.metrics."""

from keepframe.score.change import Change

change = Change
"""The stage's short name in the TOML."""

__all__ = ["Change", "change"]
