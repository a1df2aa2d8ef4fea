"""Puts the kiosk together and shows it: settings, journal, core, lanes, screen."""

from __future__ import annotations

import argparse
import logging
import signal
import socket
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtGui import QGuiApplication

from kiosk import log as logs
from kiosk.books import Books
from kiosk.command import Command
from kiosk.config import Config, ConfigError, load
from kiosk.core.core import Core
from kiosk.core.inputs import Intent
from kiosk.hubclient.signing import KeyFileError, load_key
from kiosk.journal.store import Journal, JournalDamaged, JournalLocked, JournalUnsafe
from kiosk.lanes.build import build_lanes
from kiosk.runner import Runner, now
from ui.screen import Screen

EXIT_CONFIG = 2
EXIT_LOCKED = 3
EXIT_FAULT = 70
"""The core met a fault of ours: to be started again (sysexits.h EX_SOFTWARE)."""

log = logging.getLogger("ui.app")


class Application:
    """The kiosk program. `screen` is what the customer sees; `runner` is None when the journal is damaged."""

    def __init__(self, config: Config, window: bool = False) -> None:
        """Open the journal and make everything; raises KeyFileError, JournalLocked, JournalUnsafe."""
        self.config = config
        key = load_key(config.hub.key_file, bench=config.terminal.bench)
        self.qt = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
        self.screen = Screen(config.terminal.form, window, self._intent)
        self.runner: Runner | None = None
        self._status = 0
        try:
            journal = Journal(config.journal.path)
            books = journal.recover()
        except JournalDamaged:
            # Nothing is written and no customer is served: a person has to look at the file.
            log.exception("journal_damaged")
            self._closed = self._core(Books.empty())
            self._closed.close("journal_damaged")
            return
        core = self._core(books)
        self.runner = Runner(core, journal, self.screen.present, self._fatal)
        self.runner.add_lanes(build_lanes(config, key, self.runner.tell))

    def _core(self, books: Books) -> Core:
        return Core(self.config, books, lambda: uuid.uuid4().hex, now())

    def run(self) -> int:
        """Show the first page, start everything behind it, and return the exit status when the program ends."""
        if self.runner is None:
            self.screen.show(_still(self._closed, self.config))
        else:
            self.screen.show(self.runner.snapshot())
        QTimer.singleShot(0, self._behind_the_page)
        restore = _quit_on_signals(self.qt.quit)
        status = self.qt.exec()
        restore()
        if self.runner is not None:
            self.runner.stop()
        self.screen.close()
        return self._status or status

    def _behind_the_page(self) -> None:
        if self.runner is not None:
            self.runner.start()
        logs.structured(self.config.log.level)

    def _intent(self, name: str, arg: str) -> None:
        if self.runner is not None:
            self.runner.tell(Intent(name, arg))

    def _fatal(self) -> None:
        self._status = EXIT_FAULT
        self.screen.ask_to_quit.emit()
