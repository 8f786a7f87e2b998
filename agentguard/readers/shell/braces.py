"""Brace expansion: `a{b,c}` and `{1..3}` become several words before anything else is expanded."""

from __future__ import annotations

from .pieces import NotUnderstood, Piece

#: The most words that braces may become.
MAX_WORDS = 1000


def braces(pieces: tuple[Piece, ...]) -> list[tuple[Piece, ...]]:
    """`a{b,c}` and `{1..3}` as the words that they stand for."""
    if not any(p.kind == "text" and not p.quoted and "{" in p.value for p in pieces):
        return [pieces]
    atoms: list[Piece] = []
    for piece in pieces:
        alone = piece.kind != "text" or piece.quoted
        atoms += [piece] if alone else [Piece("text", char) for char in piece.value]
    return [_joined(atoms) for atoms in _braces(atoms)]


def _joined(atoms: list[Piece]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for atom in atoms:
        if pieces and atom.kind == "text" and not atom.quoted and pieces[-1].kind == "text" and not pieces[-1].quoted:
            pieces[-1] = Piece("text", pieces[-1].value + atom.value)
        else:
            pieces.append(atom)
    return tuple(pieces)


def _braces(atoms: list[Piece]) -> list[list[Piece]]:
    for begin, atom in enumerate(atoms):
        if not _is(atom, "{"):
            continue
        end, commas = _closing(atoms, begin)
        if end < 0:
            continue
        if commas:
            cuts = [begin, *commas, end]
            choices = [c for i, cut in enumerate(cuts[:-1]) for c in _braces(atoms[cut + 1 : cuts[i + 1]])]
        else:
            choices = _range(atoms[begin + 1 : end])
            if not choices:
                continue
        rests = _braces(atoms[end + 1 :])
        if len(choices) * len(rests) > MAX_WORDS:
            raise NotUnderstood(f"braces that become more than {MAX_WORDS} words")
        return [atoms[:begin] + choice + rest for choice in choices for rest in rests]
    return [atoms]


def _is(atom: Piece, char: str) -> bool:
    return atom.kind == "text" and not atom.quoted and atom.value == char


def _closing(atoms: list[Piece], begin: int) -> tuple[int, list[int]]:
    """Where the brace closes (-1: nowhere), and the commas that part its alternatives."""
    depth, commas = 0, []
    for at in range(begin, len(atoms)):
        if _is(atoms[at], "{"):
            depth += 1
        elif _is(atoms[at], ",") and depth == 1:
            commas.append(at)
        elif _is(atoms[at], "}"):
            depth -= 1
            if not depth:
                return at, commas
    return -1, []


def _range(atoms: list[Piece]) -> list[list[Piece]]:
    """`1..5`, `01..10..2`, `a..e`; none if it is no range."""
    if not all(a.kind == "text" and not a.quoted for a in atoms):
        return []
    ends = "".join(a.value for a in atoms).split("..")
    if len(ends) not in (2, 3) or (len(ends) == 3 and not _number(ends[2])):
        return []
    step = abs(int(ends[2])) if len(ends) == 3 else 1
    if all(map(_number, ends[:2])):
        first, last = int(ends[0]), int(ends[1])
        width = max(map(len, ends[:2])) if any(e.lstrip("-").startswith("0") and len(e) > 1 for e in ends[:2]) else 0
    elif all(len(e) == 1 and e.isascii() and e.isalpha() for e in ends[:2]):
        first, last, width = ord(ends[0]), ord(ends[1]), -1
    else:
        return []
    if abs(last - first) // (step or 1) >= MAX_WORDS:
        raise NotUnderstood(f"braces that become more than {MAX_WORDS} words")
    numbers = range(first, last + 1, step or 1) if first <= last else range(first, last - 1, -(step or 1))
    return [[Piece("text", chr(n) if width < 0 else str(n).zfill(width))] for n in numbers]


def _number(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 12
