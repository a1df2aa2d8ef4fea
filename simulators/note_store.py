"""What a note acceptor keeps without power: its counter, the notes in its box, and the note on its way."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Place = Literal["head", "box_path"]


@dataclass(slots=True)
class NoteStore:
    """The lasting state of one acceptor; `save` after each change. Notes are values in fen.

    `path` is a file that survives the program, or None to keep nothing.
    """

    path: Path | None = None
    stacked: int = 0
    box: Counter[int] = field(default_factory=Counter)
    on_way: int | None = None
    place: Place = "head"

    @classmethod
    def load(cls, path: Path | None) -> NoteStore:
        """Read what an earlier run left in `path`; an acceptor from the factory if there is nothing."""
        if path is None or not path.exists():
            return cls(path)
        kept = json.loads(path.read_text())
        box = Counter({int(value): count for value, count in kept["box"].items()})
        return cls(path, kept["stacked"], box, kept["on_way"], kept["place"])

    def carry(self, value: int | None, place: Place = "head") -> None:
        """The note on the way is now this one, there; None when the way is free."""
        self.on_way, self.place = value, place
        self.save()

    def drop_into_box(self) -> int:
        """The note on the way falls into the box and is counted; returns its value."""
        if self.on_way is None:
            raise ValueError("no note is on its way")
        value = self.on_way
        self.on_way = None
        self.box[value] += 1
        self.stacked += 1
        self.save()
        return value

    def empty(self) -> dict[int, int]:
        """Take all notes out of the box; the counter goes on."""
        notes = dict(self.box)
        self.box.clear()
        self.save()
        return notes

    def save(self) -> None:
        """Write atomically, so that a program killed at any moment leaves the old or the new state."""
        if self.path is None:
            return
        kept = {"stacked": self.stacked, "box": self.box, "on_way": self.on_way, "place": self.place}
        fresh = self.path.with_name(f".{self.path.name}.new")
        with fresh.open("w") as file:
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
