"""The transaction machine as a table that can be printed: state, event, next state, effects.

A pair that is missing is the error. Nothing in this file reads a clock, makes an id or touches the world.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.card_fold import rewrite_opened
from kiosk.payment.fold import IllegalEvent, claim_opened, fold, fold_claim, opened
from kiosk.payment.model import Claim, ClaimState, Payment
from kiosk.payment.model import PaymentState as S
from kiosk.payment.tender_fold import tender_opened

EffectName = type[fx.Effect]
__all__ = ["CLAIM_TABLE", "TABLE", "IllegalEvent", "Row", "step", "step_claim"]


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of the table: where the event leads and which effect it permits."""

    next: S
    effect: EffectName | None = None


START: Mapping[type[ev.Event], Row] = {
    ev.PaymentOpened: Row(S.OPEN, fx.EnableAcceptor),
    # Paid before, here or elsewhere: no money, only the card.
    ev.RewriteOpened: Row(S.UNDELIVERED),
    ev.SaleOpened: Row(S.AUTHORISING, fx.SendSale),
    ev.BoxSaleOpened: Row(S.AUTHORISING_BOX, fx.AskBoxForSale),
    ev.PhoneOpened: Row(S.OPENING_ORDER, fx.OpenOrder),
    ev.RechargeOpened: Row(S.REDEEMING),
}

_SLIPS: Mapping[type[ev.Event], EffectName | None] = {
    ev.SlipIntended: fx.PrintSlip,
    ev.SlipPrinted: None,
    ev.SlipFailed: None,
}


def _slips_stay(state: S) -> dict[type[ev.Event], Row]:
    return {event: Row(state, effect) for event, effect in _SLIPS.items()}


_TELLING: Mapping[type[ev.Event], EffectName | None] = {
    ev.OutcomeSending: fx.SendOutcome,
    ev.OutcomeUnanswered: None,
    ev.OutcomeTaken: None,
}


def _telling_stays(state: S) -> dict[type[ev.Event], Row]:
    """The hub learns how a write ended beside whatever else is done."""
    return {event: Row(state, effect) for event, effect in _TELLING.items()}


_HANDING: Mapping[type[ev.Event], EffectName | None] = {
    ev.CardOffered: fx.PresentCard,
    ev.CardKept: fx.RetractCard,
    ev.CardLeft: None,
}


def _handing_stays(state: S) -> dict[type[ev.Event], Row]:
    """A new card is handed over beside its slip and the hub's word."""
    return {event: Row(state, effect) for event, effect in _HANDING.items()}


