"""Words as the shell expands them: braces, tilde, parameters, substitutions, splitting, patterns."""

from __future__ import annotations

from ...core.call import Stream
from ...core.word import Known, Unknown, Word, joined
from ...lean.typing import TYPE_CHECKING
from .arithmetic import arms, forms, substitutes
from .expressions import Expressions
from .fields import Field, grouped, matched
from .fresh import Fresh, fresh, longer
from .syntax.braces import braces
from .syntax.lexer import closing
from .syntax.parameters import mark_of, parameter, trimmed
from .syntax.quoting import Scanner
from .syntax.word_parts import Piece, Token, assignment, decimal, identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .scope import Shell

#: Variables that a shell sets by itself, again and again.
_OWN = ("_", "BASHPID", "EPOCHSECONDS", "LINENO", "OLDPWD", "RANDOM", "SECONDS", "SRANDOM")
#: Variables that are taken for unset where they are not seen: `${TMPDIR:-/tmp}`.
_PLACES = ("TMPDIR",)
#: Where links lead elsewhere in each process, and which of them lead to its directory.
OF_PROCESS = ("/proc/self", "/proc/thread-self")
_DIRECTORIES = tuple(f"{place}/{name}" for place in OF_PROCESS for name in ("cwd", "task"))
#: Operators of `${…}` with a word in place of the value.
_INSTEAD = (":-", "-", ":=", "=", ":+", "+", ":?", "?")


