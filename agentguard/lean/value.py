"""The base of every value: immutable, compared and shown by its fields.

A shim starts for every guarded call, and importing `dataclasses` alone doubles its start-up
time. `Value` gives the part of it that is used here; type checkers see a frozen dataclass.
"""

from __future__ import annotations

from .typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, Self, dataclass_transform
else:

    def dataclass_transform(**_options):  # noqa: D103
        return lambda cls: cls


@dataclass_transform(frozen_default=True)
class Value:
    """Declare fields as annotations, with or without a default, as in a dataclass."""

    _fields: tuple[str, ...]
    #: Those without a default, and how many positional arguments surely give all of them.
    _needed: tuple[str, ...]
    _enough: int

    def __init_subclass__(cls) -> None:
        inherited = getattr(cls, "_fields", ())
        cls._fields = fields = inherited + tuple(cls.__dict__.get("__annotations__", ()))
        cls._needed = tuple(name for name in fields if not hasattr(cls, name))
        cls._enough = max((fields.index(name) + 1 for name in cls._needed), default=0)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        fields, values = self._fields, self.__dict__
        values.update(zip(fields, args, strict=False))
        if len(args) > len(fields):
            raise TypeError(f"{type(self).__name__} takes {len(fields)} fields, {len(args)} given")
        for name, value in kwargs.items():
            if name in values or name not in fields:
                raise TypeError(f"{type(self).__name__}: unexpected field {name}")
            values[name] = value
        if len(args) < self._enough:
            for name in self._needed:
                if name not in values:
                    raise TypeError(f"{type(self).__name__}: field {name} is missing")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def astuple(self) -> tuple[Any, ...]:
        """The values of the fields in their declared order."""
        return tuple(getattr(self, name) for name in self._fields)

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed."""
        made = object.__new__(type(self))
        for name in self._fields:
            made.__dict__[name] = changes.pop(name) if name in changes else getattr(self, name)
        if changes:
            raise TypeError(f"{type(self).__name__}: unexpected field {min(changes)}")
        return made

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.astuple() == other.astuple()

    def __hash__(self) -> int:
        return hash((type(self), self.astuple()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._fields)
        return f"{type(self).__name__}({shown})"
