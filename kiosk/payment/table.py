"""The transaction machine as a table that can be printed: state, event, next state, effects.

A pair that is missing is the error. Nothing in this file reads a clock, makes an id or touches the world.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import Claim, ClaimState, Credit, Note, NoteState, Payment, Slip
from kiosk.payment.model import PaymentState as S

EffectName = type[fx.Effect]


class IllegalEvent(Exception):  # noqa: N818 - named for what happened, as the table names it
    """This event cannot happen in this state."""

    def __init__(self, state: str, event: ev.Event) -> None:
        super().__init__(f"{type(event).__name__} in state {state} (key {event.key})")
        self.state = state
        self.event = event


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of the table: where the event leads and which effect it permits."""

    next: S
    effect: EffectName | None = None


_START: Mapping[type[ev.Event], Row] = {ev.PaymentOpened: Row(S.OPEN, fx.EnableAcceptor)}

_SLIPS: Mapping[type[ev.Event], EffectName | None] = {
    ev.SlipIntended: fx.PrintSlip,
    ev.SlipPrinted: None,
    ev.SlipFailed: None,
}


def _slips_stay(state: S) -> dict[type[ev.Event], Row]:
    return {event: Row(state, effect) for event, effect in _SLIPS.items()}


TABLE: Mapping[S, Mapping[type[ev.Event], Row]] = {
    S.OPEN: {
        ev.NoteIntended: Row(S.STACKING_FIRST, fx.StackNote),
        ev.NoteRefused: Row(S.OPEN, fx.GiveBackNote),
        # An acceptor that stacks without being asked still holds the customer's money.
        ev.NoteStacked: Row(S.FUNDED, fx.AcknowledgeNote),
        ev.CancelRequested: Row(S.CANCELLING, fx.DisableAcceptor),
    },
    S.STACKING_FIRST: {
        ev.NoteStacked: Row(S.FUNDED, fx.AcknowledgeNote),
        ev.NoteReturned: Row(S.OPEN),
        ev.NoteFateUnknown: Row(S.OPEN),
    },
    S.FUNDED: {
        ev.NoteIntended: Row(S.STACKING, fx.StackNote),
        ev.NoteRefused: Row(S.FUNDED, fx.GiveBackNote),
        ev.NoteStacked: Row(S.FUNDED, fx.AcknowledgeNote),
        ev.PayRequested: Row(S.CLOSING, fx.DisableAcceptor),
    },
    S.STACKING: {
        ev.NoteStacked: Row(S.FUNDED, fx.AcknowledgeNote),
        ev.NoteReturned: Row(S.FUNDED),
        ev.NoteFateUnknown: Row(S.FUNDED),
        ev.PayRequested: Row(S.CLOSING, fx.DisableAcceptor),
    },
    S.CANCELLING: {
        ev.NoteRefused: Row(S.CANCELLING, fx.GiveBackNote),
        ev.NoteStacked: Row(S.CLOSING, fx.AcknowledgeNote),
        ev.Cancelled: Row(S.CANCELLED),
    },
    S.CLOSING: {
        ev.NoteRefused: Row(S.CLOSING, fx.GiveBackNote),
        ev.NoteStacked: Row(S.CLOSING, fx.AcknowledgeNote),
        ev.NoteReturned: Row(S.CLOSING),
        ev.NoteFateUnknown: Row(S.CLOSING),
        ev.CreditSending: Row(S.SENDING, fx.SendCredit),
    },
    S.SENDING: {
        ev.CreditSending: Row(S.SENDING, fx.SendCredit),
        ev.CreditUnknown: Row(S.SENDING),
        ev.CreditApproved: Row(S.CREDITED),
        ev.CheckingPromised: Row(S.CHECKING),
        ev.Claimed: Row(S.CLAIMED),
    },
    S.CHECKING: {
        ev.CreditSending: Row(S.CHECKING, fx.SendCredit),
        ev.CreditUnknown: Row(S.CHECKING),
        ev.CreditApproved: Row(S.PAID),
        ev.Claimed: Row(S.CLAIMED),
        **_slips_stay(S.CHECKING),
    },
    S.CREDITED: {
        ev.SlipIntended: Row(S.CREDITED, fx.PrintSlip),
        ev.SlipPrinted: Row(S.PAID),
        ev.SlipFailed: Row(S.PAID),
    },
    # A slip that was under way when the end came still reports; a late reprint is no change of state.
    S.PAID: _slips_stay(S.PAID),
    S.CLAIMED: {ev.SlipPrinted: Row(S.CLAIMED), ev.SlipFailed: Row(S.CLAIMED)},
    S.CANCELLED: {},
}

