"""A key that only a passphrase opens: Ed25519, its private half encrypted under a key that scrypt derives.

Whoever can read the encrypted half can try passphrases: scrypt makes each try cost 128 MiB and
some tenths of a second, and the rest is the length of the passphrase.
"""

from __future__ import annotations

import os

from ...core.text.encoding import encode
from ...errors import InstallError, UnfitPassphrase, WrongPassphrase
from ...lean.value import Value

#: The shortest passphrase that is taken, in characters.
SHORTEST = 8
#: scrypt's cost, block size and parallelism for new keys (RFC 7914).
COST, BLOCK, LANES = 2**17, 8, 1
#: Variables from which OpenSSL takes settings, libraries to load among them: a shim's are its caller's.
_SETTINGS = ("OPENSSL_CONF", "OPENSSL_CONF_INCLUDE", "OPENSSL_ENGINES", "OPENSSL_MODULES")
#: The most that a key read from a file may ask for.
_MOST = (2**20, 16, 4)


class Sealed(Value):
    """A private key, encrypted: `salt`, `nonce` and `text` are hexadecimal; ChaCha20-Poly1305 (RFC 8439)."""

    n: int
    r: int
    p: int
    salt: str
    nonce: str
    text: str


def checked(passphrase: str) -> str:
    """That passphrase; raises UnfitPassphrase if it is too short."""
    if len(passphrase) < SHORTEST:
        hint = "four unrelated words are a good one"
        raise UnfitPassphrase(f"the passphrase has fewer than {SHORTEST} characters", hint)
    return passphrase


def made(passphrase: str) -> tuple[str, Sealed]:
    """A new key: its public line as OpenSSH writes it, and the private half."""
    _forget_settings()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    salt, nonce = os.urandom(16), os.urandom(12)
    cipher = ChaCha20Poly1305(_derived(checked(passphrase), salt, COST, BLOCK, LANES))
    text = cipher.encrypt(nonce, key.private_bytes_raw(), public)
    return public.decode("ascii"), Sealed(COST, BLOCK, LANES, salt.hex(), nonce.hex(), text.hex())


def signed(public: str, sealed: Sealed, passphrase: str, message: bytes) -> str:
    """The signature, in hexadecimal. Raises WrongPassphrase if it is not the passphrase."""
    _forget_settings()
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    try:
        if any(asked > most for asked, most in zip((sealed.n, sealed.r, sealed.p), _MOST, strict=True)):
            raise ValueError("its key would take too much to open")
        cipher = ChaCha20Poly1305(_derived(passphrase, bytes.fromhex(sealed.salt), sealed.n, sealed.r, sealed.p))
        raw = cipher.decrypt(bytes.fromhex(sealed.nonce), bytes.fromhex(sealed.text), public.encode("ascii"))
        return Ed25519PrivateKey.from_private_bytes(raw).sign(message).hex()
    except InvalidTag:
        raise WrongPassphrase("that is not the passphrase") from None
    except ValueError as fault:
        raise InstallError(f"the factor {public.split()[1][-12:]} cannot be opened: {fault}") from fault


def verified(public: str, message: bytes, signature: str) -> bool:
    """Whether the private half of that public line made the signature."""
    _forget_settings()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    try:
        key = load_ssh_public_key(public.encode("ascii"))
        if not isinstance(key, Ed25519PublicKey):
            return False
        key.verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _forget_settings() -> None:
    for name in _SETTINGS:
        os.environ.pop(name, None)


def _derived(passphrase: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(encode(passphrase))
