"""What a person is shown before they answer: the same words in a prompt, a list and the digest."""

from __future__ import annotations

from ..core.call import Invocation
from ..core.caller import Origin
from ..core.effect import Rating, Reading, Reason
from ..core.text.redact import masked, masked_text
from ..core.word import text_of
from ..lean.value import Value
from ..policy.denials import changes
from ..policy.settings import WORD, Policy, named

#: How many targets are listed by name before the rest is only counted.
SHOWN_TARGETS = 20


class Sheet(Value):
    """One call, as put to a person. All text is masked (no secrets) and raw (not yet made printable).

    `word` is what a person types to let it run, `factor` says whether they must also prove themselves
    by a factor. `earlier` are denials of calls that aimed at the same things, a line each.
    """

    program: str
    argv: tuple[str, ...]
    cwd: str
    real: str
    rating: Rating
    catastrophic: str
    reasons: tuple[Reason, ...]
    targets: tuple[str, ...]
    environment: str
    session: str
    agent: str
    word: str = WORD
    factor: bool = False
    earlier: tuple[str, ...] = ()


def sheet(
    call: Invocation,
    reading: Reading,
    origin: Origin,
    real: str,
    policy: Policy,
    factor: bool = False,
    earlier: tuple[str, ...] = (),
) -> Sheet:
    """Everything a person needs to judge this call; `factor` says whether they have one to prove themselves by."""
    hit = [e for e in reading.effects if e.rating == "destructive"] or (list(changes(reading)) if earlier else [])
    targets = tuple(dict.fromkeys(f"{e.target.kind} {named(e.target)}" for e in hit if e.target.name))
    if len(targets) > SHOWN_TARGETS:
        targets = (*targets[:SHOWN_TARGETS], f"… and {len(targets) - SHOWN_TARGETS} more")
    places = (f"{e.environment.name} ({e.environment.evidence})" for e in hit if e.environment.evidence)
    return Sheet(
        program=call.name,
        argv=masked(call.texts),
        cwd=text_of(call.cwd),
        real=real,
        rating=reading.rating,
        catastrophic=masked_text(reading.catastrophic),
        reasons=tuple(r.replace(text=masked_text(r.text)) for r in reading.reasons),
        targets=targets,
        environment=masked_text(next(places, "")),
        session=origin.session.name,
        agent=origin.agent,
        word=policy.word(reading),
        factor=factor and policy.wants_factor(reading, bool(earlier)),
        earlier=earlier,
    )


def printable(text: str) -> str:
    """`text` with everything that a terminal would obey shown as an escape, undecodable bytes too."""
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if 0x80 <= code <= 0xFF:  # a character, and no byte of that number
        return f"\\u{code:04x}"
    return char.encode("unicode_escape").decode("ascii")


def quoted(argv: tuple[str, ...]) -> str:
    """`argv` as one line that a shell would split into the same words, printable."""
    return " ".join(_quoted(word) for word in argv)


def _quoted(word: str) -> str:
    if word and all(c.isalnum() or c in "@%+=:,./-_" for c in word) and word.isascii():
        return word
    shown = printable(word)
    if shown != word:
        return "$'" + printable(word.replace("\\", "\\\\").replace("'", "\\'")) + "'"
    return "'" + word.replace("'", "'\"'\"'") + "'"


def lines(sheet: Sheet) -> tuple[tuple[str, str], ...]:
    """The sheet as labelled lines, printable; a label may repeat as "" for further lines."""
    told: list[tuple[str, str]] = [("command", quoted(sheet.argv)), ("in", printable(sheet.cwd))]
    rating = sheet.rating + (f", catastrophic: {sheet.catastrophic}" if sheet.catastrophic else "")
    told.append(("rated", printable(rating)))
    for reason in sheet.reasons:
        told.append(("because", printable(f"{reason.text} [{reason.rule}]")))
    told += [("hits" if i == 0 else "", printable(name)) for i, name in enumerate(sheet.targets)]
    if sheet.environment:
        told.append(("where", printable(sheet.environment)))
    for instead in dict.fromkeys(r.instead for r in sheet.reasons if r.instead):
        told.append(("safer", printable(instead)))
    told += [("earlier" if i == 0 else "", printable(denial)) for i, denial in enumerate(sheet.earlier)]
    told.append(("runs", printable(sheet.real)))
    told.append(("asked by", printable(f"{sheet.agent or 'a program'}, session {sheet.session}")))
    return tuple(told)


def further(sheets: tuple[Sheet, ...]) -> tuple[tuple[str, str], ...]:
    """What one answer decides beside the first of these, as `lines`: of each its command, and what else differs."""
    if len(sheets) == 1:
        return ()
    told = [("", ""), ("and", f"{len(sheets) - 1} more of the same caller, answered together:")]
    known = set(lines(sheets[0]))
    for place, sheet in enumerate(sheets[1:], 2):
        command, *more = lines(sheet)
        told.append((f"{place:>6}", command[1]))
        told += [line for line in more if line not in known and line[0] not in ("because", "safer")]
    return tuple(told)
