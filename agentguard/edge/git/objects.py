"""What calls of git that forget objects or reflogs would lose: the last way back to dropped work."""

from __future__ import annotations

import time

from ...core.effect import Target
from ...core.text.encoding import decode
from ...core.world import Answer, World
from ...lean.typing import TYPE_CHECKING
from .refs import commits, lost, resolved

if TYPE_CHECKING:
    from ...core.call import Call
    from .git import Git

#: Ends with which `git fsck` tells of missing objects or broken links: what it lists then is not all.
_SOUND = (0,)
#: What `gc --prune` may be told that is no earlier than it would by itself.
_NO_EARLIER = ("never", "2.weeks", "2.weeks.ago")
#: For how long git keeps the entries of reflogs by itself, in days: those of commits that the ref reaches, and others.
_REACHABLE_DAYS, _UNREACHABLE_DAYS = 90, 30
#: By how much a moment may differ that means the same, in seconds: a change to summer time, and that of the look.
_SLACK = 2 * 3600


def objects_unreachable(call: Call, git: Git, world: World) -> Answer:
    """What `gc --prune=now` or `prune` loses: objects that no ref, reflog or index reaches."""
    asked = call.text("--prune") if call.command == ("gc",) else None  # the last one counts
    if asked is not None and asked in _NO_EARLIER:
        return Answer()
    told = decode(git.run("fsck", "--unreachable", "--connectivity-only", "--no-progress", fine=_SOUND).out)
    directory = git.directory
    objects = [line.split(" ") for line in told.splitlines() if line.startswith("unreachable ")]
    objects.sort(key=lambda words: words[1] not in ("commit", "tag"))  # dropped work first
    return lost(Target(words[1], words[2], (directory, words[2])) for words in objects)


def reflog_only(call: Call, git: Git, world: World) -> Answer:
    """What `reflog expire --expire=now` loses: commits that only reflogs reach, older stashes among them.

    Where no option says how old entries may become, the settings do: `gc` and `maintenance run` go by these, too.
    """
    if call.command == ("reflog", "delete"):
        entries = [resolved(git, name) for name in call.operand_texts]
        gone = [entry for entry in entries if entry]
        names = {name.partition("@{")[0] for name in call.operand_texts} if call.has("--updateref") else ()
        moved = [git.value("rev-parse", "--symbolic-full-name", name) for name in names if resolved(git, name)]
        excluded = [f"--exclude={ref}" for ref in moved]
        return lost(commits(git, [*gone, "--not", *excluded, "--glob=refs/*"])) if gone else Answer()
    told = call.command == ("reflog", "drop") or call.has("--expire", "--expire-unreachable")
    if not told and not _expires_early(git):
        return Answer()
    if call.command[:1] == ("reflog",) and not call.has("--all"):
        given = [name for name in call.operand_texts if resolved(git, name)]
        if not given:
            return Answer()
        # By the name that is given: that of HEAD is another one than that of the branch which it stands for.
        walked = {held for name in given for held in git.lines("rev-list", "--walk-reflogs", name, "--")}
        return lost(commits(git, [*sorted(walked), "--not", "--all"])) if walked else Answer()
    return lost(commits(git, ["--reflog", "--not", "--all"]))


def _expires_early(git: Git) -> bool:
    """Whether a setting has entries of a reflog forgotten earlier than git would by itself (git-config(1), gc.*)."""
    pattern = r"^gc\.(.*\.)?reflogexpire(unreachable)?$"
    listed = git.lines("config", "--type=expiry-date", "--get-regexp", pattern, fine=(0, 1))
    moments = {key: int(moment) for key, _, moment in (line.rpartition(" ") for line in listed)}  # the last one counts
    for key, moment in moments.items():
        days = _UNREACHABLE_DAYS if key.lower().endswith("unreachable") else _REACHABLE_DAYS
        if moment > time.time() - days * 24 * 3600 + _SLACK:
            return True
    return False


def replacements(call: Call, git: Git, world: World) -> Answer:
    """What `replace -d` or `replace -f` loses: the objects that stood in for others."""
    names = call.operand_texts if call.has("-d", "--delete") else call.operand_texts[:1]
    held = [(name, resolved(git, f"refs/replace/{resolved(git, name) or name}")) for name in names]
    directory = git.directory
    return lost(Target("object", f"{new} in place of {name}", (directory, new)) for name, new in held if new)
