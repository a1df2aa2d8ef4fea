"""The hub's lane: one connection, one call at a time, every outcome told to the core."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from functools import cache
from importlib.metadata import version
from typing import TypeVar

from msgspec import UNSET

from kiosk.core.inputs import (
    AccountSaid,
    CardKnown,
    ClaimSaid,
    CreditSaid,
    IdentitySaid,
    OrderSaid,
    OutcomeSaid,
    QuoteSaid,
    RedemptionSaid,
    ReferenceSaid,
    ReversalSaid,
    RouteSaid,
    SaleSaid,
    SecretSealed,
    StatusSaid,
)
from kiosk.hubclient import card_wire, tender_wire, wire
from kiosk.hubclient.card_calls import Seal
from kiosk.hubclient.client import HubClient
from kiosk.hubclient.outcomes import Answer, NotSent, NotSentReason, Outcome, Refused, Unknown, UnknownReason
from kiosk.lanes.card_requests import card_read_request, identity_request, outcome_request
from kiosk.lanes.hold import Hold
from kiosk.lanes.lane import Lane, Tell, Work
from kiosk.lanes.tender_requests import (
    BUSINESS,
    box_sale,
    closing_request,
    phone_request,
    redemption_request,
    reversal_request,
    route_request,
    sale_request,
)
from kiosk.numbers import reference
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.effects import Effect
from kiosk.payment.model import Claim, Payment

W = TypeVar("W")


class HubLane(Lane):
    """Owns one client. The kiosk runs one for the customer who waits, and some that share what goes in the
    background: there a call that hangs until its deadline holds up no other."""

    def __init__(
        self, name: str, client: HubClient, tell: Tell, queue: Work | None = None, hold: Hold | None = None
    ) -> None:
        super().__init__(name, tell, queue)
        self._client = client
        self._hold = hold or Hold()

    def serve(self, effect: Effect) -> None:
        """Make the call that the effect stands for; the core hears an outcome whatever happens here."""
        try:
            self._call(effect)
        except Exception as error:
            self.log.exception("hub_call_failed")
            self._give_up(effect, Unknown(UnknownReason.BROKEN, type(error).__name__))

    def _give_up(self, effect: Effect, unknown: Unknown) -> None:
        match effect:
            case fx.LookUp(request):
                self.tell(AccountSaid(request, unknown))
            case fx.AskReference(request):
                self.tell(ReferenceSaid(request, unknown))
            case fx.AskQuote(quote_id):
                self.tell(QuoteSaid(quote_id, unknown))
            case fx.SendCredit(payment) if payment.tender == "recharge_card":
                self.tell(RedemptionSaid(payment.payment_id, payment.attempts, unknown))
            case fx.SendCredit(payment):
                self.tell(CreditSaid(payment.payment_id, payment.attempts, unknown))
            case fx.SendClaim(claim):
                self.tell(ClaimSaid(claim.claim_id, claim.attempts, unknown))
            case fx.AskCard(read_id):
                self.tell(CardKnown(read_id, unknown))
            case fx.CheckIdentity(check_id):
                self.tell(IdentitySaid(check_id, unknown))
            case fx.SendOutcome(payment) if payment.delivery is not None:
                self.tell(OutcomeSaid(payment.payment_id, payment.delivery.tellings, unknown))
            case fx.AskHubStatus() | fx.Beat():
                self.tell(StatusSaid(unknown))
            case _:
                self._give_up_tender(effect, unknown)

    def _give_up_tender(self, effect: Effect, unknown: Unknown) -> None:
        match effect:
            case fx.AskRoute(route_id):
                self.tell(RouteSaid(route_id, unknown))
            case fx.SendSale(payment):
                self.tell(SaleSaid(payment.payment_id, unknown))
            case fx.SendReversal(payment) if payment.reversal is not None:
                self.tell(ReversalSaid(payment.payment_id, payment.reversal.attempts, unknown))
            case fx.OpenOrder(payment):
                self.tell(OrderSaid(payment.payment_id, "open", 0, unknown))
            case fx.WatchOrder(payment):
                self.tell(OrderSaid(payment.payment_id, "watch", 0, unknown))
            case fx.CloseOrder(payment):
                self.tell(OrderSaid(payment.payment_id, "close", payment.asks, unknown))
            case fx.SealSecret(request):
                self.tell(SecretSealed(request, ""))

    def _call(self, effect: Effect) -> None:
        client = self._client
        match effect:
            case fx.LookUp(request, "meter", number):
                self.tell(AccountSaid(request, self._noted(client.account_of_meter(number))))
            case fx.LookUp(request, _, number):
                self.tell(AccountSaid(request, self._noted(client.account(number))))
            case fx.AskReference(request, word):
                self.tell(ReferenceSaid(request, self._noted(client.reference(word))))
            case fx.AskQuote(quote_id):
                quote = client.put_quote(quote_id, quote_request(effect))
                self.tell(QuoteSaid(quote_id, self._noted(quote)))
            case fx.SendCredit(payment) if payment.tender == "recharge_card":
                spent = client.put_redemption(payment.payment_id, redemption_request(payment))
                self.tell(RedemptionSaid(payment.payment_id, payment.attempts, self._noted(spent)))
            case fx.SendCredit(payment):
                credit = client.put_payment(payment.payment_id, payment_request(payment))
                self.tell(CreditSaid(payment.payment_id, payment.attempts, self._noted(credit)))
            case fx.SendClaim(claim):
                told = client.put_claim(claim.claim_id, claim_request(claim))
                self.tell(ClaimSaid(claim.claim_id, claim.attempts, self._noted(told)))
            case fx.AskCard(read_id):
                known = client.sealing(
                    lambda seal: client.put_card_read(read_id, card_read_request(effect, seal))
                )
                self.tell(CardKnown(read_id, self._noted(known)))
            case fx.CheckIdentity(check_id):
                checked = client.sealing(
                    lambda seal: client.put_identity_check(check_id, identity_request(effect, seal))
                )
                self.tell(IdentitySaid(check_id, self._noted(checked)))
            case fx.SendOutcome(payment):
                self._send_outcome(payment)
            case fx.AskHubStatus():
                self.tell(StatusSaid(self._noted(client.status())))
            case fx.Beat():
                beat = client.put_heartbeat(uuid.uuid4().hex, heartbeat_request(effect))
                self.tell(StatusSaid(self._noted(beat)))
            case _:
                self._call_tender(effect)

    def _call_tender(self, effect: Effect) -> None:
        client = self._client
        match effect:
            case fx.AskRoute(route_id):
                route = client.put_route(route_id, route_request(effect))
                self.tell(RouteSaid(route_id, self._noted(route)))
            case fx.SendSale(payment):
                self.tell(SaleSaid(payment.payment_id, self._noted(self._sell(payment))))
            case fx.SendReversal(payment) if payment.reversal is not None:
                undone = client.put_reversal(payment.reversal.reversal_id, reversal_request(payment))
                self.tell(ReversalSaid(payment.payment_id, payment.reversal.attempts, self._noted(undone)))
            case fx.OpenOrder(payment):
                self.tell(OrderSaid(payment.payment_id, "open", 0, self._noted(self._open_order(payment))))
            case fx.WatchOrder(payment):
                order = client.get_order(payment.payment_id, payment.asked_fen)
                self.tell(OrderSaid(payment.payment_id, "watch", 0, self._noted(order)))
            case fx.CloseOrder(payment):
                closed = client.put_closing(payment.payment_id, payment.asked_fen, closing_request(payment))
                self.tell(OrderSaid(payment.payment_id, "close", payment.asks, self._noted(closed)))
            case fx.SealSecret(request, text):
                self._seal_secret(request, text)

    def _sell(self, payment: Payment) -> Outcome[tender_wire.Sale]:
        card = self._hold.take_card()
        if card is None:
            return NotSent(NotSentReason.NO_CARD, "no card is held any more")
        return self._client.sealing(
            lambda seal: self._client.put_sale(payment.payment_id, sale_request(payment, card, seal))
        )

    def _open_order(self, payment: Payment) -> Outcome[tender_wire.Phone]:
        client = self._client
        if not payment.scanned:
            return client.put_order(payment.payment_id, phone_request(payment, None))
        payer = self._hold.take_payer()
        if not payer:
            return NotSent(NotSentReason.NO_CARD, "no payer's code is held any more")
        return client.sealing(
            lambda seal: client.put_order(
                payment.payment_id, phone_request(payment, seal("payer_code", payer))
            )
        )

    def _seal_secret(self, request: str, text: str) -> None:
        """Sealing asks the hub for its key where none is held; nothing else is sent."""
        made: list[str] = []

        def seal_only(seal: Seal) -> Outcome[wire.Wire]:
            made.append(seal("recharge_card", text))
            return Answer(wire.Wire())

        self._client.sealing(seal_only)
        self.tell(SecretSealed(request, made[0] if made else ""))

    def _send_outcome(self, payment: Payment) -> None:
        client, delivery = self._client, payment.delivery
        if delivery is not None:
            told = client.sealing(
                lambda seal: client.put_write_outcome(
                    delivery.write_id, outcome_request(payment, delivery, seal)
                )
            )
            self.tell(OutcomeSaid(payment.payment_id, delivery.tellings, self._noted(told)))

    def _noted(self, outcome: Outcome[W]) -> Outcome[W]:
        """Leave a line for the technician when the hub did not simply answer; never what was asked about."""
        match outcome:
            case Answer(card_wire.CardRead(verdict=verdict)) if verdict != "ready":
                self.log.info("card_judged", extra={"verdict": verdict})
            case Refused(problem):
                self.log.info("hub_refused", extra={"code": problem.code})
            case NotSent(reason, detail) | Unknown(reason, detail):
                self.log.warning("hub_unanswered", extra={"reason": str(reason), "detail": detail[:200]})
            case _:
                pass
        return outcome

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def quote_request(effect: fx.AskQuote) -> wire.QuoteRequest:
    """The body of a quote."""
    return wire.QuoteRequest(
        account_no=effect.account_no,
        business=BUSINESS[effect.business],
        months=effect.months,
        tender=effect.tender,
        card_read_id=effect.card_read_id or UNSET,
        identity_check_id=effect.identity_check_id or UNSET,
    )


def payment_request(payment: Payment) -> wire.PaymentRequest:
    """The body of a payment: made of journalled facts alone, so that every attempt has the same content."""
    return wire.PaymentRequest(
        account_no=payment.account.account_no,
        quote_id=payment.quote.quote_id or None,
        business=BUSINESS[payment.business],
        amount_fen=payment.inserted_fen,
        months=payment.quote.months,
        notes=_notes(payment.note_counts),
        kiosk_no=payment.kiosk_no,
        business_date=date.fromisoformat(payment.business_date),
        taken_at=datetime.fromisoformat(payment.taken_at),
        reference=reference(payment.payment_id),
        tender=payment.tender,
        box=box_sale(payment) or UNSET,
    )


def claim_request(claim: Claim) -> wire.ClaimRequest:
    """The body of a claim, made of journalled facts alone."""
    return wire.ClaimRequest(
        reference=claim.reference,
        payment_id=claim.payment_id or None,
        account_no=claim.account_no or None,
        amount_fen=claim.amount_fen,
        memo_fen=claim.memo_fen,
        reason=_REASONS[claim.reason],
        notes=_notes(claim.notes),
        made_at=datetime.fromisoformat(claim.made_at),
        tender=UNSET if claim.tender == "cash" else claim.tender,
    )


MOST_OPEN_ITEMS = 200


def heartbeat_request(beat: fx.Beat) -> wire.HeartbeatRequest:
    """The body of a heartbeat: the journal's head and every item that is at no end, the oldest first."""
    known = wire.KnownHead(seq=beat.known[0], head=beat.known[1]) if beat.known else None
    waiting = [p for p in beat.open_payments if p.attempts or p.tender != "cash"]
    begun = [datetime.fromisoformat(p.opened_at) for p in waiting]
    begun += [datetime.fromisoformat(c.made_at) for c in beat.open_claims]
    items = sorted(
        [*map(_open_payment, beat.open_payments), *map(_open_claim, beat.open_claims)],
        key=lambda item: item.opened_at,
    )
    return wire.HeartbeatRequest(
        journal_id=beat.journal_id,
        seq=beat.seq,
        head=beat.head,
        known=known,
        open=tuple(items[:MOST_OPEN_ITEMS]),
        backlog=wire.Backlog(count=len(begun), oldest_at=min(begun, default=None)),
        version=_version(),
    )


