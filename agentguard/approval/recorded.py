"""What the record keeps of a question: the same facts under the same names in every row, of bounded size."""

from __future__ import annotations

from ..core.text.shorten import MOST_OF_REASON, shortened, shortened_words
from ..lean.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from .question import Question

#: How many reasons one row keeps.
RECORDED_REASONS = 20


def recorded(question: Question) -> dict[str, Any]:
    """The facts of a question, of which all text is masked already."""
    return {
        "program": question.program,
        "argv": shortened_words(question.argv),
        "cwd": question.cwd,
        "real": question.real,
        "agent": question.agent,
        "rating": question.rating,
        "catastrophic": shortened(question.catastrophic, MOST_OF_REASON),
        "reasons": [
            {
                "rule": reason.rule,
                "program": reason.program,
                "text": shortened(reason.text, MOST_OF_REASON),
                "instead": shortened(reason.instead, MOST_OF_REASON),
            }
            for reason in question.reasons[:RECORDED_REASONS]
        ],
    }
