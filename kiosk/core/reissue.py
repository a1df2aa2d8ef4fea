"""Decisions on the way to a new meter card: who asks, a blank that is good, what it costs or that it is paid for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import structs

from drivers.card.model import CardState
from drivers.meter_card.model import CardCode
from kiosk.core import card, handover
from kiosk.core.desk import Desk
from kiosk.core.inputs import CardAdmitted, CardKnown, CardRead, CardStaged, IdentitySaid, QuoteSaid
from kiosk.hubclient import card_wire, wire
from kiosk.hubclient.outcomes import Answer, Outcome, Refused, is_busy, wait_asked_s
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.session.state import CardSight, Page

Move = Callable[[Desk, str], None]
LENGTHS = {"phone": 11, "identity": 6}
"""A mobile number, or the last six digits of the identity card's number."""
WORTH_A_WAIT_S = 60.0
"""A longer wait that the hub asks for sends the customer elsewhere."""


def begin(desk: Desk, _arg: str) -> None:
    """Ask for the account that the new card is for."""
    if not desk.facts.reissues:
        return
    # What was said of the payment before is of no concern to whoever enters an account now.
    desk.change(payment_id="", note_notice=None)
    desk.go(Page.ENTER_ACCOUNT, business="reissue", digits="", entry_error="", account=None)


def ask_identity(desk: Desk) -> None:
    """Ask for a number that only the account's holder knows."""
    desk.go(Page.IDENTITY, digits="", entry_error="", identity_check="", pending=None)


def prove_by(proof: Literal["phone", "identity"]) -> Move:
    """Type the other number."""

    def move(desk: Desk, _arg: str) -> None:
        desk.change(proof=proof, digits="", entry_error="")

    return move


def key(desk: Desk, digit: str) -> None:
    """Take one digit, as long as there is room for it."""
    session = desk.session
    if len(digit) == 1 and digit in "0123456789" and len(session.digits) < LENGTHS[session.proof]:
        desk.change(digits=session.digits + digit, entry_error="")


def confirm(desk: Desk, _arg: str) -> None:
    """Have the hub compare what was typed."""
    if len(desk.session.digits) != LENGTHS[desk.session.proof]:
        desk.change(entry_error="too_short")
        return
    desk.go(Page.CHECKING_IDENTITY)
    desk.after("wait", 2.0)
    check(desk)


def check(desk: Desk) -> None:
    """Ask the hub, now or once more after the wait that it wanted."""
    session = desk.session
    if session.account is None or session.page is not Page.CHECKING_IDENTITY:
        return
    desk.asked = desk.ids()
    what = "phone" if session.proof == "phone" else "identity_no"
    account_no = session.account.account_no
    desk.do(fx.CheckIdentity(desk.asked, account_no, what, desk.now.stamp, session.digits))


def on_identity(desk: Desk, said: IdentitySaid) -> None:
    """Go on with the customer whom the hub knows."""
    if said.check_id != desk.asked or desk.session.page is not Page.CHECKING_IDENTITY:
        return
    desk.asked = ""
    match said.outcome:
        case Answer(body) if body.state == "matched" and body.pending and _has_made(desk, body.pending):
            _message(desk, "busy")
        case Answer(body) if body.state == "matched":
            pending = _in_local_time(desk, body.pending)
            desk.change(identity_check=said.check_id, digits="", rejected=0, pending=pending)
            stage(desk)
        case Answer(body) if body.tries_left > 0:
            _identity_again(desk, "not_matched", digits="", tries_left=body.tries_left)
        case outcome if _worth_a_wait(desk, outcome):
            desk.after("identity", wait_asked_s(outcome))
        case Answer() | Refused(wire.Problem(code="too_many_tries")):
            desk.stop("wait")
            desk.go(Page.IDENTITY_REFUSED, digits="", account=None)
        case outcome if is_busy(outcome):
            desk.change(digits="")
            _message(desk, "busy")
        case _:
            _identity_again(desk, "hub_gone")


