"""The lines that agentguard owns in shells' start-up files: a block between two marker lines.

A block tells by itself how to take it out again: its first line says whether the file was made
for it, and whether the line above it had to be ended. Everything else in the file is the
person's, whatever its bytes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess

from ...errors import InstallError
from ...lean.typing import TYPE_CHECKING
from ..layout import Root

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The shells whose start-up files are known.
SHELLS = ("sh", "bash", "zsh", "fish")
_MADE = b" (it made this file)"
_ENDED = b" (it ended the line above)"
#: How long zsh may take to say where its start-up files are, in seconds.
_PATIENCE = 10


def files(shell: str, environ: Mapping[str, str]) -> list[str]:
    """The start-up files that need the block, so that the shims come first however `shell` starts.

    What the shell reads first of all and, since others may put something before it there, the
    existing file that it reads last. Sources: dash(1), bash(1), zsh(1), fish(1).
    """
    home = environ.get("HOME", "")
    if not home.startswith("/"):
        raise InstallError(f"HOME is {home!r}: no start-up files can be found", "set HOME, or use `--shell none`")
    if shell == "sh":
        return [f"{home}/.profile"]
    if shell == "bash":
        logins = [f"{home}/.bash_profile", f"{home}/.bash_login", f"{home}/.profile"]
        return [f"{home}/.bashrc", next(filter(os.path.exists, logins), f"{home}/.profile")]
    if shell == "fish":
        folder = f"{environ.get('XDG_CONFIG_HOME') or f'{home}/.config'}/fish"
        last = f"{folder}/config.fish"
        return [f"{folder}/conf.d/zz-agentguard.fish", *([last] if os.path.exists(last) else [])]
    # .zshenv may move all that follows it to another ZDOTDIR.
    moved = {**environ, "ZDOTDIR": ""}
    early = dict.fromkeys([home, environ.get("ZDOTDIR") or home])
    late = dict.fromkeys([_zdotdir(environ), _zdotdir({k: v for k, v in moved.items() if k != "ZDOTDIR"})])
    found = [f"{folder}/.zshenv" for folder in early]
    for folder in late:
        found += [f"{folder}/.zshrc"] if os.path.exists(f"{folder}/.zshrc") else []
        found.append(f"{folder}/.zlogin")
    return found


def add(path: str, root: Root) -> str:
    """Put the block at the end of a file, which is made if need be; what was done, "" if it is there already.

    Raises InstallError if the file cannot be read or written.
    """
    try:
        before = _read(path)
        rest = None if before is None else without(before, root)
        after = with_block(rest, root, fish=path.endswith(".fish"))
        if after == before:
            return ""
        _write(path, after)
    except OSError as fault:
        raise _failed(path, fault) from fault
    return f"Made {path}" if before is None else f"Added lines to {path}"


def remove(path: str, root: Root) -> str:
    """Take the block out of a file, and the file away if it was made for it; what was done, "" if there was none."""
    try:
        before = _read(path)
        after = without(before or b"", root)
        if before is None or after == before:
            return ""
        if after is None:
            os.unlink(os.path.realpath(path))
        else:
            _write(path, after)
    except OSError as fault:
        raise _failed(path, fault) from fault
    return f"Removed {path}, which was made for it" if after is None else f"Took the lines out of {path}"


def has_block(path: str, root: Root) -> bool:
    """Whether a file holds the block; False if it cannot be read."""
    try:
        content = _read(path)
    except OSError:
        return False
    return content is not None and without(content, root) != content


def with_block(content: bytes | None, root: Root, fish: bool = False) -> bytes:
    """A file's content (None: there is no file) with the block behind it."""
    note = _MADE if content is None else b"" if content.endswith(b"\n") or not content else _ENDED
    name = os.fsencode(root.path)
    if fish:
        script = fish_quoted(f"{root.path}/activate.fish")
        line = f"test -r {script}; and source {script}"
    else:
        script = quoted(f"{root.path}/activate.sh")
        line = f"if [ -r {script} ]; then . {script}; fi"
    block = (
        b"# >>> agentguard " + name + b" >>>" + note + b"\n"
        b"# Written by `agentguard install`; `agentguard uninstall` takes it out.\n"
        + os.fsencode(line) + b"\n"
        b"# <<< agentguard " + name + b" <<<\n"
    )  # fmt: skip
    return (content or b"") + (b"\n" if note == _ENDED else b"") + block


def doubled(path: str, root: Root) -> bool:
    """Whether a file holds the block more than once, as when two copies were merged; False if it is unreadable."""
    try:
        content = _read(path) or b""
    except OSError:
        return False
    once = _without_first(content, root)
    return once is not None and once != content and _without_first(once, root) != once


def without(content: bytes, root: Root) -> bytes | None:
    """A file's content without the block, None if the file was made for the block and holds nothing else.

    However often it is there: what is merged from several machines may hold several.
    """
    rest = _without_first(content, root)
    while rest is not None and rest != content:
        content, rest = rest, _without_first(rest, root)
    return rest


def _without_first(content: bytes, root: Root) -> bytes | None:
    """The same for the first block that is there."""
    name = re.escape(os.fsencode(root.path))
    begin = b"# >>> agentguard " + name + b" >>>"
    match = re.search(
        rb"^" + begin + rb"(?P<note>[^\r\n]*)(?P<eol>\r?\n)"
        rb"(?:(?!" + begin + rb").*\n)*?# <<< agentguard " + name + rb" <<<(?:\r?\n|\Z)",
        content,
        re.MULTILINE,
    )
    if match is None:
        return content
    before, after = content[: match.start()], content[match.end() :]
    if match["note"] == _MADE and not before and not after:
        return None
    if match["note"] == _ENDED and not after:
        before = before.removesuffix(match["eol"])
    return before + after


def quoted(text: str) -> str:
    """`text` as one word for sh, bash and zsh."""
    return "'" + text.replace("'", "'\\''") + "'"


def fish_quoted(text: str) -> str:
    """`text` as one word for fish."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def write(path: str, content: bytes, mode: int) -> None:
    """Replace a file in one step: readers see the old content or the new."""
    new = f"{path}.agentguard-{os.urandom(4).hex()}"  # what was interrupted once is never in the way
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException:
        os.unlink(new)
        raise


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _write(path: str, content: bytes) -> None:
    """Write through symbolic links (dotfiles kept elsewhere), keeping mode and owner."""
    path = os.path.realpath(path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    try:
        facts = os.stat(path)
    except FileNotFoundError:
        write(path, content, 0o644)
        return
    write(path, content, facts.st_mode & 0o7777)
    if (facts.st_uid, facts.st_gid) != (os.stat(path).st_uid, os.stat(path).st_gid):
        os.chown(path, facts.st_uid, facts.st_gid)


def _zdotdir(environ: Mapping[str, str]) -> str:
    """Where zsh reads .zshrc and .zlogin from, as zsh says itself after .zshenv."""
    zsh = shutil.which("zsh", path=environ.get("PATH"))
    fallback = environ.get("ZDOTDIR") or environ["HOME"]
    if zsh is None:
        return fallback
    try:
        said = subprocess.run(
            [zsh, "-c", 'print -r -- "agentguard:${ZDOTDIR:-$HOME}"'],
            env=dict(environ), stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return fallback
    lines = [line for line in said.stdout.splitlines() if line.startswith(b"agentguard:/")]
    return os.fsdecode(lines[-1].partition(b":")[2]) if lines else fallback


def _failed(path: str, fault: OSError) -> InstallError:
    return InstallError(
        f"{path}: {fault.strerror}", "make it writable, or choose other shells with `agentguard install --shell`"
    )
