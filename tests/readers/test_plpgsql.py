"""Every place of a PL/pgSQL body where something can run is looked at."""

from __future__ import annotations

import pytest

from agentguard.readers.sql import execute
from agentguard.readers.sql.database import Database
from agentguard.readers.sql.session import Session

#: Each calls purge(), of which nobody knows what it does, or deletes itself.
BODIES = """
begin return purge(); end
begin perform purge(); end
begin assert true, purge()::text; end
begin raise notice 'x %', purge(); end
begin raise 'x' using detail = purge()::text; end
begin call p(purge()); end
begin if false then null; elsif purge() > 1 then null; end if; end
begin case when purge() > 1 then null; end case; end
begin case 1 when purge() then null; else null; end case; end
begin while purge() > 0 loop null; end loop; end
begin for i in 1..2 by purge() loop null; end loop; end
begin for i in reverse purge()..2 loop null; end loop; end
begin loop continue when purge() > 0; exit when true; end loop; end
begin null; exception when others then perform purge(); end
begin begin delete from t; end; end
begin if exists (delete from t returning 1) then null; end if; end
begin insert into t select purge(); end
begin create table x as select purge(); end
begin execute 'drop table t'; end
begin execute format('drop table %I', 'x'); end
begin do 'begin perform purge(); end'; end
begin explain analyze select purge(); end
begin declare z int default purge(); begin null; end; end
declare x constant int := purge(); begin null; end
declare x int; begin x = purge(); end
declare x int; begin select purge() into x; end
declare x int; begin execute 'select $1' into x using purge(); end
<<l>> declare x int; begin l.x := purge(); end
declare a int[]; begin a[purge()] := 1; end
declare a int[]; begin a[1:purge()] := '{1}'; end
declare a int; begin foreach a slice 1 in array array[[purge()]] loop null; end loop; end
declare r record; begin r.x := purge(); end
declare r record; begin for r in execute 'select 1' using purge() loop null; end loop; end
declare c cursor for select purge(); begin for r in c loop null; end loop; end
declare c cursor (a int) for select a; begin open c(purge()); end
declare c cursor (a int) for select a; begin for r in c(purge()) loop null; end loop; end
declare c cursor for select 1; begin open c; move forward purge() from c; end
declare c scroll cursor for select 1; x int; begin open c; fetch relative purge() from c into x; end
declare c refcursor; begin open c for execute 'select 1' using purge(); end
""".strip().splitlines()
OF_SETS = """
begin return next purge(); end
begin return query select purge(); end
begin return query execute 'select 1' using purge(); end
""".strip().splitlines()


def rating(body: str, returns: str) -> set[str]:
    session = Session("psql", Database(), execute)
    session.execute(f"create function f() returns {returns} language plpgsql as $q$ {body} $q$")
    return {effect.rating for effect in session.effects}


@pytest.mark.parametrize(("body", "returns"), [*((b, "int") for b in BODIES), *((b, "setof int") for b in OF_SETS)])
def test_what_a_body_runs_is_seen_wherever_it_stands(body: str, returns: str) -> None:
    assert "destructive" in rating(body, returns)
    if "purge()" in body and "call" not in body:
        assert "destructive" not in rating(body.replace("purge()", "abs(1)"), returns)
