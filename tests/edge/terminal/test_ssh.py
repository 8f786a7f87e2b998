"""Where a login by SSH comes from: by invented sockets and records, and by a real sshd."""

from __future__ import annotations

import os
import shutil
import struct
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.desk import PROJECT
from support.ssh_machine import ADDRESS, BRIDGE, SshMachine

from agentguard.core.caller import Process
from agentguard.edge.terminal import logins, ssh, tcp

#: Lines of processes from the one that holds a terminal up, each with its user, and whether sshd is the system's.
SERVED = {
    "a user's login": (["sshd-session 1000", "sshd-session 0", "sshd 0", "systemd 0"], True),
    "root's login": (["sshd-session 0", "sshd 0", "systemd 0"], True),
    "a server for each connection": (["sshd 0", "systemd 0"], True),
    "one that a user runs": (["sshd 1000", "sshd 1000", "init 0"], False),
    "one that a user has left alone": (["sshd 1000", "init 0"], False),
    "below a program of root's by that name": (["sshd 1000", "sshd 0", "init 0"], False),
    "below a user's program": (["sshd 1000", "sshd 0", "sshd 0", "bash 1000", "init 0"], False),
    "another program": (["xterm 0", "init 0"], False),
    "nothing": ([], False),
}


@pytest.mark.parametrize(("line", "systems"), SERVED.values(), ids=SERVED.keys())
def test_whose_sshd_it_is(line: list[str], systems: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [Process(pid, 0, who.split()[0]) for pid, who in enumerate(line)]
    monkeypatch.setattr(ssh, "owner", lambda pid: int(line[pid].split()[1]))
    assert ssh.of_the_system(tuple(made)) is systems


@pytest.mark.parametrize(
    ("title", "serves"),
    [
        ("sshd: me@pts/3", True),
        ("sshd-session: me@pts/1,pts/3  ", True),
        ("sshd: a@b@pts/3", True),
        ("sshd: me@pts/33", False),
        ("sshd: me@notty", False),
        ("sshd: me [priv]", False),
        ("", False),
    ],
)
def test_which_terminals_sshd_serves(title: str, serves: bool) -> None:
    assert ssh.serves(Process(0, 0, "sshd", (title,)), 3) is serves


HOST, LAPTOP, OTHER, HERE = "0A00000A", "0B00000A", "0C00000A", "0100007F"
V6 = "0000000000000000FFFF0000"
#: Rows of /proc/net/tcp: local end, remote end, state, user, inode. What listens for SSH, and for something else.
LISTENS, ELSE = "00000000:0016 00000000:0000 0A 0 1", "00000000:0277 00000000:0000 0A 0 2"
LOGIN, LOCAL = f"{HOST}:0016 {LAPTOP}:9C40 01 0 7", f"{HERE}:0016 {HERE}:9C41 01 0 8"
CLIENT = f"{HERE}:9C41 {HERE}:0016 01 1000 9"
SERVICE = f"{HERE}:0277 {HERE}:8888 01 0 6"

#: The rows, what is on record or held by sshd, and where its login comes from.
PEERS: dict[str, tuple[list[str], dict[str, object], str]] = {
    "the only one": ([LISTENS, LOGIN], {}, "elsewhere"),
    "beside another service": ([LISTENS, ELSE, LOGIN, SERVICE], {"address": LAPTOP}, "elsewhere"),
    "beside another service, without a record": ([LISTENS, ELSE, LOGIN, SERVICE], {}, "unknown"),
    "beside a login from here": ([LISTENS, LOGIN, LOCAL, CLIENT], {"address": LAPTOP}, "elsewhere"),
    "beside one from here, without a record": ([LISTENS, LOGIN, LOCAL, CLIENT], {}, "unknown"),
    "from here": ([LISTENS, LOGIN, LOCAL, CLIENT], {"address": HERE}, "here"),
    "from here, by the sockets": ([LISTENS, LOGIN, LOCAL, CLIENT], {"held": ("5", "8", "7")}, "here"),
    "from elsewhere, by the sockets": ([LISTENS, LOGIN, LOCAL, CLIENT], {"held": ("1", "7", "8")}, "elsewhere"),
    "by a local socket, by the sockets": ([LISTENS, LOGIN], {"held": ("5",)}, "unknown"),
    "by a local socket": ([LISTENS, LOGIN], {"address": ""}, "unknown"),
    "on record, but not connected": ([LISTENS, LOGIN], {"address": OTHER}, "unknown"),
    "in the form of IPv6": ([LISTENS, f"{V6}{HERE}:0016 {V6}{HERE}:9C40 01 0 8", CLIENT], {}, "here"),
    "half closed": ([LISTENS, f"{HERE}:0016 {HERE}:9C40 08 0 8", CLIENT.replace(" 01 ", " 05 ")], {}, "here"),
    "the other end has gone": ([LISTENS, f"{HOST}:0016 {HOST}:9C40 08 0 8"], {}, "here"),
    "from another address of loopback": ([LISTENS, f"{HERE}:0016 0200007F:9C40 01 0 8"], {}, "here"),
    "closed": ([LISTENS, f"{HERE}:0016 {HERE}:9C40 06 0 0", LOGIN], {}, "elsewhere"),
    "not accepted yet": ([LISTENS, f"{HERE}:0016 {HERE}:9C40 01 0 0", LOGIN], {}, "elsewhere"),
    "accepted by a user": ([LISTENS, f"{HERE}:0016 {HERE}:9C40 01 1000 8", LOGIN], {}, "elsewhere"),
    "nothing of root's listens": ([LOCAL, CLIENT], {}, "unknown"),
    "back from a router": ([LISTENS, LOGIN, f"{HOST}:9C40 {OTHER}:0016 01 1000 9"], {"address": LAPTOP}, "here"),
    "back from a router, by another port": (
        [LISTENS, LOGIN, f"{HOST}:9C40 {LAPTOP}:08AE 01 1000 9"],
        {"address": LAPTOP},
        "here",
    ),
    "beside a call to elsewhere": ([LISTENS, LOGIN, f"{HOST}:9C40 {OTHER}:01BB 01 1000 9"], {}, "elsewhere"),
}


@pytest.mark.parametrize(("rows", "known", "expected"), PEERS.values(), ids=PEERS)
def test_where_the_other_end_is(
    rows: list[str], known: dict[str, object], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [row.split() for row in rows]
    lines = [f"0: {local} {remote} {state} 0:0 0:0 0 {user} 0 {inode}" for local, remote, state, user, inode in parts]
    (tmp_path / "tcp").write_text("\n".join(["head", *lines]))
    (tmp_path / "fib_trie").write_text("  |-- 10.0.0.10\n   /32 host LOCAL\n  |-- 10.0.0.11\n   /32 link BROADCAST\n")
    read = ssh.sockets
    monkeypatch.setattr(ssh, "networks", lambda: (str(tmp_path),))
    monkeypatch.setattr(ssh, "sockets", lambda network: read(str(tmp_path)))
    monkeypatch.setattr(ssh, "owner", lambda pid: 0)
    monkeypatch.setattr(ssh, "address", lambda line, index: known.get("address"))
    monkeypatch.setattr(ssh, "_sockets_of", lambda pid: known.get("held"))
    assert ssh.peer((Process(7, 1, "sshd"), Process(6, 1, "init")), 3) == expected


def test_addresses_of_this_machine() -> None:
    assert all(tcp.addresses(network) for network in tcp.networks()[:1])
    assert tcp.digits(bytes((127, 0, 0, 1))) == HERE
    assert tcp.digits(bytes(10) + b"\xff\xff" + bytes((10, 0, 0, 11))) == LAPTOP
    for given, loopback in ((bytes((127, 9, 9, 9)), True), (bytes(15) + b"\1", True), (bytes((10, 0, 0, 127)), False)):
        assert tcp.is_loopback(tcp.digits(given)) is loopback


NOW = time.time()
LAPTOP_BYTES = bytes((10, 0, 0, 11))


def row(pid: int = 6, line: str = "pts/3", when: float = NOW, kind: int = 7, host: bytes = LAPTOP_BYTES) -> bytes:
    """A row of utmp as glibc writes it on x86-64 (utmp(5))."""
    words = (kind, pid, line.encode(), b"", b"", b"", 0, 0, 0, int(when), 0, host)
    return struct.pack("=hxxi32s4s32s256shhiii16s20x", *words)


def wide(pid: int = 6, line: str = "pts/3") -> bytes:
    """The same on ARM of 64 bits."""
    words = (7, pid, line.encode(), b"", b"", b"", 0, 0, 0, int(NOW), 0, LAPTOP_BYTES)
    return struct.pack("@hi32s4s32s256shhlll16s24x", *words)


def session(leader: int = 6, host: str = "10.0.0.11", when: float = NOW) -> bytes:
    """A session of systemd-logind."""
    return f"UID=1000\nREMOTE=1\nREMOTE_HOST={host}\nLEADER={leader}\nREALTIME={int(when * 1e6)}\n".encode()


#: What is in the files, and the address that they have.
RECORDS: dict[str, tuple[dict[str, bytes], str | None]] = {
    "nothing": ({}, None),
    "a session": ({"sessions/1": session()}, LAPTOP),
    "a session of the user's process": ({"sessions/1": session(7)}, LAPTOP),
    "another's session": ({"sessions/1": session(8)}, None),
    "an older one of the same pid": ({"sessions/1": session(when=NOW - 9000)}, None),
    "a session by a local socket": ({"sessions/1": session(host="UNKNOWN")}, ""),
    "a session by name": ({"sessions/1": session(host="laptop.example")}, None),
    "a session by name, and its row": ({"sessions/1": session(host="laptop.example"), "utmp": row()}, LAPTOP),
    "by IPv6": ({"sessions/1": session(host="fe80::1%eth0")}, "000080FE000000000000000001000000"),
    "no session": ({"sessions/1": b"LEADER=x\n"}, None),
    "a row": ({"utmp": row(8) + row()}, LAPTOP),
    "a row of wtmp": ({"wtmp": row() + row(8)}, LAPTOP),
    "a wide row": ({"wtmp": wide(8) + wide()}, LAPTOP),
    "another process's row": ({"utmp": row(8)}, None),
    "another terminal's": ({"utmp": row(line="pts/33")}, None),
    "an older row": ({"utmp": row(when=NOW - 9000)}, None),
    "of one that has ended": ({"utmp": row(kind=8)}, None),
    "the last of several": ({"utmp": row(host=bytes((10, 0, 0, 12))) + row()}, LAPTOP),
    "by no network": ({"utmp": row(host=b"")}, "00000000"),
    "by IPv6, in a row": ({"utmp": row(host=bytes(15) + b"\1")}, "00000000000000000000000001000000"),
    "half a row": ({"utmp": row()[:200]}, None),
}


@pytest.mark.parametrize(("files", "expected"), RECORDS.values(), ids=RECORDS)
def test_what_is_on_record(
    files: dict[str, bytes], expected: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sessions").mkdir()
    os.mkfifo(tmp_path / "sessions" / "1.ref")  # as logind has it beside each
    for name, text in files.items():
        (tmp_path / name).write_bytes(text)
    monkeypatch.setattr(logins, "_SESSIONS", str(tmp_path / "sessions"))
    monkeypatch.setattr(logins, "_TABLES", (str(tmp_path / "utmp"), str(tmp_path / "wtmp")))
    believed = logins._roots
    monkeypatch.setattr(logins, "_roots", lambda path: os.path.isfile(path))
    since = time.time() - NOW + 60  # a minute before what is on record
    ticks = int((time.clock_gettime(time.CLOCK_BOOTTIME) - since) * os.sysconf("SC_CLK_TCK"))
    assert logins.address((Process(7, ticks + 1, "sshd"), Process(6, ticks, "sshd")), 3) == expected
    if os.getuid():  # what this user can write to, nobody believes
        assert not any(believed(str(tmp_path / name)) for name in files)


PYTHON = f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}"
#: Says how far the terminal of its process is trusted.
SAY = (
    "from agentguard.edge.terminal.trust import terminal_trust; "
    "at = terminal_trust({}); print(f'<{at.level}> {at.why}')"
)
SAID = f'PYTHONPATH={PROJECT} {PYTHON} -B -c "{SAY}"'
#: A service of root's, and somebody who is connected to it on the machine.
BUSY = """
import socket
service = socket.create_server(("127.0.0.1", 631))
client = socket.create_connection(service.getsockname())
accepted = service.accept()
print("busy", flush=True)
input()
"""


@pytest.fixture(scope="module", params=["/run/utmp", "/var/log/wtmp", ""], ids=["utmp", "wtmp", "no-record"])
def machine(request: pytest.FixtureRequest) -> Iterator[SshMachine]:
    if not os.path.exists(PYTHON):
        pytest.skip(f"{PYTHON} is not here")
    with tempfile.TemporaryDirectory(prefix="ssh-") as folder:
        os.chmod(folder, 0o755)
        made = SshMachine(Path(folder), *filter(None, [request.param]))
        yield made
        made.close()


@pytest.mark.real
def test_a_login_from_elsewhere(machine: SshMachine) -> None:
    """Other connections of this machine to itself make it no stranger's, where it is on record."""
    among_others = "<person> \n" if machine.records else "<doubtful> its terminal is reached by SSH, and where from "
    assert machine.run("elsewhere", ADDRESS, SAID) == "<person> \n"
    with machine.running([*machine.at("machine"), PYTHON, "-c", BUSY], "busy"):
        assert machine.run("elsewhere", ADDRESS, SAID).startswith(among_others)
        assert machine.run("elsewhere", ADDRESS, SAID, "root") == "<person> \n"  # it sees what sshd holds
    with machine.running(machine.ssh("machine", "localhost", "echo there; read"), "there"):
        assert machine.run("elsewhere", ADDRESS, SAID).startswith(among_others)


@pytest.mark.real
def test_a_login_from_here(machine: SshMachine) -> None:
    """An agent logs in to its own machine, also from a container on it, while a person is there from elsewhere."""
    forged = f"env SSH_CONNECTION='10.77.1.2 40000 {ADDRESS} 22' SSH_CLIENT='10.77.1.2 40000 22' {SAID}"
    with machine.running(machine.ssh("elsewhere", ADDRESS, "echo there; read"), "there"):
        for place, host in (("machine", "127.0.0.1"), ("machine", "::1"), ("machine", ADDRESS), ("container", BRIDGE)):
            assert machine.run(place, host, forged).startswith("<doubtful> its terminal is reached by SSH")
        assert machine.run("machine", "localhost", SAID, "root").startswith("<doubtful>")
    assert "from this very machine" in machine.run("container", BRIDGE, SAID)


@pytest.mark.real
def test_a_multiplexer_in_a_login(machine: SshMachine) -> None:
    """tmux is as good as the login that it is attached to."""
    if not shutil.which("tmux"):
        pytest.skip("no tmux here")
    inside = f"{SAID} >said; chmod 666 said"
    (machine.home / "inside.sh").write_text(inside.replace("said", f"{machine.home}/own/said"))
    own = machine.home / "own"
    own.mkdir(exist_ok=True)
    own.chmod(0o777)
    attach = f"cd {own}; TERM=xterm tmux -f /dev/null -S {own}/s new-session 'sh {machine.home}/inside.sh'"
    machine.run("elsewhere", ADDRESS, attach)
    assert (own / "said").read_text() == "<person> \n"
    (own / "said").unlink()
    machine.run("machine", "localhost", attach)
    assert (own / "said").read_text().startswith("<doubtful>")
