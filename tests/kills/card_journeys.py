"""What customers with meter cards do while processes die: ways through the kiosk, and what each of them meets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.powercut.cardholder import Cardholder, Tables, Who
from tests.powercut.machine import Forked

FIRST_WRITE = 7
"""Which command from the moment of payment is the first that writes; the card is read and let in before."""
LAST_WRITE = 11
"""The last one, which makes the purchase count."""
PATIENT: Tables = {
    "hub": {
        "deadline_s": 15.0,
        "query_deadline_s": 15.0,
        "retry_first_s": 0.05,
        "retry_most_s": 0.3,
        "checking_after_s": 30.0,
        "status_every_s": 0.5,
    },
    "meter_card": {"card_back_s": 30.0},
    "cash": {"note_fate_s": 30.0},
    "log": {"level": "debug"},
}
IMPATIENT: Tables = {**PATIENT, "meter_card": {"card_back_s": 1.5}}


@dataclass(frozen=True)
class CardWay:
    """Who comes, what they do, and the kiosk's patience with them."""

    walk: Callable[[Cardholder, Forked], None]
    who: Who = "buys"
    returns: bool = True
    settings: Tables = field(default_factory=lambda: PATIENT)


def wrote(holder: Cardholder, kiosk: Forked, kind: str) -> None:
    """Wait until such an event is in the journal. Raises Dark."""
    holder.sees(kiosk, lambda: kind in kiosk.kinds())


def buys_power(holder: Cardholder, kiosk: Forked) -> None:
    """Power on the card, at once."""
    holder.buys(kiosk)


def _pays_and_loses_touch(holder: Cardholder, kiosk: Forked, at: int, cut: str) -> None:
    holder.shows_card(kiosk)
    holder.feeds(kiosk)
    holder.slots.card("pull", at=at, cut=cut)
    kiosk.press("pay_now")
    kiosk.page("write_failed")


def pulls_before(holder: Cardholder, kiosk: Forked) -> None:
    """The card comes out before anything is written, and is put back."""
    _pays_and_loses_touch(holder, kiosk, FIRST_WRITE, "before")
    holder.inserts()
    holder.takes_card(kiosk)


def pulls_amid(holder: Cardholder, kiosk: Forked) -> None:
    """The card comes out when it is half written, and is put back."""
    _pays_and_loses_touch(holder, kiosk, FIRST_WRITE, "half")
    holder.inserts()
    holder.takes_card(kiosk)


def takes_it_away(holder: Cardholder, kiosk: Forked) -> None:
    """The card comes out when it is half written, and does not come back."""
    _pays_and_loses_touch(holder, kiosk, FIRST_WRITE, "half")
    wrote(holder, kiosk, "OutcomeTaken")
    kiosk.press("finish")
    kiosk.page("attract")


def is_told_late(holder: Cardholder, kiosk: Forked) -> None:
    """The card comes out when it is wholly written; until it is looked at the hub goes away."""
    _pays_and_loses_touch(holder, kiosk, LAST_WRITE, "after")
    holder.station.cabinet.line("refuse")
    holder.inserts()
    kiosk.page("take_card")
    wrote(holder, kiosk, "OutcomeUnanswered")
    kiosk.shown.wait(lambda _: False, "nothing more")


def has_it_rewritten(holder: Cardholder, kiosk: Forked) -> None:
    """What was paid another day is written free of charge."""
    holder.shows_card(kiosk)
    kiosk.press("rewrite")
    holder.takes_card(kiosk)


def gets_a_new_card(holder: Cardholder, kiosk: Forked) -> None:
    """The card is lost: the new one brings what was on it."""
    holder.asks_for_new_card(kiosk)
    holder.sees(kiosk, lambda: holder.slots.offers_card)
    holder.slots.take_new_card()
    wrote(holder, kiosk, "CardLeft")


def leaves_the_new_card(holder: Cardholder, kiosk: Forked) -> None:
    """Nobody takes the new card: it is drawn in for good."""
    holder.asks_for_new_card(kiosk)
    wrote(holder, kiosk, "CardKept")


WAYS: dict[str, CardWay] = {
    "buys_power": CardWay(buys_power),
    "pulls_before": CardWay(pulls_before),
    "pulls_amid": CardWay(pulls_amid),
    "takes_it_away": CardWay(takes_it_away, returns=False, settings=IMPATIENT),
    "is_told_late": CardWay(is_told_late),
    "has_it_rewritten": CardWay(has_it_rewritten, who="is_owed"),
    "gets_a_new_card": CardWay(gets_a_new_card, who="has_lost"),
    "leaves_the_new_card": CardWay(
        leaves_the_new_card, who="has_lost", settings={**PATIENT, "dispenser": {"take_card_s": 1.0}}
    ),
}
