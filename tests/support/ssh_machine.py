"""A machine with a real sshd, a container on it, and a place elsewhere: namespaces of this machine.

The machine has processes, a network, accounts and records of logins of its own. The container on it has its own
network, and so has the place elsewhere, whose processes the machine does not see. Files are shared.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

#: The account that logs in, and its number.
NAME, USER = "ada", 64321
#: How the machine is reached from elsewhere, and from the container.
ADDRESS, BRIDGE = "10.77.1.1", "10.77.2.1"
_NEEDS = ("sshd", "ssh", "ssh-keygen", "unshare", "nsenter", "ip", "mount")
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"

_BOOT = """
mount --make-rprivate /
mount -t tmpfs none /run && mkdir /run/sshd
mount -t tmpfs none /var/log
mount --bind passwd /etc/passwd && mount --bind group /etc/group
for table in "$@"; do : >$table; done
ip link set lo up
$(command -v sshd) -f $PWD/sshd_config && touch up
exec sleep 1000
"""
_CONFIG = """
HostKey {home}/key
AuthorizedKeysFile {home}/key.pub
StrictModes no
UsePAM no
PidFile none
PermitRootLogin yes
"""
_JOIN = """
ip link add name uplink type veth peer name {name} netns {machine}
ip addr add {net}.2/24 dev uplink
ip link set dev uplink up
nsenter -n -t {machine} ip addr add {net}.1/24 dev {name}
nsenter -n -t {machine} ip link set dev {name} up
"""


class SshMachine:
    """`records` are the tables in which it keeps logins, as paths; `home` is readable for all."""

    def __init__(self, home: Path, *records: str) -> None:
        if os.getuid() != 0:
            pytest.skip("only root can make a machine with networks of its own")
        missing = [name for name in _NEEDS if not shutil.which(name, path=_PATH)]
        if missing:
            pytest.skip(f"no {missing[0]} here")
        self.home, self.records = home, records
        self._running: list[subprocess.Popen[str]] = []
        (home / "sshd_config").write_text(_CONFIG.format(home=home))
        (home / "passwd").write_text(f"{Path('/etc/passwd').read_text()}\n{NAME}:*:{USER}:{USER}::{home}:/bin/bash\n")
        (home / "group").write_text(f"{Path('/etc/group').read_text()}\n{NAME}:*:{USER}:\n")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / "key"], check=True)
        os.chown(shutil.copy(home / "key", home / "own-key"), USER, USER)

        alone = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        try:
            self._machine = self._start([*alone, "sh", "-ec", _BOOT, "sh", *records])
            self._elsewhere = self._start(["unshare", "--net", "--fork", "--kill-child", "sleep", "1000"])
            self._container = self._start([*self.at("machine"), "unshare", "--net", "sleep", "1000"])
            until(lambda: _network(self._container) not in (_network(os.getpid()), _network(self._machine)))
            for place, net in ((self._elsewhere, "10.77.1"), (self._container, "10.77.2")):
                join = _JOIN.format(machine=self._machine, net=net, name=f"to{place}")
                subprocess.run(["nsenter", "-n", "-t", str(place), "sh", "-ec", join], env={"PATH": _PATH}, check=True)
            until(lambda: (home / "up").exists())
        except BaseException:
            self.close()
            raise

    def at(self, place: str) -> list[str]:
        """What comes before a command to run it there as root: "machine", "container" or "elsewhere"."""
        if place == "elsewhere":
            return ["nsenter", "-n", "-t", str(self._elsewhere)]
        return ["nsenter", "-a", "-t", str(self._machine if place == "machine" else self._container)]

    def ssh(self, place: str, host: str, command: str, name: str = NAME) -> list[str]:
        """A login from there, with a terminal, for that command: by the account's own ssh, from elsewhere by root's."""
        as_user = [] if place == "elsewhere" else [f"--setuid={USER}", f"--setgid={USER}"]
        key = self.home / ("own-key" if as_user else "key")
        options = ["-tt", "-q", "-F", "none", "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null"]
        return [*self.at(place), *as_user, "ssh", *options, "-i", str(key), f"{name}@{host}", command]

    def run(self, place: str, host: str, command: str, name: str = NAME) -> str:
        """What a login says."""
        words = self.ssh(place, host, command, name)
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.replace("\r\n", "\n")

    @contextlib.contextmanager
    def running(self, words: list[str], shows: str) -> Iterator[None]:
        """A command goes on once it has shown that, and ends with a line."""
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
            assert started.stdin and started.stdout
            while shows not in (line := started.stdout.readline()):
                assert line, words
            yield
            started.stdin.write("\n")

    def close(self) -> None:
        """Everything ends."""
        for started in reversed(self._running):
            started.kill()
            started.wait()

    def _start(self, words: list[str]) -> int:
        """The pid of what a command that goes on has forked for it."""
        started = subprocess.Popen(words, cwd=self.home, env={"PATH": _PATH}, text=True)
        self._running.append(started)
        children = Path(f"/proc/{started.pid}/task/{started.pid}/children")
        until(lambda: children.read_text() or started.poll() is not None)
        return int(children.read_text())


def _network(pid: int) -> str:
    """The network that a process is in."""
    return os.readlink(f"/proc/{pid}/ns/net")


def until(met: Callable[[], object], seconds: float = 60) -> None:
    """Wait for that."""
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end
        time.sleep(0.02)
