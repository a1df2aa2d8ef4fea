"""QR codes for QML: `image://code/<text>` draws a code with its quiet zone, in whole pixels, black on white."""

from __future__ import annotations

from urllib.parse import unquote

import segno
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtQuick import QQuickImageProvider

QUIET = 4
"""Modules of white around a code, ISO/IEC 18004 clause 6.3.8."""


class CodeProvider(QQuickImageProvider):
    """Draws each module as the same whole number of pixels: no module is blurred, whatever room there is."""

    def __init__(self) -> None:
        super().__init__(QQuickImageProvider.ImageType.Image)

    def requestImage(self, ident: str, size: QSize, requested: QSize) -> QImage:  # noqa: N802 - Qt's name
        """Return the code as large as it comes to within the requested size; never smaller than a pixel a module."""
        return draw(unquote(ident), min(requested.width(), requested.height()))


def draw(text: str, side: int) -> QImage:
    """Return the QR code of `text`, at most `side` pixels wide if that holds it; raises DataOverflowError."""
    rows = [bytes(row) for row in segno.make_qr(text, error="m").matrix_iter(border=QUIET)]
    modules = len(rows)
    small = QImage(modules, modules, QImage.Format.Format_RGB32)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            small.setPixel(x, y, 0xFF000000 if dark else 0xFFFFFFFF)
    whole = modules * max(side // modules, 1)
    return small.scaled(
        whole, whole, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.FastTransformation
    )
