"""A disk in memory that knows what was written and what was synced, and what a power cut may leave of it.

A cut keeps what was synced. Of what came later each block, each change of size and each file's name may have reached
the disk or not: a name only behind all earlier ones of its folder, a block on its own (torn and reordered writes).
"""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

BLOCKS = (512, 4096)


@dataclass(frozen=True, slots=True)
class Write:
    """These bytes at this place."""

    at: int
    data: bytes

    def onto(self, image: bytearray) -> None:
        """Do it."""
        if len(image) < self.at:
            image.extend(bytes(self.at - len(image)))
        image[self.at : self.at + len(self.data)] = self.data

    def blocks(self, size: int) -> Iterator[Write]:
        """The same in pieces, none of which crosses a border between blocks."""
        start = self.at
        while start < self.at + len(self.data):
            end = min((start // size + 1) * size, self.at + len(self.data))
            yield Write(start, self.data[start - self.at : end - self.at])
            start = end


@dataclass(frozen=True, slots=True)
class Resize:
    """The file has this length now."""

    length: int

    def onto(self, image: bytearray) -> None:
        """Do it."""
        del image[self.length :]
        image.extend(bytes(self.length - len(image)))

    def blocks(self, _size: int) -> Iterator[Resize]:
        """All or nothing."""
        yield self


@dataclass(slots=True)
class File:
    """What programs read, what a cut keeps for certain, and what was changed since."""

    live: bytearray = field(default_factory=bytearray)
    kept: bytearray = field(default_factory=bytearray)
    dirty: list[Write | Resize] = field(default_factory=list)

    def change(self, change: Write | Resize) -> None:
        """Change what programs read."""
        change.onto(self.live)
        self.dirty.append(change)

    def sync(self) -> None:
        """What was changed is kept. What an earlier failed sync has marked clean is not."""
        for change in self.dirty:
            change.onto(self.kept)
        self.dirty.clear()

    def after_cut(self, loss: Loss) -> bytearray:
        """One of the images that a cut may leave."""
        image = bytearray(self.kept)
        for change in self.dirty:
            for piece in change.blocks(loss.block):
                if loss.spares():
                    piece.onto(image)
        return image


class Loss:
    """What a cut takes, by seed: 0 all that was not synced, 1 nothing, any other a part in blocks of 512 or 4,096."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.block = self.random.choice(BLOCKS)
        self.share = {0: 0.0, 1: 1.0}.get(seed, self.random.uniform(0.1, 0.9))

    def spares(self) -> bool:
        """Whether the next block has reached the disk."""
        return self.random.random() < self.share

    def prefix(self, count: int) -> int:
        """How many of so many ordered changes have reached it."""
        return next((done for done in range(count) if not self.spares()), count)


Names = dict[str, File]


@dataclass(slots=True)
class Faults:
    """What is to go wrong, by the number of the operation; the first one is 1."""

    cut_at: int = 0
    fail: Mapping[int, int] = field(default_factory=dict)
    full_from: int = 0
    at_cut: Callable[[], None] = lambda: None


class Disk:
    """One folder of files. An operation is a write, a change of size, a name made, moved or taken away, or a sync.

    Every method that changes something raises OSError as the faults say, and EIO always once the power is cut.
    """

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self.names: Names = {
            name: File(bytearray(data), bytearray(data)) for name, data in (files or {}).items()
        }
        self.faults = Faults()
        self.dead = False
        self.log: list[str] = []
        self._kept_names = dict(self.names)
        self._moves: list[Callable[[Names], object]] = []

    def create(self, name: str) -> File:
        """Make an empty file, whose name is lost until the folder is synced."""
        with self._operation("create", name, grows=True):
            file = File()
            self._move(lambda names: names.__setitem__(name, file))
        return file

    def unlink(self, name: str) -> None:
        """Take a name away."""
        self.file(name)
        with self._operation("unlink", name):
            self._move(lambda names: names.pop(name, None))

    def rename(self, old: str, new: str) -> None:
        """Give a file another name; a file that had it is gone."""
        file = self.file(old)
        with self._operation("rename", f"{old} {new}"):
            self._move(lambda names: names.update({new: names.pop(old, file)}))

    def link(self, old: str, new: str) -> None:
        """Give a file a second name. Raises EEXIST."""
        file = self.file(old)
        if new in self.names:
            raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
        with self._operation("link", f"{old} {new}"):
            self._move(lambda names: names.__setitem__(new, file))

    def write(self, file: File, data: bytes, at: int) -> int:
        """Write all of it."""
        named = f"{self._name(file)} {len(data)}@{at}"
        with self._operation("write", named, grows=at + len(data) > len(file.live)):
            file.change(Write(at, data))
        return len(data)

    def resize(self, file: File, length: int) -> None:
        """Cut off or fill up with zeros."""
        with self._operation("resize", f"{self._name(file)} {length}", grows=length > len(file.live)):
            file.change(Resize(length))

    def sync(self, file: File) -> None:
        """Keep the file's bytes. When it fails they count as clean all the same, as in the kernel."""
        try:
            with self._operation("sync", self._name(file)):
                file.sync()
        except OSError:
            if not self.dead:
                file.dirty.clear()
            raise

    def sync_names(self) -> None:
        """Keep the folder."""
        with self._operation("sync", "."):
            for move in self._moves:
                move(self._kept_names)
            self._moves.clear()

    def file(self, name: str) -> File:
        """The file of this name. Raises ENOENT."""
        if name not in self.names:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        return self.names[name]

    def after_cut(self, seed: int) -> Disk:
        """The disk as it may be found when the power is back."""
        loss = Loss(seed)
        names = dict(self._kept_names)
        for move in self._moves[: loss.prefix(len(self._moves))]:
            move(names)
        return Disk({name: bytes(file.after_cut(loss)) for name, file in sorted(names.items())})

    def _move(self, move: Callable[[Names], object]) -> None:
        move(self.names)
        self._moves.append(move)

    def _name(self, file: File) -> str:
        return next((name for name, found in self.names.items() if found is file), "(unlinked)")

    @contextmanager
    def _operation(self, what: str, whom: str, grows: bool = False) -> Iterator[None]:
        """Do one operation and count it; the cut comes when it is done and nobody has been told."""
        number = len(self.log) + 1
        if self.dead:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self.log.append(f"{what} {whom}")
        code = self.faults.fail.get(number, 0)
        if grows and 0 < self.faults.full_from <= number:
            code = errno.ENOSPC
        if code:
            raise OSError(code, os.strerror(code))
        yield
        if number == self.faults.cut_at:
            self.dead = True
            self.faults.at_cut()
            raise OSError(errno.EIO, os.strerror(errno.EIO))
