"""Requests, and calls of curl, rated as a shim would rate them."""

import contextlib
import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rules import shipped

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation, Stream
from agentguard.core.effect import RATINGS, Effect, Target
from agentguard.core.unseen import Unseen
from agentguard.core.word import Known, Unknown
from agentguard.readers import http, url
from agentguard.readers.curl import config, globs
from agentguard.rulecheck.examples import CWD, HOME, StatedWorld

R, V, D = "read", "reversible", "destructive"
RULEBOOK = shipped()


def reading(argv, env=None, stdin=None, ahead=(), **given):
    """How the whole rulebook reads one call."""
    stream = Stream("known", stdin) if stdin is not None else Stream("unseen", why="nobody gave any")
    words = tuple(word if isinstance(word, Unknown) else Known(word) for word in argv)
    call = Invocation.of((), CWD, {"HOME": HOME, **(env or {})}, stream).replace(argv=words, ahead=ahead)
    return Classifier(RULEBOOK, StatedWorld(given)).command(call)


def curl(line, **given):
    return reading(["curl", *shlex.split(line)], **given)


API = "https://api.example.com"
QUERY = """-d '{"query":"{ me }"}'"""
DELETION = """-d '{"query":"mutation { volumeDelete(volumeId: \\"3d2c42fb\\") }"}'"""

