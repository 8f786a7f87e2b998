"""Which server and database psql connects to: options, conninfo strings, services, environment.

After libpq's documentation, "Database Connection Control Functions": what is given explicitly
counts before a service's settings, those before environment variables, those before defaults.
"""

from __future__ import annotations

from ...core.call import Call, Invocation
from ...core.context import content
from ...core.text.encoding import decode
from ...core.unseen import Unseen
from ...core.word import Known, Unknown
from ...core.world import World
from ...lean.typing import TYPE_CHECKING
from ..sql.database import Database

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...core.word import Word

#: Connection parameters that say where, and the environment variables that stand in for them.
VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "options": "PGOPTIONS",
}
PREFIXES = ("postgresql://", "postgres://")
#: Parameters that say no more than where and as whom to connect, or that are left out where the catalogue is asked.
PLAIN = frozenset(("host", "hostaddr", "port", "dbname", "user", "password", "service", "options", "sslmode"))
#: Hosts that are this machine.
HERE = ("localhost", "127.0.0.1", "::1")
LOOPBACK = ("localhost", "127.", "::1", "0:0:0:0:0:0:0:1")


class Settings:
    """Connection parameters, each with where it was given; `faults` says what could not be seen."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[Word, str]] = {}
        self.faults: list[str] = []

    def set(self, name: str, value: Word, evidence: str) -> None:
        """Overwrite a parameter."""
        if isinstance(value, Unknown):
            self.faults.append(f"{name} {value.written} is not known before it runs")
        self.values[name] = (value, evidence)

    def default(self, name: str, value: Word, evidence: str) -> None:
        """Give a parameter that nobody has given yet."""
        if name not in self.values:
            self.set(name, value, evidence)

    def word(self, name: str) -> Word:
        """A parameter's value, empty if nobody has given it."""
        return self.values[name][0] if name in self.values else Known("")

    def get(self, name: str) -> str:
        """A parameter's value as far as it can be guessed (the faults say where it is), or ""."""
        return self.word(name).guess

    def conninfo(self, database: Word) -> None:
        """Parameters from a database name, which may be a conninfo string or a URI."""
        if isinstance(database, Unknown) or not is_conninfo(database.text):
            self.set("dbname", database, f"database {database.written}")
            return
        text = database.text
        try:
            found = _uri(text) if text.startswith(PREFIXES) else _pairs(text)
        except ValueError as fault:
            self.faults.append(f"the connection string cannot be read: {fault}")
            return
        for name, value in found.items():
            self.set(name, Known(value), f"{name} {value}" if name != "password" else "password")


def is_conninfo(text: str) -> bool:
    """Whether libpq takes a database name as a whole connection string."""
    return text.startswith(PREFIXES) or "=" in text


def settings(call: Call, world: World) -> Settings:
    """Everything that the call says about its connection."""
    found = Settings()
    for option, name in (("--host", "host"), ("--port", "port"), ("--username", "user")):
        value = call.value(option)
        if value is not None:
            found.set(name, value, f"{option} {value.written}")
    database = call.value("--dbname")
    operands = list(call.operands)
    if database is None and operands:
        database = operands.pop(0)
    if operands:
        found.default("user", operands[0], f"user {operands[0].written}")
    if database is not None:
        found.conninfo(database)
    complete(found, call.invocation, world)
    return found


def complete(found: Settings, invocation: Invocation, world: World) -> None:
    """Fill in what a service file and the environment say."""
    env = invocation.env
    service = found.word("service")
    if service == Known(""):
        service = env.get("PGSERVICE", service)
    if isinstance(service, Unknown):
        found.faults.append(f"service {service.written} is not known before it runs")
    elif service.text:
        found.default("service", service, f"service {service.text}")
        _service(found, service.text, invocation, world)
    for name, variable in VARIABLES.items():
        value = env.get(variable, Known(""))
        if value != Known(""):
            found.default(name, value, f"{variable}={value.written}")


def database(found: Settings) -> Database:
    """The database that the settings lead to."""
    host = found.get("hostaddr") or found.get("host")
    port = found.get("port") or "5432"
    given = (name for name in ("host", "hostaddr", "dbname", "service") if found.get(name))
    names = tuple((found.get(name), found.values[name][1]) for name in given)
    names += tuple(("", fault) for fault in found.faults)
    local = "" if found.faults else _local(host, found)
    return Database(f"{host or 'socket'}:{port}", found.get("dbname") or found.get("user"), names, local)


