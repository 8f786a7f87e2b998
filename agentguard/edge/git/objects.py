"""What calls of git that forget objects or reflogs would lose: the last way back to dropped work."""

from __future__ import annotations

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


def objects_unreachable(call: Call, git: Git, world: World) -> Answer:
    """What `gc --prune=now` or `prune` loses: objects that no ref, reflog or index reaches."""
    told = decode(git.run("fsck", "--unreachable", "--connectivity-only", "--no-progress", fine=_SOUND).out)
    directory = git.directory
    objects = [line.split(" ") for line in told.splitlines() if line.startswith("unreachable ")]
    objects.sort(key=lambda words: words[1] not in ("commit", "tag"))  # dropped work first
    return lost(Target(words[1], words[2], (directory, words[2])) for words in objects)


def reflog_only(call: Call, git: Git, world: World) -> Answer:
    """What `reflog expire --expire=now` loses: commits that only reflogs reach, older stashes among them."""
    if call.command == ("reflog", "delete"):
        entries = [resolved(git, name) for name in call.operand_texts]
        gone = [entry for entry in entries if entry]
        names = {name.partition("@{")[0] for name in call.operand_texts} if call.has("--updateref") else ()
        moved = [git.value("rev-parse", "--symbolic-full-name", name) for name in names if resolved(git, name)]
        excluded = [f"--exclude={ref}" for ref in moved]
        return lost(commits(git, [*gone, "--not", *excluded, "--glob=refs/*"])) if gone else Answer()
    if not call.has("--all"):
        refs = [ref for name in call.operand_texts if (ref := git.value("rev-parse", "--symbolic-full-name", name))]
        if not refs:
            return Answer()
        found = {held for ref in refs for held in git.lines("rev-list", "--walk-reflogs", ref, "--")}
        return lost(commits(git, [*sorted(found), "--not", "--all"])) if found else Answer()
    return lost(commits(git, ["--reflog", "--not", "--all"]))


def replacements(call: Call, git: Git, world: World) -> Answer:
    """What `replace -d` or `replace -f` loses: the objects that stood in for others."""
    names = call.operand_texts if call.has("-d", "--delete") else call.operand_texts[:1]
    held = [(name, resolved(git, f"refs/replace/{resolved(git, name) or name}")) for name in names]
    directory = git.directory
    return lost(Target("object", f"{new} in place of {name}", (directory, new)) for name, new in held if new)
