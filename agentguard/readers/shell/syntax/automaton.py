"""bashlex's grammar without what makes it slow to load: its tables are cached, and driven from here.

bashlex derives its LALR(1) tables anew whenever it is imported, which takes ten times as long as
reading a line with them. They follow from its sources alone, so its own yacc derives them once and
they are cached (see agentguard.lean.cache), by `install` in the store; the wheel brings those of one version
(see agentguard.lean.prebuilt).
"""

from __future__ import annotations

import os
import sys

from ....lean import cache
from ....lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    #: The actions of each state by token, the states to go to by symbol, and of each production its
    #: symbol, its length and its function's name.
    Tables = tuple[list[dict[str, int]], list[dict[str, int]], list[tuple[str, int, str]]]

_NAME = "bashlex"
_YACC = "bashlex.yacc"


def load() -> ModuleType:
    """The package, whose parser has the tables."""
    package = sys.modules.get("bashlex")
    if package is None:
        from types import ModuleType

        # What `bashlex.parser` calls while it is imported; the real one would load much and derive.
        yacc = sys.modules[_YACC] = ModuleType(_YACC)
        yacc.yacc = _yacc  # type: ignore[attr-defined]
        try:
            import bashlex as package  # type: ignore[no-redef]
        finally:
            if sys.modules.get(_YACC) is yacc:
                del sys.modules[_YACC]
    assert package is not None
    return package


def keep(lib: str) -> None:
    """Keep the tables for a copy of this package and of bashlex in the directory `lib`."""
    bashlex = os.path.join(lib, "bashlex")
    module = os.path.join(lib, "agentguard", "readers", "shell", "syntax", os.path.basename(__file__))
    cache.store(cache.path_for(module, _NAME), _sources(bashlex), _made(bashlex, os.path.join(lib, "agentguard")))


def shipped() -> tuple[str, Tables]:
    """What the wheel brings: the tables, after the digest of what they follow from."""
    package = os.path.dirname(load().__file__ or "")
    return _digest(package), _derived()


def _yacc(outputdir: str, debug: bool) -> Automaton:
    """Stands for bashlex.yacc.yacc."""
    tables = cache.cached(cache.path_for(__file__, _NAME), _sources(outputdir), lambda: _made(outputdir))
    return Automaton(tables, vars(sys.modules["bashlex.parser"]))


def _made(bashlex: str, copy: str = "") -> Tables:
    """The tables of the bashlex in that directory: as the wheel brings them, if they are of this one, or derived.

    `copy` is a copy of this package that the wheel's have to follow from.
    """
    from ....lean import prebuilt

    digest, tables = prebuilt.read(prebuilt.PACKAGE, copy).get(_NAME, ("", None))
    if digest == _digest(bashlex):
        return tables  # type: ignore[no-any-return]
    load()
    return _derived()


def _digest(bashlex: str) -> str:
    """Of what the tables follow from."""
    from ....lean import prebuilt

    contents = []
    for source in _sources(bashlex):
        with open(source, "rb") as file:
            contents.append((os.path.basename(source), file.read()))
    return prebuilt.digest(contents)


def _sources(package: str) -> list[str]:
    """What the tables follow from, in bashlex's own directory."""
    return [os.path.join(package, name) for name in ("parser.py", "tokenizer.py", "yacc.py")]


def _derived() -> Tables:
    """The tables as bashlex's own yacc derives them."""
    from importlib import import_module

    stand_in = sys.modules.pop(_YACC, None)
    yacc = import_module(_YACC)
    if stand_in:
        sys.modules[_YACC] = stand_in
    made = yacc.yacc(module=sys.modules["bashlex.parser"], debug=False)
    states = range(len(made.action))
    rules = [(rule.name, rule.len, rule.func or "") for rule in made.productions]
    return [made.action[i] for i in states], [made.goto.get(i, {}) for i in states], rules


# Driving them


class _Accepted(Exception):
    """The text is read, whatever follows."""


class _Symbol:
    """A symbol on the stack: a nonterminal and what its function made of it."""

    def __init__(self, type: str) -> None:
        self.type = type
        self.value: Any = None


class _Production:
    """What a grammar function of bashlex is given: its own symbol and those that it is made of."""

    def __init__(self, lexer: Any, context: Any) -> None:
        self.lexer = lexer
        self.context = context
        self.slice: list[Any] = []

    def __getitem__(self, at: int) -> Any:
        return self.slice[at].value

    def __setitem__(self, at: int, value: Any) -> None:
        self.slice[at].value = value

    def __len__(self) -> int:
        return len(self.slice)

    def lexpos(self, at: int) -> int:
        """Where a symbol begins; only tokens know."""
        return getattr(self.slice[at], "lexpos", 0)

    def endlexpos(self, at: int) -> int:
        """Where a symbol ends."""
        return getattr(self.slice[at], "endlexpos", 0)

    def lexspan(self, at: int) -> tuple[int, int]:
        """Both."""
        return self.lexpos(at), getattr(self.slice[at], "endlexpos", self.lexpos(at))

    def accept(self) -> None:
        """End the parse with this symbol; raises _Accepted."""
        raise _Accepted


class Automaton:
    """Does what bashlex.yacc.LRParser does, but for recovering from errors: bashlex raises at the first."""

    def __init__(self, tables: Tables, functions: dict[str, Any]) -> None:
        self.action, self.goto, self._rules = tables
        self._functions = functions
        #: States that reduce whatever comes next: there no token is read, because how it is read may still change.
        self._defaults = {
            state: rule
            for state, actions in enumerate(self.action)
            if len(actions) == 1 and (rule := next(iter(actions.values()))) < 0
        }

    def __copy__(self) -> Automaton:
        return self  # a parse keeps nothing here

    def parse(self, lexer: Any, context: Any) -> Any:
        """The tree of what the lexer reads; raises what bashlex's functions raise."""
        actions, goto, rules, defaults, functions = (
            self.action, self.goto, self._rules, self._defaults, self._functions,
        )  # fmt: skip
        made = _Production(lexer, context)
        state, states = 0, [0]
        symbols: list[Any] = [_Symbol("$end")]
        newline = actions[0].get("NEWLINE")
        ahead: Any = None
        type = ""
        while True:
            step = defaults.get(state)
            if step is None:
                if ahead is None:
                    ahead = lexer.token() or _Symbol("$end")
                    type = ahead.type
                step = actions[state].get(type)
                if state == 0 and type == "$end" and all(one.type == "NEWLINE" for one in symbols[1:]):
                    return symbols[-1].value  # nothing but empty lines
                if step is None:
                    ahead.lexer = lexer
                    functions["p_error"](ahead)
                    raise AssertionError("bashlex raises at the first error")
            if step > 0:
                if step != newline or state:  # empty lines at the beginning lead nowhere
                    states.append(step)
                    state = step
                symbols.append(ahead)
                ahead = None
            elif step < 0:
                name, length, function = rules[-step]
                symbol = _Symbol(name)
                made.slice = [symbol, *(symbols[-length:] if length else ())]
                if length:
                    del symbols[-length:]
                try:
                    functions[function](made)
                except _Accepted:
                    return symbol.value
                if length:
                    del states[-length:]
                symbols.append(symbol)
                state = goto[states[-1]][name]
                states.append(state)
            else:
                return symbols[-1].value
