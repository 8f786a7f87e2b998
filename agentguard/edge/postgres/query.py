"""The question to a server's catalogue: everything in a database that came with no server, as one JSON text.

What came with the server has a number below 16384 (FirstNormalObjectId), whatever schema it is in: somebody's own
function can lie in pg_catalog. Definitions are told by the server's own deparser, which runs nothing of theirs.
A foreign table that has what a program prints is told as the COPY that reading it is.
The shape is that of readers/sql/catalogue.py.
"""

from __future__ import annotations

#: For servers from version 11 on.
QUERY = """
with extension as (
    select d.classid, d.objid, e.extname
    from pg_catalog.pg_depend d join pg_catalog.pg_extension e on e.oid = d.refobjid
    where d.deptype = 'e' and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
), function as (
    select p.*, n.nspname, l.lanname, coalesce(e.extname, '') as extname
    from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    join pg_catalog.pg_language l on l.oid = p.prolang
    left join extension e on e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and e.objid = p.oid
    where p.oid >= 16384
), relation as (
    select c.oid, c.relname, c.relkind, n.nspname
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid >= 16384 and c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_toast'
)
select json_build_object(
'functions', (select coalesce(json_agg(json_build_array(
        f.nspname, f.proname, f.lanname, f.pronargs - f.pronargdefaults,
        case when f.provariadic = 0 then f.pronargs else 1000 end, f.extname,
        case when f.prokind in ('f', 'p') and f.lanname in ('sql', 'plpgsql')
            then pg_catalog.pg_get_functiondef(f.oid) else '' end,
        (select coalesce(json_agg(json_build_array(n.nspname, p.proname)), '[]'::json)
            from pg_catalog.pg_aggregate a
            join pg_catalog.pg_proc p on p.oid in (
                a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn,
                a.aggminvtransfn, a.aggmfinalfn)
            join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            where a.aggfnoid = f.oid)
    ) order by f.oid), '[]'::json) from function f),
'relations', (select coalesce(json_agg(json_build_array(r.nspname, r.relname,
        (select coalesce(json_agg(said), '[]'::json) from (
            select pg_catalog.pg_get_viewdef(r.oid) as said where r.relkind in ('v', 'm')
            union all
            select 'SELECT ' || pg_catalog.pg_get_expr(q.polqual, r.oid)
                from pg_catalog.pg_policy q where q.polrelid = r.oid and q.polqual is not null
            union all
            select pg_catalog.format('COPY %I.%I FROM PROGRAM %L', r.nspname, r.relname, o.option_value)
                from pg_catalog.pg_foreign_table f, pg_catalog.pg_options_to_table(f.ftoptions) o
                where f.ftrelid = r.oid and o.option_name = 'program'
            union all
            select pg_catalog.format('TABLE %I.%I', n.nspname, c.relname)
                from pg_catalog.pg_inherits h join pg_catalog.pg_class c on c.oid = h.inhrelid
                join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                where h.inhparent = r.oid and c.relkind in ('f', 'p')
        ) s),
        (select coalesce(json_agg(said), '[]'::json) from (
            select pg_catalog.pg_get_ruledef(w.oid) as said
                from pg_catalog.pg_rewrite w where w.ev_class = r.oid and w.ev_type = '3'
            union all
            select 'SELECT ' || pg_catalog.pg_get_expr(q.polwithcheck, r.oid)
                from pg_catalog.pg_policy q where q.polrelid = r.oid and q.polwithcheck is not null
            union all
            select 'SELECT ' || d.said from (
                select pg_catalog.pg_get_expr(d.adbin, r.oid) as said
                from pg_catalog.pg_attrdef d where d.adrelid = r.oid) d
                where d.said like '%(%' and d.said not like 'nextval(''%'
            union all
            select 'SELECT ' || pg_catalog.pg_get_expr(k.conbin, r.oid)
                from pg_catalog.pg_constraint k where k.conrelid = r.oid and k.contype = 'c'
            union all
            select 'SELECT ' || pg_catalog.pg_get_expr(k.conbin, 0)
                from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
                join pg_catalog.pg_constraint k on k.contypid in (t.oid, t.typbasetype, t.typelem)
                where a.attrelid = r.oid and a.attnum > 0 and k.contypid <> 0 and k.contype = 'c'
            union all
            select pg_catalog.pg_get_indexdef(i.indexrelid)
                from pg_catalog.pg_index i
                where i.indrelid = r.oid and (i.indexprs is not null or i.indpred is not null)
        ) s),
        (select coalesce(json_agg(json_build_array(n.nspname, p.proname)), '[]'::json)
            from pg_catalog.pg_trigger t
            join pg_catalog.pg_proc p on p.oid = t.tgfoid join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            where t.tgrelid = r.oid and not t.tgisinternal and t.tgtype::int & 4 <> 0),
        (select coalesce(json_agg(said), '[]'::json) from (
            select c.relname as said
                from pg_catalog.pg_inherits h join pg_catalog.pg_class c on c.oid = h.inhrelid
                where h.inhparent = r.oid
            union
            select c.relname
                from pg_catalog.pg_rewrite w
                join pg_catalog.pg_depend d on d.objid = w.oid
                    and d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
                join pg_catalog.pg_class c on c.oid = d.refobjid
                    and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                where w.ev_class = r.oid and w.ev_type = '1' and c.oid <> r.oid and r.relkind = 'v'
        ) s)
    ) order by r.oid), '[]'::json) from relation r),
'operators', (select coalesce(json_agg(
        json_build_array(o.oprname, json_build_array(n.nspname, p.proname)) order by o.oid), '[]'::json)
    from pg_catalog.pg_operator o
    join pg_catalog.pg_proc p on p.oid = o.oprcode
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace where o.oid >= 16384
    and not exists (select from extension e
        where e.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass and e.objid = o.oid)),
'casts', (select coalesce(json_agg(json_build_array(n.nspname, p.proname) order by c.oid), '[]'::json)
    from pg_catalog.pg_cast c
    join pg_catalog.pg_proc p on p.oid = c.castfunc
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace where c.oid >= 16384
    and not exists (select from extension e
        where e.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass and e.objid = c.oid)),
'event_triggers', (select coalesce(json_agg(json_build_array(n.nspname, p.proname) order by t.oid), '[]'::json)
    from pg_catalog.pg_event_trigger t
    join pg_catalog.pg_proc p on p.oid = t.evtfoid join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where not exists (select from extension e
        where e.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass and e.objid = t.oid)),
'domains', (select coalesce(json_agg(json_build_array(
        t.typname, 'SELECT ' || pg_catalog.pg_get_expr(k.conbin, 0)) order by k.oid), '[]'::json)
    from pg_catalog.pg_constraint k
    join pg_catalog.pg_type t on k.contypid in (t.oid, t.typbasetype, t.typelem)
    where k.contypid <> 0 and k.oid >= 16384 and k.contype = 'c')
)
"""
