"""What the caller reads when a call waits or is refused: the reason, the safer way, who decides.

The reader is an agent, unless a person has just answered the question themselves. It is told nothing that would help
it around the guard, and that what is refused is an aim, not a spelling.
"""

from __future__ import annotations

from .question import Question, cut, printable
from .request import Request

#: How many reasons are told, how many safer ways, and how many of the things that would be hit.
TOLD = 2
#: How much of the name of one is told, in characters.
NAMED = 200
#: Who has answered, to anybody but themselves.
_PERSON = "a person"
#: The label of a safer way.
_SAFER = "safer"


def waiting(question: Question, request: Request, seconds: float, more: int = 0) -> tuple[str, ...]:
    """The lines that say that a call now waits for a person; `more` follow it and are asked about together with it."""
    head = f"agentguard: {question.program} waits up to {seconds:.0f} s for a person, as request {request.leader}"
    head += f", with {more} more that follow it" if more else ""
    return (printable(head), *_grounds(question)[:2])


def unproven_terminal(why: str, proves: bool) -> str:
    """The line that says to whoever sits at a terminal why they are not asked there, and how they answer all the same.

    `proves` says that there is a factor, by which they may do so at any terminal.
    """
    by = ", by your passphrase or key" if proves else ""
    told = f"this terminal does not prove that you are a person ({why})"
    return printable(f"  yours?  {told}: `agentguard approve` or `watch` in another terminal answers it{by}")


def refusal(question: Question, why: str, request: Request | None = None) -> tuple[str, ...]:
    """The lines that say to an agent that a call was not run.

    A safer way is told only while nobody has decided: what was refused is an aim, which it might serve as well.
    """
    is_open = request is not None and request.state == "open"
    grounds = [line for line in _grounds(question) if is_open or not line.startswith(f"  {_SAFER}")]
    told = [printable(f"agentguard: {question.program} was not run: {why}"), *grounds]
    if request is not None and is_open:
        told.append(
            f"  person  asked, as request {request.leader}: once they approve it, the same call again passes once"
        )
        is_safer = any(reason.instead for reason in question.reasons)
        way = "take the safer way, or wait; seek no other" if is_safer else "seek no other way to it meanwhile"
        told.append(f"  This goes for its aim, not only for this command: {way}.")
    else:
        told.append(
            "  Not only this command is refused but its aim: seek no other way to it; say what you need, and why."
        )
    return tuple(told)


def refusal_to_person(question: Question, why: str) -> tuple[str, ...]:
    """The same to the person who has just read the whole question at their terminal, and decided."""
    mine = f"you{why.removeprefix(_PERSON)}" if why.startswith(_PERSON) else why
    return (printable(f"agentguard: {question.program} was not run: {mine}"),)


def unanswered(request: Request) -> str:
    """Why a request does not let its call run."""
    if request.state == "denied":
        return f"{_PERSON} said no" + (f": {request.answer}" if request.answer else "")
    if request.state == "spent":
        return "its approval has been used: it was for one call"
    if request.state == "withdrawn":
        return "its request has been withdrawn"
    return "no person has answered yet"


def _grounds(question: Question) -> tuple[str, ...]:
    """Rating, reasons and safer ways, a line each."""
    told = [("rated", question.rating + (f", catastrophic: {question.catastrophic}" if question.catastrophic else ""))]
    told += [("because", f"{reason.text} [{reason.rule}]") for reason in question.reasons[:TOLD]]
    if len(question.reasons) > TOLD:
        told[-1] = ("because", f"{told[-1][1]}, and for {len(question.reasons) - TOLD} more reasons")
    if question.targets:
        more = f" and {len(question.targets) - TOLD} more" if len(question.targets) > TOLD else ""
        told.append(("hits", ", ".join(cut(target, NAMED) for target in question.targets[:TOLD]) + more))
    told += [("denied", denial) for denial in question.earlier[:TOLD]]
    ways = tuple(dict.fromkeys(reason.instead for reason in question.reasons if reason.instead))
    told += [(_SAFER, way) for way in ways[:TOLD]]
    return tuple(f"  {label:8}{printable(text)}" for label, text in told)
