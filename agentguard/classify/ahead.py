"""What a caller comes to after a call, by its own text: the next turns of a loop, the next lines of a script.

It is a guess at what will be asked, so that a person is asked once. Nothing runs because of it: each call is judged
when it is made, and one that is not exactly as it was foreseen is asked about by itself.
"""

from __future__ import annotations

from ..core.effect import Reading
from ..core.word import Known, known
from ..lean.typing import TYPE_CHECKING
from .classifier import Classifier, Setting

if TYPE_CHECKING:
    from ..core.call import Invocation
    from ..core.world import World
    from ..rulebook.model import Programs

#: How many calls are foreseen at most.
FORESEEN = 200


def calls_ahead(caller: Invocation, call: Invocation, rulebook: Programs, world: World) -> tuple[Invocation, ...]:
    """The calls of the same program, in the same directory, that `caller` comes to after `call`; each once.

    None where the caller's text does not say, or does not have the call itself.
    """
    follower = _Follower(rulebook, world, program=call.name)
    follower.command(caller)
    come_to = [
        tuple(word.text for word in one.argv[1:] if isinstance(word, Known))
        for one in follower.calls
        if one.cwd.guess == call.cwd.guess and all(isinstance(word, Known) for word in one.argv)
    ]
    own = call.texts[1:]
    if own not in come_to:
        return ()
    after = dict.fromkeys(words for words in come_to[come_to.index(own) :] if words != own)
    return tuple(call.replace(argv=(call.argv[0], *known(words))) for words in after)[:FORESEEN]


class _Follower(Classifier):
    """A classifier that keeps the calls of one program that it comes to, in their order."""

    most_turns = FORESEEN

    def __init__(
        self,
        rulebook: Programs,
        world: World,
        setting: Setting | None = None,
        program: str = "",
        calls: list[Invocation] | None = None,
    ) -> None:
        self.program = program
        self.calls: list[Invocation] = [] if calls is None else calls
        super().__init__(rulebook, world, setting)

    def under(self, setting: Setting, world: World) -> _Follower:
        """See Classifier: it keeps them in the same list."""
        return _Follower(self.rulebook, world, setting, self.program, self.calls)

    def command(self, call: Invocation) -> Reading:
        """See Classifier; a call of the program is only kept."""
        if call.name != self.program or not self.setting.depth:
            return super().command(call)
        self.calls.append(call)
        return Reading()
