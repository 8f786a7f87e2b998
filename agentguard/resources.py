"""Where the rules and the prototype shims lie: in the package once installed, beside it in a checkout."""

from __future__ import annotations

import os

from .errors import InstallError


def rules() -> str:
    """The directory of the rule files; raises InstallError."""
    return _folder("rules")


def shims() -> str:
    """The directory of the prototype shims and activation scripts; raises InstallError."""
    return _folder("shims")


def package() -> str:
    """The directory of the package itself."""
    return os.path.dirname(os.path.abspath(__file__))


def _folder(name: str) -> str:
    for parent in (package(), os.path.dirname(package())):
        folder = os.path.join(parent, name)
        if os.path.isdir(folder):
            return folder
    missing = os.path.join(package(), name)
    raise InstallError(f"{missing} is missing", "reinstall agentguard and run `agentguard install`")
