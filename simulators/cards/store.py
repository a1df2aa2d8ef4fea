"""A card's memory as a file, so that the same card is inserted again, shown to a meter, or lost in the middle."""

from __future__ import annotations

import json
from pathlib import Path

from simulators.cards.bank_card import BankCard, BankState
from simulators.cards.sam_card import SamCard, SamState
from simulators.cards.user_card import CardState, UserCard

__all__ = ["KeptCard", "load", "save"]

KeptCard = UserCard | SamCard | BankCard


def load(path: Path) -> KeptCard:
    """Give the card whose memory is in a file."""
    kept = json.loads(path.read_text(encoding="ascii"))
    if kept["kind"] == "sam":
        return SamCard(SamState.restored(kept))
    if kept["kind"] == "bank":
        return BankCard(BankState.restored(kept))
    return UserCard(CardState.restored(kept))


def save(path: Path, card: KeptCard) -> None:
    """Keep a card's memory: the old or the new, whenever this program is killed.

    No fsync: a power cut of the card is played, one of the machine that plays it is not.
    """
    kind = _KINDS[type(card)]
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(json.dumps({"kind": kind, **card.state.kept()}, indent=1), encoding="ascii")
    fresh.replace(path)


_KINDS: dict[type[KeptCard], str] = {UserCard: "user", SamCard: "sam", BankCard: "bank"}