CALLS = [
    # what only a header or an option says about where it goes weakens nothing
    (f"-X PUT -H 'Host: elasticsearch' {API}/users", D),
    ("-X PUT --connect-to ::api.example.com: https://api.github.com/user/starred/a/b", D),
    ("-X PUT https://api.github.com/user/starred/a/b", V),
    ("-X PUT --resolve api.github.com:443:10.1.2.3 https://api.github.com/user/starred/a/b", D),
    ("-H @gone https://dynamodb.us-east-1.amazonaws.com -d '{}'", D),
    ("-H 'X-Amz-Target: DynamoDB_20120810.ListTables' -d '{}' https://dynamodb.us-east-1.amazonaws.com", R),
    # the method
    (f"{API}/users", R),
    (f"-s -H 'Authorization: Bearer x' {API}/users | jq .".split(" |")[0], R),
    (f"-X GET {API}/users", R),
    (f"-X get {API}/users", R),
    (f"-I {API}/users", R),
    (f"-X OPTIONS {API}/users", R),
    (f"-X HEAD {API}/users", R),
    (f"-X PROPFIND {API}/users", R),
    (f"-X POST {API}/users", V),
    (f"-d a=b {API}/users", V),
    (f"--json '{{}}' {API}/users", V),
    (f"-F a=b {API}/users", V),
    (f"-X MKCOL {API}/users", V),
    (f"-X PURGE {API}/users", V),
    (f"-X DELETE {API}/users/5", D),
    (f"-X delete {API}/users/5", D),
    (f"-XDELETE {API}/users/5", D),
    (f"-X PUT {API}/users/5", D),
    (f"-X PATCH -d a=b {API}/users/5", D),
    (f"-X MOVE {API}/users/5", D),
    (f"-X BREW {API}/pot", D),
    (f"-X 'GET /x HTTP/1.1\r\nX: y' {API}", D),
    (f"-T up.txt {API}/up.txt", D),
    (f"-T - {API}/up.txt", D),
    (f"-G -d a=b {API}/users", R),
    (f"-d a=b -X GET {API}/users", R),
    (f"-X DELETE -X GET {API}/users", R),
    (f"-X GET -X DELETE {API}/users", D),
    (f"-d -X -s {API}/users", V),
    (f"-A -X {API}/users", R),
    # what stands for another method
    (f"-H 'X-HTTP-Method-Override: DELETE' -d '' {API}/users/5", D),
    (f"-H 'x-http-method: put' -X POST {API}/users/5", D),
    (f"-H 'X-Method-Override: DELETE' {API}/users/5", D),
    (f"-H 'X-HTTP-Method-Override: GET' -X DELETE {API}/users/5", D),
    (f"-H 'X-HTTP-Method-Override: GET' -d '' {API}/users/5", V),
    (f"-d _method=DELETE {API}/users/5", D),
    (f"-d _method=%44ELETE {API}/users/5", D),
    (f"-F _method=delete {API}/users/5", D),
    (f"-d a=b '{API}/users/5?_method=delete'", D),
    (f"'{API}/users/5?_method=delete'", D),
    (f"-d _method=post {API}/users/5", V),
    # the words of a POST
    (f"-d '' {API}/users/5/delete", D),
    (f"-d '' {API}/deleteUser", D),
    (f"-d '' {API}/users:batchDelete", D),
    (f"-d '' {API}/index/_delete_by_query", D),
    (f"-d '' {API}/%64elete", D),
    (f"-d '' {API}/cache/purge", D),
    (f"-d '' {API}/users/5/terminate", D),
    (f"-d '' {API}/db/drop", D),
    (f"-d '' {API}/backups/5/restore", D),
    (f"-d '' {API}/deleted-items", V),
    (f"-d '' {API}/dropdown", V),
    (f"{API}/users/5/delete", R),
    (f"-d '' '{API}/?action=delete'", D),
    (f"-d Action=TerminateInstances {API}/", D),
    (f"-d Action=DescribeInstances {API}/", V),
    (f"-H 'X-Amz-Target: DynamoDB_20120810.DeleteTable' -d '{{}}' {API}/", D),
    (f"-H 'X-Amz-Target: DynamoDB_20120810.Query' -d '{{}}' {API}/", V),
    (f"""-d '{{"jsonrpc":"2.0","method":"user.delete"}}' {API}/rpc""", D),
    (f"""-d '{{"jsonrpc":"2.0","method":"user.list"}}' {API}/rpc""", V),
    (f"""-d '[{{"op":"noop"}},{{"op":"remove"}}]' {API}/batch""", D),
    (f"""-d '{{"note":"please delete"}}' {API}/notes""", V),
    (f"-d 'Update finished: rows set' {API}/notify", V),
    (f"-d 'DROP TABLE users' {API}/", D),
    (f"-d 'SELECT 1; drop table users' {API}/", D),
    (f"-d 'SELECT 1' {API}/", V),
    (f"""--json '{{"sql":"DELETE FROM users"}}' {API}/sql""", D),
    (f"""--json '{{"query":"UPDATE users SET a = 1"}}' {API}/sql""", D),
    (f"""--json '{{"query":"shoes"}}' {API}/search""", V),
    (f"""--json '{{"query":{{"match_all":{{}}}}}}' {API}/_search""", V),
    # bodies that cannot be seen
    (f"-d @gone {API}/users", D),
    (f"-d @- {API}/users", D),
    (f"-d a -d @gone {API}/users", D),
    (f"--data-raw @gone {API}/users", V),
    (f"--data-urlencode x@gone {API}/users", D),
    (f"-F file=@photo.jpg {API}/photos", V),
    (f"-F 'text=<gone' {API}/photos", D),
    (f"-H @gone -d a {API}/users", D),
    (f"-X GET -d @gone {API}/users", R),
    # GraphQL
    (f"{QUERY} {API}/graphql", R),
    (f"{DELETION} {API}/graphql", D),
    (f"{DELETION} http://127.0.0.1:8080/graphql/v2", D),
    (f"{DELETION} {API}/anything", D),
    (f"""-d '{{"query":"mutation {{ userCreate }}"}}' {API}/graphql""", V),
    (f"""-d '{{"query":"query help"}}' {API}/search""", V),
    (f"""-d '{{"query":"mutation of genes"}}' {API}/search""", V),
    (f"""-d '[{{"query":"{{ a }}"}},{{"query":"mutation {{ deleteUser }}"}}]' {API}/graphql""", D),
    (f"-d '' {API}/graphql", D),
    (f"""-d '{{"id":"persisted"}}' {API}/graphql""", D),
    (f"""-d '{{"extensions":{{"persistedQuery":{{}}}}}}' {API}/x""", D),
    (f"-d @gone {API}/graphql", D),
    (f"-H 'Content-Type: application/graphql' -d '{{ me }}' {API}/graphql", R),
    (f"-H 'Content-Type: application/graphql; charset=utf-8' -d 'mutation {{ deleteUser }}' {API}/x", D),
    (f"--data-urlencode 'query={{ me }}' {API}/graphql", R),
    (f"--data-urlencode 'query=mutation {{ deleteUser }}' {API}/graphql", D),
    (f"-G --data-urlencode 'query=mutation {{ deleteUser }}' {API}/graphql", D),
    (f"-G --data-urlencode 'query={{ me }}' {API}/graphql", R),
    (f"-g '{API}/graphql?query={{me}}'", R),
    (f"""-F operations='{{"query":"mutation {{ deleteUser }}"}}' -F map='{{}}' {API}/graphql""", D),
    (f"""-F operations='{{"query":"mutation {{ addPhoto }}"}}' -F 0=@a.jpg {API}/graphql""", V),
    (f"{API}/graphql", R),
    (f"-X DELETE {QUERY} {API}/graphql", D),
    # several requests
    (f"{API}/a {API}/b", R),
    (f"{API}/a --next -X DELETE {API}/b", D),
    (f"-X DELETE {API}/a --next {API}/b", D),
    (f"-d a {API}/a -: {API}/b", V),
    (f"-T a.txt {API}/a {API}/b", D),
    (f"-d '' {API}/{{a,b}}", V),
    (f"-d '' {API}/{{read,delete}}", D),
    (f"-d '' {API}/{{de,re}}lete", D),
    (f"-g -d '' {API}/{{de,re}}lete", V),
    (f"-d '' {API}/delet[d-f]", D),
    (f"-d '' {API}/[1-9999]", D),
    (f"{API}/[1-9999]", R),
    # where
    ("example.com", R),
    ("-X DELETE example.com", D),
    ("HTTPS://example.com -X DELETE", D),
    ("--unix-socket /run/docker.sock http://localhost/containers/json", R),
    ("--unix-socket /run/docker.sock -X DELETE http://localhost/containers/a", D),
    ("--unix-socket /run/docker.sock -X POST http://localhost/containers/prune", D),
    ("--unix-socket /run/docker.sock -X POST http://localhost/containers/a/stop", V),
    (f"--request-target /delete -d '' {API}/x", D),
    # other protocols
    ("file:///etc/passwd", R),
    ("ftp://example.com/a", R),
    ("ftp.example.com/a", R),
    ("-T a.txt ftp://example.com/a", D),
    ("-a -T a.txt ftp://example.com/a", V),
    ("ftp://example.com/ -Q 'DELE a'", D),
    ("ftp://example.com/ -Q '-DELE a'", D),
    ("ftp://example.com/ -Q '*dele a'", D),
    ("ftp://example.com/ -Q PWD", R),
    ("ftp://example.com/ -Q 'MKD a'", V),
    ("ftp://example.com/ -Q 'RNFR a' -Q 'RNTO b'", D),
    ("ftp://example.com/ -Q 'SITE CHMOD 777 a'", D),
    ("ftp://example.com/ -Q 'XYZZY a'", D),
    ("ftp://example.com/ -X 'DELE a'", D),
    ("ftp://example.com/ -X 'NLST'", R),
    ("sftp://example.com/ -Q 'rm a'", D),
    ("sftp://example.com/ -Q 'rename a b'", D),
    ("sftp://example.com/ -Q 'pwd'", R),
    ("-T a.txt sftp://example.com/a", D),
    ("imap://example.com/INBOX", R),
    ("imap://example.com/INBOX -X 'STORE 1 +Flags \\Deleted'", D),
    ("imap://example.com/INBOX -X EXPUNGE", D),
    ("pop3://example.com/1", R),
    ("pop3://example.com/1 -X 'DELE 1'", D),
    ("smtp://example.com --mail-from a@b --mail-rcpt c@d -T mail.txt", D),
    ("dict://dict.org/d:curl", R),
    ("dict://localhost:6379/flushall", D),
    ("gopher://localhost:6379/_flushall", D),
    ("telnet://example.com", D),
    ("mqtt://example.com/topic", R),
    ("-d on mqtt://example.com/topic", V),
    ("xyz://example.com/", D),
    # what the grammar does not know
    (f"--no-such-thing {API}", D),
    (f"--variable m=DELETE --expand-request '{{{{m}}}}' {API}", D),
    (f"--variable m=DELETE {API}", R),
    (f"-X {API}", R),
    ("-X", D),
    ("", R),
    ("--help", R),
    (f"-X DELETE {API} --help", R),
    (f"-X DELETE -A --help {API}", D),
    ("-V", R),
    (f"--engine ./x.so {API}", D),
]


