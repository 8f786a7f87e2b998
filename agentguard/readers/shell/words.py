"""Words as the shell expands them: braces, tilde, parameters, substitutions, splitting, patterns."""

from __future__ import annotations

import os.path

from ...core.call import Unresolved
from ...core.paths import could_touch
from ...core.world import Unseen
from ...lean.typing import TYPE_CHECKING
from .braces import braces
from .pieces import Piece, Word, assignment
from .quoting import GROUPING, quoted, whole

if TYPE_CHECKING:
    from typing import Protocol

    from ...core.effect import Effect
    from ...core.world import World
    from .scope import Scope

    class Shell(Protocol):
        """What the words are expanded in."""

        world: World
        scope: Scope
        ahead: list[Effect]

        def substitute(self, text: str) -> str | None:
            """Run a command substitution; what it prints, if that is known."""
else:
    Shell = object

_MAGIC = "*?[" + GROUPING
_DIGITS = "0123456789"
_IDENTIFIER = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_" + _DIGITS


class Expander:
    """Expands words in a shell's present state; runs the substitutions in them.

    A value that is not known before the text runs comes out as an Unresolved.
    """

    def __init__(self, shell: Shell) -> None:
        self.shell = shell

    def fields(self, word: Word) -> list[str]:
        """The arguments that a word becomes."""
        found = braces(word.raw)
        if found == [word.raw]:
            return self._fields(word.pieces, word.raw)
        return [field for raw in found for field in self._fields(whole(raw).pieces, word.raw)]

    def single(self, word: Word) -> str:
        """A word that is neither split nor matched: a value, a here-document."""
        text, known = "", True
        for index, piece in enumerate(word.pieces):
            values, sure = self._values(piece, index == 0, index + 1 == len(word.pieces))
            text, known = text + " ".join(values), known and sure
        return text if known else Unresolved(text, word.raw)

    def look(self, word: Word) -> None:
        """Run the substitutions of a word whose value does not matter."""
        for piece in word.pieces:
            self._values(piece, False, True)

    def array(self, word: Word) -> str | tuple[str, ...]:
        """The elements of `NAME=(…)`; one Unresolved if not all are known or they have keys."""
        elements = tuple(field for element in word.array or () for field in self.fields(element))
        if any(isinstance(e, Unresolved) for e in elements) or any(e.raw.startswith("[") for e in word.array or ()):
            return Unresolved(" ".join(elements), word.raw)
        return elements

    def _fields(self, pieces: tuple[Piece, ...], written: str) -> list[str]:
        fields = [_Field()]
        for index, piece in enumerate(pieces):
            values, known = self._values(piece, index == 0, index + 1 == len(pieces))
            literal = piece.quoted or (piece.kind == "text" and values != [piece.value])
            for number, value in enumerate(values):
                if number:
                    fields.append(_Field())
                if literal or piece.kind == "text":
                    fields[-1].add(value, literal, known)
                else:
                    self._split(fields, value, known)
        return [text for field in fields if field.kept for text in self._matched(field, written)]

    def _split(self, fields: list[_Field], value: str, known: bool) -> None:
        """What stood unquoted is split at blanks; where it may not be, only what has none is known."""
        known = known and self.shell.scope.splits(value) and not _grouped(value)
        parts = value.split()
        if value[:1].isspace() and fields[-1].kept:
            fields.append(_Field())
        for number, part in enumerate(parts):
            if number:
                fields.append(_Field())
            fields[-1].add(part, False, known)
        if not known and not parts:
            fields[-1].add("", False, False)
        if parts and value[-1:].isspace():
            fields.append(_Field())

    def _matched(self, field: _Field, written: str) -> list[str]:
        """The paths that a field with unquoted `*`, `?` or `[` matches; the field itself if none."""
        if not field.is_pattern:
            return [field.text if field.known else Unresolved(field.text, written)]
        cwd, globs = self.shell.scope.cwd, self.shell.scope.globs
        if globs == "off":
            return [field.text if field.known else Unresolved(field.text, written)]
        if isinstance(cwd, Unresolved) and not field.text.startswith("/"):
            return [Unresolved(field.text, written)]
        try:
            found, sure = list(self.shell.world.expand(field.pattern, cwd)), field.known and globs == "on"
        except Unseen:
            found, sure = [], False
        if _grouped(field.pattern):  # zsh reads those with `*` and `?` otherwise, and takes none as a mistake
            sure = sure and bool(found) and not (_grouped(field.pattern, "*?") or self.shell.scope.is_zsh)
        fixed = os.path.join(cwd, field.pattern[: next((i for i, c in enumerate(field.pattern) if c in _MAGIC), None)])
        if any(could_touch(effect, os.path.dirname(fixed)) for effect in self.shell.ahead):
            found, sure = [*found, field.text], False
        return [text if sure else Unresolved(text, written) for text in found or [field.text]]

    # The value of a piece: one text, or several that are arguments of their own

    def _values(self, piece: Piece, first: bool, last: bool) -> tuple[list[str], bool]:
        if piece.kind == "text":
            value = (assignment(piece.value) or ("", "", piece.value))[2]
            if not first or piece.quoted or not value.startswith("~"):
                return [piece.value], True
            home, known = self._tilde(value, last)
            return [piece.value.removesuffix(value) + home], known and value == piece.value  # dash leaves `X=~` alone
        if piece.kind == "variable":
            return self._parameter(piece)
        if piece.kind == "arithmetic":
            self.arithmetic(piece.value)
            number = piece.value.strip()
            known = number.isascii() and number.isdigit()
            return [number if known else "0"], known
        printed = self.shell.substitute(piece.value)
        if piece.kind == "process":
            return ["/dev/fd/63"], False
        return [printed or ""], printed is not None

    def _tilde(self, text: str, last: bool) -> tuple[str, bool]:
        user, slash, rest = text.partition("/")
        if not slash and not last:
            return text, True
        home = self.shell.scope.cwd if user == "~+" else self.shell.scope.variables.get("HOME")
        if user not in ("~", "~+") or not isinstance(home, str):
            return text, False
        return home + slash + rest, not isinstance(home, Unresolved)

    def evaluate(self, text: str) -> None:
        """Run the substitutions of an expression."""
        self.single(whole(text))
        for name in "".join(c if c in _IDENTIFIER else " " for c in text).split():
            value = self.shell.scope.variables.get(name)
            if isinstance(value, str) and substitutes(value):  # the value of a variable is an expression too
                self.single(whole(value))

    def arithmetic(self, text: str) -> None:
        """Run the substitutions of an expression, and forget the variables that it may set."""
        self.evaluate(text)
        for operator in ("==", "!=", "<=", ">="):
            text = text.replace(operator, "")
        if "=" in text or "++" in text or "--" in text:
            names = "".join(c if c in _IDENTIFIER else " " for c in text).split()
            self.shell.scope.forget(*(name for name in names if name[0] not in _DIGITS))

    def prompt(self, text: str) -> None:
        """Run the substitutions of a text that is expanded as prompts are, and that of `set -x` is."""
        if isinstance(text, Unresolved):
            self.shell.substitute(text)
        elif substitutes(text):
            self.look(quoted(text))

    def _parameter(self, piece: Piece) -> tuple[list[str], bool]:
        """`$NAME` or `${…}`."""
        name, subscript, operator = _parameter(piece.value)
        if subscript not in ("", "@", "*"):
            self.evaluate(piece.value[len(name) :])
        elif not name:
            self.single(whole(piece.value))
        counting = piece.value.startswith("#") and len(piece.value) > 1
        if not name or counting:
            counted, subscript, _ = _parameter(piece.value[1:])
            many = self.shell.scope.variables.get(counted)
            if counting and subscript in ("@", "*") and isinstance(many, tuple):
                return [str(len(many))], True
            value = self._value(counted) if not subscript else None
            if counting and isinstance(value, str) and not isinstance(value, Unresolved):
                return [str(len(value))], True
            return ["0" if counting else ""], False
        if name in "@*" or subscript in ("@", "*"):
            many = self.shell.scope.arguments if name in "@*" else self.shell.scope.variables.get(name)
            if not isinstance(many, tuple) or operator:
                self.single(whole(operator))
                return [many if isinstance(many, str) else ""], False
            joined = piece.quoted and "*" in (name, subscript)
            known = not any(isinstance(one, Unresolved) for one in many)
            if joined:
                return [" ".join(many)], known and "IFS" not in self.shell.scope.variables
            return list(many), known
        value = Unresolved("", f"${name}") if subscript else self._value(name)
        if operator:
            value = self._changed(name, value, operator, piece)
        return [value or ""], value is not None and not isinstance(value, Unresolved)

    def _value(self, name: str) -> str | None:
        """A parameter's value; None if nothing here has set it."""
        scope = self.shell.scope
        if name == "PWD":
            return scope.cwd
        if name == "#" and scope.arguments is not None:
            count = str(len(scope.arguments))
            return Unresolved(count, "$#") if any(map(_may_be_many, scope.arguments)) else count
        if name.isdigit() and name != "0" and scope.arguments is not None:
            word = (scope.arguments[int(name) - 1 :] or ("",))[0]
            return Unresolved(word, f"${name}") if any(map(_may_be_many, scope.arguments[: int(name)])) else word
        if name[:1] not in _IDENTIFIER or name.isdigit():
            return Unresolved("0", f"${name}")
        value = scope.variables.get(name)
        return (value or ("",))[0] if isinstance(value, tuple) else value

    def _changed(self, name: str, value: str | None, operator: str, piece: Piece) -> str | None:
        """A value with `:-WORD`, `%PATTERN` and so on applied."""
        known = value is not None and not isinstance(value, Unresolved)
        mark = operator[: 2 if operator[:1] == ":" else 1]
        operand = self.single(whole(operator[len(mark) :]))
        if any(char in operator for char in "'\"\\"):
            operand = Unresolved(operand, piece.value)  # what quotes do there depends on those around
        if mark in (":-", "-", ":=", "=", ":+", "+", ":?", "?"):
            given = bool(value) or (known and mark[0] != ":")
            chosen = {"-": value if given else operand, "=": value if given else operand, "+": operand if given else ""}
            found = chosen.get(mark[-1], value if given else f"${{{piece.value}}}")
            found = found if known else Unresolved(found or "", f"${{{piece.value}}}")
            if mark[-1] == "=":
                self.shell.scope.variables[name] = found or ""
            return found
        if operator == "@P":  # as a prompt
            self.prompt(Unresolved("", f"${{{piece.value}}}") if value is None else value)
        if known and mark in ("%", "#") and not isinstance(operand, Unresolved):
            return _trimmed(str(value), mark, operand)
        return Unresolved(value or "", f"${{{piece.value}}}")


