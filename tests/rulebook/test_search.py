"""What a search finds is never less than what the real find finds."""

import os
import random
import subprocess

import pytest
from support.guarded import lasting_directory
from support.rules import shipped

from agentguard.core.call import Invocation
from agentguard.core.word import Known, Unknown
from agentguard.edge.world import RealWorld
from agentguard.rulebook.argv import parse
from agentguard.rulebook.search import commands_for, found_below

FIND = shipped().program("find")


def found(*words, cwd):
    call = Invocation.of(("find", *words), cwd, {"HOME": "/"})
    parsed = parse(FIND, call)
    assert not parsed.unknown
    return found_below(parsed, FIND.commands[()].search, RealWorld(call, "/nowhere"))


def _term(dice, depth):
    kind = dice.random()
    if kind < 0.4:
        return ["-name", dice.choice(["a*", "b*", "?1"])]
    if kind < 0.55:
        return dice.choice([["-type", "f"], ["-type", "d"], ["-empty"], ["-prune"], ["-true"]])
    if kind < 0.8:
        return ["-delete"]
    if kind < 0.83:
        return ["!", *_term(dice, depth)]
    return ["(", *_expression(dice, depth + 1), ")"] if depth < 3 else ["-true"]


def _expression(dice, depth):
    words = _term(dice, depth)
    for _ in range(dice.randrange(4)):
        words += dice.choice([[], [], ["-o"], ["-a"], [","]]) + _term(dice, depth)
    return words


@pytest.mark.parametrize("seed", range(4))
def test_all_that_find_acts_upon_is_found(seed):
    dice, narrowed = random.Random(seed), 0
    with lasting_directory() as ground:
        (ground / "d/a1").mkdir(parents=True)
        for file in ("a1", "a2", "b1", "c1", "d/a3", "d/b3", "d/a1/c9"):
            (ground / file).write_text("" if file.endswith("2") else "1")
        for _ in range(1000):
            expression = _expression(dice, 0)
            if "-delete" not in expression:
                continue
            _, paths = found(".", *expression, cwd=str(ground))
            if isinstance(paths, str):
                continue
            narrowed += 1
            acts = ["-print" if word == "-delete" else word for word in expression]
            real = subprocess.run(["find", ".", *acts], cwd=ground, capture_output=True, text=True, check=True)
            assert set(real.stdout.split()) <= set(paths), expression
    assert narrowed > 10


def test_what_is_found_stands_for_the_braces(tmp_path):
    for name in ("1.c", "2.c"):
        (tmp_path / name).touch()
    call, paths = found(
        ".", "-name", "*.c", "-exec", "rm", "{}", "+", "-exec", "mv", "{}", "{}.x", ";", cwd=str(tmp_path)
    )
    made = [tuple(tuple(word.text for word in way) for way in one.ways) for one in commands_for(call, paths)]
    assert made == [
        (("rm", "./1.c", "./2.c"), ("rm", "./2.c", "./1.c")),
        (("mv", "./1.c", "./1.c.x"),),
        (("mv", "./2.c", "./2.c.x"),),
    ]


def test_where_nobody_can_tell_the_braces_are_unknown_and_the_start_stands_for_all(tmp_path):
    call, paths = found("d", "-type", "f", "-exec", "rm", "{}", ";", cwd=str(tmp_path))
    assert paths == ""
    assert [a.value for a in call.playing("FOUND")] == [Known("d")]
    (((_, word),),) = (one.ways for one in commands_for(call, paths))
    assert word == Unknown("", "{}")


def test_nothing_found_is_nothing_done(tmp_path):
    call, paths = found(".", "-name", "*.c", "-exec", "rm", "{}", ";", cwd=str(tmp_path))
    assert paths == ()
    assert not list(commands_for(call, paths))
    assert os.listdir(tmp_path) == []