@pytest.mark.parametrize(("line", "rating"), CALLS)
def test_calls(line, rating):
    assert curl(line).rating == rating


RAILWAY = [
    (f"-X POST https://backboard.railway.app/graphql/v2 -H 'Authorization: Bearer x' {DELETION}", D, True),
    (f"https://backboard.railway.com/graphql/v2 {DELETION}", D, True),
    (f"https://backboard.railway.com/graphql/internal?q=x {DELETION}", D, True),
    (f"https://BACKBOARD.railway.com./graphql/v2 {DELETION}", D, True),
    (f"https://user@backboard.railway.com:443/graphql/v2 {DELETION}", D, True),
    (f"https://10.0.0.1/graphql/v2 -H 'Host: backboard.railway.com' {DELETION}", D, True),
    (f"https://x.test/graphql/v2 --connect-to ::backboard.railway.com:443 {DELETION}", D, True),
    (f"https://backboard%2Erailway.com/graphql/v2 {DELETION}", D, True),
    (f"https://backboard.{{railway,other}}.com/graphql/v2 {DELETION}", D, True),
    (f"https://backboard.railway.com/graphql/v2 {QUERY}", R, False),
    ('https://backboard.railway.com/graphql/v2 -d \'{"query":"mutation { volumeCreate }"}\'', V, False),
    ('https://backboard.railway.com/graphql/v2 -d \'{"query":"mutation { nobodyKnows }"}\'', D, False),
    ('https://backboard.railway.com/graphql/v2 -d \'{"query":"mutation { createNobody }"}\'', D, False),
    ("https://backboard.railway.com/graphql/v2", R, False),
    ("-X POST https://backboard.railway.com/project/p/environment/e/up?serviceId=s", V, False),
    ("-d '{}' https://backboard.railway.com/api/v1/agent", D, False),
    ("https://backboard.railway.com/api/v1/agent/threads", R, False),
    ("-X DELETE https://backboard.railway.com/oauth/token", D, False),
    ("-d '{}' https://mcp.railway.com/", D, False),
    (f"https://backboard.railway.com.evil.test/graphql/v2 {DELETION}", D, False),
    (f"http://127.0.0.1:9000/graphql/v2 {DELETION}", D, False),
]


