"""What is asked often, parsed without click, with the same result: `agentguard check WORD…` and `agentguard status`.

An agent asks before each command that it runs, and a prompt before each line: loading click takes longer than all
the rest. Everything else (help, wrong usage, `--explain`, completion) is click's.
"""

from __future__ import annotations

import os
import sys

from ..actions.default_root import default_root
from ..edge.layout import Root
from ..lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: The options of each verb that are read here, by the names that they have in Python.
_FLAGS = {
    "check": {"--json": "as_json", "--batch": "batch", "--exit-code": "exit_code"},
    "status": {"--json": "as_json"},
}


def answered(arguments: list[str]) -> int | None:
    """Answer `[--root DIR] VERB [OPTION…] …`: the exit status; None, and nothing done, for what is click's to read.

    Raises what the verb raises.
    """
    root = _default_root
    if len(arguments) > 2 and arguments[0] == "--root":
        path = os.path.abspath(arguments[1])
        if not os.path.isdir(path) or not os.access(path, os.R_OK):
            return None  # for click to say what is wrong with it
        root, arguments = lambda: Root(path), arguments[2:]
    verb, words = "".join(arguments[:1]), arguments[1:]
    if verb not in _FLAGS or "_AGENTGUARD_COMPLETE" in os.environ or not sys.stdout or not sys.stdin:
        return None
    flags: dict[str, bool] = {}
    while words and words[0] in _FLAGS[verb]:
        flags[_FLAGS[verb][words[0]]] = True
        words = words[1:]
    if verb == "status":
        return None if words else _status(root(), **flags)
    return _check(arguments[1:], words, flags, root)


def _check(given: list[str], words: list[str], flags: dict[str, bool], root: Callable[[], Root]) -> int | None:
    """`words` are what follows the options."""
    if words[:1] == ["--"]:
        words = words[1:]
    elif words and words[0].startswith("-") and words[0] != "-":
        return None
    if bool(words) == ("batch" in flags):
        return None
    from .rated import Asked, answer, is_call

    return answer(Asked(tuple(words), is_call(given), **flags), root)


def _status(root: Root, as_json: bool = False) -> int:
    from .summary import tell

    tell(root, as_json)
    return 0


def _default_root() -> Root:
    return Root(os.path.abspath(default_root()))
