"""Raw calls of APIs: which request is made, from which words of the call."""

import pytest
from support.rules import shipped

from agentguard.rulebook.model import Example
from agentguard.rulecheck.examples import rate

RULEBOOK = shipped()


def told(run, **given):
    reading = rate(RULEBOOK, Example(run, "read", given))
    return reading.rating, "; ".join(effect.told for effect in reading.effects)


@pytest.mark.parametrize(
    ("run", "rating", "said"),
    [
        ("gh api repos/a/b", "read", "https://api.github.com/repos/a/b"),
        ("gh api /repos/a/b", "read", "https://api.github.com/repos/a/b"),
        ("gh api https://ghe.example/api/v3/repos/a/b", "read", "https://ghe.example/api/v3/repos/a/b"),
        ("gh api -X DELETE -X GET repos/a/b/labels", "read", "repos/a/b/labels"),
        ("gh api repos/a/b/issues -f title=x", "reversible", "POST"),
        ("gh api -X GET search/issues -f q=x", "read", "GET"),
        ("glab api projects/7", "read", "https://gitlab.com/api/v4/projects/7"),
        ("kubectl create --raw /api/v1/x -f -", "destructive", "body cannot be seen"),
        ("gh api repos/a/b/x -f body=@notes.md", "destructive", "body is read from a file"),
        ('gh api "$PLACE"', "destructive", "not known before the line runs"),
        ('gh api repos/a/b/x -f body="$TEXT"', "destructive", "not known before the line runs"),
        ('az rest -m post -u /x -b \'{"action":"delete"}\'', "destructive", "`delete`"),
    ],
)
def test_the_request_is_the_one_that_is_sent(run, rating, said):
    found, reasons = told(run)
    assert found == rating, reasons
    assert said in reasons


def test_a_body_is_taken_from_its_file():
    delete = '{"query": "mutation { deleteRepository(input: {id: 1}) { x } }"}'
    assert told("gh api graphql --input q.json", files={"q.json": delete})[0] == "destructive"
    assert told("gh api graphql --input q.json", files={"q.json": '{"query": "{ viewer { login } }"}'})[0] == "read"
    assert told("az rest -m post -u /x -b @q.json", files={"q.json": '{"name": "x"}'})[0] == "reversible"


def test_fields_of_graphql_are_variables_but_for_the_document():
    run = "gh api graphql -f query='mutation($id: ID!) { deleteIssue(input: {issueId: $id}) { x } }' -f id=I_1"
    rating, reasons = told(run)
    assert rating == "destructive" and "deleteIssue" in reasons
