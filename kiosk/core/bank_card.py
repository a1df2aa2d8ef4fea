"""Decisions on a bank card that the kiosk reads itself: put in, routed, its PIN, the sale, and its way back."""

from __future__ import annotations

from dataclasses import replace

from kiosk.core import begun, credit, refused, reverse
from kiosk.core.desk import Desk
from kiosk.core.inputs import BankCardFelt, BankCardRead, PinSaid, RouteSaid, SaleSaid
from kiosk.hubclient import tender_wire
from kiosk.hubclient.outcomes import Answer, NotSent, Refused, Unknown, is_busy
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import Payment, PaymentState
from kiosk.payment.table import TABLE
from kiosk.session.state import BankSight, Page

INSIDE = frozenset({"in", "mouth"})
BEFORE_SALE = frozenset({Page.READING_BANK_CARD, Page.PIN})


def begin(desk: Desk, _arg: str = "") -> None:
    """Ask for the card."""
    desk.go(Page.INSERT_BANK_CARD, bank=BankSight())
    _accept(desk)


def _accept(desk: Desk) -> None:
    desk.asked = desk.ids()
    desk.do(fx.AcceptBankCard(desk.asked))


def on_felt(desk: Desk, felt: BankCardFelt) -> None:
    """The card came, moved or went."""
    before = desk.facts.bank_card
    gone = felt.place in {"none", "taken", "captured"}
    desk.facts = replace(desk.facts, bank_card="none" if gone else felt.place)
    if gone:
        desk.card_of = ""
    page = _page(desk)
    if felt.place == "mouth":
        if before != "mouth":
            _hold_out(desk)
    else:
        desk.stop("bank_remind")
        desk.stop("bank_take")
    if page is Page.TAKE_BANK_CARD and gone:
        desk.start_over()
    elif gone and before != "none":
        _went(desk, page)
    elif felt.place == "in" and page is Page.INSERT_BANK_CARD and desk.asked:
        desk.stop("question")  # whoever puts a card in has read enough, and is still there
        desk.go(Page.READING_BANK_CARD)
        desk.after("wait", 2.0)
    elif felt.place in INSIDE and page is Page.ATTRACT:
        desk.do(fx.EjectBankCard())  # whose it is nobody here knows: it goes back to whoever stands there
        desk.go(Page.TAKE_BANK_CARD)


def _page(desk: Desk) -> Page:
    """The customer's page, whether help or the question for more time lies over it or not."""
    page, under = desk.session.page, desk.session.under
    return under if under is not None and page in {Page.HELP, Page.MORE_TIME} else page


def _went(desk: Desk, page: Page) -> None:
    if page is Page.INSERT_BANK_CARD:
        _accept(desk)  # the one that could not be used is out: another may come
    elif page in BEFORE_SALE:
        if page is Page.PIN:
            desk.do(fx.EndPin())
        _trouble(desk, "pulled")
        _accept(desk)


def _hold_out(desk: Desk) -> None:
    settings = desk.config.bank_card
    desk.after("bank_remind", settings.remind_s)
    if settings.port:
        desk.after("bank_take", settings.take_card_s)


def remind(desk: Desk) -> None:
    """The card is still held out: the page and a sound say so, again and again."""
    if desk.facts.bank_card == "mouth":
        desk.change(reminders=desk.session.reminders + 1)
        desk.after("bank_remind", desk.config.bank_card.remind_s)


def nobody_took_it(desk: Desk) -> None:
    """A card that is not taken is drawn in, lest somebody else takes it."""
    if desk.facts.bank_card == "mouth":
        capture(desk, "not_taken")


def capture(desk: Desk, why: str) -> None:
    """Keep the card, and say so on paper where there is a payment to say it with."""
    desk.stop("bank_remind")
    desk.do(fx.CaptureBankCard(why))
    desk.change(captured=why)
    payment = desk.books.payments.get(desk.card_of)
    if payment is not None and ev.SlipIntended in TABLE[payment.state]:
        refused.print_captured(desk, payment)


def on_read(desk: Desk, read: BankCardRead) -> None:
    """Ask the hub which bank takes the card, or say why it cannot be used."""
    waits = desk.session.page in {Page.INSERT_BANK_CARD, Page.READING_BANK_CARD}
    if read.request != desk.asked or not waits:
        return
    desk.asked = ""
    if read.face is None:
        _trouble(desk, read.code or "unreadable")
        desk.do(fx.EjectBankCard())
        return
    face, route_id = read.face, desk.ids()
    desk.asked = route_id
    desk.go(Page.READING_BANK_CARD, bank=BankSight(masked=face.masked, label=face.label, route_id=route_id))
    desk.after("wait", 2.0)
    desk.do(fx.AskRoute(route_id, face.prefix, face.length, desk.session.amount_fen))


def _trouble(desk: Desk, code: str) -> None:
    desk.stop("wait")
    desk.go(Page.INSERT_BANK_CARD, bank=BankSight(trouble=code), pin_digits=0)


