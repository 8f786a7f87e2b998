"""URLs of which parts are not known before the line runs, with marks in their place (core.api)."""

from __future__ import annotations

from ...core.api import UNSEEN, UNSEEN_REST
from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...core.word import Unknown

_CLOSING = {"$(": ")", "${": "}"}


def written(url: Unknown) -> str:
    """The URL as it stands on the line, without quotes and the option that it is attached to."""
    text = url.written.replace('"', "")
    at = text.find(url.start)
    return text[at:] if at >= 0 else url.start + text


def pattern(url: Unknown) -> str:
    """The URL with marks where the line has variables and the like; if it has none, all that follows is open."""
    text = written(url)
    found, at = url.start, len(url.start)
    marked = False
    while at < len(text):
        end = _expansion(text, at)
        marked = marked or end > at
        found += UNSEEN if end > at else text[at]
        at = max(end, at + 1)
    return found if marked and url.written.replace('"', "").find(url.start) >= 0 else url.start + UNSEEN_REST


def hidden_in_query(url: Unknown) -> tuple[str, ...]:
    """The parameters of which the value is not known, as `query.NAME`; `query.` if a name is not."""
    parts = pattern(url).partition("?")[2].split("&")
    if UNSEEN_REST in pattern(url) and "?" in url.written:
        return ("query.",)
    named = (part.partition("=") for part in parts if UNSEEN in part)
    return tuple(f"query.{name if equals and UNSEEN not in name else ''}" for name, equals, _ in named)


def is_host_known(url: Unknown) -> bool:
    """Whether the host is in the part that is certain."""
    return "/" in url.start.partition("://")[2]


def _expansion(text: str, at: int) -> int:
    """Where what the shell expands ends that begins there; `at` itself if nothing does."""
    if text[at] == "`":
        return text.find("`", at + 1) + 1 or len(text)
    if text[at] != "$":
        return at
    closing = _CLOSING.get(text[at : at + 2])
    end = at + 2
    if closing is None:
        while text[end : end + 1].isalnum() or text[end : end + 1] == "_":
            end += 1
        return end
    depth = 1
    while end < len(text) and depth:
        depth += {text[at + 1]: 1, closing: -1}.get(text[end], 0)
        end += 1
    return end
