"""Losses by `git update-ref`, with arguments or with lines on standard input, and by `git symbolic-ref`.

See git-update-ref(1) and git-symbolic-ref(1), git 2.39.
"""

from __future__ import annotations

from ...core.context import stdin
from ...core.text.encoding import decode
from ...core.unseen import Unseen
from ...core.world import Answer, World
from ...lean.typing import TYPE_CHECKING
from ...lean.value import Value
from .arguments import unquoted
from .refs import is_logged, resolved, unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...core.call import Call
    from .git import Git

#: How many values follow the ref of each command; the last one, the old value, may be left out.
_VALUES = {"update": 2, "create": 1, "delete": 1, "verify": 1}


class _Update(Value):
    """One ref that is set to `new`, or deleted where that is "" or all zeros; `deref` as git has it without options."""

    ref: str
    new: str
    deref: bool


def ref_updates(call: Call, git: Git, world: World) -> Answer:
    """What `update-ref` loses: what only the refs reach that it deletes, with their reflogs, or moves without one."""
    if call.command == ("symbolic-ref",):
        return _made_symbolic(call, git)
    gone, new = [], []
    for update in _updates(call, world):
        ref = _meant(git, update)
        is_deleted = not update.new.strip("0")
        if not is_deleted and resolved(git, update.new):
            new.append(update.new)
        if ref and (is_deleted or not is_logged(git, ref)):
            gone.append(ref)
    return unreachable(git, gone, new)


def _made_symbolic(call: Call, git: Git) -> Answer:
    """What a ref held that becomes a symbolic one: git writes nothing into its reflog then."""
    ref = call.operand_texts[0] if len(call.operand_texts) > 1 else ""
    if not ref or not resolved(git, ref) or git.value("symbolic-ref", "--quiet", ref):
        return Answer()
    logged = git.run("reflog", "exists", ref, fine=(0, 1)).status == 0
    new = git.lines("rev-list", "--walk-reflogs", ref, "--") if logged else []
    return unreachable(git, [ref], new, logs_stay=True)


def _updates(call: Call, world: World) -> tuple[_Update, ...]:
    if call.has("--stdin"):
        given = decode(stdin(call.invocation.stdin, world))
        words = _ended_by_nul(given) if call.has("-z") else map(_words, given.splitlines())
        return tuple(_committed(words))
    if not call.operand_texts:
        return ()
    new = "" if call.has("-d") or len(call.operand_texts) < 2 else call.operand_texts[1]
    return (_Update(call.operand_texts[0], new, not call.has("--no-deref")),)


def _meant(git: Git, update: _Update) -> str:
    """The full name of the ref that is changed, "" if there is none: update-ref takes only full ones."""
    if not resolved(git, update.ref):
        return ""
    return (git.value("symbolic-ref", "--quiet", update.ref) if update.deref else "") or update.ref


# Standard input


def _committed(commands: Iterator[list[str]]) -> Iterator[_Update]:
    """The updates of the transactions that are committed: at the end, too, unless one was begun by `start`."""
    queued: list[_Update] = []
    deref, started = True, False
    for command, *words in commands:
        if command in ("start", "prepare"):
            started = started or command == "start"
        elif command in ("commit", "abort"):
            yield from queued if command == "commit" else ()
            queued, started = [], False
        elif command == "option" and words == ["no-deref"]:
            deref = False
            continue
        elif command in _VALUES and words:
            if command != "verify":
                queued.append(_Update(words[0], words[1] if command != "delete" and len(words) > 1 else "", deref))
        else:
            raise Unseen(f"update-ref is given {command} {' '.join(words)}, which is not understood")
        deref = True
    if not started:
        yield from queued


def _words(line: str) -> list[str]:
    """The words of a line, each maybe in C's quotes."""
    command, _, rest = line.partition(" ")
    words = []
    while rest:
        if rest[0] == '"':
            at = 1
            while rest[at : at + 1] not in ('"', ""):
                at += 2 if rest[at] == "\\" else 1
            words.append(unquoted(rest[: at + 1]))
            rest = rest[at + 1 :].removeprefix(" ")
        else:
            word, _, rest = rest.partition(" ")
            words.append(word)
    return [command, *words]


def _ended_by_nul(given: str) -> Iterator[list[str]]:
    """The same with -z: a command and its ref in one field, its values in one each, which may be empty."""
    fields = iter(given.removesuffix("\0").split("\0"))
    for field in fields:
        command, space, ref = field.partition(" ")
        yield [command, *([ref] if space else []), *(next(fields, "") for _ in range(_VALUES.get(command, 0)))]
