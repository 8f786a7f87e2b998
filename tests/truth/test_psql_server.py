"""What psql calls are rated, held against what a real server says they did."""

from __future__ import annotations

import pytest
from support.postgres import Server, postgres
from support.rules import shipped

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation, Stream
from agentguard.core.effect import Reading
from agentguard.core.word import Known
from agentguard.readers.psql.script import Scanner
from agentguard.readers.sql import functions
from agentguard.rulecheck.examples import StatedWorld

__all__ = ["postgres"]
pytestmark = [pytest.mark.real, pytest.mark.postgres]

RULES = shipped()
SCHEMA = """
create table users (id int primary key, name text);
insert into users values (1, 'ann'), (2, 'bob');
create table empty (a int);
create view names as select name from users;
create sequence s;
select nextval('s');
create function purge() returns int language sql as 'delete from users returning id';
"""


@pytest.fixture(autouse=True)
def database(postgres: Server) -> None:
    postgres.psql(
        "-Xqc", "drop event trigger if exists e; drop schema if exists public, other cascade; create schema public"
    )
    done = postgres.psql("-Xq", "-v", "ON_ERROR_STOP=1", stdin=SCHEMA)
    assert done.returncode == 0, done.stderr


def rated(postgres: Server, *argv: str, stdin: str = "") -> Reading:
    call = Invocation.of(("psql", *argv), str(postgres.directory), postgres.env, Stream("known", stdin.encode()))
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
    "begin; create index i on users(name); drop table users cascade; commit;\n",
    (
        "begin; "
        "create trigger x before insert on users for each row execute function suppress_redundant_updates_trigger(); "
        "delete from users; "
        "commit;\n"
    ),
    "begin; create view v as select * from users; delete from v; commit;\n",
    "\\if false\nexplain\n\\endif\ndelete from users;\n",
    "\\restrict tok\n\\q\ndelete from users;\n",
    "\\cd /nonexistent \\\\ rollback;\ndelete from users;\n",
    "begin;\ndelete from users;\n\\cd /nonexistent \\\\ rollback;\ncommit;\n",
    "\\cd /nonexistent \\q\ndelete from users;\n",
    "\\cd /nonexistent \\\\ explain\ndelete from users;\n",
    "select 1/0 \\; begin;\ndelete from users;\nrollback;\n",
    "\\set ON_ERROR_ROLLBACK on\nbegin;\ndelete from users;\nselect 1/0 \\; rollback;\ncommit;\n",
    "begin;\nsavepoint a;\ndelete from users;\n\\if true\nsavepoint a;\n\\endif\nrollback to a;\ncommit;\n",
    "begin;\ncopy missing from stdin;\nrollback;\n\\.\ndelete from users;\nrollback;\n",
    "select 'begin' where false \\gexec\ndelete from users;\nrollback;\n",
    "\\prompt x y\nexplain\ndelete from users;\n",
    "\\set d -\nselect 1 :d- ; delete from users;\n",
    "\\set d $\nselect :d$ ; delete from users; --$$\n",
    "\\set ON_ERROR_STOP on\ncreate temp table users (a int);\ndiscard temp;\ndrop table users cascade;\n",
    (
        "\\set ON_ERROR_STOP on\n"
        "begin; "
        "create temp table users (a int) on commit drop; "
        "commit;\n"
        "drop table users cascade;\n"
    ),
    (
        "\\set ON_ERROR_STOP on\n"
        "create schema other;\n"
        "begin; "
        "set local search_path=other; "
        "create table users (a int); "
        "commit;\n"
        "drop table users cascade;\n"
    ),
    (
        "create schema other; "
        "set search_path = other, public; "
        "begin; "
        "create table users (a int); "
        "do $$ begin set search_path = public; "
        "end $$; "
        "drop table users cascade; "
        "commit;\n"
    ),
    "begin; create table p (id int, name text); alter table users inherit p; delete from p; commit;\n",
    (
        "begin; "
        "create table p (id int not null, name text) partition by list (id); "
        "alter table p attach partition users default; "
        "drop table p cascade; "
        "commit;\n"
    ),
    (
        "begin; "
        "create table p (id int primary key); "
        "insert into p values (1),(2); "
        "alter table users add foreign key (id) references p on delete cascade; "
        "delete from p; "
        "commit;\n"
    ),
    (
        "create function f() returns trigger language plpgsql as 'begin delete from users; "
        "return new; "
        "end'; "
        "create trigger t before insert on empty for each row execute function f(); "
        "insert into empty values (1);\n"
    ),
    "create rule r as on insert to empty do also delete from users; insert into empty values (1);\n",
    (
        "create function f() returns int language sql as 'delete from users returning 1'; "
        "create table t (a int default f()); "
        "insert into t default values;\n"
    ),
    (
        "create function f(int) returns bool language plpgsql as 'begin delete from users; "
        "return true; "
        "end'; "
        "create domain d as int check (f(value)); "
        "select 1::d;\n"
    ),
    (
        "create function f(int, int) returns bool language plpgsql as 'begin delete from users; "
        "return true; "
        "end'; "
        "create operator === (leftarg=int, rightarg=int, function=f); "
        "select 1 === 2;\n"
    ),
    (
        "create function f(users) returns bool language plpgsql as 'begin delete from users; "
        "return true; "
        "end'; "
        "select u.f from users u;\n"
    ),
    (
        "create function f() returns event_trigger language plpgsql as 'begin delete from users; "
        "end'; "
        "create event trigger e on ddl_command_start execute function f(); "
        "create table t (a int); "
        "drop event trigger e;\n"
    ),
    (
        "create function w() returns int language sql as 'delete from users returning 1'; "
        "create function f() returns int immutable language plpgsql as 'begin return w(); "
        "end'; "
        "explain select f();\n"
    ),
    "commit and chain;\ndelete from users;\nrollback;\n",
    "do $$ declare a int[]; begin a[purge()] = 1; end $$;\n",
    (
        "create function f() returns event_trigger language plpgsql as 'begin delete from users; "
        "end';\n"
        "create event trigger e on ddl_command_start execute function f();\n"
        "create table t (a int);\n"
    ),
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
                list(scanner.data())
        elif scanner.command == "set":
            name, *pieces = (word.text for word in iter(scanner.argument, None) if isinstance(word, Known))
            variables[name] = "".join(pieces)
        if found == "command":
            scanner.finish()
    return [*sent, *([scanner.take()] if scanner.query.strip() else [])]