class _Field:
    """An argument as it is put together; `pattern` is its text with what was quoted made literal."""

    def __init__(self) -> None:
        self.text = self.pattern = ""
        self.known = True
        self.kept = False
        self._special = ""

    @property
    def is_pattern(self) -> bool:
        """Whether it has an unquoted `*`, `?`, `[…]` or `@(…)`."""
        return (
            _grouped(self.pattern)
            or "*" in self._special
            or "?" in self._special
            or "]" in self._special.partition("[")[2]
        )

    def add(self, text: str, literal: bool, known: bool) -> None:
        self.text += text
        self.pattern += "".join("\\" + c if c in "*?[]()\\" else c for c in text) if literal else text
        self._special += "" if literal else "".join(c for c in text if c in "*?[]")
        self.known = self.known and known
        self.kept = self.kept or literal or bool(text) or not known


def _may_be_many(word: str) -> bool:
    """Whether a word that is not known may be none, or several."""
    return isinstance(word, Unresolved) and not (
        word.written[:1] == word.written[-1:] == '"' and "@" not in word.written
    )


def _grouped(pattern: str, marks: str = GROUPING) -> bool:
    """Whether a text has a pattern with alternatives, `@(…|…)`."""
    return any(f"{mark}(" in pattern for mark in marks)


