"""Short ids that a person can type, such as q7m2xk."""

from __future__ import annotations

import os

#: What ids are made of: no letter or digit that looks like another one.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def short_id() -> str:
    """A new random id of six characters; it is no secret."""
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in os.urandom(6))
