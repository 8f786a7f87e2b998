"""Ordinary work under the guard, with nobody there: nothing is asked and nothing is lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.guarded import Guarded, Session, lasting_directory
from support.stores import Stores

pytestmark = pytest.mark.real

#: A file of the developer's own that no tool has made: it is in every project, and must stay there.
NOTES = "the only copy\n"


@pytest.fixture(scope="module")
def guarded(stores: Stores) -> Iterator[Guarded]:
    with lasting_directory() as place:
        yield Guarded(place, stores)


@pytest.fixture
def project(guarded: Guarded, request: pytest.FixtureRequest) -> Iterator[Path]:
    """An empty directory for a project, outside any repository."""
    where = guarded.place / "projects" / request.node.name.replace("[", "-").rstrip("]")
    where.mkdir(parents=True)
    (where / "notes.txt").write_text(NOTES)
    yield where
    assert (where / "notes.txt").read_text() == NOTES


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [program for program in programs if not shutil.which(program)]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)}: not installed")


def direct(guarded: Guarded, where: Path, line: str) -> None:
    """Prepare something without the guard."""
    ran = subprocess.run(["bash", "-ec", line], cwd=where, env=guarded.env, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def put(where: Path, files: dict[str, str]) -> None:
    """Write files, by their paths below `where`."""
    for name, text in files.items():
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def repository(guarded: Guarded, where: Path, files: dict[str, str]) -> None:
    """A repository with these files committed; the developer's notes stay untracked."""
    put(where, files)
    direct(guarded, where, "git init -q && git add . ':!notes.txt' && git commit -qm start")


def is_ordinary(session: Session, *programs: str) -> None:
    """Nothing was asked, nothing was said, every call succeeded, and the shims of these programs were met."""
    assert session.stopped == []
    assert [(call.status, call.err) for call in session.calls if call.status] == []
    assert "agentguard:" not in "".join(call.err for call in session.calls)
    assert session.guarded() >= set(programs)


# Building

AUTOCONF = {
    "configure.ac": """
AC_INIT([hello], [1.0])
AC_CONFIG_AUX_DIR([aux])
AM_INIT_AUTOMAKE([foreign subdir-objects])
AM_PROG_AR
AC_PROG_CC
AC_PROG_RANLIB
AC_CHECK_HEADERS([unistd.h])
AC_CONFIG_HEADERS([config.h])
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
""",
    "Makefile.am": """
bin_PROGRAMS = hello
noinst_LIBRARIES = libgreet.a
libgreet_a_SOURCES = src/greet.c
hello_SOURCES = src/main.c
hello_LDADD = libgreet.a
CLEANFILES = name.h
BUILT_SOURCES = name.h
name.h:
	echo '#define NAME "world"' >name.tmp
	rm -f name.h
	mv name.tmp name.h
""",
    "src/greet.c": '#include <stdio.h>\nvoid greet(const char *whom) { printf("hello %s\\n", whom); }\n',
    "src/main.c": '#include "name.h"\nvoid greet(const char *);\nint main(void) { greet(NAME); return 0; }\n',
    ".gitignore": "*.o\n*.a\n.deps/\n.dirstamp\nMakefile\nconfig.*\n!config.h.in\nstamp-h1\n/hello\n/name.h\nbuild/\n",
}


@pytest.fixture(scope="module")
def release(guarded: Guarded) -> Path:
    """A small project in C as it is unpacked."""
    where = guarded.place / "hello-1.0"
    put(where, AUTOCONF)
    direct(guarded, where, "autoreconf --install && rm -r autom4te.cache")
    return where


@needs("autoconf", "automake", "make", "gcc")
@pytest.mark.parametrize("versioned", [True, False], ids=["repository", "none"])
def test_configure_make_and_make_clean(guarded, project, release, versioned):
    shutil.copytree(release, project, dirs_exist_ok=True)
    if versioned:
        repository(guarded, project, {})
    session = guarded.agent(project, "./configure && make && ./hello && make clean")
    is_ordinary(session, "rm")
    assert "hello world" in session.calls[0].out
    assert (project / "src" / "main.c").exists() and not (project / "src" / "main.o").exists()
    assert not (project / "hello").exists()


