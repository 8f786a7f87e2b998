"""Calls of psql: arguments and what is given, the rating, the rule that decides; by the whole rulebook."""

# ruff: noqa: SIM905 (lists of words)
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.rules import shipped

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation, Stream
from agentguard.core.effect import Reading
from agentguard.core.unseen import Unseen
from agentguard.core.word import Known, Unknown
from agentguard.readers.psql.script import Scanner
from agentguard.rulecheck.examples import CWD, HOME, StatedWorld

RULES = shipped()


def read(*argv: str | Unknown, stdin: Stream | str = "", env: dict[str, Any] | None = None, **given: Any) -> Reading:
    """A call as a shim sees it; text given for stdin is what the process inherits."""
    if isinstance(stdin, str):
        given, stream = {**given, "stdin": stdin}, Stream()
    else:
        stream = stdin
    world = StatedWorld(given)
    words = tuple(word if isinstance(word, Unknown) else Known(word) for word in ("psql", *argv))
    values = {"HOME": HOME, **(env or {})}
    surroundings = {name: word if isinstance(word, Unknown) else Known(word) for name, word in values.items()}
    call = Invocation(words, Known(CWD), surroundings, stream)
    return Classifier(RULES, world).command(call)


def script(text: str, **given: Any) -> Reading:
    """What a script on standard input does."""
    return read(stdin=text, **given)


def rules(reading: Reading) -> list[str]:
    return [reason.rule for reason in reading.reasons]


SERVICES = f"{HOME}/.pg_service.conf"
R, V, D = "read", "reversible", "destructive"

