"""Which facts of a payment or claim go on which slip."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from drivers.errors import DriverError
from drivers.printer.document import Document
from kiosk.config import Config
from kiosk.numbers import reference
from kiosk.payment.effects import PrintSlip
from kiosk.payment.events import AccountFacts, TenderFacts
from kiosk.payment.model import Business, Claim, Delivery, Payment
from kiosk.power_receipt import PowerFacts
from kiosk.receipts import Kind, Place, ReceiptFacts, receipt
from kiosk.tender_receipt import Kept, OtherSide

_GOODS: Mapping[str, Business] = {"reissue": "reissue", "open": "open_card"}
"""What a slip calls a new card, also one that is made later without money."""

log = logging.getLogger("kiosk.slips")


class Slips:
    """Composes the slips of one kiosk; `key` is for the check code on them, or gives it when a slip is made."""

    def __init__(self, config: Config, key: bytes | Callable[[], bytes]) -> None:
        terminal = config.terminal
        self._place = Place(
            terminal.company, terminal.id, terminal.site, terminal.hotline, terminal.claim_url
        )
        self._key = key
        self._zone = ZoneInfo(terminal.timezone)

    def compose(self, effect: PrintSlip) -> Document:
        """Make the document of one print job."""
        facts = self.facts(effect)
        if not facts.adds_up:
            # The customer gets the slip all the same; a person must look at why.
            log.error("slip_does_not_add_up", extra={"job": effect.job, "slip": effect.slip})
        return receipt(facts, effect.job, self._check_key())

    def _check_key(self) -> bytes:
        """The key; none where its module is away: a slip without a check code is better than no slip."""
        if isinstance(self._key, bytes):
            return self._key
        try:
            return self._key()
        except DriverError as error:
            log.error("slip_without_check_code", extra={"reason": type(error).__name__})
            return b""

    def facts(self, effect: PrintSlip) -> ReceiptFacts:
        """What the slip of one print job tells."""
        about = effect.about
        if isinstance(about, Claim):
            return self.of_claim(about, effect)
        return (
            self.of_returned(about, effect) if effect.slip == "returned" else self.of_payment(about, effect)
        )

    def of_payment(self, payment: Payment, effect: PrintSlip) -> ReceiptFacts:
        """The receipt of a credited payment, or the slip that says what is still to come of it."""
        if payment.delivery is not None and effect.slip in {"paid", "owed"}:
            return self.of_power(payment, payment.delivery, effect)
        credit = payment.credit
        paid = effect.slip == "paid" and credit is not None
        stamp = credit.credited_at if credit is not None and paid else payment.taken_at
        facts = ReceiptFacts(
            kind="paid" if paid else _open_kind(payment, effect.slip),
            lang=payment.lang,
            place=self._place,
            at=self._local(stamp or payment.opened_at),
            kiosk_no=f"{payment.kiosk_no:06d}",
            business=payment.business,
            account=payment.account,
            received_fen=payment.inserted_fen,
            notes=payment.note_counts,
            returned=payment.returned_counts,
            reference="" if paid else reference(payment.payment_id),
            due_fen=payment.due_fen,
            copy_no=effect.copy_no,
            other=self._other(payment, effect.slip),
        )
        return facts if credit is None or not paid else _with_credit(facts, payment)

    def of_power(self, payment: Payment, delivery: Delivery, effect: PrintSlip) -> ReceiptFacts:
        """The receipt of power that is on its card, or the slip that says it is still to be written there."""
        written, sold = effect.slip == "paid", delivery.purchase
        credit, card = payment.credit, payment.card
        if payment.new_card and not written:
            card = None  # a new card that was not made is nobody's
        facts = ReceiptFacts(
            kind="paid" if written else "owed",
            lang=payment.lang,
            place=self._place,
            at=self._local(credit.credited_at if credit is not None else payment.opened_at),
            kiosk_no=f"{payment.kiosk_no:06d}",
            business=_GOODS.get(sold.good, payment.business),
            account=payment.account,
            received_fen=payment.inserted_fen,
            notes=payment.note_counts,
            returned=payment.returned_counts,
            reference="" if written else reference(sold.purchase_id),
            copy_no=effect.copy_no,
            other=self._other(payment),
            power=PowerFacts(
                amount_fen=sold.amount_fen,
                count=sold.count,
                card_end=card.serial[-4:] if card is not None else "",
                meter_no=sold.meter_no,
                written=written,
                fee_fen=sold.fee_fen,
                old_card_end=sold.old_card_end if written else "",
                free=payment.business == "rewrite",
                # Nobody can put a new card in again to have it looked at: it is made anew.
                doubtful=delivery.outcome == "unknown" and not payment.new_card,
                elsewhere=delivery.made_elsewhere and payment.new_card,
                taken=delivery.taken,
            ),
        )
        return _with_credit(facts, payment)

    def _other(self, payment: Payment, slip: str = "") -> OtherSide | None:
        """The other side of money that is not cash; None for cash."""
        if payment.tender == "cash":
            return None
        facts = payment.facts or TenderFacts()
        kept: Kept = ""
        if slip == "captured":
            kept = "bank" if payment.declined == "capture" else "not_taken"
        at = self._local(facts.at) if facts.at else None
        return OtherSide(payment.tender, facts, payment.amount_fen, at, kept)

    def of_returned(self, payment: Payment, effect: PrintSlip) -> ReceiptFacts:
        """The slip of a payment that took nothing, for notes that a power cut or a restart gave back."""
        back = payment.returned_counts
        return ReceiptFacts(
            kind="returned",
            lang=payment.lang,
            place=self._place,
            at=self._local(payment.opened_at),
            kiosk_no=f"{payment.kiosk_no:06d}",
            business=payment.business,
            account=payment.account,
            received_fen=sum(note.value_fen * note.count for note in back),
            notes=back,
            copy_no=effect.copy_no,
        )

    def of_claim(self, claim: Claim, effect: PrintSlip) -> ReceiptFacts:
        """The slip of money that a person will decide on."""
        account = AccountFacts(claim.account_no, "", "") if claim.account_no else None
        facts = ReceiptFacts(
            kind="claim",
            lang=claim.lang,
            place=self._place,
            at=self._local(claim.made_at),
            kiosk_no="",
            business="arrears",
            account=account,
            received_fen=claim.amount_fen,
            notes=claim.notes if claim.amount_fen else (),
            returned=claim.returned,
            reference=claim.reference,
            uncertain_fen=claim.memo_fen,
            copy_no=effect.copy_no,
        )
        if claim.tender == "cash":
            return facts
        facts = replace(facts, other=OtherSide(claim.tender, TenderFacts(), claim.amount_fen), notes=())
        if claim.reason == "sale_fate_unknown":  # nobody knows whether it was taken
            return replace(facts, received_fen=0, uncertain_fen=claim.amount_fen or claim.memo_fen)
        return facts

    def _local(self, stamp: str) -> datetime:
        return datetime.fromisoformat(stamp).astimezone(self._zone)


def _open_kind(payment: Payment, slip: str) -> Kind:
    """What a slip is called whose payment is not booked, or not yet."""
    if slip in {"reversal", "captured"}:
        return "reversal" if slip == "reversal" else "captured"
    return "provisional" if payment.provisional else "checking"


def _with_credit(facts: ReceiptFacts, payment: Payment) -> ReceiptFacts:
    credit = payment.credit
    if credit is None:
        return facts
    return replace(
        facts,
        business_date=credit.business_date,
        hub_no=credit.hub_no,
        months=credit.allocations,
        to_balance_fen=credit.to_balance_fen,
        balance_before_fen=credit.balance_before_fen,
        balance_after_fen=credit.balance_after_fen,
        arrears_after_fen=credit.arrears_after_fen,
    )
