"""What a page about a meter card says must be true of journal, hub and card while it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kiosk.numbers import reference
from kiosk.page import PageModel
from kiosk.session.state import Page

Wrongs = Iterator[str]
DELIVERING = frozenset({"undelivered", "writing", "reading_back", "torn"})
DRAWN = {
    Page.DONE: {"take_card", "collect_card"},
    Page.OWED: {"write_failed", "cannot_write", "new_card_failed"},
    Page.MAKING: {"making_card"},
    Page.WRITING: {"writing_card"},
    Page.CARD_BACK: {"write_failed"},
}
"""As what the pages of a purchase on its way to a card are drawn."""
NO_AMOUNT = {"new_card_failed"}
"""Pages that tell no amount."""


def done(scene: Any) -> Wrongs:
    """Written is said of what is paid for, and was seen on the card."""
    known = scene.known
    if not known.written or scene.state not in {"credited", "paid"}:
        yield f"the screen says that a card is written whose payment is {scene.state}"
    yield from _booked(scene)


def owed(scene: Any) -> Wrongs:
    """Owed is said of what is paid for."""
    if scene.known is None or scene.known.good is None:
        yield "the screen says that something is owed which nobody has bought"
        return
    if scene.state != "owed":
        yield f"the screen says that something is owed while its payment is {scene.state}"
    yield from _booked(scene)


def on_its_way(scene: Any) -> Wrongs:
    """A card is being written, or asked for, for a purchase that is paid for and not at its end."""
    if scene.known is None or scene.known.good is None or scene.state not in DELIVERING:
        yield f"the screen is {scene.session.page} while the payment is {scene.state or 'nowhere'}"
        return
    yield from _booked(scene)


def _booked(scene: Any) -> Wrongs:
    good = scene.known.good
    row = scene.world.books.rows.get(("purchases", good.purchase_id))
    paid = scene.world.books.rows.get(("payments", good.purchase_id))
    if row is None or paid is None or paid.stored.serial is None:
        yield f"the screen says that count {good.count} is paid, and the hub has not sold it"
    elif (good.count, good.amount_fen) not in _sold(scene, row):
        yield f"the screen says that count {good.count} is paid, and the hub has sold count {row.count}"


def _sold(scene: Any, row: Any) -> set[tuple[int, int]]:
    """Count and amount that the hub has of a purchase; a reissue carries what is sold last when it is made."""
    cards = scene.world.cards
    carried = {cards.judge.sold_last(cards.home_of_meter(row.meter_no))} if row.kind == "reissue" else set()
    return {(row.count, row.amount_fen)} | carried


def written(scene: Any, page: PageModel, heads: str) -> Wrongs:
    """What stands on such a page; `heads` is the amount as a screen shows it."""
    known, name = scene.known, scene.session.page
    if page.name not in DRAWN.get(name, {name}):
        yield f"the page {name} of a card is drawn as {page.name}"
    if name not in DRAWN:
        return
    tells = page.name not in NO_AMOUNT and known.good.amount_fen > 0  # a new card may carry nothing
    if tells and (page.panel is None or page.panel.headline != heads):
        told = page.panel.headline if page.panel else "nothing"
        yield f"the page {page.name} tells {told} of a card, and it is {heads}"
    if name in {Page.OWED, Page.CARD_BACK}:
        wanted = reference(known.good.purchase_id)
        if wanted not in {row.value for row in page.context}:
            yield f"the page {page.name} does not name {wanted}"


CARD_PAGES = {
    Page.OWED: owed,
    Page.WRITING: on_its_way,
    Page.CARD_BACK: on_its_way,
    Page.MAKING: on_its_way,
}
