"""Commands of FTP, SFTP and of mail servers, as clients send them word for word (RFC 959, 3659, 1939, 3501, 5321)."""

from __future__ import annotations

from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...core.effect import Verb

#: Commands that only look or set up the session.
_OBSERVES = frozenset((
    "acct", "allo", "auth", "capa", "capability", "clnt", "cwd", "cdup", "examine", "expn", "feat", "fetch", "hash",
    "help", "host", "id", "lang", "list", "lsub", "mdtm", "mlsd", "mlst", "mode", "namespace", "nlst", "noop", "opts",
    "pass", "pasv", "epsv", "pbsz", "port", "eprt", "prot", "pwd", "quit", "rein", "rest", "retr", "search", "select",
    "size", "stat", "statvfs", "status", "stru", "syst", "top", "type", "uidl", "user", "vrfy", "xcup", "xcwd", "xpwd",
))  # fmt: skip
_CREATES = frozenset(("create", "ln", "mkd", "mkdir", "subscribe", "symlink", "xmkd"))
_REPLACES = frozenset((
    "appe", "atime", "append", "chgrp", "chmod", "chown", "mfmt", "mtime", "rename", "rnfr", "rnto", "stor", "store",
))  # fmt: skip
_REMOVES = frozenset(("close", "dele", "delete", "expunge", "rm", "rmd", "rmda", "rmdir", "xrmd"))


def effect(command: str) -> Verb:
    """What one command does to the server's files or mails, whichever of these servers it is."""
    words = command.lstrip("-+*").lower().split()
    if words[:1] == ["uid"]:
        words = words[1:]
    if words[:2] and words[0] == "site":
        words = words[1:]
    if not words or "\n" in command or "\r" in command:
        return "unknown"
    if words[0] == "store":  # IMAP: sets flags, of which \Deleted is one
        return "remove" if "\\deleted" in command.lower() else "replace"
    for verb, known in (
        ("observe", _OBSERVES), ("create", _CREATES), ("replace", _REPLACES), ("remove", _REMOVES),
    ):  # fmt: skip
        if words[0] in known:
            return verb  # type: ignore[return-value]
    return "unknown"
