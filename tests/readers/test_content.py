"""What a request says beside its method and path, and which parts of a URL are not known."""

import pytest

from agentguard.core.api import UNSEEN, UNSEEN_REST
from agentguard.core.credentials import is_credential_file, is_private_key
from agentguard.core.word import Unknown
from agentguard.readers.content import Content, unreadable
from agentguard.readers.curl import patterns


@pytest.mark.parametrize(
    ("query", "body", "values"),
    [
        ("a=1&a=2", b"", [("a", "1"), ("a", "2")]),
        ("", b"a=b%20c", [("a", "b c")]),
        ("", b'{"a": {"b": "c"}}', [("b", "c")]),
        ("", b'{"a": "b", "a": "c"}', [("a", "b"), ("a", "c")]),
        ("", b'\xef\xbb\xbf{"a": "b"}', [("a", "b")]),
        ("", b'{"a": "b"}\n{"c": "d"}\n', [("a", "b"), ("c", "d")]),
        ("", b'["FLUSHALL", "x"]', [("command", "FLUSHALL"), ("command", "x"), ("command", "FLUSHALL")]),
        ("", b'[["GET", "a"], ["DEL", "b"]]', [("command", "GET"), ("command", "DEL")]),
    ],
)
def test_values(query, body, values):
    assert set(Content(query, body, ()).values()) == set(values)


@pytest.mark.parametrize(
    ("body", "orders"),
    [
        (b'{"delete": {"id": 1}}', ["delete"]),
        (b'{"delete": false}', []),
        (b'{"docs": [{"_deleted": true}]}', ["delete"]),
        (b'{"a": {"delete": true}}', []),
        (b'{"drop_all": true}', ["drop"]),
        (b"delete=1", []),
    ],
)
def test_orders(body, orders):
    assert list(Content("", body, ()).orders()) == orders


@pytest.mark.parametrize(
    ("body", "encoding", "kind", "is_read"),
    [
        (b"{}", "", "", True),
        (b"{}", "identity", "application/json; charset=UTF-8", True),
        (b"x", "gzip", "", False),
        (b"x", "", 'application/json; charset="utf-16"', False),
        (b"{\0}\0", "", "application/json", False),
        (b"\xff\xfe{\0}\0", "", "", False),
        (b"\x89PNG\0\0", "", "", True),
    ],
)
def test_bodies_that_are_not_what_their_bytes_say(body, encoding, kind, is_read):
    assert (unreadable(body, encoding, kind) == "") is is_read


@pytest.mark.parametrize(
    ("written", "start", "pattern"),
    [
        ('"https://h/$A/b"', "https://h/", f"https://h/{UNSEEN}/b"),
        ('"https://h/${A:-${B}}Message"', "https://h/", f"https://h/{UNSEEN}Message"),
        ("https://h/$(a (b) c)/`d`", "https://h/", f"https://h/{UNSEEN}/{UNSEEN}"),
        ('--url="https://$H/a"', "https://", f"https://{UNSEEN}/a"),
        ("https://h/{}", "https://h/", f"https://h/{UNSEEN_REST}"),
        ('"$A/$B"', "https://h/", f"https://h/{UNSEEN_REST}"),
    ],
)
def test_patterns_of_urls(written, start, pattern):
    assert patterns.pattern(Unknown("", written, start)) == pattern


@pytest.mark.parametrize(
    ("path", "holds"),
    [
        ("/home/dev/.ssh/id_rsa", True), ("~/.ssh/work", True), (".ssh/id_rsa.pub", False), (".ssh/known_hosts", False),
        (".env", True), ("app/.env.production", True), (".env.example", False), ("~/.aws/credentials", True),
        ("tls.key", True), ("ca.pem", False), ("payload.json", False), ("key", False), ("/etc/shadow", True),
        ("~/.kube/config", True), (".git/config", False), ("~/.config/gh/hosts.yml", True), ("environment", False),
    ],
)  # fmt: skip
def test_files_of_credentials(path, holds):
    assert is_credential_file(path) is holds


def test_private_keys() -> None:
    assert is_private_key(b"x\n-----BEGIN EC PRIVATE KEY-----\n")
    assert is_private_key(b"-----BEGIN PGP PRIVATE KEY BLOCK-----")
    assert not is_private_key(b"-----BEGIN PUBLIC KEY-----")