_BOOKED: Mapping[type[ev.Event], Row] = {
    ev.CreditApproved: Row(S.CREDITED),
    ev.GoodApproved: Row(S.UNDELIVERED),
}
"""The hub's word that money is on its books, and for a good that its card may be written."""
_READ: Mapping[type[ev.Event], Row] = {
    ev.WriteVerified: Row(S.CREDITED),
    ev.WriteAbsent: Row(S.UNDELIVERED),
    ev.WriteTorn: Row(S.TORN),
}
"""What a look at the card can show."""
_TRY: Mapping[type[ev.Event], Row] = {
    ev.WriteIntended: Row(S.WRITING, fx.WriteCard),
    ev.CardReadAsked: Row(S.READING_BACK, fx.ReadCardBack),
    ev.WriteGivenUp: Row(S.OWED),
}
"""What may be done with a card that certainly does not hold the new purchase count."""

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
        ev.GoodApproved: Row(S.UNDELIVERED),
        ev.CheckingPromised: Row(S.CHECKING),
        ev.Claimed: Row(S.CLAIMED),
        # A recharge card that the hub does not take is not spent.
        ev.SaleDeclined: Row(S.DECLINED),
        # What a box took and the hub refuses goes back by the box.
        ev.VoidAsked: Row(S.VOIDING_BOX, fx.AskBoxForVoid),
    },
    S.CHECKING: {
        ev.CreditSending: Row(S.CHECKING, fx.SendCredit),
        ev.CreditUnknown: Row(S.CHECKING),
        ev.CreditApproved: Row(S.PAID),
        # Nobody may stand there with the card any more: what is owed is written when it comes back.
        ev.GoodApproved: Row(S.OWED),
        ev.Claimed: Row(S.CLAIMED),
        ev.SaleDeclined: Row(S.DECLINED),
        ev.VoidAsked: Row(S.VOIDING_BOX, fx.AskBoxForVoid),
        **_slips_stay(S.CHECKING),
    },
    # The PIN block lives in memory only, so an unanswered sale cannot be sent again: it is reversed.
    S.AUTHORISING: {
        # The hub books the money in the transaction that takes the bank's approval: one answer tells both.
        **_BOOKED,
        ev.SaleDeclined: Row(S.DECLINED),
        ev.SaleUnknown: Row(S.REVERSING),
    },
    S.REVERSING: {
        ev.ReversalSending: Row(S.REVERSING, fx.SendReversal),
        ev.ReversalUnanswered: Row(S.REVERSING),
        ev.ReversalAnswered: Row(S.REVERSED),
        # Nothing is delivered for it, the reversal runs on.
        ev.LateAnswer: Row(S.REVERSING),
        **_slips_stay(S.REVERSING),
    },
    S.AUTHORISING_BOX: {
        ev.SaleApproved: Row(S.TAKEN),
        ev.SaleDeclined: Row(S.DECLINED),
        ev.SaleUnknown: Row(S.ASKING_BOX),
    },
    # The box is the only one who knows; a sale that the kiosk never heard of is found in its last result.
    S.ASKING_BOX: {
        ev.LastResultAsked: Row(S.ASKING_BOX, fx.AskBoxForLastResult),
        ev.LastResultUnknown: Row(S.ASKING_BOX),
        ev.SaleApproved: Row(S.TAKEN),
        ev.SaleDeclined: Row(S.DECLINED),
        ev.Claimed: Row(S.CLAIMED),
        **_slips_stay(S.ASKING_BOX),
    },
    S.TAKEN: {ev.CreditSending: Row(S.SENDING, fx.SendCredit)},
    S.VOIDING_BOX: {
        ev.VoidAsked: Row(S.VOIDING_BOX, fx.AskBoxForVoid),
        ev.VoidUnknown: Row(S.VOIDING_BOX),
        ev.Voided: Row(S.REVERSED),
        ev.Claimed: Row(S.CLAIMED),
        **_slips_stay(S.VOIDING_BOX),
    },
    # The order's id is the payment's: what comes after closing is the hub's to give back or to credit by policy.
    S.OPENING_ORDER: {
        ev.OrderOpened: Row(S.AWAITING_PHONE),
        ev.SaleDeclined: Row(S.DECLINED),
        **_BOOKED,
        ev.OrderClosing: Row(S.CLOSING_ORDER, fx.CloseOrder),
    },
    S.AWAITING_PHONE: {
        **_BOOKED,
        ev.SaleDeclined: Row(S.DECLINED),
        ev.OrderClosing: Row(S.CLOSING_ORDER, fx.CloseOrder),
    },
    S.CLOSING_ORDER: {
        ev.OrderClosing: Row(S.CLOSING_ORDER, fx.CloseOrder),
        ev.OrderUnanswered: Row(S.CLOSING_ORDER),
        ev.OrderClosed: Row(S.DECLINED),
        ev.SaleDeclined: Row(S.DECLINED),
        ev.CreditApproved: Row(S.CREDITED),
        # Nobody may stand there with the card any more: what is owed is written when it comes back.
        ev.GoodApproved: Row(S.OWED),
        ev.CheckingPromised: Row(S.CHECKING_ORDER),
    },
    S.CHECKING_ORDER: {
        ev.OrderClosing: Row(S.CHECKING_ORDER, fx.CloseOrder),
        ev.OrderUnanswered: Row(S.CHECKING_ORDER),
        ev.OrderClosed: Row(S.DECLINED),
        ev.SaleDeclined: Row(S.DECLINED),
        ev.CreditApproved: Row(S.PAID),
        ev.GoodApproved: Row(S.OWED),
        **_slips_stay(S.CHECKING_ORDER),
    },
    # Spent value is like stacked cash: the same request is repeated until it is answered, never reversed.
    S.REDEEMING: {ev.CreditSending: Row(S.SENDING, fx.SendCredit)},
    S.UNDELIVERED: _TRY,
    S.WRITING: {**_READ, ev.WriteUncertain: Row(S.READING_BACK)},
    S.READING_BACK: {
        **_READ,
        ev.CardReadAsked: Row(S.READING_BACK, fx.ReadCardBack),
        ev.WriteGivenUp: Row(S.OWED),
    },
    # The same write with the same purchase count, over what was torn.
    S.TORN: _TRY,
    S.CREDITED: {
        ev.SlipIntended: Row(S.CREDITED, fx.PrintSlip),
        ev.SlipPrinted: Row(S.PAID),
        ev.SlipFailed: Row(S.PAID),
        **_telling_stays(S.CREDITED),
        **_handing_stays(S.CREDITED),
    },
    # A slip that was under way when the end came still reports; a late reprint is no change of state.
    S.PAID: {**_slips_stay(S.PAID), **_telling_stays(S.PAID), **_handing_stays(S.PAID)},
    S.OWED: {
        **_slips_stay(S.OWED),
        **_telling_stays(S.OWED),
        # A new card that could not be written is nobody's.
        ev.CardKept: Row(S.OWED, fx.RetractCard),
    },
    S.CLAIMED: {ev.SlipPrinted: Row(S.CLAIMED), ev.SlipFailed: Row(S.CLAIMED)},
    S.CANCELLED: _slips_stay(S.CANCELLED),
    S.DECLINED: {ev.LateAnswer: Row(S.DECLINED), **_slips_stay(S.DECLINED)},
    S.REVERSED: {ev.LateAnswer: Row(S.REVERSED), **_slips_stay(S.REVERSED)},
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
    rows = START if payment is None else TABLE[payment.state]
    row = rows.get(type(event))
    if row is None:
        raise IllegalEvent("none" if payment is None else payment.state.value, event)
    if payment is not None:
        after = replace(fold(payment, event), state=row.next)
    elif isinstance(event, ev.RewriteOpened):
        after = rewrite_opened(event)
    elif isinstance(event, ev.TenderOpened):
        after = replace(tender_opened(event), state=row.next)
    else:
        assert isinstance(event, ev.PaymentOpened)  # noqa: S101 - the start rows hold nothing else
        after = opened(event)
    return after, _effects(row.effect, after, event)


