"""A whole kiosk without its screen: core, journal, lanes and health, with the far ends of acceptor and printer."""

from __future__ import annotations

import contextlib
import json
import queue
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from kiosk.books import Books
from kiosk.config import Config, load
from kiosk.core.core import Core
from kiosk.core.inputs import Intent
from kiosk.health.server import HealthServer
from kiosk.hubclient.open_keys import open_keys
from kiosk.journal.store import Journal
from kiosk.lanes.build import build_lanes
from kiosk.page import Snapshot
from kiosk.runner import Runner, now
from simulators.bench.settings import Tables, kiosk_toml
from simulators.far_end import Launched, launched
from tools.hub_process import write_test_key

NO_HUB = "http://127.0.0.1:9"
PATIENCE = 30.0


@dataclass
class Kiosk:
    """A running kiosk, and where its health is asked."""

    runner: Runner
    health: HealthServer
    config: Config
    shown: queue.SimpleQueue[Snapshot] = field(default_factory=queue.SimpleQueue)

    @property
    def url(self) -> str:
        """The address of the health server."""
        return self.health.url(PATIENCE)

    def get(self, path: str, accept: str = "", method: str = "GET") -> tuple[int, Message, str]:
        """Ask over HTTP: status, headers, text."""
        request = urllib.request.Request(self.url + path, headers={"Accept": accept}, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as reply:  # noqa: S310
                return reply.status, reply.headers, reply.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.headers, refusal.read().decode()

    def report(self) -> dict[str, Any]:
        """The health document."""
        told: dict[str, Any] = json.loads(self.get("/health")[2])
        return told

    def wait_for(self, so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first health document of which this is so."""
        until = time.monotonic() + PATIENCE
        while not so(told := self.report()):
            assert time.monotonic() < until, told
            time.sleep(0.02)
        return told

    def press(self, name: str, arg: str = "") -> None:
        """Press what the customer would press."""
        self.runner.tell(Intent(name, arg))


class Cabinet:
    """A folder with everything that a kiosk needs: settings, key, journal; far ends put their lines there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder / "journal.sqlite"
        self.key = write_test_key(folder / "terminal.key", bytes(range(32)))

    def settings(self, hub_url: str = NO_HUB, changes: Tables | None = None) -> Config:
        """Settings of a kiosk whose devices are the far ends in the folder."""
        path = self.folder / "kiosk.toml"
        path.write_text(kiosk_toml(hub_url, self.folder, changes=changes), encoding="utf-8")
        return load(path)

    @contextlib.contextmanager
    def running(self, config: Config, *, damaged: bool = False) -> Iterator[Kiosk]:
        """Run a kiosk as `ui.app` puts it together; a damaged journal is not opened at all."""
        journal = None if damaged else Journal(config.journal.path)
        books = Books.empty() if journal is None else journal.recover()
        core = Core(config, books, lambda: uuid.uuid4().hex, now())
        if damaged:
            core.close("journal_damaged")
        shown: queue.SimpleQueue[Snapshot] = queue.SimpleQueue()
        key = open_keys(config)
        runner = Runner(core, journal, lambda tell: build_lanes(config, key, tell), shown.put, lambda: None)
        health = HealthServer(config, runner, key)
        runner.start()
        health.start()
        try:
            yield Kiosk(runner, health, config, shown)
        finally:
            health.stop()
            runner.stop()


@pytest.fixture
def cabinet(tmp_path: Path) -> Cabinet:
    """An empty cabinet."""
    return Cabinet(tmp_path)


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[Launched]:
    """The printer's far end."""
    out = str(tmp_path / "out")
    with launched("simulators.escpos_printer", tmp_path, "--out", out, "--speed", "10") as far:
        yield far


@pytest.fixture
def validator(tmp_path: Path) -> Iterator[Launched]:
    """The note acceptor's far end."""
    state = str(tmp_path / "validator.json")
    with launched("simulators.ccnet_validator", tmp_path, "--state", state, "--speed", "10") as far:
        yield far


@pytest.fixture
def kiosk(cabinet: Cabinet, printer: Launched, validator: Launched) -> Iterator[Kiosk]:
    """A kiosk with both devices and no hub."""
    with cabinet.running(cabinet.settings()) as kiosk:
        yield kiosk


@pytest.fixture
def bare(cabinet: Cabinet) -> Iterator[Kiosk]:
    """A kiosk with nothing on its lines."""
    with cabinet.running(cabinet.settings()) as kiosk:
        yield kiosk