SCRIPTS = [
    # what ends a statement, and what does not
    (R, "", "select 1"),
    (R, "", "select 'a;drop table t;';"),
    (R, "", "select $$;drop table t;$$;"),
    (R, "", "select $x$ $$ ;drop table t; $x$;"),
    (R, "", "-- drop table t;\nselect 1;"),
    (R, "", "/* ; /* drop table t; */ drop table t; */ select 1;"),
    (R, "", 'select ";drop table t;" from x;'),
    (R, "", "select E'\\';drop table t;';"),
    (D, "sql-drop-table", "select '\\';drop table t;--';"),
    (D, "sql-drop-table", "select 1;\n\n  drop table t"),
    (D, "sql-drop-table", "select 1 \\; drop table t;"),
    (D, "sql-drop-table", "select 1 as a$b$; drop table t; --$b$"),
    (D, "sql-drop-table", "select 'it''s'; drop table t; select ''"),
    (V, "sql-create", "create function f() returns int begin atomic select 1; insert into t values (1); end;"),
    (D, "sql-arms", "create function f() returns int begin atomic select 1; delete from t; end;"),
    (D, "sql-delete-without-where", "create function f() returns int begin atomic select 1; end; delete from t;"),
    (V, "sql-create", "create rule r as on insert to t do also (insert into a values (1); select 1);"),
    (D, "sql-arms", "create rule r as on insert to t do also (delete from a; delete from b);"),
    # looking around
    (
        R,
        "",
        "\\d\n\\dt+ public.*\n\\l\n\\x\n\\timing on\n\\conninfo\n\\echo drop table t\n\\pset pager off\n\\?\n\\h drop",
    ),
    (R, "", "\\sf my_function\n\\z\n\\encoding utf8\n\\restrict abc\n\\unrestrict abc"),
    (R, "", "\\dt;\nselect 1;"),
    (D, "psql-unknown-command", "\\frobnicate"),
    (D, "psql-unknown-command", "\\q;"),
    # commands between statements
    (D, "sql-drop-table", "\\x \\\\ drop table t;"),
    (D, "sql-drop-table", "\\x\ndrop table t;"),
    (D, "sql-drop-table", "drop table t \\g"),
    (D, "sql-drop-table", "drop table t \\gx"),
    (D, "sql-drop-table", "drop table t \\gset"),
    (D, "sql-drop-table", "drop table t \\watch 1"),
    (D, "sql-drop-table", "drop table t \\gdesc\n\\g"),
    (R, "", "drop table t \\gdesc"),
    (R, "", "drop table t \\r\nselect 1;"),
    (R, "", "drop table t\n\\r\n"),
    (D, "sql-drop-table", "drop table t \\p"),
    (R, "", "select 1;\n\\q\ndrop table t;"),
    (D, "sql-drop-table", "\\if :x\n\\q\n\\endif\ndrop table t;"),
    (D, "sql-drop-table", "\\if false\ndrop table t;\n\\endif"),
    (D, "sql-drop-table", "\\if true\nselect 1;\n\\else\ndrop table t;\n\\endif"),
    # transactions
    (V, "sql-delete-without-where", "begin;\ndelete from t;\nrollback;"),
    (D, "sql-delete-without-where", "\\if :x\nbegin;\n\\endif\ndelete from t;\nrollback;"),
    (D, "sql-delete-without-where", "begin;\n\\if :x\ncommit;\n\\endif\ndelete from t;\nrollback;"),
    (D, "sql-delete-without-where", "begin;\n\\if :x\nrollback;\n\\endif\ndelete from t;\nrollback;"),
    (D, "sql-delete-without-where", "begin;\ndelete from t;\n\\if :x\nrollback;\n\\endif\ncommit;"),
    (D, "sql-delete-without-where", "begin;\n\\c other\ndelete from t;\nrollback;"),
    (D, "sql-delete-without-where", "begin \\gdesc\ndelete from t;\nrollback;"),
    (D, "sql-drop-table", "create table t (a int);\ndrop table t;"),
    (V, "sql-drop-table", "begin;\ncreate table t (a int);\ndrop table t;\ncommit;"),
    (V, "sql-drop-table", "\\set ON_ERROR_STOP on\ncreate table t (a int);\ndrop table t;"),
    (V, "sql-drop-table", "\\set ON_ERROR_STOP\ncreate table t (a int);\ndrop table t;"),
    (D, "sql-drop-table", "\\set ON_ERROR_STOP off\ncreate table t (a int);\ndrop table t;"),
    (D, "sql-drop-table", "\\if :x\n\\set ON_ERROR_STOP on\n\\endif\ncreate table t (a int);\ndrop table t;"),
    (D, "sql-drop-table", "\\set ON_ERROR_ROLLBACK on\nbegin;\ncreate table t (a int);\ndrop table t;\ncommit;"),
    # variables
    (D, "sql-drop-table", "\\set what 'drop table t'\n:what;"),
    (D, "sql-drop-table", "\\set what 'select 1; drop table t'\n:what;"),
    (R, "", "\\set what 'drop table t'\nselect :'what', ':what';"),
    (D, "sql-unknown-function", "\\set f my_func\nselect :f(1);"),
    (D, "sql-drop-table", "\\set a drop\n\\set b table\n:a :b t;"),
    (R, "", '\\set t users\nselect * from :t, :"t" where a::int = 1 and b[1:2] is null;'),
    (D, "psql-unknown-variable", "select count(*) as n from t \\gset\nselect * from u where n > :n;"),
    (R, "", "select max(a) as n from t \\gset\nselect * from u where n > :'n';"),
    (R, "", "select max(a) as n from t \\gset x_\nselect * from u where n > 1; \\echo :x_n"),
    (D, "psql-unknown-variable", "\\prompt 'which? ' t\nselect * from :t;"),
    (D, "psql-input", "\\prompt 'which? ' t\nselect :'t';"),
    (D, "sql-unknown-function", 'select 1 as f \\gset\nselect :"f"();'),
    (D, "sql-unknown-function", "select 1 as n \\gset\nselect set_config(:'n', 'off', false);"),
    (D, "sql-unparsed", "select * from :unset;"),
    (D, "psql-unknown-variable", "\\set a :b:b\n\\set b x\n\\set c '\\\\! ls'\n:c"),
    (R, "", "\\getenv who USERNAME\nselect 1;"),
    (R, "", "\\if :{?x}\n\\endif\nselect :{?x};"),
    (D, "psql-single-line", "\\set SINGLELINE on\nexplain\ndelete from t;"),
    # data
    (V, "sql-insert", "copy t from stdin;\n1\tdrop table t;\n2\tit's\n\\.\nselect 1;\n"),
    (D, "sql-drop-table", "copy t from stdin;\n1\tx\n\\.\ndrop table t;\n"),
    (D, "sql-drop-table", "copy t from stdin; drop table t;\n1\tx\n\\.\n"),
    (D, "sql-drop-table", "copy t from stdin;\ndrop table t;\n\\.\n"),
    (V, "sql-insert", "\\set ON_ERROR_STOP 1\ncopy t from stdin;\ndrop table t;\n\\.\n"),
    (D, "rm-removes", "copy t from stdin;\n\\! rm -rf x\n\\.\n"),
    (V, "sql-insert", "\\copy t from stdin\n1\n\\.\nselect 1;"),
    # files and programs
    (D, "rm-removes", "\\! rm -rf src"),
    (D, "rm-removes", "select 1 \\! rm -rf src"),
    (D, "rm-removes", "\\echo `rm -rf src`"),
    (D, "rm-removes", "\\set x `rm -rf src`"),
    (D, "rm-removes", "\\d `rm -rf src`"),
    (R, "", "\\echo '`rm -rf src`'"),
    (R, "", "select '`rm -rf src`';"),
    (D, "rm-removes", "select 1 \\g | rm -rf src"),
    (D, "rm-removes", "\\o |rm -rf src"),
    (D, "rm-removes", "\\w | rm -rf src"),
    (D, "rm-removes", "\\copy t to program 'rm -rf src'"),
    (D, "rm-removes", "\\copy (select 1) to program 'rm -rf src'"),
    (D, "psql-shell", "\\!"),
    (D, "psql-writes-file", "\\o notes.txt"),
    (D, "psql-writes-file", "\\out 'notes.txt'"),
    (D, "psql-writes-file", "select 1 \\g notes.txt"),
    (D, "psql-writes-file", "select 1 \\g (format=csv expanded=on) notes.txt"),
    (D, "psql-writes-file", "select 1 \\w notes.txt"),
    (D, "psql-writes-file", "\\s notes.txt"),
    (D, "psql-writes-file", "\\lo_export 1 notes.txt"),
    (D, "psql-writes-file", "\\copy t to 'notes.txt'"),
    (D, "psql-writes-file", "\\copy t (a, b) to notes.txt csv header"),
    (D, "psql-writes-file", "\\copy (select ')' from t) TO notes.txt with (format csv)"),
    (D, "psql-writes-file", "\\cd `pwd`\n\\o new.txt"),
    (D, "psql-unseen-file", "\\if :x\n\\cd /elsewhere\n\\endif\n\\i look.sql"),
    (D, "psql-writes-file", "\\o `echo new.txt`"),
    (V, "psql-writes-file", "\\o new.txt"),
    (V, "psql-writes-file", "\\copy t to 'new.txt'"),
    (V, "psql-writes-file", "\\o ~/new.txt"),
    (R, "", "\\o /dev/null\nselect 1;\n\\o"),
    (R, "", "\\copy t to stdout"),
    (R, "", "\\copy (select * from t) to pstdout csv"),
    (V, "sql-insert", "\\copy t from 'x.csv' csv"),
    (V, "sql-insert", "\\copy t (a, b) from x.csv with (format csv, header)"),
    (D, "sql-delete-without-where", "\\copy (delete from t returning *) to stdout"),
    (D, "psql-copy", "\\copy t"),
    (D, "sql-drop-table", "\\i drop.sql"),
    (D, "sql-drop-table", "\\ir drop.sql"),
    (D, "sql-drop-table", "\\include 'drop.sql'"),
    (R, "", "\\i look.sql"),
    (D, "sql-drop-table", "\\i ~/drop.sql"),
    (D, "sql-drop-table", "\\i sub/outer.sql"),
    (D, "psql-unseen-file", "\\i gone.sql"),
    (D, "psql-unseen-file", "\\i `echo look.sql`"),
    (D, "psql-too-deep", "\\i loop.sql"),
    (R, "", "\\set f look.sql\n\\i :f"),
    # the rest
    (D, "psql-password", "\\password bob"),
    (D, "psql-edit", "\\e"),
    (D, "psql-gexec", "select format('drop table %I', x) from t \\gexec"),
    (D, "sql-drop-table", "select 'drop table t' \\gexec"),
    (V, "sql-create", "select 'create database app' where not exists (select from pg_database) \\gexec"),
    (D, "sql-large-object-unlink", "\\lo_unlink 1"),
    (V, "sql-large-object-create", "\\lo_import x.png"),
    (D, "psql-setenv", "\\setenv PATH /elsewhere"),
    (R, "", "\\setenv PGTZ UTC"),
]
GIVEN = {
    "files": {
        "drop.sql": "drop table t",
        "look.sql": "select 1;",
        "sub/outer.sql": "\\ir inner.sql",
        "sub/inner.sql": "drop table t;",
        "loop.sql": "\\i loop.sql",
        f"{HOME}/drop.sql": "drop table t",
    },
    "paths": {
        "notes.txt": "untracked",
        "src": "untracked",
        "x": "untracked",
        "new.txt": "missing",
        f"{HOME}/new.txt": "missing",
    },
}


