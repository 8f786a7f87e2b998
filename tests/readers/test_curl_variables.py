"""curl's variables, the files that an approval covers, and the host that is really reached."""

import shlex

import pytest
from support.rules import shipped

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation
from agentguard.core.unseen import Unseen
from agentguard.core.word import Known
from agentguard.core.world import Witness
from agentguard.readers.curl.variables import expand
from agentguard.rulecheck.examples import CWD, HOME, StatedWorld

RULEBOOK = shipped()
URL = "https://api.example.com/x"


def looked_at(line, env=None, **given):
    world = Witness(StatedWorld(given))
    call = Invocation.of(("curl", *shlex.split(line)), CWD, {"HOME": HOME, **(env or {})})
    return Classifier(RULEBOOK, world).command(call), world.evidence


@pytest.mark.parametrize(
    ("line", "given", "rating"),
    [
        (f"--variable m=DELETE --expand-request '{{{{m}}}}' {URL}", {}, "destructive"),
        (f"--variable m=GET --expand-request '{{{{m}}}}' {URL}", {}, "read"),
        (f"--variable '%M' --expand-request '{{{{M}}}}' {URL}", {"env": {"M": "DELETE"}}, "destructive"),
        (f"--variable '%M=GET' --expand-request '{{{{M}}}}' {URL}", {}, "read"),
        (f"--variable m@f --expand-request '{{{{m:trim}}}}' {URL}", {"files": {"f": "DELETE\n"}}, "destructive"),
        (f"--variable m@f --expand-request '{{{{m:trim}}}}' {URL}", {}, "destructive"),
        ("--variable h=x --expand-url 'https://{{h}}.example.com'", {}, "read"),
        (f"--variable b='a b' --expand-data 'n={{{{b:url}}}}' {URL}", {}, "reversible"),
        (f"--variable m=x --expand-request '{{{{m:b64}}}}' {URL}", {}, "destructive"),
        (f"--expand-silent {URL}", {}, "destructive"),
    ],
)
def test_variables(line, given, rating):
    assert looked_at(line, **given)[0].rating == rating


def test_expansion():
    known = {"a": Known(' x"/ '), "b": Known("1")}
    assert expand("{{a:trim}}-{{b}}{{gone}}", known) == 'x"/-1'
    assert expand("{{a:trim:url}} \\{{a}} {{a", known) == "x%22%2F {{a}} {{a"
    assert expand("{{a:trim:json}}", known) == 'x\\"/'
    with pytest.raises(Unseen):
        expand("{{a:b64}}", known)


@pytest.mark.parametrize(
    "line", [f"-T up.txt {URL}", f"-X DELETE -F a=@up.txt {URL}", f"-X PUT -F 'a=<up.txt;type=text/plain' {URL}"]
)
def test_an_approval_is_for_what_is_in_the_files(line):
    _, evidence = looked_at(line, files={"up.txt": "one"})
    assert ("read", ("up.txt", CWD), b"one") in evidence


@pytest.mark.parametrize(
    ("line", "name", "evidence"),
    [
        (f"-X DELETE --resolve api.example.com:443:127.0.0.1 {URL}", "local", "reached at 127.0.0.1"),
        (f"-X DELETE --resolve other.example.com:443:127.0.0.1 {URL}", "unknown", "host api.example.com"),
        (f"-X DELETE --resolve api.example.com:80:127.0.0.1 {URL}", "unknown", "host api.example.com"),
        (f"-X DELETE --connect-to ::db.prod.internal:443 {URL}", "production", "reached at db.prod.internal"),
        ("-X DELETE --connect-to ::localhost:80 http://api.prod.example.com", "production", "reached at localhost"),
        (f"-X DELETE --unix-socket /run/x.sock {URL}", "local", "/run/x.sock"),
        (f"-X DELETE --abstract-unix-socket x {URL}", "local", "socket x"),
    ],
)
def test_the_host_that_is_reached(line, name, evidence):
    effect = next(one for one in looked_at(line)[0].effects if one.rating == "destructive")
    assert effect.environment.name == name
    assert evidence in effect.environment.evidence
