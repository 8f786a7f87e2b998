"""A signed approval: for exactly these calls, at one point of the audit log, until it expires."""

from __future__ import annotations

from ..lean.canonical import canonical, parsed
from ..lean.value import Value


class Grant(Value):
    """A signed approval.

    `digests` are those of the requests that were shown, one or a whole group. `seq` and `head` are
    the last row of the record when it was signed, `until` is when it expires, in seconds since the
    epoch. `factor` is the fingerprint of the key that signed `message(...)`, `signature` is
    hexadecimal for a passphrase's key, an armoured SSH signature for an SSH key.
    """

    digests: tuple[str, ...]
    seq: int
    head: str
    until: float
    factor: str
    signature: str = ""

    @property
    def message(self) -> bytes:
        """The bytes that are signed: everything but the signature, and what they are for."""
        return ("agentguard approval 1\n" + canonical(self.replace(signature="").astuple())).encode()

    def written(self) -> str:
        """As text, for the record."""
        return canonical(self.astuple())

    @classmethod
    def read(cls, text: str) -> Grant:
        """From its text; raises ValueError for anything else."""
        try:
            digests, seq, head, until, factor, signature = parsed(text)
            return cls(tuple(map(str, digests)), int(seq), str(head), float(until), str(factor), str(signature))
        except (TypeError, ValueError) as fault:
            raise ValueError(f"no grant: {fault}") from fault
