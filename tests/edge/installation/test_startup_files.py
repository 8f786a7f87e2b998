"""Blocks go in and come out; every other byte of the person's files stays."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentguard.edge.installation import startup_files as files
from agentguard.edge.layout import Root
from agentguard.errors import InstallError

ROOT = Root("/srv/it's a root")
OTHER = Root("/srv/another")

# Bytes of all kinds, and what could be confused with a block: markers cut short, other roots' blocks.
pieces = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(
        [b"\n", b"\r\n", b"# >>> agentguard ", b"# >>> agentguard /srv >>>\n", files.with_block(b"", OTHER),
         b"# <<< agentguard /srv/it's a root <<<\n", b"# >>> agentguard /srv/it's a root >>>\n"]
    ),
)  # fmt: skip
contents = st.lists(pieces, max_size=6).map(b"".join).filter(lambda c: files.without(c, ROOT) == c)


@given(contents, st.booleans())
def test_taking_the_block_out_restores_every_byte(content: bytes, fish: bool) -> None:
    assert files.without(files.with_block(content, ROOT, fish), ROOT) == content


@given(contents, st.binary(max_size=30))
def test_what_was_added_behind_the_block_stays(content: bytes, added: bytes) -> None:
    added = added.replace(b"#", b"")
    after = files.without(files.with_block(content, ROOT) + added, ROOT)
    ended = content if not added or not content or content.endswith(b"\n") else content + b"\n"
    assert after == ended + added


@given(contents)
def test_two_installations_share_a_file(content: bytes) -> None:
    if files.without(content, OTHER) != content:
        return
    both = files.with_block(files.with_block(content, ROOT), OTHER)
    one = files.without(both, ROOT)
    assert one is not None and files.without(one, ROOT) == one
    assert files.without(one, OTHER) in (content, content + b"\n")
    assert files.without(files.without(both, OTHER) or b"", ROOT) == content


def test_a_block_whose_lines_an_editor_ended_otherwise_comes_out() -> None:
    content = files.with_block(b"one\ntwo", ROOT).replace(b"\n", b"\r\n")
    assert files.without(content, ROOT) == b"one\r\ntwo"


def test_a_block_that_was_edited_comes_out_whole() -> None:
    content = files.with_block(b"one\n", ROOT).replace(b"# Written", b"# Hello\n# Written")
    assert files.without(content, ROOT) == b"one\n"


@pytest.mark.parametrize(
    ("content", "left"),
    [
        (files.with_block(files.with_block(b"one\n", ROOT), ROOT), b"one\n"),
        (files.with_block(b"one", ROOT) + files.with_block(b"two\n", ROOT), b"one\ntwo\n"),
        (files.with_block(None, ROOT) * 3, None),
    ],
)
def test_a_block_that_is_there_more_than_once_is_put_once_and_taken_out_whole(
    tmp_path: Path, content: bytes, left: bytes | None
) -> None:
    file = tmp_path / ".profile"
    file.write_bytes(content)
    assert files.doubled(str(file), ROOT)
    assert files.add(str(file), ROOT) and not files.add(str(file), ROOT)
    assert file.read_bytes() == files.with_block(left, ROOT) and not files.doubled(str(file), ROOT)
    file.write_bytes(content)
    assert files.remove(str(file), ROOT)
    assert (file.read_bytes() if file.exists() else None) == left


@pytest.mark.parametrize("content", [None, b"", b"x", b"x\n", b"x\r\n", b"\xff\x00\n\n"])
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755])
def test_a_file_comes_back_as_it_was(tmp_path: Path, content: bytes | None, mode: int) -> None:
    file = tmp_path / ".profile"
    if content is not None:
        file.write_bytes(content)
        file.chmod(mode)
    assert files.add(str(file), ROOT)
    assert not files.add(str(file), ROOT), "a second time changes nothing"
    assert files.has_block(str(file), ROOT)
    assert files.remove(str(file), ROOT)
    assert not files.remove(str(file), ROOT)
    if content is None:
        assert not file.exists()
    else:
        assert file.read_bytes() == content
        assert stat.S_IMODE(file.stat().st_mode) == mode
    assert [path.name for path in tmp_path.iterdir()] == ([] if content is None else [".profile"])


def test_a_symbolic_link_is_written_through(tmp_path: Path) -> None:
    kept, link = tmp_path / "dotfiles" / "profile", tmp_path / ".profile"
    kept.parent.mkdir()
    kept.write_bytes(b"x\n")
    link.symlink_to("dotfiles/profile")
    files.add(str(link), ROOT)
    assert link.is_symlink() and b"agentguard" in kept.read_bytes()
    files.remove(str(link), ROOT)
    assert link.is_symlink() and kept.read_bytes() == b"x\n"


def test_the_block_moves_behind_what_was_added_later(tmp_path: Path) -> None:
    file = tmp_path / ".bashrc"
    file.write_bytes(b"first")
    files.add(str(file), ROOT)
    with file.open("ab") as stream:
        stream.write(b"PATH=/conda/bin:$PATH\n")
    assert files.add(str(file), ROOT)
    assert file.read_bytes() == files.with_block(b"first\nPATH=/conda/bin:$PATH\n", ROOT)
    files.remove(str(file), ROOT)
    assert file.read_bytes() == b"first\nPATH=/conda/bin:$PATH\n"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / ".profile").mkdir()
    with pytest.raises(InstallError, match=r"\.profile"):
        files.add(str(tmp_path / ".profile"), ROOT)


@pytest.mark.parametrize(
    ("shell", "existing", "expected"),
    [
        ("sh", [], [".profile"]),
        ("bash", [], [".bashrc", ".profile"]),
        ("bash", [".profile", ".bash_login"], [".bashrc", ".bash_login"]),
        ("bash", [".profile", ".bash_login", ".bash_profile"], [".bashrc", ".bash_profile"]),
        ("fish", [], [".config/fish/conf.d/zz-agentguard.fish"]),
        ("fish", [".config/fish/config.fish"], [".config/fish/conf.d/zz-agentguard.fish", ".config/fish/config.fish"]),
    ],
)
def test_which_files_a_shell_needs(tmp_path: Path, shell: str, existing: list[str], expected: list[str]) -> None:
    for name in existing:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert files.files(shell, {"HOME": str(tmp_path)}) == [f"{tmp_path}/{name}" for name in expected]


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
@pytest.mark.parametrize("set_in", ["nowhere", "environment", ".zshenv"])
def test_zsh_keeps_its_files_where_zdotdir_says(tmp_path: Path, set_in: str) -> None:
    other = tmp_path / "zsh"
    other.mkdir()
    (other / ".zshrc").touch()
    environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    if set_in == "environment":
        environ["ZDOTDIR"] = str(other)
    if set_in == ".zshenv":
        (tmp_path / ".zshenv").write_text(f"ZDOTDIR={other}\necho noise\n")
    found = set(files.files("zsh", environ))
    assert f"{tmp_path}/.zshenv" in found
    if set_in == "nowhere":
        assert found == {f"{tmp_path}/.zshenv", f"{tmp_path}/.zlogin"}
    else:
        assert {f"{other}/.zshrc", f"{other}/.zlogin"} <= found
        assert (f"{other}/.zshenv" in found) == (set_in == "environment")


@pytest.mark.parametrize("home", ["", "relative"])
def test_without_a_home_there_are_no_start_up_files(home: str) -> None:
    with pytest.raises(InstallError, match="HOME"):
        files.files("sh", {"HOME": home})


@pytest.mark.parametrize("text", ["plain", "it's", 'a "b" $c `d` \\e', "a b\tc", "*?[x]", "~"])
def test_words_are_quoted_for_their_shells(text: str) -> None:
    for shell in filter(shutil.which, files.SHELLS):
        quote = files.fish_quoted if shell == "fish" else files.quoted
        ran = subprocess.run([shell, "-c", f"printf %s {quote(text)}"], capture_output=True, text=True, check=True)
        assert ran.stdout == text, shell
