"""Whatever is sent to a real server: what is rated read changes nothing, and what is not destructive loses nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.postgres import Server, postgres
from support.rules import shipped

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation, Stream
from agentguard.core.effect import Reading
from agentguard.rulecheck.examples import StatedWorld

__all__ = ["postgres"]
pytestmark = [pytest.mark.real, pytest.mark.postgres]

RULES = shipped()
#: What every trial begins with: tables with rows, a table that refers to one, a view, a sequence, functions that
#: delete, a large object.
SCENE = """
set client_min_messages = error;
drop schema if exists public, other cascade;
create schema public;
create table t (id int primary key, a text);
insert into t values (1, 'ann'), (2, 'bob');
create table u (a int references t on delete cascade);
insert into u values (1);
create table empty (a int);
create view v as select * from t;
create sequence s;
create function f() returns int language sql as 'delete from t returning id';
select lo_unlink(oid) from pg_largeobject_metadata;
select lo_from_bytea(5, 'abc');
"""
#: All that can be lost, a line for each.
LOOK = """
select 't', * from public.t; select 'u', * from public.u; select 'lo', loid, pageno, data from pg_largeobject;
select 'relation', oid::regclass, relkind from pg_class where relnamespace = 'public'::regnamespace;
select 'function', oid::regprocedure, prosrc from pg_proc where pronamespace = 'public'::regnamespace;
select 'column', attrelid::regclass, attname, atttypid::regtype from pg_attribute
    where attnum > 0 and not attisdropped and attrelid in ('public.t'::regclass, 'public.u'::regclass);
"""
#: What may change without a loss.
CHANGES = """
select 'empty', * from public.empty; select 'sequence', sequencename, last_value from pg_sequences;
select 'schema', nspname from pg_namespace where nspname !~ '^pg_'; select 'role', rolname from pg_roles;
select 'database', datname from pg_database; select 'trigger', tgname from pg_trigger where not tgisinternal;
select 'rule', rulename, ev_class::regclass from pg_rewrite where ev_class > 16383;
select 'default', adrelid::regclass, pg_get_expr(adbin, adrelid) from pg_attrdef;
select 'parent', inhrelid::regclass, inhparent::regclass from pg_inherits;
"""


class Trial:
    """A database that is brought back to the scene when a call has changed it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.reset()

    def reset(self) -> None:
        self.server.psql("-Xq", stdin=SCENE)
        self.kept, self.all = self.look()

    def look(self) -> tuple[list[str], list[str]]:
        """The lines that must not be lost, and all lines."""
        kept = self.server.psql("-XAtq", stdin=LOOK).stdout.splitlines()
        return kept, kept + self.server.psql("-XAtq", stdin=CHANGES).stdout.splitlines()

    def rated(self, argv: tuple[str, ...], stdin: str) -> Reading:
        stream = Stream("known", stdin.encode())
        call = Invocation.of(("psql", *argv), str(self.server.directory), self.server.env, stream)
        return Classifier(RULES, StatedWorld({})).command(call)

    def holds(self, argv: tuple[str, ...], stdin: str) -> None:
        """Run a call that is not rated destructive, and see whether the rating holds."""
        reading = self.rated(argv, stdin)
        if reading.rating == "destructive":
            return
        self.server.psql(*argv, stdin=stdin)
        kept, everything = self.look()
        lost, before = [line for line in self.kept if line not in kept], self.all
        if everything != before:
            self.reset()
        assert reading.rating != "read" or everything == before, reading.reasons
        turned = any(effect.recoverable_by == "counterpart" for effect in reading.effects)
        assert turned or not lost, (lost, reading.reasons)


@pytest.fixture(scope="module")
def trial(postgres: Server) -> Trial:
    return Trial(postgres)


def labelled() -> Iterator[tuple[tuple[str, ...], str]]:
    """The labelled calls of psql that need no file."""
    for case in tomllib.loads((Path(__file__).parents[1] / "cases" / "psql.toml").read_text())["cases"]:
        given_ = case.get("given", {})
        if isinstance(case["run"], list) and given_.keys() <= {"stdin"}:
            yield tuple(case["run"][1:]), given_.get("stdin", "")


