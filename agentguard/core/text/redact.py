"""Masks secrets before anything is written or shown.

What is a secret is told by where it stands (after `--password`, in a header, as the value of a
name that says so, in a URL before the `@`) or by its own shape (`ghp_…`). Nothing is masked for
looking random: a commit or a volume's id is what a person recognises a call by.
"""

from __future__ import annotations

from ...lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from re import Match

MASK = "***"

#: One of these, in lower case, is in every text that holds a secret: the expensive search need not start else.
HINTS = (
    "pass", "pwd", "secret", "token", "key", "credential", "bearer", "authorization", "cookie", "signature", "jwt",
    "otp", "identified", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "sk-", "k_live_", "k_test_",
    "akia", "asia", "xox", "eyj", "npm_", "rnd_", "aiza", "pypi-", "hf_", "sig=", "curl ", " -p",
)  # fmt: skip

#: The last part of a name that says "secret", also at the end of a longer one ("pgpassword").
_SECRET = (
    "password", "passwd", "passphrase", "passcode", "secret", "token", "bearer", "credential", "credentials", "apikey",
    "authorization", "cookie",
)  # fmt: skip
#: The same, but only as a part by itself.
_SECRET_ALONE = ("pass", "pwd", "jwt", "otp")
#: The ends of names that hold a secret in a URL's query, and mean something else in other places.
_IN_QUERY = ("key", "sig", "signature")
#: What a key is when it is no secret, and (in lower-case names) what it is when it is one.
_PLAIN_KEYS = ("public", "primary", "foreign", "sort", "partition", "cache", "host", "idempotency")
_SECRET_KEYS = ("api", "access", "secret", "private", "auth", "encryption", "signing", "master", "service", "deploy",
                "account", "admin", "shared")  # fmt: skip
#: A first part that makes an option a flag or a verb ("--ask-pass").
_NO_VALUE = ("no", "ask", "prompt", "show", "generate", "reset", "list", "use", "export", "delete")
#: A last part that makes an upper-case name one about a secret, not its value ("TOKEN_FILE").
_ABOUT = ("file", "path", "dir", "name", "id", "type", "url", "count", "length", "ttl", "version", "stdin", "helper")

_MYSQL = ("mysql", "mysqldump", "mysqladmin", "mysqlimport", "mariadb", "mariadb-dump", "mariadb-admin")
#: Programs whose `--password` takes no value but asks for it.
_ASKING = ("psql", "pg_dump", "pg_dumpall", "pg_restore", "createdb", "dropdb", "createuser", "dropuser")


