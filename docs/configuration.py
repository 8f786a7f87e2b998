"""Writes the sections of docs/configuration.md anew, from the table of keys: `make configuration`."""

from __future__ import annotations

from pathlib import Path

from agentguard.edge.installation.config_file import line
from agentguard.policy.configuration import KEYS, Key

PAGE = Path(__file__).with_name("configuration.md")
_MARK = "<!-- Below, each key of agentguard/policy/configuration.py, by `make configuration`. -->\n"


def page() -> str:
    """The whole page: what was written by hand, and a section for each key."""
    head, mark, _ = PAGE.read_text().partition(_MARK)
    return "\n".join([head + mark, *map(_section, KEYS)])


def _section(key: Key) -> str:
    return f"""\
## {key.name}

{key.what}

- By default: `{line(key.name, key.default)}`
- Takes {key.takes}, such as `{key.example}`
- Why: {key.why}
- Who may change it: {key.who}.
"""


if __name__ == "__main__":
    PAGE.write_text(page())
