"""Screens and slips as they might have been written: each function gives the patches that make one untruth of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import msgspec

from drivers.printer.document import Line
from drivers.status import DeviceHealth, DeviceStatus
from hub.business import orders as hub_orders
from kiosk import pages
from kiosk.core import cash, closing, credit, settle
from kiosk.core import reference as look_up
from kiosk.core.desk import Desk
from kiosk.pages import cash as slot
from kiosk.pages import end
from kiosk.pages.reading import Amount
from kiosk.session.state import Facts, Page
from kiosk.slips import Slips
from tests.crash.patches import Patch, wrapped

PAN = "6212345678900000003"
"""Nineteen digits with a right check digit, of a bank that there is not."""


def shown_as(page: Page, other: Page) -> tuple[Patch, ...]:
    """Where one page is due another one is shown."""

    def go(original: Any, desk: Any, to: Page, **changes: Any) -> None:
        original(desk, other if to is page else to, **changes)

    return (wrapped(Desk, "go", go),)


def shown_as_cancelled(page: Page) -> tuple[Patch, ...]:
    return shown_as(page, Page.CANCELLED)


def thanked_before_the_answer() -> tuple[Patch, ...]:
    def show(original: Any, desk: Any, key: str, page: Page, seconds: float) -> None:
        original(desk, key, Page.DONE if page is Page.CHECKING else page, seconds)

    return (wrapped(settle, "show_outcome", show),)


def other_reference_shown() -> tuple[Patch, ...]:
    return (wrapped(end, "reference", lambda original, key: original(key[::-1])),)


def due_for_paid() -> tuple[Patch, ...]:
    def booked(original: Any, look: Any, payment: Any, credit: Any) -> Any:
        panel = original(look, payment, credit)
        panel.headline = look.read(Amount(payment.due_fen))
        return panel

    return (wrapped(end, "_booked", booked),)


def slip_never_fails() -> tuple[Patch, ...]:
    return (wrapped(end, "slip_state", lambda *_: "printed"),)


def fate_mistaken() -> tuple[Patch, ...]:
    mapping: Any = look_up.FATES
    return (patch.dict(mapping, {("credited", ""): "person", ("open", ""): "booked"}),)


def claimed_note_passed_over() -> tuple[Patch, ...]:
    def cancelled(_original: Any, desk: Any, payment: Any) -> None:
        if desk.session.payment_id == payment.payment_id:
            desk.go(Page.CANCELLED)
            desk.after("page", desk.config.screen.done_s)

    return (wrapped(closing, "_show_cancelled", cancelled),)


def lost_note_denied() -> tuple[Patch, ...]:
    builders: Any = pages.BUILDERS
    return (patch.dict(builders, {Page.CLOSING: lambda look: slot.closing(replace(look, claim=None))}),)


def credited_called_returned() -> tuple[Patch, ...]:
    def notice(original: Any, desk: Any, told: Any) -> None:
        original(desk, replace(told, kind="returned") if told and told.kind == "credited" else told)

    return (wrapped(cash, "_notice", notice),)


def slip_of_a_neighbour() -> tuple[Patch, ...]:
    def of_payment(original: Any, slips: Any, payment: Any, effect: Any) -> Any:
        facts = original(slips, payment, effect)
        return replace(facts, account=msgspec.structs.replace(facts.account, account_no="0399900009"))

    return (wrapped(Slips, "of_payment", of_payment),)


def begins_without_paper() -> tuple[Patch, ...]:
    def works(facts: Facts) -> bool:
        return facts.acceptor.usable and facts.acceptor_free and (facts.hub_up or facts.stands_in)

    return (patch.object(Facts, "cash_works", property(works)),)


def takes_without_paper() -> tuple[Patch, ...]:
    def why_not(original: Any, desk: Desk, payment: Any, report: Any) -> str:
        fine = replace(desk.facts, printer=DeviceHealth(DeviceStatus.ONLINE))
        with patch.object(desk, "facts", fine):
            why: str = original(desk, payment, report)
        return why

    return (wrapped(cash, "why_not", why_not),)


def failed_slip_called_printed() -> tuple[Patch, ...]:
    def on_slip(original: Any, desk: Desk, said: Any) -> None:
        original(desk, replace(said, printed=True))

    return (wrapped(settle, "on_slip", on_slip),)


def addresses_unmasked() -> tuple[Patch, ...]:
    return (patch.object(hub_orders, "mask_address", lambda address: address),)


def slip_in_clear() -> tuple[Patch, ...]:
    def compose(original: Any, slips: Any, effect: Any) -> Any:
        document = original(slips, effect)
        return replace(document, elements=(*document.elements, Line("张伟")))

    return (wrapped(Slips, "compose", compose),)


def card_number_kept() -> tuple[Patch, ...]:
    def unanswered(original: Any, *args: Any, why: str, **kwargs: Any) -> None:
        original(*args, why=f"{why} (card {PAN})", **kwargs)

    return (wrapped(credit, "unanswered", unanswered),)
