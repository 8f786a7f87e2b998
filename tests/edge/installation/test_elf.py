"""What of a shared library is loaded, and that nothing of it is left out."""

from __future__ import annotations

import struct

import pytest

from agentguard.edge.installation.distributions import libraries
from agentguard.edge.installation.elf import loaded

#: Kind, offset and length in the file.
SEGMENTS = ((1, 0, 300), (1, 300, 100), (4, 380, 40))


def library(*segments: tuple[int, int, int], table: int = 64, behind: bytes = b"debugging information") -> bytes:
    """A library of these segments with something behind them."""
    entries = b"".join(struct.pack("<IIQQQQQQ", kind, 5, at, at, at, size, size, 8) for kind, at, size in segments)
    end = max([64, table + len(entries), *(at + size for _, at, size in segments)])
    content = bytearray(i % 251 for i in range(end))
    content[:64] = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", 3, 62, 1, 0, table, end + 4, 0, 64, 56, len(segments), 64, 9, 8
    )  # fmt: skip
    content[table : table + len(entries)] = entries
    return bytes(content) + behind


def test_what_lies_behind_the_segments_is_left_out() -> None:
    whole = library(*SEGMENTS)
    cut = loaded(whole)
    assert len(cut) == 420 and cut[64:] == whole[64:420]
    assert cut[:40] == whole[:40] and cut[48:60] == whole[48:60]
    assert struct.unpack_from("<Q", cut, 40) == (0,) and struct.unpack_from("<HH", cut, 60) == (0, 0), "no sections"
    assert loaded(cut) == cut


@pytest.mark.parametrize("table", [64, 420, 1000])
def test_the_table_of_segments_stays_wherever_it_is(table: int) -> None:
    cut = loaded(library(*SEGMENTS, table=table))
    assert len(cut) == max(420, table + 3 * 56)
    assert cut[table : table + 4] == struct.pack("<I", 1)


def test_a_segment_at_the_end_keeps_all() -> None:
    whole = library((1, 0, 300), (1, 320, 80), behind=b"")
    assert len(loaded(whole)) == len(whole)


@pytest.mark.parametrize(
    "content", [b"", b"\x7fELF", b"\x7fELF\x02\x01", b"\x7fELF\x01\x01" + bytes(90), b"\xcf\xfa\xed\xfe" + bytes(90)]
)
def test_what_is_no_such_library_stays_as_it_is(content: bytes) -> None:
    assert loaded(content) == content


def test_a_table_that_is_not_there_leaves_all() -> None:
    whole = library(*SEGMENTS)[:100]
    assert loaded(whole) == whole


def test_real_ones_keep_what_their_headers_lead_to() -> None:
    found = [source for path, source in libraries() if path.endswith(".so")]
    assert found
    for source in found:
        with open(source, "rb") as file:
            whole = file.read()
        cut = loaded(whole)
        assert whole.startswith(cut[:40]) and whole[64 : len(cut)] == cut[64:] and loaded(cut) == cut
