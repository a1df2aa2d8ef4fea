"""A deliberate fault of the product, and by which words of the judge it is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from tests.crash.judge import PROOF, Violation
from tests.crash.patches import Patch

Means = Literal["bank", "box", "phone", "recharge"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is broken, which of the nine rules that breaks, in how many runs it must be found, and by which words.

    Only a violation that has one of the words finds the fault: something else that went wrong may be chance.
    """

    name: str
    rule: int
    within: int
    patches: Callable[[], tuple[Patch, ...]]
    by: tuple[str, ...]
    cards: bool = False
    """It is one of meter cards, and only runs with cards count; for any other fault only those without."""
    new_cards: bool = False
    """It is one of new cards, and only runs with a dispenser count; for another one of cards only those without."""
    means: Means | None = None
    """It is one of money that is not cash, and only runs of that world count in which it is paid so."""

    def is_found_by(self, violations: Iterable[Violation]) -> bool:
        """Whether one of the violations is what must be said of this fault; what fails in the proof says nothing."""
        texts = [violation.text for violation in violations if not violation.text.startswith(PROOF)]
        return any(word in text for word in self.by for text in texts)
