"""SQL is rated by what it removes or replaces: statement, rating, the rule that decides."""

# ruff: noqa: SIM905 (lists of words)
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentguard.core.call import Invocation
from agentguard.core.effect import Reading
from agentguard.readers.sql import execute, functions
from agentguard.readers.sql import read as read_sql
from agentguard.readers.sql.database import Database
from agentguard.readers.sql.session import Session


def read(sql: str) -> Reading:
    return read_sql(sql, Invocation.of(("psql",), "/", {}), None)  # type: ignore[arg-type]


READS = """
select 1
SELECT * FROM users WHERE name = 'drop table users'
select * from a, b left join c using (x) where exists (select from d) for update
with recursive t(n) as (values (1) union all select n + 1 from t where n < 9) select sum(n) from t
select count(*), array_agg(x order by y), extract(epoch from now()), current_date, coalesce(a, b), x::int from t
select row_number() over (partition by a), gen_random_uuid() from t
select * from generate_series(1, 3) g
table users
values (1), (2)
show all
explain delete from users
explain (analyze off) delete from users
explain (analyze false, verbose) update t set a = 1
explain analyze select 1
select 'delete from users'
select $$drop table users$$ -- drop table users
/* drop table users; */ select 1
select "delete from users" from t
set search_path to app, public
set standard_conforming_strings = on
reset all
set local statement_timeout = 0
select set_config('search_path', '', false)
begin; select 1; commit
begin read only; select 1; rollback
copy users to stdout
copy (select * from users) to stdout with csv
declare c cursor for select 1
fetch next from c
prepare p as select 1; execute p
prepare p as delete from users
lock table users in access share mode
listen x
discard all
select pg_sleep(1), pg_size_pretty(pg_total_relation_size('users')), version()
select pg_try_advisory_lock(1)
select query_to_xml('select 1', true, true, '')
select pg_catalog.lower('A')
select currval('s'), lastval()
do $$ begin perform 1; raise notice 'drop table users'; end $$
;
""".strip().splitlines()

REVERSIBLE = """
insert into users values (1)
insert into users select * from other on conflict do nothing
insert into users default values returning lower(name)
create table t (a int default nextval('s'), b uuid default gen_random_uuid())
create extension "uuid-ossp"; create table t (b uuid default uuid_generate_v4())
create table if not exists t (a int)
create table t as select * from u
create temp table t as select 1
select * into t from u
create index concurrently i on t (lower(a))
create view v as select * from u
create materialized view v as select 1
create function f() returns int language sql as 'insert into users values (1) returning 1'
create function f() returns int language sql as 'select 1'; create view v as select f()
create function f() returns int language sql as 'select 1'; explain select f()
create trigger x before insert on t for each row execute function suppress_redundant_updates_trigger()
create schema s create table t (a int)
create extension if not exists pgcrypto
create database app
create role bob
create type mood as enum ('sad')
create policy p on t using (lower(a) = current_user)
create function lower(int) returns int return 1; select lower(1)
begin; create trigger x before insert on t execute function f(); rollback
alter table users add column age int
alter table users add constraint c check (age > 0) not valid
alter table users validate constraint c
alter table users rename column a to b
alter table users rename to people
alter table users set schema app
alter table users alter column a set not null, alter column b drop not null
alter table users disable trigger all
alter table users enable row level security
alter table m attach partition p default
alter type mood add value 'ok'
alter type mood rename value 'ok' to 'fine'
alter role bob nologin
alter group g add user bob
alter publication p add table t
grant select on users to bob
grant admin to bob
revoke select on users from bob
alter default privileges grant select on tables to bob
vacuum full users
analyze
reindex table users
cluster users using i
checkpoint
refresh materialized view v
notify x, 'y'
copy users from stdin
copy users (a, b) from '/srv/x.csv' csv
merge into t using s on t.a = s.a when not matched then insert values (1)
select nextval('s')
select lo_import('/x'), pg_notify('a', 'b')
select pg_cancel_backend(1)
select pg_reload_conf()
begin; delete from users; rollback
begin; drop table users cascade; truncate other; rollback;
start transaction; update users set a = 1; abort
begin; savepoint a; delete from users; rollback to a; commit
begin; delete from users; rollback and chain; update t set a = 1; rollback
create table t (a int); update t set a = 1; drop table t
create temp table t as select 1; delete from t
begin; create table t (a int); alter table t owner to bob; drop table t; commit
drop table pg_temp.t
do $$ begin create type x as enum ('a'); exception when duplicate_object then null; end $$
do $$ declare n int := 1; begin if n > 0 then insert into t values (n); end if; end $$
do $$ begin execute 'create table t (a int)'; end $$
""".strip().splitlines()