@needs("autoconf", "automake", "make", "gcc")
def test_a_build_directory_is_built_in_again_and_thrown_away_in_later_calls(guarded, project, release):
    shutil.copytree(release, project, dirs_exist_ok=True)
    repository(guarded, project, {})
    session = guarded.agent(
        project,
        "mkdir build && cd build && ../configure -q && make",
        "touch src/greet.c && make -C build",
        "make -C build clean",
        "rm -rf build",
    )
    is_ordinary(session, "rm")
    assert not (project / "build").exists()


@needs("autoconf", "automake", "make", "gcc")
def test_a_later_make_builds_again_over_what_it_has_built(guarded, project, release):
    """Before it links, automake removes the old program and the old library."""
    shutil.copytree(release, project, dirs_exist_ok=True)
    repository(guarded, project, {})
    direct(guarded, project, "./configure -q && make -s")
    session = guarded.agent(project, "touch src/greet.c src/main.c && make && ./hello", "rm hello libgreet.a")
    is_ordinary(session, "rm")
    assert "hello world" in session.calls[0].out
    assert not (project / "hello").exists()


@needs("autoconf", "automake", "make", "gcc")
def test_a_later_make_clean_asks_only_about_a_text_that_no_convention_names(guarded, project, release):
    """Programs, libraries and object files are made again by any build; that a text is, only its Makefile knows."""
    shutil.copytree(release, project, dirs_exist_ok=True)
    repository(guarded, project, {})
    direct(guarded, project, "./configure -q && make -s")
    session = guarded.agent(project, "make clean")
    assert {tuple(argv[1:]) for argv in session.stopped} == {("-f", "name.h")}
    assert (project / "name.h").exists()
    assert not (project / "src" / "main.o").exists()


# Testing


@needs("npm", "node")
def test_npm_ci_and_npm_test(guarded, project):
    scripts = {
        "pretest": "rm -rf coverage && mkdir coverage",
        "test": "node test.js && git status --short",
        "posttest": "rm -rf coverage node_modules/.cache",
    }
    repository(
        guarded,
        project,
        {
            "package.json": json.dumps({
                "name": "small", "version": "1.0.0", "private": True, "scripts": scripts,
                "dependencies": {"left": "file:packages/left"},
            }),
            "packages/left/package.json": json.dumps({"name": "left", "version": "1.0.0", "main": "index.js"}),
            "packages/left/index.js": "module.exports = text => ' ' + text;\n",
            "test.js": "if (require('left')('x') !== ' x') process.exit(1);\n",
            ".gitignore": "node_modules/\ncoverage/\n",
        },
    )  # fmt: skip
    (guarded.home / ".npmrc").write_text("offline=true\naudit=false\nfund=false\nupdate-notifier=false\n")
    direct(guarded, project, "npm install --package-lock-only && git add package-lock.json && git commit -qm lock")
    session = guarded.agent(project, "npm ci && npm test", "npm ci && npm test", "rm -rf node_modules")
    is_ordinary(session, "rm", "git")
    assert not (project / "node_modules").exists()
    assert (project / "packages" / "left" / "index.js").exists()


@pytest.mark.parametrize("versioned", [True, False], ids=["repository", "none"])
def test_pytest_and_clearing_up_after_it(guarded, project, versioned):
    files = {"calc.py": "def add(a, b):\n    return a + b\n", ".gitignore": "__pycache__/\n*.pyc\n.coverage\n"}
    put(
        project, {**files, "tests/test_calc.py": "from calc import add\n\ndef test_add():\n    assert add(1, 2) == 3\n"}
    )
    if versioned:
        repository(guarded, project, {})
    pytest_run = f"{sys.executable} -m pytest -q"
    session = guarded.agent(
        project,
        f"{pytest_run} && rm -rf .pytest_cache tests/__pycache__ __pycache__",
        pytest_run,
        "find . -name __pycache__ -type d -prune -exec rm -rf {} +",
        "rm -rf .pytest_cache",
        f"{pytest_run} --junitxml=report.xml && rm report.xml",
    )
    is_ordinary(session, "rm")
    assert (project / "tests" / "test_calc.py").exists()


# git


