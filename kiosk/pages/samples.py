"""Every page in realistic states, built by the real builders: what the gallery draws and the tests measure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kiosk.page import Modes, PageModel
from kiosk.pages import build
from kiosk.pages.sample_accounts import Sample
from kiosk.pages.sample_card_states import cards
from kiosk.pages.sample_cards import card_samples
from kiosk.pages.sample_choosing import choosing
from kiosk.pages.sample_new_card_states import new_cards
from kiosk.pages.sample_paying import paying
from kiosk.pages.sample_tenders import tenders


def samples(lang: str) -> dict[str, PageModel]:
    """Return all sample pages of a language by name; the name begins with the page's own."""
    modes = Modes(lang=lang)
    pages = {
        name: build(replace(session, modes=replace(session.modes, lang=modes.lang)), paid, case, facts)
        for name, session, paid, case, facts in states()
    }
    return pages | card_samples(lang)


def states() -> Iterator[Sample]:
    """Yield what the samples are built from."""
    yield from choosing()
    yield from paying()
    yield from cards()
    yield from new_cards()
    yield from tenders()