@pytest.mark.parametrize(("rating", "rule", "text"), SCRIPTS)
def test_scripts(rating: str, rule: str, text: str) -> None:
    reading = script(text, **GIVEN)
    assert reading.rating == rating, reading.reasons
    assert not rule or rule in rules(reading), reading.reasons


CALLS: list[tuple[str, str, tuple[str, ...], dict[str, Any]]] = [
    (R, "", ("-c", "select 1"), {}),
    (R, "", ("-Xqtc", "select 1"), {}),
    (R, "", ("--command=select 1", "app"), {}),
    (R, "", ("-c", "select 1", "-c", "\\dt"), {}),
    (D, "sql-drop-table", ("-c", "select 1", "-c", "drop table t"), {}),
    (D, "sql-drop-table", ("app", "-c", "drop table t"), {}),
    (D, "sql-drop-table", ("--comm", "drop table t"), {}),
    (D, "sql-drop-table", ("-AXtcdrop table t",), {}),
    (D, "sql-unparsed", ("-c", "select 1 \\g"), {}),
    (D, "sql-unparsed", ("-v", "x=1", "-c", "select :x"), {}),
    (R, "", ("-c", "\\echo x \\\\ drop table t;"), {}),
    (D, "rm-removes", ("-c", "\\! rm x\nrm src"), {"paths": {"src": "untracked"}}),
    (V, "sql-delete-without-where", ("-c", "begin", "-c", "delete from t", "-c", "rollback"), {}),
    (V, "sql-delete-without-where", ("-1", "-c", "delete from t", "-c", "rollback"), {}),
    (D, "sql-delete-without-where", ("-1", "-c", "delete from t"), {}),
    (D, "sql-delete-without-where", ("-1",), {"stdin": "delete from t; rollback"}),
    (V, "sql-drop-table", ("-c", "create table t (a int); drop table t"), {}),
    (D, "sql-drop-table", ("-c", "create table t (a int)", "-c", "drop table t"), {}),
    (V, "sql-drop-table", ("-v", "ON_ERROR_STOP=1", "-c", "create table t (a int)", "-c", "drop table t"), {}),
    (D, "sql-drop-table", ("-v", "ON_ERROR_STOP=0", "-c", "create table t (a int)", "-c", "drop table t"), {}),
    (D, "sql-drop-table", ("-f", "x.sql"), {"files": {"x.sql": "drop table t"}}),
    (R, "", ("-f", "x.sql"), {"files": {"x.sql": "\ufeffselect 1;\r\n\\dt\r\n"}}),
    (D, "psql-unseen-file", ("-f", "gone.sql"), {}),
    (D, "sql-drop-table", ("-f", "-"), {"stdin": "drop table t"}),
    (R, "", ("-f", "-"), {"stdin": "select 1"}),
    (R, "", ("-c", "select 1"), {"stdin": "drop table t"}),
    (D, "sql-drop-table", ("-v", "what=drop table t", "-f", "-"), {"stdin": ":what;"}),
    (D, "sql-drop-table", ("--set", "t=users", "-f", "-"), {"stdin": "drop table :t;"}),
    (R, "", ("--variable=t=users",), {"stdin": 'select * from :"t"'}),
    (D, "psql-single-line", ("-S",), {"stdin": "select 1"}),
    (D, "psql-writes-file", ("-c", "select 1", "-o", "a.txt"), {"paths": {"a.txt": "untracked"}}),
    (V, "psql-writes-file", ("-c", "select 1", "-o", "a.txt"), {"paths": {"a.txt": "tracked"}}),
    (R, "", ("-c", "select 1", "-o", "/dev/null"), {}),
    (D, "rm-removes", ("-c", "select 1", "-o", "|rm src"), {"paths": {"src": "untracked"}}),
    (V, "psql-log", ("-c", "select 1", "-L", "a.log"), {}),
    (D, "agentguard-unknown-option", ("--frobnicate", "-c", "select 1"), {}),
    (R, "", ("--help", "-c", "drop table t"), {}),
    (R, "", ("-l",), {}),
    (D, "sql-quoting", ("-d", "options='-c standard_conforming_strings=off'", "-c", "select 1"), {}),
    (D, "sql-quoting", ("-c", "select 1"), {"env": {"PGOPTIONS": "-c standard_conforming_strings=off"}}),
    # ~/.psqlrc runs first
    (
        D,
        "sql-drop-table",
        ("-c", "select 1"),
        {"files": {f"{HOME}/.psqlrc": "drop table t;"}, "paths": {f"{HOME}/.psqlrc": "untracked"}},
    ),
    (
        D,
        "sql-drop-table",
        ("-c", "select 1"),
        {"files": {f"{HOME}/.psqlrc-15": "drop table t;"}, "paths": {f"{HOME}/.psqlrc-15": "untracked"}},
    ),
    (D, "psql-unseen-file", ("-c", "select 1"), {"paths": {f"{HOME}/.psqlrc": "untracked"}}),
    (
        R,
        "",
        ("-Xc", "select 1"),
        {"files": {f"{HOME}/.psqlrc": "drop table t;"}, "paths": {f"{HOME}/.psqlrc": "untracked"}},
    ),
    (
        R,
        "",
        ("-c", "select 1"),
        {"files": {f"{HOME}/.psqlrc": "\\set QUIET 1\n\\timing"}, "paths": {f"{HOME}/.psqlrc": "untracked"}},
    ),
    (
        D,
        "sql-drop-table",
        ("-c", "select 1"),
        {"env": {"PSQLRC": "/x/rc"}, "files": {"/x/rc": "drop table t"}, "paths": {"/x/rc": "untracked"}},
    ),
    (D, "psql-startup", ("-c", "select 1"), {"env": {"HOME": ""}}),
    (R, "", ("-Xc", "select 1"), {"env": {"HOME": ""}}),
]


