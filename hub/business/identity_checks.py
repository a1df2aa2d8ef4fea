"""Showing who one is: what is compared, how often a customer may try, and how long he waits in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from hub.business.card_forms import IdentityCheck, PendingCard
from hub.business.card_keeping import Tries
from hub.business.refusals import Refusal

WINDOW = timedelta(hours=24)
TRIES = 5
"""How often a check of one account may fail within the window; one that matches begins it anew."""
TERMINAL_TRIES = 40
"""How often checks at one terminal may fail within the window: nobody tries a list of accounts there."""
WAITS_S: Sequence[int] = (0, 2, 5, 15, 30)
"""How long to wait after so many failures; after more, as long as after the last of them."""


@dataclass(frozen=True, slots=True)
class IdentityLimits:
    """How often the utility lets checks fail within the window, of one account and at one terminal."""

    tries: int = TRIES
    terminal_tries: int = TERMINAL_TRIES
    window: timedelta = WINDOW


IDENTITY_DEFAULTS = IdentityLimits()


def check_tries(tries: Tries, now: datetime, limits: IdentityLimits = IDENTITY_DEFAULTS) -> None:
    """Refuse a check that comes too often or too soon; raises Refusal."""
    if tries.of_account >= limits.tries or tries.of_terminal >= limits.terminal_tries:
        hour = int(timedelta(hours=1).total_seconds())
        raise Refusal("too_many_tries", "too many checks failed", field="account_no", retry_after_s=hour)
    if tries.last_at is None:
        return
    pause = WAITS_S[min(tries.of_account, len(WAITS_S) - 1)]
    left = tries.last_at + timedelta(seconds=pause) - now
    if left > timedelta(0):
        wait = int(left.total_seconds()) + 1
        raise Refusal("too_many_tries", "the last check was just now", retry_after_s=wait)


def check_answer(
    check_id: str,
    tries: Tries,
    *,
    matched: bool,
    pending: PendingCard | None = None,
    limits: IdentityLimits = IDENTITY_DEFAULTS,
) -> IdentityCheck:
    """Say how a check went, and to whom it matched what is still to be made for him."""
    left = limits.tries - tries.of_account - (0 if matched else 1)
    state: Literal["matched", "not_matched"] = "matched" if matched else "not_matched"
    return IdentityCheck(id=check_id, state=state, tries_left=left, pending=pending if matched else None)
