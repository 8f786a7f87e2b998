"""Whatever curl sends, the reader has said so: random calls of the installed curl, and a server that writes down.

Method by method, host by host, path by path, body by body; what arrives and was not said is a fault, and so is what
was said and did not arrive where curl was content. Where the reader says that it cannot know, nothing is held against
it, but it may not say so of many ordinary calls.
"""

from __future__ import annotations

import email.parser
import email.policy
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from support.hunting import hunt
from support.loopback import Arrived, Recorder
from support.rules import shipped

from agentguard.classify.classifier import Classifier
from agentguard.core.call import Invocation, Stream
from agentguard.core.text.encoding import decode, encode
from agentguard.edge.world import RealWorld
from agentguard.readers import http
from agentguard.readers.url import split

CURL = shutil.which("curl", path="/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin") or ""
pytestmark = [pytest.mark.real, pytest.mark.skipif(not CURL, reason="needs curl")]

OPTIONS: dict[str, dict[str, list[str]]] = tomllib.loads(Path(__file__).with_name("curl_options.toml").read_text())
FILES = {
    "two lines": b"first\r\nsecond\n",
    "up.txt": b"uploaded\n",
    "op.json": b'{"query": "{ a }"}',
    "words": b"q w&e/\xc3\xa9",
    "zeros": b"a\0b",
    "headers": b"X-Two: 2\r\nX-Method-Override: PUT\n",
    "netrc": b"machine 127.0.0.1 login u password p\n",
}
STDIN = b"data = standard\n"
#: Headers that may say another method, or how the body is to be read.
TELLING = (*http.OVERRIDES, *http.TELLING, "content-encoding")

HOSTS = st.sampled_from(["HOST"] * 8 + ["u:p@HOST", "h.test", "HOST.", "api.github.com@HOST"])
PATHS = st.sampled_from([
    "", "/", "/a", "/a/b.txt", "/a?x=y", "/?x=y&query=z", "?x=y", "/a#f", "/a%20b", "/../x", "/a/../b", "/a/./b", "//a",
    "/{a,b}", "/[1-2]", "/[a-c:2]/{x,y}", "/\\{a\\}", "/a;b", "/é", "/a|b", "/%2e%2e/x", "/a b", "/a\tb", "/r301",
    "/r302", "/r303", "/r307", "/r308", "/auth", "/[", "/a]", "/{a}", "/a\\b", "/[01-03]", "/?a={b,c}", "/a/",
    "/a?b/c", "/?", "/{,a}", "/a%00b", "/a\r\nX: y", "/a^b", "/\"a\"", "/a?", "/a/..", "/{a,{b}}", "/[2-1]", "/%zz",
])  # fmt: skip
SCHEMES = st.sampled_from(["http://"] * 30 + ["", "HTTP://", "http:/", "http:///", "gopher://", "dict://", "https://"])
URLS = st.builds("{}{}{}".format, SCHEMES, HOSTS, PATHS)
#: What ends a line, or begins something else, wherever it is let in.
ODD = st.sampled_from([
    "x\r\n\r\nDELETE /users HTTP/1.1\r\nHost: h\r\nX: y", "x\nY: z", "a\rb", "a\0b".replace("\0", "\x01"), "\x7f", "é",
    "\udcff", " ", "", "a b", "'", '"', "\\", "@", "-", "--", "{a,b}", "[1-2]", "%0d%0a", "\t", "a;b", "x" * 300,
])  # fmt: skip


