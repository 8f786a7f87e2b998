"""Remotes by name: where they are, their refspecs, the groups they are in, and files of the old kind."""

from __future__ import annotations

import os

from ...core.text.encoding import decode, encode
from ...core.unseen import Unseen
from ...lean.typing import TYPE_CHECKING
from . import settings

if TYPE_CHECKING:
    from .git import Git

#: What git adds to the name of a directory to find a repository in it, in this order (path.c, enter_repo).
_SUFFIXES = ("/.git", "", ".git/.git", ".git")


# Where a remote is


def places(git: Git, remote: str, push: bool) -> list[Git | None]:
    """The repositories that a push or a fetch goes to, as git there sees them; None for one on another host."""
    if git.env.get(b"GIT_NAMESPACE") or any(word.startswith("--namespace") for word in git.options):
        raise Unseen("a namespace gives the refs there other names, which is not read")
    found = (directory(git, url) for url in urls(git, remote, push))
    return [None if one is None else git.at_remote(one) for one in found]


def urls(git: Git, remote: str, push: bool) -> list[str]:
    """Every URL that a push goes to, or the one that is fetched from (git-push(1), git-config(1): remote, url).

    What no remote is named by is a URL itself. Raises Unseen where it depends on the version of git.
    """
    given = settings.values(git, f"remote.{remote}.url")
    pushed = settings.values(git, f"remote.{remote}.pushurl") if push else []
    if "" in (*given, *pushed):
        raise Unseen(f"{remote} has an empty URL, which takes back those before it in some versions of git only")
    if not given:
        raise_if_in_a_file(git, remote)
    if pushed:
        return [_rewritten(git, url, "insteadof") or url for url in pushed]
    ways = ("pushinsteadof", "insteadof") if push else ("insteadof",)
    meant = [next(filter(None, (_rewritten(git, url, way) for way in ways)), url) for url in given or [remote]]
    return meant if push else meant[:1]


def _rewritten(git: Git, url: str, way: str) -> str:
    """A URL with another beginning, by the longest that the configuration has one for; "" if it has none."""
    bases = [
        (value, key[len("url.") : -len(way) - 1])
        for key, value in git.settings()
        if value and key.startswith("url.") and key.endswith(f".{way}") and url.startswith(value)
    ]
    if not bases:
        return ""
    start, base = max(bases, key=lambda one: len(one[0]))
    return base + url[len(start) :]


def is_local(url: str) -> bool:
    """Whether a URL is of this machine: it has no other protocol, and no host as scp writes it."""
    return url.startswith("file://") or ":" not in url.partition("/")[0]


def directory(git: Git, url: str) -> str | None:
    """The directory of a repository of this machine that a URL names; None if it names none."""
    if not is_local(url):
        return None
    path = f"/{url.removeprefix('file://')}" if url.startswith("file://") else url
    if "%" in path and path != url:
        raise Unseen(f"{url} is written with escapes, which are not read")
    if path[:2] == "~/":
        path = f"{decode(git.env.get(b'HOME', b''))}{path[1:]}"
    elif path[:1] == "~":
        raise Unseen(f"whose home directory {path} is in is not looked up")
    elif path[:1] != "/":
        is_bare = git.value("rev-parse", "--is-bare-repository") == "true"
        path = os.path.join(git.directory if is_bare else git.top, path)
    for suffix in _SUFFIXES:
        place = encode(path.rstrip("/") + suffix)
        if os.path.isfile(place) or os.path.lexists(os.path.join(place, b"HEAD")):
            is_inside = os.path.isfile(place) or suffix.endswith("/.git")
            return decode(os.path.realpath(os.path.dirname(place) if is_inside else place))
    return None


# What it has, and what of it is fetched


def refs(git: Git) -> dict[str, str]:
    """All refs of a repository with their objects."""
    listed = git.lines("for-each-ref", "--format=%(refname) %(objectname)")
    return dict(line.split(" ", 1) for line in listed)


def links(git: Git) -> dict[str, str]:
    """The symbolic refs, with what they lead to: a push through one changes that, or deletes it."""
    listed = git.lines("for-each-ref", "--format=%(refname) %(symref)")
    return {ref: to for ref, _, to in (line.partition(" ") for line in listed) if to}


def refs_fetched(git: Git, remote: str) -> dict[str, str] | None:
    """Those of the repository that is fetched from; None where it is on another host."""
    (there,) = places(git, remote, push=False)
    return None if there is None else refs(there)


def is_same(git: Git, other: Git) -> bool:
    """Whether both are one repository, maybe seen from two of its work trees."""
    asked = ("rev-parse", "--path-format=absolute", "--git-common-dir")
    return os.path.realpath(git.value(*asked)) == os.path.realpath(other.value(*asked))


def fetched(git: Git, remote: str) -> list[str]:
    """The refspecs that a fetch of a remote has without others on the line; raises Unseen where a file has them."""
    raise_if_in_a_file(git, remote)
    return settings.values(git, f"remote.{remote}.fetch")


def raise_if_in_a_file(git: Git, remote: str) -> None:
    """Raise Unseen for a remote that `.git/remotes` or `.git/branches` describes (gitrepository-layout(5))."""
    if remote in ("", ".", "..") or "/" in remote or settings.values(git, f"remote.{remote}.url"):
        return
    common = git.value("rev-parse", "--path-format=absolute", "--git-common-dir")
    for folder in ("remotes", "branches"):
        place = os.path.join(common, folder, remote)
        if os.path.lexists(place) and not os.path.isdir(place):  # as that of ".", this very repository, is
            raise Unseen(f"the refspecs of {remote} stand in a file of .git/{folder}, which is not read")


def grouped(git: Git, name: str) -> list[str]:
    """The remotes of a group (git-config(1), remotes.<group>), or the one of that name."""
    return [one for value in settings.values(git, f"remotes.{name}") for one in value.split()] or [name]
