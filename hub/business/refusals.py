"""What the hub refuses, as values that every channel can turn into its own words."""

from typing import Literal, get_args

Code = Literal[
    "bad_request",
    "unknown_terminal",
    "bad_signature",
    "stale_signature",
    "replayed_request",
    "sign_on_needed",
    "unknown_account",
    "account_closed",
    "unknown_meter",
    "wrong_check_digit",
    "unknown_month",
    "months_not_oldest_first",
    "unknown_quote",
    "unknown_payment",
    "unknown_claim",
    "unknown_order",
    "unknown_reversal",
    "unknown_reference",
    "id_reused",
    "claimed",
    "reversed",
    "not_reversible",
    "amount_differs",
    "tender_off",
    "notes_differ",
    "amount_not_positive",
    "unknown_card_read",
    "unknown_purchase",
    "unknown_write",
    "card_not_ready",
    "over_hoarding_limit",
    "no_card_to_reissue",
    "card_is_open",
    "write_owed",
    "write_not_owed",
    "already_written",
    "other_card",
    "card_ahead",
    "card_behind",
    "not_authorised",
    "identity_not_checked",
    "bad_seal",
    "too_many_tries",
    "card_not_served",
    "unknown_route",
    "unknown_sale",
    "amount_off_limits",
    "reversal_due",
    "bank_away",
    "not_found",
    "method_not_allowed",
    "no_key_store",
    "hub_busy",
    "hub_fault",
]
CODES: tuple[Code, ...] = get_args(Code)


class Refusal(Exception):  # noqa: N818  # the hub is not at fault
    """An order that is not carried out, and nothing of it was booked.

    `detail` is for the technician, `field` names the part of the order that is at fault, `claim_id` the claim
    that stands against a payment, `reversal_id` the reversal that undid or forestalled it, and `retry_after_s`
    says when the same order may be tried again.
    """

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        field: str | None = None,
        claim_id: str | None = None,
        reversal_id: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code: Code = code
        self.detail = detail
        self.field = field
        self.claim_id = claim_id
        self.reversal_id = reversal_id
        self.retry_after_s = retry_after_s