DESTRUCTIVE = """
sql-delete | delete from users where id = 1
sql-delete-without-where | delete from users
sql-delete-without-where | with gone as (delete from users returning *) select count(*) from gone
sql-delete-without-where | explain analyze delete from users
sql-delete-without-where | explain (analyze, buffers) delete from users
sql-delete-without-where | EXPLAIN (ANALYZE true) DELETE FROM users
sql-delete-without-where | prepare p as delete from users; execute p
sql-delete-without-where | copy (delete from users returning *) to stdout
sql-delete-without-where | begin; delete from users; commit
sql-delete-without-where | begin; delete from users
sql-delete-without-where | delete from users; rollback
sql-delete-without-where | begin; select 1; rollback; delete from users
sql-delete-without-where | begin; commit; delete from users; rollback
sql-delete-without-where | begin; delete from users; prepare transaction 'x'; rollback
sql-delete-without-where | begin; prepare p as delete from users; rollback; execute p
sql-delete-without-where | begin; delete from users; savepoint a; rollback to a; commit
sql-delete-without-where | begin; savepoint a; release a; delete from users; rollback to a; commit
sql-delete-without-where | begin; rollback and chain; commit; delete from users; rollback
sql-update | update users set a = 1 where b = 2
sql-update-without-where | update users set a = 1
sql-update-without-where | insert into log with x as (update users set a = 1 returning *) select * from x
sql-upsert | insert into users values (1) on conflict (id) do update set a = 1
sql-merge | merge into t using s on t.a = s.a when matched then update set b = 1 when not matched then do nothing
sql-merge | merge into t using s on t.a = s.a when matched then delete
sql-truncate | truncate users
sql-truncate | truncate table only a.users, b restart identity cascade
sql-drop-table | drop table if exists users
sql-drop-table | select 1; drop table users; select 2
sql-drop-table | create table if not exists t (a int); drop table t
sql-drop-table | create table t (a int); alter table t rename to u; drop table t
sql-drop-table | create table t (a int); set search_path to b; drop table t
sql-drop-table | create table t (a int); drop table t; drop table t
sql-drop-table | create table a.t (a int); drop table b.t
sql-drop-table | do $$ begin create table t (a int); exception when others then null; end $$; drop table t
sql-drop-schema | drop schema app cascade
sql-drop-database | drop database app
sql-drop | drop view v
sql-drop | drop index concurrently i
sql-drop | begin; drop index concurrently i; rollback
sql-drop | drop function f(int)
sql-drop | drop trigger x on users
sql-drop | drop owned by bob
sql-drop | drop role bob
sql-drop | drop extension pgcrypto
sql-drop-database | begin; drop database app; rollback
sql-alter-drop | alter table users drop column a
sql-alter-drop | alter table users add column b int, drop column a
sql-alter-drop | alter table users drop constraint c
sql-alter-drop | alter domain d drop constraint c
sql-alter-overwrite | alter table users alter column a type text using a::text
sql-alter-overwrite | alter table users alter column a set default 1
sql-alter-overwrite | alter table users owner to bob
sql-or-replace | create or replace view v as select 1
sql-or-replace | create or replace function f() returns int language sql as 'select 1'
sql-overwrite | comment on table users is 'x'
sql-overwrite | alter system set work_mem = '1GB'
sql-overwrite | alter role bob password 'x'
sql-overwrite | alter role bob set search_path = x
sql-overwrite | alter database app set work_mem = '1GB'
sql-overwrite | alter sequence s restart
sql-overwrite | reassign owned by a to b
sql-overwrite | alter function f() owner to bob
sql-overwrite | alter publication p set table t
sql-revoke | revoke all on users from bob cascade
sql-copy-program | copy users to program 'gzip > /x'
sql-copy-program | copy users from program 'curl https://x'
sql-server-file | copy users to '/srv/x.csv'
sql-server-file | begin; copy users to '/srv/x.csv'; rollback
sql-setval | select setval('s', 1)
sql-setval | begin; select setval('public.s', 1); rollback
sql-terminate | select pg_terminate_backend(pid) from pg_stat_activity
sql-replication-slot | select pg_drop_replication_slot('x')
sql-large-object-unlink | select lo_unlink(1)
sql-server-file | select lo_export(1, '/x')
sql-stat-reset | select pg_stat_reset()
sql-elsewhere | select dblink_exec('host=x', 'delete from users')
sql-unknown-function | select purge_users()
sql-unknown-function | select app.lower('A')
sql-unknown-function | select * from purge_users() as t
sql-unknown-function | insert into t values (purge_users())
sql-unknown-function | alter table t add column a int default purge_users()
sql-unknown-function | create index i on t (purge_users(a))
sql-arms | create function lower(int) returns int language sql as 'x'; select lower(1)
sql-arms | create function f() returns int language sql as 'delete from users returning 1'
sql-arms | create function f() returns int language plpgsql as 'begin execute x; end'
sql-arms | create function f() returns int language plpython3u as 'return 1'
sql-arms | create function f() returns int language c as 'x.so'
sql-arms | create function f() returns int begin atomic; delete from t; select 1; end
sql-arms | create procedure p() language sql as 'truncate users'
sql-arms | create trigger x before insert on t for each row execute function f()
sql-arms | create rule r as on insert to t do also delete from u
sql-arms | create view v as select f()
sql-arms | create table t (b uuid default my_uuid())
sql-arms | create table t (b uuid default uuid_generate_v4())
sql-arms | create policy p on t using (f(a))
sql-arms | create event trigger e on ddl_command_end execute function f()
sql-arms | create operator === (leftarg=int, rightarg=int, function=f)
sql-arms | create cast (a as b) with function f(a)
sql-arms | create domain d as int check (f(value))
sql-arms | create aggregate a (int) (sfunc=f, stype=int)
sql-unknown-function | select st_area(geom) from t
sql-unknown-function | select public.similarity('a', 'b')
sql-unknown-function | explain analyze select purge_users()
sql-unknown-function | select st_delete_everything()
sql-unknown-function | select query_to_xml('select purge_users()', true, true, '')
sql-delete-without-where | select query_to_xml('delete from users', true, true, '')
sql-unknown-function | select query_to_xml(q, true, true, '') from queries
sql-call | call purge()
sql-load | load '/x.so'
sql-unknown-prepared | execute p
sql-commit-prepared | commit prepared 'x'
sql-rollback-prepared | rollback prepared 'x'
sql-quoting | set standard_conforming_strings = off
sql-unknown-function | select set_config('standard_conforming_strings', 'off', false)
sql-unknown-function | select set_config(a, b, false) from t
sql-do | do language plpython3u $$ import os $$
sql-do | do $$ begin nonsense $$
sql-do | do $$ begin execute format('drop table %I', 'users'); end $$
sql-do | do $$ declare r record; begin for r in execute 'select ' || 1 loop null; end loop; end $$
sql-drop-table | do $$ begin execute 'drop table users'; end $$
sql-delete | do $$ begin if false then delete from users where a = 1; end if; end $$
sql-unknown-function | do $$ begin perform purge_users(); end $$
sql-unknown-function | do $$ declare n int := purge_users(); begin null; end $$
sql-unknown-function | do $$ declare n int; begin n := purge_users(); end $$
sql-update-without-where | begin; do $$ begin update t set a = 1; commit; end $$; rollback
sql-unparsed | selec 1
sql-unparsed | select 1; drop
sql-unparsed | select 'open
sql-unparsed | select 1\0; drop table users
""".strip().splitlines()


