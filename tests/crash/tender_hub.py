"""The hub of the tenders' world: the real switch, desks and workers over books that outlive each of its processes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from hub.business import tender_forms
from hub.business.day import Day
from hub.business.forms import ReversalOrder
from hub.business.phone_rules import PhonePolicy
from hub.business.recharge_rules import RechargeLimits
from hub.business.tender_forms import Title
from hub.composition import bank_sign_on, bank_terminals, giving_back, phone_desk, phone_keeper
from hub.composition.bank_sign_on import BankSignOns, BankTalk
from hub.composition.bank_terminals import BankTerminals
from hub.composition.bank_wire import BankWire
from hub.composition.bank_witness import Witness
from hub.composition.booking import Booking
from hub.composition.card_counter import NoCards
from hub.composition.card_secrets import VaultSecrets
from hub.composition.desk import Desk
from hub.composition.giving_back import GivingBack
from hub.composition.phone_desk import PhoneDesk
from hub.composition.phone_keeper import PhoneKeeper
from hub.composition.phone_ports import Acquirer
from hub.composition.recharge_desk import RechargeDesk
from hub.composition.sale_book import SaleBook
from hub.composition.sale_secrets import SaleSecrets
from hub.composition.switch import Books as SwitchBooks
from hub.composition.switch import Switch
from tests.crash.line import TERMINAL, Asked, Hub, _billing, _form
from tests.crash.memory import Books, MemoryShelf
from tests.crash.memory_phones import MemoryPhones
from tests.crash.memory_recharge import MemoryRecharge
from tests.crash.memory_sales import MemorySales, MemoryTerminals, NoSettlements, add_terminal
from tests.crash.memory_store import MemoryStore
from tests.crash.tender_banks import TIDS, House, MemoryLine, acquirers
from tests.crash.tender_keys import MemoryVault
from tests.crash.virtual_loop import VirtualLoop

LIMITS = RechargeLimits(tries=1000)
LOOK_S = 6.0
"""How often the hub looks for what is due, here: a world has hours, and most of them nothing happens."""


def patches() -> ExitStack:
    """The hub's parts that reach its SQL books by themselves reach those in memory."""
    stack = ExitStack()
    for module in (bank_sign_on, bank_terminals):
        stack.enter_context(patch.object(module, "BankTerminalBooks", MemoryTerminals))
    stack.enter_context(patch.object(bank_sign_on, "SettlementBooks", NoSettlements))
    stack.enter_context(patch.object(giving_back, "LOOK_POLL", LOOK_S))
    for module in (phone_desk, phone_keeper):
        stack.enter_context(patch.object(module, "LOOK_S", LOOK_S / 2))
    return stack


class TenderHub(Hub):
    """One process of the hub at a time; `die` ends it at any step, and another begins after a while."""

    def __init__(self, world: Any, books: Books, house: House) -> None:
        super().__init__(books, world.hub_clock)
        self.world, self.house = world, house
        self.calls: dict[int, Callable[[], None]] = {}
        """Who waits for an answer of the process that runs now, and is told when it dies."""
        self.policy = PhonePolicy(
            late=world.rng.choice(["refund", "credit"]),
            watch=timedelta(minutes=40),
            again_most=timedelta(seconds=30),
            watch_most=timedelta(minutes=2),
        )
        for name, tid in TIDS.items():
            add_terminal(books, name, TERMINAL, tid)
        self.begin()

    @property
    def up(self) -> bool:
        """Whether a process runs."""
        return not self.loop.dead

    def begin(self) -> None:
        """Start a process."""
        world, rng = self.world, self.world.rng
        dies = rng.randrange(1, 1500) if world.bad and rng.random() < 0.5 else 0
        self.loop = VirtualLoop(world.later, lambda: world.t, dies, self.die)
        self._compose()
        self.loop.create_task(self.back.run(), name="giving back")
        self.loop.create_task(self.keeper.work(), name="orders")

    def _compose(self) -> None:
        clock, day, banks = self.world.hub_clock, Day(), acquirers()
        vault: Any = MemoryVault(lambda: self.world.rng.random() < self.world.bad / 20)
        shelf: Any = MemoryShelf(self.books)
        store: Any = MemoryStore
        sales: Any = MemorySales
        billing: Any = _billing
        terminals = BankTerminals(banks, vault)
        witness = Witness(shelf, sales, terminals, clock)
        lines: Any = {each.name: MemoryLine(self.house, each.name, witness.of(each.name)) for each in banks}
        booking: Any = Booking(store, billing, day, NoCards())
        wire, secrets = BankWire(lines, terminals), SaleSecrets(vault)
        sign_ons = BankSignOns(shelf, BankTalk(lines), terminals, vault, clock, day)
        books = SwitchBooks(shelf, store, sales, billing, clock, day)
        self.back = GivingBack(books, banks, terminals, sign_ons, wire, secrets, witness)
        self.switch = Switch(
            books, banks, terminals, sign_ons, wire, booking, secrets, witness, self.back.wake
        )
        self.desk = Desk(shelf, store, billing, clock, day, "1", sales=SaleBook(sales))
        phones: Any = MemoryPhones
        wallet = Acquirer(self.world.wallet, self.policy, Title("示例支付", "Sample Pay"), 4.0)
        self.keeper = PhoneKeeper(shelf, store, phones, booking, clock, day, wallet)
        codes = VaultSecrets(vault)
        self.phones = PhoneDesk(shelf, store, phones, self.keeper, clock, codes)
        cards: Any = MemoryRecharge
        self.recharge = RechargeDesk(shelf, store, cards, billing, booking, clock, day, codes, LIMITS)

    def die(self) -> None:
        """The process is gone, with all that only its memory held."""
        if not self.up:
            return
        self.world.note("the hub dies")
        self.world.hub_died = True
        self.loop.kill()
        self.books.holders.clear()
        calls, self.calls = self.calls, {}
        for broken in calls.values():
            broken()
        self.world.later(self.world.rng.choice([0.5, 4.0, 40.0]), self.begin)

    def route(self, asked: Asked, terminal: str = TERMINAL) -> Coroutine[Any, Any, Any]:
        """The work for a request; raises Refusal for what is not of the form."""
        kind, _, key = asked.path.removeprefix("/v1/").partition("/")
        match asked.method, kind:
            case "PUT", "routes":
                return self.switch.route(terminal, key, _form(asked.body, tender_forms.RouteOrder))
            case "PUT", "sales":
                return self.switch.sell(terminal, key, _form(asked.body, tender_forms.SaleOrder))
            case "PUT", "orders" if key.endswith("/closing"):
                form = _form(asked.body, tender_forms.PhoneClosing)
                return self.phones.close_order(terminal, key.removesuffix("/closing"), form)
            case "PUT", "orders":
                return self.phones.order(terminal, key, _form(asked.body, tender_forms.PhoneOrder))
            case "GET", "orders":
                order_id, _, wait = key.partition("?wait_s=")
                return self.phones.look(terminal, order_id, float(wait or 0))
            case "PUT", "redemptions":
                return self.recharge.redeem(terminal, key, _form(asked.body, tender_forms.RedemptionOrder))
            case "PUT", "reversals":
                return self.desk.reverse(terminal, key, _form(asked.body, ReversalOrder))
        return super().route(asked, terminal)
