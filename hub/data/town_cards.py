"""The meter cards of the sample town: what was bought last for each, and how far it has come; shares are proposals."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Literal

from hub.data.draw import Draw
from hub.data.town_model import TownCard, TownMeter, TownPurchase

NEVER_OPENED, REPLACED_ONCE = 0.01, 0.03
STATES: tuple[tuple[Literal["taken", "written", "owed"], float], ...] = (
    ("taken", 0.88),
    ("written", 0.11),
    ("owed", 0.01),
)
AMOUNTS_FEN: tuple[tuple[int, float], ...] = ((5_000, 0.2), (10_000, 0.4), (20_000, 0.25), (30_000, 0.15))
MOST_PURCHASES, MOST_DAYS = 60, 45


def with_card(draw: Draw, meter: TownMeter, index: int, as_of: date) -> TownMeter:
    """Give a card meter its card, if it was ever opened; other meters stay as they are.

    The draw is a stream of its own, so that it changes nothing else of the town.
    """
    opened, former = draw.share() >= NEVER_OPENED, draw.share() < REPLACED_ONCE
    last = TownPurchase(
        count=draw.between(1, MOST_PURCHASES),
        amount_fen=draw.weighted(AMOUNTS_FEN),
        state=draw.weighted(STATES),
        paid_on=as_of - timedelta(days=draw.between(1, MOST_DAYS)),
    )
    if meter.kind != "card" or not opened:
        return meter
    serials = tuple(f"{kind}{index:014d}" for kind in ("B5", "B4"))
    return replace(meter, card=TownCard(serials[0], last, serials[1:] if former else ()))
