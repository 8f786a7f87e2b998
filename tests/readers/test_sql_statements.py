"""Every kind of statement of PostgreSQL's grammar is read, each by what it is about."""

from __future__ import annotations

import pglast
import pytest
from pglast import ast

from agentguard.core.call import Invocation
from agentguard.readers.sql import read
from agentguard.readers.sql.nodes import below, kind

#: Nodes that stand for no statement of their own.
NONE = {"PLAssignStmt", "RawStmt", "SetOperationStmt"}
ROWS = """
create foreign table ft (a int) server s
create foreign table if not exists ft (a int check (a > 0)) server s options (filename '/x')
create foreign table ft partition of t for values in (1) server s
create foreign table ft () inherits (t) server s
alter collation c refresh version
alter database d refresh collation version
alter database d set work_mem = 1
alter database d allow_connections false
alter domain d set not null
alter event trigger e disable
alter extension x add function f()
alter extension x update
alter foreign data wrapper f options (a 'b')
alter server s options (a 'b')
alter function f() stable
alter function f() depends on extension x
alter operator family f using btree add function 1 (int) f(int)
alter operator + (int, int) set (restrict = none)
alter table t owner to bob
alter policy p on t using (true)
alter role bob set work_mem = 1
alter sequence s restart
alter statistics s set statistics 1
alter subscription s disable
alter system set work_mem = 1
alter text search configuration c add mapping for word with d
alter text search dictionary d (a = b)
alter table all in tablespace a set tablespace b
alter tablespace a set (x = 1)
alter type t set (receive = f)
alter user mapping for bob server s options (a 'b')
call p()
close c
comment on table t is 'x'
create type t as (a int)
set constraints all deferred
create access method a type index handler f
create cast (a as b) with function f(a)
create conversion c for 'UTF8' to 'LATIN1' from f
create domain d as int check (value > 0)
create event trigger e on ddl_command_start execute function f()
create foreign data wrapper f handler h
create server s foreign data wrapper f
create server s foreign data wrapper f options (program 'x')
create operator class c for type t using btree as operator 1 <, function 1 f(t), storage int
create operator family f using btree
create language l
create publication p for table t where (a > 1)
create publication p for all tables
create type t as range (subtype = int, subtype_diff = f)
create sequence s
create statistics s on a, b from t
create subscription s connection 'x' publication p
create tablespace t location '/x'
create transform for t language l (from sql with function f(internal), to sql with function g(internal))
create transform for t language l (to sql with function g(internal))
create user mapping for bob server s
deallocate p
create aggregate a (int) (sfunc = f, stype = int)
create type t
create type t (input = f, output = g)
drop owned by bob
drop role bob
drop subscription s
drop tablespace t
drop user mapping for bob server s
drop database d
import foreign schema a from server s into b
load 'x'
reassign owned by bob to eve
create rule r as on insert to t do instead delete from u
create rule r as on select to t do instead select 1
create rule r as on delete to t do nothing
security label on table t is 'x'
unlisten *
create recursive view v (a) as select 1
create function f() returns int begin atomic select 1; end
create table t (like u including all)
create table t of ty
create table t partition of u default
create schema s create view v as select 1 create table t () create sequence q create index i on t (a)
create schema s grant select on t to bob
alter table t replica identity full
alter default privileges revoke all on tables from bob
grant a to b with admin option
alter group g drop user bob
execute p
vacuum
cluster
reindex database d
checkpoint
notify x
listen x
refresh materialized view v
lock t
declare c cursor for select 1
move next in c
truncate a, b
drop function f
drop aggregate a(*)
drop operator + (int, none)
drop cast (a as b)
drop transform for t language l
drop operator class c using btree
drop owned by current_user
do 'begin end'
explain select 1
explain (analyze) insert into t values (1)
explain create table x as select 1
create table x as execute p
show all
begin
merge into t using u on true when matched then delete when not matched then insert values (1)
copy t from stdin
drop foreign table ft
alter publication p set table t
alter language l owner to bob
drop trigger x on t
drop policy p on t
drop rule r on t
create trigger x instead of insert on v for each row execute function f()
create constraint trigger x after insert on t deferrable for each row execute function f()
create language l handler h
prepare p as update t set a = 1
create database d
alter table t set schema s
alter type t add value 'x'
alter table t rename to u
create type t as enum ('a')
create role bob
discard all
create policy p on t using (true)
create function f() returns int return 1
""".strip().splitlines()


@pytest.mark.parametrize("sql", ROWS)
def test_a_statement_is_known(sql: str) -> None:
    reading = read(sql, Invocation.of(("psql",), "/", {}), None)  # type: ignore[arg-type]
    assert "sql-unknown-statement" not in [effect.rule for effect in reading.effects]


def test_no_kind_of_statement_is_left_out() -> None:
    found = {kind(node) for sql in ROWS for one in pglast.parse_sql(sql) for node in below(one.stmt)}
    assert {name for name in dir(ast) if name.endswith("Stmt")} - NONE <= found


@pytest.mark.parametrize(
    "sql",
    [
        "create foreign table s.ft (a int) server x",
        "create foreign table s.ft (a int) server x options (program 'ls')",
        "create foreign table s.ft partition of t default server x",
    ],
)
def test_a_foreign_table_has_its_own_name(sql: str) -> None:
    reading = read(sql, Invocation.of(("psql",), "/", {}), None)  # type: ignore[arg-type]
    assert {effect.target.name for effect in reading.effects} == {"s.ft"}
    assert reading.rating == ("destructive" if "program" in sql else "reversible")
