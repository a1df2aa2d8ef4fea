"""Pictures of every sample page and slip, and what is seen at each fault: `python -m ui.gallery --out DIR`."""

from __future__ import annotations

import argparse
import html
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from drivers.printer.document import Document
from kiosk.page import Modes, PageModel, Snapshot

MODES = {
    "normal": Modes(),
    "large": Modes(large=True),
    "contrast": Modes(theme="contrast"),
    "low": Modes(low=True),
}
LANGUAGES = ("zh", "en")
SETTLE_MS = 150
PAPER_COLUMNS, PAPER_DOTS, LINE_DOTS, QR_DOTS = 48, 576, 30, 6
PAPER_EDGE = 24


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
    from ui.viewmodels.page import NO_PAGE

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
                    for page in (NO_PAGE, model):
                        # Each page comes by a turn, also after one of its own name.
                        screen.present(Snapshot(serial, page, modes_of(mode, lang), "K1-0001", "11-22 20:15"))
                    _settle()
                    picture = Picture(name, form, lang, mode)
                    screen.grab(out / picture.file)
                    drawn.append(picture)
        screen.close()
    del app
    return drawn


def slip_file(lang: str, name: str) -> str:
    """Return the file's name of one slip in the gallery's folder."""
    return f"slip-{lang}-{name}.png"


def draw_slip(document: Document, file: Path) -> None:
    """Draw one slip as a printer without Chinese characters gets it; raises OSError."""
    from PIL import Image

    from drivers.printer import raster
    from drivers.printer.layout import SetLine, set_document, width

    rows = []
    for element in set_document(document, PAPER_COLUMNS, raster.in_font):
        if isinstance(element, SetLine):
            rows.append(raster.draw_line(element, width(element.text), PAPER_DOTS, LINE_DOTS))
        else:
            scale = raster.qr_scale(element.text, PAPER_DOTS, QR_DOTS)
            rows.append(raster.draw_qr(element.text, PAPER_DOTS, scale))
    height = sum(row.height for row in rows) + 2 * PAPER_EDGE
    paper, top = Image.new("L", (PAPER_DOTS + 2 * PAPER_EDGE, height), 255), PAPER_EDGE
    for row in rows:
        paper.paste(row, (PAPER_EDGE, top))
        top += row.height
    paper.save(file)


def index(pictures: Sequence[Picture], slips: Mapping[str, Sequence[str]]) -> str:
    """Return the gallery's index page; `slips` are the names of the slips drawn, by language."""
    return "\n".join(
        ("<!doctype html><meta charset='utf-8'><title>Power Kiosk pages</title>", *_index(pictures, slips))
    )


def _index(pictures: Sequence[Picture], slips: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield (
        "<style>body{font:16px sans-serif;background:#dde3ea;margin:24px}"
        "section{display:flex;flex-wrap:wrap;gap:16px}figure{margin:0}img{height:480px;display:block}"
        "figcaption{padding:6px 0 18px}</style>"
    )
    for group in dict.fromkeys((picture.form, picture.lang, picture.mode) for picture in pictures):
        yield f"<h2>{html.escape(' · '.join(group))}</h2><section>"
        for picture in pictures:
            if (picture.form, picture.lang, picture.mode) == group:
                yield _figure(picture.file, picture.page)
        yield "</section>"
    for lang, names in slips.items():
        yield f"<h2>slips · {lang}</h2><section>"
        yield from (_figure(slip_file(lang, name), name) for name in names)
        yield "</section>"
    yield from _faults(pictures, slips)


def _faults(pictures: Sequence[Picture], slips: Mapping[str, Sequence[str]]) -> Iterator[str]:
    from kiosk.pages.faults import FAULT_PAGES

    yield "<h1 id='faults'>What the customer sees when something goes wrong</h1>"
    for fault, seen in FAULT_PAGES.items():
        shown = [one for one in pictures if one.page == seen.page and one.mode == "normal"]
        papers = [slip_file(lang, seen.slip) for lang in slips if seen.slip]
        if shown:
            yield f"<h2>{html.escape(fault)}</h2><section>"
            yield from (_figure(one.file, f"{one.form} {one.lang}: {one.page}") for one in shown)
            yield from (_figure(paper, seen.slip) for paper in papers)
            yield "</section>"


def _figure(file: str, name: str) -> str:
    told = html.escape(name)
    image = f"<a href='{file}'><img loading='lazy' src='{file}' alt='{told}'></a>"
    return f"<figure>{image}<figcaption>{told}</figcaption></figure>"


def _settle() -> None:
    """Let the page turn: queued snapshot, fade, waiting ring."""
    from PySide6.QtCore import QEventLoop, QTimer

    # Not QCoreApplication.processEvents(): in PySide6 6.12 each call of it gives away a reference to None.
    loop = QEventLoop()
    QTimer.singleShot(SETTLE_MS, loop.quit)
    loop.exec()


def main(argv: Sequence[str] | None = None) -> int:
    """Draw the gallery; the last line printed is the index page's path."""
    from kiosk.pages.sample_slips import slips
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
    papers = {lang: slips(lang) for lang in pages}
    for lang, documents in papers.items():
        for name, document in documents.items():
            draw_slip(document, args.out / slip_file(lang, name))
    target = args.out / "index.html"
    target.write_text(
        index(pictures, {lang: list(drawn) for lang, drawn in papers.items()}), encoding="utf-8"
    )
    print(f"{len(pictures)} pictures: {target}")  # noqa: T201 - a command says what it did
    return 0


def _only(pages: dict[str, PageModel], names: Sequence[str] | None) -> dict[str, PageModel]:
    return {name: page for name, page in pages.items() if not names or name in names}


if __name__ == "__main__":
    raise SystemExit(main())
