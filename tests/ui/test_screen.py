"""The window: snapshots from any thread, in order, and pictures of what stands there."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from kiosk.page import Modes, PageModel, Snapshot
from ui.screen import Screen


def test_a_snapshot_may_come_from_another_thread(bench: Any, choices_page: PageModel) -> None:
    """The core thread presents; the page stands on the screen's own thread."""
    snapshot = Snapshot(1, choices_page)
    thread = threading.Thread(target=bench.screen.present, args=(snapshot,))
    thread.start()
    thread.join()
    QTest.qWait(50)
    assert bench.screen.page.property("title") == choices_page.title


def test_an_older_snapshot_does_not_come_back(bench: Any, choices_page: PageModel) -> None:
    """Serial numbers only go up."""
    bench.screen.present(Snapshot(5, replace(choices_page, title="new")))
    bench.screen.present(Snapshot(4, replace(choices_page, title="old")))
    QTest.qWait(50)
    assert bench.screen.page.property("title") == "new"


def test_the_first_page_is_there_when_the_window_is(qapp: object, choices_page: PageModel) -> None:
    """No empty frame and no splash: the first frame is the page."""
    screen = Screen("through", window=True, on_intent=lambda name, arg: None)
    screen.show(Snapshot(0, choices_page, Modes(large=True)))
    loaded = screen.view.rootObject()
    assert loaded is not None
    assert screen.page.property("kind") == "choices"
    screen.close()
    QTest.qWait(1)


def test_a_picture_is_the_forms_size(bench: Any, choices_page: PageModel, tmp_path: Path) -> None:
    """Pixel for pixel what the panel shows."""
    bench.put(choices_page)
    bench.screen.grab(tmp_path / "page.png")
    image = QImage(str(tmp_path / "page.png"))
    assert (image.width(), image.height()) == (1080, 1920)
    with pytest.raises(OSError, match="cannot write"):
        bench.screen.grab(tmp_path / "nowhere" / "page.png")


def test_an_unknown_form_is_refused(qapp: object) -> None:
    """A typing error in the configuration does not become a strange window."""
    with pytest.raises(ValueError, match="form is 'round'"):
        Screen("round", window=True, on_intent=lambda name, arg: None)
