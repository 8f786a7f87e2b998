"""Long files, read piece by piece."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentguard.core.unseen import Unseen
from agentguard.edge.files import stream


def test_a_file_comes_whole_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PIECE", 4)
    (tmp_path / "x").write_bytes(b"0123456789")
    assert list(stream.pieces("x", str(tmp_path))) == [b"0123", b"4567", b"89"]


@pytest.mark.parametrize("name", ["missing", "."])
def test_what_is_no_file_is_not_seen(tmp_path: Path, name: str) -> None:
    with pytest.raises(Unseen):
        list(stream.pieces(name, str(tmp_path)))


HERE = """
import sys
from agentguard.edge.files.stream import rest_of_stdin
left = rest_of_stdin(int(sys.argv[1]))
print(left and b"".join(left).decode(), sys.stdin.read())
"""


def told(stdin: int, most: int) -> str:
    done = subprocess.run(
        [sys.executable, "-c", HERE, str(most)], stdin=stdin, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip()


def test_a_long_file_on_standard_input_is_left_for_the_program(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"0123456789")
    with (tmp_path / "x").open("rb", buffering=0) as file:
        file.read(2)
        assert told(file.fileno(), 4) == "23456789 23456789"
        file.seek(2)
        assert told(file.fileno(), 8) == "None 23456789"


def test_a_pipe_is_not_read_so(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"abc")
    os.close(writing)
    assert told(reading, 0) == "None abc"
    os.close(reading)
