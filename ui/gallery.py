"""Pictures of every sample page in every form, language and mode: `python -m ui.gallery --out DIR`."""

from __future__ import annotations

import argparse
import html
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kiosk.page import Modes, PageModel, Snapshot

MODES = {
    "normal": Modes(),
    "large": Modes(large=True),
    "contrast": Modes(theme="contrast"),
    "low": Modes(low=True),
}
LANGUAGES = ("zh", "en")
SETTLE_MS = 150


@dataclass(frozen=True, slots=True)
class Picture:
    """One page in one form, language and mode."""

    page: str
    form: str
    lang: str
    mode: str

    @property
    def file(self) -> str:
        """Return the file's name in the gallery's folder."""
        return f"{self.form}-{self.lang}-{self.mode}-{self.page}.png"


def modes_of(name: str, lang: str) -> Modes:
    """Return the modes called `name` (normal, large, contrast, low) in a language."""
    mode = MODES[name]
    return Modes(lang=lang, large=mode.large, theme=mode.theme, low=mode.low)


def draw(
    pages: dict[str, dict[str, PageModel]], forms: Sequence[str], modes: Sequence[str], out: Path
) -> list[Picture]:
    """Draw `pages` (by language, then by name) and return what was drawn; raises OSError."""
    from PySide6.QtGui import QGuiApplication

    from ui.screen import Screen

    app = QGuiApplication.instance() or QGuiApplication([])
    out.mkdir(parents=True, exist_ok=True)
    drawn = []
    for form in forms:
        screen = Screen(form, window=True, on_intent=lambda name, arg: None, motion=False)
        screen.show()
        serial = 0
        for lang, models in pages.items():
            for mode in modes:
                for name, model in models.items():
                    serial += 1
                    screen.present(Snapshot(serial, model, modes_of(mode, lang), "K1-0001", "11-22 20:15"))
                    _settle()
                    picture = Picture(name, form, lang, mode)
                    screen.grab(out / picture.file)
                    drawn.append(picture)
        screen.close()
    del app
    return drawn


def index(pictures: Sequence[Picture]) -> str:
    """Return the gallery's index page."""
    return "\n".join(_index(pictures))


def _index(pictures: Sequence[Picture]) -> Iterator[str]:
    yield "<!doctype html><meta charset='utf-8'><title>Power Kiosk pages</title>"
    yield (
        "<style>body{font:16px sans-serif;background:#dde3ea;margin:24px}"
        "section{display:flex;flex-wrap:wrap;gap:16px}figure{margin:0}img{height:480px;display:block}"
        "figcaption{padding:6px 0 18px}</style>"
    )
    for group in dict.fromkeys((picture.form, picture.lang, picture.mode) for picture in pictures):
        yield f"<h2>{html.escape(' · '.join(group))}</h2><section>"
        for picture in pictures:
            if (picture.form, picture.lang, picture.mode) == group:
                name = html.escape(picture.page)
                yield f"<figure><a href='{picture.file}'><img loading='lazy' src='{picture.file}' alt='{name}'></a>"
                yield f"<figcaption>{name}</figcaption></figure>"
        yield "</section>"


def _settle() -> None:
    """Let the page turn: queued snapshot, fade, waiting ring."""
    from PySide6.QtCore import QEventLoop, QTimer

    # Not QCoreApplication.processEvents(): in PySide6 6.12 each call of it gives away a reference to None.
    loop = QEventLoop()
    QTimer.singleShot(SETTLE_MS, loop.quit)
    loop.exec()


def main(argv: Sequence[str] | None = None) -> int:
    """Draw the gallery; the last line printed is the index page's path."""
    from kiosk.pages.samples import samples
    from ui.tokens import FORMS

    parser = argparse.ArgumentParser(prog="ui.gallery", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--form", choices=FORMS, action="append", help="only this form (may be repeated)")
    parser.add_argument("--lang", choices=LANGUAGES, action="append", help="only this language")
    parser.add_argument("--mode", choices=list(MODES), action="append", help="only this mode")
    parser.add_argument("--page", action="append", metavar="NAME", help="only this page")
    args = parser.parse_args(argv)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("QT_QUICK_BACKEND", "software")
    pages = {lang: _only(samples(lang), args.page) for lang in args.lang or LANGUAGES}
    pictures = draw(pages, args.form or FORMS, args.mode or list(MODES), args.out)
    target = args.out / "index.html"
    target.write_text(index(pictures), encoding="utf-8")
    print(f"{len(pictures)} pictures: {target}")  # noqa: T201 - a command says what it did
    return 0


def _only(pages: dict[str, PageModel], names: Sequence[str] | None) -> dict[str, PageModel]:
    return {name: page for name, page in pages.items() if not names or name in names}


if __name__ == "__main__":
    raise SystemExit(main())
