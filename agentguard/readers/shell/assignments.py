"""Assignments: `NAME=VALUE` before a command, by itself, or as a word of `export` and its like."""

from __future__ import annotations

from ...core.effect import Effect, Target
from ...core.word import Known, Unknown, Word, known
from ...lean.typing import TYPE_CHECKING
from .arithmetic import subscript, substitutes
from .fresh import Fresh
from .syntax.braces import braces
from .syntax.word_parts import Token, assignment, identifier

if TYPE_CHECKING:
    from .interpreter import Interpreter

#: Commands whose arguments of the form NAME=VALUE are assignments.
DECLARING = ("export", "declare", "typeset", "local", "readonly")
#: Variables with texts that are expanded when a shell asks for a command, or traces one.
_PROMPTS = ("PS0", "PS1", "PS2", "PS4")
#: Arrays that say which program, or which text, a name stands for.
_PROGRAMS = ("BASH_ALIASES", "BASH_CMDS")


#: Commands whose words name variables, and by which option other commands are given the name of one.
_NAMING = (*DECLARING, "unset", "read", "mapfile", "readarray", "getopts", "let")
_NAMING_BY = {"printf": "v", "test": "v", "[": "v", "wait": "p"}


class Declared(Unknown):
    """`NAME=(…)` or `NAME=$(mktemp)` as a word of `declare`: a text that nobody knows, with a value that is."""

    value: Word | tuple[Word, ...] = ()


def value_of(shell: Interpreter, token: Token) -> Word | tuple[Word, ...]:
    """What the right side of an assignment becomes."""
    if token.array is not None:
        return shell.words.array(token)
    value = shell.words.single(token)
    if any(piece.kind == "text" and not piece.quoted and ":~" in piece.value for piece in token.pieces):
        return Unknown(value.guess, token.raw)  # a home directory, too
    return value


def declaration(shell: Interpreter, token: Token, found: tuple[str, str, Token]) -> Word:
    """The argument that `NAME=VALUE` becomes after `export` and its like, where the value is not split."""
    name, mark, right = found
    value = value_of(shell, right)
    if len(braces(token.raw)) > 1:  # assigned one after the other
        value = Unknown("", token.raw)
    if isinstance(value, tuple | Fresh):
        return Declared(name + mark, token.raw, name + mark, value)
    word = name + mark + value
    return word.replace(written=token.raw) if isinstance(word, Unknown) else word


def assign(shell: Interpreter, name: str, mark: str, value: Word | tuple[Word, ...]) -> None:
    """Give a variable a value, with what the shell runs for it: a subscript, an expression, a prompt."""
    if mark[:1] == "[":
        shell.words.expressions.evaluate(mark[1 : mark.rindex("]")])
    words = (value,) if isinstance(value, Word) else value
    if name in shell.scope.integers:
        for word in words:
            shell.words.expressions.evaluate_word(word)
    if name in shell.scope.references:  # its value may be the first, which is the name that it stands for
        shell.words.expressions.refer(name)
        refer(shell, name, *words)
    if name in _PROGRAMS:
        reason = f"makes names stand for other programs by {name}, so that what follows cannot be told"
        shell.tell(Effect("unknown", Target("call", name), rule="sh-other-program", program="sh", reason=reason))
    _runs(shell, name, value)
    shell.scope.assign(name, mark, value)


def declare(shell: Interpreter, word: Word) -> None:
    """Make the assignment that an argument of `export` and its like is; `NAME` alone is none."""
    found = assignment(word.start)
    if found is None:
        return
    name, mark, text = found
    value: Word | tuple[Word, ...] = word.cut(len(name + mark))
    if isinstance(word, Declared):
        value = word.value
    elif text.startswith("("):  # `declare -a "A=(…)"` makes an array of it
        shell.words.expressions.evaluate(text)
        value = Unknown("", word.written)
    assign(shell, name, mark, value)


def named(word: Word) -> str | None:
    """The variable that an argument names (`A`, `A[0]`, `A=1`), "" if it names none; None if nobody knows which."""
    name = identifier(word.start)
    is_whole = isinstance(word, Known) or word.start[len(name) :][:1] in ("[", "=", "+")
    return name if is_whole else None


def refer(shell: Interpreter, name: str, *values: Word) -> None:
    """`declare -n NAME=VALUE`: with each use of NAME a subscript in the value is evaluated."""
    texts = (shell.scope.references.get(name, ""), *(value.guess for value in values))
    shell.scope.references[name] = " ".join(dict.fromkeys(text for text in texts if text))
    shell.words.expressions.refer(name)


def name_variables(shell: Interpreter, argv: tuple[Word, ...]) -> None:
    """Run what stands in the subscripts of the variables that the words of a command name."""
    command = argv[0].guess
    letter = _NAMING_BY.get(command, "")
    if command not in _NAMING and not letter:
        return
    for at, word in enumerate(argv[1:]):
        text = word.guess
        named_by = (one.guess for one in (argv[at], word) if one.guess[:1] == "-")
        is_name = not letter or any(letter in option for option in named_by)
        is_whole = text[-1:] == "]" and identifier(text.lstrip("-"))
        if is_name and subscript(text) and (is_whole or substitutes(text)):
            shell.words.expressions.evaluate_word(word, subscript(text))


def _runs(shell: Interpreter, name: str, value: Word | tuple[Word, ...]) -> None:
    """What a variable makes a shell run, before it asks for the next command or traces one."""
    if name in _PROMPTS and isinstance(value, Word):
        traces = name == "PS4"  # of the others, what is not known is mostly the prompt that there was before
        shell.words.prompt(value if traces else Known(value.guess))
    if name == "PROMPT_COMMAND":
        for text in (value,) if isinstance(value, Word) else value:
            shell.add(shell.context.text("shell", text, shell.invocation(known(("bash",)))))
