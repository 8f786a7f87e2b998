"""`agentguard check WORD…` parsed without click, with the same result.

An agent asks before each command it runs, and loading click takes longer than all the rest.
Everything else (help, wrong usage, `--explain`, completion) is click's.
"""

from __future__ import annotations

import os
import sys

from ..actions.default_root import default_root
from ..edge.layout import Root
from .rated import Asked, answer, is_call

_FLAGS = {"--json": "as_json", "--batch": "batch"}


def check(arguments: list[str]) -> bool:
    """Answer `[--root DIR] check [--json] [--batch] [--] WORD…`; False, and nothing done, if it is anything else.

    Raises what `answer` raises.
    """
    root = _default_root
    if len(arguments) > 2 and arguments[0] == "--root":
        path = os.path.abspath(arguments[1])
        if not os.path.isdir(path) or not os.access(path, os.R_OK):
            return False  # for click to say what is wrong with it
        root, arguments = lambda: Root(path), arguments[2:]
    if arguments[:1] != ["check"] or "_AGENTGUARD_COMPLETE" in os.environ or not sys.stdout or not sys.stdin:
        return False
    given = words = arguments[1:]
    flags: dict[str, bool] = {}
    while words and words[0] in _FLAGS:
        flags[_FLAGS[words[0]]] = True
        words = words[1:]
    if words[:1] == ["--"]:
        words = words[1:]
    elif words and words[0].startswith("-") and words[0] != "-":
        return False
    if bool(words) == ("batch" in flags):
        return False
    answer(Asked(tuple(words), is_call(given), **flags), root)
    return True


def _default_root() -> Root:
    return Root(os.path.abspath(default_root()))