def _worth_a_wait(desk: Desk, outcome: Outcome[card_wire.IdentityCheck]) -> bool:
    """Whether to ask again after the wait that the hub wants; one that stays busy would hold this page for ever."""
    patient = is_busy(outcome) and desk.session.wait_level < 2
    return (isinstance(outcome, Refused) or patient) and 0 < wait_asked_s(outcome) <= WORTH_A_WAIT_S


def _has_made(desk: Desk, pending: card_wire.PendingCard) -> bool:
    """Whether this kiosk has made the card already, and the hub does not know it yet: a second one is for nobody."""
    untold = (p.delivery for p in desk.books.untold_payments)
    return any(d and d.outcome == "written" and d.purchase.purchase_id == pending.purchase_id for d in untold)


def _in_local_time(desk: Desk, pending: card_wire.PendingCard | None) -> card_wire.PendingCard | None:
    zone = ZoneInfo(desk.config.terminal.timezone)
    return pending and structs.replace(pending, paid_at=pending.paid_at.astimezone(zone))


def _identity_again(desk: Desk, error: str, **changes: object) -> None:
    desk.stop("wait")
    desk.go(Page.IDENTITY, entry_error=error, **changes)


def give_up_check(desk: Desk, _arg: str) -> None:
    """Back to the number; a late answer is stale."""
    desk.asked = ""
    desk.stop("identity")
    _identity_again(desk, "")


def stage(desk: Desk) -> None:
    """Bring a card to the chip station: one that an earlier customer left there, or the next of the stack."""
    if handover.occupied(desk) or not desk.facts.reissues:
        _no_card(desk)
        return
    desk.asked = desk.ids()
    desk.do(fx.StageCard(desk.asked))
    desk.go(Page.STAGING, new_card=None)
    desk.after("wait", 2.0)


def on_staged(desk: Desk, said: CardStaged) -> None:
    """Read the card that stands there."""
    if said.request != desk.asked or desk.session.page is not Page.STAGING:
        return
    if said.code:
        _no_card(desk)
        return
    desk.asked = desk.ids()
    desk.do(fx.ReadCard(desk.asked, new=True))


def on_read(desk: Desk, read: CardRead) -> None:
    """Show the hub a card that is blank; another one is nobody's and goes into the reject bin."""
    if read.face is None and read.code == CardCode.READER_GONE:
        _no_card(desk)
    elif read.face is None or read.face.damaged or not read.face.contents.blank:
        _reject(desk)
    else:
        desk.asked = desk.ids()
        desk.change(new_card=CardSight(desk.asked, read.face.contents))
        desk.do(fx.AskCard(desk.asked, read.face, desk.now.stamp))


def on_known(desk: Desk, known: CardKnown) -> None:
    """Ask a card that is genuine and nobody's whether it lets itself be written."""
    sight = desk.session.new_card
    match known.outcome:
        case Answer(body) if body.verdict == "blank" and sight is not None and sight.contents is not None:
            if desk.session.pending is not None and sight.contents.profile != desk.session.pending.profile:
                _no_card(desk)  # its meter reads no cards of this layout
            else:
                desk.do(fx.AdmitCard(sight.read_id, sight.contents.profile, sight.contents.serial, new=True))
        case Answer():
            _reject(desk)
        case outcome if is_busy(outcome):
            _message(desk, "busy")
        case _:
            _message(desk, "hub_gone")


def on_admitted(desk: Desk, said: CardAdmitted) -> None:
    """Ask for the price of a card that can be written, if it has one; another one goes into the reject bin."""
    if not said.code and desk.session.pending is not None:
        desk.asked = ""
        desk.stop("wait")
        desk.go(Page.NEW_CARD, quote=None)
    elif not said.code:
        _ask_quote(desk)
    elif said.code == "module_away" and desk.config.meter_card.module == "hub":
        _message(desk, "hub_gone")
    elif said.code in {CardCode.READER_GONE, "module_away", "module_refused"}:
        _no_card(desk)
    else:
        _reject(desk)