def masked(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a command line with the secrets in them replaced by `***`; `words[0]` is the program."""
    line = "\0".join(words)
    if not _hinted(line) and not any(program in line for program in ("curl", "mysql", "mariadb")):
        return words
    shown: list[str] = []
    programs: set[str] = set()
    before = ""
    for word in words:
        is_code = before[:1] == "-" != before[1:2] and before[-1:] == "c"  # `sh -c 'TOKEN=x rm …'`
        whole = _after_option(before, word, programs) or ("" if is_code else _joined(word, programs))
        shown.append(whole or masked_text(word))
        if before[:1] != "-":  # `find -name mysql -print` runs no mysql
            programs.add(word.rpartition("/")[2])
        before = word
    return tuple(shown)


def masked_text(text: str) -> str:
    """A text (a shell line, a URL, SQL, JSON, a header) with the secrets in it replaced by `***`."""
    if not _hinted(text):
        return text
    import re

    text = re.sub(_PRIVATE_KEY, rf"\1{MASK}", text)
    text = re.sub(_URL_PASSWORD, rf"\1:{MASK}@", text)
    text = re.sub(_URL_TOKEN, rf"\1{MASK}@", text)
    text = re.sub(_SQL_PASSWORD, rf"\1{MASK}'", text)
    text = re.sub(_BEARER, rf"\1{MASK}", text)
    text = _assignments(text)
    text = re.sub(_SPACED_OPTION, _mask_option, text)
    if "curl" in text:
        text = re.sub(_CURL_USER, rf"\1:{MASK}", text)
    if "mysql" in text or "mariadb" in text:
        text = re.sub(_MYSQL_PASSWORD, rf"\1{MASK}", text)
    return re.sub(_SHAPES, lambda found: found[found.lastindex or 0] + MASK, text)


def _hinted(text: str) -> bool:
    text = text.lower()
    return any(hint in text for hint in HINTS) or ("://" in text and "@" in text)


_PRIVATE_KEY = r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)(?s:.*?)(?=-----END|\Z)"
_URL_PASSWORD = r"((?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*+://[^\s/@:\"'?#]*+):[^\s/\"']*@"
#: A user name alone is a token when it is long and has a digit: `git@` and `postgres@` are not.
_URL_TOKEN = r"(\bhttps?://)(?=[^\s/@:\"'?#]*\d)[\w-]{16,}@"
_SQL_PASSWORD = r"(?i:(\b(?:password|identified\s+by)\s+'))(?:[^']|'')*+'"
_BEARER = r"(\b[Bb]earer\s+)(?=\S*[\d._-])[\w+/=.~-]{8,}"
_SPACED_OPTION = r"(?<!\S)(--?[A-Za-z][\w-]*+)(\s++)((?![-|&;<>])(?:\"[^\"]*\"|'[^']*'|[^\s;&|\"']+))"
_CURL_USER = r"((?<!\S)(?:-[a-zA-Z]*[uU]|--user|--proxy-user)[\s=]?\s*[\"']?[^\s:\"'/]+):(?!\d+\b)[^\s\"']+"
_MYSQL_PASSWORD = r"((?:^|[;&|(`\n\"']\s*|\b(?:sudo|xargs)\s+)(?:mysql\w*|mariadb[\w-]*)\b[^|;&\n]*?\s-p)[^\s\"']+"

#: Tokens that issuers have given a shape; the group is what stays.
_SHAPES = r"(?<![A-Za-z0-9])(?:" + "|".join((
    r"(gh[pousr]_)[A-Za-z0-9]{20,}",          # GitHub
    r"(github_pat_)\w{20,}",
    r"(glpat-)[\w-]{16,}",                    # GitLab
    r"(sk-(?:[a-z0-9]+-){0,3})[A-Za-z0-9_]{16,}[\w-]*",  # OpenAI, Anthropic
    r"([sr]k_(?:live|test)_)[A-Za-z0-9]{10,}",  # Stripe
    r"((?:AKIA|ASIA))[A-Z0-9]{16}\b",         # AWS
    r"(xox[abeoprs]-)[\w-]{8,}",              # Slack
    r"(eyJ)[\w-]{6,}\.[\w-]{6,}\.[\w-]*",     # a JSON Web Token
    r"(npm_)[A-Za-z0-9]{30,}",
    r"(pypi-)[\w-]{32,}",
    r"(rnd_)[A-Za-z0-9]{16,}",                # Render
    r"(AIza)[\w-]{35}",                       # Google
    r"(hf_)[A-Za-z0-9]{30,}",                 # Hugging Face
)) + ")"  # fmt: skip

_NAME = r"(?<![\w.-])([\w.-]++)(\\?[\"']?)(\s*+(?:=>|:=|=+|:)\s*+)"
_VALUE = r"(\\\")(?:(?!\\\").)*(\\\")|(\")(?:[^\"\\]|\\.)*(\")|(')[^']*(')|[^\s&;\"']+|[\"']\S+"
_TO_LINE_END = r"((?i:bearer|basic|token|digest|apikey|negotiate)\s+)?[^\"'\r\n]+"
_VARIABLE = r"\$(?:[A-Z_][A-Z0-9_]*|\{[A-Za-z_]\w*\})[\"']?(?![\w$])"


def _assignments(text: str) -> str:
    """Mask the value in `NAME=value`, `name: value`, `"name": "value"`, `?name=value`."""
    import re

    name_pattern, value_pattern, line_pattern = re.compile(_NAME), re.compile(_VALUE), re.compile(_TO_LINE_END)
    done, parts, at = 0, [], 0
    while found := name_pattern.search(text, at):
        name, quote, sign = found[1], found[2], found[3]
        at = found.end()
        header = name.rpartition("-")[2].lower() in ("authorization", "cookie") and ":" in sign
        if sign == ":" and not quote and not header and text[at : at + 1] not in "\"'\\":
            continue  # host:path, image:tag, src:dst
        in_query = text[max(0, found.start() - 1) : found.start()] in ("?", "&")
        if not _says_secret(name) and not (in_query and name.lower().endswith(_IN_QUERY)):
            continue
        value = (line_pattern if header and not quote else value_pattern).match(text, at)
        if value is None or _harmless(name, value[0]):
            continue
        kept = [group for group in value.groups() if group]
        end = value.end()
        if not kept and text[max(0, found.start() - 1) : found.start()] in ("/", ";") and "/" in value[0]:
            end = text.index("/", at)  # within a path: what is behind it says what is meant
        parts += [text[done:at], kept[0] if kept else "", MASK, kept[1] if len(kept) > 1 else ""]
        done = at = end
    return "".join([*parts, text[done:]])


def _after_option(before: str, word: str, programs: set[str]) -> str:
    """`word` masked for the option before it, or "" when that says nothing."""
    if before in ("-H", "--header"):
        name, colon, value = word.partition(":")
        if colon and _says_secret(name) and value.strip() and "authorization" not in name.lower():
            return f"{name}: {MASK}"
    if "curl" in programs:
        user = before in ("--user", "--proxy-user") or (before[:1] == "-" != before[1:2] and before[-1:] in "uU")
        if user and ":" in word:
            return f"{word.partition(':')[0]}:{MASK}"
        if before in ("-b", "--cookie") and "=" in word:
            return "; ".join(f"{pair.partition('=')[0].strip()}={MASK}" for pair in word.split(";"))
    named = before[:1] == "-" or not programs.isdisjoint(("config", "configure"))
    asks = before in ("-W", "--password") and not programs.isdisjoint(_ASKING)
    if named and not asks and "=" not in before and _says_secret(before) and _is_value(before, word):
        return MASK
    return ""


def _joined(word: str, programs: set[str]) -> str:
    """`word` masked if a name or option and its secret are all of it, else ""."""
    name, equals, value = word.partition("=")
    whole = name[:2] == "--" or name.isupper() or "=" not in value  # else: "password=x host=y"
    if equals and whole and name.replace("-", "_").isidentifier() and value:
        return f"{name}={MASK}" if _says_secret(name) and _is_value(name, value) else ""
    if word[:2] == "-p" and len(word) > 2 and not programs.isdisjoint(_MYSQL):
        return f"-p{MASK}"
    if word[:2] == "-u" and "curl" in programs and ":" in word:
        return f"{word.partition(':')[0]}:{MASK}"
    return ""


def _mask_option(found: Match[str]) -> str:
    """A spaced option within a text; `psql --password` there may hide its operand, which is the safe side."""
    if _says_secret(found[1]) and _is_value(found[1], found[3]):
        return f"{found[1]}{found[2]}{MASK}"
    return found[0]


def _is_value(name: str, word: str) -> bool:
    return word[:1] != "-" and not _harmless(name, word)


def _harmless(name: str, value: str) -> bool:
    """Whether a value in a secret's place is none: a variable yet to be expanded, a way up, or the path of a key."""
    import re

    bare = value.lstrip("\"'")
    if re.match(_VARIABLE, bare) and len(bare.split()) == 1:
        return True
    if ".." in bare.lower().replace("%2e", ".").split("/"):  # it leads elsewhere, which a person must see
        return True
    path = bare.startswith(("/", "./", "../", "~/")) or bare.endswith((".pem", ".key", ".json"))
    return path and name.lower().endswith("key")


def _says_secret(name: str) -> bool:
    """Whether a variable, option, header or field of this name holds a secret."""
    if not _hinted(name):
        return False
    import re

    parts = [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    if not parts or (len(parts) > 1 and parts[0] in _NO_VALUE) or name in ("PWD", "OLDPWD"):
        return False
    loud = name.isupper()
    if loud and parts[-1] not in _ABOUT:
        return any(_part_says(parts, i, loud) for i in range(len(parts)))
    return _part_says(parts, len(parts) - 1, loud)


def _part_says(parts: list[str], i: int, loud: bool) -> bool:
    part, before = parts[i], parts[i - 1] if i else ""
    if part == "key":
        return before not in _PLAIN_KEYS if loud else before in _SECRET_KEYS
    return part in _SECRET_ALONE or part.endswith(_SECRET)
