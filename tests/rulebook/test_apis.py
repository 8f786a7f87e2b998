"""Tables of web APIs: what loads, what does not and why, and that Railway's is whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rules import shipped

from agentguard import resources
from agentguard.core.api import UNSEEN, UNSEEN_REST, Api, ApiRule, fits
from agentguard.errors import RuleError
from agentguard.readers.conditions import Facts, speaking
from agentguard.rulebook import apis
from agentguard.rulebook.document import Document
from agentguard.rulebook.load import load
from agentguard.rulebook.schema import API, check

RULE = """
id = "x-delete"
mutations = ["thingDelete"]
effect = "remove"
reason = "deletes a thing"
examples = [{ run = ["x"], rating = "destructive" }]
misses = [{ run = ["y"], rating = "read" }]
"""
NO_REQUEST = "not a method and a path, as in `DELETE /v1/projects/{id}`"
WHOLE = f'[api]\nname = "x"\nhosts = ["x.example.com"]\n[[rule]]{RULE}'


def built(text):
    document = Document.parse("x.toml", text)
    check(document, API)
    return apis.build(document)


def test_a_table_becomes_values():
    api = built(WHOLE)
    assert (api.name, api.hosts) == ("x", ("x.example.com",))
    assert [rule.mutations for rule in api.rules] == [("thingDelete",)]


def with_line(line):
    return WHOLE.replace("[[rule]]", f"[[rule]]\n{line}")


FAULTS = [
    ("", "x.toml: `api` is missing"),
    ("[api]\nname = 'x'\n[[rule]]", "x.toml:1: [api]: `hosts` is missing: where it is reached"),
    ("[api]\nhosts = ['h']\n[[rule]]", "x.toml:1: [api]: `name` is missing: the service in what people read"),
    ("[api]\nname = 5\nhosts = ['h']\n[[rule]]", "x.toml:2: [api]: `name` must be text"),
    ("[api]\nname = 'x'\nhosts = [5]\n[[rule]]", "x.toml:3: [api]: `hosts` must hold only text"),
    ("[api]\nname = 'x'\nhosts = ['h']\nport = 5\n[[rule]]",
     "x.toml:4: [api]: unknown key `port`: did you mean `ports`?"),
    ("[api]\nname = 'x'\nhosts = ['h']", "x.toml: `rule` is missing"),
    ("rule = []\n[api]\nname = 'x'\nhosts = ['h']", "x.toml:1: `rule` must not be empty"),
    (WHOLE + "[other]", "x.toml:11: unknown key `other`: known: api, rule"),
    (WHOLE.replace('id = "x-delete"', ""), "x.toml:4: rule 1: `id` is missing: a permanent name of its own"),
    (WHOLE.replace('"remove"', '"remov"'),
     "x.toml:7: rule x-delete: `effect` cannot be `remov`: did you mean `remove`?"),
    (with_line("recoverable_by = 'refolg'"),
     "x.toml:5: rule x-delete: `recoverable_by` cannot be `refolg`: did you mean `reflog`?"),
    (with_line("carries = 'SQLL'"), "x.toml:5: rule x-delete: `carries` cannot be `SQLL`: did you mean `SQL`?"),
    (WHOLE.replace("mutations", "#"), "x.toml:4: rule x-delete: `mutations` or `requests` is missing"),
    (with_line("requests = ['delete /x']"), f"x.toml:5: rule x-delete: `requests`: `delete /x` is {NO_REQUEST}"),
    (with_line("requests = ['FETCH /x']"), f"x.toml:5: rule x-delete: `requests`: `FETCH /x` is {NO_REQUEST}"),
    (with_line("requests = ['GET /x/{id']"), f"x.toml:5: rule x-delete: `requests`: `GET /x/{{id` is {NO_REQUEST}"),
    (WHOLE.replace("hosts = [", "ports = ['80a']\nhosts = ["),
     "x.toml:3: [api]: `ports`: `80a` is not the number of a port"),
    (WHOLE.replace("hosts = [", "paths = ['v1']\nhosts = ["),
     "x.toml:3: [api]: `paths`: `v1` is not a path, as in `/v1/projects/{id}`"),
    (WHOLE.replace('"x.example.com"', '"https://x.example.com"'),
     "x.toml:3: [api]: `hosts`: `https://x.example.com` is not a host without a scheme, a port and a path"),
    (with_line("requests = ['DELETE x']"), f"x.toml:5: rule x-delete: `requests`: `DELETE x` is {NO_REQUEST}"),
    (with_line("requests = ['GET /']\nif = ['a']"),
     "x.toml:6: rule x-delete: condition `a` is not about `query.NAME`, `header.NAME`, `body.PATH`, `body` or `text`"),
    (WHOLE.replace('rating = "read"', 'rating = "red"'),
     "x.toml:10: rule x-delete: `rating` cannot be `red`: did you mean `read`?"),
    (WHOLE.replace("examples = [{", "#"),
     "x.toml:4: rule x-delete: `examples` is missing: calls that the rule matches"),
    (WHOLE.replace("misses = [{", "#"),
     "x.toml:4: rule x-delete: `misses` is missing: calls that it nearly matches, and must not"),
    ("not = = toml", "x.toml:1: not TOML: Invalid value"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "fault"), FAULTS)
def test_faults_say_where_and_what(text, fault):
    with pytest.raises(RuleError) as raised:
        built(text)
    assert raised.value.message == fault


def test_an_id_is_one_rules(tmp_path):
    (tmp_path / "apis").mkdir()
    (tmp_path / "apis" / "x.toml").write_text(WHOLE + f"[[rule]]{RULE}")
    with open(f"{resources.rules()}/rm.toml", "rb") as rules:
        (tmp_path / "rm.toml").write_bytes(rules.read())
    with pytest.raises(RuleError) as raised:
        load(str(tmp_path))
    assert raised.value.message == "apis/x.toml:12: rule x-delete: `x-delete` is taken in apis/x.toml:5"


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


@pytest.mark.parametrize(
    ("path", "template", "fitting"),
    [
        (f"/api/{UNSEEN}", "/api/chat.delete", True),
        (f"/api/{UNSEEN}", "/api/chat/delete", False),
        (f"/api/{UNSEEN_REST}", "/api/chat/delete", True),
        (f"/bot{UNSEEN}/getUpdates", "/bot{token}/delete*", False),
        (f"/bot{UNSEEN}/{UNSEEN}Message", "/bot{token}/delete*", True),
        (f"/bot{UNSEEN}/x{UNSEEN}", "/bot{token}/delete*", False),
        (f"/{UNSEEN}", "/{x}", True),
        (f"/a{UNSEEN}/b", "*/b", True),
        (f"/a/{UNSEEN_REST}", "/b/*", False),
    ],
)
def test_paths_of_which_parts_are_not_known(path, template, fitting):
    assert fits(path, template) is fitting


PATHS = st.text(alphabet="/ab.", max_size=8)
TEMPLATES = st.lists(st.sampled_from(["/", "a", "b.", "{x}", "*"]), max_size=5).map("".join)


@given(PATHS, TEMPLATES, st.integers(0, 8), st.integers(0, 8))
def test_what_is_not_known_may_be_what_it_is(path, template, start, length):
    """Hiding a part of a path that fits never makes it one that cannot fit."""
    hidden = path[start : start + length]
    mark = UNSEEN_REST if "/" in hidden else UNSEEN
    if fits(path, template):
        assert fits(path[:start] + mark + path[start + length :], template)
    assert fits(path + UNSEEN, template) >= fits(path, template)


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
    railway = next(api for api in shipped().apis() if api.name == "railway")
    plain = [field for rule in railway.rules for field in rule.mutations if not rule.given]
    assert len(plain) == len(set(plain)) == 230


def test_what_cannot_be_brought_back_names_a_safer_way():
    rules = [rule for api in shipped().apis() for rule in api.rules]
    lost = [rule for rule in rules if rule.effect in ("remove", "replace") and not rule.recoverable_by]
    assert [rule.id for rule in lost if not rule.instead] == []
