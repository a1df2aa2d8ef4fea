"""Mounts disks that can lose power, each a folder, through FUSE, and takes orders for them over a Unix socket.

    python -m tests.powercut.mount FOLDER --control SOCKET

prints `ready` and serves until it is unmounted. Orders are JSON lines as every far end's: `make`, `arm`, `survive`,
`status`, `save`, `drop`. A cut also kills the process that was named, so nothing runs on without power. The shared
memory of SQLite's WAL (`-shm`) is no data: it is mapped, never synced, not counted, and empty after a cut.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import itertools
import json
import os
import signal
import socketserver
import stat
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import mfusepy

from simulators.far_end import Reply
from tests.powercut.disk import Disk, Faults, File, Resize, Write


class Disks(mfusepy.Operations):  # type: ignore[misc]  # it has no types
    """All disks of one mount."""

    use_ns = True

    def __init__(self) -> None:
        self.disks: dict[str, Disk] = {}
        self._open: dict[int, tuple[Disk, File, bool]] = {}
        self._memory: dict[str, File] = {}
        self._handles = itertools.count(1)

    def init_with_config(self, conn_info: object, config_3: Any) -> None:
        """Unlinked files stay open under their handle, and only we change files: the kernel may keep pages."""
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        if config_3:
            config_3.hard_remove = config_3.kernel_cache = 1

    # Names.

    def getattr(self, path: str | None, fh: int | None = None) -> dict[str, Any]:
        """A folder for each disk, a file for each name in it."""
        if fh:
            return _attributes(stat.S_IFREG | 0o644, len(self._open[fh][1].live))
        if path is None or path.count("/") < 2:
            if path and path != "/":
                self._disk(path)
            return _attributes(stat.S_IFDIR | 0o777, 0)
        return _attributes(stat.S_IFREG | 0o644, len(self._file(path)[1].live))

    def readdir(self, path: str, fh: int) -> list[str]:
        """The disks, or a disk's files."""
        return [".", "..", *(self.disks if path == "/" else self._disk(path).names)]

    def create(self, path: str, mode: int, fi: object = None) -> int:
        """Make a file and open it."""
        disk, name = self._disk(path), path.split("/")[2]
        if _is_memory(path):
            self._memory[path] = file = File()
            return self._opened(disk, file, memory=True)
        return self._opened(disk, disk.create(name))

    def open(self, path: str, flags: int) -> int:
        """Open a file."""
        return self._opened(*self._file(path), memory=_is_memory(path))

    def release(self, path: str | None, fh: int) -> int:
        """Nobody has it open any more."""
        del self._open[fh]
        return 0

    def unlink(self, path: str) -> int:
        """Take the name away."""
        if _is_memory(path):
            self._memory.pop(path)
        else:
            self._disk(path).unlink(path.split("/")[2])
        return 0

    def rename(self, old: str, new: str) -> int:
        """Move within one disk."""
        if self._disk(old) is not self._disk(new):
            raise OSError(errno.EXDEV, "two disks")
        self._disk(old).rename(old.split("/")[2], new.split("/")[2])
        return 0

    def link(self, target: str, source: str) -> int:
        """Give the file `source` the name `target` too, within one disk."""
        if self._disk(source) is not self._disk(target):
            raise OSError(errno.EXDEV, "two disks")
        self._disk(source).link(source.split("/")[2], target.split("/")[2])
        return 0

    def chmod(self, path: str, mode: int) -> int:
        """Rights are nothing to us."""
        return 0

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        """Nor are times."""
        return 0

    # Bytes.

    def read(self, path: str | None, size: int, offset: int, fh: int) -> bytes:
        """What was written last, synced or not."""
        return bytes(self._open[fh][1].live[offset : offset + size])

    def write(self, path: str | None, data: bytes, offset: int, fh: int) -> int:
        """Count it, and keep it apart until it is synced."""
        disk, file, memory = self._open[fh]
        if memory:
            Write(offset, data).onto(file.live)
            return len(data)
        return disk.write(file, data, offset)

    def truncate(self, path: str | None, length: int, fh: int | None = None) -> int:
        """Change the length, by handle or by name."""
        disk, file, memory = self._open[fh] if fh else (*self._file(str(path)), _is_memory(str(path)))
        if memory:
            Resize(length).onto(file.live)
        else:
            disk.resize(file, length)
        return 0

    def fsync(self, path: str | None, datasync: int, fh: int) -> int:
        """Keep the file's bytes; fdatasync keeps the length too, as everywhere."""
        disk, file, memory = self._open[fh]
        if not memory:
            disk.sync(file)
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        """Keep the names."""
        self._disk(path).sync_names()
        return 0

    def _opened(self, disk: Disk, file: File, memory: bool = False) -> int:
        handle = next(self._handles)
        self._open[handle] = (disk, file, memory)
        return handle

    def _disk(self, path: str) -> Disk:
        name = path.split("/")[1]
        if name not in self.disks:
            raise OSError(errno.ENOENT, "no such disk")
        return self.disks[name]

    def _file(self, path: str) -> tuple[Disk, File]:
        disk = self._disk(path)
        if _is_memory(path):
            if path not in self._memory:
                raise OSError(errno.ENOENT, path)
            return disk, self._memory[path]
        return disk, disk.file(path.split("/")[2])

    # Orders.

    def do_make(self, disk: str, folder: str = "") -> Reply:
        """A new disk, empty or with a folder's files, all of it synced."""
        found = {path.name: path.read_bytes() for path in Path(folder).iterdir()} if folder else {}
        self.disks[disk] = Disk({name: data for name, data in found.items() if not _is_memory(name)})
        return {}

    def do_arm(
        self, disk: str, pid: int = 0, cut_at: int = 0, full_from: int = 0, fail: dict[str, str] | None = None
    ) -> Reply:
        """Cut at this operation (0 never) and kill; or fail operations with an error such as EIO; or be full."""
        failing = {int(number): getattr(errno, name) for number, name in (fail or {}).items()}
        at_cut = partial(_kill, pid) if pid else lambda: None
        self.disks[disk].faults = Faults(cut_at, failing, full_from, at_cut)
        return {"operations": len(self.disks[disk].log)}

    def do_cut(self, disk: str) -> Reply:
        """Cut now."""
        self.disks[disk].dead = True
        self.disks[disk].faults.at_cut()
        return {}

    def do_survive(self, disk: str, to: str, seed: int = 0) -> Reply:
        """Make the disk `to` of what the cut left of this one."""
        if not self.disks[disk].dead:
            raise ValueError("the power is on")
        self.disks[to] = self.disks[disk].after_cut(seed)
        return {}

    def do_status(self, disk: str) -> Reply:
        """The operations so far, how many of them were syncs, and whether the power is cut."""
        found = self.disks[disk]
        syncs = sum(line.startswith("sync") for line in found.log)
        return {"operations": len(found.log), "syncs": syncs, "dead": found.dead, "log": found.log}

    def do_save(self, disk: str, folder: str) -> Reply:
        """Write the disk's files, as programs see them, into an ordinary folder."""
        for name, file in self.disks[disk].names.items():
            (Path(folder) / name).write_bytes(file.live)
        return {}

    def do_drop(self, disk: str) -> Reply:
        """Forget a disk."""
        del self.disks[disk]
        for path in [path for path in self._memory if path.startswith(f"/{disk}/")]:
            del self._memory[path]
        return {}

    def ordered(self, line: bytes) -> Reply:
        """One order of the control socket."""
        try:
            order = json.loads(line)
            return {"ok": True, **getattr(self, f"do_{order.pop('do')}")(**order)}
        except (ValueError, TypeError, AttributeError, KeyError, OSError) as error:
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}


