"""Proves the rules when a wheel is built, and puts what follows from them into it: see agentguard/lean/prebuilt.py."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Prove(BuildHookInterface):
    """Runs for wheels alone: a checkout that is installed as it lies there may change at any time."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Derive from a copy that is laid out as the package will be; raises RuleError if an example does not hold."""
        if version == "editable":
            return
        self._scratch = tempfile.mkdtemp(prefix="agentguard-build-")
        package = Path(self._scratch, "agentguard")
        for name, place in (("agentguard", package), ("rules", package / "rules"), ("shims", package / "shims")):
            shutil.copytree(Path(self.root, name), place, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        sys.path.insert(0, self._scratch)
        try:
            from agentguard.fastpath.derive import ship

            ship(str(package))
        finally:
            sys.path.remove(self._scratch)
        build_data["force_include"][str(package / "built")] = "agentguard/built"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take the copy away, once the wheel is written."""
        if version != "editable":
            shutil.rmtree(self._scratch)
