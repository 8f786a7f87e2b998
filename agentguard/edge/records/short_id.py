"""Ids that a person can type."""

from __future__ import annotations

import os

#: What ids are made of: no letter or digit that looks like another one.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def short_id() -> str:
    """Six characters: short enough to type, and nothing secret."""
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in os.urandom(6))
