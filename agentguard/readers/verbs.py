"""What names say that they do: the fields of unknown GraphQL APIs, the paths of unknown HTTP ones."""

from __future__ import annotations

#: Words of a name that takes something away.
REMOVES = frozenset((
    "clear", "decommission", "del", "delete", "deprovision", "deregister", "destroy", "discard", "drop", "empty",
    "erase", "expunge", "flush", "flushall", "flushdb", "nuke", "obliterate", "purge", "prune", "remove",
    "reset", "revoke", "rm", "terminate", "truncate", "trash", "uninstall", "unlink", "unpublish", "unregister",
    "unset", "wipe",
))  # fmt: skip
#: Words of a name that puts something in another's place.
REPLACES = frozenset((
    "change", "edit", "modify", "move", "overwrite", "patch", "put", "rename", "replace", "restore", "rollback",
    "rotate", "save", "set", "swap", "transfer", "update", "upsert", "write",
))  # fmt: skip
#: Those of them that mean it wherever they stand in the path of a POST.
REPLACES_IN_PATHS = frozenset(("overwrite", "replace", "restore", "rollback", "update", "upsert"))
#: Words of a name that only adds.
CREATES = frozenset((
    "add", "append", "clone", "comment", "copy", "create", "deploy", "duplicate", "fork", "insert", "new", "post",
    "redeploy", "register", "restart", "start",
))  # fmt: skip

#: Those that mean it also at the beginning of a longer word (`deleterange`), and what they are there if they do not.
_BEGINNINGS = ("delete", "destroy", "remove", "truncate", "terminate")
_NOUNS = ("d", "s", "r", "rs", "ed", "er", "ers", "ing")


def removes(word: str) -> bool:
    """Whether a word of a name, in lower case, takes something away."""
    if word in REMOVES:
        return True
    return any(word.startswith(one) and word.removeprefix(one) not in _NOUNS for one in _BEGINNINGS)


def words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case: those of `volumeDelete`, `delete_volume` and `/HTTPReset/x`."""
    found: list[str] = []
    word = ""
    for index, char in enumerate(name):
        ends_small = word[-1:].islower() or word[-1:].isdigit()
        if not char.isalnum():
            found.append(word)
            word = ""
        elif char.isupper() and (ends_small or (word and name[index + 1 : index + 2].islower())):
            found.append(word)
            word = char
        else:
            word += char
    return tuple(w.lower() for w in (*found, word) if w)
