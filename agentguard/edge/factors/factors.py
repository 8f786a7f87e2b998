"""The factors of an installation: keys with which a person proves that it is they who answer.

ROOT/factors.toml holds the public half of each, and for a passphrase the encrypted private half. The
file itself is believed by nobody: a shim knows the fingerprints that it was made with.
"""

from __future__ import annotations

import os

from ...errors import InstallError, UsageError
from ...lean.canonical import fingerprint as hashed  # hashlib would load OpenSSL, with settings of the caller's
from ...lean.typing import TYPE_CHECKING
from ...lean.value import Value
from ..layout import Root
from . import passphrase as sealing
from . import ssh_key

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any, Literal

    Kind = Literal["passphrase", "ssh-key"]
else:
    Kind = str

_MEND = "a person must put it back as it was"


class Factor(Value):
    """One key. `public` is its line as OpenSSH writes it; `path` is the file of an SSH key."""

    kind: Kind
    name: str
    public: str
    sealed: sealing.Sealed | None = None
    path: str = ""

    @property
    def wanted(self) -> str:
        """What a person is asked for by a passphrase's factor; one that is called like its kind needs no name."""
        return "Passphrase" if self.name == self.kind else f"Passphrase of {self.name}"

    @property
    def fingerprint(self) -> str:
        """What tells this key from all others, as `ssh-keygen -l` prints it; raises ValueError if it is no key."""
        from binascii import a2b_base64, b2a_base64

        blob = a2b_base64(self.public.split()[1].encode("ascii"), strict_mode=True)
        return "SHA256:" + b2a_base64(bytes.fromhex(hashed(blob)), newline=False).decode("ascii").rstrip("=")


def factors(root: Root) -> tuple[Factor, ...]:
    """What factors.toml holds, none if there is no such file; raises InstallError if it is broken."""
    import tomllib

    try:
        with open(root.factors, "rb") as file:
            tables = tomllib.load(file).get("factor", [])
        return tuple(map(_read, tables))
    except FileNotFoundError:
        return ()
    except OSError as fault:
        raise InstallError(f"{root.factors}: {fault.strerror}", _MEND) from fault
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as fault:
        raise InstallError(f"{root.factors}: {fault}", _MEND) from fault


def believed(root: Root, pins: Collection[str]) -> tuple[Factor, ...]:
    """The factors whose fingerprints the shims hold; raises InstallError if one of them is missing."""
    found = tuple(factor for factor in factors(root) if factor.fingerprint in pins)
    missing = set(pins) - {factor.fingerprint for factor in found}
    if missing:
        raise InstallError(f"{root.factors}: {min(missing)} is written into the shims but is missing here", _MEND)
    return found


def by_passphrase(name: str, passphrase: str) -> Factor:
    """A new key under a passphrase; raises UsageError if that is too short."""
    public, sealed = sealing.made(passphrase)
    return Factor("passphrase", name, public, sealed)


def by_ssh_key(name: str, path: str) -> Factor:
    """A key that is there; raises UsageError if it cannot be used."""
    return Factor("ssh-key", name, ssh_key.public_line(path), path=os.path.abspath(path))


def add(root: Root, factor: Factor) -> None:
    """Put a factor into the file; one of that key or that name must not be there."""
    there = factors(root)
    for other in there:
        if factor.fingerprint == other.fingerprint or factor.name == other.name:
            raise UsageError(f"the factor {other.name} is there already", "give the new one another --name")
    _put(root, (*there, factor))


def remove(root: Root, fingerprint: str) -> None:
    """Take a factor out of the file."""
    _put(root, tuple(factor for factor in factors(root) if factor.fingerprint != fingerprint))


def sign(factor: Factor, message: bytes, passphrase: str | None) -> str:
    """A signature over a message: hexadecimal, or armoured for an SSH key. Raises Unproven."""
    if factor.sealed is not None:
        return sealing.signed(factor.public, factor.sealed, passphrase or "", message)
    return ssh_key.signed(factor.path, message)


def verify(factor: Factor, message: bytes, signature: str) -> bool:
    """Whether that key made the signature over the message."""
    check = sealing.verified if factor.kind == "passphrase" else ssh_key.verified
    return check(factor.public, message, signature)


def _read(table: dict[str, Any]) -> Factor:
    kind, name, public, fingerprint = (str(table[field]) for field in ("kind", "name", "public", "fingerprint"))
    if not public.isprintable() or len(public.split()) != 2:
        raise ValueError(f"the factor {name} has no public key")
    if kind == "passphrase":
        how = table["sealed"]
        n, r, p = (int(how[cost]) for cost in ("n", "r", "p"))
        sealed = sealing.Sealed(n, r, p, *(str(how[part]) for part in ("salt", "nonce", "text")))
        factor = Factor("passphrase", name, public, sealed)
    elif kind == "ssh-key":
        factor = Factor("ssh-key", name, public, path=str(table["path"]))
    else:
        raise ValueError(f"{kind!r} is no kind of factor")
    if factor.fingerprint != fingerprint:
        raise ValueError(f"the factor {name} has another fingerprint than its key")
    return factor


def _put(root: Root, kept: tuple[Factor, ...]) -> None:
    import tomli_w

    from ..installation.startup_files import write

    write(root.factors, tomli_w.dumps({"factor": [_written(factor) for factor in kept]}).encode(), 0o644)


def _written(factor: Factor) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": factor.kind, "name": factor.name, "public": factor.public}
    told["fingerprint"] = factor.fingerprint
    if factor.sealed is None:
        return {**told, "path": factor.path}
    how = {"kdf": "scrypt", "cipher": "chacha20-poly1305"}
    return {**told, "sealed": how | dict(zip(factor.sealed._fields, factor.sealed.astuple(), strict=True))}
