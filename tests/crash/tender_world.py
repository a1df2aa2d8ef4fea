"""One run of money that is not cash: a kiosk, the hub's processes, two banks and customers on a virtual clock."""

from __future__ import annotations

import logging
import traceback
from contextlib import ExitStack
from datetime import date
from typing import Any
from unittest.mock import patch

from drivers.eft.model import reference18
from hub.business.numbers import recharge_number
from hub.business.recharge_keeping import RechargeCard
from hub.data.fields import recharge_mark
from kiosk import runner as kiosk_runner
from kiosk.config import Config
from tests.crash.coverage import BOX_STATES, PHONE_STATES, Coverage, Death, Mark, tender_marks
from tests.crash.disk import BrokenJournal, Disk
from tests.crash.fault import Means
from tests.crash.judge import PROOF
from tests.crash.line import Asked
from tests.crash.memory import Books
from tests.crash.memory_recharge import add_recharge_card
from tests.crash.memory_sales import is_unsettled
from tests.crash.payer import Payer
from tests.crash.tender_banks import House
from tests.crash.tender_box import Box
from tests.crash.tender_hub import TenderHub, patches
from tests.crash.tender_judge import TenderJudge
from tests.crash.tender_keys import Store
from tests.crash.tender_kiosk import BOX, PHONE, READER, TenderKiosk
from tests.crash.tender_line import TenderLine
from tests.crash.tender_slot import Slot
from tests.crash.tender_verdict import judge_tenders
from tests.crash.tender_wallet import Wallet
from tests.crash.world import LONGEST_S, QUIET_S, Options, Result, World, _of_proof, town

MEANS: dict[Means, tuple[Config, tuple[str, ...]]] = {
    "bank": (READER, ("bank_card",)),
    "phone": (PHONE, ("qr", "qr", "bank_card")),
    "recharge": (PHONE, ("recharge_card", "recharge_card", "qr")),
    "box": (BOX, ("bank_card", "bank_card", "qr")),
}
"""The kiosk, and what its customers want to pay with."""