@pytest.mark.parametrize(("argv", "stdin"), list(labelled()))
def test_labelled_calls(trial: Trial, argv: tuple[str, ...], stdin: str) -> None:
    trial.holds(argv, stdin)


PIECES = r"""
begin;|begin;|begin;|rollback;|rollback;|commit;|commit;|savepoint a;|savepoint a;|savepoint b;|rollback to a;
release a;|rollback and chain;|commit and chain;|begin \;|rollback \;|commit \;|select 1/0 \;|delete from t \;
savepoint a \;|delete from t;|delete from t where id = 1;|update t set a = 'z';|drop table t cascade;
truncate t cascade;|delete from u;|insert into t values (7, 'g');|insert into empty values (1);|select 1/0;
nonsense;|select * from v;|delete from v;|create table n (a int);|create table t (a int);|create table u (a int);
drop table n;|drop table n cascade;|delete from n;|create temp table u (a int);
create temp table n (a int) on commit drop;|create table if not exists u (a int);|drop table u;
create schema other;|create table other.u (a int);|set search_path = other, public;|set local search_path = other;
set search_path = public;|discard all;|create view n as select * from t;|create view u as select 1;|drop view v;
create index n on t (a);|create index u on t (a);|drop index n;|create sequence n;|alter table n rename to m;
select lo_unlink(5);|\lo_unlink 5|select setval('s', 50);|select nextval('s');|select f();|explain select f();
explain delete from t;|explain analyze delete from t;|explain|explain analyze|delete from t|select 1|;|/* x|*/|-- x
prepare p as delete from t;|execute p;|do $$ begin delete from t; end $$;
do $$ begin set search_path = other; end $$;|create table n (id int, a text);|alter table t inherit n;
create rule r as on insert to empty do also delete from t;|create table n (a int default f());
insert into n default values;|create view n as select f();|select * from n;
create trigger g before insert on empty execute function g();
merge into t using empty e on id = e.a when matched then delete;|\if true|\if false|\else|\endif|\endif|\q|\g
\gdesc|\r|\gset|\gexec|\c|\c gone|select 'begin' \gexec|\echo x \\|\cd /gone \\|\set ON_ERROR_STOP on
\set ON_ERROR_STOP off|\unset ON_ERROR_STOP|\set ON_ERROR_ROLLBACK on|\set AUTOCOMMIT off|\set e explain|:e
\set d 'begin; '|:d|\set m -|select 1 :m- ;|select 'delete from t' as q \gset|:q;|select :'q';|\restrict k
\unrestrict k|\prompt y|\set SINGLESTEP on
"""
COPIES = [
    "copy empty from stdin;\n1\n\\.",
    "copy gone from stdin;\n1\n\\.",
    "copy gone from stdin;\nrollback;\n\\.",
    "copy gone from stdin;\nbegin;\n\\.",
    "\\copy empty from stdin\n2\n\\.",
]
pieces = st.sampled_from([*(one for line in PIECES.split("\n") for one in line.split("|") if one), *COPIES])
lines = st.lists(pieces, max_size=7).map("\n".join)
scripts = st.one_of(
    lines,
    st.tuples(lines, st.just("begin;"), lines, st.just("delete from t;"), lines, st.just("rollback;"), lines).map(
        "\n".join
    ),
    st.tuples(lines, st.just("create table n (a int);"), lines, st.just("drop table n;")).map("\n".join),
)
options = st.sampled_from(
    [(), (), (), ("-1", "-f", "-"), ("-v", "ON_ERROR_STOP=1"), ("-v", "ON_ERROR_STOP"), ("-v", "ON_ERROR_ROLLBACK=on")]
)


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(options, scripts)
def test_any_script(trial: Trial, argv: tuple[str, ...], script: str) -> None:
    trial.holds(("-X", *argv), script + "\n")


@settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(options, st.lists(pieces.filter(lambda piece: "\\" not in piece), min_size=1, max_size=6))
def test_any_commands(trial: Trial, argv: tuple[str, ...], commands: list[str]) -> None:
    given_ = tuple(word for command in commands for word in ("-c", command))
    trial.holds(("-X", *(() if "-f" in argv else argv), *given_), "")
