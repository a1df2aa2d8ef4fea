"""The money panel and whose money it is: the same place and the same words on every page of a payment."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.hubclient.wire import Account, Bill
from kiosk.pages.draft import Draft
from kiosk.pages.look import Look, Panel
from kiosk.pages.reading import NOTHING, Amount, Digits, Line, Masked
from kiosk.payment.model import Payment
from kiosk.session.state import Choose

POWER = frozenset({"buy_power", "open_card"})
"""Kinds of business in which all the money buys power, up to a limit."""


def chosen_bills(account: Account, choose: Choose, months: Sequence[str] = ()) -> tuple[Bill, ...]:
    """Return the bills that the customer's choice covers: always a run from the oldest."""
    if choose == "all":
        return account.bills
    if choose == "oldest":
        return account.bills[:1]
    last = max((at for at, bill in enumerate(account.bills) if bill.month in months), default=-1)
    return account.bills[: last + 1]


def needed_fen(account: Account, bills: Sequence[Bill]) -> int:
    """Return what these bills need after the account's balance is used, as the hub's quote will say."""
    return max(sum(bill.due_fen for bill in bills) - account.balance_fen, 0)


def whose(draft: Draft, *, full: bool = False) -> None:
    """Say whose account it is, the name as the hub masked it; with address and company if `full`."""
    look = draft.look
    account = look.payment.account if look.payment else look.session.account
    if account is None:
        return
    if full:
        draft.row("name", Masked(account.name_masked), private=True)
        draft.row("address", Masked(account.address_masked), private=True)
        draft.row("account", Digits(account.account_no), private=True)
        draft.row("unit", Line(account.supply_unit, account.supply_unit))
    else:
        draft.row("account", Digits(account.account_no), private=True)
        draft.row("name", Masked(account.name_masked), private=True)


def quote_panel(look: Look, account: Account) -> Panel:
    """Return the panel before any money: what the choice needs, and what becomes of a surplus."""
    session = look.session
    bills = chosen_bills(account, session.choose, session.months)
    balance = (look.line("word.balance"), look.read(Amount(account.balance_fen)), False)
    known = session.card.known if session.card else None
    if session.business == "buy_power" and known is not None:
        most = look.read(Amount(min(known.max_fen, look.facts.max_payment_fen)))
        least = _least(look, known.min_fen)
        return Panel(look.line("word.limit"), most, least, _before(look, "buy_power"))
    if not account.due_fen and (session.business == "prepay" or not account.bills):
        return Panel(balance[0], balance[1], promise=_before(look, "prepay"))
    total, needed = sum(bill.due_fen for bill in bills), needed_fen(account, bills)
    rows = [balance]
    if total != needed:
        rows.insert(0, (look.line("word.bills_total"), look.read(Amount(total)), False))
    return Panel(look.line("word.due"), look.read(Amount(needed)), rows, _before(look, "before"))


def _before(look: Look, word: str) -> Line:
    """What becomes of the money, said before any; that no change is given is true of cash alone."""
    return look.line(f"promise.{word}" if look.facts.tenders == ("cash",) else f"promise.{word}_any")


def asked_panel(look: Look) -> Panel:
    """Return the panel of an amount that was fixed before: what is to be paid, and what it is for."""
    session, payment = look.session, look.payment
    fen = payment.amount_fen if payment else session.amount_fen
    panel = Panel(look.line("word.to_pay"), look.read(Amount(fen)))
    business = payment.business if payment else session.business
    due = payment.due_fen if payment else _due_fen(look)
    if business == "prepay" and session.account and not session.account.due_fen:
        after = session.account.balance_fen - session.account.arrears_fen + fen
        panel.rows.append((look.line("word.balance_then"), look.read(Amount(after)), True))
    elif business in {"arrears", "reissue", "prepay"} and due and due != fen:
        panel.rows.append((look.line("word.due"), look.read(Amount(due)), False))
        _apart(look, panel, business, due, fen)
    return panel


def _due_fen(look: Look) -> int:
    session = look.session
    if session.quote is not None:
        return session.quote.due_fen
    if session.account is None:
        return 0
    return needed_fen(session.account, chosen_bills(session.account, session.choose, session.months))


def _apart(look: Look, panel: Panel, business: str, due: int, fen: int) -> None:
    """Add what is to be paid later, or what is more than is due."""
    if fen < due and business != "reissue":
        panel.rows.append((look.line("word.later"), look.read(Amount(due - fen)), True))
        panel.promise = look.line("promise.tender_part")
    elif fen > due:
        panel.rows.append((look.line("word.surplus"), look.read(Amount(fen - due)), True))


