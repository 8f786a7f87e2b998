"""The closed sets of names that rule files may use; a name that is in none of them is an error when rules are loaded.

What answers to these names lies elsewhere (`edge/` for probes and sources, `readers/` for readers); the
tests hold both to the same sets. Verbs, ratings and recoveries are in `core.effect`, states of paths in `core.world`.
"""

from __future__ import annotations

#: What a rule `asks`: names of World.ask.
PROBES = (
    "worktree-dirty",
    "checkout-switch-dirty",
    "paths-dirty",
    "paths-index-only",
    "rm-paths",
    "untracked-files",
    "worktree-unclean",
    "worktrees-gone",
    "merge-undone",
    "index-written-out",
    "submodules-reset",
    "objects-unreachable",
    "reflog-only",
    "replacements",
    "all-tags",
    "fetch-overwrites",
    "branch-unmerged",
    "commits-unreachable",
    "ref-updates",
    "stash-drop",
    "stash-clear",
    "tag-delete",
    "push-loses",
)

#: What a rule's `where` and a program's `aliases`, `linked`, `runs_in` look up: names of World.lookup.
SOURCES = (
    "git-alias",
    "git-config",
    "git-programs",
    "git-set",
    "git-top",
    "git-says",
    "git-rewriting",
    "git-each-repository",
    "git-each-submodule",
    "git-hook",
    "git-hook-run",
    "git-hooks-here",
    "git-push-forced",
    "git-writes-over",
    "git-fetch-drops",
    "git-prunes",
    "git-auto-gc",
    "git-remote-drops",
    "git-index-drops",
    "git-staged-gone",
    "git-autostash-drops",
    "git-submodules-recursed",
    "git-unlogged",
    "git-stash-index-drops",
    "git-sparse-drops",
    "no-tar-archive",
    "railway-link",
    "postgres-catalogue",
    "system-program",
)

#: Roles of arguments that have a meaning in every program (docs/rules.md). Any other name is free: plain data.
ROLES = (
    *("PATH", "SOURCE", "DEST", "TARGET", "ARCHIVE", "STRIP", "START", "FOUND"),
    *("SHELL", "SCRIPT", "SQL", "SQLFILE", "TEXT", "CONFIG", "CHDIR", "ENVIRONMENT", "SECRET"),
    "SWITCH",
)
#: … and those that only operands have.
OPERAND_ROLES = ("ARGV", "WORDS", "ASSIGN", "PACKAGED")
#: Free names that are nearly a role; any other one is taken for a slip.
FREE_NAMES = ("PACKAGE", "PATCH", "WORD")

#: The readers of a whole call (`reads`), each with the roles that it looks for besides.
READERS = {
    "awk": ("PROGRAM", "SCRIPTFILE"),
    "curl": ("URL", "BODY", "FORM", "HEADER", "UPLOAD", "LOG", "QUOTE", "CONFIGFILE", "EXPANDED"),
    "graphql": ("GRAPHQL", "GRAPHQLFILE", "OPERATION", "VARIABLE", "VARIABLES"),
    "psql": (),
    "request": ("URL", "BASE", "METHOD", "HEADER", "FIELD", "BODY", "BODYFILE"),
    "sed": ("SED", "SEDFILE"),
}

#: Languages of standard input (`stdin`).
INPUT_LANGUAGES = ("SHELL", "SQL")
#: Languages of the texts that a program's rule `carries` …
CARRIED_LANGUAGES = ("SHELL", "CALLED", "SCRIPT", "PROMPT")
#: … and that a rule of a web API does.
API_LANGUAGES = ("SHELL", "SQL")

#: Methods of HTTP requests that rules of web APIs may be about.
METHODS = (
    *("GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH", "QUERY", "POST", "MKCOL", "PURGE", "DELETE"),
    *("UNLINK", "PUT", "PATCH", "PROPPATCH", "MOVE", "COPY"),
)

#: Kinds of files that a program may refuse to touch.
REFUSED_KINDS = ("directory",)
#: Kinds of targets that mean something to agentguard; any other is a free name.
KINDS = ("program", "file", "directory", "worktree")
#: Where a rule may say that its call takes place.
ENVIRONMENTS = ("production", "staging", "local")
