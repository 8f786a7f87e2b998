"""What classes need of `typing` while they run. The types themselves are imported where TYPE_CHECKING stands."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol as Protocol
else:
    Protocol = object
