"""A bare QML window in a process of its own: what PySide6 and Qt Quick cost before there is any kiosk."""

import sys
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtQuick import QQuickView


def main() -> int:
    """Show it until the process is ended."""
    application = QGuiApplication(sys.argv)
    view = QQuickView()
    view.setSource(QUrl.fromLocalFile(str(Path(__file__).parent / "qml" / "Bare.qml")))
    view.showFullScreen()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