def test_every_function_called_harmless_is_the_servers_own(postgres: Server) -> None:
    """A name that the server does not have must be one of a later version or of an extension."""
    done = postgres.psql("-XAtc", "select proname from pg_proc where pronamespace = 'pg_catalog'::regnamespace")
    there = set(done.stdout.split())
    assert len(functions.HARMLESS - there) < 70
    assert {"lower", "now", "count", "pg_table_size", "jsonb_build_object"} <= functions.HARMLESS & there


#: Volatile functions of pg_catalog that were looked at one by one: they look, wait, or touch only their own session.
LOOKING = frozenset(
    """
    amvalidate clock_timestamp current_query currtid2 currval cursor_to_xml cursor_to_xmlschema gen_random_uuid
    lastval lo_close lo_get lo_lseek lo_lseek64 lo_open lo_tell lo_tell64 loread pg_advisory_lock
    pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_all pg_advisory_unlock_shared pg_advisory_xact_lock
    pg_advisory_xact_lock_shared pg_blocking_pids pg_collation_actual_version pg_control_checkpoint pg_control_init
    pg_control_recovery pg_control_system pg_current_logfile pg_current_wal_flush_lsn pg_current_wal_insert_lsn
    pg_current_wal_lsn pg_database_collation_actual_version pg_database_size pg_export_snapshot
    pg_get_backend_memory_contexts pg_get_multixact_members pg_get_shmem_allocations pg_get_wal_replay_pause_state
    pg_get_wal_resource_managers pg_hba_file_rules pg_ident_file_mappings pg_indexes_size pg_is_in_recovery
    pg_is_wal_replay_paused pg_jit_available pg_last_committed_xact pg_last_wal_receive_lsn pg_last_wal_replay_lsn
    pg_last_xact_replay_timestamp pg_lock_status pg_log_backend_memory_contexts pg_logical_slot_peek_binary_changes
    pg_logical_slot_peek_changes pg_ls_archive_statusdir pg_ls_dir pg_ls_logdir pg_ls_logicalmapdir
    pg_ls_logicalsnapdir pg_ls_replslotdir pg_ls_tmpdir pg_ls_waldir pg_notification_queue_usage
    pg_partition_ancestors pg_partition_tree pg_prepared_xact pg_read_binary_file pg_read_file pg_relation_size
    pg_replication_origin_progress pg_replication_origin_session_is_setup pg_replication_origin_session_progress
    pg_safe_snapshot_blocking_pids pg_sequence_last_value pg_show_all_file_settings pg_show_replication_origin_status
    pg_sleep pg_sleep_for pg_sleep_until pg_stat_clear_snapshot pg_stat_file pg_stat_force_next_flush
    pg_stat_get_recovery_prefetch pg_stat_get_xact_blocks_fetched pg_stat_get_xact_blocks_hit
    pg_stat_get_xact_function_calls pg_stat_get_xact_function_self_time pg_stat_get_xact_function_total_time
    pg_stat_get_xact_numscans pg_stat_get_xact_tuples_deleted pg_stat_get_xact_tuples_fetched
    pg_stat_get_xact_tuples_hot_updated pg_stat_get_xact_tuples_inserted pg_stat_get_xact_tuples_returned
    pg_stat_get_xact_tuples_updated pg_stat_have_stats pg_table_size pg_tablespace_size pg_total_relation_size
    pg_try_advisory_lock pg_try_advisory_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared
    pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_xact_status random setseed timeofday txid_status
    """.split()  # noqa: SIM905
)


