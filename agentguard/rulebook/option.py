"""Options as a manual writes them: `-o, --output FILE`, `--merged [COMMIT]`, `--color[=WHEN]`, `of=FILE`."""

from __future__ import annotations

from ..lean.typing import TYPE_CHECKING
from .model import Option

if TYPE_CHECKING:
    from .document import Node


def option_of(node: Node) -> Option:
    """The option that a text describes, its value behind the last name or behind each; raises RuleError."""
    text: str = node.value
    names, values = [], []
    for part in text.split(", "):
        name, takes, role = _spelling(part)
        is_assigned = text == f"{name}={role}"
        is_name = bool(name) and " " not in name and "," not in name[1:] and name not in ("--", "+")
        if not is_name or " " in role or (name[0].isalnum() and not is_assigned):
            raise node.fault(f"option `{text}` is not written as in a manual, as in `-o, --output FILE`")
        names.append(name)
        values.append((takes, role))
    if any(one not in (values[-1], ("nothing", "")) for one in values):
        raise node.fault(f"option `{text}` has values that differ: write one behind the last name")
    takes, role = values[-1]
    return Option(tuple(names), takes, role)  # type: ignore[arg-type]


def _spelling(part: str) -> tuple[str, str, str]:
    """One spelling of an option: its name, whether it takes a value, and the value's role."""
    if part.endswith("]") and "[=" in part:
        name, _, role = part[:-1].partition("[=")
        return name, "optional", role
    if part.endswith("]") and " [" in part:
        name, _, role = part[:-1].partition(" [")
        return name, "next", role
    if " " in part or "=" in part:
        name, _, role = part.partition(" " if " " in part else "=")
        return (name, "command", "ARGV") if role == "ARGV;" else (name, "value", role)
    return part, "nothing", ""