@cache
def _version() -> str:
    return version("power-kiosk")


def _open_payment(payment: Payment) -> wire.OpenItem:
    on_its_way = payment.intended
    # Nobody here knows whether it was taken, so it is told as a memo amount.
    asked_fen = 0 if payment.tendered_fen else payment.asked_fen
    return wire.OpenItem(
        id=payment.payment_id,
        kind="payment",
        state=payment.state.value,
        account_no=payment.account.account_no,
        amount_fen=payment.inserted_fen,
        memo_fen=on_its_way.value_fen if on_its_way else asked_fen,
        opened_at=datetime.fromisoformat(payment.opened_at),
        reference=reference(payment.payment_id),
        tender=payment.tender,
    )


def _open_claim(claim: Claim) -> wire.OpenItem:
    return wire.OpenItem(
        id=claim.claim_id,
        kind="claim",
        state=claim.state.value,
        account_no=claim.account_no or None,
        amount_fen=claim.amount_fen,
        memo_fen=claim.memo_fen,
        opened_at=datetime.fromisoformat(claim.made_at),
        reference=claim.reference,
        payment_id=claim.payment_id or None,
        reason=_REASONS[claim.reason],
        tender=claim.tender,
    )


_REASONS: dict[str, wire.ClaimReason] = {
    "declined": "declined",
    "unanswered": "unanswered",
    "note_fate_unknown": "note_fate_unknown",
    "late_note": "late_note",
    "orphan_note": "orphan_note",
    "unasked_note": "unasked_note",
    "sale_fate_unknown": "sale_fate_unknown",
}


def _notes(counts: tuple[ev.NoteCount, ...]) -> tuple[wire.NoteCount, ...]:
    return tuple(wire.NoteCount(value_fen=n.value_fen, count=n.count) for n in counts)
