"""The kiosk of the tenders' world: that of cash, with the lanes of bank card and PIN pad beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from kiosk.config_tenders import BankCard, EftTerminal, Phone, PinPad, Recharge, Scanner
from kiosk.lanes.build import BACK_LANES
from kiosk.lanes.lane import Lane
from tests.crash.cabinet import Kiosk, _Deadly
from tests.crash.config import CONFIG, KEY
from tests.crash.lanes import Paper, Port
from tests.crash.tender_box import BoxLane
from tests.crash.tender_line import MemoryHold, TenderClient, TenderLane
from tests.crash.tender_slot import PadLane, ScanLane, SlotLane, UnitLane

READER = msgspec.structs.replace(
    CONFIG,
    bank_card=BankCard(reader="the only one", port="b", take_card_s=20.0, remind_s=8.0),
    pin_pad=PinPad(port="p", slots={"bank_a": 0, "bank_b": 1}),
)
"""A kiosk that reads bank cards itself."""
PHONE = msgspec.structs.replace(
    READER, phone=Phone(enabled=True, pay_s=60.0), recharge=Recharge(enabled=True), scanner=Scanner(port="s")
)
"""One that takes everything."""
BOX = msgspec.structs.replace(
    CONFIG,
    eft_terminal=EftTerminal(port="e", most_asks=6),
    phone=Phone(enabled=True, pay_s=60.0),
    recharge=Recharge(enabled=True),
)
"""One with a terminal box and without a scanner."""
HUB_LANES = {"hub": 1, "hub_back": len(BACK_LANES), "hub_watch": 1}


class TenderKiosk(Kiosk):
    """One life of its process."""

    def _lanes(self, tell: Any) -> Mapping[str, Lane]:
        world = self.world
        self.port, self.paper = Port(world, self.tell, self.done), Paper(world, self.tell, self.done)
        self.hold = MemoryHold()
        lanes: dict[str, Lane] = {"acceptor": self.port, "printer": self.paper}
        self.hub_lanes = []
        for name, calls in HUB_LANES.items():
            client = TenderClient("http://127.0.0.1:1", "T-1", KEY)
            lane = TenderLane(name, client, self.tell, self.done, world.line, calls).holding(self.hold)
            self.hub_lanes.append(lane)
            lanes[name] = lane
        own: dict[str, Any] = self._own_lanes()
        self.card_lanes = own
        return {name: _Deadly(self, lane) for name, lane in {**lanes, **own}.items()}

    def _own_lanes(self) -> dict[str, UnitLane]:
        world = self.world
        self.slot_lane = SlotLane(world, self.tell, self.done, self.hold, world.slot)
        if world.config.eft_terminal.port:
            return {"eft": BoxLane(world, self.tell, self.done, world.box)}
        lanes: dict[str, UnitLane] = {
            "bank_card": self.slot_lane,
            "pin_pad": PadLane(world, self.tell, self.done, self.hold, world.slot),
        }
        if world.config.scanner.port:
            lanes["scanner"] = ScanLane(world, self.tell, self.done, self.hold)
        return lanes