@pytest.mark.parametrize(("rating", "rule", "argv", "given"), CALLS)
def test_calls(rating: str, rule: str, argv: tuple[str, ...], given: dict[str, Any]) -> None:
    reading = read(*argv, **given)
    assert reading.rating == rating, reading.reasons
    assert not rule or rule in rules(reading), reading.reasons


@pytest.mark.parametrize(
    ("argv", "env", "files", "environment", "evidence"),
    [
        ((), {}, {}, "local", "default socket"),
        (("-h", "/var/run/postgresql"), {}, {}, "local", "/var/run/postgresql"),
        (("-h", "localhost"), {}, {}, "local", "tunnel"),
        (("-h", "127.0.0.1", "-p", "5433"), {}, {}, "local", "127.0.0.1"),
        (("-h", "db.prod.internal"), {}, {}, "production", "db.prod.internal"),
        (("-h", "db.internal"), {}, {}, "unknown", "db.internal"),
        (("-h", "db.products.internal"), {}, {}, "unknown", "products"),
        (("-h", "db-staging-1.internal"), {}, {}, "staging", "staging"),
        (("-h", "localhost", "app_production"), {}, {}, "production", "app_production"),
        (("postgresql://u:p@db.live.example.com:5432/app",), {}, {}, "production", "live"),
        (("-d", "postgres:///app_test",), {}, {}, "local", "default socket"),
        (("-d", "postgres://db.internal/app_test",), {}, {}, "staging", "app_test"),
        (("host=db.prd.internal dbname='a b'",), {}, {}, "production", "prd"),
        (("-h", "localhost", "host=db.prod.internal"), {}, {}, "production", "prod"),
        ((), {"PGHOST": "db.prod.internal"}, {}, "production", "PGHOST=db.prod.internal"),
        (("-h", "localhost"), {"PGHOST": "db.prod.internal"}, {}, "local", "localhost"),
        ((), {"PGHOSTADDR": "10.0.0.1"}, {}, "unknown", "PGHOSTADDR"),
        ((), {"PGDATABASE": "prod"}, {}, "production", "PGDATABASE=prod"),
        ((), {"PGSERVICE": "x"}, {SERVICES: "[y]\nhost=a\n[x]\nhost=db.prod.internal\n"}, "production", "service x"),
        ((), {"PGSERVICE": "prod"}, {}, "production", "service prod"),
        ((), {"PGSERVICE": "x"}, {}, "unknown", "service x cannot be seen"),
        (("service=x",), {"PGSERVICEFILE": "/s"}, {"/s": "[x]\nhost=localhost"}, "local", "/s"),
    ],
)  # fmt: skip
def test_where_it_connects_to(
    argv: tuple[str, ...], env: dict[str, str], files: dict[str, str], environment: str, evidence: str
) -> None:
    reading = read("-X", *argv, "-c", "drop table t", env=env, files=files)
    found = next(effect.environment for effect in reading.effects if effect.rule == "sql-drop-table")
    assert found.name == environment
    assert evidence in found.evidence


