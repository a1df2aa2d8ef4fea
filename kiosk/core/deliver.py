"""Decisions on writing a meter card: the purchase, its write, the look after it, and what is owed without one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from drivers.card.model import CardState
from drivers.meter_card.model import CardCode
from kiosk.core import handover, settle
from kiosk.core.card_fate import Seen, look
from kiosk.core.desk import Desk
from kiosk.core.inputs import CardStaged, CardWritten, OutcomeSaid
from kiosk.hubclient.outcomes import Answer, NotSent, Refused, Unknown
from kiosk.payment import events as ev
from kiosk.payment.model import DELIVERING, Payment, PaymentState
from kiosk.session.state import CardSight, Page

TRYING = frozenset({PaymentState.UNDELIVERED, PaymentState.TORN})
NEVER_AUTHORISED = "never_authorised"
"""The hub's state of a write of which it has never heard."""
MAY_COUNT = "may_count: "
"""Begins the reason of a torn card that its meter may take all the same: the wallet is new and another file is not, or
a file cannot be read, and nobody has seen the wallet beside it."""
GONE_S = 600.0
"""So long after it was asked for a new card is still made; later its customer has gone, and gets it when he asks."""
READ_AGAIN_S = 1.0
WRITE_AGAIN_S = 1.0


def begin(desk: Desk, payment: Payment) -> None:
    """Write the card if it is in its reader, else ask for it and wait."""
    if _is_there(desk, payment):
        _write(desk, payment)
    else:
        _ask_for_card(desk, payment)


def _is_there(desk: Desk, payment: Payment) -> bool:
    return desk.facts.station is CardState.CONTACT if payment.new_card else desk.facts.card_in


def resume(desk: Desk, payment: Payment) -> None:
    """Take up a write that a restart interrupted: the card is looked at before anything else."""
    if payment.state is PaymentState.WRITING:
        desk.emit(ev.WriteUncertain(key=payment.payment_id, reason="restarted while writing"))
    if not payment.new_card:  # the dispenser first says where that stands, and has it contacted
        _read(desk, payment)
    desk.after(f"card_back:{payment.payment_id}", desk.config.meter_card.card_back_s)


def on_written(desk: Desk, said: CardWritten) -> None:
    """Deal with what came of a write or of a look at the card."""
    payment = desk.books.payments.get(said.payment_id)
    if payment is None or payment.state not in {PaymentState.WRITING, PaymentState.READING_BACK}:
        return
    if payment.card is None or payment.delivery is None or payment.delivery.writes != said.attempt:
        return
    if said.glance.contents is not None and not payment.new_card:
        desk.facts = replace(desk.facts, card_in=True)  # after a restart the reader may not have told so yet
    contents, sold = said.glance.contents, payment.delivery.purchase
    seen = look(payment.card, sold, said.glance)
    why = said.glance.code or said.glance.differs or seen.value
    may_count = seen is Seen.TORN and (contents is None or contents.wallet.count == sold.count)
    VERDICTS[seen](desk, payment, f"{MAY_COUNT}{why}" if may_count else why)


def _write(desk: Desk, payment: Payment) -> None:
    delivery = payment.delivery
    assert delivery is not None  # noqa: S101 - only a payment with something to write comes here
    key = payment.payment_id
    desk.stop(f"card_back:{key}")
    if delivery.writes >= desk.config.meter_card.most_writes:
        give_up(desk, payment, _outcome(payment), delivery.reason or "tried often enough")
        return
    if payment.new_card and _age_s(desk, payment) > GONE_S:
        give_up(desk, payment, _outcome(payment), "its customer has gone")
        return
    write_id = delivery.write_id or desk.ids()
    desk.emit(ev.WriteIntended(key=key, write_id=write_id, attempt=delivery.writes + 1))
    _show(desk, payment, _working(payment))


def _age_s(desk: Desk, payment: Payment) -> float:
    """Seconds since the money was in, or since what was paid before was asked for."""
    since = datetime.fromisoformat(payment.taken_at or payment.opened_at)
    return (desk.now.utc - since).total_seconds()


def _read(desk: Desk, payment: Payment) -> None:
    desk.emit(ev.CardReadAsked(key=payment.payment_id))


def _ask_for_card(desk: Desk, payment: Payment) -> None:
    _show(desk, payment, Page.MAKING if payment.new_card else Page.CARD_BACK)
    if payment.new_card and desk.facts.station in handover.INSIDE:
        handover.to_contact(desk, payment)
    name = f"card_back:{payment.payment_id}"
    if name not in desk.timers:
        desk.after(name, desk.config.meter_card.card_back_s)


