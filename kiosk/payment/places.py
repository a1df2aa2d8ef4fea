"""The places that the transaction machine keeps for tenders and goods that are not served yet.

Same form as the table in service (`kiosk.payment.table`): state, event, next state, the act that the event permits.
Nothing here is reached by today's kiosk; when a tender or a good comes into service its rows move into that table with
their events and folds. What is settled now, so that journal, hub and recovery need no rewrite then: the states, where
an unknown outcome leads, what a restart does in each state, and how each way ends. The rules are those of design.md §4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.payment.model import ENDS, PaymentState


@dataclass(frozen=True, slots=True)
class Way:
    """Where an event leads and which act it permits once it is durable ("" for none)."""

    next: str
    act: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """One state: what is true in it, and the event that a restart writes first when it finds it (rule 2)."""

    meaning: str
    restart: str
    ways: Mapping[str, Way]


@dataclass(frozen=True, slots=True)
class Plan:
    """A tender or a good: where it hangs on the machine in service and the states of its own."""

    title: str
    begins: Mapping[str, Way]
    """Events from the machine's own OPEN (a tender) or CREDITED (a good) into this plan."""
    start: str
    places: Mapping[str, Place]
    why: str


IN_SERVICE = frozenset(state.value for state in PaymentState)
NEW_ENDS = frozenset({"declined", "reversed", "owed"})
"""Ends that come with these plans: nothing was taken; what was taken went back; paid, and the good has an order."""
ALL_ENDS = NEW_ENDS | {end.value for end in ENDS}

_CLAIMED = Way("claimed")

_REVERSING = Place(
    "The sale may stand at the bank; a reversal is due and repeated until it is answered.",
    "reversal_unknown",
    {
        "reversal_sending": Way("reversing", "send_reversal"),
        "reversal_unknown": Way("reversing"),
        "reversal_answered": Way("reversed"),
        # A late approval is evidence only: nothing is delivered for it, the reversal runs on (rule R4).
        "sale_approved": Way("reversing"),
        "claimed": _CLAIMED,
    },
)

BANK_CARD = Plan(
    "Bank card, the hub as switch",
    {"sale_sending": Way("authorising", "send_sale")},
    PaymentState.OPEN.value,
    {
        "authorising": Place(
            "The payment with its sealed card data may be at the hub and at the bank.",
            "sale_unknown",
            {
                # The hub books the money in the transaction that takes the bank's approval: one answer tells both.
                "sale_approved": Way("credited"),
                "sale_declined": Way("declined"),
                "sale_unknown": Way("reversing"),
            },
        ),
        "reversing": _REVERSING,
    },
    "The PIN block lives in memory only, so an unanswered sale cannot be sent again: it is reversed (rule 3).",
)

TERMINAL_BOX = Plan(
    "Bank card, a certified terminal box",
    {"sale_sending": Way("authorising_box", "ask_box_for_sale")},
    PaymentState.OPEN.value,
    {
        "authorising_box": Place(
            "The box may have taken the money.",
            "sale_unknown",
            {
                "sale_approved": Way("taken"),
                "sale_declined": Way("declined"),
                "sale_unknown": Way("asking_box"),
            },
        ),
        "asking_box": Place(
            "The box is asked for its last result before anything else; the question moves no money.",
            "last_result_asked",
            {
                "last_result_asked": Way("asking_box", "ask_box_for_last_result"),
                "sale_approved": Way("taken"),
                "sale_declined": Way("declined"),
                "claimed": _CLAIMED,
            },
        ),
        "taken": Place(
            "The money is taken and not on the hub's books yet; from here on as stacked cash (rule 3).",
            "credit_sending",
            {"credit_sending": Way("sending", "send_credit")},
        ),
    },
    "The box is the only one who knows; a sale that the kiosk never heard of is found in its last result.",
)

PHONE = Plan(
    "Phone payment by QR code",
    {"order_sending": Way("opening_order", "open_order")},
    PaymentState.OPEN.value,
    {
        "opening_order": Place(
            "The hub may have opened an order at the acquirer; no code was shown yet.",
            "order_unknown",
            {
                "order_opened": Way("awaiting_phone", "show_code"),
                "order_refused": Way("declined"),
                "order_unknown": Way("closing_order"),
            },
        ),
        "awaiting_phone": Place(
            "The code stands on the screen and can be paid at any moment.",
            "order_closing",
            {
                "sale_approved": Way("credited"),
                "order_closing": Way("closing_order", "close_order"),
            },
        ),
        "closing_order": Place(
            "The order is being closed; until the hub has answered it may still be paid.",
            "order_closing",
            {
                "order_closing": Way("closing_order", "close_order"),
                "order_closed": Way("declined"),
                "sale_approved": Way("credited"),
                "claimed": _CLAIMED,
            },
        ),
    },
    "The order's id is the payment's: a payment that comes after closing is the hub's to refund or credit by policy.",
)

RECHARGE_CARD = Plan(
    "Recharge card",
    {"redeem_sending": Way("redeeming", "send_redeem")},
    PaymentState.OPEN.value,
    {
        "redeeming": Place(
            "The secret number may be spent at the hub for this payment.",
            "redeem_unknown",
            {
                # Redeeming is idempotent by the payment's id and needs the sealed number, which the journal may hold.
                "redeem_sending": Way("redeeming", "send_redeem"),
                "redeem_unknown": Way("redeeming"),
                "redeem_refused": Way("declined"),
                "sale_approved": Way("credited"),
                "claimed": _CLAIMED,
            },
        ),
    },
    "Spent value is like stacked cash: the same request is repeated until it is answered, never reversed.",
)

METER_CARD = Plan(
    "Meter-card write",
    {"write_intended": Way("writing", "write_card")},
    PaymentState.CREDITED.value,
    {
        "writing": Place(
            "The card may hold the new purchase count, in whole or torn.",
            "write_uncertain",
            {
                "write_verified": Way("credited"),
                "write_uncertain": Way("reading_back", "read_card"),
            },
        ),
        "reading_back": Place(
            "The card is read before anything else; its purchase count says what happened.",
            "card_read_asked",
            {
                "card_read_asked": Way("reading_back", "read_card"),
                "write_verified": Way("credited"),
                # The old count: nothing was delivered, the same write with the same count may be made again.
                "write_absent": Way("credited"),
                "card_gone": Way("owed", "order_rewrite"),
            },
        ),
    },
    "The write is idempotent by meter and purchase count: an order for a rewrite can never credit twice.",
)

PLANS = (BANK_CARD, TERMINAL_BOX, PHONE, RECHARGE_CARD, METER_CARD)
