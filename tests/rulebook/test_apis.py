"""Tables of web APIs: what loads, what does not and why, and that Railway's is whole."""

import tomllib

import pytest

from agentguard import resources
from agentguard.core.api import Api, ApiRule, fits
from agentguard.errors import RuleError
from agentguard.readers.conditions import Facts, speaking
from agentguard.rulebook import apis
from agentguard.rulebook.load import load

RULE = """
id = "x-delete"
mutations = ["thingDelete"]
effect = "remove"
reason = "deletes a thing"
examples = [{ run = ["x"], rating = "destructive" }]
misses = [{ run = ["y"], rating = "read" }]
"""
WHOLE = f'[api]\nname = "x"\nhosts = ["x.example.com"]\n[[rule]]{RULE}'


def built(text):
    return apis.build(tomllib.loads(text), "x.toml")


def test_a_table_becomes_values():
    api = built(WHOLE)
    assert (api.name, api.hosts) == ("x", ("x.example.com",))
    assert [rule.mutations for rule in api.rules] == [("thingDelete",)]


def with_line(line):
    return WHOLE.replace("[[rule]]", f"[[rule]]\n{line}")


FAULTS = [
    ("", "x.toml: [api]: must be a table"),
    ("[api]\nname = 'x'", "x.toml: [api]: `hosts` is missing"),
    ("[api]\nhosts = ['h']", "x.toml: [api]: `name` is missing"),
    ("[api]\nname = 5\nhosts = ['h']", "x.toml: [api]: `name` has the wrong type"),
    ("[api]\nname = 'x'\nhosts = [5]", "x.toml: [api]: `hosts` must hold only text"),
    ("[api]\nname = 'x'\nhosts = ['h']\nport = 5", "x.toml: [api]: unknown key `port`"),
    ("[api]\nname = 'x'\nhosts = ['h']", "x.toml: it has no [[rule]]"),
    (WHOLE + "[other]", "x.toml: unknown key `other`"),
    (WHOLE.replace('id = "x-delete"', ""), "x.toml: rule 1: `id` is missing"),
    (WHOLE.replace('"remove"', '"eat"'), "x.toml: rule x-delete: effect `eat` is none of observe"),
    (with_line("recoverable_by = 'luck'"), "x.toml: rule x-delete: recoverable_by `luck`"),
    (WHOLE.replace("mutations", "#"), "x.toml: rule x-delete: it has neither `mutations` nor `requests`"),
    (with_line("requests = ['delete /x']"), "rule x-delete: request `delete /x` is not a method"),
    (with_line("requests = ['DELETE x']"), "rule x-delete: request `DELETE x` is not a method"),
    (with_line("requests = ['GET /']\nif = ['a']"), "rule x-delete: condition `a` is not about `query.NAME`"),
    (WHOLE.replace('rating = "read"', 'rating = "nice"'), "rule x-delete: misses: rating `nice` is none of"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "fault"), FAULTS)
def test_faults_say_where_and_what(text, fault):
    with pytest.raises(RuleError) as raised:
        built(text)
    assert fault in str(raised.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (WHOLE.replace("examples = [{", "#"), "x.toml: rule x-delete: it has not an example"),
        (WHOLE.replace("misses = [{", "#"), "x.toml: rule x-delete: it has not a near miss"),
        (WHOLE + f"[[rule]]{RULE}", "x.toml: rule x-delete: the id is taken in x.toml"),
        ("not = = toml", "x.toml: "),
    ],
)
def test_faults_of_a_directory(text, fault, tmp_path):
    (tmp_path / "apis").mkdir()
    (tmp_path / "apis" / "x.toml").write_text(text)
    with open(f"{resources.rules()}/rm.toml", "rb") as rules:
        (tmp_path / "rm.toml").write_bytes(rules.read())
    with pytest.raises(RuleError) as raised:
        load(str(tmp_path))
    assert fault in str(raised.value)


def test_hosts_and_paths_are_globs():
    api = Api("x", ("*.example.com",), ("/graphql/*",))
    assert api.at("a.example.com") and not api.at("example.com") and not api.at("a.example.com.evil.org")
    assert api.takes_graphql("/graphql/v2") and not api.takes_graphql("/v2")


def test_the_longest_request_pattern_decides():
    wide = ApiRule("wide", "remove", "", requests=(("POST", "/v1/*"),))
    narrow = ApiRule("narrow", "create", "", requests=(("POST", "/v1/things/*"),))
    api = Api("x", ("h",), rules=(wide, narrow))
    assert [rule.id for rule in speaking(api.on_request("POST", "/v1/things/5"), Facts())[0]] == ["narrow"]
    assert [rule.id for rule in speaking(api.on_request("POST", "/v1/other"), Facts())[0]] == ["wide"]
    assert api.on_request("GET", "/v1/other") == ()


@pytest.mark.parametrize(
    ("path", "template", "fitting"),
    [
        ("/repos/a/b", "/repos/{owner}/{repo}", True),
        ("/repos/a/b/issues", "/repos/{owner}/{repo}", False),
        ("/repos/a", "/repos/{owner}/{repo}", False),
        ("/api/v3/repos/a/b", "*/repos/{owner}/{repo}", True),
        ("/repos/a/b", "*/repos/{owner}/{repo}", True),
        ("/v1/a:delete", "/v1/{name}:delete", True),
        ("/v1/a:delete/x", "/v1/{name}:delete", False),
        ("/v1/a/b/c", "/v1/*", True),
        ("/v1/", "/v1/*", True),
        ("/v1", "/v1/{x}", False),
        ("/v1/", "/v1/{x}", False),
    ],
)
def test_templates(path, template, fitting):
    assert fits(path, template) is fitting


def rule(name, given=(), unless=(), path="/x"):
    return ApiRule(name, "remove", "", requests=(("POST", path),), given=given, unless=unless)


def test_what_is_not_seen_lets_every_rule_speak_that_could_be_the_one():
    api = Api("x", ("h",), rules=(rule("plain"), rule("kept", ("body.keep=true",)), rule("other", ("query.a=1",))))
    unseen = Facts()
    unseen.unseen = ("body.",)
    assert [one.id for one in speaking(api.on_request("POST", "/x"), unseen)[0]] == ["plain", "kept"]
    seen = Facts()
    seen.collect("body", {"keep": True})
    assert [one.id for one in speaking(api.on_request("POST", "/x"), seen)[0]] == ["kept"]


def test_a_rule_without_its_condition_leaves_the_rest_to_a_wider_one():
    api = Api("x", ("h",), rules=(rule("wide", path="/*"), rule("narrow", ("query.a=1",))))
    assert [one.id for one in speaking(api.on_request("POST", "/x"), Facts())[0]] == ["wide"]


def test_every_mutation_of_railway_is_there_once():
    railway = next(api for api in load(resources.rules()).apis() if api.name == "railway")
    plain = [field for rule in railway.rules for field in rule.mutations if not rule.given]
    assert len(plain) == len(set(plain)) == 230


def test_what_cannot_be_brought_back_names_a_safer_way():
    rules = [rule for api in load(resources.rules()).apis() for rule in api.rules]
    lost = [rule for rule in rules if rule.effect in ("remove", "replace") and not rule.recoverable_by]
    assert [rule.id for rule in lost if not rule.instead] == []
