"""Words as the kernel has them and as text: UTF-8 with `surrogateescape`, whatever the locale says."""

from __future__ import annotations


def raw(word: str) -> bytes:
    """The bytes of a word."""
    return word.encode("utf-8", "surrogateescape")


def text(data: bytes) -> str:
    """Bytes as text that keeps every one of them."""
    return data.decode("utf-8", "surrogateescape")