def _element(word: Word) -> tuple[str, str, Word] | None:
    """`NAME[$I]=VALUE`: an assignment, whose subscript is looked at with the value."""
    name, opened, _ = word.pieces[0].value.partition("[")
    if not opened or not name.isidentifier():
        return None
    for piece in word.pieces[1:]:
        if piece.kind == "text" and not piece.quoted and piece.value.startswith(("]=", "]+=")):
            return name, "[]=", Word(word.raw, word.pieces[1:])
    return None


def substitutes(text: str) -> bool:
    """Whether a command would be run if the text were expanded."""
    return "$(" in text or "`" in text


def assigned(word: Word) -> tuple[str, str, Word] | None:
    """A word of the form `NAME=VALUE` as name, mark (`=`, `+=`, `[…]=`) and the value's word."""
    if not word.pieces or word.pieces[0].kind != "text" or word.pieces[0].quoted:
        return None
    found = assignment(word.pieces[0].value)
    if found is None:
        return _element(word)
    name, mark, rest = found
    pieces = word.pieces[1:] if not rest else (Piece("text", rest), *word.pieces[1:])
    return name, mark, Word(word.raw, pieces, word.array)


def _parameter(text: str) -> tuple[str, str, str]:
    """The inside of `${…}` as name, subscript and operator; no name for what is none (`!X`)."""
    end = 0
    if text[:1] in tuple("@*#?-$!"):
        end = 1 if len(text) == 1 or text[0] not in "#!" else 0
    elif text[:1] in tuple(_DIGITS):
        while text[end : end + 1] in tuple(_DIGITS):
            end += 1
    else:
        while text[end : end + 1] in tuple(_IDENTIFIER):
            end += 1
    name, rest = text[:end], text[end:]
    if name and rest.startswith("["):
        subscript, closed, rest = rest[1:].partition("]")
        return (name, subscript, rest) if closed else ("", "", "")
    return name, "", rest


def _trimmed(value: str, mark: str, pattern: str) -> str:
    """`${value%pattern}` or `${value#pattern}`, doubled for the longest match."""
    from fnmatch import fnmatchcase

    longest = pattern.startswith(mark)
    pattern = pattern[1:] if longest else pattern
    cuts = range(len(value) + 1)
    if mark == "#":
        ends = [cut for cut in cuts if fnmatchcase(value[:cut], pattern)]
        return value[(max if longest else min)(ends, default=0) :]
    starts = [cut for cut in cuts if fnmatchcase(value[cut:], pattern)]
    return value[: (min if longest else max)(starts, default=len(value))]