class Expander:
    """Expands words in a shell's present state; runs the substitutions in them."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.expressions = Expressions(shell, self)

    def fields(self, token: Token) -> list[Word]:
        """The arguments that a word becomes; one that is not known may turn out to be none, or several."""
        found = braces(token.raw)
        if found == [token.raw]:
            return self._fields(token.pieces, token.raw)
        return [field for raw in found for field in self._fields(_whole(raw).pieces, token.raw)]

    def single(self, token: Token) -> Word:
        """A word that is neither split nor matched: a value, a here-document."""
        last = len(token.pieces) - 1
        parts: list[Word] = []
        for index, piece in enumerate(token.pieces):
            home = self._home(piece, index == last) if not index else None
            parts += [_together(self._values(piece))] if home is None else (home[0], Known(home[1]))
        value = _put_together(parts)
        return value.replace(written=token.raw) if isinstance(value, Unknown) else value

    def look(self, token: Token) -> None:
        """Run the substitutions of a word whose value does not matter."""
        for piece in token.pieces:
            self._values(piece)

    def array(self, token: Token) -> Word | tuple[Word, ...]:
        """The elements of `NAME=(…)`; one Unknown if not all are known or they have keys."""
        elements = tuple(field for element in token.array or () for field in self.fields(element))
        keys = [element.raw[1:].partition("]=")[0] for element in token.array or () if element.raw.startswith("[")]
        for key in keys:
            self.expressions.evaluate(key)
        if keys or any(isinstance(element, Unknown) for element in elements):
            return Unknown(_together(elements).guess, token.raw)
        return elements

    def _fields(self, pieces: tuple[Piece, ...], written: str) -> list[Word]:
        fields = [Field()]
        for index, piece in enumerate(pieces):
            home = self._home(piece, index + 1 == len(pieces)) if not index else None
            if home is not None:
                fields[-1].add(home[0], True)
            values = self._values(piece) if home is None else [Known(home[1])]
            is_quoted = piece.quoted or piece.kind in ("process", "sink")
            for number, value in enumerate(values):
                if number:
                    fields.append(Field())
                if is_quoted or piece.kind == "text":
                    fields[-1].add(value, is_quoted)
                else:
                    self._split(fields, value)
        words = [word for field in fields if field.kept for word in matched(field, self.shell, written)]
        return [Unknown(one.guess, written) if one.guess.startswith(_DIRECTORIES) else one for one in words]

    def _split(self, fields: list[Field], value: Word) -> None:
        """What stood unquoted is split at blanks; where it may not be, only what has none is known.

        What is not known is not cut off at its own ends, so that its neighbours may belong to it.
        """
        if isinstance(value, Unknown) or not self.shell.scope.splits(value.text) or grouped(value.text):
            if isinstance(value, Fresh) and len(value.guess.split()) < 2:
                fields[-1].add(value, False)
                return
            for number, part in enumerate(value.guess.split() or [""]):
                if number:
                    fields.append(Field())
                fields[-1].add(Unknown(part, value.written), False)
            return
        if value.text[:1].isspace() and fields[-1].kept:
            fields.append(Field())
        parts = value.text.split()
        for number, part in enumerate(parts):
            if number:
                fields.append(Field())
            fields[-1].add(Known(part), False)
        if parts and value.text[-1:].isspace():
            fields.append(Field())

    # The value of a piece: one, or several that are arguments of their own

    def _values(self, piece: Piece) -> list[Word]:
        if piece.kind == "text":
            return [Known(piece.value)]
        if piece.kind == "variable":
            return self._parameter(piece)
        if piece.kind == "arithmetic":
            self.expressions.arithmetic(piece.value)
            found = decimal(piece.value.strip())
            return [Unknown("0", f"$(({piece.value}))") if found is None else Known(str(found))]
        if piece.kind == "sink":
            written = f">({piece.value})"
            self.shell.substitute(Known(piece.value), Stream("unseen", why=f"it is what is written to {written}"))
            return [Unknown("/dev/fd/63", written, "/")]
        printed = self.shell.substitute(Known(piece.value))
        if piece.kind == "process":
            return [Unknown("/dev/fd/63", f"<({piece.value})", "/")]
        if printed is None:
            return [self._fresh(piece.value)]
        return [Known(printed)]

    def _fresh(self, commands: str) -> Unknown:
        """What `$(commands)` becomes, which print what is not known."""
        scope = self.shell.scope
        directory = scope.variables.get("TMPDIR", Known(""))
        is_program = "mktemp" not in scope.functions and "mktemp" not in scope.aliases
        if is_program and isinstance(directory, Known) and directory == scope.inherited.get("TMPDIR", Known("")):
            return fresh(commands, directory.text)
        return Unknown("", f"$({commands})")

    def _home(self, piece: Piece, last: bool) -> tuple[Word, str] | None:
        """What a word that begins with `~` (or `NAME=~`) has in place of it, and the rest of its first piece."""
        text = (assignment(piece.value) or ("", "", piece.value))[2] if piece.kind == "text" else ""
        if piece.quoted or not text.startswith("~"):
            return None
        user, slash, rest = text.partition("/")
        if not slash and not last:
            return None
        home = self.shell.scope.cwd if user == "~+" else self.shell.scope.variables.get("HOME")
        if user not in ("~", "~+") or not isinstance(home, Word):
            return Unknown(piece.value, piece.value), ""
        name = piece.value.removesuffix(text)
        if name:  # dash leaves `X=~` alone
            home = Unknown(name + home.guess, piece.value, name)
        return home, slash + rest

    def prompt(self, text: Word) -> None:
        """Run the substitutions of a text that is expanded as prompts are, and that of `set -x` is."""
        if isinstance(text, Unknown):
            self.shell.substitute(text)
        else:
            for form in filter(substitutes, forms(text.text)):
                self.look(Scanner(form, closing).quoted())

    def _parameter(self, piece: Piece) -> list[Word]:
        """`$NAME` or `${…}`."""
        name, subscript, operator = parameter(piece.value)
        if piece.value[:1] in (" ", "\t", "\n", "|"):  # commands, in ksh and newer bash
            self.shell.substitute(Known(piece.value.lstrip("|")))
        elif not name and piece.value[:1] == "#":
            self.expressions.evaluate(parameter(piece.value[1:])[1])
        elif not name:  # `!NAME`, whose value names a variable
            self.expressions.evaluate(piece.value)
        elif subscript not in ("", "@", "*"):
            self.expressions.evaluate(subscript)
        if operator[:1] == ":" and operator[1:2] not in ("-", "=", "+", "?"):
            self.expressions.evaluate(operator[1:])
        counting = piece.value.startswith("#") and len(piece.value) > 1
        self.expressions.refer(name)
        if not name or counting:
            return [self._counted(piece.value[1:]) if counting else Unknown("", f"${{{piece.value}}}")]
        if name in "@*" or subscript in ("@", "*"):
            return self._several(name, subscript, operator, piece)
        value = Unknown("", f"${name}") if subscript else self._value(name)
        if operator:
            value = self._changed(name, value, operator, piece)
        return [Unknown("", f"${name}") if value is None else value]

    def _counted(self, text: str) -> Word:
        """`${#NAME}` and `${#NAME[@]}`"""
        name, subscript, _ = parameter(text)
        many = self.shell.scope.variables.get(name)
        if subscript in ("@", "*") and isinstance(many, tuple):
            return Known(str(len(many)))
        value = self._value(name) if not subscript else None
        return Known(str(len(value.text))) if isinstance(value, Known) else Unknown("0", f"${{#{text}}}")

    def _several(self, name: str, subscript: str, operator: str, piece: Piece) -> list[Word]:
        """`$@`, `${NAME[*]}` and so on: from one that may be none or several on, nobody knows which comes where."""
        scope, written = self.shell.scope, f"${{{piece.value}}}"
        many = scope.arguments if name in "@*" else scope.variables.get(name)
        if operator == "@P":
            for one in many if isinstance(many, tuple) else (Unknown("", written) if many is None else many,):
                self.prompt(one)
        if not isinstance(many, tuple) or operator:
            mark = mark_of(operator)
            self._operand(operator[len(mark) :], piece, mark)
            return [Unknown(many.guess if isinstance(many, Word) else "", written)]
        if "*" in (name, subscript) and "IFS" in scope.variables:
            return [Unknown(_together(many).guess, written)]
        if "*" in (name, subscript) and piece.quoted:
            return [_together(many)]
        known = next((at for at, one in enumerate(many) if may_be_many(one)), len(many))
        return [*many[: known + 1], *(Unknown(one.guess, written) for one in many[known + 1 :])]

    def _value(self, name: str) -> Word | None:
        """A parameter's value; None if nothing here has set it."""
        scope = self.shell.scope
        if name in _OWN:
            return None
        if name == "PWD" and not isinstance(scope.variables.get(name), Unknown):
            return scope.cwd
        if name == "#" and scope.arguments is not None:
            count = str(len(scope.arguments))
            return Unknown(count, "$#") if any(map(may_be_many, scope.arguments)) else Known(count)
        at = decimal(name.lstrip("0")) or 0
        if at and scope.arguments is not None:
            before = scope.arguments[:at]
            word = before[-1] if len(before) == at else Known("")
            return Unknown(word.guess, f"${name}") if any(map(may_be_many, before)) else word
        if not identifier(name):
            return Unknown("0", f"${name}")
        value = scope.variables.get(name)
        return next(iter(value), Known("")) if isinstance(value, tuple) else value

    def _is_missing(self, name: str) -> bool:
        """Whether a parameter is the place of an argument that is surely not given."""
        arguments, at = self.shell.scope.arguments, decimal(name.lstrip("0")) or 0
        return arguments is not None and at > len(arguments)

    def _operand(self, text: str, piece: Piece, mark: str = "") -> Word:
        """What stands behind an operator. Between double quotes single ones are none, except in a pattern."""
        if piece.quoted and mark in _INSTEAD:
            operand = self.single(Scanner(text, closing).quoted())
            is_plain = '"' not in text and "\\" not in text
        else:
            operand = self.single(_whole(text))
            is_plain = not any(char in text for char in "'\"\\")
        # what quotes do there depends on those around
        return operand if is_plain else Unknown(operand.guess, piece.value)

    def _changed(self, name: str, value: Word | None, operator: str, piece: Piece) -> Word:
        """A value with `:-WORD`, `%PATTERN` and so on applied."""
        written, known = f"${{{piece.value}}}", isinstance(value, Known)
        mark = mark_of(operator)
        operand = self._operand(operator[len(mark) :], piece, mark)
        guess = value.guess if value is not None else ""
        if mark in _INSTEAD:
            is_set = known and mark[0] != ":" and not self._is_missing(name)
            given = value if guess or is_set or isinstance(value, Fresh) else None
            if mark[-1] == "+":
                found = operand if given is not None else Known("")
            else:
                found = given if given is not None else Known(written) if mark[-1] == "?" else operand
            if not known and not (value is None and name in _PLACES):
                found = Unknown(found.guess, written)
            if mark[-1] == "=":
                if name in self.shell.scope.integers:
                    self.expressions.evaluate_word(found)
                self.shell.scope.assign(name, "=", found)
            return found
        if operator == "@P":  # as a prompt
            self.prompt(Unknown("", written) if value is None else value)
        if isinstance(value, Known) and mark in ("%", "#") and isinstance(operand, Known):
            return Known(trimmed(value.text, mark, operand.text))
        if mark == "/":  # `${NAME/PATTERN/TEXT}` may make a command of what was none
            pattern, _, instead = operator.lstrip("/#%").replace("\\", "").partition("/")
            replaced = guess.replace(pattern, instead) if pattern in guess else guess + instead
            guess = replaced if arms(replaced) else guess
        return Unknown(guess, written)