def _names() -> dict[str, list[str]]:
    """Every option of the installed curl by its long name, with its spellings."""
    told = subprocess.run([CURL, "--help", "all"], capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^ *(?:(-.), )?(--[\w.-]+)", told, re.MULTILINE)
    return {long: [name for name in (short, long) if name] for short, long in found}


NAMES = _names() if CURL else {}


@st.composite
def options(draw: st.DrawFn) -> list[str]:
    """One option that shapes a request, spelt in one of the ways that curl takes, with its value."""
    name = draw(st.sampled_from([name for name in OPTIONS["shape"] if name in NAMES]))
    values = OPTIONS["shape"][name]
    spelling = draw(st.sampled_from(NAMES[name]))
    if not values:
        return [f"--no-{name[2:]}"] if draw(st.integers(0, 19)) == 7 else [spelling]
    value = draw(ODD) if draw(st.integers(0, 7)) == 5 else draw(st.sampled_from(values))
    if spelling == name or draw(st.booleans()):
        return [spelling, value]
    return [spelling + value] if value else [spelling, value]


@st.composite
def calls(draw: st.DrawFn) -> list[str]:
    """The arguments of a call."""
    words = [word for option in draw(st.lists(options(), max_size=4)) for word in option]
    for url in draw(st.lists(URLS, min_size=1, max_size=2)):
        words.insert(draw(st.integers(0, len(words))), url)
    return words


@st.composite
def lines(draw: st.DrawFn) -> str:
    """One line of a configuration file."""
    words = draw(
        options().filter(lambda words: not words[0].startswith(("-K", "--config")))
    )  # they would go in circles
    if len(words) == 1:
        return words[0].lstrip("-") if words[0].startswith("--") and draw(st.booleans()) else words[0]
    name, value = words
    separator = draw(st.sampled_from([" ", " = ", "=", ": ", "\t", " : = "]))
    quoted = '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r") + '"'
    written = draw(st.sampled_from([value.replace("\n", ""), quoted, quoted + " # why", quoted[:-1]]))
    if not written.strip():  # curl passes it over with a warning, and the reader says a little more than is sent
        written = quoted
    comment = draw(st.sampled_from(["", "# why\n", "  "]))
    dashed = name if separator.isspace() or draw(st.booleans()) else name.lstrip("-")
    return f"{comment}{dashed}{separator}{written}{draw(st.sampled_from(['', chr(13), ' ']))}"


CONFIGS = st.lists(lines(), max_size=3).map("\n".join)


@pytest.fixture(scope="module")
def server() -> Iterator[Recorder]:
    running = Recorder()
    yield running
    running.close()


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("curl")


def test_every_option_of_the_installed_curl_is_in_one_list() -> None:
    listed = [*OPTIONS["shape"], *(name for names in OPTIONS["other"].values() for name in names)]
    assert len(listed) == len(set(listed))
    assert sorted(NAMES.keys() - set(listed)) == []


#: What people write every day: of none of it does the reader say that it cannot know.
ORDINARY = [
    "-sS URL/a?b=c",
    "-fsSL -o out URL/a -H 'Accept: application/json' -A agent -e URL -b a=b -u u:p --compressed",
    "--json '{\"a\": 1}' URL/users -H 'Authorization: Bearer token'",
    "-X POST URL/users -H 'Content-Type: application/json' -d @op.json",
    "-X POST URL/start -H 'Content-Length: 0'",
    "-F file=@up.txt -F 'name=a b' URL/upload --retry 3 -m 5",
    "-G --data-urlencode 'q=a b' URL/search --next -I URL/b",
    "-x URL -L --post302 -d a=b URL/r302 -c jar",
    "-K one.cfg URL/[1-3]/{a,b} --url-query a=b -w '%{http_code}\n'",
    "-T up.txt URL/there -# -v",
]


@pytest.mark.parametrize("line", ORDINARY)
def test_ordinary_calls_are_known(server: Recorder, ground: Path, line: str) -> None:
    base = f"http://127.0.0.1:{server.port}"
    work, env = _scene(ground / "scene", base, "silent\n", 'user-agent = "agent"\n', "")
    assert Said([word.replace("URL", base) for word in shlex.split(line)], work, env).knows_not == []


class Said:
    """What the reader says of a call: its requests, and whether it says that there is something it cannot know."""

    def __init__(self, argv: list[str], cwd: Path, env: dict[str, str]) -> None:
        self.requests: list[http.Request] = []
        call = Invocation.of(("curl", *argv), str(cwd), env, Stream("known", STDIN))
        read = http.read

        def note(request: http.Request, context: Any) -> Any:
            self.requests.append(request)
            return read(request, context)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(http, "read", note)
            reading = Classifier(shipped(), RealWorld(call, "/nowhere", running=False)).command(call)
        unknown = {effect.rule for effect in reading.effects if effect.verb == "unknown"}
        if not any(" " in request.method for request in self.requests):
            unknown.discard("http-unknown-method")
        self.knows_not = sorted(rule for rule in unknown if not rule.startswith("graphql-"))


#: Where curl looks for a configuration file, and the variable that makes it look there.
PLACES = st.sampled_from([
    (".curlrc", {}), (".config/curlrc", {}), ("curlhome/.curlrc", {"CURL_HOME": "HOME/curlhome"}),
    ("xdg/.curlrc", {"XDG_CONFIG_HOME": "HOME/xdg"}), ("xdg/curlrc", {"XDG_CONFIG_HOME": "HOME/xdg"}),
])  # fmt: skip
PROXIES = st.sampled_from(
    [{}] * 6 + [{"http_proxy": "URL"}, {"ALL_PROXY": "URL"}, {"all_proxy": "URL", "NO_PROXY": "*"}]
)


def _scene(
    ground: Path, base: str, startup: str, one: str, two: str, place: str = ".curlrc"
) -> tuple[Path, dict[str, str]]:
    """A working directory and an environment for a call, with a home of its own."""
    shutil.rmtree(ground, ignore_errors=True)
    work, home = ground / "work", ground / "home"
    work.mkdir(parents=True)
    home.mkdir()
    texts = {"one.cfg": one, "two.cfg": two, "odd.cfg": f"\ufeff{one}\r\n{two}"}
    for name, data in {**FILES, **{name: encode(text) for name, text in texts.items()}}.items():
        (work / name).write_bytes(data.replace(b"URL", base.encode()).replace(b"HOST", base[7:].encode()))
    if startup:
        (home / place).parent.mkdir(parents=True, exist_ok=True)
        (home / place).write_bytes(encode(startup).replace(b"URL", base.encode()).replace(b"HOST", base[7:].encode()))
    shutil.copy(work / "netrc", home / ".netrc")
    (home / ".netrc").chmod(0o600)
    return work, {"HOME": str(home), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


@hunt(150)
@given(calls(), st.one_of(st.just(""), CONFIGS), PLACES, CONFIGS, CONFIGS, PROXIES)
def test_what_curl_sends_was_said(
    server: Recorder,
    ground: Path,
    words: list[str],
    startup: str,
    place: tuple[str, dict[str, str]],
    one: str,
    two: str,
    proxies: dict[str, str],
) -> None:
    base = f"http://127.0.0.1:{server.port}"
    work, env = _scene(ground / "scene", base, startup, one, two, place[0])
    env |= {name: value.replace("HOME", env["HOME"]) for name, value in place[1].items()}
    env |= {name: value.replace("URL", base) for name, value in proxies.items()}
    argv = ["-m5", *(word.replace("URL", base).replace("HOST", base[7:]) for word in words)]
    said = Said(argv, work, env)
    ran = subprocess.run(
        [CURL, *map(encode, argv)], cwd=work, env=env, input=STDIN, capture_output=True, timeout=20, check=False
    )
    arrived = server.taken()
    if said.knows_not:
        event(f"not known: {', '.join(said.knows_not)}")
        return
    event("compared")
    expected = {_said(request) for request in said.requests}
    sent = set(_sent(arrived, base))
    about = (argv, env, startup, one, two)
    landed = {one for one in sent if one.path.endswith("/landed")}
    assert {one.method for one in landed} <= {one.method for one in expected} | {"GET", "HEAD"}, (landed, about)
    asks_first = re.search("digest|anyauth", str(about)) is not None
    more = [one for one in sent - landed if not any(one.is_what(other, asks_first) for other in expected)]
    assert not more, ("not said", more, "said", expected, about)
    is_surely_read = place[0] in (".curlrc", "curlhome/.curlrc")
    if ran.returncode == 0 and is_surely_read and not re.search(b"curl: |arning: ", ran.stderr):
        less = [one for one in expected if not any(other.is_what(one, asks_first) for other in sent)]
        assert not less, ("did not arrive", less, "arrived", sent, about)


class Compared(NamedTuple):
    """A request in the form in which both are compared; None is what was said not to be seen."""

    method: str
    path: str
    query: str | None
    telling: frozenset[tuple[str, str]]
    body: Any

    def is_what(self, said: Compared, asks_first: bool) -> bool:
        """Whether it is what was said, or, without a body, what only asks first how to log in.

        Of a PUT, which replaces whatever it sends, the body does not count; more headers may be said than arrive.
        """
        return (
            (self.method, self.path) == (said.method, said.path)
            and said.query in (None, self.query)
            and self.telling <= said.telling
            and (said.body in (None, self.body) or self.method == "PUT" or (asks_first and not self.body))
        )


def _said(request: http.Request) -> Compared:
    """A request of the reader's."""
    path, query = _target(request.url)
    telling = frozenset((name, request.header(name)) for name in TELLING if request.header(name))
    fields = tuple((name, value.rstrip("\r\n")) for name, value in request.fields)
    body = None if request.unseen else fields or request.body
    return Compared(request.method, path, None if "query." in request.hidden else query, telling, body)


def _sent(arrived: list[Arrived], base: str) -> Iterator[Compared]:
    """What arrived, without what only asks how to log in, or for a tunnel."""
    for at, one in enumerate(arrived):
        is_first_try = one.status == 401 and any(one.target == later.target for later in arrived[at + 1 :])
        if is_first_try or one.method == "CONNECT":
            continue
        path, query = _target(one.target if one.target.startswith("http://") else f"{base}/{one.target.lstrip('/')}")
        telling = frozenset((name, one.header(name)) for name in TELLING if one.header(name))
        yield Compared(one.method, path, query, telling, _body(one))


def _target(url: str) -> tuple[str, str]:
    """The path as servers route it, and the query, whose escapes are in lower or upper case."""
    parts = split(url)
    return parts.route, re.sub("%..", lambda found: found[0].upper(), parts.query)


def _body(one: Arrived) -> Any:
    """A multipart body as its fields, those that are files without content; any other as it is."""
    kind = one.header("content-type")
    if not kind.startswith("multipart/form-data"):
        return one.body
    parser = email.parser.BytesParser(policy=email.policy.HTTP)
    message = parser.parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + one.body)
    found = []
    for part in message.iter_parts():
        text = b"" if part.get_filename() else part.get_payload(decode=True) or b""
        found.append((part.get_param("name", "", "content-disposition"), decode(text).rstrip("\r\n")))
    return tuple(found)