def test_connecting_elsewhere_changes_the_place() -> None:
    reading = script("drop table a;\n\\c app db_user db.prod.internal\ndrop table b;\n\\c - - localhost\ndrop table c;")
    found = {e.target.name: e.environment.name for e in reading.effects if e.rule == "sql-drop-table"}
    assert found == {"a": "local", "b": "production", "c": "local"}


def test_a_production_database_dropped_is_catastrophic() -> None:
    assert read("-h", "db.prod.internal", "postgres", "-c", "drop database app").catastrophic
    assert not read("-h", "db.internal", "postgres", "-c", "drop database app").catastrophic


def test_standard_input_that_cannot_be_read_is_unknown() -> None:
    class Endless(StatedWorld):
        def stdin(self) -> bytes:
            raise Unseen("standard input does not end")

    call = Invocation.of(("psql",), CWD, {"HOME": HOME}, Stream())
    reading = Classifier(RULES, Endless({})).command(call)
    assert reading.rating == "destructive"
    assert "standard input does not end" in reading.reasons[0].text


def test_standard_input_that_nobody_can_know_yet_is_unknown() -> None:
    reading = read(stdin=Stream("unseen", why="curl's output is not known"))
    assert rules(reading) == ["psql-unseen-stdin"]
    assert "curl's output is not known" in reading.reasons[0].text
    assert read(stdin=Stream("known", b"select 1")).rating == "read"
    assert read(stdin=Stream("known", b"drop table t")).rating == "destructive"