def _is_memory(path: str) -> bool:
    return path.endswith("-shm")


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _attributes(mode: int, size: int) -> dict[str, Any]:
    now = time.time_ns()
    times = {"st_atime": now, "st_mtime": now, "st_ctime": now}
    owner = {"st_uid": os.getuid(), "st_gid": os.getgid()}
    return {"st_mode": mode, "st_nlink": 1, "st_size": size, "st_blocks": (size + 511) // 512} | times | owner


class Orders(socketserver.StreamRequestHandler):
    """A connection of the control socket."""

    def handle(self) -> None:
        """Answer line by line."""
        for line in self.rfile:
            self.wfile.write(json.dumps(self.server.disks.ordered(line)).encode() + b"\n")  # type: ignore[attr-defined]


class OrderServer(socketserver.ThreadingUnixStreamServer):
    """The control socket."""

    daemon_threads = True

    def __init__(self, path: Path, disks: Disks) -> None:
        super().__init__(str(path), Orders)
        self.disks = disks


def main() -> int:
    """Serve until unmounted."""
    parser = argparse.ArgumentParser(description="Mount disks that can lose power.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--control", type=Path, required=True)
    options = parser.parse_args()
    disks = Disks()
    server = OrderServer(options.control, disks)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    mfusepy.FUSE(disks, str(options.folder), foreground=True, nothreads=True, fsname="powercut")
    return 0


if __name__ == "__main__":
    sys.exit(main())