def test_a_volatile_function_is_called_harmless_only_by_name(postgres: Server) -> None:
    done = postgres.psql(
        "-XAtc",
        "select distinct proname from pg_proc where pronamespace = 'pg_catalog'::regnamespace and provolatile = 'v'",
    )
    assert functions.HARMLESS & set(done.stdout.split()) <= LOOKING


def test_every_documented_function_that_cannot_write_is_called_harmless(postgres: Server) -> None:
    """pg_proc says of the others what they stand behind: an operator, a type, an aggregate."""
    behind = (
        "implementation|I/O|internal|aggregate|serial|deserialize|restriction|join sel|estimate|convert|transition"
        "|agg|combine|SP-G|GIN|BRIN|hash|sort|equal|planner|less|btree|GiST|brin"
    )
    done = postgres.psql(
        "-XAt",
        "-v",
        f"behind=^({behind})",
        stdin="""
        select proname from pg_proc where pronamespace = 'pg_catalog'::regnamespace and proname !~ '_validator$'
        group by proname having bool_and(provolatile <> 'v'
            and coalesce(obj_description(oid, 'pg_proc'), '') !~ :'behind' and proname !~ '(larger|smaller|transfn)$'
            and not 'internal'::regtype = any (proargtypes) and not 'cstring'::regtype = any (proargtypes)
            and prorettype not in ('internal'::regtype, 'trigger'::regtype, 'cstring'::regtype));
        """,
    )
    known = functions.HARMLESS | functions.EFFECTS.keys() | functions.CARRY_SQL.keys()
    assert set(done.stdout.split()) - known <= {"int4inc", "int8dec", "int8dec_any", "int8inc", "int8inc_any"}
