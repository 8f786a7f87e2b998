"""The port that the view answers through: it knows nothing of proofs and signatures; see actions/answer.py."""

from __future__ import annotations

from typing import Protocol

from ..approval.request import Request
from ..edge.factors.factors import Factor


class AnswersPort(Protocol):
    """Every method may raise AgentguardError, and may be called from any thread.

    What a person was shown of a request is what they decide on: one that says something else than was asked
    is not approved.
    """

    def factors(self, requests: tuple[Request, ...]) -> tuple[Factor, ...]:
        """What the person can prove themselves by to approve these; none if their word is enough."""

    def approve(self, requests: tuple[Request, ...], factor: Factor | None, passphrase: str | None) -> str:
        """Let exactly these run; what that means, in a line. An SSH key without a passphrase asks at the terminal."""

    def deny(self, requests: tuple[Request, ...], words: str, session: bool = False) -> str:
        """Refuse these, or all of their session for a while, with words for the agent; what was done, in a line."""
