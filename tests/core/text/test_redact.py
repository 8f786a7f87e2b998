"""What is masked in a command line, and what must stay so that a person recognises the call."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from agentguard.core.text.redact import masked, masked_text

UUID = "3d2c42fb-9f2b-4a3e-8f2e-0a6f6d4ce6b1"
SHA = "9d905d5433aa0c1bd3f9e1e2a1f0c6b7a8d9e0f1"
GHP = "ghp_" + "a1B2" * 9
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"

#: words ─► words
WORDS = [
    # headers
    (("curl", "-H", f"Authorization: Bearer {UUID}"), ("curl", "-H", "Authorization: Bearer ***")),
    (("curl", "-H", "authorization:Basic dXNlcjpwYXNz"), ("curl", "-H", "authorization:Basic ***")),
    (("curl", "-H", "Authorization: token abc def"), ("curl", "-H", "Authorization: token ***")),
    (("curl", f"-HProject-Access-Token: {UUID}"), ("curl", "-HProject-Access-Token: ***")),
    (("curl", "-H", f"Project-Access-Token:{UUID}"), ("curl", "-H", "Project-Access-Token: ***")),
    (("curl", "-H", "X-Api-Key: a,b;c d"), ("curl", "-H", "X-Api-Key: ***")),
    (("curl", "-H", "Cookie: a=1; session=2"), ("curl", "-H", "Cookie: ***")),
    (("curl", "--header=Cookie: a=1; session=2"), ("curl", "--header=Cookie: ***")),
    (("curl", "-b", "a=1; session=xyz"), ("curl", "-b", "a=***; session=***")),
    # what is meant must be seen
    (("rm", "-rf", "password=x/../../srv"), ("rm", "-rf", "password=x/../../srv")),
    (("curl", "http://h/api_key=x/../volumes/1"), ("curl", "http://h/api_key=x/../volumes/1")),
    (("curl", "http://h/token=x/%2E./volumes/1"), ("curl", "http://h/token=x/%2E./volumes/1")),
    (("curl", "http://h/token=x/volumes/1"), ("curl", "http://h/token=***/volumes/1")),
    (("curl", "http://h/a;token=x/volumes/1"), ("curl", "http://h/a;token=***/volumes/1")),
    (("curl", "http://h/?token=x/y"), ("curl", "http://h/?token=***")),
    (("sh", "-c", "API_TOKEN=x rm -rf /srv/data"), ("sh", "-c", "API_TOKEN=*** rm -rf /srv/data")),
    (("env", "API_TOKEN=x y", "rm"), ("env", "API_TOKEN=***", "rm")),
    # users
    (("curl", "-u", "me:hunter2", "https://x"), ("curl", "-u", "me:***", "https://x")),
    (("curl", "-su", "me:hunter2"), ("curl", "-su", "me:***")),
    (("curl", "-ume:hunter2"), ("curl", "-ume:***")),
    (("curl", "--user", "me:hunter2"), ("curl", "--user", "me:***")),
    (("sudo", "/usr/bin/curl", "-u", "me:1234"), ("sudo", "/usr/bin/curl", "-u", "me:***")),
    (("bash", "-c", "curl -u me:hunter2 https://x"), ("bash", "-c", "curl -u me:*** https://x")),
    (("bash", "-c", "curl -u 'me:hunter2' https://x"), ("bash", "-c", "curl -u 'me:***' https://x")),
    # URLs and connection strings
    (("git", "clone", "https://me:hunter2@example.com/x.git"), ("git", "clone", "https://me:***@example.com/x.git")),
    (("git", "clone", f"https://{GHP}@github.com/x"), ("git", "clone", "https://***@github.com/x")),
    (("psql", "postgres://u:p@ss@db.internal/app"), ("psql", "postgres://u:***@db.internal/app")),
    (("psql", "host=db password=hunter2 user=me"), ("psql", "host=db password=*** user=me")),
    (("psql", "host=db password='hunter 2' user=me"), ("psql", "host=db password='***' user=me")),
    (("sqlcmd", "Server=db;Password=hunter2;User=me"), ("sqlcmd", "Server=db;Password=***;User=me")),
    (("curl", "https://x/?token=abc&id=7"), ("curl", "https://x/?token=***&id=7")),
    (("curl", "https://x/?id=7&key=abc"), ("curl", "https://x/?id=7&key=***")),
    (("curl", "https://x/?X-Amz-Signature=abc&a=b"), ("curl", "https://x/?X-Amz-Signature=***&a=b")),
    # names and options
    (("env", "PGPASSWORD=hunter2 and more", "psql"), ("env", "PGPASSWORD=***", "psql")),
    (("env", "MYSQL_PWD=x", "STRIPE_KEY=y"), ("env", "MYSQL_PWD=***", "STRIPE_KEY=***")),
    (("env", "TOKEN_PROD=z", "tls_password=a b"), ("env", "TOKEN_PROD=***", "tls_password=***")),
    (("railway", "variables", "--set", "API_KEY=a/b"), ("railway", "variables", "--set", "API_KEY=***")),
    (("docker", "run", "-eGITHUB_TOKEN=abc"), ("docker", "run", "-eGITHUB_TOKEN=***")),
    (("x", "--from-literal=password=abc"), ("x", "--from-literal=password=***")),
    (("x", "--password", "hunter2", "prod"), ("x", "--password", "***", "prod")),
    (("x", "--token=a\"b c"), ("x", "--token=***")),
    (("x", "--client-secret", "s", "--apiKey", "t"), ("x", "--client-secret", "***", "--apiKey", "***")),
    (("curl", "--oauth2-bearer", "abc"), ("curl", "--oauth2-bearer", "***")),
    (("mysql", "-phunter2", "app"), ("mysql", "-p***", "app")),
    (("bash", "-c", "mysql -u root -phunter2 app"), ("bash", "-c", "mysql -u root -p*** app")),
    (("bash", "-c", "x --token abc; TOKEN=def y"), ("bash", "-c", "x --token ***; TOKEN=*** y")),
    (("aws", "configure", "set", "secret_access_key", "x"), ("aws", "configure", "set", "secret_access_key", "***")),
    (("npm", "config", "set", "//r.example/:_authToken=abc"), ("npm", "config", "set", "//r.example/:_authToken=***")),
    (("rm", "x", f"--note={GHP}"), ("rm", "x", "--note=ghp_***")),
]  # fmt: skip

#: text ─► text
TEXTS = [
    (f"push {GHP} now", "push ghp_*** now"),
    ("github_pat_" + "x1" * 20, "github_pat_***"),
    ("glpat-abcdefghij0123456789", "glpat-***"),
    ("sk-ant-api03-" + "aB3d" * 8 + "-x_y", "sk-ant-api03-***"),
    ("sk_" + "live_" + "4eC39HqLyjWD", "sk_live_***"),
    ("AKIAIOSFODNN7EXAMPLE", "AKIA***"),
    ("xoxb-123456789-abcdef", "xoxb-***"),
    (JWT, "eyJ***"),
    ("npm_" + "a1" * 18, "npm_***"),
    ("rnd_" + "a1" * 14, "rnd_***"),
    (f"echo '{KEY}'", "echo '-----BEGIN OPENSSH PRIVATE KEY-----***-----END OPENSSH PRIVATE KEY-----'"),
    ("-----BEGIN PRIVATE KEY-----\ncut off", "-----BEGIN PRIVATE KEY-----***"),
    ('{"user": "me", "password": "a\\"b", "id": 3}', '{"user": "me", "password": "***", "id": 3}'),
    ('{"query": "{ f(password: \\"x y\\", id: 1) }"}', '{"query": "{ f(password: \\"***\\", id: 1) }"}'),
    ("mutation { login(apiToken: \"x\") { id } }", "mutation { login(apiToken: \"***\") { id } }"),
    ("ALTER USER me PASSWORD 'it''s' VALID", "ALTER USER me PASSWORD '***' VALID"),
    ("create user me identified by 'x'", "create user me identified by '***'"),
    ("update users set password = 'x' where id = 1", "update users set password = '***' where id = 1"),
    (f"curl -H 'Authorization: Bearer {UUID}' https://x", "curl -H 'Authorization: Bearer ***' https://x"),
    ('curl -H "Cookie: a=1; b=2" https://x', 'curl -H "Cookie: ***" https://x'),
]  # fmt: skip

#: These must stay as they are.
PLAIN: list[tuple[str, ...]] = [
    ("curl", "-d", f'{{"query": "mutation {{ volumeDelete(volumeId: \\"{UUID}\\") }}"}}'),
    ("git", "show", SHA),
    ("git", "push", "origin", f"{SHA}:refs/heads/main"),
    ("git", "push", "origin", "HEAD:refs/heads/token"),
    ("git", "branch", "-D", "fix/secret-token"),
    ("git", "commit", "-m", "sort keys: stable; pass the token on"),
    ("git", "clone", "git@github.com:me/keys.git"),
    ("git", "clone", "ssh://git@github.com/me/x.git"),
    ("git", "-c", "credential.helper=!f() { x; }; f", "fetch"),
    ("psql", "-U", "postgres", "--password", "app"),
    ("psql", "-c", "SELECT token, key FROM passwords WHERE id = 7"),
    ("psql", "postgres://postgres@localhost:5432/app"),
    ("rm", "-rf", "secrets/token.txt", "/home/me/.ssh/id_rsa", "password"),
    ("docker", "run", "-u", "1000:1000", "repo/secret:latest"),
    ("ssh", "-i", "key.pem", "--private-key", "./key.pem", "SSH_KEY=/home/me/key"),
    ("x", "--token-file", "f", "--password-stdin", "y", "--no-password", "z", "--key", "sort"),
    ("env", "PWD=/srv", "TOKEN_FILE=/run/t", "PUBLIC_KEY=abc", "psql"),
    ("bash", "-c", 'curl -d @x; psql "password=$PGPASSWORD host=db"'),
    ("curl", "http://localhost:8080/a@b"),
    ("scp", "host:token", "dir"),
    ("pip", "install", "task-1234567890abcdefgh", "scikit-learn-token"),
    ("mkdir", "-passwords"),
    ("find", "/", "-name", "mysql", "-print"),
    ("openssl", "dgst", "-verify", "key", "-signature", "file", "-private-key", "me.pem"),
    ("gpg", "--export-secret-key", "ABCD"),
    ("rm", "caf\udce9", "-u", "x:y"),
    (),
]


@pytest.mark.parametrize(("words", "shown"), WORDS, ids=lambda words: " ".join(words)[:60])
def test_words(words: tuple[str, ...], shown: tuple[str, ...]) -> None:
    assert masked(words) == shown
    assert masked(shown) == shown, "masking twice is masking once"


@pytest.mark.parametrize(("text", "shown"), TEXTS, ids=lambda text: text[:40])
def test_text(text: str, shown: str) -> None:
    assert masked_text(text) == shown
    assert masked_text(shown) == shown


@pytest.mark.parametrize("words", PLAIN, ids=lambda words: " ".join(words)[:60].encode("ascii", "replace").decode())
def test_plain_stays(words: tuple[str, ...]) -> None:
    assert masked(words) == words


def test_words_that_are_not_masked_stay_the_same_objects() -> None:
    word = "".join(("$", "DIR"))
    assert masked(("rm", word, "--token", "x"))[1] is word


def test_a_call_without_a_hint_loads_no_regular_expressions() -> None:
    ask = (
        "import sys; from agentguard.core.text.redact import masked;"
        "masked(('git', 'log', '--author=me', 'src/monk.py')); masked(('curl', 'https://example.com/x'));"
        "sys.exit('re' in sys.modules)"
    )
    path = __file__.partition("/tests/")[0]
    assert subprocess.run([sys.executable, "-S", "-c", ask], cwd=path).returncode == 0


LONG = (
    "password " + "a" * 500_000,
    "token " + "a:" * 100_000,
    "token" + "=" * 500_000,
    "key " + "--key " * 100_000,
    "key " + "-----BEGIN PRIVATE KEY-----" * 5_000,
    "token https://" + "a" * 500_000,
    "mysql -x " * 20_000,
    "key eyJa.eyJa." * 50_000,
)


@pytest.mark.parametrize("text", LONG, ids=lambda text: text[:16])
def test_no_long_text_hangs(text: str) -> None:
    signal.setitimer(signal.ITIMER_VIRTUAL, 60)  # SIGVTALRM ends the run: minutes mean quadratic, or worse
    try:
        assert masked_text(text)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
