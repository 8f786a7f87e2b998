"""Factors: what is kept of a key, and that only its own signature over the very message holds."""

from __future__ import annotations

import base64
import os
import struct
import subprocess
import sys
import tomllib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
import tomli_w
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agentguard.edge.factors import factors
from agentguard.edge.factors.factors import Factor
from agentguard.edge.layout import Root
from agentguard.errors import InstallError, Unproven, UsageError

MESSAGE = b"agentguard approval 1\n[]"
PASSPHRASE = "four unrelated words"


@pytest.fixture(scope="module")
def kept() -> Factor:
    """A factor by passphrase: deriving its key takes its time, so it is made once."""
    return factors.by_passphrase("mine", PASSPHRASE)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(str(tmp_path))


def ssh_key(place: Path, kind: str, passphrase: str = "") -> Path:
    """A real key."""
    path = place / f"id_{kind}"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", path], check=True)
    return path


def of(path: Path, name: str = "key") -> Factor:
    """The factor of a key that opens by itself: `by_ssh_key` would not take it."""
    public = " ".join(Path(f"{path}.pub").read_text().split()[:2])
    return Factor("ssh-key", name, public, path=str(path))


class Hardware:
    """What a security key does, in software: signs as PROTOCOL.u2f says, with flags and a counter."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self._blob = b"".join(
            map(string, (b"sk-ssh-ed25519@openssh.com", self._key.public_key().public_bytes_raw(), b"ssh:"))
        )
        self.factor = Factor("ssh-key", "sk", f"sk-ssh-ed25519@openssh.com {base64.b64encode(self._blob).decode()}")

    def sign(self, message: bytes, flags: int, namespace: bytes = b"agentguard") -> str:
        signed = b"SSHSIG" + b"".join(map(string, (namespace, b"", b"sha256", sha256(message).digest())))
        raised = struct.pack(">BI", flags, 7)
        by_key = self._key.sign(sha256(b"ssh:").digest() + raised + sha256(signed).digest())
        made = string(b"sk-ssh-ed25519@openssh.com") + string(by_key) + raised
        blob = b"SSHSIG" + struct.pack(">I", 1)
        blob += b"".join(map(string, (self._blob, namespace, b"", b"sha256", made)))
        return f"-----BEGIN SSH SIGNATURE-----\n{base64.encodebytes(blob).decode()}-----END SSH SIGNATURE-----\n"


def string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def changed(root: Root, change: Callable[[dict[str, object]], object]) -> None:
    """Edit the only factor in the file."""
    table = tomllib.loads(Path(root.factors).read_text())
    change(table["factor"][0])
    Path(root.factors).write_text(tomli_w.dumps(table))


def test_what_is_put_into_the_file_comes_back(root: Root, kept: Factor, tmp_path: Path) -> None:
    assert factors.factors(root) == ()
    other = of(ssh_key(tmp_path, "ed25519"))
    factors.add(root, kept)
    factors.add(root, other)
    assert factors.factors(root) == (kept, other)
    assert os.stat(root.factors).st_mode & 0o777 == 0o644
    factors.remove(root, kept.fingerprint)
    assert factors.factors(root) == (other,)


def test_a_key_or_a_name_is_there_once(root: Root, kept: Factor) -> None:
    factors.add(root, kept)
    with pytest.raises(UsageError, match="is there already"):
        factors.add(root, kept.replace(name="another"))


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_the_fingerprint_is_the_one_that_ssh_keygen_prints(tmp_path: Path, kind: str) -> None:
    key = ssh_key(tmp_path, kind)
    printed = subprocess.run(["ssh-keygen", "-l", "-f", key], capture_output=True, text=True, check=True).stdout
    assert of(key).fingerprint in printed.split()


def test_no_secret_is_in_the_file(root: Root, kept: Factor) -> None:
    factors.add(root, kept)
    table = tomllib.loads(Path(root.factors).read_text())["factor"][0]
    assert (table["sealed"]["kdf"], table["sealed"]["n"], table["sealed"]["r"]) == ("scrypt", 2**17, 8)
    assert len(bytes.fromhex(table["sealed"]["text"])) == 32 + 16
    assert PASSPHRASE not in Path(root.factors).read_text()


def test_a_passphrase_signs_and_only_that_one(kept: Factor) -> None:
    signature = factors.sign(kept, MESSAGE, PASSPHRASE)
    assert factors.verify(kept, MESSAGE, signature)
    assert not factors.verify(kept, MESSAGE + b" ", signature)
    for wrong in ("four unrelated word", "", None):
        with pytest.raises(Unproven, match="not the passphrase"):
            factors.sign(kept, MESSAGE, wrong)


@pytest.mark.parametrize("signature", ["", "00", "xyz", "00" * 64, "é", "-----BEGIN SSH SIGNATURE-----\nAAAA"])
def test_what_is_no_signature_does_not_hold(kept: Factor, tmp_path: Path, signature: str) -> None:
    assert not factors.verify(kept, MESSAGE, signature)
    assert not factors.verify(of(ssh_key(tmp_path, "ed25519")), MESSAGE, signature)
    assert not factors.verify(Hardware().factor, MESSAGE, signature)


def test_a_short_passphrase_is_refused() -> None:
    with pytest.raises(UsageError, match="fewer than 8 characters"):
        factors.by_passphrase("short", "seven77")


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_an_ssh_key_signs_for_this_purpose_alone(tmp_path: Path, kind: str) -> None:
    key = ssh_key(tmp_path, kind)
    mine = of(key)
    signature = factors.sign(mine, MESSAGE, None)
    assert factors.verify(mine, MESSAGE, signature)
    assert not factors.verify(mine, MESSAGE + b" ", signature)
    (tmp_path / "other").mkdir()
    assert not factors.verify(of(ssh_key(tmp_path / "other", kind)), MESSAGE, signature)
    for_git = subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-n", "git", "-f", key], input=MESSAGE, capture_output=True, check=True
    )
    assert not factors.verify(mine, MESSAGE, for_git.stdout.decode())


def test_a_key_that_signs_nothing_proves_nothing(tmp_path: Path) -> None:
    key = ssh_key(tmp_path, "ed25519")
    mine = of(key)
    key.unlink()
    Path(f"{key}.pub").unlink()
    with pytest.raises(Unproven, match="gave no signature"):
        factors.sign(mine, MESSAGE, None)


def test_a_key_without_a_passphrase_is_no_factor(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="any program of yours could sign with it"):
        factors.by_ssh_key("open", str(ssh_key(tmp_path, "ed25519")))
    taken = ssh_key(tmp_path, "ecdsa", "a passphrase")
    for path in (taken, f"{taken}.pub"):
        assert factors.by_ssh_key("mine", str(path)).fingerprint == of(taken).fingerprint


def test_a_key_that_ssh_agent_signs_with_is_no_factor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, socket = ssh_key(tmp_path, "ed25519"), str(tmp_path / "agent")
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.PIPE)
    assert agent.stdout and agent.stdout.readline()
    try:
        subprocess.run(["ssh-add", "-q", key], env={"SSH_AUTH_SOCK": socket}, check=True)
        subprocess.run(["ssh-keygen", "-q", "-p", "-N", "a passphrase", "-f", key], check=True)
        assert factors.by_ssh_key("mine", str(key)).fingerprint == of(key).fingerprint
        monkeypatch.setenv("SSH_AUTH_SOCK", socket)
        with pytest.raises(UsageError, match="for any program of yours"):
            factors.by_ssh_key("mine", str(key))
    finally:
        agent.terminate()
        agent.communicate()
    monkeypatch.delenv("SSH_AUTH_SOCK")
    key.unlink()
    with pytest.raises(UsageError, match="for any program of yours"):
        factors.by_ssh_key("mine", f"{key}.pub")


def test_openssl_takes_no_settings_from_the_environment(kept: Factor, tmp_path: Path) -> None:
    """They can name a library to load: the program that verifies would be whatever that makes of it."""
    pipe = tmp_path / "openssl.cnf"
    os.mkfifo(pipe)  # whoever opens it waits
    code = "import sys; from agentguard.edge.factors.factors import Factor, verify; "
    code += "one = Factor('passphrase', 'mine', sys.argv[1]); one.fingerprint; "
    code += "sys.exit(not verify(one, sys.argv[2].encode(), sys.argv[3]))"
    signature = factors.sign(kept, MESSAGE, PASSPHRASE)
    done = subprocess.run(
        [sys.executable, "-c", code, kept.public, MESSAGE.decode(), signature],
        env={"OPENSSL_CONF": str(pipe), "PYTHONPATH": os.pathsep.join(sys.path)}, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0


@pytest.mark.parametrize("content", [None, "", "nothing", "ssh-ed25519-cert-v01@openssh.com AAAA"])
def test_what_is_no_key_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "key.pub").write_text(content)
    with pytest.raises(UsageError, match=r"key\.pub"):
        factors.by_ssh_key("key", str(tmp_path / "key"))


@pytest.mark.parametrize(("flags", "holds"), [(0x01, True), (0x05, True), (0x00, False), (0x04, False)])
def test_a_key_in_hardware_must_have_been_touched(flags: int, holds: bool) -> None:
    hardware = Hardware()
    assert factors.verify(hardware.factor, MESSAGE, hardware.sign(MESSAGE, flags)) is holds
    disguised = hardware.factor.replace(public=hardware.factor.public.replace("sk-ssh-ed25519@openssh.com", "x"))
    assert not factors.verify(disguised, MESSAGE, hardware.sign(MESSAGE, 0x00))


def test_hardware_signs_the_flags_too() -> None:
    hardware = Hardware()
    armoured = hardware.sign(MESSAGE, 0x00).splitlines()[1:-1]
    untouched = base64.b64decode("".join(armoured))
    raised = untouched[:-5] + b"\x01" + untouched[-4:]
    forged = f"-----BEGIN SSH SIGNATURE-----\n{base64.encodebytes(raised).decode()}-----END SSH SIGNATURE-----\n"
    assert not factors.verify(hardware.factor, MESSAGE, forged)
    assert not factors.verify(hardware.factor, MESSAGE, hardware.sign(MESSAGE, 0x01, b"git"))


def test_nothing_of_the_call_decides_what_verifies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for fake in ("ssh-keygen", "true"):
        (tmp_path / fake).write_text("#!/bin/sh\nexit 0\n")
        (tmp_path / fake).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    hardware = Hardware()
    signature = hardware.sign(MESSAGE, 0x01)
    assert not factors.verify(hardware.factor, b"another", signature)
    import signal

    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system then throws exit statuses away
    try:
        assert not factors.verify(hardware.factor, b"another", signature)
        assert factors.verify(hardware.factor, MESSAGE, signature)
    finally:
        signal.signal(signal.SIGCHLD, before)


BROKEN = {
    "another key under its fingerprint": lambda one: one.update(public=Hardware().factor.public),
    "another fingerprint": lambda one: one.update(fingerprint="SHA256:" + "A" * 43),
    "no public key": lambda one: one.pop("public"),
    "a public key of two lines": lambda one: one.update(public=one["public"] + "\nagentguard " + one["public"]),
    "options before the key": lambda one: one.update(public="cert-authority " + one["public"]),
    "no base64": lambda one: one.update(public="ssh-ed25519 é"),
    "no kind": lambda one: one.update(kind="password"),
    "nothing sealed": lambda one: one.pop("sealed"),
    "sealed otherwise": lambda one: one.update(sealed="text"),
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_named(root: Root, kept: Factor, change: Callable[[dict[str, object]], object]) -> None:
    factors.add(root, kept)
    changed(root, change)
    with pytest.raises(InstallError, match=r"factors\.toml"):
        factors.factors(root)


def test_a_key_that_would_take_all_memory_is_not_opened(root: Root, kept: Factor) -> None:
    greedy = kept.replace(sealed=kept.sealed.replace(n=2**30))
    with pytest.raises(InstallError, match="would take too much"):
        factors.sign(greedy, MESSAGE, PASSPHRASE)


def test_only_what_the_shims_hold_is_believed(root: Root, kept: Factor) -> None:
    factors.add(root, kept)
    assert factors.believed(root, ()) == ()
    assert factors.believed(root, {kept.fingerprint}) == (kept,)
    with pytest.raises(InstallError, match="is missing here"):
        factors.believed(root, {kept.fingerprint, "SHA256:gone"})
