"""The names of `typing` that classes need while they run. Types themselves are imported under TYPE_CHECKING."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol as Protocol
else:
    Protocol = object
