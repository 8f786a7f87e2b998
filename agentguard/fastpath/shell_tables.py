"""The fast paths as a shim reads them: a file of shell variables for each command.

    PROGRAM.plain             the program: its options, its commands, what must be so around its calls
    PROGRAM.COMMAND.plain     one command; deeper ones are PROGRAM.COMMAND.SUBCOMMAND.plain
    PROGRAM.+around.plain     a function that looks at configuration files, for commands to which they matter

They lie beside the compiled rules, so that both are of one version. shims/plain.sh reads them; shims/settings.sh
is the prototype of what looks at configuration files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator

from ..errors import RuleError
from ..rulebook.compiled import FOLDER, plain_file
from ..rulebook.load import Rulebook
from ..rulebook.model import Command, Option, Plain, Program
from .eligibility import FastPath, fast_paths

#: What names of options, commands and variables may consist of: nothing that a shell would take for more.
_NAME = re.compile(r"[A-Za-z0-9_.#:?@,=+-]+")
#: Globs that mean the same in every shell; blanks and quotes among them are escaped.
_GLOB = re.compile(r"[A-Za-z0-9_.:/@%+=~,{}*?!\[\] \\-]*")
#: The file about what is around a program's calls; no command is called so.
AROUND = ("+around",)
#: How the numbers of operands are called in a file (eligibility.COUNTS).
_TALLIES = (" .", " x.", " many.")


def write(rulebook: Rulebook, directory: str, prototype: str) -> None:
    """Write the files of every guarded program into the folder of the compiled rules below `directory`.

    `prototype` is the text of shims/settings.sh. Raises RuleError.
    """
    for name, content in files(rulebook, prototype).items():
        with open(os.path.join(directory, FOLDER, name), "wb") as file:
            file.write(content)


def files(rulebook: Rulebook, prototype: str) -> dict[str, bytes]:
    """The files of every guarded program: contents by names. Raises RuleError."""
    made: dict[str, bytes] = {}
    for program in rulebook:
        found = fast_paths(program, rulebook) if program.guarded else {}
        texts: dict[tuple[str, ...], str] = {}
        for path, fast_path in found.items():
            text = "".join(f"{line}\n" for line in _file(program, fast_path, found))
            if fast_path.looks:
                texts[AROUND] = _surroundings(program, prototype)
            texts[path] = text
        made |= {plain_file(name, path): text.encode() for name in program.names for path, text in texts.items()}
    return made


def _file(program: Program, fast_path: FastPath, found: dict[tuple[str, ...], FastPath]) -> Iterator[str]:
    command = program.commands[fast_path.path]
    options = tuple(dict.fromkeys((*fast_path.options, *fast_path.before)))
    needed = [option for option in options if option.name in fast_path.needed]
    yield f"# {' '.join((program.name, *fast_path.path))}: at most {fast_path.rating} [{' '.join(fast_path.rules)}]"
    alone = (option for option in options if not option.consumes)
    optional = [option for option in options if option.takes == "optional"]
    taking = [option for option in options if option.consumes]
    yield from _list("flags", (*_names(command, alone), *_taken_back(program, fast_path, options)))
    yield from _list("optional", (name for name in _names(command, optional) if name[:2] != "--"))
    yield from _list("taking", _names(command, taking))
    yield from _list("valued", (name for name in _names(command, (*optional, *taking)) if name[:2] == "--"))
    yield from _list("chdir", _names(command, (option for option in options if option.role == "CHDIR")))
    # Behind an option that nobody knows, what is needed may be its value: then there must be none.
    if command.open and not needed:
        yield from _list("known", _spellings(program, _understood(program, command))) or ("_ag_known=' '",)
    if program.grammar.digits:
        yield "_ag_numbers=-"
    if program.grammar.assign:
        yield "_ag_assign=="
    yield from _list("needed", _names(command, needed))
    yield from _list("before", _names(command, fast_path.before))
    if command.commands:
        yield from _list("commands", _below(program, fast_path, found)) or ("_ag_commands=' '",)
        if command.operands:  # a word that is none of its commands is an operand
            yield from _list(
                "others", (name for name in command.commands if (*fast_path.path, command.commands[name]) not in found)
            )
            yield "_ag_opens=x"
    yield f"_ag_counts='{''.join(_TALLIES[count] for count in fast_path.counts)} '"
    yield f"_ag_rating={fast_path.rating} _ag_bare_rating={fast_path.rating_without_operands}"
    yield f"_ag_rules='{' '.join(map(_named, fast_path.rules))}'"
    if fast_path.shares:
        yield "_ag_shares=x"
    absent = (*program.plain.absent, *fast_path.absent)
    yield f"_ag_set=$_ag_set{''.join(f'${{{_named(name)}+x}}' for name in absent if name[0] != '-')}"
    for name in fast_path.values:
        values = program.plain.values[name]
        # A program that is told something may be told of what was denied.
        told = "_ag_shares=x " if name in fast_path.started else ""
        ways = (f"'{_quotable(value)}') {told if ' ' in value else ''};;" for value in values)
        yield f"case ${{{_named(name)}-{_named(values[0])}}} in {' '.join(ways)} *) _ag_set=x ;; esac"
    if fast_path.looks:
        yield "_ag_looks=x"
        yield from _list("asked", fast_path.asked)
    if fast_path.silent:
        yield f"_ag_silent='{' '.join(map(_named, fast_path.silent))}'"
    if fast_path.refused:
        yield "_ag_refuses=x"
        yield from _cases("_ag_refused", fast_path.refused)
    if fast_path.operands:
        yield "_ag_shaped=x"
        yield from _cases("_ag_takes", fast_path.operands)
    checked = [
        (name, globs) for option, globs in fast_path.checked for name in _names(command, [command.options[option]])
    ]
    if checked:
        yield from _list("checked", (name for name, _ in checked))
        yield from _cases("_ag_allowed", (f"{name}={glob}" for name, globs in checked for glob in globs))


def _list(name: str, words: Iterable[str]) -> tuple[str, ...]:
    """A variable with words, each between blanks; nothing if there are none: it is empty before."""
    found = [_named(word) for word in dict.fromkeys(words)]
    return (f"_ag_{name}=' {' '.join(found)} '",) if found else ()


def _named(word: str) -> str:
    if not _NAME.fullmatch(word.replace(">", "")):
        raise RuleError(f"{word!r} cannot stand in a shim")
    return word


def _names(command: Command, options: Iterable[Option]) -> Iterator[str]:
    """The names of options that mean them: another option of the command may have one of them."""
    return (name for option in options for name in option.names if command.options.get(name) == option)


def _taken_back(program: Program, fast_path: FastPath, options: Iterable[Option]) -> Iterator[str]:
    """The `--no-` forms of options, as words by themselves, but for those of what is needed."""
    for option in options if program.grammar.negate and not program.reads else ():
        if option.name not in fast_path.needed:
            for name in _names(program.commands[fast_path.path], (option,)):
                back = f"--no-{name[2:]}"
                if (
                    name.startswith("--")
                    and not name.startswith("--no-")
                    and back not in program.commands[fast_path.path].options
                ):
                    yield back


def _understood(program: Program, command: Command) -> Iterator[str]:
    """The names of the options that are looked for in calls of a command, those that it inherits among them."""
    yield from command.options
    above = program.commands[command.path[:-1]]
    if above.inherit and command.path:
        yield from _understood(program, above)


def _spellings(program: Program, options: Iterable[str]) -> Iterator[str]:
    """Every name of the options that the rules know, with the opposites of long ones."""
    for name in options:
        yield name
        if name.startswith("--") and program.grammar.negate:
            yield f"--{name[5:]}" if name.startswith("--no-") else f"--no-{name[2:]}"


def _below(program: Program, fast_path: FastPath, found: dict[tuple[str, ...], FastPath]) -> Iterator[str]:
    """The commands below this one that have a file: by their own name, and others as OTHER>OWN."""
    for name, own in program.commands[fast_path.path].commands.items():
        if (*fast_path.path, own) in found:
            yield name if name == own else f"{name}>{own}"


def _cases(function: str, globs: Iterable[str]) -> Iterator[str]:
    """A function that tells whether a word is like one of the globs."""
    yield f"{function}() {{"
    yield f"    case $1 in {' | '.join(map(_glob, globs))}) ;; *) return 1 ;; esac"
    yield "}"


def _glob(pattern: str) -> str:
    """A glob as a case pattern: blanks and what a shell would expand are quoted."""
    if not _GLOB.fullmatch(pattern):
        raise RuleError(f"the pattern {pattern!r} cannot stand in a shim")
    return re.sub(r"[ {}~]", lambda found: f"\\{found[0]}", pattern)


def _surroundings(program: Program, prototype: str) -> str:
    """A function that tells whether the configuration files around a call say nothing that matters."""
    plain = program.plain
    if plain.upward:
        text = prototype.replace("@FREE@", f"\n{20 * ' '}".join(_free(plain)))
        text = text.replace("@FIXED@", " | ".join(_fixed(plain)))
        text = text.replace("@UPWARD@", _named(plain.upward)).replace("@TAB@", "\t")
        return text.replace("@FILES@", "\n    ".join(_each_file(program, _is_plain)))
    home = "case ${HOME-} in /*) ;; *) return 1 ;; esac"
    lines = "".join(f"    {line}\n" for line in (home, *_each_file(program, _is_missing)))
    return f"# Whether none of its configuration files is there.\n_ag_surroundings() {{\n{lines}}}\n"


def _each_file(program: Program, check: Callable[[str], str]) -> Iterator[str]:
    for file in program.files:
        start, _, rest = file.partition("/")
        if start == "~":
            yield check(f"$HOME/{_path(rest)}")
        elif start.startswith("$"):
            # A relative one is looked for where the program has gone by then.
            known = check(f"{start}/{_path(rest)}")
            yield f"case ${{{_named(start[1:])}-}} in '') ;; /*) {known} ;; *) return 1 ;; esac"
        else:
            yield check(_path(file))


def _path(path: str) -> str:
    for part in path.strip("/").split("/"):
        _named(part)
    return path


def _is_plain(path: str) -> str:
    return f'_ag_settings "{path}" || return 1'


def _is_missing(path: str) -> str:
    return f'[ ! -e "{path}" ] || return 1'


def _free(plain: Plain) -> Iterator[str]:
    """For each section of a configuration file, the keys that may have any value."""
    for section, keys in plain.settings.items():
        yield f"{_named(section)}) _ag_keys=' {' '.join(key for key in keys if '=' not in key)} ' ;;"


def _fixed(plain: Plain) -> Iterator[str]:
    """The settings that may have one value, as case patterns."""
    settings = (f"{section}.{key}" for section, keys in plain.settings.items() for key in keys)
    return (f"'{_quotable(setting)}'" for setting in settings if "=" in setting)


def _quotable(text: str) -> str:
    if "'" in text or not text.isprintable():
        raise RuleError(f"{text!r} cannot stand in a shim")
    return text