@pytest.mark.parametrize(("line", "rating", "catastrophic"), RAILWAY)
def test_an_api_that_a_table_describes(line, rating, catastrophic):
    found = curl(line)
    assert (found.rating, bool(found.catastrophic)) == (rating, catastrophic)


def test_what_is_deleted_is_named():
    found = curl(f"https://backboard.railway.app/graphql/v2 {DELETION}")
    (reason,) = found.reasons
    assert reason.rule == "railway-api-volume-delete" and reason.program == "curl"
    assert "3d2c42fb" in reason.text and "backups" in reason.text
    assert ("railway", "volume", "3d2c42fb") in [effect.target.identity for effect in found.effects]


WRITES = [
    ("-o new.txt", "missing", V),
    ("-o old.txt", "untracked", D),
    ("-o old.txt", "modified", D),
    ("-o old.txt", "tracked", V),
    ("-o old.txt", "temporary", V),
    ("-oold.txt", "untracked", D),
    ("-so old.txt", "untracked", D),
    ("--output old.txt", "untracked", D),
    ("--no-clobber -o old.txt", "untracked", V),
    ("--no-clobber --clobber -o old.txt", "untracked", D),
    ("-C - -o old.txt", "untracked", V),
    ("-C 0 -o old.txt", "untracked", D),
    ("-D old.txt", "untracked", D),
    ("--trace old.txt", "untracked", D),
    ("--trace-ascii old.txt", "untracked", D),
    ("--stderr old.txt", "untracked", D),
    ("--libcurl old.txt", "untracked", D),
    ("--etag-save old.txt", "untracked", D),
    ("--hsts old.txt", "untracked", D),
    ("--alt-svc old.txt", "untracked", D),
    ("-c old.txt", "untracked", D),
    ("-c old.txt -b old.txt", "tracked", V),
    ("-w '%output{old.txt}x'", "untracked", D),
    ("-w '%output{>>old.txt}x'", "untracked", R),
    ("-w '%{http_code}'", "untracked", R),
    ("-b old.txt", "untracked", R),
    ("-o -", "untracked", R),
    ("-o /dev/null", "untracked", R),
    ("-D - -o /dev/null", "untracked", R),
    ("--trace %", "untracked", R),
]


