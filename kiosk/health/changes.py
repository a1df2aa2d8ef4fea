"""When what is so now began to be so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime


class Changes:
    """Remembers states by name and since when each has stood; for one thread."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[object, datetime]] = {}

    def note(self, at: datetime, states: Mapping[str, object]) -> dict[str, datetime]:
        """Take down the present states and give, for each, the moment at which it was first seen so."""
        for name, state in states.items():
            before = self._seen.get(name)
            if before is None or before[0] != state:
                self._seen[name] = (state, at)
        return {name: since for name, (_, since) in self._seen.items()}
