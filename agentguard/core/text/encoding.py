"""Text as the kernel's bytes and back, as os.fsencode does: UTF-8 with `surrogateescape`, in every locale."""

from __future__ import annotations


def encode(word: str) -> bytes:
    """The bytes of a word."""
    return word.encode("utf-8", "surrogateescape")


def decode(data: bytes) -> str:
    """Bytes as text that keeps every one of them."""
    return data.decode("utf-8", "surrogateescape")
