"""What `power-hub check` can find in the books."""

from typing import Literal

import msgspec

Rule = Literal[
    "transaction_sum",
    "ledger_sum",
    "transaction_without_legs",
    "balance",
    "bill_principal",
    "bill_late_fee",
    "leg_of_no_bill",
    "payment_booking",
    "payment_legs",
    "tombstone_without_cause",
    "payment_reversal",
    "reversal_legs",
    "two_claims",
    "claim_beside_payment",
    "claim_booking",
    "claim_release",
    "release_persons",
    "booking_without_order",
    "count_sold_twice",
    "count_missing",
    "meter_count",
    "count_of_purchase",
    "power_legs",
    "purchase_booking",
    "purchase_reversal",
    "purchase_answer",
    "purchase_card",
    "write_without_purchase",
    "write_of_purchase",
    "written_purchase",
    "active_cards",
    "phone_payment",
    "phone_refund",
    "phone_forgotten",
    "spent_card",
    "redeemed_payment",
    "redemption_answer",
    "box_sale",
    "batch_totals",
    "batch_end",
    "terminal_held",
    "sale_booked",
    "sale_not_booked",
    "sale_booking",
    "payment_without_sale",
    "sale_overdue",
    "reversal_forgotten",
    "card_number_kept",
    "trace_twice",
]


class Finding(msgspec.Struct, frozen=True):
    """One thing in the books that does not fit; `what` names the row."""

    rule: Rule
    what: str
    found: str
