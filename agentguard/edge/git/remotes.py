"""Remotes by name: their refspecs, the groups they are in, and files of the old kind that describe them."""

from __future__ import annotations

import os

from ...core.unseen import Unseen
from ...lean.typing import TYPE_CHECKING
from . import settings

if TYPE_CHECKING:
    from .git import Git


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
