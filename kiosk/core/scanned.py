"""Decisions on codes that the scanner reads: by the page that asked for one."""

from __future__ import annotations

from kiosk.core import find, phone, recharge, reference
from kiosk.core.desk import Desk
from kiosk.core.inputs import Scanned
from kiosk.session.state import Page

FINDS = frozenset({Page.HOME, Page.ENTER_ACCOUNT, Page.ENTER_METER})
"""Pages on which the bar code of a bill stands for its account number."""


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
        case "reference" if page is Page.ENTER_REFERENCE:
            desk.change(digits=said.text.replace("-", ""), entry_error="")
            reference.confirm(desk, "")
