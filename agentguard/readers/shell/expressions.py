"""Evaluates expressions in a shell's present state: runs the commands that may stand in them."""

from __future__ import annotations

from ...core.word import Unknown, Word
from ...lean.typing import TYPE_CHECKING
from .arithmetic import arms, assigns, forms, is_brought, names, subscript, substitutes, unseen
from .syntax.lexer import closing
from .syntax.quoting import Scanner

if TYPE_CHECKING:
    from typing import Protocol

    from .scope import Shell
    from .syntax.word_parts import Token

    class Words(Protocol):
        """What expands the words of an expression."""

        def single(self, token: Token) -> Word:
            """A word that is neither split nor matched."""

        def look(self, token: Token) -> None:
            """Run the substitutions of a word whose value does not matter."""


class Expressions:
    """What a shell does where it takes a text for an expression."""

    def __init__(self, shell: Shell, words: Words) -> None:
        self._shell = shell
        self._words = words

    def evaluate(self, text: str) -> None:
        """Run what an expression runs; single quotes are none there."""
        if not text.isdecimal():
            token = Scanner(text, closing).quoted()
            for piece in token.pieces:
                if piece.kind == "command":
                    self._doubt(Unknown("", f"$({piece.value})"))
            expression = self._words.single(token)
            if arms(expression.guess):
                self._doubt(expression)
            seen = {""}
            for part in (expression.guess, text):
                self._evaluate(part, seen)
            if isinstance(expression, Unknown):
                self._evaluate_any(seen)

    def evaluate_word(self, word: Word, text: str | None = None) -> None:
        """Run what a word, or a text in it, runs that is evaluated; what is not known may name any variable."""
        self._doubt(word)
        self.evaluate(word.guess if text is None else text)
        if isinstance(word, Unknown):
            self._evaluate_any({""})

    def refer(self, name: str) -> None:
        """Run what the use of a variable runs that stands for another one: a subscript."""
        self.evaluate(subscript(self._shell.scope.references.get(name, "")))

    def _doubt(self, value: Word) -> None:
        """Say that a value which is evaluated cannot be known, if it is what somebody else wrote."""
        if isinstance(value, Unknown) and (is_brought(value) or arms(value.guess)):
            self._shell.tell(unseen(value))

    def _evaluate(self, text: str, seen: set[str]) -> None:
        for form in forms(text):
            if substitutes(form) and form not in seen:
                seen.add(form)
                self._words.look(Scanner(form, closing).quoted())
        scope = self._shell.scope
        for name in set(names(text)) - seen:
            seen.add(name)
            value = scope.variables.get(name, ())
            for word in (value,) if isinstance(value, Word) else value:
                self._doubt(word)
                self._evaluate(word.guess, seen)
                if isinstance(word, Unknown):
                    self._evaluate_any(seen)
            self._evaluate(scope.references.get(name, ""), seen)

    def _evaluate_any(self, seen: set[str]) -> None:
        """Run what any variable or argument runs that the text itself has set."""
        scope = self._shell.scope
        own = {name: value for name, value in scope.variables.items() if value is not scope.inherited.get(name)}
        for name, value in {**own, "@": scope.arguments or ()}.items():
            for word in (value,) if isinstance(value, Word) else value:
                if name not in seen and arms(word.guess):
                    self._evaluate(word.guess, seen)

    def arithmetic(self, text: str) -> None:
        """Run what an expression runs, and forget the variables that it may set."""
        self.evaluate(text)
        if assigns(text):
            self._shell.scope.forget(*names(text))