def is_here(found: Settings) -> bool:
    """Whether the settings lead to a server on this very machine for sure, and say nothing else about the session."""
    if found.faults or not found.values.keys() <= PLAIN or found.values.get("options", ("", "PG"))[1][:2] != "PG":
        return False
    host = found.get("hostaddr") or found.get("host")
    return (host[:1] in ("", "/", "@") and "," not in host) or host in HERE


def _local(host: str, found: Settings) -> str:
    hosts = host.split(",")
    if all(one == "" or one[0] in "/@" for one in hosts):
        return f"socket {host}".rstrip() if host else "the default socket"
    if all(one.startswith(LOOPBACK) for one in hosts):
        evidence = next(found.values[name][1] for name in ("hostaddr", "host") if found.get(name))
        return f"{evidence} (a tunnel behind it could not be seen)"
    return ""


def _pairs(text: str) -> dict[str, str]:
    """`host=x dbname='y z'`; raises ValueError."""
    found: dict[str, str] = {}
    at = 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at >= len(text):
            return found
        name, equals, _ = text[at:].partition("=")
        if not equals:
            raise ValueError(f"no = after {name.strip()}")
        at += len(name) + 1
        while at < len(text) and text[at].isspace():
            at += 1
        value, at = _value(text, at)
        found[name.strip()] = value


def _value(text: str, at: int) -> tuple[str, int]:
    pieces: list[str] = []
    quoted = text[at : at + 1] == "'"
    at += quoted
    while at < len(text) and (text[at] != "'" if quoted else not text[at].isspace()):
        at += text[at] == "\\"
        pieces.append(text[at : at + 1])
        at += 1
    if quoted and at >= len(text):
        raise ValueError("a quote is not closed")
    return "".join(pieces), at + quoted


def _uri(text: str) -> dict[str, str]:
    """`postgresql://user@host:port/db?name=value`; several hosts may be given; raises ValueError."""
    from urllib.parse import parse_qsl, unquote

    rest, _, query = text.partition("://")[2].partition("?")
    where, _, database = rest.partition("/")
    user, at, hosts = where.rpartition("@")
    found: dict[str, str] = {}
    if at:
        found["user"] = unquote(user.partition(":")[0])
    split = [_host_port(one) for one in hosts.split(",")]
    if any(host for host, _ in split):
        found["host"] = ",".join(unquote(host) for host, _ in split)
    if any(port for _, port in split):
        found["port"] = ",".join(port for _, port in split)
    if database:
        found["dbname"] = unquote(database)
    found.update(parse_qsl(query, keep_blank_values=True))
    return found


def _host_port(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        if not bracket:
            raise ValueError("a [ is not closed")
        return host, port.removeprefix(":")
    host, _, port = text.partition(":")
    return host, port


def _service(found: Settings, service: str, invocation: Invocation, world: World) -> None:
    """The settings of a service: PGSERVICEFILE or ~/.pg_service.conf, then the system's file."""
    env = invocation.env
    own = env.get("PGSERVICEFILE", Known(""))
    if own == Known(""):
        own = env.get("HOME", own) + "/.pg_service.conf"
    place = env.get("PGSYSCONFDIR", Known(""))
    system = (Known("/etc/postgresql-common") if place == Known("") else place) + "/pg_service.conf"
    faults: list[str] = []
    for word in (own, system):
        try:
            text = decode(content(word, invocation.cwd, world))
        except Unseen as why:
            faults.append(str(why))
            continue
        values = _section(text, service)
        if values is not None:
            for name, value in values.items():
                found.default(name, Known(value), f"{name} {value}, by service {service} of {word.written}")
            return
    found.faults.append(f"service {service} cannot be seen: {'; '.join(faults) or 'no file has it'}")


def _section(text: str, service: str) -> Mapping[str, str] | None:
    values: dict[str, str] | None = None
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            if values is not None:
                break
            values = {} if line[1:].partition("]")[0] == service else None
        elif values is not None and "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            values[name] = value
    return values
