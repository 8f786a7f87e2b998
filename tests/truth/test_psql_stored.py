"""Code that one call stores in a real server's database and a later call runs: each call is rated as it comes.

A call that is rated destructive is not made, as nobody says yes; all others are. Nothing may be lost by them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hunting import hunt
from support.postgres import Server, postgres
from support.rules import shipped

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation, Stream
from agentguard.core.effect import Reading
from agentguard.edge.world import RealWorld

__all__ = ["postgres"]
pytestmark = [pytest.mark.real, pytest.mark.postgres]

RULES = shipped()
#: A table with rows that can be lost, and functions of an earlier day that lose them.
SCENE = """
set client_min_messages = error;
drop event trigger if exists ev;
drop schema if exists public, app cascade;
create schema public; create schema app;
create extension pgcrypto; create extension citext;
create table users (id int, name text, updated_at timestamptz default now());
insert into users values (1, 'ann'), (2, 'bob');
create table bait (a int); insert into bait values (1); create table pair (x int, y int);
create view names as select lower(name) as name from users;
create function purge() returns int language sql as 'delete from users returning id';
create function app.purge2() returns int language sql as 'select public.purge()';
create function purge_row() returns trigger language plpgsql as 'begin delete from users; return new; end';
create function purge_ddl() returns event_trigger language plpgsql as 'begin delete from users; end';
create function purge_if(int) returns bool language plpgsql as 'begin delete from users; return true; end';
create function purge_two(int, int) returns int language plpgsql as 'begin delete from users; return 1; end';
create function purge_of(bait) returns bool language plpgsql as 'begin delete from users; return true; end';
create procedure purge_all() language sql as 'delete from users';
create view app.bad as select public.purge();
create domain app.odd as int check (public.purge_if(value));
create table app.trap (a int);
create trigger t before insert on app.trap for each row execute function purge_row();
create table app.checked (a int); insert into app.checked values (1);
alter table app.checked add constraint c check (public.purge_if(a)) not valid;
create function set_updated_at() returns trigger language plpgsql as 'begin new.updated_at = now(); return new; end';
"""


@pytest.fixture(autouse=True)
def scene(postgres: Server) -> None:
    make(postgres)


def make(postgres: Server) -> None:
    done = postgres.psql("-Xq", "-v", "ON_ERROR_STOP=1", stdin=SCENE)
    assert done.returncode == 0, done.stderr


def rated(postgres: Server, text: str, **changed: str) -> Reading:
    env = {**postgres.env, **changed}
    call = Invocation.of(("psql", "-X"), str(postgres.directory), env, Stream("known", text.encode()))
    return Classifier(RULES, RealWorld(call, "/nowhere")).command(call)


def users(postgres: Server) -> str:
    return postgres.psql("-XAtc", "select count(*) from public.users").stdout.strip()


def refused(postgres: Server, calls: list[str]) -> list[str]:
    """The calls from the first on that needs an answer; those before it have been made."""
    for number, text in enumerate(calls):
        if rated(postgres, text).rating == "destructive":
            return calls[number:]
        postgres.psql("-X", stdin=text)
    return []


def function(body: str, returns: str = "int") -> str:
    return f"create function f() returns {returns} language plpgsql as $$ {body} $$;\n"


#: Calls after each other, separated by `---`.
ATTACKS = [
    function("begin delete from users; return new; end", "trigger")
    + "---create trigger t before insert on bait for each row execute function f();---insert into bait values (1);",
    "create rule r as on insert to bait do also delete from users;---insert into bait values (1);",
    function("begin delete from users; return 1; end") + "---create view v as select f();---select * from v;",
    "create function st_area(int) returns int language sql as 'delete from users returning 1';---select st_area(1);",
    "create function lower(int) returns int language sql as 'delete from users returning 1';---select lower(1);",
    "create trigger t before insert on bait for each row execute function purge_row();---insert into bait values (1);",
    "create trigger t before insert on bait execute function purge_row();---copy bait from stdin;\n1\n\\.\n",
    "create view v as select purge();---select * from v;",
    "create view v as select app.purge2();---table v;",
    "create temp view v as select purge(); select * from v;",
    "create materialized view v as select purge() with no data;---refresh materialized view v;",
    "create table n (a int, b int default purge());---insert into n values (1);",
    "create table n (a int check (purge_if(a)));---insert into n values (1);",
    "alter table bait add column b int default purge();",
    "alter table bait alter a set default purge();---insert into bait default values;",
    "create domain d as int check (purge_if(value));---select 1::d;",
    "create operator === (leftarg = int, rightarg = int, function = purge_two);---select 1 === 2;",
    "create aggregate agg (int) (sfunc = purge_two, stype = int, initcond = '0');---select agg(a) from bait;",
    "create event trigger ev on ddl_command_start execute function purge_ddl();---create table n (a int);",
    "create rule r as on insert to bait do also select purge();---insert into bait values (1);",
    "create rule r as on insert to names do instead delete from users;---insert into names values ('x');",
    "create trigger t instead of insert on names for each row execute function purge_row();"
    "---insert into names values ('x');",
    "create table n (like bait);---create trigger t after insert on n execute function purge_row();"
    "---insert into n values (1);",
    "create table p (a int) partition by list (a); create table p1 partition of p default; "
    "create trigger t before insert on p1 for each row execute function purge_row();---insert into p values (1);",
    "create function f(a int default purge()) returns int language sql as 'select a';---select f();",
    "create function f(variadic int[]) returns int language sql as 'delete from users returning 1';---select f(1, 2);",
    "create type pear as (a int); create function f(pear) returns int language sql as 'delete from users returning 1';"
    "---select (row(1)::pear).f;",
    "alter function purge() rename to now;---select public.now();",
    "alter function purge_of(bait) rename to lower;---select lower(b) from bait b;",
    "create function app.upper(text) returns text language sql as $$ delete from users returning 'x' $$;"
    "---set search_path = app, pg_catalog, public; select upper('x');",
    "create schema z create view v as select public.purge();---select * from z.v;",
    "table app.bad;",
    "with x as (select * from app.bad) select * from x;",
    "select table_to_xml('app.bad', true, true, '');",
    "select schema_to_xml('app', true, true, '');",
    "select query_to_xml('table app.bad', true, true, '');",
    "alter schema app rename to zed; table zed.bad;",
    "select 1::app.odd;",
    "insert into app.trap default values;",
    "alter table app.trap set schema public; insert into public.trap values (1);",
    "alter table app.trap rename to new; insert into app.new values (1);",
    "alter table app.checked validate constraint c;",
    "select b.purge_of from bait b;",
    "select (b).purge_of from bait b;",
    "call purge_all();",
    "do $$ begin perform purge(); end $$;",
    "prepare p as select purge(); execute p;",
    "copy (select purge()) to stdout;",
    "merge into bait using (select purge() as x) s on false when not matched then insert values (s.x);",
    *(
        function(body) + "---select f();"
        for body in (
            "declare x int := purge(); begin return x; end",
            "declare c cursor for select purge(); x int; begin open c; fetch c into x; return x; end",
            "declare x int; begin for x in execute 'delete from users returning 1' loop null; end loop; return 1; end",
            "begin raise notice '%', purge(); return 1; end",
            "begin case purge() when 1 then return 1; else return 2; end case; end",
            "begin for i in 1..coalesce(purge(), 1) loop null; end loop; return 1; end",
            "declare i int; begin foreach i in array array[purge()] loop null; end loop; return 1; end",
            "begin raise division_by_zero; exception when others then delete from users; return 1; end",
            "declare x int; begin execute 'select $1' into x using purge(); return x; end",
            "declare r bait; begin r.a := purge(); return 1; end",
            "begin call purge_all(); return 1; end",
        )
    ),
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_code_that_waits_in_the_database_is_asked_about_before_it_runs(postgres: Server, attack: str) -> None:
    rest = refused(postgres, attack.split("---"))
    assert users(postgres) == "2"
    postgres.psql("-X", stdin="\n".join(rest))
    assert users(postgres) != "2", "somebody who is not asked loses nothing by it"


#: What turns an expression that is no more than a number into another one, each with what it needs first.
LAYERS = [
    ("", "{e}"),
    ("", "(select {e})"),
    ("", "coalesce({e}, 1)"),
    ("create function {f}() returns int language sql as $$ select {e} $$;", "{f}()"),
    ("create function {f}(int) returns int language sql as $$ select {e} $$;", "{f}(1)"),
    ("create function {f}() returns int language plpgsql as $$ begin return {e}; end $$;", "app.{f}()"),
    ("create function {f}() returns int language plpgsql as $$ begin return {e}; end $$;", "{f}()"),
    ("create view {f} as select {e} as x;", "(select x from {f})"),
    ("create function {f}(bait) returns int language sql as $$ select {e} $$;", "(select b.{f} from bait b limit 1)"),
    ("create table {f} (a int, x int default {e});", "(with w as (insert into {f} values (1)) select 1)"),
    ("create aggregate {f}(int) (sfunc = int4pl, stype = int, initcond = '0');", "(select {f}({e}) from bait)"),
]
#: What runs an expression.
USES = [
    "select {e};",
    "values ({e});",
    "create table used as select {e} as x;",
    "insert into bait select {e};",
    "copy (select {e}) to stdout;",
    "create table used (a int default 1); insert into used values ({e});",
    "do $$ begin perform {e}; end $$;",
    "prepare p as select {e}; execute p;",
    "declare c cursor with hold for select {e};",
    "explain analyze select {e};",
]
CALLS = st.tuples(
    st.sampled_from(["purge()", "app.purge2()", "purge_two(1, 2)", "1", "length('x')"]),
    st.lists(st.sampled_from(LAYERS), max_size=3),
    st.sampled_from(USES),
)


@hunt(12)
@given(CALLS)
def test_no_way_leads_round_the_question(postgres: Server, ways: tuple[str, list[tuple[str, str]], str]) -> None:
    expression, layers, use = ways
    calls = []
    for number, (create, refer) in enumerate(layers):
        name = f"f{number}"
        calls.append(create.format(f=name, e=expression))
        expression = refer.format(f=name, e=expression)
    make(postgres)
    refused(postgres, [*filter(None, calls), use.format(e=expression)])
    assert users(postgres) == "2"


#: Ordinary work on a database of this machine, which nobody wants to be asked about.
EVERYDAY = [
    "select * from users;",
    "select * from names where name like 'a%';",
    "create trigger t before update on users for each row execute function set_updated_at();",
    "create or replace function touch() returns trigger language plpgsql as 'begin return new; end';"
    "create trigger t before update on users for each row execute procedure touch();",
    "begin;\ncreate table posts (id bigserial primary key, user_id int, title citext not null, body jsonb default '{}',"
    " token uuid default gen_random_uuid(), at timestamptz default now(), check (length(title) > 0));\n"
    "create index on posts (lower(title));\nalter table posts enable row level security;\n"
    "create policy own on posts using (user_id = 1);\ncommit;\n",
    "create function total(u int) returns bigint stable language sql as 'select count(*) from users where id = u';",
    "create or replace view names2 as select x.total, lower(name) from (select name, 1 as total from users) x;",
    "create function log() returns trigger language plpgsql as 'begin insert into bait values (1); return null; end';"
    "create trigger l after insert on users for each row execute function log();insert into users values (3, 'eve');",
    "select crypt('x', gen_salt('bf')), encode(digest('x', 'sha256'), 'hex');",
    "create aggregate total (int) (sfunc = int4pl, stype = int, initcond = '0'); select total(a) from bait;",
    "create domain mail as text check (value ~ '@'); select 'a@b'::mail;",
    "create operator === (leftarg = int, rightarg = int, function = int4eq); select 1 === 2;",
    "insert into users (id, name) values (3, 'eve');",
]


@pytest.mark.parametrize("text", EVERYDAY)
def test_ordinary_work_on_a_local_database_asks_nothing(postgres: Server, text: str) -> None:
    assert rated(postgres, text).rating != "destructive", rated(postgres, text).reasons


@pytest.fixture
def foreign(postgres: Server) -> Path:
    """Foreign tables: one with the lines of a file, one with what a program prints that leaves the file behind."""
    mark = postgres.directory / "mark"
    mark.unlink(missing_ok=True)
    tables = f"""
    create extension file_fdw; create server files foreign data wrapper file_fdw;
    create foreign table app.listing (a text) server files options (filename '/etc/passwd');
    create foreign table app.printed (a text) server files options (program 'touch {mark}');
    create table app.whole (a text) partition by list (a);
    create table app.part partition of app.whole default partition by list (a);
    create foreign table app.leaf partition of app.part default server files options (program 'touch {mark}');
    create view app.shown as select * from app.printed;
    """
    if postgres.psql("-Xq", "-v", "ON_ERROR_STOP=1", stdin=tables).returncode:
        pytest.skip("the server has no file_fdw")
    return mark


@pytest.mark.parametrize("name", ["printed", "leaf", "part", "whole", "shown"])
def test_a_foreign_table_that_runs_a_program_is_asked_about(postgres: Server, foreign: Path, name: str) -> None:
    reading = rated(postgres, f"select * from app.{name}")
    assert reading.rating == "destructive"
    assert any("touch" in reason.text for reason in reading.reasons)
    postgres.psql("-Xc", f"select * from app.{name}")
    assert foreign.exists()


@pytest.mark.usefixtures("foreign")
def test_other_foreign_tables_are_read(postgres: Server) -> None:
    assert rated(postgres, "select * from app.listing").rating == "read"
    more = "create foreign table if not exists app.more (a text) server files options (filename '/etc/group')"
    assert rated(postgres, more).rating == "reversible"
    assert rated(postgres, f"{more}; drop foreign table app.more").rating == "destructive"


def test_where_the_catalogue_cannot_be_asked_a_function_of_before_is_unknown(postgres: Server) -> None:
    trigger = "create trigger t before update on users for each row execute function set_updated_at();"
    elsewhere = {"PGHOST": "127.0.0.1", "PGPORT": "1"}
    assert rated(postgres, trigger).rating == "reversible"
    assert rated(postgres, trigger, **elsewhere).rating == "destructive"
    assert rated(postgres, trigger, PGHOST="db.example.com").rating == "destructive"
    assert rated(postgres, "insert into bait values (1)", **elsewhere).rating == "reversible"
    assert rated(postgres, "select * from users", **elsewhere).rating == "read"


def test_of_another_user_no_database_is_asked(postgres: Server) -> None:
    """Under sudo psql connects as somebody else, as a rule to another database."""
    trigger = "create trigger t before update on users for each row execute function set_updated_at()"
    for changed in ((), (f"HOME={postgres.env['HOME']}",)):
        call = Invocation.of(("sudo", "-u", "app", *changed, "psql", "-Xc", trigger), "/", postgres.env)
        assert Classifier(RULES, RealWorld(call, "/nowhere")).command(call).rating == "destructive"


def test_the_catalogue_is_asked_in_a_session_that_nobody_can_shape(postgres: Server) -> None:
    """Neither the database's settings nor those of the call change what the names in the question mean."""
    shadow = (
        "create function app.json_build_object(variadic text[]) returns json language sql as "
        "$$ delete from public.users returning '1'::json $$;"
        "alter database postgres set search_path = app, pg_catalog;"
    )
    trigger = "create trigger t before update on users for each row execute function set_updated_at();"
    postgres.psql("-Xq", stdin=shadow)
    try:
        assert rated(postgres, trigger, PGOPTIONS="-c search_path=app,pg_catalog").rating == "reversible"
        assert users(postgres) == "2"
    finally:
        postgres.psql("-Xc", "alter database postgres reset search_path")
