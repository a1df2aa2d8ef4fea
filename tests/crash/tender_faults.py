"""The deliberate faults of money that is not cash, by the rules of money (1 to 9) that they break."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from tests.crash import patches, tender_patches
from tests.crash.fault import Fault, Means
from tests.crash.patches import Patch


def _fault(
    means: Means, name: str, rule: int, within: int, made: Callable[[], tuple[Patch, ...]], *by: str
) -> Fault:
    return Fault(name, rule, within, made, by, means=means)


TAKEN = ("I1: bank_card", "nothing was taken")
ILLEGAL = "IllegalEvent: SaleDeclined"
"""The payment's table itself does not let the fault come to pass."""
UNTOLD = ("I14", "nothing was taken")
TENDER_FAULTS = (
    _fault(
        "bank",
        "a sale is sent before its row is durable",
        1,
        60,
        lambda: patches.act_first(fx.SendSale),
        "I7: SendSale",
    ),
    _fault(
        "box",
        "the box is asked before the row is durable",
        1,
        60,
        lambda: patches.act_first(fx.AskBoxForSale),
        "I7: AskBoxForSale",
    ),
    _fault(
        "bank",
        "a reversal is not written down",
        1,
        60,
        lambda: patches.never_written(ev.ReversalSending),
        "I7: SendReversal",
    ),
    _fault(
        "bank",
        "the hub sends a sale that it has not written",
        1,
        60,
        tender_patches.sale_not_written,
        "nobody knows",
    ),
    _fault(
        "bank",
        "an unanswered sale counts as declined",
        2,
        60,
        tender_patches.unknown_is_declined,
        "nothing was taken",
        "I14",
    ),
    _fault(
        "bank",
        "the bank's silence counts as a no",
        2,
        60,
        tender_patches.doubt_is_a_no,
        "I1: bank_card",
        "nothing was taken",
    ),
    _fault(
        "bank",
        "the bank's silence counts as a yes",
        2,
        60,
        tender_patches.doubt_is_a_yes,
        "I1: bank_card",
        "vouches",
    ),
    _fault("bank", "an answer with a wrong MAC counts", 2, 700, tender_patches.any_mac_is_good, "vouches"),
    _fault(
        "box",
        "an unanswered void counts as done",
        2,
        300,
        tender_patches.unanswered_void_is_done,
        "I1: bank_card",
    ),
    _fault(
        "phone",
        "an unanswered closing counts as closed",
        2,
        100,
        tender_patches.unanswered_closing_is_closed,
        "I14",
        "nothing was taken",
    ),
    _fault(
        "recharge",
        "an unanswered recharge card counts as refused",
        2,
        100,
        tender_patches.silent_redemption_is_refused,
        "I14",
        "nothing was taken",
    ),
    _fault(
        "bank",
        "a reversal is forgotten at a start",
        3,
        60,
        tender_patches.reversal_forgotten_at_start,
        "I5: payment",
    ),
    _fault(
        "bank",
        "a reversal is not repeated",
        3,
        60,
        lambda: patches.timer_dropped("reverse"),
        "I5: payment",
    ),
    _fault("bank", "the hub gives a reversal up", 3, 100, tender_patches.reversal_given_up, "I1: bank_card"),
    _fault(
        "bank",
        "a reversal leaves the bank's sale as it is",
        3,
        60,
        tender_patches.reversal_leaves_the_sale,
        "I1: bank_card",
    ),
    _fault(
        "bank",
        "a new sale while another's fate is open",
        3,
        300,
        tender_patches.sales_one_after_the_other_or_not,
        "rule 3: a new sale",
    ),
    _fault(
        "phone",
        "a closing is not repeated",
        3,
        100,
        lambda: patches.timer_dropped("close"),
        "I5: payment",
    ),
    _fault(
        "box",
        "what the hub refuses stays in the box",
        3,
        100,
        tender_patches.refused_sale_stays_in_the_box,
        ILLEGAL,
    ),
    _fault(
        "phone", "a refund is forgotten", 3, 100, tender_patches.refund_forgotten, "refund_due at the hub"
    ),
    _fault(
        "bank",
        "each attempt at a reversal has a new id",
        4,
        60,
        tender_patches.new_id_for_each_reversal,
        "another id for the reversal",
    ),
    _fault(
        "phone",
        "each attempt at a refund has a new number",
        4,
        300,
        tender_patches.refund_has_a_new_number,
        "went back twice",
    ),
    _fault(
        "bank",
        "the hub sends an unanswered sale again",
        4,
        60,
        tender_patches.sale_sent_again,
        "nobody knows",
    ),
    _fault(
        "box",
        "the box is asked for the sale again",
        4,
        60,
        tender_patches.box_asked_for_the_sale_again,
        "I7: AskBoxForSale",
    ),
    _fault(
        "recharge",
        "a recharge card is spent twice",
        5,
        100,
        tender_patches.card_spent_twice,
        "I1: recharge_card",
    ),
    _fault(
        "recharge",
        "a recharge card is credited and not spent",
        5,
        60,
        tender_patches.card_not_marked_spent,
        "I1: recharge_card",
    ),
    _fault(
        "phone",
        "a late phone payment is credited and refunded",
        5,
        100,
        tender_patches.late_payment_credited_and_refunded,
        "I1: qr",
    ),
    _fault(
        "phone",
        "money that came while closing is forgotten",
        5,
        100,
        tender_patches.paid_order_is_closed,
        "I1: qr",
    ),
    _fault(
        "box",
        "the box is not asked for its last result at a start",
        6,
        100,
        tender_patches.box_not_asked_at_start,
        "I1: bank_card",
        "nothing was taken",
    ),
    _fault(
        "box",
        "another payment's last result is taken",
        6,
        100,
        tender_patches.any_last_result,
        "I1: bank_card",
        "sent with other content",
    ),
    _fault("bank", "the hub keeps what was sealed", 9, 60, tender_patches.sealed_card_is_kept, "sealed card"),
)
