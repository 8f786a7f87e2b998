"""GraphQL documents, rated by what could run."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rules import shipped

from agentguard.core.api import Api, ApiRule
from agentguard.core.effect import Reading
from agentguard.readers import graphql, verbs

R, V, D = "read", "reversible", "destructive"
UNKNOWN_API = graphql.Endpoint("api.example.com")
RAILWAY = graphql.Endpoint("railway", next(api for api in shipped().apis() if api.name == "railway"))


def reading(document, operation="", variables=(), at=UNKNOWN_API):
    return Reading(graphql.read(document, operation, dict(variables) if variables is not None else None, at))


DOCUMENTS = [
    # queries and subscriptions read, whatever their fields are called
    ("{ me { id } }", R),
    ("query { deleteAll }", R),
    ("query volumeDelete { volumeDelete: me { id } }", R),
    ("subscription { deletions { id } }", R),
    ("query A { a } query B { b }", R),
    # an unknown API's mutations by the words of their fields
    ('mutation { volumeDelete(volumeId: "v") }', D),
    ("mutation { deleteVolume }", D),
    ("mutation { delete_volume }", D),
    ("mutation { bulkDestroyUsers }", D),
    ("mutation { purgeCache }", D),
    ("mutation { resetDatabase }", D),
    ("mutation { revokeToken }", D),
    ("mutation { DROPTable }", D),
    ("mutation { updateUser }", D),
    ("mutation { setName }", D),
    ("mutation { upsertVariable }", D),
    ("mutation { createOrReplaceUser }", D),
    ("mutation { createUser }", V),
    ("mutation { addComment }", V),
    ("mutation { userCreate }", V),
    ("mutation { deletedUsersCreate }", V),
    ("mutation { doSomething }", D),
    ("mutation { __typename }", R),
    # the field counts, not its alias nor the operation's name
    ("mutation { createUser: deleteUser }", D),
    ("mutation { deleteUser: createUser }", V),
    ("mutation deleteUser { createUser }", V),
    ("mutation harmless { a: createUser b: deleteUser }", D),
    # fragments, directives, several operations
    ("mutation { ...f } fragment f on Mutation { deleteUser }", D),
    ("mutation { ...f } fragment f on Mutation { createUser }", V),
    ("mutation { ...f } fragment f on Mutation { ...g } fragment g on Mutation { deleteUser }", D),
    ("mutation { ...f } fragment f on Mutation { ...f createUser }", V),
    ("mutation { ... on Mutation { deleteUser } }", D),
    ("mutation { ... { deleteUser } }", D),
    ("mutation { ...gone }", D),
    ("mutation { createUser deleteUser @skip(if: true) }", D),
    ("mutation { createUser deleteUser @include(if: false) }", D),
    ("query A { me } mutation B { deleteUser }", D),
    ("{ me } mutation B { deleteUser }", D),
    # what cannot be read
    ("", D),
    ("mutation {", D),
    ("mutation { deleteUser", D),
    ("delete everything", D),
    ("fragment f on Mutation { createUser }", D),
    ("type Query { a: Int }", D),
    ("{" * 5000, D),
    ("{a" * 40 + "}" * 40, R),
    ("{a" * 20000 + "}" * 20000, D),
    ("mutation { # }\n deleteUser }", D),
    ('query { a(text: "mutation { deleteUser }") }', R),
    ('query { a(text: """ } mutation { deleteUser """) }', R),
]


@pytest.mark.parametrize(("document", "rating"), DOCUMENTS, ids=[d[:60] for d, _ in DOCUMENTS])
def test_documents(document, rating):
    assert reading(document).rating == rating


NAMED = [
    ("A", R),
    ("B", D),
    ("", D),
    ("C", D),  # not there: any of them may run
]


@pytest.mark.parametrize(("operation", "rating"), NAMED)
def test_the_named_operation_runs(operation, rating):
    assert reading("query A { me } mutation B { deleteUser }", operation).rating == rating


RAILWAY_DOCUMENTS = [
    ('mutation { volumeDelete(volumeId: "v") }', {}, D, True),
    ("mutation { volumeCreate }", {}, V, False),
    ("mutation { volumeCreate: volumeDelete }", {}, D, True),
    ("mutation { inventedByNobody }", {}, D, False),
    ("mutation { thingCreate }", {}, D, False),  # a table knows all of its API's mutations
    ("mutation { cliEventTrack }", {}, R, False),
    ("mutation { environmentStageChanges(merge: true) }", {}, V, False),
    ("mutation { environmentStageChanges(merge: false) }", {}, D, False),
    ("mutation { environmentStageChanges }", {}, D, False),
    ("mutation($m: Boolean) { environmentStageChanges(merge: $m) }", {"m": True}, V, False),
    ("mutation($m: Boolean) { environmentStageChanges(merge: $m) }", {"m": False}, D, False),
    ("mutation($m: Boolean) { environmentStageChanges(merge: $m) }", {}, D, False),
    ("mutation($m: Boolean = true) { environmentStageChanges(merge: $m) }", {}, V, False),
    ("mutation($m: Boolean = true) { environmentStageChanges(merge: $m) }", {"m": None}, D, False),
    ("mutation($m: Boolean) { environmentStageChanges(merge: $m) }", None, D, False),
    ('mutation { projectUpdate(id: "p", input: { name: "x" }) }', {}, V, False),
    ('mutation { projectUpdate(id: "p", input: { isPublic: true }) }', {}, D, False),
    ("mutation($i: I) { projectUpdate(input: $i) }", {"i": {"name": "x"}}, V, False),
    ("mutation($i: I) { projectUpdate(input: $i) }", {"i": {"name": "x", "isPublic": True}}, D, False),
    ("mutation($i: I) { projectUpdate(input: $i) }", None, D, False),
    ("mutation($p: P) { environmentPatchCommit(patch: $p) }", {"p": {"services": {"s": {"isDeleted": True}}}}, D, True),
    ("mutation($p: P) { environmentPatchCommit(patch: $p) }", {"p": {"services": {"s": {}}}}, D, False),
    ("query { volumeDelete }", {}, R, False),
]


@pytest.mark.parametrize(("document", "variables", "rating", "catastrophic"), RAILWAY_DOCUMENTS)
def test_a_described_api(document, variables, rating, catastrophic):
    found = reading(document, variables=variables, at=RAILWAY)
    assert (found.rating, bool(found.catastrophic)) == (rating, catastrophic)


BODIES = [
    ('{"query": "{ me }"}', R),
    ('{"query": "mutation { deleteUser }"}', D),
    ('{"query": "mutation { createUser }", "variables": null, "operationName": null}', V),
    ('{"query": "query A { me } mutation B { deleteUser }", "operationName": "A"}', R),
    ('[{"query": "{ me }"}, {"query": "mutation { deleteUser }"}]', D),
    ('[{"query": "{ me }"}, {"query": "mutation { createUser }"}]', V),
    ("[]", D),
    ("{}", D),
    ("null", D),
    ('"mutation"', D),
    ('{"query": 5}', D),
    ('{"query": " "}', D),
    ('{"extensions": {"persistedQuery": {"sha256Hash": "x"}}}', D),
    ('{"id": "x", "variables": {}}', D),
    ("not json", D),
    ('{"query": "{ me }", "query": "mutation { deleteUser }"}', D),
    ('{"query": "mutation { deleteUser }", "query": "{ me }"}', D),
    ('{"\\u0071uery": "mutation { deleteUser }"}', D),
    ('{"query": "mutation { \\u0064eleteUser }"}', D),
    ("[" * 100000, D),
]


@pytest.mark.parametrize(("body", "rating"), BODIES, ids=[b[:60] for b, _ in BODIES])
def test_bodies(body, rating):
    assert Reading(graphql.read_body(body, UNKNOWN_API)).rating == rating


def test_the_thing_that_is_hit_is_named():
    document = 'mutation { volumeDelete(volumeId: "3d2c42fb-aaaa") }'
    (effect,) = graphql.read(document, "", {}, RAILWAY)
    assert effect.target.astuple() == ("volume", "3d2c42fb-aaaa", ("railway", "volume", "3d2c42fb-aaaa"))
    assert effect.rule == "railway-api-volume-delete"
    assert "3d2c42fb-aaaa" in effect.reason and "backups" in effect.reason


def test_the_thing_that_is_hit_is_named_through_variables():
    document = "mutation($id: String!) { volumeDelete(volumeId: $id) }"
    (effect,) = graphql.read(document, "", {"id": "v1"}, UNKNOWN_API)
    assert effect.target.identity == ("api.example.com", "volume", "v1")


def test_a_word_that_is_not_an_identifier_is_not_shown():
    document = 'mutation { variableUpsert(name: "API_KEY", value: "hunter2") }'
    (effect,) = graphql.read(document, "", {}, RAILWAY)
    assert "API_KEY" in effect.reason and "hunter2" not in effect.reason


def test_unseen_arguments_let_every_rule_speak():
    mild = ApiRule("mild", "create", "adds", ("x",), given=("safe=true",))
    strict = ApiRule("strict", "remove", "removes", ("x",))
    at = graphql.Endpoint("api", Api("api", ("h",), rules=(mild, strict)))
    document = "mutation($s: Boolean) { x(safe: $s) }"
    assert [e.rule for e in graphql.read(document, "", {"s": True}, at)] == ["mild"]
    assert [e.rule for e in graphql.read(document, "", {"s": False}, at)] == ["strict"]
    assert [e.rule for e in graphql.read(document, "", graphql.NO_VARIABLES, at)] == ["mild", "strict"]


WORDS = [
    ("volumeDelete", "volume delete"),
    ("delete_volume", "delete volume"),
    ("/v1/items:batchDelete", "v1 items batch delete"),
    ("HTTPReset", "http reset"),
    ("DROPTable", "drop table"),
    ("resetV2Now", "reset v2 now"),
    ("deleted", "deleted"),
    ("", ""),
]


@pytest.mark.parametrize(("name", "expected"), WORDS)
def test_words_of_names(name, expected):
    assert " ".join(verbs.words(name)) == expected


@pytest.mark.parametrize(
    ("word", "removing"),
    [
        ("delete", True), ("deleterange", True), ("removeuser", True), ("deleted", False), ("deletes", False),
        ("remover", False), ("terminated", False), ("undelete", False), ("users", False), ("flushall", True),
    ],
)  # fmt: skip
def test_words_that_take_something_away(word, removing):
    assert verbs.removes(word) is removing


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("mutation { x }", True), ("mutation{x}", True), ("mutation A($a: ID) { x }", True),
        ("# a\nmutation @b { x }", True), (",\ufeff mutation { x }", True), ("query A { x } mutation B { y }", True),
        ("fragment F on T { a } mutation { x }", True), ("{ me }", False), ("query { mutationLog }", False),
        ('{app="mutation"}', False), ("the mutation { x }", False),
        ("mutation", False), ('rate(mutation_total{a="b"})', False), ("query=mutation{x}", False), ("", False),
    ],
)  # fmt: skip
def test_texts_that_may_be_documents_with_mutations(text, may):
    assert graphql.may_mutate(text) is may


@given(st.text(), st.text(), st.dictionaries(st.text(), st.integers() | st.text() | st.none()))
def test_nothing_is_ever_raised(document, operation, variables):
    assert graphql.read(document, operation, variables, UNKNOWN_API)
    assert graphql.read_body(json.dumps({"query": document, "variables": variables}), RAILWAY)
    assert graphql.read_body(document, UNKNOWN_API)


PIECES = st.sampled_from(
    ["mutation", "query", "{", "}", "(", ")", "deleteUser", "createUser", "...", "on", "fragment", "f", ":", '"s"', "5"]
)


@given(st.lists(PIECES, max_size=20).map(" ".join))
def test_a_mutation_that_removes_is_never_missed(document):
    """Whatever parses and selects deleteUser in a mutation is destructive; whatever does not parse, too."""
    found = reading(document)
    if "mutation" in document and "deleteUser" in document and found.rating != D:
        assert found.rating in (R, V)
        import graphql as reference

        parsed = reference.parse(document)
        mutations = [d for d in parsed.definitions if getattr(getattr(d, "operation", None), "value", "") == "mutation"]
        roots = {f.name.value for m in mutations for f in m.selection_set.selections if hasattr(f, "alias")}
        assert "deleteUser" not in roots
