"""Exceptions for what could not be found out before a call runs: never a reason to be milder."""

from __future__ import annotations


class Unseen(Exception):
    """The world could not be asked: the text says what was not seen and why."""


class OutOfSight(Unseen):
    """Nobody can look there at all: on another host, or where the line itself has yet to say where that is."""


class AtTerminal(Unseen):
    """It will be typed at the caller's own terminal."""


class TooWide(Unseen):
    """There is too much to look through: the text says of what."""