@pytest.mark.parametrize(("options", "state", "rating"), WRITES)
def test_files_that_curl_writes(options, state, rating):
    paths = {"old.txt": state, "new.txt": state}
    assert curl(f"{options} {API}/x", paths=paths).rating == rating


NAMES = [
    ("-O URL/old.txt", "old.txt"),
    ("-O URL/a/b/old.txt?c=d", "old.txt"),
    ("--remote-name-all URL/old.txt", "old.txt"),
    ("-O URL/x --no-remote-name URL/old.txt", "old.txt"),
    ("-O -J URL/old.txt", "old.txt"),
    ("--output-dir out -O URL/old.txt", "out/old.txt"),
    ("--output-dir out -o a URL/old.txt", "out/a"),
    ("-o f_#1 URL/{a,b}", "f_b"),
    ("-o f_#2_#1 URL/{a,b}/[1-3]", "f_3_a"),
    ("-O URL/{a,old}.txt", "old.txt"),
    ("-o a -o b URL/x URL/y", "b"),
    ("-O -o b URL/x URL/y", "b"),
    ("-o a URL/x --next -o b URL/y", "b"),
    ("-T up.txt file:///srv/old.txt", "/srv/old.txt"),
]


@pytest.mark.parametrize(("line", "path"), NAMES)
def test_the_names_of_files_that_curl_writes(line, path):
    class AllNew(StatedWorld):
        def paths(self, paths, cwd, follow):
            seen.extend(paths)
            return super().paths(paths, cwd, follow)

    seen = []
    Classifier(RULEBOOK, AllNew({})).command(
        Invocation.of(("curl", *shlex.split(line.replace("URL", API))), CWD, {"HOME": HOME})
    )
    assert path in seen


def test_a_cookie_jar_is_not_worth_a_question():
    jar = {"paths": {"jar": "untracked"}}
    assert curl(f"-c jar {API}", files={"jar": "# Netscape HTTP Cookie File\n"}, **jar).rating == V
    assert curl(f"-c jar {API}", files={"jar": "my notes\n"}, **jar).rating == D


CONFIGS = [
    ("-K c", {"c": "request = DELETE"}, D),
    ("-K c", {"c": "-X DELETE"}, D),
    ("-K c", {"c": "silent\n# request = DELETE"}, R),
    ("-K c", {"c": "data = a"}, V),
    ("-K c", {"c": "config = d", "d": "request = DELETE"}, D),
    ("-K c", {"c": "config = c"}, D),
    ("-K gone", {}, D),
    ("-K -", {}, D),
    ("", {f"{HOME}/.curlrc": "request = DELETE"}, D),
    ("", {f"{HOME}/.curlrc": "silent"}, R),
    ("", {f"{HOME}/.config/curlrc": "request = DELETE"}, D),
    ("-q", {f"{HOME}/.curlrc": "request = DELETE"}, R),
    ("--disable", {f"{HOME}/.curlrc": "request = DELETE"}, R),
    ("-s -q", {f"{HOME}/.curlrc": "request = DELETE"}, D),
    ("-K c", {"c": "silent", f"{HOME}/.curlrc": "request = DELETE"}, D),
    ("-q -K c", {"c": "silent", f"{HOME}/.curlrc": "request = DELETE"}, R),
    ("", {"/etc/curl/.curlrc": "request = DELETE"}, D),
]


