"""What was chosen for an installation: its settings, and the factors that prove a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...edge.factors.proof import usable
from ...edge.installation.config import policy, understood
from ...edge.installation.config_file import commented
from ...edge.layout import Root
from ...errors import AgentguardError, InstallError
from .. import configuration
from ..system import command
from .broken_file import put_aside
from .finding import Finding, Remedy


def settings(root: Root) -> Finding:
    """Whether config.toml is understood, and what it chooses."""
    try:
        chosen = policy(root)
    except InstallError as error:
        return Finding("policy", "bad", error.message, error.hint, _RENEW)
    wanted = ", ".join(chosen.factor) or "nothing"
    whose = "only agents' calls ask, your own terminal passes" if chosen.guard == "agents" else "everyone's calls ask"
    told = f"{whose}; a call waits {chosen.wait:g} s; a factor, where there is one, is for {wanted}"
    return Finding("policy", "good", f"{told} ({root.config})")


def factors(root: Root) -> Finding:
    """Whether the factors that the shims believe are there."""
    try:
        there = usable(root)
    except AgentguardError as error:
        return Finding("factors", "bad", error.message, error.hint)
    except OSError as fault:
        return Finding("factors", "bad", f"{fault.filename}: {fault.strerror}", "give yourself the right to it")
    if not there:
        return Finding(
            "factors", "note", "none: typing alone proves a person", f"`{command(root)} factor add` adds one"
        )
    return Finding("factors", "good", ", ".join(f"{factor.name} ({factor.kind})" for factor in there))


def _renew(root: Root, by: Mapping[str, Any]) -> list[str]:
    """Put the settings aside, and choose again what is understood of them."""
    try:
        kept = understood(configuration.text(root))
    except InstallError:  # it cannot be read at all
        kept = {}
    aside = put_aside(root, root.config)
    configuration.write(root, commented(kept))
    told = f", in which is chosen what was understood: {', '.join(kept)}" if kept else ", in which nothing is chosen"
    return [f"Moved {root.config} to {aside}, and wrote a new one{told}"]


_RENEW = Remedy("put config.toml aside, and write a new one with what is understood of it", _renew)
