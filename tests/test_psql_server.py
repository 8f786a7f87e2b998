"""What psql calls are rated, held against what a real server says they did."""

from __future__ import annotations

from pathlib import Path

import pytest
from postgres import Server, postgres

from agentguard.classify import Classifier
from agentguard.core.call import Invocation, Stream
from agentguard.core.effect import Reading
from agentguard.readers.psql.script import Scanner
from agentguard.readers.sql import functions
from agentguard.rulebook.examples import StatedWorld
from agentguard.rulebook.load import load

__all__ = ["postgres"]
pytestmark = pytest.mark.postgres

RULES = load(str(Path(__file__).parents[1] / "rules"))
SCHEMA = """
create table users (id int primary key, name text);
insert into users values (1, 'ann'), (2, 'bob');
create table empty (a int);
create view names as select name from users;
create sequence s;
select nextval('s');
"""


@pytest.fixture(autouse=True)
def database(postgres: Server) -> None:
    postgres.psql("-Xqc", "drop schema public cascade", "-c", "create schema public")
    done = postgres.psql("-Xq", "-v", "ON_ERROR_STOP=1", stdin=SCHEMA)
    assert done.returncode == 0, done.stderr


def rated(postgres: Server, *argv: str, stdin: str = "") -> Reading:
    call = Invocation(("psql", *argv), str(postgres.directory), postgres.env, Stream("known", stdin.encode()))
    return Classifier(RULES, StatedWorld({})).command(call)


READS = [
    ("-c", "select * from users"),
    ("-c", "table users"),
    ("-c", "explain delete from users"),
    ("-c", "explain (analyze off) delete from users"),
    ("-c", "select 'drop table users'"),
    ("-c", "select $$; drop table users; $$"),
    ("-c", "copy users to stdout"),
    ("-c", "copy (select * from names) to stdout csv header"),
    ("-c", "set search_path to x; show search_path"),
    ("-c", "prepare p as delete from users"),
    ("-c", "prepare p as select 1; execute p"),
    ("-c", "do $$ begin perform 1; end $$"),
    ("-c", "select set_config('search_path', '', false)"),
    ("-c", "select query_to_xml('select * from users', true, true, '')"),
    ("-c", "select pg_advisory_lock(1), pg_relation_size('users'), version(), random()"),
    ("-c", "begin; lock table users; select 1; commit"),
    ("-c", "\\d+ users"),
    ("-c", "\\dt; drop table users"),
    ("-c", "\\echo x \\\\ drop table users;"),
    ("-l",),
    ("--version",),
]
READ_SCRIPTS = [
    "select 1;\n\\d users\n\\dt *.*\n\\l\n\\df\n\\x\n\\conninfo\n",
    "delete from users \\gdesc\n",
    "delete from users \\r\nselect 1;\n",
    "select 1;\n\\q\ndrop table users;\n",
    "\\set what 'drop table users'\nselect :'what', ':what';\n",
    "select max(id) as n from users \\gset\nselect :'n' as n;\n",
    "/* ; /* drop table users; */ drop table users; */ select 1;\n",
    "select E'\\';drop table users;';\n",
    'select 1 as ";drop table users;";\n',
    "\\copy users to stdout\n",
    "\\o /dev/null\nselect 1;\n",
]


@pytest.mark.parametrize("argv", READS)
def test_what_is_rated_read_leaves_the_database_as_it_was(postgres: Server, argv: tuple[str, ...]) -> None:
    assert rated(postgres, *argv).rating == "read"
    before = postgres.dump()
    postgres.psql(*argv)
    assert postgres.dump() == before


@pytest.mark.parametrize("text", READ_SCRIPTS)
def test_scripts_that_are_rated_read_leave_the_database_as_it_was(postgres: Server, text: str) -> None:
    assert rated(postgres, stdin=text).rating == "read"
    before = postgres.dump()
    done = postgres.psql(stdin=text)
    assert "drop table users" not in done.stderr
    assert postgres.dump() == before


ROLLED_BACK = [
    "begin; delete from users; rollback;",
    "begin;\ndrop table users cascade;\ncreate table users (a int);\nrollback;\n",
    "begin;\nsavepoint a;\nupdate users set name = 'x';\nrollback to a;\ncommit;\n",
    "begin;\ncreate table t (a int);\nupdate t set a = 1;\ndrop table t;\ncommit;\n",
    "\\set ON_ERROR_STOP on\ncreate table t (a int);\ndrop table t;\n",
    "\\set ON_ERROR_STOP on\ncreate table users (a int);\ndrop table users;\n",
    "begin;\ncreate table users (a int);\ndrop table users;\ncommit;\n",
    "create temp table t as select * from users;\ndrop table pg_temp.t;\n",
]


@pytest.mark.parametrize("text", ROLLED_BACK)
def test_what_is_taken_back_leaves_the_database_as_it_was(postgres: Server, text: str) -> None:
    assert rated(postgres, stdin=text).rating == "reversible"
    before = postgres.dump()
    postgres.psql("-X", stdin=text)
    assert postgres.dump() == before