@pytest.mark.parametrize("option", ["-c", "-f", "-o"])
def test_a_word_that_is_not_known_yet_is_unknown(option: str) -> None:
    reading = read(option, Unknown("", "$X"), "-c", "select 1")
    assert reading.rating == "destructive"
    assert "$X" in reading.reasons[0].text


UNKNOWN: list[tuple[str, tuple[str | Unknown, ...], dict[str, Any]]] = [
    (D, ("--command=select 1", Unknown("--command=", '--command="$(cat drop.sql)"', "--command=")), {}),
    (D, (Unknown("-c", '-c"$(cat drop.sql)"', "-c"),), {}),
    (D, ("-c", "select 1", Unknown("-o", "-o$X", "-o")), {}),
    (D, ("-c", "select 1", Unknown("-o", "-o|$X", "-o|")), {}),
    (R, ("-h", "h", Unknown("", '"$DB"'), "-c", "select 1"), {}),
    (R, ("-v", Unknown("x=", '"x=$X"', "x="), "-c", "select 1"), {}),
    (R, ("-v", Unknown("x=", '"x=$X"', "x=")), {"stdin": "select :'x'"}),
    (D, ("-v", Unknown("x=", '"x=$X"', "x=")), {"stdin": "select :x"}),
    (D, ("-v", Unknown("", '"$X"')), {"stdin": "select 1"}),
    (D, ("-v", Unknown("SINGLELINE=", '"SINGLELINE=$X"', "SINGLELINE=")), {"stdin": "select 1"}),
    (D, (), {"stdin": "\\getenv x V\nselect :x"}),
    (D, (), {"stdin": "\\getenv x V\n\\i :x"}),
    (D, (), {"stdin": "\\getenv x V\n\\set y `:x`"}),
    (D, (), {"stdin": "\\getenv x V\n\\set :x 1"}),
    (D, (), {"stdin": "\\getenv x V\n\\unset :x"}),
    (D, (), {"stdin": "\\getenv x V\n\\cd :x\n\\o a\nselect 1"}),
    (D, ("-c", "select 1"), {"env": {"PGOPTIONS": Unknown("", "$X")}}),
    (D, ("-c", "select 1"), {"env": {"PGCLIENTENCODING": Unknown("", "$X")}}),
    (D, ("-c", "select 1"), {"env": {"PSQLRC": Unknown("", "$X")}}),
]


