"""A claim for all the money of a payment forestalls it: what is claimed is not credited, and the other way round."""

from dataclasses import dataclass

from hub.business.forms import ClaimOrder, OpenItem
from hub.business.keeping import Keeping, Stored
from hub.business.orders import stands_for_payment
from hub.business.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Against:
    """What stands against a claim: the payment whose money is claimed or credited already, or a part of its money.

    `payment` is none where the claim stands; then `credited_fen` of it is booked and in no suspense.
    """

    payment: Stored | None = None
    credited_fen: int = 0


async def forestall(store: Keeping, terminal: str, claim_id: str, claim: ClaimOrder | OpenItem) -> Against:
    """Refuse the claim's payment from now on, unless its money is claimed or credited already.

    A kiosk claims another amount than was credited only if its journal is an old copy, or the payment came from one.
    The notes are the same: what is credited is not in suspense again, and only what goes beyond it is.
    A payment of another terminal's is never refused.
    """
    if claim.payment_id is None or not stands_for_payment(claim):
        return Against()
    payment = await store.hold_payment(claim.payment_id)
    if payment is None:
        await store.add_tombstone(claim.payment_id, terminal, claim_id=claim_id)
        return Against()
    credited_fen = _credited_fen(payment)
    if payment.claim_id is not None or (credited_fen and claim.amount_fen + claim.memo_fen <= credited_fen):
        return Against(payment)
    if payment.terminal != terminal:
        return Against()
    await store.mark_payment(claim.payment_id, claim_id=claim_id)
    return Against(credited_fen=credited_fen)


def _credited_fen(payment: Stored) -> int:
    booked = payment.serial is not None and payment.reversal_id is None
    return (payment.amount_fen or 0) if booked else 0


def refuse_forestalled(payment: Stored) -> None:
    """Refuse a payment that a reversal or a claim stands against; a claim beside a booked one is for other money."""
    if payment.reversal_id is not None:
        raise Refusal("reversed", "the payment was reversed", reversal_id=payment.reversal_id)
    if payment.serial is None:
        raise claimed(payment)


def claimed(payment: Stored) -> Refusal:
    """The refusal that names the claim which stands against a payment."""
    return Refusal("claimed", "a claim for this payment exists", claim_id=payment.claim_id)
