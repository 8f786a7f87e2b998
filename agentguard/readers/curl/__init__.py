"""A call of curl: the requests that it sends, and the files of its own that it writes."""

from __future__ import annotations

from ...core.call import Argument, Call, Stream
from ...core.context import Context, content
from ...core.effect import Effect, Reading, Target
from ...core.text.encoding import decode
from ...core.unseen import Unseen
from ...core.word import Known, Unknown, known, text_of
from ...lean.typing import TYPE_CHECKING
from .. import http
from ..url import split
from . import config, files, globs, head, non_http, patterns, secrets, variables
from .request import method, request, scheme
from .transfer import Transfer, content_of, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...core.word import Word

#: How deep configuration files may name each other (curl's own limit since 8.13).
MAX_CONFIGS = 10


def read_call(call: Call, context: Context) -> Reading:
    """What a call of curl would do.

    Roles of its arguments: URL, METHOD, BODY, FORM, UPLOAD, HEADER, QUOTE, OUTPUT (where a
    download goes), LOG (any other file that it writes) and CONFIGFILE.
    """
    if call.has("--help", "--manual", "--version"):
        return Reading()
    reading = _configured(call, context)
    if reading is None:
        found = [effect for transfer in _transfers(call, context) for effect in _effects(transfer)]
        if any(effect.rating == "destructive" for effect in found):
            _look_at_files(call, context)
        reading = Reading(tuple(effect.replace(program=call.program) for effect in found))
    return reading


def _look_at_files(call: Call, context: Context) -> None:
    """Read the files that are sent, so that an approval is for what is in them now."""
    for argument in call.playing("UPLOAD", "FORM"):
        name = value(argument).guess
        if argument.role == "FORM":
            if argument.option == "--form-string" or name.partition("=")[2][:1] not in ("@", "<"):
                continue
            name = name.partition("=")[2][1:].partition(";")[0].strip('"')
        for path, _parts in globs.expand(name) or ():
            try:
                content_of(Known(path), call, context)
            except Unseen:  # the witness remembers that as well
                continue


def _transfers(call: Call, context: Context) -> list[Transfer]:
    """The call's arguments, split at every `--next` that has a URL before it."""
    parts: list[list[Argument]] = [[]]
    for argument in call.arguments:
        if argument.option == "--next":
            if any(one.role == "URL" for one in parts[-1]):
                parts.append([])
        else:
            parts[-1].append(argument)
    return [Transfer(arguments, call, context) for arguments in parts]


def _configured(call: Call, context: Context) -> Reading | None:
    """The call as its configuration files complete it; None if there are none.

    They are put in their places as words, and the call is read again; each time begins with one
    more `-q`, which keeps curl from reading its startup files and counts how deep this goes.
    """
    invocation = call.invocation
    argv = invocation.argv
    quiet = next((i for i, word in enumerate(argv[1:]) if word != Known("-q")), len(argv) - 1)
    startup: tuple[str | None, ...] = ()
    if not argv[1:] or not (argv[1].start.startswith("-q") or argv[1] == Known("--disable")):
        always = tuple(path for path, _digest in context.world.ambient((), config.STARTUP, call))
        sometimes = tuple(path for path, _digest in context.world.ambient((), config.STARTUP_OF_SOME, call))
        startup = (*always, *sometimes, *((None,) if sometimes and not always else ()))
    if not startup and not any(call.playing("CONFIGFILE", "EXPANDED")):
        return None
    if quiet > MAX_CONFIGS:
        return Reading((_unknown(call, "its configuration files are nested too deeply"),))
    reading = Reading()
    for path in startup or (None,):
        try:
            words = tuple(_words(call, context))
            if path is not None:
                data = content(Known(path), invocation.cwd, context.world)
                words = (*known(config.words(decode(data))), *words)
        except Unseen as why:
            reading += Reading((_unknown(call, f"a configuration file or a variable cannot be read: {why}"),))
            continue
        again = invocation.replace(argv=(argv[0], *known(["-q"] * (quiet + 1)), *words))
        if Known("-") in call.played("CONFIGFILE"):
            again = again.replace(stdin=Stream("known"))
        reading += context.command(again)
    return reading


