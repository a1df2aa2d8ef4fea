"""Recharge cards: which may be spent for what, how many wrong numbers a terminal may send, and how long it waits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from hub.business.forms import Payment, Quote, QuoteOrder
from hub.business.keeping import Stored
from hub.business.recharge_keeping import RechargeCard, WrongNumbers
from hub.business.refusals import Refusal
from hub.business.tender_forms import Redemption, RedemptionOrder

WINDOW = timedelta(hours=1)
TRIES = 10
"""How many wrong numbers may come from one terminal within the window; after that it redeems nothing until its end."""
WAITS_S: Sequence[int] = (0, 0, 5, 15, 30, 60)
"""How long to wait after so many wrong numbers; after more, as long as after the last of them.

Who takes the wrong card out of his pocket once is not made to wait.
"""

Refused = Literal["unknown", "used", "expired", "locked", "off_limits"]


@dataclass(frozen=True, slots=True)
class RechargeLimits:
    """How many wrong numbers the utility lets come from one terminal within the window."""

    tries: int = TRIES
    window: timedelta = WINDOW


RECHARGE_DEFAULTS = RechargeLimits()


def tries_now(tries: WrongNumbers | None, now: datetime, limits: RechargeLimits) -> WrongNumbers:
    """The wrong numbers that still count; a window that is over begins anew with the next one."""
    if tries is None or now >= tries.since + limits.window:
        return WrongNumbers(now, 0, now)
    return tries


def one_more(tries: WrongNumbers, now: datetime) -> WrongNumbers:
    """Count a wrong number."""
    return replace(tries, failed=tries.failed + 1, last_at=now)


def is_locked(tries: WrongNumbers, limits: RechargeLimits) -> bool:
    """Whether the terminal has sent as many wrong numbers as it may."""
    return tries.failed >= limits.tries


def check_wait(tries: WrongNumbers, now: datetime) -> None:
    """Refuse a number that comes too soon after a wrong one; raises Refusal, and nothing is decided for the id."""
    pause = WAITS_S[min(tries.failed, len(WAITS_S) - 1)]
    left = tries.last_at + timedelta(seconds=pause) - now
    if tries.failed and left > timedelta(0):
        wait = int(left.total_seconds()) + 1
        raise Refusal("too_many_tries", "the last wrong number was just now", retry_after_s=wait)


def check_quote(order: RedemptionOrder, stored: Stored | None, terminal: str) -> Quote:
    """Give the quote of an order: the terminal's own, for this account and business, to be paid by recharge card.

    Raises Refusal.
    """
    if stored is None or stored.terminal != terminal:
        raise Refusal("unknown_quote", f"no quote {order.quote_id} of this terminal", field="quote_id")
    asked = msgspec.json.decode(stored.content, type=QuoteOrder)
    for field in ("account_no", "business"):
        if getattr(asked, field) != getattr(order, field):
            raise Refusal("unknown_quote", f"the quote is for another {field}", field=field)
    if asked.tender != "recharge_card":
        raise Refusal("tender_off", f"the quote is to be paid by {asked.tender}", field="quote_id")
    return msgspec.json.decode(stored.reply, type=Quote)


def why_not(card: RechargeCard | None, quote: Quote, on: date) -> Refused | None:
    """Why a card cannot be spent; none when it can.

    A card that was not sold yet or that is blocked is told as unknown: whoever has it should learn nothing of it.
    """
    if card is None or card.state in ("made", "blocked"):
        return "unknown"
    if card.state == "spent":
        return "used"
    if card.expires_on < on:
        return "expired"
    if not quote.min_fen <= card.value_fen <= quote.max_fen:
        return "off_limits"
    return None


def refused_answer(
    payment_id: str,
    refusal: Refused,
    tries: WrongNumbers,
    limits: RechargeLimits,
    card: RechargeCard | None = None,
) -> Redemption:
    """Say why not; a value is told only of a card that would be good elsewhere."""
    value_fen = card.value_fen if card is not None and refusal == "off_limits" else 0
    left = max(limits.tries - tries.failed, 0)
    return Redemption(id=payment_id, status="refused", refusal=refusal, value_fen=value_fen, tries_left=left)


def redeemed_answer(payment_id: str, card: RechargeCard, payment: Payment) -> Redemption:
    """Say that a card was spent for a payment."""
    return Redemption(
        id=payment_id,
        status="redeemed",
        value_fen=card.value_fen,
        card_end=card.serial[-4:],
        payment=payment,
    )