def _reject(desk: Desk) -> None:
    """Nobody was promised this card, so nothing needs to be durable before it goes."""
    desk.change(rejected=desk.session.rejected + 1)
    desk.do(fx.RetractCard())
    if desk.session.rejected < desk.config.dispenser.most_rejects:
        stage(desk)
    else:
        _no_card(desk)


def _ask_quote(desk: Desk) -> None:
    session = desk.session
    if session.account is None:
        return
    desk.asked = desk.ids()
    desk.do(
        fx.AskQuote(
            desk.asked,
            session.account.account_no,
            session.business,
            (),
            card_read_id=session.new_card.read_id if session.new_card is not None else "",
            identity_check_id=session.identity_check,
        )
    )


def on_quote(desk: Desk, said: QuoteSaid) -> None:
    """Show what the new card costs; a meter that never had a card gets its first one."""
    desk.asked = ""
    match said.outcome:
        case Answer(body) if not card.in_reach(desk, body.min_fen, body.max_fen):
            _no_card(desk)
        case Answer(body):
            desk.stop("wait")
            desk.go(Page.NEW_CARD, quote=body)
        case Refused(wire.Problem(code="no_card_to_reissue")) if desk.session.business == "reissue":
            desk.change(business="open_card")
            _ask_quote(desk)
        case Refused(wire.Problem(code="write_owed")):
            _message(desk, "card_owed")
        case Refused(wire.Problem(code="unknown_meter")):
            _message(desk, "no_card_meter")
        case Refused(wire.Problem(code="account_closed")):
            _message(desk, "account_closed")
        case Refused():  # a card of another layout than the meter's among them: it stays for the next customer
            _no_card(desk)
        case outcome if is_busy(outcome):
            _message(desk, "busy")
        case _:
            _message(desk, "hub_gone")


def pay(desk: Desk, _arg: str) -> None:
    """Open the payment: everything that the new card needs has been seen to work."""
    session = desk.session
    facts = card.facts(session.new_card)
    if session.account is None or session.quote is None or session.pending is not None or facts is None:
        return
    if not desk.facts.cash_works or desk.collecting is not None:
        _message(desk, "no_cash")
    elif handover.occupied(desk) or desk.facts.station is not CardState.CONTACT:
        _no_card(desk)
    else:
        _open(desk, session.account, session.quote, facts)


def make(desk: Desk, _arg: str) -> None:
    """Make the card that was paid for before, free of charge and under the count it was sold with."""
    session = desk.session
    owed, blank = session.pending, card.facts(session.new_card)
    if session.account is None or owed is None or blank is None:
        return
    if handover.occupied(desk) or desk.facts.station is not CardState.CONTACT:
        _no_card(desk)
        return
    good = ev.PurchaseFacts(
        purchase_id=owed.purchase_id,
        good=owed.kind,
        meter_no=owed.meter_no,
        customer_no=owed.customer_no,
        count=owed.count,
        amount_fen=owed.amount_fen,
        card_serial=blank.serial,
        profile=owed.profile,
    )
    card.write_free(desk, session.account, blank, good)


def _open(desk: Desk, account: wire.Account, quote: wire.Quote, facts: ev.CardFacts) -> None:
    key = desk.ids()
    desk.emit(
        ev.PaymentOpened(
            key=key,
            kiosk_no=desk.books.kiosk_no + 1,
            business=desk.session.business,
            account=card.account_facts(account),
            quote=card.quote_facts(quote),
            lang=desk.session.modes.lang,
            at=desk.now.stamp,
            card=facts,
        )
    )
    desk.go(Page.CASH, payment_id=key, note_notice=None)


def give_up_staging(desk: Desk, _arg: str) -> None:
    """Back to the account; the card stays where it is for the next customer."""
    desk.asked = ""
    desk.stop("wait")
    desk.go(Page.CONFIRM_ACCOUNT, quote=None, new_card=None, identity_check="", pending=None)


def _no_card(desk: Desk) -> None:
    _message(desk, "no_new_card")


def _message(desk: Desk, what: str) -> None:
    desk.asked = ""
    desk.stop("wait")
    desk.go(Page.MESSAGE, message=what, new_card=None, quote=None)