def _words(call: Call, context: Context) -> Iterator[Word]:
    """The words of a call, each configuration file's in its place, its variables expanded."""
    defined: dict[str, Word] = {}
    for argument in call.arguments:
        if argument.option == "--variable":
            variables.define(text_of(value(argument)), defined, call, context)
        if argument.role == "EXPANDED":
            yield Known("--" + argument.option.removeprefix(variables.EXPANDED))
            yield value(argument).map(lambda text: variables.expand(text, defined))
        elif argument.role == "CONFIGFILE":
            yield from known(config.words(decode(content_of(value(argument), call, context))))
        elif argument.value is None:
            yield Known(argument.option)
        else:
            yield Known(argument.option or "--url")
            yield argument.value


def _effects(transfer: Transfer) -> Iterator[Effect]:
    """What one transfer sends, then what it writes."""
    yield from head.broken(transfer)
    yield from secrets.sent(transfer)
    uploads = transfer.values("UPLOAD")
    for index, url in enumerate(transfer.values("URL")):
        for upload in _uploads(transfer, uploads[index]) if index < len(uploads) else (None,):
            yield from _sent(transfer, url, upload)
    yield from _looked_up(transfer)
    yield from files.written(transfer)


def _looked_up(transfer: Transfer) -> Iterator[Effect]:
    """What the questions for a host's address would do, which --doh-url has curl send to any place by POST."""
    place = transfer.last("--doh-url")
    if isinstance(place, Unknown):
        yield _unknown(transfer.call, f"asks {place.written} by POST, which is not known before the line runs")
    elif place is not None and place.text:
        asked = http.read(http.Request("POST", place.text, body=b"\0"), transfer.context)
        yield from (effect for effect in asked if effect.rating == "destructive")


def _uploads(transfer: Transfer, file: Word) -> tuple[Word | None, ...]:
    """The files that one -T stands for; None where it sends none."""
    if isinstance(file, Unknown) or transfer.has("--globoff"):
        return (file,)
    return tuple(Known(path) if path else None for path, _ in globs.expand(file.text) or ((file.text, ()),))


def _sent(transfer: Transfer, url: Word, upload: Word | None) -> Iterator[Effect]:
    """What one URL, globs and all, would do."""
    verb = method(transfer, upload)
    unknown = [word.written for word in (verb, url) if isinstance(word, Unknown)]
    if isinstance(url, Unknown) and _only_reads(verb) and _surely_http(url):
        unknown = []
    if unknown:
        reason = f"sends a request, of which {' and '.join(unknown)} is not known before the line runs"
        yield _unknown(transfer.call, reason, "curl-unresolved")
    if isinstance(verb, Unknown):
        return
    expanded = [(url.guess, ())] if transfer.has("--globoff") else globs.expand(url.guess)
    if expanded is None and _only_reads(verb):
        first = min(at for at in map(url.guess.find, "{[") if at >= 0)
        url = Unknown(url.guess, url.written, url.guess[:first])
        expanded = []
    elif expanded is None:
        yield _unknown(transfer.call, f"{url.written} stands for more URLs than can be looked at", "curl-too-many")
        expanded = []
    if isinstance(url, Unknown):  # "$OWNER" stands for a segment, though which is not known
        expanded.append((patterns.written(url), ()))
    told: set[str] = set()
    for one, _parts in expanded:
        for effect in _sent_to(transfer, url, one, verb.text, upload):
            if unknown and (effect.rating != "destructive" or effect.verb == "unknown"):
                continue
            # Of many URLs that are read, the first stands for all.
            if effect.rating != "read" or effect.rule not in told:
                told.add(effect.rule)
                yield effect


def _sent_to(transfer: Transfer, given: Word, url: str, verb: str, upload: Word | None) -> Iterator[Effect]:
    """What one of the URLs that the `given` one stands for would do."""
    parts = split(url, scheme(transfer, url))
    if parts.scheme in ("http", "https"):
        yield from http.read(request(transfer, given, url, verb, upload), transfer.context)
    else:
        yield from non_http.effects(transfer, parts, upload)


def _only_reads(verb: Word) -> bool:
    return isinstance(verb, Known) and http.METHODS.get(verb.text.upper(), ("unknown",))[0] == "observe"


def _surely_http(url: Unknown) -> bool:
    """Whether a word whose value is not known is one URL all the same, and one of HTTP."""
    outside_quotes = "".join(url.written.split('"')[::2])
    return url.start.startswith(("http://", "https://")) and "$" not in outside_quotes and "`" not in outside_quotes


def _unknown(call: Call, reason: str, rule: str = "curl-config") -> Effect:
    return Effect("unknown", Target("call", call.program), rule=rule, program=call.program, reason=reason)
