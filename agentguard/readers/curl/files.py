"""The files that curl itself writes: an existing one is replaced."""

from __future__ import annotations

from ...core.call import Argument
from ...core.effect import Effect, Environment, Target
from ...core.paths import holds, is_open_file, on_path
from ...core.text.encoding import decode
from ...core.unseen import Unseen
from ...core.word import Known, Unknown, text_of
from ...lean.typing import TYPE_CHECKING
from . import globs
from .transfer import Transfer, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...core.word import Word

#: What writing there takes nothing away: the terminal, a pipe, nothing at all.
SINKS = ("-", "%", "", "/dev/null", "/dev/tty")
#: How the files begin that curl reads before it writes them back.
CACHES = (b"# Netscape HTTP Cookie File", b"# Your HSTS cache", b"# Your alt-svc cache")


def written(transfer: Transfer) -> Iterator[Effect]:
    """Every file that a transfer writes, in the order of its URLs, then its logs."""
    slots = [a for a in transfer.arguments if a.option in ("--output", "--remote-name", "--out-null")]
    for index, url in enumerate(transfer.values("URL")):
        yield from _saved(transfer, url, slots[index] if index < len(slots) else None)
    for argument in transfer.playing("LOG"):
        yield from replaced(transfer, argument.option, value(argument))
    yield from _formatted(transfer)


def replaced(transfer: Transfer, option: str, path: Word) -> Iterator[Effect]:
    """What writing one file takes away, by what is there now."""
    if isinstance(path, Known) and path.text in SINKS:
        return
    if isinstance(path, Known) and is_open_file(path.text) and not holds(path, transfer.context.world):
        return
    base = Effect(
        "replace",
        Target("file", path.text if isinstance(path, Known) else ""),  # without a name, it may be any file
        environment=Environment("local"),
        rule="curl-writes",
        reason=f"{option} replaces {path.written}",
        instead="give a name that is not there yet",
    )
    cwd = transfer.call.invocation.cwd
    if isinstance(path, Unknown) or (isinstance(cwd, Unknown) and path.text[:1] != "/"):
        yield base.replace(reason=f"{base.reason}, which is not known before the line runs")
        return
    state = transfer.context.world.paths((path.text,), cwd.guess, True)[0]
    effect = on_path(base, state, transfer.call.invocation.ahead)
    if effect.recoverable_by and state.state == "missing":
        effect = effect.replace(verb="create", reason=f"{option} writes {path.text}")
    elif not effect.recoverable_by and (_keeps(transfer, option) or _is_cache(transfer, path)):
        reason = f"{option} only adds to {path.text}"
        effect = effect.replace(recoverable_by="nothing-lost", catastrophic="", reason=reason)
    yield effect


def _saved(transfer: Transfer, url: Word, slot: Argument | None) -> Iterator[Effect]:
    """The files that the answers of one URL go to; `slot` is the -o or -O that belongs to it."""
    # --no-remote-name takes nothing back: it belongs to the next URL.
    everything = transfer.has("--remote-name-all", "--no-remote-name", "--no-remote-name-all")
    if (slot is None and not everything) or (slot is not None and slot.option == "--out-null"):
        return
    name = slot.value if slot is not None else None
    if isinstance(url, Unknown) and (name is None or "#" in name.guess):  # it gives the name, or a part of it
        name = url
    if isinstance(name, Known) and name.text in SINKS:
        return
    directory = transfer.last("--output-dir")
    for unknown in (name, directory):
        if isinstance(unknown, Unknown):
            yield from replaced(transfer, "--output", unknown)
            return
    paths = []
    whole = [(url.guess, ())]
    for one, parts in whole if transfer.has("--globoff") else globs.expand(url.guess) or whole:
        path = one.partition("?")[0].partition("#")[0].rpartition("/")[2] if name is None else name.guess
        for number, part in enumerate(parts if name is not None else (), 1):
            path = path.replace(f"#{number}", part)
        paths.append(f"{directory.guess}/{path}" if directory is not None and directory.guess else path)
    for path in dict.fromkeys(paths):
        yield from replaced(transfer, "--output" if name is not None else "--remote-name", Known(path))


def _keeps(transfer: Transfer, option: str) -> bool:
    """Whether what is in a file that exists stays there."""
    offset = transfer.last("--continue-at")
    resumes = isinstance(offset, Known) and offset.text != "0"
    return option in ("--output", "--remote-name") and (resumes or transfer.has("--no-clobber", "--skip-existing"))


def _is_cache(transfer: Transfer, path: Word) -> bool:
    """Whether a file is one of curl's own, worth no more than what fills it again."""
    try:
        return transfer.read(path).startswith(CACHES)
    except Unseen:
        return False


def _formatted(transfer: Transfer) -> Iterator[Effect]:
    """`-w` writes files too, by `%output{NAME}` (curl 8.3)."""
    given = transfer.last("--write-out")
    if given is None:
        return
    form = given.guess
    try:
        form = decode(transfer.read(given.cut(1))) if form[:1] == "@" else text_of(given)
    except Unseen as why:
        reason = f"the format of --write-out cannot be read: {why}"
        yield Effect("unknown", Target("call", "curl"), rule="curl-write-out", reason=reason)
    for part in form.split("%output{")[1:]:
        name = part.partition("}")[0]
        if not name.startswith(">>"):
            yield from replaced(transfer, "--write-out", Known(name))
