"""How each event changes what is known of a payment or claim; whether it may happen the table says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from kiosk.payment import events as ev
from kiosk.payment.card_fold import CARD_FOLDS, NotTheWriteError, sold
from kiosk.payment.model import BUSINESSES, Claim, ClaimState, Credit, Note, NoteState, Payment, Slip
from kiosk.payment.model import PaymentState as S
from kiosk.payment.tender_fold import TENDER_FOLDS, TENDERS, NotTheSaleError


class IllegalEvent(Exception):  # noqa: N818 - named for what happened, as the table names it
    """This event cannot happen in this state."""

    def __init__(self, state: str, event: ev.Event) -> None:
        super().__init__(f"{type(event).__name__} in state {state} (key {event.key})")
        self.state = state
        self.event = event


def opened(e: ev.PaymentOpened) -> Payment:
    """The payment that begins."""
    return Payment(
        payment_id=e.key,
        kiosk_no=e.kiosk_no,
        state=S.OPEN,
        business=next((known for known in BUSINESSES if known == e.business), "arrears"),
        account=e.account,
        quote=e.quote,
        lang=e.lang,
        opened_at=e.at,
        card=e.card,
    )


def _intended(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.NoteIntended)  # noqa: S101 - each fold is reached by its own event type only
    note = Note(e.note_id, e.value_fen, NoteState.INTENDED, e.counter)
    return replace(p, notes=(*p.notes, note))


def _stacked(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.NoteStacked)  # noqa: S101
    if not e.asked:
        note = Note(e.note_id, e.value_fen, NoteState.STACKED, recovered=e.recovered)
        return replace(p, notes=(*p.notes, note))
    # The acceptor's value at the point of no return counts: that note is in the box.
    return _settle(p, e, e.note_id, NoteState.STACKED, e.recovered, e.value_fen)


def _returned(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.NoteReturned)  # noqa: S101
    return _settle(p, e, e.note_id, NoteState.RETURNED, e.recovered)


def _fate_unknown(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.NoteFateUnknown)  # noqa: S101
    return _settle(p, e, e.note_id, NoteState.UNKNOWN, recovered=False)


def _settle(
    p: Payment, e: ev.Event, note_id: str, to: NoteState, recovered: bool, value_fen: int | None = None
) -> Payment:
    note = p.intended
    if note is None or note.note_id != note_id:
        raise IllegalEvent(p.state.value, e)
    value = note.value_fen if value_fen is None else value_fen
    settled = replace(note, state=to, recovered=recovered, value_fen=value)
    return replace(p, notes=tuple(settled if n.note_id == note_id else n for n in p.notes))


def _sending(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.CreditSending)  # noqa: S101
    first = not p.attempts and p.tender == "cash"
    same = first or (e.taken_at, e.business_date) == (p.taken_at, p.business_date)
    worth = e.amount_fen > 0 or p.tender == "recharge_card"  # only the hub knows what the card is worth
    if e.amount_fen != p.inserted_fen or not worth or p.intended is not None or not same:
        raise IllegalEvent(p.state.value, e)
    return replace(p, attempts=e.attempt, in_flight=True, taken_at=e.taken_at, business_date=e.business_date)


def _unknown(p: Payment, _e: ev.Event) -> Payment:
    return replace(p, in_flight=False)


def _approved(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.CreditApproved)  # noqa: S101
    credit = Credit(
        hub_no=e.hub_no,
        allocations=e.allocations,
        to_balance_fen=e.to_balance_fen,
        balance_before_fen=e.balance_before_fen,
        balance_after_fen=e.balance_after_fen,
        arrears_after_fen=e.arrears_after_fen,
        credited_at=e.credited_at,
        business_date=e.business_date,
    )
    if bool(e.tendered_fen) != (p.tender != "cash" and not p.by_box):
        raise NotTheSaleError("the money is of another tender")
    tendered = e.tendered_fen or p.tendered_fen
    return replace(p, credit=credit, in_flight=False, tendered_fen=tendered, facts=e.facts or p.facts)


def _sold(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.GoodApproved)  # noqa: S101
    return sold(_approved(p, e), e)


def _claimed(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.Claimed)  # noqa: S101
    return replace(p, claim_id=e.claim_id, in_flight=False)


def _ended_by(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.PayRequested | ev.CancelRequested)  # noqa: S101
    return replace(p, ended_by=e.by)


def _same(p: Payment, _e: ev.Event) -> Payment:
    return p


def _slip(p: Payment, e: ev.Event) -> Payment:
    return replace(p, slips=_fold_slips(p.slips, p.state.value, e))


FOLDS: Mapping[type[ev.Event], Callable[[Payment, ev.Event], Payment]] = {
    ev.NoteIntended: _intended,
    ev.NoteStacked: _stacked,
    ev.NoteReturned: _returned,
    ev.NoteFateUnknown: _fate_unknown,
    ev.NoteRefused: _same,
    ev.CancelRequested: _ended_by,
    ev.Cancelled: _same,
    ev.PayRequested: _ended_by,
    ev.CreditSending: _sending,
    ev.CreditUnknown: _unknown,
    ev.CreditApproved: _approved,
    ev.GoodApproved: _sold,
    ev.CheckingPromised: _same,
    ev.Claimed: _claimed,
    ev.SlipIntended: _slip,
    ev.SlipPrinted: _slip,
    ev.SlipFailed: _slip,
    **CARD_FOLDS,
    **TENDER_FOLDS,
}


def fold(p: Payment, e: ev.Event) -> Payment:
    """One event into a payment; the table has said that it may happen. Raises IllegalEvent where it is not its own."""
    try:
        return FOLDS[type(e)](p, e)
    except (NotTheWriteError, NotTheSaleError) as error:
        raise IllegalEvent(p.state.value, e) from error


def _fold_slips(slips: tuple[Slip, ...], state: str, e: ev.Event) -> tuple[Slip, ...]:
    if isinstance(e, ev.SlipIntended):
        return (*slips, Slip(e.job, e.slip, e.copy_no))
    assert isinstance(e, ev.SlipPrinted | ev.SlipFailed)  # noqa: S101
    if not any(s.job == e.job for s in slips):
        raise IllegalEvent(state, e)
    reason = e.reason if isinstance(e, ev.SlipFailed) else ""
    done = isinstance(e, ev.SlipPrinted)
    return tuple(replace(s, printed=done, reason=reason) if s.job == e.job else s for s in slips)


def claim_opened(e: ev.ClaimOpened) -> Claim:
    """The claim that begins."""
    return Claim(
        claim_id=e.key,
        reference=e.reference,
        reason=e.reason,
        state=ClaimState.OPEN,
        payment_id=e.payment_id,
        account_no=e.account_no,
        amount_fen=e.amount_fen,
        memo_fen=e.memo_fen,
        notes=e.notes,
        made_at=e.at,
        lang=e.lang,
        tender=next((known for known in ("cash", *TENDERS.values()) if known == e.tender), "cash"),
    )


def fold_claim(c: Claim, e: ev.Event) -> Claim:
    """One event into a claim; the table has said that it may happen."""
    if isinstance(e, ev.ClaimSending):
        return replace(c, attempts=e.attempt, in_flight=True)
    if isinstance(e, ev.ClaimUnanswered):
        return replace(c, in_flight=False)
    if isinstance(e, ev.ClaimTaken):
        return replace(c, in_flight=False, resolution=e.resolution)
    return replace(c, slips=_fold_slips(c.slips, c.state.value, e))
