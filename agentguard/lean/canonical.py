"""Canonical JSON and digests: equal values have equal digests.

The form is JSON with sorted keys, no spaces and only ASCII: `json.dumps(..., sort_keys=True,
separators=(",", ":"))` gives the same text. It is written out here because importing `json`
costs a shim as much as everything else that it does for a read; so is what reads it.
"""

from __future__ import annotations

from .typing import TYPE_CHECKING
from .value import Value

if TYPE_CHECKING:
    from typing import Any

try:
    from _json import encode_basestring_ascii as _quoted
except ImportError:  # an interpreter without the C accelerator
    from json.encoder import py_encode_basestring_ascii as _quoted

try:
    from _sha2 import sha256 as sha256  # Python 3.12 on; hashlib would load OpenSSL
except ImportError:
    from _sha256 import sha256 as sha256


def canonical(value: Any) -> str:
    """`value` as canonical JSON.

    Takes None, booleans, integers, floats, strings, bytes (as Latin-1 text), Values (as lists
    of their fields), lists, tuples and dictionaries with string keys; raises TypeError else.
    """
    if isinstance(value, str):
        return str(_quoted(str(value)))
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, bytes):
        return str(_quoted(value.decode("latin-1")))
    if isinstance(value, Value):
        return canonical(value.astuple())
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(key)}:{canonical(value[key])}" for key in sorted(value)) + "}"
    raise TypeError(f"{type(value).__name__} has no canonical form")


class _Plain:
    """How a scanner of JSON makes its values: the usual types, nothing else."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float = parse_constant = float
    parse_int = int


def parsed(text: str) -> Any:
    """The value that `canonical` wrote down, with lists and dictionaries; raises ValueError if it did not."""
    try:
        from _json import make_scanner
    except ImportError:
        from json import loads

        return loads(text)
    try:
        value, end = make_scanner(_Plain)(text, 0)  # type: ignore[arg-type]
    except (StopIteration, SystemError):  # the latter where its own error cannot be raised without `json`
        end = -1
    if end != len(text):
        raise ValueError("not in the canonical form")
    return value


def digest(value: Any) -> str:
    """SHA-256 of the canonical form, in hexadecimal."""
    return fingerprint(canonical(value).encode("ascii"))


def fingerprint(data: bytes) -> str:
    """SHA-256 of some bytes, in hexadecimal."""
    return str(sha256(data).hexdigest())
