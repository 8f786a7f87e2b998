"""A database session while its statements are read: what they did so far, and what is taken back."""

from __future__ import annotations

from ...core.effect import Effect, Target
from ...lean.typing import TYPE_CHECKING
from ...lean.value import Value
from .database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .catalogue import Catalogue, Function, Name, Relation

#: Kinds of things that share one name space (pg_class), so that a name made is a name known.
RELATIONS = ("table", "view", "materialized view", "sequence", "index", "foreign table")
#: Those of them whose rows are other tables' rows: what was made here is only the way to them.
WINDOWS = ("view", "foreign table")
#: Rules of effects after which a relation is not there any more.
DROPS = ("sql-drop", "sql-drop-table")
#: The rule of effects that something will have that was only created: the end of a transaction takes it back.
ARMS = "sql-arms"


class Made(Value):
    """A function that this call creates: what it would do, and whether it surely exists then."""

    does: Session
    sure: bool


class Stored:
    """What is stored in the database of a session, as far as it can be known: `look` asks for its catalogue."""

    def __init__(self) -> None:
        self.look: Callable[[], Catalogue | None] = lambda: None
        #: Functions that this call creates, by name.
        self.made: dict[str, list[Made]] = {}
        #: What the use of a relation or operator made or changed here would do besides; "" for whatever comes next.
        self.armed: dict[str, list[Session]] = {}
        #: Extensions that this call installs.
        self.extensions: set[str] = set()
        #: What each function and relation of the catalogue does, once it has been read.
        self.known: dict[object, Session] = {}
        #: Whether schemas have other names than the catalogue has.
        self.any_schema = False
        self._renamed: dict[str, set[Name]] = {}
        self._looked = False
        self._catalogue: Catalogue | None = None

    @property
    def catalogue(self) -> Catalogue | None:
        """The database's catalogue, looked at once; None if it cannot be."""
        if not self._looked:
            self._looked = True
            self._catalogue = self.look()
        return self._catalogue

    def moved(self, look: Callable[[], Catalogue | None]) -> None:
        """Another database: what was created in the one before may be there as well, what was found there is not."""
        self.look, self._looked = look, False
        self.known.clear()

    def rename(self, name: Name, new: str) -> None:
        """From here on, what has the new name may be what the catalogue has under that one, or a part of it."""
        if name:
            self._renamed.setdefault(new, set()).add(name[-1:])

    def names(self, name: Name) -> Iterator[Name]:
        """All names under which the catalogue may have what is called so now."""
        seen: set[Name] = set()
        waiting = [name, name[-1:]] if self.any_schema else [name]
        while waiting:
            one = waiting.pop()
            if one and one not in seen:
                seen.add(one)
                yield one
                waiting.extend(self._renamed.get(one[-1], ()))

    def functions(self, name: Name, given: int | None = None) -> list[Function] | None:
        """The functions that may be meant by a name; None if the catalogue cannot be looked at."""
        catalogue = self.catalogue
        if catalogue is None:
            return None
        return [found for one in self.names(name) for found in catalogue.functions(one, given)]

    def relations(self, name: Name) -> list[Relation]:
        """The relations that may be meant by a name, as far as the catalogue can be looked at."""
        catalogue = self.catalogue
        return [] if catalogue is None else [one for each in self.names(name) for one in catalogue.relations(each)]

    def is_absent(self, thing: str, name: Name) -> bool:
        """Whether the catalogue shows that there is no function or relation of that name to be overwritten."""
        catalogue = self.catalogue
        if catalogue is None or not name or name[-1] in self.made:
            return False
        short = name[-1:]
        if thing == "function":
            return not self.functions(short)
        return thing == "view" and not self.relations(short)


