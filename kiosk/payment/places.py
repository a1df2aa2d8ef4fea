"""The places that the transaction machine keeps for tenders and goods that are not served yet.

Same form as the table in service (`kiosk.payment.table`): state, event, next state, the act that the event permits.
Nothing here is reached by today's kiosk; when a tender or a good comes into service its rows move into that table with
their events and folds. What is settled now, so that journal, hub and recovery need no rewrite then: the states, where
an unknown outcome leads, what a restart does in each state, and how each way ends. The rules are those of design.md §4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
    begins: Mapping[str, Mapping[str, Way]]
    """Events into this plan, by the state of the machine in service, or of another plan, in which they come."""
    places: Mapping[str, Place]
    why: str
    late: Mapping[str, Mapping[str, Way]] = field(default_factory=dict)
    """Words that may come after an end of this plan, by end: journalled as evidence, or money to be claimed."""


IN_SERVICE = frozenset(state.value for state in PaymentState)
NEW_ENDS = frozenset({"declined", "reversed"})
"""Ends that come with these plans: nothing was taken; what was taken went back."""
ALL_ENDS = NEW_ENDS | {end.value for end in ENDS}
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "send_sale": ("sale_approved", "sale_declined"),
    "send_reversal": ("reversal_answered",),
    "ask_box_for_sale": ("sale_approved", "sale_declined"),
    "ask_box_for_last_result": ("sale_approved", "sale_declined"),
    "open_order": ("order_opened", "order_refused"),
    "close_order": ("order_closed", "sale_approved"),
    "send_redeem": ("sale_approved", "redeem_refused"),
}
"""What may answer an act over a line, at any later moment: in each place that can follow it has a way."""

_CLAIMED = Way("claimed")
_EVIDENCE_REVERSED = {"sale_approved": Way("reversed"), "sale_declined": Way("reversed")}

_REVERSING = Place(
    "The sale may stand at the bank; a reversal is due and repeated until it is answered.",
    "reversal_unknown",
    {
        "reversal_sending": Way("reversing", "send_reversal"),
        "reversal_unknown": Way("reversing"),
        "reversal_answered": Way("reversed"),
        # A late answer is evidence only: nothing is delivered for it, the reversal runs on (rule R4).
        "sale_approved": Way("reversing"),
        "sale_declined": Way("reversing"),
        "claimed": _CLAIMED,
    },
)

BANK_CARD = Plan(
    "Bank card, the hub as switch",
    {PaymentState.OPEN.value: {"sale_sending": Way("authorising", "send_sale")}},
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
    {
        "reversed": {**_EVIDENCE_REVERSED, "reversal_answered": Way("reversed")},
        # The hub has answered twice about one id: it holds the bank's word and settles it there.
        "declined": {"sale_approved": Way("declined"), "sale_declined": Way("declined")},
    },
)

TERMINAL_BOX = Plan(
    "Bank card, a certified terminal box",
    {PaymentState.OPEN.value: {"sale_sending": Way("authorising_box", "ask_box_for_sale")}},
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
            {
                "credit_sending": Way("sending", "send_credit"),
                "sale_approved": Way("taken"),
                # Two words of one box contradict each other: the money was taken by the first.
                "sale_declined": Way("taken"),
            },
        ),
    },
    "The box is the only one who knows; a sale that the kiosk never heard of is found in its last result.",
    # Nobody but the kiosk can tell the hub of money that the box took after all.
    {"declined": {"sale_approved": _CLAIMED, "sale_declined": Way("declined")}},
)

PHONE = Plan(
    "Phone payment by QR code",
    {PaymentState.OPEN.value: {"order_sending": Way("opening_order", "open_order")}},
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
                "order_opened": Way("awaiting_phone"),
                "order_refused": Way("closing_order"),
            },
        ),
        "closing_order": Place(
            "The order is being closed; until the hub has answered it may still be paid.",
            "order_closing",
            {
                "order_closing": Way("closing_order", "close_order"),
                "order_closed": Way("declined"),
                "sale_approved": Way("credited"),
                # Late words about the opening: the closing has the order's id and covers it either way.
                "order_opened": Way("closing_order"),
                "order_refused": Way("closing_order"),
                "claimed": _CLAIMED,
            },
        ),
    },
    "The order's id is the payment's: a payment that comes after closing is the hub's to refund or credit by policy.",
    {
        "declined": {
            "order_opened": Way("declined"),
            "order_refused": Way("declined"),
            "order_closed": Way("declined"),
            # Paid after closing: the hub, which closed it, refunds or credits and tells the customer's phone.
            "sale_approved": Way("declined"),
        }
    },
)

RECHARGE_CARD = Plan(
    "Recharge card",
    {PaymentState.OPEN.value: {"redeem_sending": Way("redeeming", "send_redeem")}},
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
    {"declined": {"redeem_refused": Way("declined"), "sale_approved": _CLAIMED}},
)

METER_CARD = Plan(
    "Meter-card write, by tenders other than cash",
    {
        # In place of a tender's own approval: the hub has booked the money and authorised one purchase count.
        "authorising": {"good_approved": Way("undelivered")},
        "awaiting_phone": {"good_approved": Way("undelivered")},
        "redeeming": {"good_approved": Way("undelivered")},
        # Nobody may stand there with the card any more: what is owed is written when it comes back.
        "closing_order": {"good_approved": Way("owed")},
        # Only money of a bank card, only while the card certainly holds the old count, and only when the hub has
        # withdrawn the purchase count in the same answer: an order and a reversal exclude each other.
        "undelivered": {"good_withdrawn": Way("reversing", "send_reversal")},
    },
    {"reversing": _REVERSING},
    "The write is idempotent by meter and purchase count: an order for a rewrite can never credit twice.",
    {"reversed": {**_EVIDENCE_REVERSED, "reversal_answered": Way("reversed")}},
)

PLANS = (BANK_CARD, TERMINAL_BOX, PHONE, RECHARGE_CARD, METER_CARD)
