"""Brace expansion: `a{b,c}` and `{1..3}` become several words before anything else is expanded."""

from __future__ import annotations

from .lexer import closing
from .quoting import Scanner
from .word_parts import NotUnderstood, Pieces

#: The most words that braces may become.
MAX_WORDS = 1000


def braces(raw: str) -> list[str]:
    """The words that a word as written becomes, as written; mostly it alone."""
    return ["".join(atoms) for atoms in _expanded(_atoms(raw))] if "{" in raw else [raw]


def _atoms(raw: str) -> list[str]:
    """Single characters, and whole what is quoted or a substitution: a brace in there is none."""
    scanner, atoms = _Scanner(raw, closing), []
    while scanner.at < len(raw):
        begin = scanner.at
        scanner.over()
        atoms.append(raw[begin : scanner.at])
    return atoms


class _Scanner(Scanner):
    def over(self) -> None:
        """Go over the next atom."""
        char, following = self.text[self.at], self.text[self.at + 1 : self.at + 2]
        if char == "\\":
            self.at += 2
        elif char == "'":
            self.until_quote()
        elif char == '"' or (char == "$" and following == '"'):
            self.at += 1 if char == '"' else 2
            self.inside_quotes(Pieces(), '"')
        elif char == "$" and following == "'":
            self.ansi()
        elif char == "`" or (char == "$" and following in tuple("({[")):
            self.expansion(Pieces(), False)
        elif char in "<>" and following == "(":
            self.commands(2)
        else:
            self.at += 1


def _expanded(atoms: list[str]) -> list[list[str]]:
    for begin, atom in enumerate(atoms):
        if atom != "{":
            continue
        end, commas = _closing(atoms, begin)
        if end < 0:
            continue
        if commas:
            cuts = [begin, *commas, end]
            choices = [c for i, cut in enumerate(cuts[:-1]) for c in _expanded(atoms[cut + 1 : cuts[i + 1]])]
        else:
            choices = [[word] for word in _range("".join(atoms[begin + 1 : end]))]
            if not choices:
                continue
        rests = _expanded(atoms[end + 1 :])
        if len(choices) * len(rests) > MAX_WORDS:
            raise NotUnderstood(f"braces that become more than {MAX_WORDS} words")
        return [atoms[:begin] + choice + rest for choice in choices for rest in rests]
    return [atoms]


def _closing(atoms: list[str], begin: int) -> tuple[int, list[int]]:
    """Where the brace closes (-1: nowhere), and the commas that part its alternatives."""
    depth, commas = 0, []
    for at in range(begin, len(atoms)):
        if atoms[at] == "{":
            depth += 1
        elif atoms[at] == "," and depth == 1:
            commas.append(at)
        elif atoms[at] == "}":
            depth -= 1
            if not depth:
                return at, commas
    return -1, []


def _range(text: str) -> list[str]:
    """`1..5`, `01..10..2`, `a..e`; none if it is no range."""
    ends = text.split("..")
    if len(ends) not in (2, 3) or (len(ends) == 3 and not _number(ends[2])):
        return []
    step = abs(int(ends[2])) or 1 if len(ends) == 3 else 1
    if all(map(_number, ends[:2])):
        first, last = int(ends[0]), int(ends[1])
        padded = any(len(end.lstrip("-")) > 1 and end.lstrip("-").startswith("0") for end in ends[:2])
        width = max(map(len, ends[:2])) if padded else 0
    elif all(len(end) == 1 and end.isascii() and end.isalpha() for end in ends[:2]):
        first, last, width = ord(ends[0]), ord(ends[1]), -1
    else:
        return []
    if abs(last - first) // step >= MAX_WORDS:
        raise NotUnderstood(f"braces that become more than {MAX_WORDS} words")
    numbers = range(first, last + 1, step) if first <= last else range(first, last - 1, -step)
    return [chr(number) if width < 0 else str(number).zfill(width) for number in numbers]


def _number(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 12