@pytest.mark.parametrize(("options", "files", "rating"), CONFIGS)
def test_configuration_files(options, files, rating):
    assert curl(f"{options} {API}/x", files=files, env={"CURL_HOME": "/etc/curl"}).rating == rating


def test_standard_input_is_read_where_curl_reads_it():
    assert curl(f"-d @- {API}/users", stdin=b"a=b").rating == V
    assert curl(f"-d @- {API}/graphql", stdin=b'{"query":"mutation { deleteUser }"}').rating == D
    assert curl(f"-d @- {API}/graphql", stdin=b'{"query":"{ me }"}').rating == R
    assert curl(f"-K - {API}/x", stdin=b"request = DELETE").rating == D
    assert curl(f"{API}/x", stdin=b"request = DELETE").rating == R


def word(guess, written, start=""):
    return Unknown(guess, written, start)


OVERRIDE = "X-HTTP-Method-Override: "
AUTHORIZATION = word("Authorization: Bearer ", '"Authorization: Bearer $T"', "Authorization: Bearer ")
RAILWAY = "https://backboard.railway.com/graphql/v2"
UNRESOLVED = [
    (["-X", word("", "$M"), f"{API}/x"], D, "$M"),
    (["-X", word("GET", "$M"), f"{API}/x"], D, "$M"),
    ([word("", "$URL")], D, "$URL"),
    ([word(f"{API}/", f"{API}/$ID")], D, "$ID"),
    ([word(f"{API}/", f'"{API}/$ID"', f"{API}/")], R, ""),
    (["-d", "a", word(f"{API}/", f'"{API}/$ID"', f"{API}/")], D, "$ID"),
    (["-I", word(f"{API}/", f'"{API}/$(id)"', f"{API}/")], R, ""),
    ([word("https:///x", '"$SCHEME://x"')], D, "$SCHEME"),
    (["-d", word("", "$BODY"), f"{API}/x"], D, "$BODY"),
    (["-d", word("a=", '"a=$B"'), f"{API}/x"], D, "$B"),
    (["-G", "-d", word("a=", '"a=$B"'), f"{API}/x"], R, ""),
    (["-F", word("a=", '"a=$B"'), f"{API}/x"], D, "$B"),
    (["-H", AUTHORIZATION, f"{API}/x"], R, ""),
    (["-H", AUTHORIZATION, "-d", "a", f"{API}/x"], V, ""),
    (["-H", word("", "$H"), "-d", "a", f"{API}/x"], D, "$H"),
    (["-u", word(":", "$U:$P"), f"{API}/x"], R, ""),
    (["-o", word("", "$FILE"), f"{API}/x"], D, "$FILE"),
    (["--output-dir", word("", "$DIR"), "-O", f"{API}/x"], D, "$DIR"),
    (["-T", word("", "$FILE"), f"{API}/x"], D, ""),
    (["-K", word("", "$FILE"), f"{API}/x"], D, "$FILE"),
    (["--request-target", word("/", "/$T"), "-d", "a", f"{API}/x"], D, "$T"),
    # attached to the option
    (["-s", "-XPOST", word("-d", '-d"$(cat q.json)"', "-d"), RAILWAY], D, "q.json"),
    ([word("-X", '-X"$METHOD"', "-X"), f"{API}/x"], D, "$METHOD"),
    ([word("--request=", '--request="$METHOD"', "--request="), f"{API}/x"], D, "$METHOD"),
    ([word(f"--url={API}/", f'--url="{API}/$ID"', f"--url={API}/")], R, ""),
    ([word(f"--url={API}/", f"--url={API}/$ID", f"--url={API}/")], D, "$ID"),
    ([word("-K", "-K$FILE", "-K"), f"{API}/x"], D, "$FILE"),
    (["-d", word("@", "@$FILE", "@"), f"{API}/x"], D, "$FILE"),
    # headers whose value counts
    (
        ["-d", "a", "-H", word("X-HTTP-Method-Override: ", '"X-HTTP-Method-Override: $M"', "X-HTTP-"), f"{API}/x"],
        D,
        "$M",
    ),
    (["-d", "a", "-H", word("X-HTTP-Method-Override: ", '"X-HTTP-Method-Override: $M"', OVERRIDE), f"{API}/x"], D, ""),
    (["-H", word("X-HTTP-Method-Override: ", '"X-HTTP-Method-Override: $M"', OVERRIDE), f"{API}/x"], D, ""),
    (["-d", "a", "-H", word("X-Amz-Target: A.", '"X-Amz-Target: A.$T"', "X-Amz-Target: A."), f"{API}/x"], D, "$T"),
    (["-d", "a", "-H", word(": x", '"$NAME: x"'), f"{API}/x"], D, "$NAME"),
    # where it goes, and what is written
    (["-d", "a", "--unix-socket", word("", "$S"), "http://d/x"], D, "$S"),
    (["--proto-default", word("", "$P"), "api.example.com"], D, "$P"),
    (["-w", word("", "$FORMAT"), f"{API}/x"], D, "$FORMAT"),
    (["-C", word("", "$AT"), "-o", "old.txt", f"{API}/x"], D, "old.txt"),
    (["-o", "#1", word(f"{API}/{{a,}}", f'"{API}/{{a,$B}}"'), ""], D, "$B"),
    (["-G", "-d", word("", "$Q"), f"{API}/graphql"], D, "names its document"),
]


