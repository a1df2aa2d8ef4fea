"""The window: one Qt Quick view, fed with snapshots from any thread, giving back what the customer wants."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject, QSize, Qt, QUrl, Signal, Slot
from PySide6.QtQml import QQmlError
from PySide6.QtQuick import QQuickView

from kiosk.page import Modes, Snapshot
from ui.codes import CodeProvider
from ui.icons import IconProvider
from ui.sounds import Sounds
from ui.tokens import FORMS, PANELS, Form, apply, tokens
from ui.viewmodels.page import Page

log = logging.getLogger("ui.screen")
QML = Path(__file__).parent / "qml"


class Screen(QObject):
    """The kiosk's screen of one form.

    Signals:
        snapshots: queued from the core thread to the screen's own thread.
        warned: QML found fault with itself; nothing of it reaches the customer, tests fail on it.
    """

    snapshots = Signal(object)
    warned = Signal(str)

    def __init__(
        self,
        form: str,
        window: bool,
        on_intent: Callable[[str, str], None],
        *,
        motion: bool = True,
        sounds: Sounds | None = None,
    ) -> None:
        super().__init__()
        self._motion = motion
        self._sounds = sounds
        if form not in FORMS:
            raise ValueError(f"form is {form!r}, expected one of {', '.join(FORMS)}")
        self._form: Form = next(known for known in FORMS if known == form)
        self._modes: Modes | None = None
        self._window = window
        self._serial = -1
        self.view = QQuickView()
        engine = self.view.engine()
        engine.setOutputWarningsToStandardError(False)
        engine.warnings.connect(self._warn)
        engine.addImportPath(str(QML))
        engine.addImageProvider("icon", IconProvider())
        engine.addImageProvider("code", CodeProvider())
        self._theme: QObject = cast(QObject, engine.singletonInstance("Kiosk", "Theme"))
        self.page: Page = cast(Page, engine.singletonInstance("Kiosk.Model", "Page"))
        self.page.intent.connect(on_intent)
        self.snapshots.connect(self._present, Qt.ConnectionType.QueuedConnection)
        self._dress()

    def _dress(self) -> None:
        panel = PANELS[self._form]
        self.view.setResizeMode(QQuickView.ResizeMode.SizeRootObjectToView)
        self.view.resize(QSize(panel.width, panel.height))
        if not self._window:
            self.view.setFlags(Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint)

    @Slot(list)
    def _warn(self, errors: list[QQmlError]) -> None:
        for error in errors:
            log.error("qml: %s", error.toString())
            self.warned.emit(error.toString())

    def present(self, snapshot: Snapshot) -> None:
        """Show a snapshot soon; may be called from any thread."""
        self.snapshots.emit(snapshot)

    @Slot(object)
    def _present(self, snapshot: Snapshot) -> None:
        if snapshot.serial < self._serial:
            return
        self._serial = snapshot.serial
        if snapshot.modes != self._modes:
            self._modes = snapshot.modes
            modes = snapshot.modes
            self._apply(modes)
        self.page.show(snapshot)
        if self._sounds is not None:
            self._sounds.hear(snapshot.page)

    def _apply(self, modes: Modes) -> None:
        apply(tokens(self._form, modes.theme, large=modes.large, low=modes.low), self._theme)
        if not self._motion:
            self._theme.setProperty("motion", 0)

    def show(self, snapshot: Snapshot | None = None) -> None:
        """Load the QML and show the window, at once with the page of `snapshot` if one is given."""
        if snapshot is not None:
            self._present(snapshot)
        elif self._modes is None:
            self._apply(Modes())
        self.view.setSource(QUrl.fromLocalFile(str(QML / "Kiosk" / "Main.qml")))
        if self.view.status() == QQuickView.Status.Error:
            raise RuntimeError("; ".join(error.toString() for error in self.view.errors()))
        if self._window:
            self.view.show()
        else:
            self.view.showFullScreen()

    def grab(self, path: Path | str) -> None:
        """Save a picture of what stands on the screen; raises OSError."""
        if not self.view.grabWindow().save(str(path)):
            raise OSError(f"cannot write the picture {path}")

    def close(self) -> None:
        """Take the window away; the screen cannot be used again."""
        if self._sounds is not None:
            self._sounds.close()
        self.view.close()
        self.view.deleteLater()
