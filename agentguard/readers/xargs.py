"""Calls of xargs(1): its command, with the words that it takes from standard input."""

from __future__ import annotations

from ..core.call import Call, Stream, Unresolved
from ..core.effect import Reading
from ..core.reading import Context

#: Options with which the words are still told from standard input alone, and all go to one command.
_PLAIN = ("--null", "--no-run-if-empty", "--verbose")


def read_call(call: Call, context: Context) -> Reading:
    """What the command does, given words that are known only if standard input is."""
    if call.has("--help", "--version"):
        return Reading()
    command = call.operands or ("echo",)
    replaced = "{}" if call.has("--replace") else ""
    replaced = call.value("-I", "--replace") or replaced
    if replaced:
        argv = tuple(_put(word, replaced) for word in command)
    else:
        argv = (*command, *_words(call))
    return context.command(call.invocation.replace(argv=argv, stdin=Stream("known")))


def _put(word: str, replaced: str) -> str:
    """A word of the command in which `replaced` stands for a line of standard input."""
    return Unresolved(word.replace(replaced, ""), word) if replaced in word else word


def _words(call: Call) -> tuple[str, ...]:
    stdin = call.invocation.stdin
    options = {argument.option for argument in call.arguments if argument.option}
    if stdin.kind == "known" and options <= set(_PLAIN):
        text = stdin.data.decode("utf-8", "surrogateescape")
        if call.has("--null"):
            return tuple(text.removesuffix("\0").split("\0")) if text else ()
        if not any(char in text for char in "'\"\\"):
            return tuple(text.split())
    return (Unresolved("", "the input of xargs"),)