def _written(desk: Desk, payment: Payment, _why: str) -> None:
    _delivered(desk, payment, taken=False)


def _taken(desk: Desk, payment: Payment, _why: str) -> None:
    _delivered(desk, payment, taken=True)


def _delivered(desk: Desk, payment: Payment, *, taken: bool) -> None:
    key = payment.payment_id
    desk.emit(ev.WriteVerified(key=key, at=desk.now.stamp, taken=taken))
    _stop(desk, key)
    settle.print_slip(desk, key, "paid")
    if desk.books.payments[key].untold:  # else it was written elsewhere while this kiosk was off
        tell_hub(desk, desk.books.payments[key])
    settle.show_outcome(desk, key, Page.DONE, desk.config.screen.slip_s)
    if payment.new_card:
        handover.offer(desk, desk.books.payments[key])


def _absent(desk: Desk, payment: Payment, why: str) -> None:
    desk.emit(ev.WriteAbsent(key=payment.payment_id, reason=why[:200]))
    _try_again(desk, payment.payment_id)


def _torn(desk: Desk, payment: Payment, why: str) -> None:
    desk.emit(ev.WriteTorn(key=payment.payment_id, reason=why[:200]))
    _try_again(desk, payment.payment_id)


def _outcome(payment: Payment) -> str:
    """How a write ended that is given up: "failed" says that the card certainly holds no new purchase count."""
    reason = payment.delivery.reason if payment.delivery is not None else ""
    may_count = payment.state is PaymentState.TORN and reason.startswith(MAY_COUNT)
    return "unknown" if may_count else "failed"


def _try_again(desk: Desk, key: str) -> None:
    """The first write of a run begins at once; after one that failed there is a pause, for what failed may pass."""
    payment = desk.books.payments[key]
    if payment.delivery is not None and payment.delivery.writes and _is_there(desk, payment):
        desk.after(f"card_write:{key}", WRITE_AGAIN_S * payment.delivery.writes)
    else:
        begin(desk, payment)


def write_again(desk: Desk, key: str) -> None:
    """The pause before the next write is over."""
    payment = desk.books.payments.get(key)
    if payment is not None and payment.state in TRYING:
        begin(desk, payment)


def _not_to_be_seen(desk: Desk, payment: Payment, why: str) -> None:
    """What is on the card nobody knows until it is back."""
    if payment.new_card:  # nobody can put it back; its contact may come again
        _unreadable(desk, payment, why)
        return
    if payment.state is PaymentState.WRITING:
        desk.emit(ev.WriteUncertain(key=payment.payment_id, reason=why[:200]))
    _ask_for_card(desk, desk.books.payments[payment.payment_id])


def _other_card(desk: Desk, payment: Payment, why: str) -> None:
    """Another card than the one that was paid for: its owner is told so for as long as it is in."""
    _not_to_be_seen(desk, payment, why)
    if desk.session.payment_id == payment.payment_id and not payment.new_card:
        _say_of_card(desk, CardCode.CHANGED)


def _say_of_card(desk: Desk, trouble: str) -> None:
    desk.change(card=replace(desk.session.card or CardSight("", None), trouble=trouble))


def _unreadable(desk: Desk, payment: Payment, why: str) -> None:
    """Reader or card cannot tell now: looked at again, for as long as a card is waited for."""
    key = payment.payment_id
    if payment.state is PaymentState.WRITING:
        desk.emit(ev.WriteUncertain(key=key, reason=why[:200]))
    _show(desk, payment, _working(payment))
    desk.after(f"card_look:{key}", READ_AGAIN_S)
    if f"card_back:{key}" not in desk.timers:
        desk.after(f"card_back:{key}", desk.config.meter_card.card_back_s)


VERDICTS: Mapping[Seen, Callable[[Desk, Payment, str], None]] = {
    Seen.WRITTEN: _written,
    Seen.TAKEN: _taken,
    Seen.ABSENT: _absent,
    Seen.TORN: _torn,
    Seen.OTHER_CARD: _other_card,
    Seen.GONE: _not_to_be_seen,
    Seen.UNREADABLE: _unreadable,
}


def on_card_in(desk: Desk) -> None:
    """A card was put in: it may be the one that a purchase waits for."""
    payment = desk.shown
    if payment is None or desk.session.page is not Page.CARD_BACK:
        return
    if payment.state in TRYING or payment.state is PaymentState.READING_BACK:
        _say_of_card(desk, "")
        _read(desk, payment)  # it may be another card, or not hold any more what it held
        _show(desk, payment, _working(payment))


