"""A mounted set of disks, with the orders for it; and whether this machine can mount them."""

from __future__ import annotations

import contextlib
import ctypes.util
import itertools
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from simulators.bench.programs import Program
from simulators.far_end import ControlClient, Reply

_PATIENCE_S = 60.0


def missing() -> str:
    """What this machine lacks for FUSE; empty when nothing."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "/dev/fuse is not there or not ours to open"
    if not (ctypes.util.find_library("fuse3") or ctypes.util.find_library("fuse")):
        return "libfuse is not installed: apt-get install --no-install-recommends fuse3"
    return ""


class Place(Protocol):
    """Where the folders of kiosks and hubs are: disks that can lose power, or ordinary ones."""

    def make(self, image: Path | None = None) -> str:
        """A new folder, empty or a copy; its name."""

    def path(self, disk: str) -> Path:
        """Where it is."""


class Folders:
    """Ordinary folders, for what is only killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)

    def make(self, image: Path | None = None) -> str:
        """A new folder, empty or a copy; its name."""
        name = f"folder{next(self._numbers)}"
        if image:
            shutil.copytree(image, self.folder / name)
        else:
            (self.folder / name).mkdir()
        return name

    def path(self, disk: str) -> Path:
        """Where it is."""
        return self.folder / disk


class Mount:
    """Disks under `folder`; `do` gives the orders of `tests.powercut.mount`, from any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "disks"
        self.folder.mkdir()
        control = folder / "disks.sock"
        command = (sys.executable, "-m", "tests.powercut.mount", str(self.folder), "--control", str(control))
        self._program = Program("disks", command, folder, {"PYTHONPATH": str(Path(__file__).parents[2])})
        self._program.wait_for("^ready", _PATIENCE_S)
        self._client = ControlClient(control)
        self._turn = threading.Lock()
        self._numbers = itertools.count(1)

    def do(self, do: str, disk: str, **arguments: object) -> Reply:
        """Give one order. Raises ControlError."""
        with self._turn:
            return self._client(do, disk=disk, **arguments)

    def make(self, image: Path | None = None) -> str:
        """A new disk, empty or of a folder's files; its name."""
        name = f"disk{next(self._numbers)}"
        self.do("make", name, folder=str(image) if image else "")
        return name

    def survive(self, disk: str, seed: int) -> str:
        """What a cut leaves of the disk, as a new one; its name. The old one is forgotten."""
        name = f"disk{next(self._numbers)}"
        self.do("survive", disk, to=name, seed=seed)
        self.do("drop", disk)
        return name

    def operations(self, disk: str) -> list[str]:
        """Everything that was written, synced and named so far."""
        log: list[str] = self.do("status", disk)["log"]
        return log

    def path(self, disk: str) -> Path:
        """Where the disk's files are."""
        return self.folder / disk

    def close(self) -> None:
        """Unmount, also what somebody still holds open."""
        self._client.close()
        unmount = [["umount", "-l"]] if os.geteuid() == 0 else [["fusermount3", "-uz"], ["fusermount", "-uz"]]
        for command in unmount:
            with contextlib.suppress(FileNotFoundError):
                subprocess.run([*command, str(self.folder)], check=False, capture_output=True)
        self._program.end()


@contextlib.contextmanager
def mounted(folder: Path) -> Iterator[Mount]:
    """A mount for as long as the block lasts."""
    mount = Mount(folder)
    try:
        yield mount
    finally:
        mount.close()
