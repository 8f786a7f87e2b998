"""Values, their canonical form, and ratings."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentguard.approval.question import printable, quoted
from agentguard.core.effect import RECOVERIES, Effect, Environment, Reading, Target, worst
from agentguard.core.text.glob import like
from agentguard.lean.canonical import canonical, digest, parsed

FILE = Target("file", "a")


@pytest.mark.parametrize(
    ("verb", "recoverable_by", "rating"),
    [
        ("observe", "", "read"),
        ("create", "", "reversible"),
        ("run", "", "reversible"),
        ("unknown", "reflog", "destructive"),
        ("remove", "", "destructive"),
        ("replace", "", "destructive"),
        ("publish", "", "destructive"),
        *((verb, way, "reversible") for verb in ("remove", "replace", "publish") for way in RECOVERIES if way),
    ],
)
def test_an_effect_rates_itself(verb, recoverable_by, rating):
    assert Effect(verb, FILE, recoverable_by).rating == rating


def test_the_strictest_wins_and_only_its_reasons_speak():
    reading = Reading(
        (
            Effect("observe", FILE, rule="one", reason="looks"),
            Effect("remove", FILE, rule="two", reason="removes", catastrophic="a home directory"),
            Effect("remove", FILE, "reflog", rule="three", reason="moves", catastrophic="the root"),
        )
    )
    assert reading.rating == "destructive"
    assert [reason.rule for reason in reading.reasons] == ["two"]
    assert reading.catastrophic == "a home directory"
    assert worst(()) == Reading().rating == "read"


def test_values_are_immutable_and_compared_by_their_fields():
    with pytest.raises(AttributeError):
        FILE.name = "b"
    with pytest.raises(TypeError):
        Target("file")
    with pytest.raises(TypeError):
        Target("file", "a", bogus=1)
    assert Target("file", "a") == FILE != Environment()
    assert hash(Target("file", "a")) == hash(FILE)
    assert FILE.replace(name="b") == Target("file", "b")


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(plain)
def test_the_canonical_form_is_that_of_json(value):
    assert canonical(value) == json.dumps(value, sort_keys=True, separators=(",", ":"))
    assert parsed(canonical(value)) == json.loads(json.dumps(value))


@pytest.mark.parametrize("text", ["", "nothing", "[1", '"a', "1 2", " ", '{"a":1}}', "[1,]", "{1:2}", '{"a":1'])
def test_what_is_not_json_is_not_read(text):
    with pytest.raises(ValueError):
        parsed(text)


def test_undecodable_bytes_have_a_digest():
    assert digest(["\udcff"]) != digest(["\udcfe"])


@given(st.text(alphabet="ab*", max_size=8), st.text(alphabet="ab*", max_size=5))
def test_like_is_fnmatch_with_only_stars(text, pattern):
    from fnmatch import fnmatchcase

    assert like(text, pattern) == fnmatchcase(text, pattern)


@given(st.text())
def test_what_is_shown_obeys_no_terminal(text):
    assert printable(text).isprintable()
    assert quoted((text,)).isprintable()


def test_quoting_shows_the_words():
    assert quoted(("rm", "a b", "", "it's", "\x1b[2J", "\udcff")) == "rm 'a b' '' 'it'\"'\"'s' $'\\x1b[2J' $'\\xff'"


@pytest.mark.parametrize("text", ["", "{", '{"a', "[1,", "nul", "[1]]", '"\\x"'])
def test_what_is_cut_is_no_value_to_an_interpreter_without_json(text: str) -> None:
    """A shim does not import it, and the scanner by itself cannot raise its own error then."""
    code = (
        "import sys\n"
        "from agentguard.lean.canonical import parsed\n"
        "assert 'json.decoder' not in sys.modules\n"
        "try: parsed(sys.argv[1])\n"
        "except ValueError: print('none')\n"
    )
    done = subprocess.run([sys.executable, "-c", code, text], capture_output=True, text=True)
    assert done.stdout == "none\n", done.stderr
