"""Git's configuration, from one listing: a further setting costs no further process."""

from __future__ import annotations

from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...core.call import Call
    from .git import Git

_ON, _OFF = ("true", "yes", "on"), ("", "false", "no", "off")
#: What a setting may say that is a boolean or names a program.
BOOLEANS = (*_ON, *_OFF, "1", "0")


def values(git: Git, key: str) -> list[str]:
    """Every value of a setting, in the order in which git reads them."""
    return [value or "" for value in _given(git, key)]


def value(git: Git, key: str) -> str:
    """The value that counts: the last one; "" if there is none."""
    return next(reversed(values(git, key)), "")


def is_on(git: Git, key: str, default: bool = False) -> bool:
    """What a setting that is a boolean says (git-config(1), Values); raises Unseen where git would refuse it."""
    given = _given(git, key)
    if not given:
        return default
    said = (given[-1] if given[-1] is not None else "true").lower()
    if said in _ON or said in _OFF:
        return said in _ON
    return git.plain("config", "--type=bool", "--get", key) == "true"  # a number, or nothing that git takes


def rebases(call: Call, git: Git) -> bool:
    """Whether a pull makes the commits here anew, on top of those that it fetches (git-config(1), pull.rebase)."""
    if call.has("-r", "--rebase", "--no-rebase"):
        return call.has("-r", "--rebase") and call.text("-r", "--rebase") != "false"
    branch = git.head.removeprefix("refs/heads/")
    said = value(git, f"branch.{branch}.rebase") or value(git, "pull.rebase")
    return said.lower() not in (*_OFF, "0")


def _given(git: Git, key: str) -> list[str | None]:
    """Sections and names do not tell upper from lower case, what stands between them does."""
    section, _, rest = key.partition(".")
    between, dot, name = rest.rpartition(".")
    written = f"{section.lower()}.{between}{dot}{name.lower()}"
    return [value for one, value in git.settings() if one == written]