def test_a_commit_with_a_hook_that_calls_git_and_removes_its_own_file(guarded, project):
    repository(guarded, project, {"a.txt": "one\n"})
    hook = project / ".git" / "hooks" / "pre-commit"
    hook.write_text(
        "#!/bin/sh -e\n"
        "sleep 0.05\n"  # a start is known to a clock tick, and what is as young as that is not told from what was there
        "git diff --cached --name-only >staged.$$\n"
        "git stash push -q --keep-index && git stash pop -q\n"
        "elsewhere=$(mktemp)\n"
        'rm staged.$$ "$elsewhere"\n'
    )
    hook.chmod(0o755)
    session = guarded.agent(
        project, "echo two >b.txt && git add b.txt && echo 2 >>a.txt && git commit -qm b", "git commit -qam a"
    )
    is_ordinary(session, "git", "rm")
    assert not list(project.glob("staged.*"))
    assert sorted(path.name for path in project.iterdir()) == [".git", "a.txt", "b.txt", "notes.txt"]


def test_an_editor_that_looks_all_the_time_beside_commits(guarded, project):
    """Editors leave git's optional locks alone; so must whatever the guard asks."""
    repository(guarded, project, {"a.txt": "0\n"})
    environment = {**guarded.shimmed, "GIT_OPTIONAL_LOCKS": "0"}
    look = f"while git status --porcelain -uall >status; do [ ! -e {project}.done ] || exit 0; done; exit 1"
    work = "echo $i >>a.txt && echo $i >b.txt && git add a.txt b.txt && git commit -qm $i && git rm -q b.txt"
    editor = subprocess.Popen(
        ["sh", "-c", look.replace(">status", f">{project}.status")],
        cwd=project, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        session = guarded.agent(project, f"for i in 1 2 3 4 5; do {work} || exit; done")
    finally:
        Path(f"{project}.done").touch()
        _, said = editor.communicate(timeout=60)
    is_ordinary(session, "git")
    assert (editor.returncode, said) == (0, b"")
    assert guarded.git(project, "rev-list", "--count", "HEAD") == "6"


def test_stash_pull_and_pop(guarded, project):
    repository(guarded, project, {"a.txt": "one\n", "b.txt": "one\n"})
    direct(guarded, project, f"git clone -q --bare . {project}.git && git remote add origin {project}.git")
    direct(guarded, project, "git fetch -q && git branch -q -u origin/main")
    other = f"{project}-other"
    direct(
        guarded, project, f"git clone -q {project}.git {other} && cd {other} && echo two >>b.txt && git commit -qam b"
    )
    direct(guarded, Path(other), "git push -q")
    (project / "a.txt").write_text("hours of work\n")
    session = guarded.agent(
        project,
        "git stash; git pull --rebase; git stash pop",
        "git commit -qam mine && git push",
        "git switch -qc topic && echo t >t.txt && git add . && git reset -q notes.txt && git commit -qm t",
        "git switch -q main && git merge -q --no-edit topic && git branch -d topic && git fetch --prune",
    )
    is_ordinary(session, "git")
    assert (project / "a.txt").read_text() == "hours of work\n"
    assert (project / "b.txt").read_text() == "one\ntwo\n"
    assert guarded.git(project, "status", "--short") == "?? notes.txt"


# Scripts


def test_a_new_virtual_environment(guarded, project):
    with zipfile.ZipFile(project / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny.py", "print('tiny')\n")
        wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("tiny-1.0.dist-info/RECORD", "")
    pip = ".venv/bin/python -m pip --disable-pip-version-check"
    session = guarded.agent(
        project,
        f"{sys.executable} -m venv .venv && {pip} install -q --no-index ./tiny-1.0-py3-none-any.whl",
        f".venv/bin/python -m tiny && {pip} uninstall -qy tiny",
        "rm -rf .venv",
    )
    is_ordinary(session, "rm")
    assert session.calls[1].out == "tiny\n"
    assert not (project / ".venv").exists()


@pytest.mark.parametrize("where", ["", "-p ."], ids=["temporary", "here"])
def test_a_script_that_clears_up_behind_itself(guarded, project, where):
    script = project / "run.sh"
    script.write_text(
        "#!/bin/bash -e\n"
        "sleep 0.05\n"  # what is as young as a clock tick is not told from what was there
        f"d=$(mktemp -d {where})\n"
        "trap 'rm -rf \"$d\"' EXIT\n"
        'git init -q "$d/work" && cd "$d/work"\n'
        "echo one >a && git add a && git commit -qm one && echo two >>a\n"
        "git diff --stat\n"
        'echo "$d" >&3\n'
    )
    script.chmod(0o755)
    session = guarded.agent(project, "./run.sh 3>made && cat made")
    is_ordinary(session, "rm", "git")
    assert not (project / session.calls[0].out.strip()).exists()