@pytest.mark.parametrize(("words", "rating", "named"), UNRESOLVED)
def test_words_that_are_not_known_before_the_line_runs(words, rating, named):
    found = reading(["curl", *words], paths={"old.txt": "untracked"})
    assert found.rating == rating
    assert named in " ".join(reason.text for reason in found.reasons)


@pytest.mark.parametrize("option", ["--connect-to", "--resolve"])
def test_a_host_that_is_not_known_is_not_taken_for_this_machine(option):
    local = ["-X", "DELETE", "http://localhost/x"]
    assert places(reading(["curl", *local])) == {"local"}
    address = word("localhost:80:", '"localhost:80:$IP"', "localhost:80:")
    assert places(reading(["curl", option, address, *local])) == {"unknown"}


def places(found):
    return {effect.environment.name for effect in found.effects if effect.rule == "http-delete"}


def test_what_is_known_of_an_unknown_body_still_counts():
    body = word('{"query":"mutation { volumeDelete(volumeId: \\"\\") }"}', "$BODY")
    assert reading(["curl", "-d", body, "https://backboard.railway.com/graphql/v2"]).catastrophic


def test_a_file_that_an_earlier_part_may_have_changed_is_doubted():
    earlier = Effect("create", Target("file", f"{CWD}/old.txt"))
    given = {"paths": {"old.txt": "tracked"}}
    assert curl(f"-o old.txt {API}", **given).rating == V
    assert curl(f"-o old.txt {API}", ahead=(earlier,), **given).rating == D


PLACES = [
    ("localhost", "local"),
    ("127.0.0.1", "local"),
    ("::1", "local"),
    ("api.localhost", "local"),
    ("api.prod.example.com", "production"),
    ("production-api.example.com", "production"),
    ("api.staging.example.com", "staging"),
    ("dev.example.com", "staging"),
    ("product.example.com", "unknown"),
    ("developers.example.com", "unknown"),
]


@pytest.mark.parametrize(("host", "name"), PLACES)
def test_places(host, name):
    assert http.place(host).name == name


URLS = [
    ("http://a.b/c?d=e#f", ("http", "a.b", "", "/c", "d=e")),
    ("a.b", ("http", "a.b", "", "/", "")),
    ("a.b:80/c", ("http", "a.b", "80", "/c", "")),
    ("HTTPS://u:p@A.B:443", ("https", "a.b", "443", "/", "")),
    ("http://[::1]:80/x", ("http", "::1", "80", "/x", "")),
    ("http://[::1]/x", ("http", "::1", "", "/x", "")),
    ("http:/a.b/c", ("http", "a.b", "", "/c", "")),
    ("http:///a.b/c", ("http", "a.b", "", "/c", "")),
    ("http://u@v@a.b/c", ("http", "a.b", "", "/c", "")),
    ("http://a.b?c", ("http", "a.b", "", "/", "c")),
    ("http://a.b/%64elete", ("http", "a.b", "", "/delete", "")),
    ("file:///etc/x", ("file", "", "", "/etc/x", "")),
    ("", ("http", "", "", "/", "")),
]