def _whole(text: str) -> Token:
    """A text that is not cut into words, such as what follows `${NAME:-`."""
    return Scanner(text, closing).whole()


def _put_together(parts: Sequence[Word]) -> Word:
    """The parts of one word."""
    if not parts or not isinstance(parts[0], Fresh):
        return joined(parts, "")
    whole: Word | None = parts[0]
    for part in parts[1:]:
        whole = None if whole is None else longer(whole, part)
    return joined(parts, "") if whole is None else whole


def _together(words: Sequence[Word]) -> Word:
    """Several words as one; if not all are known, only how the first begins is certain, for the next may be none."""
    if len(words) == 1:
        return words[0]
    value = joined(words)
    return value.replace(start=words[0].start) if isinstance(value, Unknown) else value


def may_be_many(word: Word) -> bool:
    """Whether a word that is not known may be none, or several."""
    return isinstance(word, Unknown) and not (word.written[:1] == word.written[-1:] == '"' and "@" not in word.written)


def _element(token: Token) -> tuple[str, str, Token] | None:
    """`NAME[$I]=VALUE`: an assignment, whose subscript is looked at with the value."""
    name, opened, _ = token.pieces[0].value.partition("[")
    if not opened or not name.isidentifier():
        return None
    for piece in token.pieces[1:]:
        if piece.kind == "text" and not piece.quoted and piece.value.startswith(("]=", "]+=")):
            subscript = token.raw.partition("[")[2].rpartition(piece.value)[0]
            return name, f"[{subscript}]=", Token(token.raw, token.pieces[1:])
    return None


def assigned(token: Token) -> tuple[str, str, Token] | None:
    """A word of the form `NAME=VALUE` as name, mark (`=`, `+=`, `[…]=`) and the value's token."""
    if not token.pieces or token.pieces[0].kind != "text" or token.pieces[0].quoted:
        return None
    found = assignment(token.pieces[0].value)
    if found is None:
        return _element(token)
    name, mark, rest = found
    pieces = token.pieces[1:] if not rest else (Piece("text", rest), *token.pieces[1:])
    return name, mark, Token(token.raw, pieces, token.array)
