"""Whatever happens between kiosk, card and meter: what was paid is credited once, and nothing is stuck."""

import itertools
from collections.abc import Awaitable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hub.business.forms import ReversalOrder
from hub.business.refusals import Refusal
from tests.hub.composition.card_counter import CardOffice, PlasticCard, mark_of

TOLD = st.sampled_from(["written", "failed", "unknown", ""])
HALT = st.integers(0, 20)
"""How far a write comes: 0 not begun, 1 the parameter file torn, 2 whole, 3 the reply cleared, 4 to 11 bytes of the
wallet, anything more: all of it."""


class Customers(RuleBasedStateMachine):
    """One meter, the cards that were ever made for it, and two kiosks that may stop at any instant."""

    def __init__(self) -> None:
        super().__init__()
        self.at = CardOffice(purchase_count=254)
        card = self.at.card
        card.count, card.back = 254, (0, 254)
        self.cards = [card]
        self.damaged: set[str] = set()
        self.serials = itertools.count(1)
        self.writes: list[tuple[Any, PlasticCard]] = []
        self.paid: dict[str, int] = {}
        self.reissues: list[Any] = []

    def read(self, card: PlasticCard, terminal: str = "T") -> Any:
        damaged = "parameter/checksum" if card.serial in self.damaged else ""
        return self.at.read(card, terminal, damaged=damaged)

    def tried(self, order: Awaitable[Any], *refusals: str) -> Any:
        """What an order came to, or none where it was refused for one of these reasons."""
        try:
            return self.at.ask(order)
        except Refusal as refusal:
            if refusal.code not in refusals:
                raise
            return None

    def carry_out(self, write: Any, card: PlasticCard, halt: int) -> None:
        """Write a card as far as the write comes."""
        if halt == 1:
            self.damaged.add(card.serial)
        if halt < 2:
            return
        before = (card.amount_fen, card.count, card.back)
        self.at.put_on(write, card)
        self.damaged.discard(card.serial)
        new = card.amount_fen.to_bytes(4, "big") + card.count.to_bytes(4, "big")
        old = before[0].to_bytes(4, "big") + before[1].to_bytes(4, "big")
        done = 8 if halt > 11 else max(halt - 3, 0)
        wallet = new[:done] + old[done:]
        card.amount_fen, card.count = (int.from_bytes(wallet[i : i + 4], "big") for i in (0, 4))
        card.back = before[2] if halt == 2 else None

    def write_on(self, purchase: Any, card: PlasticCard, terminal: str, halt: int, told: str) -> None:
        write = self.tried(
            self.at.authorise(purchase, card, terminal), "other_card", "already_written", "unknown_purchase"
        )
        if write is None:
            return
        self.writes.append((write, card))
        self.carry_out(write, card, halt)
        if told:
            seen = card.serial not in self.damaged and halt % 2 == 0
            # A kiosk says "failed" only when the wallet certainly was not written, and may forget to look.
            told = "unknown" if told == "failed" and halt > 3 else told
            self.at.ask(self.at.tell(write, told, card, terminal, seen=seen))

    @rule(
        amount=st.integers(1000, 9000),
        tender=st.sampled_from(["cash", "bank_card"]),
        terminal=st.sampled_from("TU"),
    )
    def buys(self, amount: int, tender: str, terminal: str) -> None:
        read = self.read(self.cards[-1], terminal)
        if read["verdict"] != "ready":
            return
        quote = self.at.ask(self.at.quote("buy_power", terminal, card_read_id=read["id"]))
        paid = self.at.pay(quote, amount, terminal, tender=tender)
        assert paid["purchase"]["amount_fen"] == amount
        self.paid[paid["id"]] = amount

    @rule(which=st.integers(0, 3), terminal=st.sampled_from("TU"), halt=HALT, told=TOLD)
    def writes_what_is_owed(self, which: int, terminal: str, halt: int, told: str) -> None:
        card = self.cards[which % len(self.cards)]
        read = self.read(card, terminal)
        if read["verdict"] == "owed":
            self.write_on({"id": read["owed"]["purchase_id"], "kind": "rewrite"}, card, terminal, halt, told)

    @rule(which=st.integers(0, 3))
    def inserts(self, which: int) -> None:
        card = self.cards[which % len(self.cards)]
        # A reissued card that was replaced in its turn must not come back: the meter would make it its own again, and
        # refuse the newer one until that is reissued (docs/decisions/0112).
        outdated = card.card_type == 3 and self.at.row("cards", mark_of(card.serial)).state == "replaced"
        if card.serial not in self.damaged and not outdated:
            self.at.wall.insert(card)

    @rule()
    def pays_for_another_card(self) -> None:
        if len(self.reissues) > 2:
            return
        self.at.wait(seconds=1)
        check = self.at.ask(self.at.identify())
        quote = self.tried(self.at.quote("reissue", identity_check_id=check["id"]), "write_owed")
        if quote is not None:
            self.reissues.append(self.at.pay(quote, 2000)["purchase"])

    @precondition(lambda self: self.reissues)
    @rule(halt=HALT, told=TOLD)
    def begins_another_card(self, halt: int, told: str) -> None:
        card = PlasticCard(f"{next(self.serials):016X}")
        before = len(self.writes)
        self.write_on(self.reissues[-1], card, "U", halt, told)
        if len(self.writes) > before:
            self.cards.append(card)

    @precondition(lambda self: self.writes)
    @rule(halt=HALT)
    def finishes_late(self, halt: int) -> None:
        """A kiosk that had everything in hand ends its newest write of a card after all, and tells nobody.

        A card that has left it, and was seen whole or in the meter elsewhere, is out of its hands.
        """
        write, card = self.writes[-1]
        if self.at.purchase(write["purchase_id"]).pending and card.back is None:
            self.carry_out(write, card, halt)

    @precondition(lambda self: self.paid)
    @rule()
    def reverses(self) -> None:
        payment_id = list(self.paid)[-1]
        amount = self.paid[payment_id]
        if any(write["purchase_id"] == payment_id for write, _ in self.writes):
            return
        order = ReversalOrder(
            payment_id=payment_id, amount_fen=amount, reason="declined", made_at=self.at.now
        )
        for terminal in "TU":
            reversal = self.at.desk.reverse(terminal, self.at.new_id(), order)
            if self.tried(reversal, "not_reversible", "id_reused") is not None:
                del self.paid[payment_id]
                return

    @invariant()
    def no_count_is_credited_twice_and_no_fen_too_many(self) -> None:
        counts = [count for count, _ in self.at.wall.taken]
        assert counts == list(range(255, 255 + len(counts)))
        assert self.at.wall.state.credited_fen <= sum(self.paid.values())

    @invariant()
    def the_books_balance(self) -> None:
        bookings = self.at.books.table("transactions").values()
        assert all(sum(leg.amount_fen for leg in booking.legs) == 0 for booking in bookings)

    def teardown(self) -> None:
        """However it stands, the card that is the meter's own now brings everything that was paid into the meter."""
        active = next(c for c in self.cards if self.at.row("cards", mark_of(c.serial)).state == "active")
        for _ in range(3):
            read = self.read(active)
            if read["verdict"] == "owed":
                owed = {"id": read["owed"]["purchase_id"], "kind": "rewrite"}
                self.write_on(owed, active, "T", 20, "written")
            self.at.wall.insert(active)
        assert self.read(active)["verdict"] == "ready"
        assert self.at.wall.state.credited_fen == sum(self.paid.values())


TestCustomers = Customers.TestCase
TestCustomers.settings = settings(
    max_examples=40,
    stateful_step_count=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
