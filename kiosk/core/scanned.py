"""Decisions on codes that the scanner reads: by the page that asked for one."""

from __future__ import annotations

from kiosk.core import find, phone, recharge, reference
from kiosk.core.desk import Desk
from kiosk.core.inputs import Scanned
from kiosk.payment import effects as fx
from kiosk.payment.model import PaymentState
from kiosk.session.state import Page

WANTED = {
    Page.HOME: "home",
    Page.ENTER_ACCOUNT: "bill",
    Page.ENTER_METER: "bill",
    Page.ENTER_REFERENCE: "reference",
    Page.PHONE: "payer",
    Page.RECHARGE: "recharge",
}
"""What the scanner is to read for each page; on all others it rests."""
FINDS = frozenset({Page.HOME, Page.ENTER_ACCOUNT, Page.ENTER_METER})
"""Pages on which the bar code of a bill stands for its account number."""


def mind(desk: Desk) -> None:
    """Let the scanner read what the page wants, and rest elsewhere."""
    if desk.facts.scanner is None or desk.session.payer_waits:
        return
    payment = desk.shown
    if payment is not None and payment.scanned and payment.state is PaymentState.OPENING_ORDER:
        return  # the code that was read is on its way to the hub, and resting would forget it
    own_code = desk.session.page is Page.PHONE and payment is not None and payment.scanned
    wanted = "" if own_code else WANTED.get(desk.session.page, "")
    if wanted != desk.scanning:
        desk.scanning = wanted
        desk.do(fx.Scan(wanted) if wanted else fx.StopScan())


def on_scanned(desk: Desk, said: Scanned) -> None:
    """Use the code where the page has a use for it; any other is passed over."""
    page = desk.session.page
    match said.kind:
        case "payer" if page is Page.PHONE:
            phone.on_payer(desk, said)
        case "recharge" if page is Page.RECHARGE:
            recharge.scanned(desk, said.text)
        case "bill" if page in FINDS:
            desk.go(Page.ENTER_ACCOUNT, digits=said.text, entry_error="", account=None)
            find.look_up(desk, "")
        case "reference" if page in {Page.HOME, Page.ENTER_REFERENCE}:
            if page is Page.HOME:
                reference.another(desk, "")
            desk.change(digits=said.text.replace("-", ""), entry_error="")
            reference.confirm(desk, "")
