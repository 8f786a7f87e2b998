"""A parsed rule file as values, with every fault named by file, rule and what is wrong with it.

This half knows nothing of TOML, so that a shim can build a program from what `install` compiled.
"""

from __future__ import annotations

from ..core.call import UNENDED
from ..core.effect import RATINGS, RECOVERIES, VERBS
from ..errors import RuleError
from ..lean.typing import TYPE_CHECKING
from .model import Command, Condition, Example, Filling, Grammar, Option, Plain, Program, Rule, Search

if TYPE_CHECKING:
    from typing import Any

_PROGRAM = {
    "names": list,
    "guarded": bool,
    "open": bool,
    "reads": str,
    "aliases": str,
    "packages": list,
    "linked": str,
    "variables": list,
    "files": list,
}
_GRAMMAR = {
    "abbreviate": bool, "negate": bool, "permute": bool, "long": str, "assign": bool, "digits": bool,
    "bundled": bool, "contents": bool,
    "everywhere": list, "expanding": str, "options": list, "operands": list, "inherit": bool, "stdin": str,
    "when": dict, "elsewhere": list, "forgets": list, "remote": bool, "unshimmed": bool, "runs_in": str,
    "absent": dict, "joined": dict, "search": dict, "fills": dict, "abroad": list,
}  # fmt: skip
_COMMAND = {
    "aliases": list, "options": list, "operands": list, "inherit": bool, "open": bool, "reads": str, "stdin": str,
    "when": dict, "elsewhere": list, "forgets": list, "remote": bool, "unshimmed": bool, "runs_in": str,
    "absent": dict, "joined": dict, "search": dict, "fills": dict, "abroad": list,
}  # fmt: skip
_SEARCH = {
    "named": list,
    "acts": list,
    "either": list,
    "group": list,
    "denies": list,
    "prints": list,
    "null": list,
    "tells": list,
}
_FILLS = {
    "joins": bool, "marks": list, "null": list, "delimiters": list, "files": list, "single": dict, "grouped": list,
    "quotes": list, "pipes": list, "idle": list, "nonempty": list, "plain": list,
}  # fmt: skip
_RULE = {
    "id": str, "command": (str, list), "if": list, "ordered": bool, "unless": list, "except": list,
    "operands": str, "operand": list, "argument": dict, "where": str,
    "effect": str, "target": str, "on": str, "follow": bool, "lands": bool, "away": bool,
    "spares": dict, "asks": str, "despite": list, "carries": str,
    "recoverable_by": str, "environment": str, "catastrophic": str,
    "adds": bool, "wins": bool, "open": bool, "reason": str, "instead": str, "examples": list, "misses": list,
}  # fmt: skip
_EXAMPLE = {"run": (str, list), "rating": str, "given": dict, "catastrophic": bool}
_PLAIN = {
    "absent": list, "values": dict, "options": list, "needed": list, "operands": list, "refused": list, "upward": str,
    "settings": dict, "settles": dict,
}  # fmt: skip
_ENVIRONMENTS = ("", "production", "staging", "local")


def build(raw: dict[str, Any], file: str) -> Program:
    """The program that one rule file teaches; raises RuleError."""
    return _Builder(file).program(raw)


