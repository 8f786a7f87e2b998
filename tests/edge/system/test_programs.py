import os
import shutil

import pytest

from agentguard.edge.system.programs import find
from agentguard.errors import NoProgram, NotRunnable

SHIM = """#!/bin/sh
# agentguard shim for {name}
exec {root}/current/python -I -S -B -X utf8 {root}/current/enter.py '' {name} "$@"
"""


def program(directory, name="tool", text="#!/bin/sh\necho real\n", mode=0o755):
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.write_text(text)
    path.chmod(mode)
    return path


def shim(root, name="tool"):
    return program(root / "shims", name, SHIM.format(root=root, name=name))


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Two installations, two directories with real programs, and a working directory."""
    for root in ("root", "other"):
        shim(tmp_path / root)
        shim(tmp_path / root, "second")
    program(tmp_path / "usr")
    program(tmp_path / "bin")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "root" / "shims")
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    return tmp_path


def found(place, path, name="tool", cwd=None):
    """Which program of `place` is found on a PATH whose entries are relative to it."""
    entries = path if path is None else path.replace("@", str(place))
    real = find(name, entries, f"{place}/root/shims", cwd or f"{place}/cwd")
    return os.path.relpath(os.path.normpath(real.path), place)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("@/root/shims:@/usr:@/bin", "usr/tool"),
        ("@/usr:@/root/shims:@/bin", "bin/tool"),  # what was before the shims stays before them
        ("@/root/shims:@/root/shims:@/bin", "bin/tool"),
        ("@/root/shims:@/usr:@/root/shims:@/bin", "usr/tool"),
        ("@/root/shims/:@/bin", "bin/tool"),
        ("@/root/shims//:@/link/:@/bin", "bin/tool"),
        ("@/link:@/bin", "bin/tool"),  # by a symbolic link
        ("@/usr:@/link:@/bin", "bin/tool"),
        ("@/root/./shims:@/root/../root/shims:@/bin", "bin/tool"),
        ("../root/shims:@/bin", "bin/tool"),  # relative to the working directory
        ("@/root/shims:../usr:@/bin", "usr/tool"),
        ("@/root/shims:@/missing:@/empty:@/bin", "bin/tool"),
        ("@/root/shims:@/usr/tool:@/bin", "bin/tool"),  # an entry that is a file
        ("@/usr:@/bin", "usr/tool"),  # the shim was called by its path
        ("@/usr:@/bin:@/root/shims", "usr/tool"),  # nothing after the own entry
        ("@/root/shims:@/other/shims:@/bin", "other/shims/tool"),  # another root's shim is a program
        ("@/other/shims:@/usr", "other/shims/tool"),
        ("@/other/shims:@/root/shims:@/bin", "bin/tool"),
        ("@/other/shims:@/bin:@/root/shims", "bin/tool"),  # that shim may have led here
    ],
)
def test_the_next_on_path_after_the_own_entry(place, path, expected):
    assert found(place, path) == expected


def test_two_installations_with_no_program_behind_them_do_not_call_each_other_for_ever(place):
    path = f"{place}/root/shims:{place}/other/shims"
    assert find("tool", path, f"{place}/root/shims", "/").path == f"{place}/other/shims/tool"
    with pytest.raises(NoProgram, match="tool: not found"):
        find("tool", path, f"{place}/other/shims", "/")


def test_an_empty_entry_is_the_working_directory(place):
    program(place / "cwd")
    assert found(place, "@/root/shims:") == "cwd/tool"
    assert found(place, "@/root/shims::@/bin") == "cwd/tool"
    assert found(place, "", cwd=str(place / "usr")) == "usr/tool"


def test_the_shims_directory_as_working_directory_is_the_own_entry_too(place):
    assert found(place, ":@/bin", cwd=str(place / "root" / "shims")) == "bin/tool"
    assert found(place, ".:@/bin", cwd=str(place / "root" / "shims")) == "bin/tool"


def test_without_path_the_systems_default_is_searched(place):
    assert find("sh", None, f"{place}/root/shims", "/").path in ("/bin/sh", "/usr/bin/sh")


@pytest.mark.parametrize("make", ["symlink", "other name", "hardlink", "copy", "link to a link"])
def test_a_shim_of_ours_is_skipped_wherever_it_lies(place, make):
    own, stray = place / "root" / "shims" / "tool", place / "stray" / "tool"
    stray.parent.mkdir()
    if make == "symlink":
        stray.symlink_to(own)
    elif make == "other name":
        stray.symlink_to(own.with_name("second"))
    elif make == "hardlink":
        stray.hardlink_to(own)
    elif make == "copy":
        shutil.copy(own, stray)
    else:
        (place / "step").symlink_to(own)
        stray.symlink_to(place / "step")
    assert found(place, "@/root/shims:@/stray:@/bin") == "bin/tool"
    with pytest.raises(NoProgram):
        found(place, "@/stray:@/root/shims")


def test_a_shims_directory_with_a_dangling_link_still_knows_its_own(place):
    (place / "root" / "shims" / "gone").symlink_to("/nonexistent/gone")
    (place / "stray").mkdir()
    (place / "stray" / "tool").symlink_to(place / "root" / "shims" / "tool")
    assert found(place, "@/root/shims:@/stray:@/bin") == "bin/tool"


def test_an_entry_that_cannot_be_searched_is_passed_over(place):
    (place / "usr").chmod(0)
    try:
        # A superuser sees into it all the same.
        expected = "usr/tool" if os.access(place / "usr" / "tool", os.X_OK) else "bin/tool"
        assert found(place, "@/root/shims:@/usr:@/bin") == expected
    finally:
        (place / "usr").chmod(0o755)


def test_what_is_not_executable_is_passed_over_and_named_if_there_is_nothing_else(place):
    program(place / "plain", mode=0o644)
    assert found(place, "@/root/shims:@/plain:@/bin") == "bin/tool"
    with pytest.raises(NotRunnable, match=r"plain/tool is not executable") as refused:
        found(place, "@/root/shims:@/plain")
    assert refused.value.status == 126


def test_a_directory_of_that_name_is_no_program(place):
    (place / "dirs" / "tool").mkdir(parents=True)
    assert found(place, "@/root/shims:@/dirs:@/bin") == "bin/tool"


def test_nothing_of_that_name(place):
    with pytest.raises(NoProgram) as refused:
        found(place, "@/root/shims:@/usr", name="absent")
    assert refused.value.status == 127
    assert "\n" not in str(refused.value)


def test_bytes_that_are_no_utf8_in_an_entry(place):
    odd = f"{place}/" + os.fsdecode(b"\xff\xfe")
    os.mkdir(odd)
    shutil.copy(place / "usr" / "tool", odd)
    real = find("tool", f"{place}/root/shims:{odd}", f"{place}/root/shims", "/")
    assert os.fsencode(real.path) == os.fsencode(place) + b"/\xff\xfe/tool"


def identity(place, path):
    return find("tool", f"{place}/root/shims:{place}/{path}", f"{place}/root/shims", "/").identity


def test_identity_tells_when_the_program_has_changed(place):
    before = identity(place, "usr")
    assert before == identity(place, "usr")
    facts = os.stat(place / "usr" / "tool")
    assert before == 2 * tuple(map(str, (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)))
    program(place / "usr", text="#!/bin/sh\necho other\n")
    assert identity(place, "usr") != before


def test_identity_sees_both_a_link_and_what_it_leads_to(place):
    (place / "links").mkdir()
    link = place / "links" / "tool"
    link.symlink_to(place / "usr" / "tool")
    before = identity(place, "links")
    program(place / "usr", text="#!/bin/sh\necho a longer one\n")
    behind = identity(place, "links")
    assert behind[:4] == before[:4]
    assert behind[4:] != before[4:]
    link.unlink()
    link.symlink_to(place / "bin" / "tool")
    assert identity(place, "links")[:4] != behind[:4]
