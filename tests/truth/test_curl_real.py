"""What the reader says that curl sends is what the real curl sends to a server that writes it down."""

import email.parser
import email.policy
import http.server
import os
import shlex
import shutil
import subprocess
import threading

import pytest

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation
from agentguard.core.unseen import Unseen
from agentguard.core.world import PathState, World
from agentguard.readers import http as http_reader

CURL = shutil.which("curl", path="/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin")
pytestmark = [pytest.mark.real, pytest.mark.skipif(CURL is None, reason="needs curl")]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one_request(self):
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = self.headers.get("Content-Type", "")
        self.server.seen.append((self.command, self.path, kind, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.seen = []
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


class Disk(World):
    """Files and startup files as they lie on the disk; standard input is `data`."""

    def __init__(self, home, data):
        self.home = home
        self.data = data

    def read(self, path, cwd):
        try:
            with open(f"{cwd}/{path}" if not path.startswith("/") else path, "rb") as file:
                return file.read()
        except OSError as why:
            raise Unseen(str(why)) from why

    def stdin(self):
        return self.data

    def paths(self, paths, cwd, follow):
        return tuple(PathState(path, "missing") for path in paths)

    def ambient(self, variables, files, call):
        found = [file.replace("~", str(self.home)).replace("$CURL_HOME", str(self.home / "curlhome")) for file in files]
        return tuple((path, "") for path in found if not path.startswith("$") and os.path.exists(path))


FILES = {
    "two lines": b"first\r\nsecond\n",
    "up.txt": b"uploaded\n",
    "op.json": b'{"query": "{ a }"}',
    "words": b"q w&e/\xc3\xa9",
    "request.cfg": b'# a comment\nrequest = "DELETE"\n',
    "dashes.cfg": b"-X PUT\n--data a=b\n",
    "cluster.cfg": b"-sXPATCH\n",
    "colon.cfg": b"REQUEST: PURGE # why\nsilent\n",
    "quoted.cfg": b'data = "a \\"b\\" \\\\ c"\n',
    "inner.cfg": b"config = request.cfg\n",
    "next.cfg": b"url = URL/first\nnext\nrequest = OPTIONS\n",
    "unquoted.cfg": b"data = two words\n",
    "headers": b"X-One: 1\nX-Two: 2\n",
}

# The arguments of each call; URL stands for the server.
CALLS = [
    "URL",
    "URL/a?b=c#d",
    "-I URL",
    "-X DELETE URL",
    "-XDELETE URL",
    "-sXDELETE URL",
    "-X delete URL",
    "--request DELETE URL",
    "--upload-fi up.txt URL/there",
    "URL -X DELETE",
    "-X DELETE -X GET URL",
    "-I -X DELETE URL",
    "-d a URL",
    "-da URL",
    "-d a -d b URL",
    "-d '' URL",
    "-d '' -d b URL",
    "--data a URL",
    "--data-ascii a URL",
    "--data-a a URL",
    "--data-binary a URL",
    "--data-raw @a URL",
    "--data-raw a -d b --data-binary c URL",
    "-d @'two lines' URL",
    "--data-ascii @'two lines' URL",
    "--data-binary @'two lines' URL",
    "-d a -d @'two lines' URL",
    "-d @- URL",
    "--data-binary @- URL",
    "--json '{\"a\":1}' URL",
    "--json '{\"a\":1' --json '}' URL",
    "--json @op.json URL",
    "--json a -d b URL",
    "-d a --json b URL",
    "--json a -X PUT URL",
    "--data-urlencode 'a b&c' URL",
    "--data-urlencode '=a=b' URL",
    "--data-urlencode 'name=a b/c~d' URL",
    "--data-urlencode 'name@words' URL",
    "--data-urlencode '@words' URL",
    "--data-urlencode 'a=1' --data-urlencode 'b=2' URL",
    "-G -d a=b URL",
    "-G -d a=b URL?x=y",
    "--get --data-urlencode 'q=a b' URL",
    "-d a -G -I URL",
    "-G -d a -X DELETE URL",
    "-G --no-get -d a URL",
    "-G URL",
    "--url-query a=b URL?x=y",
    "--url-query a=b --url-query c=d URL",
    "-X GET -d a URL",
    "-X PUT -d a URL",
    "-T up.txt URL",
    "-T up.txt URL/",
    "-T up.txt URL/dir/",
    "-T up.txt URL/there",
    "-T up.txt -X POST URL/there",
    "-T - URL/there",
    "-T '' URL/there",
    "-T up.txt URL/a URL/b",
    "-T up.txt URL/a -T op.json URL/b",
    "-F a=b URL",
    "-F a=b -F 'c=d;type=text/plain' URL",
    "-F 'a=\"b;c\"' URL",
    "-F a=b -X PUT URL",
    "-F a=b -G URL",
    "-F 'a=<up.txt' URL",
    "-F file=@up.txt URL",
    "--form-string 'a=@b;c' URL",
    "URL/a URL/b",
    "--url URL/a --url URL/b -d x",
    "URL/{a,b}",
    "URL/[1-3]",
    "URL/[01-05:2]",
    "URL/{a,b}/[x-z]",
    "-X DELETE URL/{a,b}",
    "-d x URL/{a,b}",
    "-g URL/{a,b}",
    "-d a URL/a --next URL/b",
    "-d a URL/a -: -X PUT URL/b",
    "-I URL/a --next -d b URL/b --next URL/c",
    "-- URL",
    "--request-target /other URL/a",
    "-H 'X-HTTP-Method-Override: DELETE' -d a URL",
    "-H 'Content-Type: application/graphql' -d '{ a }' URL",
    "-H @headers -d a URL",
    "-L -X POST URL",
    "--post301 -d a URL",
    "-K request.cfg URL",
    "-Krequest.cfg URL",
    "--config request.cfg URL",
    "-K dashes.cfg URL",
    "-K cluster.cfg URL",
    "-K colon.cfg URL",
    "-K quoted.cfg URL",
    "-K unquoted.cfg URL",
    "-K inner.cfg URL",
    "-K request.cfg -X GET URL",
    "-X GET -K request.cfg URL",
    "-K - URL",
    "-s -A agent -e ref -b a=b -m 5 -u a:b URL",
    "-Z URL/a URL/b -X DELETE",
    "-oX -d a URL",
    "-w -d URL",
    "-o -X URL",
    "-sSfkLd a URL",
    "--no-keepalive --compressed -d a URL",
    "--retry 0 --max-time 5 --connect-timeout 5 -d a URL",
    "--noproxy '*' -d a URL",
]


def both(tail, server, rulebook, tmp_path, monkeypatch, startup=None, env=None):
    """What curl sent, and what the reader says that it sends: method, target, body or form fields."""
    base = f"http://127.0.0.1:{server.server_address[1]}"
    work, home = tmp_path / "work", tmp_path / "home"
    work.mkdir()
    (home / "curlhome").mkdir(parents=True)
    for name, data in FILES.items():
        (work / name).write_bytes(data.replace(b"URL", base.encode()))
    for name, data in (startup or {}).items():
        (home / name).parent.mkdir(exist_ok=True, parents=True)
        (home / name).write_bytes(data)
    argv = ["curl", *(word.replace("URL", base) for word in shlex.split(tail))]
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    environment |= {name: value.replace("HOME", str(home)) for name, value in (env or {}).items()}
    data = b"request = LINK\n" if "-K -" in tail else b"standard\ninput"

    server.seen.clear()
    ran = subprocess.run([CURL, *argv[1:]], cwd=work, env=environment, input=data, capture_output=True, timeout=30)
    assert ran.returncode in (0, 8), ran.stderr
    sent = [(method, path, _plain(kind, body)) for method, path, kind, body in server.seen]

    said = []

    def note(request, context):
        assert not request.unseen
        rest = request.url.partition("#")[0].removeprefix(base)
        fields = tuple((name, value.rstrip("\n")) for name, value in request.fields)
        said.append((request.method, rest if rest[:1] == "/" else "/" + rest, fields or request.body))
        return ()

    monkeypatch.setattr(http_reader, "read", note)
    call = Invocation.of(tuple(argv), str(work), environment)
    Classifier(rulebook, Disk(home, data)).command(call)
    return sent, said


def _plain(kind, body):
    """A multipart body as its fields; files without their content."""
    if not kind.startswith("multipart/form-data"):
        return body
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body
    )
    names = [part.get_param("name", header="content-disposition") for part in message.iter_parts()]
    texts = ["" if part.get_filename() else part.get_content().rstrip("\n") for part in message.iter_parts()]
    return tuple(zip(names, texts, strict=True))


@pytest.mark.parametrize("tail", CALLS)
def test_the_reader_says_what_curl_sends(tail, server, rulebook, tmp_path, monkeypatch):
    sent, said = both(tail, server, rulebook, tmp_path, monkeypatch)
    assert sent, "curl sent nothing: the row proves nothing"
    if len(said) < len(sent):  # URLs that are only read stay together
        assert {method for method, *_ in sent} == {said[0][0]} <= {"GET", "HEAD"}
    else:
        in_order = sorted if "-Z" in tail else list
        assert in_order(map(_compared, sent)) == in_order(map(_compared, said))


def _compared(one):
    """A request without the content of an upload by PUT, which the reader does not look at."""
    method, target, body = one
    uploaded = (FILES["up.txt"], FILES["op.json"], b"standard\ninput")
    return (method, target, b"") if method == "PUT" and body in uploaded else one


STARTUPS = [
    ("URL", {".curlrc": b"request = DELETE"}, {}, ["DELETE"]),
    ("-q URL", {".curlrc": b"request = DELETE"}, {}, ["GET"]),
    ("-qs URL", {".curlrc": b"request = DELETE"}, {}, ["GET"]),
    ("--disable URL", {".curlrc": b"request = DELETE"}, {}, ["GET"]),
    ("-s -q URL", {".curlrc": b"request = DELETE"}, {}, ["DELETE"]),
    ("-sq URL", {".curlrc": b"request = DELETE"}, {}, ["DELETE"]),
    ("URL", {"curlhome/.curlrc": b"-X PUT"}, {"CURL_HOME": "HOME/curlhome"}, ["PUT"]),
    ("URL", {".config/curlrc": b"data = a"}, {}, ["POST"]),
    ("-X GET URL", {".curlrc": b"request = DELETE"}, {}, ["GET"]),
    ("-K request.cfg URL", {".curlrc": b"data = a"}, {}, ["DELETE"]),
]


@pytest.mark.parametrize(("tail", "startup", "env", "methods"), STARTUPS)
def test_startup_files(tail, startup, env, methods, server, rulebook, tmp_path, monkeypatch):
    sent, said = both(tail, server, rulebook, tmp_path, monkeypatch, startup, env)
    assert [one[0] for one in sent] == methods
    assert sent == said[: len(sent)]  # and without a file that only some versions read