def on_route(desk: Desk, said: RouteSaid) -> None:
    """Ask for the PIN, or sell at once where the bank asks for none."""
    bank = desk.session.bank
    if said.route_id != desk.asked or desk.session.page is not Page.READING_BANK_CARD or bank is None:
        return
    desk.asked = ""
    desk.stop("wait")
    match said.outcome:
        case Answer(route):
            _routed(desk, bank, route)
            return
        case Refused(problem) if problem.code == "card_not_served":
            why = "not_served"
        case Refused():
            why = "bank_away"
        case outcome if is_busy(outcome) or _is_bank_away(outcome):
            why = "bank_away"
        case _:
            why = "hub_gone"
    _trouble(desk, why)
    desk.do(fx.EjectBankCard())


def _is_bank_away(outcome: object) -> bool:
    problem = outcome.problem if isinstance(outcome, Unknown) else None
    return problem is not None and problem.code == "bank_away"


def _routed(desk: Desk, bank: BankSight, route: tender_wire.Route) -> None:
    found = replace(
        bank,
        title_zh=route.title.zh,
        title_en=route.title.en,
        acquirer=route.acquirer,
        pin_asked=route.pin_key is not None,
    )
    desk.change(bank=found)
    if route.pin_key is None:
        sell(desk)
        return
    if route.acquirer not in desk.config.pin_pad.slots:
        _trouble(desk, "not_served")
        desk.do(fx.EjectBankCard())
        return
    desk.asked = desk.ids()
    desk.go(Page.PIN, pin_digits=0)
    key = route.pin_key
    desk.do(fx.AskPin(desk.asked, route.acquirer, key.wrapped, key.check, desk.session.amount_fen))


def on_pin(desk: Desk, said: PinSaid) -> None:
    """Follow the PIN entry: how many digits stand there, and how it ends."""
    if said.request != desk.asked or desk.session.page is not Page.PIN:
        return
    match said.what:
        case "ready":
            return
        case "typed":
            desk.change(pin_digits=said.digits)
            return
        case "entered":
            desk.asked = ""
            sell(desk)
        case "cancelled":
            desk.asked = ""
            begun.back_to_means(desk)
        case "timeout":
            begun.message(desk, "pin_timeout")
        case _:
            begun.message(desk, "pin_failed")


def cancel_pin(desk: Desk, _arg: str) -> None:
    """The customer does not want to pay by this card after all."""
    desk.do(fx.EndPin())
    begun.back_to_means(desk)


def sell(desk: Desk) -> None:
    """Make the sale durable and send it: once, for its PIN block is in memory only."""
    bank = desk.session.bank
    if bank is None:
        return
    if not (desk.facts.hub_up and desk.facts.printer.usable):
        begun.message(desk, "hub_gone" if not desk.facts.hub_up else "no_means")
        return
    opening = begun.opening(desk, desk.session.amount_fen)
    if opening is None:
        return
    known = ev.TenderFacts(title_zh=bank.title_zh, title_en=bank.title_en, card=bank.masked)
    desk.emit(ev.SaleOpened(**opening, route_id=bank.route_id, facts=known))
    desk.card_of = opening["key"]
    desk.go(Page.AUTHORISING, payment_id=opening["key"], pin_digits=0)
    desk.after("wait", 2.0)


def on_sale(desk: Desk, said: SaleSaid) -> None:
    """Deal with the hub's word on the sale; whatever is not a plain word of it is reversed."""
    payment = desk.books.payments.get(said.payment_id)
    if payment is None:
        return
    if payment.state is not PaymentState.AUTHORISING:
        if ev.LateAnswer in TABLE[payment.state]:
            desk.emit(ev.LateAnswer(key=payment.payment_id, word="sale", detail=_word(said)))
        return
    match said.outcome:
        case Answer(tender_wire.Sale(status="approved") as sale):
            if not _approve(desk, payment, sale):
                reverse.begin(desk, payment, credit.OTHER_CONTENT)
        case Answer(tender_wire.Sale(status="declined", decline=decline)):
            family, code = (decline.family, decline.code) if decline else ("other", "")
            refused.decline(desk, payment, family, code)
        case Refused(problem) as no if not no.judges_call_only:
            away = problem.code in {"bank_away", "reversal_due"}
            refused.decline(desk, payment, "bank_away" if away else "other", problem.code)
        case NotSent(reason, _):
            refused.decline(desk, payment, "hub_gone", str(reason))
        case _:
            reverse.begin(desk, payment, _word(said))


def _approve(desk: Desk, payment: Payment, sale: tender_wire.Sale) -> bool:
    booked, bank = sale.payment, sale.bank
    if booked is None or sale.amount_fen != payment.asked_fen:
        return False
    facts = None if bank is None else bank_facts(bank)
    return credit.approve(desk, payment, booked, tendered_fen=sale.amount_fen, facts=facts)


def bank_facts(bank: tender_wire.BankFacts) -> ev.TenderFacts:
    """What the slip tells of the bank's side."""
    return ev.TenderFacts(
        title_zh=bank.title.zh,
        title_en=bank.title.en,
        card=bank.card,
        terminal_no=bank.terminal_no,
        merchant_no=bank.merchant_no,
        trace=bank.trace,
        batch=bank.batch,
        number=bank.rrn,
        auth_code=bank.auth_code,
        at=bank.at.isoformat(),
    )


def _word(said: SaleSaid) -> str:
    match said.outcome:
        case Answer(tender_wire.Sale(status=status)):
            return status
        case Refused(problem):
            return problem.code
        case NotSent(reason, detail) | Unknown(reason, detail):
            return f"{reason}: {detail}"[:200]
