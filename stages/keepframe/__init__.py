"""keepframe keeps the pictures that show a change and lets the others go."""

__version__ = "0.1.0"
