"""Builds programs of rule files: options, commands and rules, each checked against what the others name.

Their shape was checked before (`schema.check`). Every fault is named by file, line and what to do.
"""

from __future__ import annotations

from ..core.call import UNENDED
from ..lean.typing import TYPE_CHECKING
from .document import Document, Node, known
from .model import Command, CommandBuilder, Condition, Example, Grammar, Option, Plain, Program, Rule, Search
from .option import option_of
from .roles import check

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from ..lean.value import Value

    CommandPath = tuple[str, ...]


def build(*documents: Document) -> Program:
    """The program that one rule file teaches, or the files of a folder together; raises RuleError."""
    return _Builder(documents).program()


def examples(rule: Node, key: str) -> tuple[Example, ...]:
    """A rule's examples, or its near misses."""
    found = []
    for node in rule.items(key):
        one = node.value
        run = one["run"] if isinstance(one["run"], str) else tuple(one["run"])
        found.append(Example(run, one["rating"], one.get("given", {}), one.get("catastrophic", False), node))
    return tuple(found)


def taken(kind: type[Value], table: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a table that are fields of that value, as keyword arguments for it."""
    return {key: _frozen(value) for key, value in table.items() if key in kind._fields}


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _frozen(below) for key, below in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


class _Builder:
    """One program; `commands` are its commands so far, `nodes` the tables that they are from, `options` all options.

    `sets` are lists that stand where another list has `@NAME`.
    """

    def __init__(self, documents: tuple[Document, ...]) -> None:
        self.documents = documents
        self.nodes: dict[CommandPath, Node] = {}
        self.commands: dict[CommandPath, Command] = {}
        self.options: list[tuple[Node, Option]] = []
        self.sets: dict[str, Node] = {}

    def program(self) -> Program:
        about = self._only("program")
        if not about.value:
            raise about.fault("the table is missing", "a program has one, with its `names`")
        for one in self._all("sets"):
            other = self.sets.setdefault(str(one.path[-1]), one)
            if other is not one:
                raise one.fault(f"{other} has a set of this name, too", "give it another name", of_key=True)
        self._read_commands(about)
        rules = [*self._all("rule")]
        if not rules:
            raise about.fault("the program has no [[rule]]")
        program = Program(**{
            **taken(Program, about.value),
            "name": about.value["names"][0],
            "grammar": Grammar(**taken(Grammar, self.nodes[()].value)),
            "commands": self.commands,
            "rules": tuple(map(self._rule, rules)),
            "plain": self._plain(),
        })  # fmt: skip
        check(program, self.options, self.nodes.values(), rules)
        return program

    def _all(self, key: str) -> Iterator[Node]:
        """What all files have under a key."""
        return (one for document in self.documents for one in Node(document).items(key))

    def _in(self, node: Node, key: str) -> Iterator[Node]:
        """The items of a list, with those of a set in place of each `@NAME`."""
        for one in node.items(key):
            name = one.value.removeprefix("@")
            if name == one.value:
                yield one
            elif name in self.sets:
                yield from self.sets[name].items()
            else:
                raise one.fault(f"there is no set `{name}`: {known(name, self.sets)}")

    def _only(self, name: str) -> Node:
        """The table of that name, which one of the files may have; an empty one if none does."""
        found = [Node(document, (name,)) for document in self.documents if name in document.tables]
        if len(found) > 1:
            raise found[1].fault(f"{found[0]} has this table, too", "say it in one of the program's files")
        return found[0] if found else Node(Document(self.documents[0].file, {name: {}}), (name,))

    def _plain(self) -> Plain:
        """What a shim of this program may take for granted."""
        node = self._only("plain")
        names = {option.name for command in self.commands.values() for option in command.options.values()}
        for one in (*node.items("absent"), *node.items("options"), *node.items("needed")):
            name = one.value.partition("=")[0]
            if name.startswith("-") and name not in names:
                raise one.fault(f"no command has an option of the canonical name `{name}`: {known(name, names)}")
        return Plain(**taken(Plain, node.value), place=node)

    # Grammar

    def _read_commands(self, about: Node) -> None:
        """Every command by its path; the program itself is ()."""
        self.nodes = {(): self._only("grammar")}
        named = [(node, node, str(node.path[-1])) for node in self._all("command")]
        named += [
            (node, node / "names", one.value) for node in self._all("commands") for one in self._in(node, "names")
        ]
        for node, at, name in named:
            path = tuple(name.split())
            if path in self.nodes:
                raise at.fault(f"{self.nodes[path]} has the command `{name}`, too", "say it in one place")
            self.nodes[path] = node
        below: dict[CommandPath, dict[str, str]] = {path: {} for path in self.nodes}
        for path, node in self.nodes.items():
            if path and path[:-1] not in below:
                raise node.fault(f'there is no [command."{" ".join(path[:-1])}"] above it', of_key=True)
            for name in (path[-1], *node.value.get("aliases", ())) if path else ():
                if below[path[:-1]].setdefault(name, path[-1]) != path[-1]:
                    raise node.fault(f"`{name}` is also a name of {below[path[:-1]][name]}")
        everywhere = self._options(self.nodes[()].items("everywhere"))
        for path, node in self.nodes.items():
            self.commands[path] = self._command(path, node, everywhere, below[path], about)

    def _command(
        self, path: CommandPath, node: Node, everywhere: dict[str, Option], below: dict[str, str], about: Node
    ) -> Command:
        grammar, table = self.nodes[()].value, node.value
        options = {**everywhere, **self._options(self._in(node, "options"))}
        if grammar.get("expanding"):
            options |= _expanding(grammar["expanding"], options)
        of_program = self.commands[()].options if path else options
        search = node / "search" if "search" in table else None
        fills = node / "fills" if "fills" in table else None
        return Command(**{
            **taken(Command, table),
            "path": path,
            "options": options,
            "when": tuple(
                (_keyed(one, str(one.path[-1]).split(), options), tuple(one.value)) for one in node.items("when")
            ),
            "commands": below,
            "open": table.get("open", False) or about.value.get("open", False),
            "cwd_unknown_with": _canonical(node.items("cwd_unknown_with"), options),
            "unsets_with": _canonical(node.items("unsets_with"), options),
            "runs_in": table.get("runs_in", "") or (grammar.get("runs_in", "") if path else ""),
            "joined": {
                _keyed(one, [str(one.path[-1])], of_program)[0]: tuple(one.value) for one in node.items("joined")
            },
            "search": search and Search(**_names(search, options)),
            "fills": fills and _command_builder(fills, options),
            "remote_with": _canonical(node.items("remote_with"), options),
        })  # fmt: skip

    def _options(self, nodes: Iterable[Node]) -> dict[str, Option]:
        """The options that a list describes, by all their names."""
        options: dict[str, Option] = {}
        for node in nodes:
            option = option_of(node)
            if option.takes == "nothing" and self.nodes[()].value.get("switches"):
                option = option.replace(takes="optional", role="SWITCH")
            self.options.append((node, option))
            for name in option.names:
                if name in options:
                    raise node.fault(f"option {name} is declared twice")
                options[name] = option
        return options

    # Rules

    def _rule(self, node: Node) -> Rule:
        table = node.value
        written = table.get("command", "")
        about = [*self._in(node, "command")] if isinstance(written, list) else [node / "command"] if written else []
        paths = tuple(tuple(one.value.split()) for one in about) or ((),)
        for one, path in zip(about, paths, strict=False):
            if path not in self.commands:
                names = map(" ".join, self.commands)
                raise one.fault(f"the grammar has no command `{one.value}`: {known(one.value, names)}")
        anywhere = table.get("also", False) or table.get("overrides", False)
        called = self._only("program").value["names"]
        for one in node.items("names"):
            if one.value not in called:
                raise one.fault(f"the program is not called `{one.value}`: {known(one.value, called)}")

        def conditions(key: str) -> tuple[tuple[Condition, ...], ...]:
            return tuple(self._condition(one, paths, anywhere) for one in node.items(key))

        return Rule(**{
            **taken(Rule, table),
            "commands": paths,
            "given": conditions("if"),
            "unless": conditions("unless"),
            "excepted": tuple(one for choice in conditions("except") for one in choice),
            "refuses_kind": tuple(
                (kind, tuple(name for one in node.items("refuses_kind", kind)
                             for name in self._condition(one, paths, anywhere)[0].names))
                for kind in table.get("refuses_kind", ())
            ),
            "where": table.get("where", "").partition(" ")[::2],
            "unless_where": table.get("unless_where", "").partition(" ")[::2],
            "instead": table.get("instead", "").replace("`", ""),
            "suggests": tuple(table.get("instead", "").split("`")[1::2]),
            "examples": examples(node, "examples"),
            "misses": examples(node, "misses"),
        })  # fmt: skip

    def _nearest(self, name: str, path: CommandPath) -> Option | None:
        """The option of that name of a command, or else of what stands above it."""
        above = (self.commands[path[:length]].options for length in range(len(path), -1, -1))
        return next((options[name] for options in above if name in options), None)

    def _is_taken_back(self, name: str, paths: tuple[CommandPath, ...]) -> bool:
        """Whether it is an option that the grammar has, taken back (`--no-X`)."""
        if not name.startswith("--no-") or not self.nodes[()].value.get("negate"):
            return False
        commands = self.commands if paths == ((),) else paths
        return any(self._nearest(f"--{name[5:]}", path) or self._nearest(name, path) for path in commands)

    def _condition(self, node: Node, paths: tuple[CommandPath, ...], anywhere: bool) -> tuple[Condition, ...]:
        """`-a|--long=value`: options by any of their names, as canonical ones."""
        found = []
        for one in node.value.split("|"):
            name, _, value = one.partition("=")
            if name.startswith("$"):
                found.append(Condition((name,), value))
                continue
            found_in = [self._nearest(name, path) for path in paths]
            if anywhere and paths == ((),):
                meant = self.commands[()].options.get(name)
                of_commands = (command.options.get(name) for command in self.commands.values())
                # One of a command that takes another kind of value is another option of the same name.
                found_in += [one for one in of_commands if not (meant and one and one.role != meant.role)]
            names = tuple(dict.fromkeys(option.name for option in found_in if option))
            if self._is_taken_back(name, paths) or name in ("-NUM", UNENDED):
                names = (*names, name)
            if not names:
                raise _no_option(node, name, (one for path in paths for one in self.commands[path].options))
            if value and all(option.takes == "nothing" for option in found_in if option) and any(found_in):
                raise node.fault(f"`{name}` takes no value, so that it never is `{value}`")
            found.append(Condition(names, value))
        return tuple(found)


def _expanding(prefix: str, options: dict[str, Option]) -> dict[str, Option]:
    """Each long option that must have a value, under the name by which its value is expanded first."""
    long = (name for name, option in options.items() if option.consumes and name.startswith("--"))
    return {(name := prefix + one[2:]): Option((name,), "value", "EXPANDED") for one in long}


def _canonical(nodes: Iterable[Node], options: Mapping[str, Option]) -> tuple[str, ...]:
    """Options by any of their names, as canonical ones."""
    return tuple(name for node in nodes for name in _keyed(node, [node.value], options))


def _keyed(node: Node, names: list[str], options: Mapping[str, Option]) -> tuple[str, ...]:
    """The same for names that are the key of a value."""
    for name in names:
        if name not in options:
            raise _no_option(node, name, options)
    return tuple(options[name].name for name in names)


def _no_option(node: Node, name: str, options: Iterable[str]) -> Exception:
    return node.fault(f"this command has no option `{name}`: {known(name, options)}", of_key=True)


def _names(node: Node, options: Mapping[str, Option]) -> dict[str, tuple[str, ...]]:
    """The lists of options in a table."""
    return {key: _canonical(node.items(key), options) for key, value in node.value.items() if isinstance(value, list)}


def _command_builder(node: Node, options: Mapping[str, Option]) -> CommandBuilder:
    """How the command makes others."""
    single = tuple((_keyed(one, [str(one.path[-1])], options)[0], one.value) for one in node.items("single"))
    return CommandBuilder(**{**taken(CommandBuilder, node.value), **_names(node, options), "single": single})