CLAIM_TABLE: Mapping[ClaimState, Mapping[type[ev.Event], tuple[ClaimState, EffectName | None]]] = {
    ClaimState.OPEN: {
        ev.ClaimSending: (ClaimState.OPEN, fx.SendClaim),
        ev.ClaimUnanswered: (ClaimState.OPEN, None),
        ev.ClaimTaken: (ClaimState.TAKEN, None),
        **{event: (ClaimState.OPEN, effect) for event, effect in _SLIPS.items()},
    },
    ClaimState.TAKEN: {event: (ClaimState.TAKEN, effect) for event, effect in _SLIPS.items()},
}


def step(payment: Payment | None, event: ev.Event) -> tuple[Payment, tuple[fx.Effect, ...]]:
    """Fold one event into a payment (None before its first) and name the effects it permits.

    Raises IllegalEvent for a pair that the table does not hold, and for a note that is not the payment's own.
    """
    rows = _START if payment is None else TABLE[payment.state]
    row = rows.get(type(event))
    if row is None:
        raise IllegalEvent("none" if payment is None else payment.state.value, event)
    if payment is None:
        assert isinstance(event, ev.PaymentOpened)  # noqa: S101 - the start row holds nothing else
        after = _opened(event)
    else:
        after = replace(_FOLDS[type(event)](payment, event), state=row.next)
    return after, _effects(row.effect, after, event)


def step_claim(claim: Claim | None, event: ev.Event) -> tuple[Claim, tuple[fx.Effect, ...]]:
    """Fold one event into a claim (None before its first) and name the effects it permits."""
    if claim is None:
        if not isinstance(event, ev.ClaimOpened):
            raise IllegalEvent("none", event)
        opened = _claim_opened(event)
        return opened, ((fx.AcknowledgeNote(),) if event.note_id else ())
    row = CLAIM_TABLE[claim.state].get(type(event))
    if row is None:
        raise IllegalEvent(claim.state.value, event)
    after = replace(_fold_claim(claim, event), state=row[0])
    return after, _effects(row[1], after, event)


def _effects(name: EffectName | None, after: Payment | Claim, event: ev.Event) -> tuple[fx.Effect, ...]:
    if name is None:
        return ()
    if name is fx.StackNote and isinstance(event, ev.NoteIntended):
        return (fx.StackNote(event.note_id),)
    if name is fx.PrintSlip and isinstance(event, ev.SlipIntended):
        return (fx.PrintSlip(event.job, event.slip, event.copy_no, after),)
    if name is fx.SendCredit and isinstance(after, Payment):
        return (fx.SendCredit(after),)
    if name is fx.SendClaim and isinstance(after, Claim):
        return (fx.SendClaim(after),)
    return (name(),)


def _opened(e: ev.PaymentOpened) -> Payment:
    business: str = e.business
    return Payment(
        payment_id=e.key,
        kiosk_no=e.kiosk_no,
        state=S.OPEN,
        business="prepay" if business == "prepay" else "arrears",
        account=e.account,
        quote=e.quote,
        lang=e.lang,
        opened_at=e.at,
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
    same = not p.attempts or (e.taken_at, e.business_date) == (p.taken_at, p.business_date)
    if e.amount_fen != p.inserted_fen or e.amount_fen <= 0 or p.intended is not None or not same:
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
    return replace(p, credit=credit, in_flight=False)


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


_FOLDS: Mapping[type[ev.Event], Callable[[Payment, ev.Event], Payment]] = {
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
    ev.CheckingPromised: _same,
    ev.Claimed: _claimed,
    ev.SlipIntended: _slip,
    ev.SlipPrinted: _slip,
    ev.SlipFailed: _slip,
}


def _fold_slips(slips: tuple[Slip, ...], state: str, e: ev.Event) -> tuple[Slip, ...]:
    if isinstance(e, ev.SlipIntended):
        return (*slips, Slip(e.job, e.slip, e.copy_no))
    assert isinstance(e, ev.SlipPrinted | ev.SlipFailed)  # noqa: S101
    if not any(s.job == e.job for s in slips):
        raise IllegalEvent(state, e)
    reason = e.reason if isinstance(e, ev.SlipFailed) else ""
    done = isinstance(e, ev.SlipPrinted)
    return tuple(replace(s, printed=done, reason=reason) if s.job == e.job else s for s in slips)


def _claim_opened(e: ev.ClaimOpened) -> Claim:
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
    )


def _fold_claim(c: Claim, e: ev.Event) -> Claim:
    if isinstance(e, ev.ClaimSending):
        return replace(c, attempts=e.attempt, in_flight=True)
    if isinstance(e, ev.ClaimUnanswered):
        return replace(c, in_flight=False)
    if isinstance(e, ev.ClaimTaken):
        return replace(c, in_flight=False, resolution=e.resolution)
    return replace(c, slips=_fold_slips(c.slips, c.state.value, e))
