"""Strip shared libraries of what only a debugger reads, such as section headers.

Behind it many have what only a debugger reads: of pglast's parser it is five sixths. The dynamic linker goes by the
program headers alone, so a library without the rest, and without the section headers that lead to it, is the same.
"""

from __future__ import annotations

import struct

#: 64 bits, little-endian: every Linux that wheels are made for. Others are left whole.
_KIND = b"\x7fELF\x02\x01"
_HEADER = 64


def loaded(library: bytes) -> bytes:
    """A shared library without what lies behind its segments; anything else as it is."""
    if not library.startswith(_KIND) or len(library) < _HEADER:
        return library
    (table,) = struct.unpack_from("<Q", library, 32)
    size, count = struct.unpack_from("<HH", library, 54)
    ends = [_HEADER, table + size * count]
    for at in range(table, table + size * count, size or 1):
        if at + 40 > len(library):
            return library
        offset, length = struct.unpack_from("<Q16xQ", library, at + 8)
        ends.append(offset + length)
    # Where the section headers are, and how many: there are none.
    return library[:40] + bytes(8) + library[48:60] + bytes(4) + library[64 : max(ends)]
