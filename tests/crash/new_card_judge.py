"""New cards, judged: who may have one, which card is sold, held out and drawn in, and to whom it is handed.

The measure is where the card really is, and whose it is by the hub's books; not what the kiosk believes of either.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from hub.business.card_forms import IdentityCheckOrder
from hub.business.card_keeping import CheckRecord
from hub.business.cards import Card, Purchase
from kiosk.core import handover
from kiosk.payment import events as ev
from kiosk.payment.model import NEW_CARD
from kiosk.session.state import Page, Session
from simulators.cards.user_card import UserCard
from tests.crash.dispenser import Place
from tests.crash.home import Home, serial_of
from tests.crash.line import TERMINAL
from tests.crash.ways import Way

OVER = frozenset({Page.HELP, Page.MORE_TIME})
FALSE_TRIES = 5
"""So often a day may a wrong number be typed for an account."""
_check = msgspec.json.Decoder(IdentityCheckOrder).decode


@dataclass
class NewCardJudge:
    """Told of each row of a new card, each order to the dispenser, each commit of the hub, each card that is taken."""

    world: Any
    cards: Any
    serials: dict[str, str] = field(default_factory=dict)
    """The new card of each payment for one, by the journal."""
    verified: set[str] = field(default_factory=set)
    offered: set[str] = field(default_factory=set)
    over: dict[str, str] = field(default_factory=dict)
    """What became of the card of each payment, by the journal: kept, taken, gone."""
    matched: set[str] = field(default_factory=set)
    """The accounts whose customer has shown who he is since a page stood on which nobody has begun."""
    false: dict[str, list[datetime]] = field(default_factory=dict)
    """When the wrong number was typed for each account since the last right one."""
    made: dict[str, set[str]] = field(default_factory=dict)
    """The cards that were given out for each order of a new one."""

    def wrong(self, kind: Any, text: str, fen: int = 0) -> None:
        self.world.judge.wrong(kind, text, fen)

    def _way(self, way: Way, *, so: bool = True) -> None:
        self.world.coverage.ways[way] += so

    def durable(self, event: ev.AnyEvent) -> None:
        """A row is on disk."""
        match event:
            case ev.PaymentOpened(business=business) if business in NEW_CARD:
                self._opened(event)
            case ev.RewriteOpened(purchase=purchase) if purchase.new_card:
                self._way(Way.LATER)
                self._opened(event)
                self._owed(event)
            case ev.WriteVerified(key=key) if key in self.serials:
                self.verified.add(key)
            case ev.CardOffered(key=key):
                self._way(Way.AGAIN, so=key in self.offered)
                self.offered.add(key)
                if key not in self.verified:
                    self.wrong("broken", f"the card of {key[-4:]} is offered, and nobody has seen it written")
            case ev.CardKept(key=key):
                self.over[key] = "kept"
                self._way(Way.NOT_TAKEN if key in self.verified else Way.SPOILED)
            case ev.CardLeft(key=key, how=how):
                self.over[key] = how
                self._way(Way.GONE, so=how == "gone")
                if self._inside() == self.serials.get(key):
                    self.wrong(
                        "broken", f"the journal says {how} of the card of {key[-4:]}, which is in the machine"
                    )

    def _opened(self, event: ev.PaymentOpened | ev.RewriteOpened) -> None:
        card, unit, name = event.card, self.cards.dispenser, event.key[-4:]
        if card is None or card.serial != self._inside() or unit.place is not Place.STATION:
            self.wrong("broken", f"payment {name} is for a new card that does not stand ready")
        if event.account.account_no not in self.matched:
            self.wrong("broken", f"payment {name} is for a new card, and nobody has shown who he is")
        waiting = [key for key in self.verified if key not in self.over]
        if waiting:
            self.wrong(
                "broken", f"payment {name} is opened while the card of {waiting[0][-4:]} is in the machine"
            )
        self.serials[event.key] = card.serial if card is not None else ""

    def _owed(self, event: ev.RewriteOpened) -> None:
        """What is made free of charge was paid for, by this customer, who has said yes to this account."""
        good, account, name = event.purchase, event.account.account_no, event.key[-4:]
        row = self.cards.judge.sold.get(good.purchase_id)
        if row is None or (row.account_no, row.kind) != (account, good.good):
            self.wrong(
                "broken", f"{name} makes a card for {account} that was never sold to it", good.amount_fen
            )
        if account != self.world.judge.confirmed:
            self.wrong("broken", f"{name} makes a card for {account}, and another account was confirmed")

    def _inside(self) -> str:
        card = self.cards.dispenser.card
        return serial_of(card) if isinstance(card, UserCard) else ""

    def _owner(self, card: Any) -> str:
        """The newest payment that the card is for; none for a card that is nobody's."""
        serial = serial_of(card) if isinstance(card, UserCard) else ""
        return next((key for key in reversed(self.serials) if self.serials[key] == serial), "")

    def presented(self, card: Any) -> None:
        """The dispenser is told to hold a card out."""
        key = self._owner(card)
        home = self.cards.home_of(serial_of(card)) if key else None
        if not key:
            self.wrong("broken", "a card is held out that is for nobody")
        elif key not in self.offered:
            self.wrong("broken", f"I7: the card of {key[-4:]} is held out before a row permits it")
        elif home is not None and home.serial != serial_of(card):
            self.wrong("doubled", f"the card of {key[-4:]} is held out, and another one has taken its place")
        elif not self.cards.judge.is_whole(key):
            self.wrong("lost", f"the card of {key[-4:]} is held out, and is not written whole")

    def binned(self, card: Any) -> None:
        """The dispenser is told to draw a card into the bin."""
        key = self._owner(card)
        if key in self.verified and self.over.get(key) != "kept":
            self.wrong("lost", f"the written card of {key[-4:]} goes into the bin, and no row says so")

    def shown(self, session: Session) -> None:
        """After each step: who is offered a card sees it on his page, and nobody is sent to an empty mouth."""
        unit = self.cards.dispenser
        key = self._owner(unit.card) if unit.card is not None else ""
        page = session.under if session.page in OVER and session.under else session.page
        self._way(Way.REFUSED, so=page is Page.IDENTITY_REFUSED)
        if page in {Page.ATTRACT, Page.HOME}:
            self.matched.clear()
        # Of a unit that is not heard nobody knows that it holds a card out; it is drawn in as soon as it is.
        heard = self.world.kiosk.core.facts.station in handover.OUTSIDE
        out = unit.holds_out and heard and key in self.offered and key not in self.over
        if out and (session.payment_id, page) != (key, Page.DONE):
            self.wrong("broken", f"the card of {key[-4:]} is held out, and the screen is {session.page}")

    def taken(self, card: UserCard, home: Home) -> None:
        """A customer takes what is held out to him on his own page."""
        self._way(Way.TAKEN)
        whose = self.cards.home_of(serial_of(card))
        if whose is not home:
            name = whose.account_no if whose is not None else "nobody"
            self.wrong("lost", f"a new card of {name} is handed to {home.account_no}")
        self.out(card)

    def out(self, card: UserCard) -> None:
        """A card is in somebody's hand."""
        good = self.cards.judge.goods.get(self._owner(card))
        if good is not None:
            self.given(good.purchase_id, card)

    def given(self, purchase_id: str, card: UserCard) -> None:
        """A card is in somebody's hand for this order, here or elsewhere: there is no second one for it."""
        cards = self.made.setdefault(purchase_id, set())
        cards.add(serial_of(card))
        if len(cards) > 1:
            self.wrong("doubled", f"two cards are given out for what {purchase_id[-4:]} paid")

    def owed_to(self, home: Home, but: str = "") -> tuple[str, Any] | None:
        """The order for a new card that is paid and not made, and its kind; another one than `but`."""
        orders = (o for o in self.world.books.table("purchases").values() if o.id != but)
        mine = [o for o in orders if o.meter_no == home.meter_no and o.kind != "purchase" and o.pending]
        return (mine[-1].id, mine[-1].kind) if mine else None

    def owes(self, home: Home, but: str = "") -> bool:
        """Whether a new card is paid for and not made."""
        return self.owed_to(home, but) is not None

    def may_show_who_he_is(self, home: Home) -> bool:
        """Whether so few wrong numbers were typed for the account that another one is compared."""
        since: datetime = self.world.hub_clock() - timedelta(hours=24)
        return sum(at > since for at in self.false.get(home.account_no, [])) < FALSE_TRIES

    def sold(self, home: Home, row: Purchase, before: Purchase | None) -> None:
        """The hub has kept an order for a new card, or what it is to carry by now."""
        if before is not None:
            self._way(Way.CARRIED_LATER, so=before.count != row.count)
        elif row.kind == "open":
            self._way(Way.FIRST)
        else:
            self._way(Way.CARRIED_TAKEN if home.meter.state.count >= row.count else Way.CARRIED)

    def committed(self, table: str, row: Any) -> None:
        """The hub has kept a row."""
        match table, row:
            case "cards", Card(state="active"):
                self._bound(row)
            case "identity_checks", CheckRecord():
                self._checked(row)

    def _bound(self, card: Card) -> None:
        home = self.cards.home_of_meter(card.meter_no)
        before = self.cards.home_of(card.mark)
        if before not in {None, home}:
            self.wrong(
                "lost", f"card {card.mark[-4:]} of {before.account_no} becomes that of {home.account_no}"
            )
        mine = [
            row.mark
            for row in self.world.books.table("cards").values()
            if row.meter_no == card.meter_no and row.state == "active" and row.mark != card.mark
        ]
        if mine:
            self.wrong(
                "broken", f"the meter of {home.account_no} has card {mine[0][-4:]} and {card.mark[-4:]}"
            )
        self.cards.becomes(card.mark, home)

    def _checked(self, check: CheckRecord) -> None:
        account = check.account_no
        typed = self.cards.keys.typed[_check(check.content).sealed]
        home = next((each for each in self.cards.homes if each.account_no == account), None)
        right = home is not None and typed in {home.phone, home.identity_end}
        if check.matched != right:
            self.wrong(
                "broken", f"the hub finds the number of {account} {'right' if check.matched else 'wrong'}"
            )
        since = check.checked_at - timedelta(hours=24)
        false = [at for at in self.false.get(account, []) if at > since]
        if len(false) >= FALSE_TRIES:
            self.wrong("broken", f"a number of {account} is compared after {len(false)} wrong ones")
        self.false[account] = [] if check.matched else [*false, check.checked_at]
        if check.matched and check.terminal == TERMINAL:
            self.matched.add(account)