def on_contacted(desk: Desk, payment: Payment, said: CardStaged) -> None:
    """The new card that a purchase waits for is contacted again, or the dispenser cannot."""
    if f"card_back:{payment.payment_id}" not in desk.timers or payment.state is PaymentState.WRITING:
        return
    if said.code:
        desk.after(f"card_look:{payment.payment_id}", handover.PRESENT_AGAIN_S)
    else:
        _read(desk, payment)


def look_again(desk: Desk, key: str) -> None:
    """Look at the card once more."""
    payment = desk.books.payments.get(key)
    if payment is None or payment.state not in {*TRYING, PaymentState.READING_BACK}:
        return
    if payment.new_card and not _is_there(desk, payment):
        handover.to_contact(desk, payment)
    elif payment.state is PaymentState.READING_BACK or payment.new_card:
        _read(desk, payment)


def waited(desk: Desk, key: str) -> None:
    """The card did not come back, or could not be read, for long enough."""
    payment = desk.books.payments.get(key)
    if payment is None or payment.state not in DELIVERING:
        return
    if payment.state is PaymentState.WRITING:
        desk.after(f"card_back:{key}", READ_AGAIN_S)  # the reader is at work, and has a deadline of its own
        return
    doubtful = payment.state is PaymentState.READING_BACK
    outcome = "unknown" if doubtful else _outcome(payment)
    give_up(desk, payment, outcome, "the card was not there")


def later(desk: Desk, _arg: str) -> None:
    """The customer does not put the card back: it is written another day."""
    payment = desk.shown
    if payment is not None and payment.state in DELIVERING and payment.state is not PaymentState.WRITING:
        waited(desk, payment.payment_id)


def give_up(desk: Desk, payment: Payment, outcome: str, why: str) -> None:
    """The write does not happen here: the hub keeps it as owed, a slip says so, and any kiosk writes it."""
    key = payment.payment_id
    desk.emit(ev.WriteGivenUp(key=key, outcome=outcome, reason=why[:200], at=desk.now.stamp))
    owe(desk, desk.books.payments[key])


def owe(desk: Desk, payment: Payment) -> None:
    """Say what is owed, on a slip and on the page."""
    key = payment.payment_id
    _stop(desk, key)
    if payment.new_card and payment.delivery is not None and payment.delivery.write_id:
        handover.keep(desk, payment, "not written")
    settle.print_slip(desk, key, "owed")
    if payment.untold:
        tell_hub(desk, payment)
    settle.show_outcome(desk, key, Page.OWED, desk.config.screen.slip_s)


def tell_hub(desk: Desk, payment: Payment) -> None:
    """Tell the hub how the write ended; repeated with the same id until it answers, without end."""
    delivery = payment.delivery
    assert delivery is not None  # noqa: S101 - only a payment whose write ended comes here
    desk.emit(ev.OutcomeSending(key=payment.payment_id, attempt=delivery.tellings + 1))
    desk.stop(f"outcome:{payment.payment_id}")


def on_outcome(desk: Desk, said: OutcomeSaid) -> None:
    """Deal with the hub's word on how a write ended."""
    payment = desk.books.payments.get(said.payment_id)
    if payment is None or not payment.untold or payment.delivery is None:
        return
    match said.outcome:
        case Answer(body):
            desk.emit(ev.OutcomeTaken(key=payment.payment_id, state=body.state))
            return
        case Refused(problem) if problem.code == "unknown_write":
            # Its authorisation never came to the hub: what was bought is owed, or another kiosk has written it.
            desk.emit(ev.OutcomeTaken(key=payment.payment_id, state=NEVER_AUTHORISED))
            return
        case Refused(problem):
            why = problem.code
        case NotSent(_, detail) | Unknown(_, detail):
            why = detail
    key = payment.payment_id
    desk.emit(ev.OutcomeUnanswered(key=key, attempt=said.attempt, reason=why[:200]))
    desk.after(f"outcome:{key}", settle.pause(desk, key, payment.delivery.tellings))


def tell_again(desk: Desk, key: str) -> None:
    """The next attempt to tell the hub is due."""
    payment = desk.books.payments.get(key)
    if payment is not None and payment.untold and payment.delivery and not payment.delivery.telling:
        tell_hub(desk, payment)


def _working(payment: Payment) -> Page:
    return Page.MAKING if payment.new_card else Page.WRITING


def _show(desk: Desk, payment: Payment, page: Page) -> None:
    if desk.session.payment_id == payment.payment_id and desk.session.page is not page:
        desk.go(page)
        if page in {Page.MAKING, Page.WRITING}:
            desk.after("wait", 2.0)


def _stop(desk: Desk, key: str) -> None:
    for kind in ("card_back", "card_look", "card_write"):
        desk.stop(f"{kind}:{key}")
