"""Putting a broken file aside: it is kept under the time at which it was, for a person to look at."""

from __future__ import annotations

import os
import time

from ...edge.layout import Root


def put_aside(root: Root, path: str) -> str:
    """Move a file into the directory for what is broken; where it lies now. Raises OSError."""
    os.makedirs(root.aside, 0o700, exist_ok=True)
    new = f"{root.aside}/{os.path.basename(path)}-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}"
    while os.path.lexists(new):
        new += "x"
    os.rename(path, new)
    return new
