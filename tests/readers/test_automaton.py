"""bashlex's grammar from kept tables, held against bashlex as it comes."""

import marshal
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentguard.readers.shell.syntax import automaton

LIBRARY = str(Path(automaton.load().__file__).parents[1])
PACKAGE = str(Path(automaton.__file__).parents[4])
LINES = [
    "", "\n", "\n\n", "a", "a b c", "a && b", "a &&", "a && b || c; d & e", "a | b |& c", "! a | b", "time a", "a;;",
    "(a; b) > f", "{ a; b; }", "{ a }", "}", ")", "a )", "( a", "a\nb\nc", "\n\na\n\nb\n",
    "if a; then b; elif c; then d; else e; fi", "if a; then; fi", "if a", "while a; do b; done < f",
    "until a; do b; done", "for x in a b; do c; done", "for x; do c; done", "for x in; do c; done",
    "for ((;;)); do a; done",
    "case x in a) b;; c|d) e;; esac", "select x in a; do b; done", "f() { a; }", "function f { a; }", "f() (a)",
    "a > b 2>&1 < c >> d", "a <<E\nb\nE\n", "a <<-E\n\tb\n\tE\nc", "a <<< b", "a > > b", "a &> b", "a >| b", "a <>b",
    "x=1 y=2 a b=c", "a $(b; c) `d`", "a <(b) >(c)", 'a "b $(c)" ${d}', "[[ a == b ]]", "((a))", "coproc a", "a &",
    "& a", "|| a", "a || || b", "a 'b", 'a "b', "a $(b", "a # b", "# a", "a \\\n b", "done", "then a", "a; fi",
    "a {b,c}",
]  # fmt: skip

#: Prints what bashlex makes of each line: its trees, or what it raises.
TOLD = """
import sys
def told(bashlex, lines):
    for line in lines:
        bashlex.tokenizer.eoftoken.__dict__.pop("lexer", None)  # of the first text that ended too early
        try:
            yield [node.dump() for node in bashlex.parse(line)]
        except Exception as fault:
            yield type(fault).__name__, str(fault), getattr(fault, "position", None)
"""
OURS = "from agentguard.readers.shell.syntax.automaton import load; bashlex = load()"


def run(code: str, *flags: str, lib: str = LIBRARY) -> str:
    """What a Python of its own prints; nothing of this process's modules is there."""
    whole = f"import sys; sys.path[:0] = {[lib, PACKAGE]!r}\n{code}"
    return subprocess.run(
        [sys.executable, "-I", "-S", *flags, "-c", whole], capture_output=True, check=True, text=True
    ).stdout


def test_it_reads_as_bashlex_does():
    show = f"{TOLD}\nfor one in told(bashlex, {LINES!r}): print(ascii(one))"
    theirs = run(f"import bashlex\n{show}").splitlines()
    ours = run(f"{OURS}\n{show}").splitlines()
    assert len(theirs) == len(LINES)
    assert dict(zip(LINES, ours, strict=True)) == dict(zip(LINES, theirs, strict=True))


def test_a_yacc_is_not_loaded_where_tables_are_kept():
    run(OURS)
    assert run(f"{OURS}; print('inspect' in sys.modules, 'bashlex.yacc' in sys.modules)") == "False False\n"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Copies of both packages, without anything kept."""
    for source in (f"{LIBRARY}/bashlex", f"{PACKAGE}/agentguard"):
        for path in Path(source).rglob("*.py"):
            target = tmp_path / Path(source).name / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return tmp_path


def kept(lib: Path) -> list[Path]:
    return list(lib.rglob("*.cache"))


READS = (
    f"sys.path[:] = [one for one in sys.path if one != {PACKAGE!r}]; {OURS}; "
    "print(bashlex.parse('a && b')[0].kind, 'inspect' in sys.modules)"
)


def test_tables_are_kept_once_derived(copied):
    assert run(READS, "-B", lib=str(copied)) == "list True\n" and kept(copied) == []
    assert run(READS, lib=str(copied)) == "list True\n" and len(kept(copied)) == 1
    assert run(READS, "-B", lib=str(copied)) == "list False\n"


@pytest.mark.parametrize("damage", [b"", b"\xe9", b"nothing", marshal.dumps(None), marshal.dumps((1, 2)), None])
def test_tables_that_do_not_fit_are_derived_anew(copied, damage):
    run(READS, lib=str(copied))
    (file,) = kept(copied)
    whole = file.read_bytes()
    if damage is None:
        os.utime(copied / "bashlex" / "parser.py", (1, 1))
    else:
        file.write_bytes(damage)
    assert run(READS, lib=str(copied)) == "list True\n"
    assert kept(copied) == [file] and (damage is None or file.read_bytes() == whole)
    assert run(READS, lib=str(copied)) == "list False\n"


def test_install_keeps_them_for_a_copy(copied):
    automaton.keep(str(copied))
    assert run(READS, "-B", lib=str(copied)) == "list False\n"
