"""Where copies come to lie, what archives unpack over, and what lies below, in real directories."""

import os
import pwd
import tarfile
import zipfile

import pytest
from support.guarded import lasting_directory

from agentguard.core.unseen import TooWide, Unseen
from agentguard.edge.files import listing
from agentguard.edge.files.destinations import of_archive, of_copies
from agentguard.edge.files.listing import below
from agentguard.edge.files.protected import Places
from agentguard.edge.system.deadline import Deadline

PLACES = Places({})


@pytest.fixture
def here():
    with lasting_directory() as ground:
        for directory in ("src", "out/src", "empty", "node_modules"):
            (ground / directory).mkdir(parents=True)
        for file in ("a", "b", "src/x", "src/y", "out/a", "out/src/x", "node_modules/m"):
            (ground / file).write_text("1")
        (ground / "link").symlink_to("out")
        yield str(ground.resolve())


@pytest.mark.parametrize(
    ("sources", "destination", "inside", "over"),
    [
        (["a"], "new", True, []),
        (["a"], "b", True, ["b"]),
        (["a"], "out", True, ["out/a"]),
        (["a"], "out/", True, ["out/a"]),
        (["a"], "link", True, ["link/a"]),
        (["a"], "out", False, []),
        (["b"], "out", True, []),
        (["src"], "out", True, ["out/src/x"]),
        (["src/."], "out/src", True, ["out/src/x"]),
        (["src"], "out/src", False, ["out/src/x"]),
        (["src"], "empty", True, []),
        (["a", "b", "src"], "out", True, ["out/a", "out/src/x"]),
        (["missing"], "b", True, ["b"]),
        (["."], "new", True, []),
    ],
)
def test_what_is_replaced_where_copies_come_to_lie(here, sources, destination, inside, over):
    found = of_copies(tuple(sources), destination, here, inside, PLACES, Deadline())
    assert sorted(found.over) == [f"{here}/{path}" for path in over]


def test_what_comes_into_a_directory_from_nowhere_is_not_seen(here):
    with pytest.raises(Unseen):
        of_copies(("host:src",), "out", here, False, PLACES, Deadline())


@pytest.mark.parametrize(
    ("destination", "is_disposable"),
    [("out", False), ("new", False), ("/tmp", True), ("/tmp/new", True), ("/dev/null", True), ("node_modules", True)],
)
def test_what_moves_to_a_disposable_place_is_not_kept(here, destination, is_disposable):
    assert bool(of_copies(("a",), destination, here, True, PLACES, Deadline()).disposable) == is_disposable


def test_an_archive_unpacks_over_what_has_its_names(here):
    with tarfile.open(f"{here}/pack.tgz", "w:gz") as packed:
        for name in ("a", "src/x", "src/new"):
            info = tarfile.TarInfo(name)
            packed.addfile(info)
    with zipfile.ZipFile(f"{here}/pack.zip", "w") as zipped:
        zipped.writestr("../out/a", "")
    assert of_archive("pack.tgz", ".", here, 0, PLACES, Deadline()).over == (f"{here}/a", f"{here}/src/x")
    assert of_archive("pack.tgz", "src", here, 1, PLACES, Deadline()).over == (f"{here}/src/x",)
    assert of_archive("pack.zip", ".", here, 0, PLACES, Deadline()).over == (f"{here}/out/a",)
    assert of_archive("pack", ".", here, 0, PLACES, Deadline()).over == (f"{here}/out/a",)
    assert not of_archive("pack.tgz", "new", here, 0, PLACES, Deadline()).over


@pytest.mark.parametrize("archive", ["missing", "a", "-", "src"])
def test_an_archive_that_cannot_be_read_matters_only_where_something_lies(here, archive):
    assert not of_archive(archive, "empty", here, 0, PLACES, Deadline()).over
    assert not of_archive(archive, "node_modules", here, 0, PLACES, Deadline()).over
    with pytest.raises(Unseen):
        of_archive(archive, "out", here, 0, PLACES, Deadline())


def test_below_finds_names_at_any_depth_and_follows_no_link(here):
    assert below((".",), ("x", "m*"), here, PLACES, Deadline()) == ("./node_modules/m", "./out/src/x", "./src/x")
    assert below(("src", "a"), ("[ax]",), here, PLACES, Deadline()) == ("a", "src/x")
    assert below(("link",), ("link",), here, PLACES, Deadline()) == ("link",)
    assert below(("missing",), ("*",), here, PLACES, Deadline()) == ()


def test_below_does_not_pass_over_what_it_cannot_read(here, monkeypatch):
    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(Unseen):
        below((".",), ("x",), here, PLACES, Deadline())


@pytest.mark.parametrize("start", ["/", "/usr", "/home", "/home/somebody", "/tmp", "src/../../../../..", "~"])
def test_a_place_of_the_machine_is_not_looked_through(here, start):
    starts = ("src", pwd.getpwuid(os.getuid()).pw_dir if start == "~" else start)  # whatever HOME says
    with pytest.raises(TooWide, match="is not looked through"):
        below(starts, ("x",), here, PLACES, Deadline())
    with pytest.raises(TooWide):
        below((".",), ("x",), here, Places({"HOME": here}), Deadline())


def test_no_more_is_looked_through_than_an_ordinary_project_has(here, monkeypatch):
    monkeypatch.setattr(listing, "MOST_SEARCHED", 9)
    with pytest.raises(TooWide, match="more than 9 files"):
        below((".",), ("x",), here, PLACES, Deadline())
