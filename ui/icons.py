"""Icons for QML: `image://icon/<name>/<ink>[/<accent>]` draws assets/icons/<name>.svg in the colours asked for."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QSize, Qt
from PySide6.QtGui import QImage, QImageReader
from PySide6.QtQuick import QQuickImageProvider

ICONS = Path(__file__).parent.parent / "assets" / "icons"
INK, ACCENT = b"#111111", b"#ff00ff"
"""The two colours that an icon file may use; both are replaced."""


class IconProvider(QQuickImageProvider):
    """Draws icons in the theme's colours: the software renderer has no effect that could tint them."""

    def __init__(self) -> None:
        super().__init__(QQuickImageProvider.ImageType.Image)

    def requestImage(self, ident: str, size: QSize, requested: QSize) -> QImage:  # noqa: N802 - Qt's name
        """Return the icon at the requested size; a missing icon is an empty image and a QML warning."""
        name, ink, accent = (*ident.split("/"), "", "")[:3]
        reader = QImageReader()
        buffer = QBuffer()
        buffer.setData(QByteArray(drawn(name, ink, accent or ink)))
        reader.setDevice(buffer)
        reader.setFormat(b"svg")
        if min(requested.width(), requested.height()) > 0:
            natural = reader.size()
            reader.setScaledSize(natural.scaled(requested, Qt.AspectRatioMode.KeepAspectRatio))
        return reader.read()


def drawn(name: str, ink: str, accent: str) -> bytes:
    """Return the SVG text of an icon in two colours given as `#rrggbb` or `rrggbb`."""
    text = _text(name)
    return text.replace(INK, _hex(ink)).replace(ACCENT, _hex(accent))


def _hex(colour: str) -> bytes:
    return b"#" + colour.lstrip("#").encode()


@cache
def _text(name: str) -> bytes:
    path = ICONS / f"{name}.svg"
    return path.read_bytes() if path.is_file() else b""
