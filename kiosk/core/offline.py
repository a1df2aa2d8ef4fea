"""Decisions without the hub: how much cash may be taken against a provisional receipt, and for which account."""

from __future__ import annotations

from dataclasses import replace

from kiosk.core import choose, find
from kiosk.core.desk import COLLECTING, Desk
from kiosk.payment import events as ev
from kiosk.session.state import Page


def room_fen(desk: Desk) -> int:
    """How much one payment may bring in without the hub; 0 where none may begin.

    The hub must have spoken since the start, and not too long ago. Money that it does not have yet, of whatever
    payment or claim, takes room.
    """
    rules, cash = desk.config.offline, desk.config.cash
    if not rules.take_cash or desk.hub_spoke is None or desk.now.mono - desk.hub_spoke > rules.most_s:
        return 0
    books = desk.books
    waiting = sum(p.inserted_fen for p in books.open_payments if p.state not in COLLECTING)
    waiting += sum(c.amount_fen + c.memo_fen for c in books.open_claims)
    room = min(rules.most_fen, rules.most_waiting_fen - waiting, cash.most_fen)
    return room if room >= min(cash.accepted_fen) else 0


def mind_room(desk: Desk) -> None:
    """Keep in the kiosk's facts what may be taken without the hub."""
    room = room_fen(desk)
    if room != desk.facts.offline_fen:
        desk.facts = replace(desk.facts, offline_fen=room)


def back(desk: Desk, _arg: str) -> None:
    """Back to where the customer came from: the means of a known account, or the number."""
    if desk.session.account is not None:
        desk.go(Page.MEANS)
    else:
        find.back_to_first(desk, "")


def accept(desk: Desk, _arg: str) -> None:
    """Open the provisional payment; if the hub is back, go the way on which it confirms account and bills."""
    session, facts = desk.session, desk.facts
    if not facts.cash_works or desk.collecting is not None:
        desk.go(Page.MESSAGE, message="hub_gone" if facts.cash_reason == "hub_gone" else "no_cash")
    elif facts.hub_up and session.account is not None:
        choose.cash(desk, "")
    elif facts.hub_up:
        find.ask(desk, Page.ENTER_ACCOUNT)
    else:
        _open(desk)


def _open(desk: Desk) -> None:
    session, known = desk.session, desk.session.account
    account = (
        ev.AccountFacts(known.account_no, known.name_masked, known.address_masked, known.supply_unit)
        if known
        else ev.AccountFacts(session.typed_first, "", "")
    )
    payment_id = desk.ids()
    desk.emit(
        ev.PaymentOpened(
            key=payment_id,
            kiosk_no=desk.books.kiosk_no + 1,
            business=session.business,
            account=account,
            quote=ev.QuoteFacts("", (), 0, desk.facts.offline_fen, ""),
            lang=session.modes.lang,
            at=desk.now.stamp,
        )
    )
    desk.go(Page.CASH, payment_id=payment_id, note_notice=None)