def step_claim(claim: Claim | None, event: ev.Event) -> tuple[Claim, tuple[fx.Effect, ...]]:
    """Fold one event into a claim (None before its first) and name the effects it permits."""
    if claim is None:
        if not isinstance(event, ev.ClaimOpened):
            raise IllegalEvent("none", event)
        begun = claim_opened(event)
        return begun, ((fx.AcknowledgeNote(),) if event.note_id else ())
    row = CLAIM_TABLE[claim.state].get(type(event))
    if row is None:
        raise IllegalEvent(claim.state.value, event)
    after = replace(fold_claim(claim, event), state=row[0])
    return after, _effects(row[1], after, event)


def _effects(name: EffectName | None, after: Payment | Claim, event: ev.Event) -> tuple[fx.Effect, ...]:
    if name is None:
        return ()
    if name is fx.StackNote and isinstance(event, ev.NoteIntended):
        return (fx.StackNote(event.note_id),)
    if name is fx.PrintSlip and isinstance(event, ev.SlipIntended):
        return (fx.PrintSlip(event.job, event.slip, event.copy_no, after),)
    for of_payment in fx.OF_PAYMENT:
        if name is of_payment and isinstance(after, Payment):
            return (of_payment(after),)
    if name is fx.SendClaim and isinstance(after, Claim):
        return (fx.SendClaim(after),)
    return (name(),)