TRICKS = [
    "begin;\n\\c\ndelete from users;\nrollback;\n",
    "begin \\gdesc\ndelete from users;\nrollback;\n",
    "begin; commit; delete from users; rollback;",
    "\\if false\nbegin;\n\\endif\ndelete from users;\nrollback;\n",
    "create table users (a int);\ndrop table users cascade;\n",
    "\\set ON_ERROR_ROLLBACK on\nbegin;\ncreate table users (a int);\ndrop table users cascade;\ncommit;\n",
    "\\set what 'drop table users cascade'\n:what;\n",
    "drop table users cascade \\gdesc\n\\g\n",
    "drop table users cascade \\gdesc\n-- again\n\\g\n",
    "\\x \\\\ drop table users cascade;\n",
    "select '\\';drop table users cascade;--';\n",
    "copy missing from stdin;\ndrop table users cascade;\n\\.\n",
    "copy empty from stdin; drop table users cascade;\n1\n\\.\n",
    "prepare p as delete from users;\nexecute p;\n",
    "begin;\nprepare p as delete from users;\nrollback;\nexecute p;\n",
    "explain analyze delete from users;\n",
    "with gone as (delete from users returning *) select * from gone;\n",
    "select query_to_xml('delete from users returning 1', true, true, '');\ndelete from users;\n",
    "do $$ begin execute 'delete from users'; end $$;\n",
    "select 'delete from users' \\gexec\n",
    "select 1 \\; delete from users;\n",
    "create function lower(int) returns int language sql as 'delete from users returning 1'; select lower(1);\n",
    "begin; select setval('s', 99); rollback;\n",
    "\\lo_unlink 1\ndelete from users",
]


@pytest.mark.parametrize("text", TRICKS)
def test_what_really_loses_something_is_rated_destructive(postgres: Server, text: str) -> None:
    assert rated(postgres, stdin=text).rating == "destructive"
    before = postgres.dump()
    postgres.psql("-X", stdin=text)
    assert postgres.dump() != before


SPLITS = [
    "select 1; select 2;\nselect 3",
    'select \'a;b\', "x;y" from (select 1 as "x;y") t; select $$a;b$$, $x$;$$;$x$; select 4;',
    "select E'a\\';b'; select 'a\\';\nselect 5;",
    "select 1 /* ; /* ; */ ; */ ; -- ;\nselect 6;",
    "select (1;\n2); select 7;",
    "create function f() returns int begin atomic select 1; select case when true then 2 end; end; select 8;",
    "select 1 \\; select 2 ;\nselect 9 \\g\nselect 10 \\gx\n",
    "\\set a 'select 11'\n:a;\n\\set b ':a as x'\n:b; select :'a', :\"a\", :c, 1::int, '{1}'::int[];",
    "\\set c ':c :c'\nselect :c;",
    "select 12 as a$b$; select 13; --$b$",
    "select U&'\\0041', N'x', B'01', X'1F'; select 14;",
    "\\echo 'a;b' \\\\ select 15; \\echo x\nselect 16\n\\p\n;",
    "copy empty from stdin; select 17;\n1\n2\n\\.\nselect 18;",
    'select 1 as "it\'s"; select \'say "x;"\'; select 19;',
    "select 1 + -- ;\n1; select 2 */**/ 3; select @-1; select 20;",
]


@pytest.mark.parametrize("text", SPLITS)
def test_scripts_are_split_as_psql_splits_them(postgres: Server, text: str) -> None:
    """psql -e shows what it sends."""
    echoed = postgres.psql("-Xeqt", "-P", "format=unaligned", "-f", "-", stdin=text.replace("\\echo", "\\warn"))
    shown = _words(echoed.stdout)
    sent = [_words(query) for query in _sent(text)]
    at = 0
    for query in sent:  # each query is shown whole, in order, with its results between
        found = next((i for i in range(at, len(shown)) if shown[i : i + len(query)] == query), None)
        assert found is not None, (query, echoed.stdout)
        at = found + len(query)


def _words(text: str) -> list[str]:
    return text.replace(";", " ; ").split()


def _sent(text: str) -> list[str]:
    """What the scanner would send, with the few commands of SPLITS that matter."""
    variables: dict[str, str | None] = {}
    scanner, sent = Scanner(text, variables), []
    while (found := scanner.next()) != "end":
        if found == "query" or scanner.command in ("g", "gx"):
            sent.append(scanner.take())
            if "from stdin" in sent[-1]:
                scanner.data()
        elif scanner.command == "set":
            name = scanner.argument() or ""
            variables[name] = "".join(iter(lambda: scanner.argument() or "", ""))
        if found == "command":
            scanner.finish()
    return [*sent, *([scanner.take()] if scanner.query.strip() else [])]


def test_every_function_called_harmless_is_the_servers_own(postgres: Server) -> None:
    """A name that the server does not have must be one of a later version or of an extension."""
    done = postgres.psql("-XAtc", "select proname from pg_proc where pronamespace = 'pg_catalog'::regnamespace")
    there = set(done.stdout.split())
    assert len(functions.HARMLESS - there) < 60
    assert {"lower", "now", "count", "pg_table_size", "jsonb_build_object"} <= functions.HARMLESS & there


def test_no_volatile_function_is_called_harmless_unseen(postgres: Server) -> None:
    """Those that are volatile and still harmless are few, and none of them writes."""
    done = postgres.psql(
        "-XAtc",
        "select distinct proname from pg_proc where pronamespace = 'pg_catalog'::regnamespace and provolatile = 'v'",
    )
    volatile = functions.HARMLESS & set(done.stdout.split())
    writes = ("set", "reset", "drop", "create", "write", "unlink", "terminate", "cancel", "reload", "rotate", "switch")
    assert [name for name in volatile if any(word in name.split("_") for word in writes)] == []
