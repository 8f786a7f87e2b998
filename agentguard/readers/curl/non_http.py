"""What curl does by other protocols than HTTP."""

from __future__ import annotations

from ...core.effect import Effect, Target
from ...core.word import Known, Unknown
from ...lean.typing import TYPE_CHECKING
from .. import http
from ..url import Url
from . import commands, files
from .request import reached
from .transfer import Transfer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...core.word import Word

#: Schemes by which curl only reads when it uploads nothing.
READING = (
    "dict", "file", "ftp", "ftps", "gopher", "gophers", "imap", "imaps", "ipfs", "ipns", "ldap", "ldaps", "mqtt",
    "pop3", "pop3s", "rtmp", "rtsp", "scp", "sftp", "smb", "smbs", "smtp", "smtps", "tftp", "ws", "wss",
)  # fmt: skip
#: Schemes that send the text of their path to whatever listens, with the port of those that are meant.
VERBATIM = {"dict": "2628", "gopher": "70", "gophers": "70"}


def effects(transfer: Transfer, url: Url, upload: Word | None) -> Iterator[Effect]:
    """What one transfer would do; `upload` is the file that it sends."""
    where = http.place(url.host, reached(transfer, url))
    base = Effect("observe", Target("url", url.shown, (f"{url.host}:{url.port}", url.path)), environment=where)
    if url.scheme != "file":
        custom = transfer.last("--request")
        for command in (*transfer.values("QUOTE"), *([] if custom is None else [custom])):
            verb = "unknown" if isinstance(command, Unknown) else commands.effect(command.text)
            reason = f"sends {url.shown} the command {command.written!r}"
            yield base.replace(verb=verb, rule="curl-command", reason=reason)
    if upload is not None and url.scheme == "file":
        yield from files.replaced(transfer, "--upload-file", Known(url.path))
    elif url.scheme in ("smtp", "smtps") and transfer.has("--mail-rcpt"):
        reason = f"sends a mail through {url.shown}, which cannot be recalled"
        yield base.replace(verb="publish", rule="curl-mail", reason=reason)
    elif (upload is not None and transfer.has("--append")) or (
        url.scheme in ("imap", "imaps") and (upload is not None or transfer.values("FORM"))
    ):
        yield base.replace(verb="create", rule="curl-upload", reason=f"adds to {url.shown}")
    elif upload is not None:
        reason = f"replaces {url.shown}, if it is there, without seeing it"
        yield base.replace(verb="replace", rule="curl-upload", reason=reason, instead="upload under a new name")
    elif url.scheme in VERBATIM and url.port not in ("", VERBATIM[url.scheme]):
        reason = f"sends whatever listens at {url.shown} the text of its path"
        yield base.replace(verb="unknown", rule="curl-verbatim", reason=reason)
    elif url.scheme == "telnet":
        reason = f"sends {url.shown} what it reads from standard input, and what that does there is not known"
        yield base.replace(verb="unknown", rule="curl-telnet", reason=reason)
    elif url.scheme == "mqtt" and transfer.values("BODY"):
        yield base.replace(verb="run", rule="curl-publish", reason=f"publishes to {url.shown}")
    elif url.scheme in READING:
        yield base.replace(rule="curl-reads", reason=f"reads {url.shown}")
    else:
        reason = f"agentguard does not know what curl does by the protocol {url.scheme}"
        yield base.replace(verb="unknown", rule="curl-scheme", reason=reason)
