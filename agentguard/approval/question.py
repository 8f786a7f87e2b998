"""The question that a person is asked about a call: the same text in a prompt, a list and the digest."""

from __future__ import annotations

from ..core.call import Invocation
from ..core.caller import Origin
from ..core.effect import Rating, Reading, Reason
from ..core.text.deceptive import deceptive, described
from ..core.text.redact import masked, masked_text
from ..lean.value import Value
from ..policy.denials import changes
from ..policy.settings import WORD, Policy, named
from .hits import gathered

#: How much of one value is shown before all of it is, in characters; a longer one loses its middle there, and says so.
SHOWN = 2000
#: How many different characters that deceive are named.
NAMED_CHARACTERS = 40


class Question(Value):
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


def question_for(
    call: Invocation,
    reading: Reading,
    origin: Origin,
    real: str,
    policy: Policy,
    factor: bool = False,
    earlier: tuple[str, ...] = (),
) -> Question:
    """Everything a person needs to judge this call; `factor` says whether they have one to prove themselves by."""
    hit = [e for e in reading.effects if e.rating == "destructive"] or (list(changes(reading)) if earlier else [])
    hit.sort(key=lambda e: not e.catastrophic)
    targets = tuple(dict.fromkeys(f"{e.thing} {named(e.target)}" for e in hit if e.target.name))
    places = (f"{e.environment.name} ({e.environment.evidence})" for e in hit if e.environment.evidence)
    return Question(
        program=call.name,
        argv=masked(call.texts),
        cwd=call.cwd.guess,
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
    """`text` with what a terminal would obey, a person would not see or take for something else shown as an escape."""
    if text.isascii() and text.isprintable():
        return text
    hidden = deceptive(text)
    return "".join(c if c.isprintable() and place not in hidden else _escape(c) for place, c in enumerate(text))


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


def lines(question: Question, by: str = "") -> tuple[tuple[str, str], ...]:
    """The question as labelled lines, printable; a label may repeat as "" for further lines.

    `by` is who asks, where more is known than the question says. What is long is shortened, so that all of this is
    seen at once: `in_full` has the rest.
    """
    told: list[tuple[str, str]] = [("command", cut(quoted(question.argv))), ("in", printable(question.cwd))]
    rating = question.rating + (f", catastrophic: {question.catastrophic}" if question.catastrophic else "")
    told.append(("rated", printable(rating)))
    for reason in question.reasons:
        told.append(("because", printable(f"{reason.text} [{reason.rule}]")))
    told += [("hits" if i == 0 else "", printable(name)) for i, name in enumerate(gathered(question.targets))]
    if question.environment:
        told.append(("where", printable(question.environment)))
    for instead in dict.fromkeys(r.instead for r in question.reasons if r.instead):
        told.append(("safer", printable(instead)))
    told += [("earlier" if i == 0 else "", printable(denial)) for i, denial in enumerate(question.earlier)]
    told.append(("runs", printable(question.real)))
    told.append(("asked by", printable(by or asker(question))))
    told += [("" if i else "letters", name) for i, name in enumerate(_characters(question))]
    return tuple(told)


def asker(question: Question) -> str:
    """Who asks, as far as the question itself says it."""
    return f"{question.agent or 'a program'}, session {question.session}"


def in_full(questions: tuple[Question, ...]) -> tuple[tuple[str, str], ...]:
    """What `lines` and `further` have shortened: whole commands, and each of the things that they would hit."""
    told: list[tuple[str, str]] = []
    for number, question in enumerate(questions, 1):
        command, hits = quoted(question.argv), question.targets
        which = f" of {number}" if len(questions) > 1 else ""
        if cut(command) != command:
            told += [("", ""), (f"all{which}", command)]
        if gathered(hits) != hits:
            each = ((f"{place:>6}", printable(name)) for place, name in enumerate(hits, 1))
            told += [("", ""), (f"hits{which}", f"{len(hits)} in all:"), *each]
    return tuple(told)


def cut(value: str, most: int = SHOWN) -> str:
    """`value`, without its middle where it has more characters than that."""
    if len(value) <= most:
        return value
    half = most // 2
    return f"{value[:half]} …[{len(value) - 2 * half} characters not shown]… {value[-half:]}"


def _characters(question: Question) -> tuple[str, ...]:
    """What there is of characters that deceive, each by its name."""
    texts = (*question.argv, question.cwd, question.real, *question.targets)
    found = dict.fromkeys(text[place] for text in texts for place in sorted(deceptive(text)))
    names = tuple(described(char) for char in tuple(found)[:NAMED_CHARACTERS])
    return names if len(found) <= len(names) else (*names, f"and {len(found) - len(names)} more")


def phrase(questions: tuple[Question, ...]) -> str:
    """What a person types to let these calls run: "DELETE", or "DELETE 3" for three of them."""
    word = questions[0].word
    return word if len(questions) == 1 else f"{word} {len(questions)}"


def further(questions: tuple[Question, ...]) -> tuple[tuple[str, str], ...]:
    """The other calls that one answer decides, as `lines`: the command of each, and what differs from the first."""
    if len(questions) == 1:
        return ()
    told = [("", ""), ("and", f"{len(questions) - 1} more of the same caller, answered together:")]
    known = set(lines(questions[0]))
    for place, question in enumerate(questions[1:], 2):
        command, *more = lines(question)
        told.append((f"{place:>6}", command[1]))
        told += [line for line in more if line not in known and line[0] not in ("because", "safer")]
    return tuple(told)