class Session:
    """Collects effects in order.

    ROLLBACK takes back what a transaction did, and what one script made itself it can make again.
    Both are believed only where nothing can have gone differently: not for statements that may be
    skipped (`certain` is False), nor after an error that may have been passed over.
    """

    def __init__(self, program: str, database: Database, execute: Callable[[str, Session, bool], int]) -> None:
        self.program = program
        self._execute = execute
        self.database = database
        self.effects: list[Effect] = []
        self.certain = True
        #: An error ends everything (psql's ON_ERROR_STOP).
        self.stops = False
        #: An error inside a transaction does not abort it (psql's ON_ERROR_ROLLBACK).
        self.forgives = False
        #: What PREPAREd statements would do.
        self.prepared: dict[str, list[Session]] = {}
        #: What is stored in the database and runs when it is used.
        self.stored = Stored()
        #: Whether all names but those of pg_catalog have their schema, as in what the server itself wrote down.
        self.qualified = False
        #: The text of the statement that is being read.
        self.source = ""
        self._born: dict[tuple[str, ...], str] = {}
        self._forgot = False
        self._lasting: set[int] = set()
        self._start: int | None = None
        self._savepoints: list[tuple[str, int]] = []
        self._one_query = self._first = self._begun_late = False

    def execute(self, text: str) -> int:
        """Run a query string in this session; how many of its statements take data from standard input."""
        return self._execute(text, self, False)

    def use(self, text: str) -> None:
        """Add what a definition or a query that is stored in the database does when it is used."""
        self._execute(text, self, True)

    def add(self, effect: Effect, undone: bool = True) -> None:
        """Note an effect; `undone` says whether ROLLBACK would take it back."""
        if effect.verb in ("replace", "remove") and self._made_here(effect.target):
            effect = effect.replace(recoverable_by=effect.recoverable_by or "regeneration")
            if effect.rule in DROPS:
                del self._born[effect.target.identity[2:]]
        if not undone:
            self._lasting.add(len(self.effects))
        self.effects.append(effect)

    def include(self, inner: Session, within: str = "") -> None:
        """Add all that an inner session did: one whose statements run inside one of this session's.

        With the name of something stored that it ran `within`, only what is more than looking.
        """
        if inner._forgot and not within:
            self.forget()
        for i, effect in enumerate(inner.effects):
            if within and effect.verb == "observe":
                continue
            if within and " (in " not in effect.reason:
                effect = effect.replace(reason=f"{effect.reason} (in {within})")
            if not within or effect not in self.effects:
                self.add(effect, i not in inner._lasting)

    def arms(self, thing: str, inner: Session) -> None:
        """Add what something does that is created now and used later: to create it is the act."""
        for effect in dict.fromkeys(inner.effects):
            if effect.rating == "destructive":
                reason = f"creates {thing}, and what that does when it is used: {effect.reason}"
                self.add(effect.replace(rule=ARMS, reason=reason, catastrophic=""))

    def inner(self) -> Session:
        """A session for statements inside one of this session's, of which nothing is certain."""
        session = Session(self.program, self.database, self._execute)
        session.stored = self.stored
        session.certain = False
        return session

    def target(self, kind: str, parts: tuple[str, ...]) -> Target:
        """A thing of this database by its dotted name."""
        schema, name = (parts[-2] if len(parts) > 1 else "", parts[-1]) if parts else ("", "")
        return Target(kind, ".".join(parts), (self.database.server, self.database.name, schema, name))

    def bear(self, target: Target) -> None:
        """A relation has just been made here: losing it again loses nothing, if it cannot be another's."""
        if self.certain and self._atomic and target.kind in RELATIONS:
            self._born[target.identity[2:]] = target.kind

    def forget(self) -> None:
        """Names may mean something else from here on, and what was made here may hold what was not."""
        self._forgot = True
        self._born.clear()

    def _made_here(self, target: Target) -> bool:
        kind = self._born.get(target.identity[2:]) if target.kind in RELATIONS else None
        return kind is not None and (kind not in WINDOWS or kind == target.kind)

    # Transactions

    def query(self, begins: bool) -> None:
        """One query string begins, or ends: an error in it ends it."""
        if not begins and self._begun_late and not self.stops:
            self.commit()
        self._one_query = self._first = begins
        self._begun_late = False
        self._settled()

    def goes_on(self) -> None:
        """A statement of a query string is over: whether the next one runs depends on its success."""
        self._first = False

    @property
    def _sure(self) -> bool:
        """Whether a statement about the transaction runs, or cannot matter where it does not."""
        return self.certain and (self._first or not self.forgives)

    def begin(self) -> None:
        """BEGIN: a second one in a row is only a warning."""
        if self.certain and self._start is None:
            self._start = len(self.effects)
            self._begun_late = not self._first

    def commit(self, chain: bool = False) -> None:
        """COMMIT, or anything that ends the transaction without taking all of it back for sure."""
        self._start = len(self.effects) if chain and self._sure and self._start is not None else None
        self._savepoints.clear()
        self.forget()

    def rollback(self, chain: bool = False) -> None:
        """ROLLBACK."""
        if self._sure and self._start is not None:
            self._take_back(self._start)
        self.commit(chain)

    def savepoint(self, name: str) -> None:
        """SAVEPOINT."""
        if not self._sure:
            self._savepoints.clear()
        elif self._start is not None:
            self._savepoints.append((name, len(self.effects)))

    def release(self, name: str) -> None:
        """RELEASE SAVEPOINT: it and those after it are gone."""
        at = self._find(name) if self._sure else 0
        if at is not None:
            del self._savepoints[at:]

    def rollback_to(self, name: str) -> None:
        """ROLLBACK TO SAVEPOINT."""
        at = self._find(name)
        if at is not None and self._sure:
            self._take_back(self._savepoints[at][1])
            del self._savepoints[at + 1 :]
        elif not self._sure:
            self._savepoints.clear()
        self.forget()

    def _find(self, name: str) -> int | None:
        return next((i for i in reversed(range(len(self._savepoints))) if self._savepoints[i][0] == name), None)

    def _take_back(self, start: int) -> None:
        for i in range(start, len(self.effects)):
            effect = self.effects[i]
            if i in self._lasting or effect.recoverable_by:
                continue
            if effect.verb in ("replace", "remove") or effect.rule == ARMS:
                verb = "remove" if effect.verb == "unknown" else effect.verb
                self.effects[i] = effect.replace(verb=verb, recoverable_by="transaction")

    def _settled(self) -> None:
        """After the end of what an error would have ended, nobody knows whether what was made exists."""
        if not self._atomic:
            self.forget()

    @property
    def sure(self) -> bool:
        """Whether what is created now is surely there for what follows."""
        return self.certain and self._atomic

    @property
    def _atomic(self) -> bool:
        """Whether an error now would end all that follows too."""
        return self.stops or self._one_query or (self._start is not None and not self.forgives)