class Tables:
    """The tables of one file, checked as they are read; `where` is the part of it that is being read."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.where = ""

    def fail(self, fault: str) -> RuleError:
        """The error to raise, with the place where it is."""
        return RuleError(
            f"{self.file}: {self.where}{': ' if self.where else ''}{fault}", "docs/rules.md has the format"
        )

    def fields(self, raw: object, known: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
        """`raw` as a table with known keys of the right types."""
        if not isinstance(raw, dict):
            raise self.fail("must be a table")
        for key, value in raw.items():
            if key not in known:
                raise self.fail(f"unknown key `{key}` (known: {', '.join(known)})")
            if not isinstance(value, known[key]):
                raise self.fail(f"`{key}` has the wrong type")
            if isinstance(value, list) and key not in ("run", "examples", "misses") and not _all_text(value):
                raise self.fail(f"`{key}` must hold only text")
        for key in required:
            if not raw.get(key):
                raise self.fail(f"`{key}` is missing")
        return raw

    def effect(self, table: dict[str, Any]) -> dict[str, Any]:
        """A rule's table, once what it says of its effect is known to mean something."""
        if table["effect"] not in VERBS:
            raise self.fail(f"effect `{table['effect']}` is none of {', '.join(VERBS)}")
        if table.get("recoverable_by", "") not in RECOVERIES:
            raise self.fail(
                f"recoverable_by `{table['recoverable_by']}` is none of {', '.join(filter(None, RECOVERIES))}"
            )
        return table

    def examples(self, table: dict[str, Any], key: str) -> tuple[Example, ...]:
        """A rule's examples, or its near misses."""
        examples = []
        for raw in table.get(key, ()):
            one = self.fields(raw, _EXAMPLE, ("run", "rating"))
            if one["rating"] not in RATINGS:
                raise self.fail(f"{key}: rating `{one['rating']}` is none of {', '.join(RATINGS)}")
            run = one["run"] if isinstance(one["run"], str) else tuple(one["run"])
            examples.append(Example(run, one["rating"], one.get("given", {}), one.get("catastrophic", False)))
        return tuple(examples)


