"""Signing and verifying with SSH keys, by OpenSSH's own program: a key in hardware (`sk-`) signs by a touch."""

from __future__ import annotations

import os

from ...core.unseen import Unseen
from ...errors import InstallError, Unproven, UsageError
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What the signatures are for: one that was made for git or a login is none here.
NAMESPACE = "agentguard"
#: Where ssh-keygen is looked for, never on the caller's PATH.
_PLACES = ("/usr/bin", "/bin", "/run/current-system/sw/bin")
#: What ssh-keygen needs of the person's environment in order to sign.
_PASSED = ("HOME", "SSH_AUTH_SOCK", "TERM", "LANG")
#: How long verifying may take, in seconds.
_PATIENCE = 10
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
#: In the flags of a signature made by hardware: the person touched it (FIDO CTAP2, user presence).
_TOUCHED = 1


def public_line(path: str) -> str:
    """The public line that belongs to a key file. Raises UsageError if it is not there or the key is no proof."""
    public = path if path.endswith(".pub") else f"{path}.pub"
    try:
        with open(public, encoding="ascii") as file:
            words = file.readline(16384).split()
    except (OSError, ValueError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else "it is no public key"
        raise UsageError(f"{public}: {why}", "name an SSH key whose public half lies beside it") from fault
    if len(words) < 2 or "-cert-" in words[0]:
        raise UsageError(f"{public}: it is no public key", "name an SSH key whose public half lies beside it")
    private, line = public.removesuffix(".pub"), " ".join(words[:2])
    if not words[0].startswith("sk-"):
        hint = f"give it one with `ssh-keygen -p -f {private}`, or use a key in hardware (`ssh-keygen -t ed25519-sk`)"
        if os.path.exists(private) and _opens_by_itself(private):
            raise UsageError(f"{private} has no passphrase: any program of yours could sign with it", hint)
        hint = f"take it out with `ssh-add -d {public}`, or use a key in hardware (`ssh-keygen -t ed25519-sk`)"
        if line in _lent():
            raise UsageError(f"ssh-agent signs with {private} for any program of yours", hint)
        if not os.path.exists(private):
            raise UsageError(f"{private} is not here: what signs with it may sign for any program of yours", hint)
    return line


def signed(path: str, message: bytes) -> str:
    """The armoured signature. ssh-keygen asks for a passphrase, a PIN or a touch at the terminal. Raises Unproven."""
    import subprocess

    command = [_program(), "-Y", "sign", "-n", NAMESPACE, "-f", path]
    environment = {name: os.environ[name] for name in _PASSED if name in os.environ}
    try:
        terminal = os.open("/dev/tty", os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        terminal = os.open(os.devnull, os.O_WRONLY)
    try:
        done = subprocess.run(
            command, input=message, stdout=subprocess.PIPE, stderr=terminal, env=environment, check=False
        )
    except OSError as fault:
        raise InstallError(f"{command[0]} cannot be started: {fault.strerror}") from fault
    finally:
        os.close(terminal)
    signature = done.stdout.decode("ascii", "replace")
    if not signature.startswith(_BEGIN):
        raise Unproven(f"the SSH key {path} gave no signature")
    return signature


def verified(public: str, message: bytes, signature: str) -> bool:
    """Whether that key made the signature, and by a touch where it is one in hardware."""
    from ...core.text.encoding import encode
    from ..system.child import run
    from ..system.memfd import sealed_file

    if _in_hardware(public) and not _touched(signature):
        return False
    files = [sealed_file("signed", message)]
    try:
        files.append(sealed_file("signers", f"{NAMESPACE} {public}\n".encode()))
        files.append(sealed_file("signature", signature.encode("utf-8", "replace")))
        for descriptor in files[1:]:
            os.set_inheritable(descriptor, True)
        signers, proof = (f"/dev/fd/{descriptor}" for descriptor in files[1:])
        command = [_program(), "-Y", "verify", "-f", signers, "-I", NAMESPACE, "-n", NAMESPACE, "-s", proof]
        return run([encode(word) for word in command], {}, _PATIENCE, stdin=files[0]).status == 0
    except Unseen as fault:
        raise InstallError(str(fault)) from fault
    finally:
        for descriptor in files:
            os.close(descriptor)


def _program() -> str:
    for place in _PLACES:
        if os.access(f"{place}/ssh-keygen", os.X_OK):
            return f"{place}/ssh-keygen"
    raise InstallError("ssh-keygen is not here", f"install OpenSSH, so that it lies in {_PLACES[0]}")


def _opens_by_itself(private: str) -> bool:
    """Whether the private half can be read without a passphrase."""
    from ...core.text.encoding import encode
    from ..system.child import run

    return run([encode(word) for word in (_program(), "-y", "-P", "", "-f", private)], {}, _PATIENCE).status == 0


def _lent() -> list[str]:
    """The public lines of the keys by which ssh-agent signs for whoever asks. Raises UsageError."""
    from ...core.text.encoding import decode, encode
    from ..system.child import run

    socket = os.environ.get("SSH_AUTH_SOCK")
    if not socket:
        return []
    try:
        listed = run(
            [encode(f"{os.path.dirname(_program())}/ssh-add"), b"-L"], {b"SSH_AUTH_SOCK": encode(socket)}, _PATIENCE
        )
    except Unseen as fault:
        raise UsageError(f"ssh-agent does not say which keys it has: {fault}", "try again without it") from fault
    return [" ".join(line.split()[:2]) for line in decode(listed.out).splitlines()]


def _in_hardware(public: str) -> bool:
    """Whether that is the public line of a key in hardware: by the key itself, whatever the line begins with."""
    from binascii import a2b_base64

    return next(_strings(a2b_base64(public.split()[1].encode("ascii")))).startswith(b"sk-")


def _touched(signature: str) -> bool:
    """Whether a signature by hardware says that it was touched (PROTOCOL.sshsig and PROTOCOL.u2f of OpenSSH).

    ssh-keygen does not look at this; the flags are part of what the hardware signs.
    """
    from binascii import a2b_base64

    begun, _, rest = signature.partition(_BEGIN)
    armoured, ended, _ = rest.partition(_END)
    try:
        blob = a2b_base64("".join(armoured.split()).encode("ascii"), strict_mode=True)
        if begun.strip() or not ended or blob[:6] != b"SSHSIG":
            return False
        *_, made = _strings(blob[10:])
        _kind, by_key = (made[4:][: _size(made)], made[4 + _size(made) :])
        return bool(by_key[4 + _size(by_key)] & _TOUCHED)
    except (ValueError, IndexError):
        return False


def _size(data: bytes) -> int:
    return int.from_bytes(data[:4], "big")


def _strings(data: bytes) -> Iterator[bytes]:
    """The strings of an SSH message (RFC 4251), each after its length."""
    while data:
        size = _size(data)
        yield data[4 : 4 + size]
        data = data[4 + size :]