def _taken_panel(look: Look, payment: Payment) -> Panel:
    """Return the panel of money that was taken by other means than cash, or may have been."""
    taken = payment.tendered_fen
    if not payment.amount_fen:  # what a recharge card is worth only the hub knows
        return Panel(look.line("word.due"), look.read(Amount(payment.due_fen)))
    label = look.line("word.received" if taken else "word.asked")
    panel = Panel(label, look.read(Amount(payment.amount_fen)))
    if payment.due_fen and payment.business in {"arrears", "reissue"}:
        panel.rows.append((look.line("word.due"), look.read(Amount(payment.due_fen)), False))
        _apart(look, panel, payment.business, payment.due_fen, payment.amount_fen)
    return panel


def cash_panel(look: Look, payment: Payment) -> Panel:
    """Return the panel while money goes in: what is due, in, missing or over, and what happens if one stops now."""
    inserted = (look.line("word.inserted"), look.read(Amount(payment.inserted_fen)))
    if payment.provisional:
        limit = (look.line("word.limit"), look.read(Amount(payment.quote.max_fen)), False)
        return Panel(*inserted, [limit], _promise(look, payment))
    if payment.business in POWER:
        most = Amount(min(payment.quote.max_fen, look.facts.max_payment_fen))
        limit = (look.line("word.limit"), look.read(most), False)
        return Panel(*inserted, [*_least(look, payment.quote.min_fen), limit], _promise(look, payment))
    if payment.business == "prepay":
        account = look.session.account
        balance = [_balance_row(look, account, payment)] if account else []
        return Panel(*inserted, balance, _promise(look, payment))
    due = (look.line("word.due"), look.read(Amount(payment.due_fen)))
    remaining = (look.line("word.remaining"), look.read(Amount(payment.remaining_fen)))
    surplus = (look.line("word.surplus"), look.read(Amount(payment.surplus_fen)))
    headline = remaining if payment.remaining_fen else inserted
    rows = [(*pair, strong) for pair, strong in ((due, False), (inserted, True), (remaining, True))]
    rows.append((*surplus, bool(payment.surplus_fen)))
    return Panel(*headline, rows, _promise(look, payment))


def _balance_row(look: Look, account: Account, payment: Payment) -> tuple[Line, Line, bool]:
    if account.due_fen:
        return (look.line("word.arrears"), look.read(Amount(account.due_fen)), False)
    # The hub books what the balance already covers together with this money.
    after = Amount(account.balance_fen - account.arrears_fen + payment.inserted_fen)
    return (look.line("word.balance_then"), look.read(after), True)


def _least(look: Look, least_fen: int) -> list[tuple[Line, Line, bool]]:
    """The least that buys power, where the smallest note does not reach it."""
    if least_fen <= min(look.facts.accepted_fen, default=0):
        return []
    return [(look.line("word.least"), look.read(Amount(least_fen)), True)]


def too_little(payment: Payment) -> bool:
    """Whether what is in, as it stands, makes no card and buys no power: all of it would be balance."""
    if payment.business == "reissue":
        return bool(payment.remaining_fen)
    return payment.business in POWER and payment.inserted_fen < payment.quote.min_fen


def _promise(look: Look, payment: Payment) -> Line:
    inserted, account = payment.inserted_fen, look.session.account
    if payment.provisional:
        use = look.line("promise.provisional")
    elif payment.business in POWER:
        part = inserted and too_little(payment)
        use = look.line("promise.power_part" if part else f"promise.{payment.business}")
    elif payment.business == "reissue" and inserted and too_little(payment):
        use = look.line("promise.reissue_part")
    elif payment.business == "prepay":
        use = look.line("promise.prepay_arrears" if account and account.due_fen else "promise.prepay")
    elif payment.surplus_fen:
        use = look.line("promise.surplus", surplus=Amount(payment.surplus_fen))
    elif not inserted:
        use = look.line("promise.before")
    else:
        use = look.line("promise.part" if payment.remaining_fen else "promise.exact")
    if not inserted and payment.intended is not None:
        return use  # a note is in the slot: neither is nothing in nor can one cancel
    if not inserted:
        return look.join(use, look.line("promise.nothing_in"))
    return look.join(use, look.line("promise.stop", inserted=Amount(inserted)))


def received_panel(look: Look, payment: Payment) -> Panel:
    """Return the panel once the amount is fixed or being fixed: received first, then what it is for."""
    if payment.tender != "cash":
        return _taken_panel(look, payment)
    panel = cash_panel(look, payment)
    panel.label, panel.headline = look.line("word.received"), look.read(Amount(payment.inserted_fen))
    panel.promise = NOTHING
    if payment.provisional:
        panel.rows.clear()
    elif payment.business in {"arrears", "reissue"}:
        del panel.rows[2:]
        if payment.remaining_fen and payment.business == "arrears":
            panel.rows.append((look.line("word.later"), look.read(Amount(payment.remaining_fen)), True))
        if payment.surplus_fen:
            panel.rows.append((look.line("word.surplus"), look.read(Amount(payment.surplus_fen)), True))
    return panel


def can_press_pay(payment: Payment) -> bool:
    """Whether the amount may be fixed now: money is in and no note is on its way."""
    return payment.inserted_fen > 0 and payment.intended is None
