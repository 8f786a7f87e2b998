"""What an agent can do to a question that is put to a terminal of its own making: typist.py stay|detach COMMAND…

Starts the command on a pseudo-terminal that it holds itself, reads what is wanted off it, and types it.
`detach` leaves the caller's process tree and environment first.
"""

import fcntl
import os
import pty
import re
import select
import sys
import termios
import time

how, words = sys.argv[1], sys.argv[2:]
out = os.dup(1)
if how == "detach":
    read, write = os.pipe()
    if os.fork():  # waits, because what the agent starts is ended with its call
        os.close(write)
        while said := os.read(read, 65536):
            os.write(1, said)
        sys.exit()
    os.setsid()
    if os.fork():
        os._exit(0)
    out = write
    for name in list(os.environ):
        if name not in ("PATH", "HOME", "LC_ALL", "TERM"):
            del os.environ[name]
master, slave = pty.openpty()
if not os.fork():
    if words[0] != "unshare":  # which makes the terminal its own within
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY)
    for stream in (0, 1, 2):
        os.dup2(slave, stream)
    os.close(master)
    os.execvp(words[0], words)
os.close(slave)
seen, end = b"", time.monotonic() + 20
while time.monotonic() < end:
    if not select.select([master], [], [], 0.2)[0]:
        continue
    try:
        said = os.read(master, 65536)
    except OSError:
        break
    os.write(out, said)
    seen += said
    if word := re.search(rb"Type (.+?) to ", seen):
        os.write(master, word[1] + b"\n")
        seen = b""
    elif re.search(rb"(?i)(passphrase[^\n]*|again): ", seen):
        os.write(master, b"a passphrase of its own\n")
        seen = b""