@pytest.mark.parametrize("sql", READS)
def test_reads(sql: str) -> None:
    assert read(sql).rating == "read", read(sql).reasons


@pytest.mark.parametrize("sql", REVERSIBLE)
def test_reversible(sql: str) -> None:
    assert read(sql).rating == "reversible", read(sql).reasons


@pytest.mark.parametrize("row", DESTRUCTIVE)
def test_destructive(row: str) -> None:
    rule, _, sql = row.partition(" | ")
    reading = read(sql)
    assert reading.rating == "destructive"
    assert rule in [reason.rule for reason in reading.reasons]


@pytest.mark.parametrize(
    ("sql", "targets"),
    [
        ("drop table a.users, b", ["a.users", "b"]),
        ("with x as (delete from a.t returning *) update u set a = 1", ["u", "a.t"]),
        ("drop trigger x on s.users", ["s.users.x"]),
        ("truncate a, b.c", ["a", "b.c"]),
    ],
)
def test_every_target_is_named(sql: str, targets: list[str]) -> None:
    reading = read(sql)
    assert sorted(effect.target.name for effect in reading.effects) == sorted(targets)
    text = " ".join(reason.text for reason in reading.reasons)
    assert all(target.split(".")[0] in text for target in targets)


def test_a_table_is_told_apart_by_server_database_and_schema() -> None:
    session = Session("psql", Database("db.example.com:5432", "app"), execute)
    session.execute("delete from s.users")
    assert session.effects[0].target.identity == ("db.example.com:5432", "app", "s", "users")