@pytest.mark.parametrize(("rating", "argv", "given"), UNKNOWN)
def test_what_is_not_known_yet_is_not_taken_for_the_guess(
    rating: str, argv: tuple[str | Unknown, ...], given: dict[str, Any]
) -> None:
    reading = read(*argv, **{**given, "env": {"V": Unknown("", "$V"), **given.get("env", {})}})
    assert reading.rating == rating, reading.reasons


@pytest.mark.parametrize("variable", ["PGHOSTADDR", "PGDATABASE", "PGSERVICE", "PGSERVICEFILE", "HOME"])
def test_a_server_that_is_not_known_yet_is_not_taken_for_this_machine(variable: str) -> None:
    env = {"PGSERVICE": "app", "PSQLRC": "/none", variable: Unknown("", "$X")}
    reading = read("-c", "drop table t", env=env, files={SERVICES: "[app]\nhost=localhost\n"})
    assert [e.environment.name for e in reading.effects if e.rule == "sql-drop-table"] == ["unknown"]


def test_variables_are_put_into_commands_in_backquotes() -> None:
    gone = {"paths": {"src": "untracked"}}
    assert script("\\set x 'rm src'\n\\set y `:x`", **gone).rating == "destructive"
    assert script("\\set x 'src'\n\\set y `rm :'x' ':z'`", **gone).rating == "destructive"
    assert script("\\set x 'rm src'\n\\set y `echo :'x'`", **gone).rating == "read"


def test_the_world_is_not_asked_for_input_that_psql_does_not_run() -> None:
    class NoInput(StatedWorld):
        def stdin(self) -> bytes:
            raise AssertionError("standard input was read")

    call = Invocation.of(("psql", "-X", "-c", "copy t from stdin"), CWD, {"HOME": HOME}, Stream())
    assert Classifier(RULES, NoInput({})).command(call).rating == "reversible"


PIECES = st.sampled_from(
    r"""
    \ \\ \g \gset \gexec \i \ir \o \w \copy \! \set \unset \if \else \endif \c \e \q \r \d \echo \cd \setenv
    \prompt ; ' " ` $$ $x$ : :x :'x' :"x" :{?x} -- /* */ ( ) from to program stdin select delete t begin commit rollback
    \. x |x 1
    create function atomic end copy insert into values drop table E' U&' \; \: ~ -
    """.split()
)
TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(st.one_of(PIECES, st.sampled_from(["\n", " ", "\t"])), max_size=40).map(" ".join),
    st.lists(st.one_of(PIECES, st.sampled_from(["\n", " ", "\t"])), max_size=40).map("".join),
    st.binary(max_size=60).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
)


@settings(max_examples=300, deadline=None)
@example("\ufeff", "")
@given(TEXTS, TEXTS)
def test_any_script_is_read_without_an_error(text: str, value: str) -> None:
    script(text)
    read("-v", f"x={value}", "-c", text, "-f", "-", stdin=text)
    read("-v", Unknown(f"x={value}", '"x=$X"', "x="), stdin=text)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_the_scanner_always_goes_on(text: str) -> None:
    scanner = Scanner(text, {"x": "select ':x :x"})
    for _ in range(4 * len(text) + 100):
        if scanner.next() == "end":
            return
        scanner.take()
        scanner.finish()
    raise AssertionError("the scanner does not come to an end")


@settings(deadline=None)
@given(TEXTS, TEXTS, TEXTS)
def test_any_connection_is_read_without_an_error(database: str, host: str, service: str) -> None:
    read(
        "-X",
        "-d",
        database,
        "-h",
        host,
        "-c",
        "select 1",
        files={"/s": service},
        env={"PGSERVICEFILE": "/s", "PGSERVICE": "x"},
    )
