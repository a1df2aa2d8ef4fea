"""What happened to a good that is written on a meter card, as the journal stores it."""

from __future__ import annotations

from kiosk.payment.event import AccountFacts, CardFacts, Event, PurchaseFacts


class RewriteOpened(Event, frozen=True, kw_only=True):
    """A purchase that was paid before, here or elsewhere, is to be written: free of charge.

    It goes on the card that is in; where `purchase.good` is reissue or open, on the new card at the station.
    """

    kiosk_no: int
    account: AccountFacts
    card: CardFacts
    purchase: PurchaseFacts
    lang: str
    at: str


class WriteIntended(Event, frozen=True, kw_only=True):
    """Permits attempt number `attempt` of one write; the hub authorises its id once."""

    write_id: str
    attempt: int


class WriteUncertain(Event, frozen=True, kw_only=True):
    """The attempt ended without a look at the card: it may hold the new purchase count, in whole or torn."""

    reason: str


class CardReadAsked(Event, frozen=True, kw_only=True):
    """Permits a look at the card, before anything else is done with it."""


class WriteVerified(Event, frozen=True, kw_only=True):
    """The card was read back and holds what was to be written: the good is delivered.

    `taken`: the meter says on the card that it has read it already.
    """

    at: str
    taken: bool = False


class WriteAbsent(Event, frozen=True, kw_only=True):
    """The card was read and certainly holds what it held before."""

    reason: str


class WriteTorn(Event, frozen=True, kw_only=True):
    """The card was read and holds the old purchase count beside files that are new: the meter takes nothing from it."""

    reason: str


class WriteGivenUp(Event, frozen=True, kw_only=True):
    """The write does not happen here any more; the hub keeps it as owed. `outcome`: failed, or unknown."""

    outcome: str
    reason: str
    at: str


class CardOffered(Event, frozen=True, kw_only=True):
    """The new card is whole and its customer's: permits it to be moved to the mouth, as often as it is still inside."""


class CardKept(Event, frozen=True, kw_only=True):
    """Nobody gets this card any more: permits it to be drawn into the reject bin."""

    reason: str


class CardLeft(Event, frozen=True, kw_only=True):
    """The new card is not in the machine any more. `how`: taken, or gone (nobody watched)."""

    how: str


class OutcomeSending(Event, frozen=True, kw_only=True):
    """Permits attempt number `attempt` of telling the hub how the write ended."""

    attempt: int


class OutcomeUnanswered(Event, frozen=True, kw_only=True):
    """The attempt ended without a usable answer."""

    attempt: int
    reason: str


class OutcomeTaken(Event, frozen=True, kw_only=True):
    """The hub knows how the write ended (`state` as it has it now)."""

    state: str
