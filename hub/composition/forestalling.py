"""A claim for all the money of a payment forestalls it: what is claimed is not credited, and the other way round."""

from hub.business.forms import ClaimOrder, OpenItem
from hub.business.keeping import Keeping, Stored
from hub.business.orders import stands_for_payment
from hub.business.refusals import Refusal


async def forestall(
    store: Keeping, terminal: str, claim_id: str, claim: ClaimOrder | OpenItem
) -> Stored | None:
    """Refuse the claim's payment from now on; give the payment instead if its money is claimed or credited already.

    Another amount than was credited is other money. A payment of another terminal's is given, but never refused.
    """
    if claim.payment_id is None or not stands_for_payment(claim):
        return None
    payment = await store.hold_payment(claim.payment_id)
    if payment is None:
        await store.add_tombstone(claim.payment_id, terminal, claim_id=claim_id)
        return None
    credited = payment.serial is not None and payment.reversal_id is None
    if payment.claim_id is not None or (credited and payment.amount_fen == claim.amount_fen):
        return payment
    if payment.terminal == terminal:
        await store.mark_payment(claim.payment_id, claim_id=claim_id)
    return None


def refuse_forestalled(payment: Stored) -> None:
    """Refuse a payment that a reversal or a claim stands against; a claim beside a booked one is for other money."""
    if payment.reversal_id is not None:
        raise Refusal("reversed", "the payment was reversed", reversal_id=payment.reversal_id)
    if payment.serial is None:
        raise claimed(payment)


def claimed(payment: Stored) -> Refusal:
    """The refusal that names the claim which stands against a payment."""
    return Refusal("claimed", "a claim for this payment exists", claim_id=payment.claim_id)
