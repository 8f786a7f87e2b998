"""Expected errors, as a person reads them: kind, message, hint and exit status."""

from __future__ import annotations

#: Exit status of a shim that refused a call, or could not judge it.
REFUSED = 126
#: Exit status of a shim whose real program does not exist, as a shell answers.
NO_PROGRAM = 127
#: Exit status of what a person has interrupted by Ctrl-C, as a shell has it.
INTERRUPTED = 130
#: What an agent is to hand on where the guard itself has trouble.
LOOK = "a person can look with `agentguard doctor`"
#: The same where an InstallError names files that say how strict the guard is: they are not for an agent.
BROKEN = f"the guard itself is broken ({LOOK}, and mend it with `agentguard doctor --mend`)"


class AgentguardError(Exception):
    """Base of every expected failure.

    `message` says what happened and where in one line; `hint`, when there is one, says what to
    do about it. `status` is the exit status of an `agentguard` verb that ends with it. `excerpt`,
    when there is one, shows the line of a file that it is about, with a mark below what is wrong.
    """

    kind = "error"
    status = 1
    excerpt = ""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(AgentguardError):
    """The verb was called in a way that makes no sense."""

    kind = "usage"
    status = 2


class UnfitPassphrase(UsageError):
    """A new passphrase will not do; another may be typed."""


class RuleError(AgentguardError):
    """A rule file is wrong: the message names file, line, rule and fault."""

    kind = "rules"
    status = 3

    def __init__(self, message: str, hint: str = "", excerpt: str = "") -> None:
        super().__init__(message, hint)
        self.excerpt = excerpt


class RecordError(AgentguardError):
    """The record cannot be read or written."""

    kind = "record"
    status = 4

    @property
    def for_agent(self) -> str:
        """The message for an agent: the cause, and no file."""
        return f"{self.message.rpartition(': ')[2]} ({LOOK})"


class DamagedRecord(RecordError):
    """The record is there, but cannot be understood: a person can have it put aside, and a new one begun."""


class InstallError(AgentguardError):
    """The guard cannot be installed, or what is installed is broken."""

    kind = "install"
    status = 5


class NotAPerson(AgentguardError):
    """A verb that only a person may use was called from somewhere an agent could be."""

    kind = "person"
    status = REFUSED


class Unproven(NotAPerson):
    """A person was to prove themselves by a factor, and did not."""


class WrongPassphrase(Unproven):
    """What was typed does not open the key; it may be typed again."""


class NoProgram(AgentguardError):
    """There is no real program behind a shim."""

    kind = "program"
    status = NO_PROGRAM


class NotRunnable(NoProgram):
    """There is a real program, but the system does not start it."""

    status = REFUSED
