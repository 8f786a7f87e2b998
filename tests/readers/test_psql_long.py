"""Long scripts: what is read of them piece by piece, or only once for many alike, is what reading all of it says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pglast.ast import InsertStmt
from support.hunting import hunt
from test_psql import CWD, HOME, RULES

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation, Stream
from agentguard.core.effect import Reading
from agentguard.core.unseen import Unseen
from agentguard.core.word import Known
from agentguard.core.world import Witness
from agentguard.readers.psql.inserts import Insert
from agentguard.readers.psql.script import Scanner
from agentguard.readers.psql.source import Source
from agentguard.readers.sql.parse import statements
from agentguard.rulecheck.examples import StatedWorld


def read(stdin: str, *argv: str) -> Reading:
    call = Invocation.of(("psql", "-X", *argv), CWD, {"HOME": HOME}, Stream("known", stdin.encode()))
    return Classifier(RULES, StatedWorld({})).command(call)


# INSERTs

SOUP = st.sampled_from(
    r"""
    insert|into|INSERT INTO t VALUES (|insert into "a;b" (x, "y z") values (|t|a.t|select|(|)|(|)|,|,|1|-2.5e3|- 1|1a
    'x'|''|'it''s'|'a;b'|'\'|E'\''|'a
    b'|null|true|default|defaults|values|VALUES|on conflict do nothing|on conflict|returning id|;|;|--|/*|*/|:x|$$|now()
    'a' 'b'|x'1'|1::int|"|'
    """.replace("\n    ", "|")
    .strip("|")
    .split("|")
)
INSERTS = st.lists(st.tuples(SOUP, st.sampled_from(["", " ", " ", "\n"])), max_size=24).map(
    lambda words: "insert into t values (1" + "".join(map("".join, words))
)


#: What PostgreSQL 18 calls otherwise.
RETURNING = "returningClause" if hasattr(InsertStmt, "returningClause") else "returningList"


@hunt(300)
@given(INSERTS)
def test_an_insert_that_is_not_parsed_is_one_for_the_parser(text: str) -> None:
    insert = Insert(text, 0)
    if insert.ends:
        ((node, _),) = statements(text[: insert.ends])
        ((alike, _),) = statements(insert.shape)
        assert type(node).__name__ == "InsertStmt"
        for part in ("relation", "cols", "onConflictClause", RETURNING, "withClause", "override"):
            assert getattr(node, part) == getattr(alike, part)
        kinds = {type(value).__name__ for row in node.selectStmt.valuesLists for value in row}
        assert kinds <= {"A_Const", "SetToDefault"}


def test_many_alike_are_read_once_and_anything_between_them_begins_anew() -> None:
    alike = "".join(f"insert into t (a, b) values ({i}, 'it''s; {i}');\n" for i in range(50))
    assert [effect.rule for effect in read(alike).effects].count("sql-insert") == 1
    asked = read(alike + "create rule r as on insert to t do also delete from u;\n" + alike)
    assert [effect.rule for effect in asked.effects].count("sql-insert") == 2
    assert "sql-delete-without-where" in [effect.rule for effect in asked.effects]
    assert read(alike + "delete from t;\n" + alike).rating == "destructive"
    assert read(alike + "insert into select values (1);\n").rating == "destructive"
    assert read(alike.replace("(0,", "(purge(),")).rating == "destructive"


# Pieces

LINES = st.lists(
    st.sampled_from(
        [
            *("select 1;", "select 'a", "b' ;", "$x$ select ;", "$x$;", "/* a", "; */ select 2;", '"n', '";', "(", ")"),
            *("create function f() returns int begin atomic; select 3;", "end;", "\\set x 'y z'", "select :x, :'x';"),
            *("\\d t", "\\\\x", "select E'\\\\'';", "-- a 'b", "delete from t \\g", "copy t from stdin; select 4;"),
            *("insert into t values (1);", "insert into t values (2),", "(3);", "copy t from stdin;", "1\ta; b", "\\."),
        ]
    ),
    max_size=14,
)


def sent(scanner: Scanner, variables: dict[str, str | None]) -> Iterator[str]:
    """Everything that a script sends and does, one after the other."""
    while (found := scanner.next()) != "end":
        if found == "command":
            words = [word.text for word in iter(scanner.argument, None) if isinstance(word, Known)]
            if scanner.command == "set" and words:
                variables[words[0]] = "".join(words[1:])
            yield f"\\{scanner.command} {words}"
            scanner.finish()
            continue
        yield (taken := scanner.take())
        if taken.endswith("from stdin"):
            yield "data: " + "".join(scanner.data())
    yield scanner.take()


@hunt(300)
@given(LINES)
def test_a_script_in_pieces_is_what_it_is_as_a_whole(lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    once: dict[str, str | None] = {}
    twice: dict[str, str | None] = {}
    whole = list(sent(Scanner(text, once), once))
    pieces = list(sent(Scanner("", twice, more=iter(text.splitlines(keepends=True))), twice))
    assert pieces == whole


def test_pieces_end_where_lines_do() -> None:
    told: list[str] = []
    pieces = iter([b"\xef\xbb\xbfsel", b"ect 1;\nsele", b"ct", b" 2;\n\0", b"x"])
    source = Source(pieces, lambda: told.append("NUL"), told.append)
    assert list(source) == ["select 1;\n", "select 2;\n", "\0x"]
    assert told == ["NUL"]


def test_a_script_that_breaks_off_is_unknown() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"select 1;\n"
        raise Unseen("the disk is gone")

    class Breaking(StatedWorld):
        def stream(self, path: str, cwd: str) -> Iterator[bytes]:
            return pieces()

    for script in ("select 1", "\\q"):
        call = Invocation.of(("psql", "-X", "-f", "x.sql"), CWD, {"HOME": HOME}, Stream("known", script.encode()))
        assert Classifier(RULES, Breaking({})).command(call).rating == "destructive"


def test_the_evidence_is_all_of_a_script_also_behind_its_end() -> None:
    def evidence(text: str) -> object:
        call = Invocation.of(("psql", "-X", "-f", "x.sql"), CWD, {"HOME": HOME})
        witness = Witness(StatedWorld({"files": {"x.sql": text}}))
        Classifier(RULES, witness).command(call)
        return witness.evidence

    assert evidence("select 1;\n\\q\nselect 2;\n") == evidence("select 1;\n\\q\nselect 2;\n")
    assert evidence("select 1;\n\\q\nselect 2;\n") != evidence("select 1;\n\\q\nselect 3;\n")


# Data

DATA = [
    ("reversible", "1\tdrop table users\n2\tdelete from users;\tx\n"),
    ("reversible", "5\tfoo; and more; of it\n6\tit's $$ /* -- \" (\n7\t\\N\t\\\\x\ta\\tb\\n\n"),
    ("reversible", "with\n"),
    ("reversible", "a; with that; the end\n"),
    ("reversible", "update\n"),
    ("reversible", "C:\\\\images\\\\o x\n"),
    ("destructive", "drop table users;\n"),
    ("destructive", "1\tx; delete from users;\n"),
    ("destructive", "1;\n\n-- so\ndelete from users;\n"),
    ("destructive", "1; /* so */ truncate users;\n"),
    ("destructive", "1\n\\! rm -rf src\n"),
    ("destructive", "delete from users\n\\g\n"),
    ("destructive", "1; with gone as (delete from users returning 1) select 1;\n"),
]


@pytest.mark.parametrize(("rating", "data"), DATA)
def test_data_are_no_script_but_for_what_would_run_if_copy_failed(rating: str, data: str) -> None:
    for copy in ("COPY t FROM stdin;\n", "\\copy t from stdin\n"):
        assert read(f"{copy}{data}\\.\nselect 1;\n").rating == rating, read(f"{copy}{data}\\.\n").reasons
        assert read(f"{copy}{data}\\.\n", "-v", "ON_ERROR_STOP=1").rating == "reversible"
    pieces = [f"{line}\n".encode() for line in f"COPY t FROM stdin;\n{data}\\.".split("\n")]
    assert Pieces.read(pieces).rating == rating


class Pieces(StatedWorld):
    """A script that comes line by line."""

    pieces: tuple[bytes, ...] = ()

    def stream(self, path: str, cwd: str) -> Iterator[bytes]:
        return iter(self.pieces)

    @classmethod
    def read(cls, pieces: list[bytes]) -> Reading:
        world = cls({})
        world.pieces = tuple(pieces)
        return Classifier(RULES, world).command(Invocation.of(("psql", "-X", "-f", "x"), CWD, {"HOME": HOME}))
