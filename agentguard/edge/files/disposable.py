"""Files and directories that are disposable by convention, since a tool makes them again (`node_modules`).

The name alone does not make it so: it must also be ignored by git, or lie in no git work tree.
What has no such name may be built by what it holds, where git ignores it.
"""

from __future__ import annotations

import os
import stat

_PYTHON = "Python and its tools make it again"
_NODE = "a JavaScript package manager or build makes it again"
_BUILD = "the build makes it again"
_CACHE = "a cache: it fills again"
_REPORT = "a test run makes it again"

#: Directories, by name, with the reason.
DIRECTORIES: dict[bytes, str] = {
    b"__pycache__": _PYTHON,
    b".venv": _PYTHON,
    b"venv": _PYTHON,
    b".eggs": _PYTHON,
    b".tox": _PYTHON,
    b".nox": _PYTHON,
    b".pytest_cache": _CACHE,
    b".mypy_cache": _CACHE,
    b".ruff_cache": _CACHE,
    b".hypothesis": _CACHE,
    b".pytype": _CACHE,
    b"node_modules": _NODE,
    b"bower_components": _NODE,
    b".next": _NODE,
    b".nuxt": _NODE,
    b".svelte-kit": _NODE,
    b".angular": _CACHE,
    b".vite": _CACHE,
    b".turbo": _CACHE,
    b".parcel-cache": _CACHE,
    b".sass-cache": _CACHE,
    b".cache": _CACHE,
    b".ccache": _CACHE,
    b".gradle": _CACHE,
    b"autom4te.cache": _CACHE,
    b"dist": _BUILD,
    b"build": _BUILD,
    b"target": _BUILD,
    b"_build": _BUILD,
    b".deps": _BUILD,
    b".libs": _BUILD,
    b"CMakeFiles": _BUILD,
    b"cmake-build-debug": _BUILD,
    b"cmake-build-release": _BUILD,
    b"DerivedData": _BUILD,
    b"dist-newstyle": _BUILD,
    b".stack-work": _BUILD,
    b".dart_tool": _BUILD,
    b"zig-out": _BUILD,
    b".zig-cache": _CACHE,
    b"coverage": _REPORT,
    b"htmlcov": _REPORT,
    b".nyc_output": _REPORT,
}

#: Files and directories, by the end of their names, with the reason.
ENDINGS: dict[bytes, str] = {
    b".egg-info": _PYTHON,
    b".pyc": _PYTHON,
    b".pyo": _PYTHON,
    b".o": _BUILD,
    b".lo": _BUILD,
    b".class": _BUILD,
    b".gch": _BUILD,
    b".pch": _BUILD,
    b".hi": _BUILD,
    b".beam": _BUILD,
    b".tsbuildinfo": _BUILD,
    b".gcno": _BUILD,
    b".gcda": _REPORT,
}

#: Files, by name, with the reason.
FILES: dict[bytes, str] = {
    b".coverage": _REPORT,
    b".eslintcache": _CACHE,
    b".DS_Store": _CACHE,
}

#: What programs, object files and static libraries begin with: ELF, Mach-O in both byte orders, and ar(5).
_BUILT = (
    b"\x7fELF", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"!<arch>\n",
)  # fmt: skip

#: Below these nothing is disposable by its name: it belongs to the system.
_SYSTEM = (
    b"/bin", b"/boot", b"/dev", b"/etc", b"/lib", b"/lib32", b"/lib64", b"/proc", b"/sbin", b"/sys",
    b"/usr/bin", b"/usr/include", b"/usr/lib", b"/usr/lib64", b"/usr/libexec", b"/usr/sbin", b"/usr/share",
    b"/Library", b"/System",
)  # fmt: skip


def directory(name: bytes) -> bool:
    """Whether a directory of that name is disposable, with everything below it."""
    return name in DIRECTORIES or _by_ending(name)


def file(name: bytes) -> bool:
    """Whether a file of that name is disposable."""
    return name in FILES or _by_ending(name)


def built(path: bytes) -> bool:
    """Whether a compiler or a linker has made the regular file at `path`, by its first bytes; False if unseen."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return stat.S_ISREG(os.fstat(file).st_mode) and os.read(file, 8).startswith(_BUILT)
    except OSError:
        return False
    finally:
        os.close(file)


def _by_ending(name: bytes) -> bool:
    return name[name.rfind(b".") :] in ENDINGS if b"." in name[1:] else False


def within(path: bytes, top: bytes) -> bool:
    """Whether `path` lies in a disposable directory that is itself below the directory `top`.

    Both are absolute and resolved. What is at `top` or above it is a place, and its name says
    nothing: a user may be called "build".
    """
    prefix = top.rstrip(b"/") + b"/"
    return path.startswith(prefix) and any(directory(name) for name in path[len(prefix) :].split(b"/")[:-1])


def possible(path: bytes) -> bool:
    """Whether anything at `path`, absolute and resolved, may be disposable by its name."""
    return not any(path.startswith(place + b"/") for place in _SYSTEM)