@pytest.mark.parametrize(("text", "parts"), URLS)
def test_urls(text, parts):
    assert url.split(text).astuple()[:5] == parts


GLOBS = [
    ("a", ["a"]),
    ("{a,b}", ["a", "b"]),
    ("x{a,b}[1-2]", ["xa1", "xa2", "xb1", "xb2"]),
    ("[08-12:2]", ["08", "10", "12"]),
    ("[a-c]", ["a", "b", "c"]),
    ("http://[::1]/{a}", ["http://[::1]/a"]),
    ("\\{a,b\\}", ["{a,b}"]),
    ("[5-1]", ["[5-1]"]),
    ("{a", ["{a"]),
    ("[1-1001]", None),
    ("[1-100][1-100]", None),
    ("[1-99999999999999999]", None),
]


@pytest.mark.parametrize(("pattern", "expected"), GLOBS)
def test_globs(pattern, expected):
    found = globs.expand(pattern)
    assert (found and [url for url, _ in found]) == expected


# Whatever is thrown at it

GRAMMAR = [one for name, one in RULEBOOK.program("curl").commands[()].options.items() if name == one.name]
SAID = [API, f"{API}/{{a,b}}", "DELETE", "GET", "@-", "@gone", "-", "a=b", '{"query":"mutation { x }"}', "[", ""]
VALUES = st.sampled_from(SAID) | st.text(max_size=8)
SPELLED = st.sampled_from(GRAMMAR).flatmap(lambda option: st.sampled_from(option.names))
WORDS = SPELLED | VALUES | st.just("--next") | st.builds(lambda v: Unknown(v, "$X"), VALUES)


@settings(deadline=None, max_examples=300)
@given(st.lists(WORDS, max_size=8), st.binary(max_size=20))
def test_no_call_raises(words, stdin):
    assert reading(["curl", *words], stdin=stdin).rating in RATINGS


@settings(deadline=None)
@given(st.lists(WORDS, max_size=6), st.sampled_from(["DELETE", "PUT", "PATCH"]))
def test_a_deletion_is_never_missed(words, method):
    """Whatever stands around it: what ends with `--next -q… -X DELETE URL` deletes, unless only help is printed."""
    found = reading(["curl", *words, "--next", "--request", method, "--url", f"{API}/x"], stdin=b"")
    swallowed = words and not isinstance(words[-1], Unknown) and words[-1].startswith("-")
    texts = [w.guess if isinstance(w, Unknown) else w for w in words]
    helps = any(w.startswith("-") and set(w) & set("hVM") for w in texts) or {"--version", "--manual"} & set(texts)
    assert found.rating == D or swallowed or helps or "--" in texts


@given(st.text())
def test_every_configuration_file_is_read_or_unseen(text):
    with contextlib.suppress(Unseen):
        assert all(isinstance(one, str) for one in config.words(text))


@given(st.text(alphabet="{}[]-,:\\ab12", max_size=20))
def test_no_glob_raises(pattern):
    found = globs.expand(pattern)
    assert found is None or 0 < len(found) <= globs.LIMIT


METHODS = st.sampled_from(sorted(http.METHODS)) | st.text(max_size=5)
NAMES_OF_HEADERS = st.sampled_from(["host", "content-type", "x-http-method-override", "x-amz-target"])
PAIRS = st.tuples(NAMES_OF_HEADERS, st.text(max_size=9))


@settings(deadline=None)
@given(st.text(), METHODS, st.binary() | st.text().map(str.encode), st.lists(PAIRS, max_size=3).map(tuple))
def test_no_request_raises(url, method, body, headers):
    context = Classifier(RULEBOOK, StatedWorld({}))
    assert http.read(http.Request(method, url, headers, body), context)
