"""The page between account and money: which bills."""

from __future__ import annotations

from kiosk.hubclient.wire import Account, Bill
from kiosk.page import BillLine, PageKind
from kiosk.pages.draft import Draft
from kiosk.pages.find import back
from kiosk.pages.frame import pay_reason
from kiosk.pages.look import Look, Press
from kiosk.pages.money import chosen_bills, needed_fen, quote_panel, whose
from kiosk.pages.reading import NOTHING, Amount, Day, Line, Month
from kiosk.pages.start import not_now
from kiosk.session.state import Choose, Page

BILLS_A_PAGE = 4
"""How many months stand on the page at once; `bills_up` and `bills_down` show the others."""

COLUMNS = ("month", "charge", "late_fee", "due")


def bills(look: Look) -> Draft:
    """Show what is owed by month, and ask which months to pay."""
    draft = Draft(look, Page.BILLS, PageKind.BILLS, step=1)
    draft.title = look.line("bills.title")
    draft.back = back(look)
    account = look.session.account
    if account is None:
        return draft
    whose(draft)
    draft.panel = quote_panel(look, account)
    if account.bills:
        _list_bills(draft, account)
    if account.due_fen:
        _ask_to_pay(draft, account)
    else:
        _offer_prepay(draft, account)
    if pay_reason(look).shown:
        not_now(draft)
    return draft


def _offer_prepay(draft: Draft, account: Account) -> None:
    look = draft.look
    if account.arrears_fen:
        text = look.line("bills.covered_text", arrears=Amount(account.arrears_fen))
        draft.notice("success", look.line("bills.covered"), text)
    else:
        draft.notice("success", look.line("bills.nothing"), look.line("bills.nothing_text"))
    draft.main = Press("prepay", look.line("bills.prepay"), icon="wallet", reason=pay_reason(look))


def _ask_to_pay(draft: Draft, account: Account) -> None:
    look, session = draft.look, draft.look.session
    chosen = chosen_bills(account, session.choose, session.months)
    needed = needed_fen(account, chosen)
    if session.business == "prepay":
        text = look.line("bills.first_arrears_text", due=Amount(account.due_fen))
        draft.notice("info", look.line("bills.first_arrears"), text)
    if len(account.bills) > 1:
        draft.choices = [*_which(look, account), *draft.choices]
        which = "bills.choose" if session.choose == "chosen" else "bills.which"
        draft.prompt = look.line(which, count=len(account.bills))
    else:
        draft.prompt = look.line("bills.single")
    why = pay_reason(look)
    if not why.shown and not needed:
        why = look.line("bills.choose_first" if not chosen else "bills.covered")
    label = look.line("bills.pay", amount=Amount(needed)) if needed else look.line("cash.pay_now")
    draft.main = Press("pay", label, icon="next", reason=why)


def _which(look: Look, account: Account) -> list[Press]:
    now, months = look.session.choose, look.session.months

    def press(id_: str, choose: Choose, label: Line, icon: str) -> Press:
        some = chosen_bills(account, choose, months)
        needed = needed_fen(account, some)
        detail = look.read(Amount(needed))
        if choose == "chosen":
            detail = look.line("bills.months", count=len(some)) if now == "chosen" else NOTHING
        covered = choose == "oldest" and not needed
        reason = look.line("bills.covered") if covered else NOTHING
        return Press(id_, label, NOTHING if covered else detail, icon, reason, selected=now == choose)

    return [
        press("pay_all", "all", look.line("bills.pay_all"), "all"),
        press("pay_oldest", "oldest", look.line("bills.pay_oldest"), "oldest"),
        press("pay_chosen", "chosen", look.line("bills.pay_chosen"), "pencil"),
    ]


def _list_bills(draft: Draft, account: Account) -> None:
    look, session = draft.look, draft.look.session
    first = max(0, min(session.first_bill, len(account.bills) - 1))
    seen = account.bills[first : first + BILLS_A_PAGE]
    chosen = {bill.month for bill in chosen_bills(account, session.choose, session.months)}
    draft.bill_columns = tuple(look.line(f"column.{name}").shown for name in COLUMNS)
    draft.bills = tuple(_bill(look, account, bill, bill.month in chosen) for bill in seen)
    draft.spoken_bills = [_spoken(look, account, bill) for bill in seen]
    if len(account.bills) > BILLS_A_PAGE:
        end = first + BILLS_A_PAGE >= len(account.bills)
        draft.choices = [
            Press(
                "bills_up",
                look.line("bills.up"),
                icon="up",
                reason=NOTHING if first else look.line("bills.no_up"),
            ),
            Press(
                "bills_down",
                look.line("bills.down"),
                icon="down",
                reason=look.line("bills.no_down") if end else NOTHING,
            ),
        ]


def _bill(look: Look, account: Account, bill: Bill, selected: bool) -> BillLine:
    return BillLine(
        id=bill.month,
        month=look.read(Month(bill.month)).shown,
        charge=look.read(Amount(bill.charge_fen)).shown,
        late_fee=look.read(Amount(bill.late_fee_fen)).shown,
        due=look.read(Amount(bill.due_fen)).shown,
        note=_note(look, account, bill).shown,
        selected=selected,
        overdue=bill.due_date < account.business_date,
    )


def _note(look: Look, account: Account, bill: Bill) -> Line:
    if bill.paid_fen:
        return look.line("bills.paid", paid=Amount(bill.paid_fen))
    if bill.due_date < account.business_date:
        return look.line("bills.overdue")
    return look.line("bills.until", day=Day(bill.due_date))


def _spoken(look: Look, account: Account, bill: Bill) -> Line:
    fee = look.line("speech.late_fee", fee=Amount(bill.late_fee_fen)) if bill.late_fee_fen else NOTHING
    return look.line(
        "speech.bill",
        month=Month(bill.month),
        charge=Amount(bill.charge_fen),
        fee=fee,
        due=Amount(bill.due_fen),
        note=_note(look, account, bill),
    )
