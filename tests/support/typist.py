"""What an agent can do to a question that is put to a terminal of its own making: typist.py HOW [PROGRAM] COMMAND…

Starts the command on a pseudo-terminal, reads what is wanted off it, and types it. HOW says how it holds the
terminal, and, but for `stay`, it leaves the caller's process tree and environment first:

    stay, detach  itself
    emulator      by PROGRAM, which starts the command on a terminal and passes on what it is given
    hidden        itself, undumpable; like the others below, with an idle PROGRAM that has been given the master, too
    flight        nobody while it is judged: the master is in a socket
    thread        in a thread with a table of descriptors of its own
    leader        in a thread, when the first one has ended
    heir          as `flight`, and PROGRAM is what the process has become that started the command
    elsewhere     itself; the terminal is of a devpts of its own making, and PROGRAM is the number that it has there
"""

import contextlib
import ctypes
import fcntl
import os
import pty
import re
import select
import shlex
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time

CLONE_FILES, PR_SET_DUMPABLE = 0x400, 4
CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
TIOCGPTN, TIOCSPTLCK = 0x80045430, 0x40045431
EXIT = {"x86_64": 60, "aarch64": 93}.get(os.uname().machine, 0)

how, words = sys.argv[1], sys.argv[2:]
program = words.pop(0) if how not in ("stay", "detach") else ""
libc = ctypes.CDLL(None)
out = os.dup(1)


def detach() -> int:
    """Leave the process tree; what is said there is passed on, because what the agent starts is ended with its call."""
    read, write = os.pipe()
    if os.fork():
        os.close(write)
        while said := os.read(read, 65536):
            os.write(1, said)
        sys.exit()
    os.setsid()
    if os.fork():
        os._exit(0)
    os.close(read)
    for name in list(os.environ):
        if name not in ("PATH", "HOME", "LC_ALL", "TERM"):
            del os.environ[name]
    return write


def elsewhere(number: int) -> tuple[int, int]:
    """Both ends of the terminal with that number in another instance of devpts, which lasts as long as this process."""
    here, there = socket.socketpair()
    if not os.fork():
        ids = {"uid_map": f"{os.getuid()} {os.getuid()} 1", "gid_map": f"{os.getgid()} {os.getgid()} 1"}
        assert libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0, "no user namespaces here"
        for name, text in {"setgroups": "deny", **ids}.items():
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
        libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None)
        assert libc.mount(b"devpts", b"/dev/pts", b"devpts", 0, b"ptmxmode=0666") == 0
        made, masters = -1, []
        while made < number:
            masters.append(os.open("/dev/pts/ptmx", os.O_RDWR | os.O_NOCTTY))
            (made,) = struct.unpack("i", fcntl.ioctl(masters[-1], TIOCGPTN, bytes(4)))
        fcntl.ioctl(masters[-1], TIOCSPTLCK, bytes(4))
        slave = os.open(f"/dev/pts/{number}", os.O_RDWR | os.O_NOCTTY)
        socket.send_fds(there, [b"x"], [masters[-1], slave])
        os.closerange(3, 1024)
        there.recv(1)  # which has nothing before the other end is closed
        os._exit(0)
    there.close()
    _, (master, slave), _, _ = socket.recv_fds(here, 1, 2)
    here.detach()  # it is open as long as this process is there
    return master, slave


def drive(reads: int, writes: int, asking: int = 0) -> None:
    """Read what is wanted, and type it, until the end of what is said, or of the process that asks."""
    seen, end = b"", time.monotonic() + 20
    while time.monotonic() < end:
        if not select.select([reads], [], [], 0.2)[0]:
            if asking and not alive(asking):
                break
            continue
        try:
            said = os.read(reads, 65536)
        except OSError:
            break
        if not said:
            break
        os.write(out, said)
        seen += said
        if word := re.search(rb"Type (.+?) to ", seen):
            os.write(writes, word[1] + b"\n")
            seen = b""
        elif re.search(rb"(?i)(passphrase[^\n]*|again): ", seen):
            os.write(writes, b"a passphrase of its own\n")
            seen = b""


def asked(pid: int) -> None:
    """Wait until that process has had its terminal open for a moment, as it does to ask, or has ended."""
    looks = 0
    while looks < 8 and alive(pid):
        time.sleep(0.05)
        links = []
        with contextlib.suppress(OSError):
            links = [os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")]
        looks = looks + 1 if "/dev/tty" in links else 0


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


if how != "stay":
    out = detach()
if how == "emulator":
    emulator = [program, "-qef", "-E", "always", "-c", shlex.join(words), "/dev/null"]
    started = subprocess.Popen(emulator, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert started.stdin and started.stdout
    drive(started.stdout.fileno(), started.stdin.fileno())
    os._exit(0)
if how == "elsewhere":
    (master, slave), program = elsewhere(int(program)), ""
else:
    master, slave = pty.openpty()
if how == "heir":
    here, there = socket.socketpair()
    told, tell = os.pipe()
    socket.send_fds(here, [b"x"], [master])
    starter = os.getpid()
    if not os.fork():
        os.close(master)
        os.close(slave)
        asked(int(os.read(told, 16)))
        master = socket.recv_fds(there, 1, 1)[1][0]
        drive(master, master)
        os.kill(starter, signal.SIGKILL)
        os._exit(0)
elif program:
    os.set_inheritable(master, True)
    decoy = subprocess.Popen([program, "60"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[master])
    os.set_inheritable(master, False)
if how == "hidden":
    libc.prctl(PR_SET_DUMPABLE, 0)
pid = os.fork()
if not pid:
    if words[0] != "unshare":  # which makes the terminal its own within
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY)
    for stream in (0, 1, 2):
        os.dup2(slave, stream)
    os.close(master)
    os.execvp(words[0], words)
os.close(slave)
if how == "heir":
    os.write(tell, str(pid).encode())
    os.set_inheritable(master, True)
    os.execv(program, [program, "60"])
if how == "flight":
    here, there = socket.socketpair()
    socket.send_fds(here, [b"x"], [master])
    os.close(master)
    asked(pid)
    master = socket.recv_fds(there, 1, 1)[1][0]
if how in ("thread", "leader"):
    apart = threading.Event()

    def in_thread() -> None:
        if how == "thread":
            libc.unshare(CLONE_FILES)
        apart.set()
        drive(master, master)
        decoy.kill()
        os._exit(0)

    threading.Thread(target=in_thread).start()
    apart.wait()
    if how == "leader":
        libc.syscall(EXIT, 0)
    os.close(master)
    time.sleep(60)
drive(master, master, pid)
if program:
    decoy.kill()