def means_of(seed: int) -> Means:
    """By which means a run's customers pay mostly: by that which leads to what it aims at."""
    aim = tender_options(seed).aim
    state, event = aim[:2] if aim is not None else ("", "")
    if state in BOX_STATES or "Box" in event or "oid" in event:
        return "box"
    if state in PHONE_STATES or event == "PhoneOpened":
        return "phone"
    if state in {"authorising", "reversing", "reversed"} or event == "SaleOpened":
        return "bank"
    if state in {"redeeming", "sending", "checking"} or event == "RechargeOpened":
        return "recharge"
    return tuple(MEANS)[seed // 2 % len(MEANS)]


class TenderWorld(World):
    """The world of cash, with other means to pay, another hub process behind the line and another judge."""

    judge: Any
    line: Any
    kiosk: Any

    def __init__(self, seed: int, options: Options) -> None:
        self.means = means_of(seed)
        super().__init__(seed, options)

    def _open_books(self, aim: Mark | None, *, cards: bool, new: bool) -> None:
        self.config, self.tenders = MEANS[self.means]
        voids = aim is not None and "oid" in f"{aim[0]} {aim[1]}"
        self.ends_accounts = voids or (self.means == "box" and self.rng.random() < 0.3)
        """The account is no more whenever a box takes money: only then it goes back by the box."""
        self.mistyped = False
        self.hub_died = False
        self.books, self.town = Books(), town(self.rng)
        for home in self.town.values():
            self.books.add_account(home.customer, "open", home.balance_fen, home.bills)
        self.judge, self.coverage, self.disk = TenderJudge(self), Coverage(), Disk()
        who = [home.customer for home in self.town.values()]
        self.judge.secrets = frozenset(word.encode() for c in who for word in (c.name, c.address))
        self.house, self.slot, self.box, self.wallet = House(self), Slot(self), Box(self), Wallet(self)
        self._make_cards()
        self.hub = TenderHub(self, self.books, self.house)
        self.books.begun, self.books.committed = self.hub_clock, self.judge.clerk.committed
        self.line = TenderLine(self.rng, self.later, self.hub, self.judge.answered, self.bad)

    def _make_cards(self) -> None:
        """Recharge cards, by their secret numbers; one number is of no card, and one card has run out."""
        self.numbers_of_cards = [recharge_number(f"{9000 + n:017d}") for n in range(4)]
        self.judge.secrets |= {number.encode() for number in self.numbers_of_cards}
        store: Any = Store()
        for n, number in enumerate(self.numbers_of_cards[:3]):
            until = date(2099, 1, 1) if n else date(2020, 1, 1)
            card = RechargeCard(f"{n:012d}", 3000 + 1000 * n, "active", until)
            add_recharge_card(self.books, recharge_mark(store, number), card)

    def ends_account(self, account_no: str = "") -> None:
        """An account is no more while somebody pays into it: then the hub refuses what a box took."""
        if self.config is BOX and self.bad:
            at = "accounts", account_no or self.rng.choice(list(self.town))
            self.note(f"account {at[1]} is gone")
            self.books.rows.pop(at, None)

    def boot(self) -> None:
        self.note("kiosk starts")
        self._down = False
        self.judge.started()
        self.kiosk = TenderKiosk(self)
        self.kiosk.begin()

    def taken_fen(self, payment_id: str) -> int:
        """What the far ends' own books hold of a payment's money now."""
        sale = self.books.rows.get(("sales", payment_id))
        if sale is None:
            spent = [c for c in self.books.table("recharge_cards").values() if c.spent_by == payment_id]
            other = self.box.held_fen(reference18(payment_id)) + self.wallet.held_fen(payment_id)
            return int(other + sum(card.value_fen for card in spent))
        return sum(
            row["fen"]
            for row in self.house.sales(sale.acquirer)
            if (row["tid"], row["batch"], row["stan"], row["state"])
            == (sale.tid, sale.batch, sale.stan, "approved")
        )

    def took_fen(self, tender: str) -> int:
        """What the far ends' own books hold of a means of payment at all."""
        if tender == "qr":
            return int(self.wallet.held_fen())
        if tender == "recharge_card":
            return int(sum(c.value_fen for c in self.books.table("recharge_cards").values() if c.spent_by))
        rows = [row for name in self.house.banks for row in self.house.sales(name)]
        return int(self.box.held_fen() + sum(r["fen"] for r in rows if r["state"] == "approved"))

    def undoes(self, payment_id: str) -> bool:
        """Whether the kiosk has on its books that this payment is still to be undone."""
        payment = self.kiosk.core.books.payments.get(payment_id)
        return payment is not None and not payment.ended

    def goes_back(self, payment_id: str) -> bool:
        """Whether the hub has on its books that it is to give this payment's money back."""
        sale = self.books.rows.get(("sales", payment_id))
        order = self.books.rows.get(("phone_orders", payment_id))
        return (sale is not None and is_unsettled(sale)) or (order is not None and order.next_at is not None)

    def misfortune(self) -> None:
        roll = self.rng.random()
        if roll < 0.2:
            self.house.misfortune()
        elif roll < 0.35:
            self.hub.die()
        elif roll < 0.4:
            self.ends_account()
        super().misfortune()

    def run(self) -> None:
        """Customers come and go; then everything heals, and everything must come to its end."""
        self.boot()
        self.roll.begin()
        if self.bad:
            self.later(self.rng.expovariate(1 / self.pace), self._misfortune_if_bad)
        for _ in range(self.rng.choice([1, 2, 3, 4])):
            self.see(Payer(self))
        self._heal()
        self._until(self._settled, LONGEST_S)
        self._until(lambda: False, QUIET_S)
        self.settles()
        judge_tenders(self)

    def _heal(self) -> None:
        self.house.away.clear()
        self.hub.loop.dies_in = 0
        super()._heal()

    def _settled(self) -> bool:
        books = self.kiosk.core.books
        sales = self.books.table("sales").values()
        orders = self.books.table("phone_orders").values()
        return (
            not self.kiosk.dead
            and self.hub.up
            and not books.open_payments
            and not books.open_claims
            and not any(is_unsettled(sale) for sale in sales)
            and not any(order.next_at is not None for order in orders)
            and not self.box.busy
            and not self.line.under_way
        )


def tender_options(seed: int, *, trace: bool = False) -> Options:
    """Every second seed aims at one point of one row."""
    aims = tender_marks()
    return Options(aim=aims[seed // 2 % len(aims)] if seed % 2 else None, trace=trace)


def run_tenders(seed: int, options: Options | None = None) -> Result:
    """Run one seed to its end; an exception of the product's is a broken rule, too."""
    with ExitStack() as stack:
        stack.enter_context(patches())
        stack.callback(logging.disable, logging.root.manager.disable)
        logging.disable(logging.CRITICAL)
        world = TenderWorld(seed, options or Options())
        stack.enter_context(patch.object(kiosk_runner, "now", lambda: world.kiosk.now))
        stack.enter_context(patch.object(kiosk_runner, "hash_at", lambda disk, seq: disk.hash_at(seq)))
        try:
            world.run()
        except BrokenJournal as error:
            world.judge.wrong("broken", str(error))
        except (Exception, Asked, Death) as error:  # noqa: BLE001 - it is told, and other seeds are played
            for line in traceback.format_exc().splitlines():
                world.note(line)
            place = PROOF if _of_proof(error) else ""
            world.judge.wrong("broken", f"{place}{type(error).__name__}: {error}")
        finally:
            world.hub.loop.kill()
    crashed = world.crashed or world.hub_died
    return Result(
        seed, tuple(world.judge.found), world.coverage, world.steps, crashed, tuple(world.trace or ())
    )


__all__ = ["TenderWorld", "run_tenders", "tender_options"]
