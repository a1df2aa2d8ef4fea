"""Puts the kiosk together and shows it: settings, journal, core, lanes, screen."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QSocketNotifier, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from drivers.security import core_dumps
from kiosk import log as logs
from kiosk.books import Books
from kiosk.command import Command
from kiosk.config import Config, ConfigError, load
from kiosk.core.core import Core
from kiosk.core.inputs import Intent
from kiosk.health.server import HealthServer
from kiosk.hubclient.keyfile import KeyFileError
from kiosk.hubclient.open_keys import open_keys
from kiosk.journal.store import Journal, JournalDamaged, JournalError
from kiosk.lanes.build import build_lanes
from kiosk.runner import Runner, now
from ui.screen import Screen
from ui.sounds import Sounds

EXIT_CONFIG = 2
EXIT_JOURNAL = 3
EXIT_DISPLAY = 4
EXIT_FAULT = 70
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
"""The core met a fault of ours: to be started again (sysexits.h EX_SOFTWARE)."""

BLIND_MS = 3000
"""A display that never shows a frame does not keep open payments waiting."""

log = logging.getLogger("ui.app")


class Application(QObject):
    """The kiosk program.

    Signals:
        faulted: from the core thread; the program ends with EXIT_FAULT.
    """

    faulted = Signal()

    def __init__(self, config: Config, window: bool = False) -> None:
        """Make everything, start nothing. Raises KeyFileError, JournalLocked, JournalUnsafe."""
        self.qt = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
        super().__init__()
        self.config = config
        keys = open_keys(config)
        journal, books = _open_journal(config.journal.path)
        core = Core(config, books, lambda: uuid.uuid4().hex, now())
        if journal is None:
            core.close("journal_damaged")
        self.screen = Screen(config.terminal.form, window, self._intent, sounds=Sounds())
        self.runner = Runner(
            core,
            journal,
            lambda tell: build_lanes(config, keys, tell),
            self.screen.present,
            self.faulted.emit,
        )
        self.health = HealthServer(config, self.runner, keys)
        self._starter: threading.Thread | None = None
        self.faulted.connect(lambda: self.qt.exit(EXIT_FAULT), Qt.ConnectionType.QueuedConnection)

    def run(self) -> int:
        """Show the first page, start everything behind it, and return the exit status when the program ends."""
        self.screen.view.frameSwapped.connect(self._behind_the_page)
        QTimer.singleShot(BLIND_MS, self._behind_the_page)
        self.screen.show(self.runner.snapshot())
        signals = _Signals(self.qt.quit)
        try:
            return int(self.qt.exec())
        finally:
            signals.restore()
            if self._starter is not None:
                self._starter.join()
            self.health.stop()
            self.runner.stop()
            self.screen.close()

    def _behind_the_page(self) -> None:
        """Once, when the first page stands: what is slow to load may not keep it from the customer's touch."""
        if self._starter is None:
            self._starter = threading.Thread(target=self._start, name="start", daemon=True)
            self._starter.start()

    def _start(self) -> None:
        self.runner.start()
        logs.structured(self.config.log.level)
        self.health.start()

    def _intent(self, name: str, arg: str) -> None:
        self.runner.tell(Intent(name, arg))


def build(config: Config, window: bool = False) -> Application:
    """Make the kiosk of these settings; see Application."""
    return Application(config, window)


def _open_journal(path: Path) -> tuple[Journal | None, Books]:
    try:
        journal = Journal(path)
    except JournalDamaged:
        # Nothing is written and no customer is served: a person has to look at the file.
        log.exception("journal_damaged")
        return None, Books.empty()
    try:
        return journal, journal.recover()
    except JournalDamaged:
        log.exception("journal_damaged")
        journal.close_untouched()
        return None, Books.empty()


class _Signals:
    """SIGTERM and SIGINT end the event loop: Python's handlers run only when Qt is woken."""

    def __init__(self, quit_loop: Callable[[], None]) -> None:
        self._ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        self._theirs = theirs
        self._old_fd = signal.set_wakeup_fd(theirs.fileno())
        self._old = {s: signal.signal(s, lambda *_: quit_loop()) for s in (signal.SIGTERM, signal.SIGINT)}
        self._notifier = QSocketNotifier(self._ours.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(lambda: self._ours.recv(64))

    def restore(self) -> None:
        """Give the signals back to whoever had them."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._old_fd)
        for number, handler in self._old.items():
            signal.signal(number, handler)
        self._ours.close()
        self._theirs.close()


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, required=True, help="the kiosk's settings, see docs/configuration.md"
    )
    parser.add_argument(
        "--window", action="store_true", help="an ordinary window instead of the whole screen"
    )


def _run(args: argparse.Namespace) -> int:
    core_dumps.off()
    logs.begin()
    try:
        config = load(args.config)
        if not any(map(os.environ.get, DISPLAYS)):
            return _complain(f"no display: none of {', '.join(DISPLAYS)} is set", EXIT_DISPLAY)
        application = build(config, window=args.window)
    except (ConfigError, KeyFileError) as error:
        return _complain(error, EXIT_CONFIG)
    except JournalError as error:
        return _complain(error, EXIT_JOURNAL)
    return application.run()


def _complain(error: Exception | str, status: int) -> int:
    sys.stderr.write(f"power-kiosk: {error}\n")
    return status


command = Command("run the kiosk", _configure, _run)