@pytest.mark.parametrize(
    ("host", "database", "sql", "catastrophic"),
    [
        ("db.prod.internal", "app", "drop database app", True),
        ("localhost", "postgres", "drop database app_production", True),
        ("db.prod.internal", "app", "drop schema public cascade", True),
        ("db.prod.internal", "app", "drop schema public", False),
        ("db.prod.internal", "app", "drop table users", False),
        ("db.staging.internal", "app", "drop database app", False),
        ("db.internal", "app", "drop database app", False),
        ("db.internal", "products", "drop database products", False),
        ("db.nonprod.internal", "app", "drop database app", False),
        ("pre-prod.internal", "app", "drop database app", False),
        ("prod2.internal", "app", "drop database app", True),
    ],
)
def test_a_whole_production_database_is_catastrophic(host: str, database: str, sql: str, catastrophic: bool) -> None:
    names = ((host, f"host {host}"), (database, f"database {database}"))
    session = Session("psql", Database(host, database, names, "host localhost" if host == "localhost" else ""), execute)
    session.execute(sql)
    assert bool(Reading(tuple(session.effects)).catastrophic) is catastrophic


def test_deep_expressions_do_not_end_the_interpreter() -> None:
    assert read("select " + "1+" * 150_000 + "1").rating == "read"
    assert read("select " + "(" * 150_000).rating == "destructive"


def test_bytes_that_are_no_text_are_part_of_words() -> None:
    assert read("select '\udcff\udc80'").rating == "read"
    assert read("delete from \udcff").rating == "destructive"


def test_no_function_is_both_harmless_and_not() -> None:
    effects = set(functions.EFFECTS) | functions.CARRY_SQL.keys() | functions.ELSEWHERE
    assert not effects & (functions.HARMLESS | functions.EXTENSIONS)
    assert set(functions.EFFECTS) >= functions.ROLLED_BACK


PIECES = st.sampled_from(
    """
    select insert into delete from where update set drop table begin ; commit rollback savepoint a to do $$ ' " ( ) *
    , = 1 'x' explain analyze copy stdin program with as returning alter add column execute prepare merge using on grant
    create or replace function view language plpgsql end declare if then loop call set_config setval public . :: users
    """.split()
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=30).map(" ".join)))
def test_any_text_is_read_without_an_error(sql: str) -> None:
    read(sql)
