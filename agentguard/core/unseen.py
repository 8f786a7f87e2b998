"""Exceptions for what could not be found out before a call runs: never a reason to be milder."""

from __future__ import annotations


class Unseen(Exception):
    """The world could not be asked: the text says what was not seen and why."""


class TooWide(Unseen):
    """There is too much to look through: the text says of what."""