class _Builder(Tables):
    def program(self, raw: dict[str, Any]) -> Program:
        unknown = set(raw) - {"program", "grammar", "command", "plain", "rule"}
        if unknown:
            raise self.fail(f"unknown key `{min(unknown)}`")
        self.where = "[program]"
        about = self.fields(raw.get("program"), _PROGRAM, ("names",))
        self.where = "[grammar]"
        grammar = self.fields(raw.get("grammar", {}), _GRAMMAR)
        style = {key: grammar[key] for key in Grammar._fields if key in grammar}
        commands = self.commands(raw.get("command", {}), grammar, about)
        program = Program(
            name=about["names"][0],
            names=tuple(about["names"]),
            grammar=Grammar(**style),
            commands=commands,
            rules=(),
            guarded=about.get("guarded", False),
            open=about.get("open", False),
            reads=about.get("reads", ""),
            aliases=about.get("aliases", ""),
            packages=tuple(about.get("packages", ())),
            linked=about.get("linked", ""),
            variables=tuple(about.get("variables", ())),
            files=tuple(about.get("files", ())),
            plain=self.plain(raw.get("plain", {})),
        )
        self.where = ""
        rules = raw.get("rule", [])
        if not isinstance(rules, list) or not rules:
            raise self.fail("it has no [[rule]]")
        return program.replace(rules=tuple(self.rule(one, number, program) for number, one in enumerate(rules, 1)))

    def plain(self, raw: object) -> Plain:
        """What a shim of this program may take for granted."""
        self.where = "[plain]"
        table = self.fields(raw, _PLAIN)
        for key in ("values", "settings", "settles"):
            for name, texts in table.get(key, {}).items():
                if not isinstance(texts, list) or not _all_text(texts):
                    raise self.fail(f"`{key}.{name}` must be a list of texts")
        frozen: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
        }
        for key in ("values", "settings", "settles"):
            frozen[key] = {name: tuple(texts) for name, texts in table.get(key, {}).items()}
        return Plain(**frozen)

    # Grammar

    def commands(self, raw: object, grammar: dict[str, Any], about: dict[str, Any]) -> dict[tuple[str, ...], Command]:
        """Every command by its path; the program itself is ()."""
        if not isinstance(raw, dict):
            raise self.fail("`command` must hold tables")
        tables: dict[tuple[str, ...], dict[str, Any]] = {(): grammar}
        for written, table in raw.items():
            self.where = f"[command.{written}]"
            tables[tuple(written.split())] = self.fields(table, _COMMAND)
        below: dict[tuple[str, ...], dict[str, str]] = {path: {} for path in tables}
        for path, table in tables.items():
            if not path:
                continue
            self.where = f"[command.{' '.join(path)}]"
            if path[:-1] not in below:
                raise self.fail(f'there is no [command."{" ".join(path[:-1])}"] above it')
            for name in (path[-1], *table.get("aliases", ())):
                if below[path[:-1]].setdefault(name, path[-1]) != path[-1]:
                    raise self.fail(f"`{name}` is also a name of {below[path[:-1]][name]}")
        self.where = "[grammar]"
        everywhere = self.options(grammar.get("everywhere", ()))
        commands = {}
        for path, table in tables.items():
            self.where = f"[command.{' '.join(path)}]" if path else "[grammar]"
            options = {**everywhere, **self.options(table.get("options", ()))}
            if grammar.get("expanding"):
                options |= self.expanding(grammar["expanding"], options)
            commands[path] = Command(
                path=path,
                options=options,
                operands=tuple(table.get("operands", ())),
                when=tuple(
                    (self.known(given.split(), options), tuple(roles)) for given, roles in table.get("when", {}).items()
                ),
                commands=below[path],
                inherit=table.get("inherit", False),
                open=table.get("open", False) or about.get("open", False),
                reads=table.get("reads", ""),
                stdin=table.get("stdin", ""),
                elsewhere=self.known(table.get("elsewhere", []), options),
                forgets=tuple(table.get("forgets", ())),
                remote=table.get("remote", False),
                unshimmed=table.get("unshimmed", False),
                runs_in=table.get("runs_in", "") or (grammar.get("runs_in", "") if path else ""),
                absent=table.get("absent", {}),
                joined={
                    self.known([name], {**self.options(grammar.get("options", ())), **options})[0]: tuple(roles)
                    for name, roles in table.get("joined", {}).items()
                },
                search=self.search(table.get("search"), options),
                fills=self.fills(table.get("fills"), options),
                abroad=self.known(table.get("abroad", []), options),
            )
        return commands

    def search(self, table: object, options: dict[str, Option]) -> Search | None:
        """How what is found is narrowed, if the command searches."""
        if table is None:
            return None
        about = self.fields(table, _SEARCH, ("named", "acts"))
        return Search(**{key: self.known(names, options) for key, names in about.items()})

    def fills(self, table: object, options: dict[str, Option]) -> Filling | None:
        """How the command makes others, if it does."""
        if table is None:
            return None
        about = self.fields(table, _FILLS)
        single = tuple((self.known([name], options)[0], value) for name, value in about.pop("single", {}).items())
        joins = about.pop("joins", False)
        return Filling(joins=joins, single=single, **{key: self.known(names, options) for key, names in about.items()})

    def options(self, written: list[str]) -> dict[str, Option]:
        options: dict[str, Option] = {}
        for text in written:
            option = self.option(text)
            for name in option.names:
                if name in options:
                    raise self.fail(f"option {name} is declared twice")
                options[name] = option
        return options

    def expanding(self, prefix: str, options: dict[str, Option]) -> dict[str, Option]:
        """Each long option that must have a value, under the name by which its value is expanded first."""
        long = (name for name, option in options.items() if option.consumes and name.startswith("--"))
        return {(name := prefix + one[2:]): Option((name,), "value", "EXPANDED") for one in long}

    def known(self, names: list[str], options: dict[str, Option]) -> tuple[str, ...]:
        """Options by any of their names, as canonical ones."""
        for name in names:
            if name not in options:
                raise self.fail(f"option `{name}` is not in the grammar of this command")
        return tuple(options[name].name for name in names)

    def option(self, text: str) -> Option:
        """`-o, --output FILE`, `--merged [COMMIT]`, `--color[=WHEN]`, `of=FILE`: names, then what the value is."""
        *names, last = text.split(", ")
        takes, role = "nothing", ""
        if last.endswith("]") and "[=" in last:
            last, _, role = last[:-1].partition("[=")
            takes = "optional"
        elif last.endswith("]") and " [" in last:
            last, _, role = last[:-1].partition(" [")
            takes = "next"
        elif " " in last or "=" in last:
            last, _, role = last.partition(" " if " " in last else "=")
            takes = "value"
        if role == "ARGV;":
            takes, role = "command", "ARGV"
        names.append(last)
        for name in names:
            is_assigned = text == f"{name}={role}"
            if not name or " " in name or (name[0].isalnum() and not is_assigned) or name in ("--", "+"):
                raise self.fail(f"option `{text}` is not written as in a manual")
        return Option(tuple(names), takes, role)  # type: ignore[arg-type]

    # Rules

    def rule(self, raw: object, number: int, program: Program) -> Rule:
        self.where = f"rule {number}"
        if isinstance(raw, dict) and isinstance(raw.get("id"), str) and raw["id"]:
            self.where = f"rule {raw['id']}"
        table = self.effect(self.fields(raw, _RULE, ("id", "effect", "reason")))
        if table.get("environment", "") not in _ENVIRONMENTS:
            raise self.fail(f"environment `{table['environment']}` is none of {', '.join(filter(None, _ENVIRONMENTS))}")
        if table.get("operands", "") and not table["operands"].lstrip("<>=").isdigit():
            raise self.fail(f"operands `{table['operands']}` is not a count such as 0, >=1 or <=2")
        written = table.get("command", "")
        paths = tuple(tuple(one.split()) for one in ([written] if isinstance(written, str) else written))
        for path in paths:
            if path not in program.commands:
                raise self.fail(f"there is no command `{' '.join(path)}` in the grammar")
        anywhere = table.get("adds", False) or table.get("wins", False)
        return Rule(
            id=table["id"],
            commands=paths,
            effect=table["effect"],
            reason=table["reason"],
            instead=table.get("instead", ""),
            given=tuple(self.condition(text, paths, program, anywhere) for text in table.get("if", ())),
            ordered=table.get("ordered", False),
            unless=tuple(self.condition(text, paths, program, anywhere) for text in table.get("unless", ())),
            excepted=tuple(
                one for text in table.get("except", ()) for one in self.condition(text, paths, program, anywhere)
            ),
            operands=table.get("operands", ""),
            operand=tuple(table.get("operand", ())),
            argument={role: tuple(globs) for role, globs in table.get("argument", {}).items()},
            target=table.get("target", ""),
            on=table.get("on", ""),
            spares=tuple(
                (kind, tuple(name for one in unless for name in self.condition(one, paths, program, anywhere)[0].names))
                for kind, unless in table.get("spares", {}).items()
            ),
            follow=table.get("follow"),
            lands=table.get("lands", False),
            away=table.get("away", False),
            asks=table.get("asks", ""),
            despite=tuple(table.get("despite", ())),
            where=table.get("where", "").partition(" ")[::2],
            carries=table.get("carries", ""),
            recoverable_by=table.get("recoverable_by", ""),
            environment=table.get("environment", ""),
            catastrophic=table.get("catastrophic", ""),
            adds=table.get("adds", False),
            wins=table.get("wins", False),
            open=table.get("open", False),
            examples=self.examples(table, "examples"),
            misses=self.examples(table, "misses"),
        )

    def nearest(self, name: str, path: tuple[str, ...], program: Program) -> Option | None:
        """The option of that name of a command, or else of what stands above it."""
        above = (program.commands[path[:length]].options for length in range(len(path), -1, -1))
        return next((options[name] for options in above if name in options), None)

    def condition(
        self, text: str, paths: tuple[tuple[str, ...], ...], program: Program, anywhere: bool
    ) -> tuple[Condition, ...]:
        """`-a|--long=value`: options by any of their names, as canonical ones."""
        found = []
        for one in text.split("|"):
            name, _, value = one.partition("=")
            if name.startswith("$"):
                found.append(Condition((name,), value))
                continue
            found_in = [self.nearest(name, path, program) for path in paths]
            if anywhere and paths == ((),):
                meant = program.commands[()].options.get(name)
                of_commands = (command.options.get(name) for command in program.commands.values())
                # One of a command that takes another kind of value is another option of the same name.
                found_in += [one for one in of_commands if not (meant and one and one.role != meant.role)]
            names = tuple(dict.fromkeys(option.name for option in found_in if option))
            if name.startswith("--no-") or name in ("-NUM", UNENDED):
                names = (*names, name)
            if not names:
                raise self.fail(f"option `{name}` is not in the grammar of this command")
            found.append(Condition(names, value))
        return tuple(found)


def _all_text(values: list[object]) -> bool:
    return all(isinstance(value, str) for value in values)
