"""Another kiosk of the company, on a good line: it writes what is owed on a card. Its driver and its client are real,
and how it reads; what it decides stands here in full."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drivers.errors import DriverError
from drivers.meter_card.model import FileData, WriteOrder
from drivers.meter_card.writer import CpuCardWriter
from kiosk.hubclient import card_wire
from kiosk.hubclient import client as hubclient
from kiosk.hubclient.card_calls import Seal, sealed
from kiosk.hubclient.card_module import HubModule
from kiosk.hubclient.outcomes import Answer, Outcome
from kiosk.lanes.authority import HubAuthority
from kiosk.lanes.card import CardLane
from kiosk.lanes.card_requests import card_read_request, identity_request
from kiosk.payment.effects import AskCard, CardFace, CheckIdentity
from simulators.cards.slot import CardSlot
from simulators.cards.user_card import UserCard
from tests.crash.config import KEY
from tests.crash.home import LAYOUT, Home
from tests.crash.line import Asked
from tests.crash.ways import Way

TERMINAL = "T-2"


class GoodLine(hubclient.HubClient):
    """A client whose calls are answered at once."""

    def __init__(self, world: Any) -> None:
        super().__init__("http://127.0.0.1:1", TERMINAL, KEY)
        self._world = world

    def _call(self, method: str, path: str, body: bytes, kind: Any, expect: Any, deadline_s: float) -> Any:
        asked = Asked(method, path, body, kind, expect, deadline_s)
        reply: Any = self._world.line.ask_hub(asked, TERMINAL)
        return hubclient._meaning(reply, reply.body, kind, expect)


def rewrite_elsewhere(world: Any, home: Home) -> bool:
    """Have what is owed on the card of a home written there; whether it was, and the hub knows it."""
    if home.hand is None or world.cards.reader.card is home.hand:
        return False  # the card is not at hand
    slot, client = CardSlot(home.hand), GoodLine(world)
    writer = CpuCardWriter(slot, [LAYOUT])
    try:
        face = CardLane(writer, HubAuthority(client, [LAYOUT]), lambda _: None)._read_face("elsewhere").face
        if face is None:
            return False
        wish = AskCard(world.new_id(), face, world.hub_clock().isoformat())
        known = client.sealing(
            lambda seal: client.put_card_read(world.new_id(), card_read_request(wish, seal))
        )
        if not isinstance(known, Answer) or known.body.owed is None:
            return False
        world.note(f"elsewhere count {known.body.owed.count} is written")
        return _write(world, writer, client, face, known.body.owed.purchase_id)
    except DriverError as error:
        world.note(f"elsewhere: {error}")
        return False
    finally:
        slot.remove()


def new_card_elsewhere(world: Any, home: Home, *, at_counter: bool = False) -> bool:
    """Have the new card made there that is paid for and was not: for who shows who he is, or by a person at the
    counter, who knows the customer. Whether he has one."""
    client, judge = GoodLine(world), world.cards.judge.new
    owed = judge.owed_to(home) if at_counter else _pending(world, client, home)
    if owed is None:
        return False
    card = world.cards.from_stack(good=True)
    assert isinstance(card, UserCard)
    slot = CardSlot(card)
    writer = CpuCardWriter(slot, [LAYOUT])
    try:
        face = CardLane(writer, HubAuthority(client, [LAYOUT]), lambda _: None)._read_face("elsewhere").face
        world.note(f"elsewhere the {owed[1]} of {home.account_no} is made")
        if face is None or not _write(world, writer, client, face, *owed):
            return False
        judge.given(owed[0], card)
        world.coverage.ways[Way.AT_COUNTER if at_counter else Way.ELSEWHERE] += 1
        home.gets(card)
        return True
    finally:
        slot.remove()


def _pending(world: Any, client: GoodLine, home: Home) -> tuple[str, card_wire.WriteKind] | None:
    """What the hub lets this kiosk make for who types the right number."""
    asked = CheckIdentity(world.new_id(), home.account_no, "phone", world.hub_clock().isoformat(), home.phone)
    said = client.sealing(
        lambda seal: client.put_identity_check(asked.check_id, identity_request(asked, seal))
    )
    pending = said.body.pending if isinstance(said, Answer) else None
    if isinstance(said, Answer) and said.body.state == "matched" and pending is None:
        world.coverage.ways[Way.LEFT_ALONE] += world.cards.judge.new.owes(home)
    return (pending.purchase_id, pending.kind) if pending is not None else None


def _write(
    world: Any,
    writer: CpuCardWriter,
    client: GoodLine,
    face: CardFace,
    purchase_id: str,
    kind: card_wire.WriteKind = "rewrite",
) -> bool:
    card, write_id, now = face.contents, world.new_id(), world.hub_clock()
    said = card_wire.CardToWrite(serial=card.serial, count=card.wallet.count)

    def ask(seal: Seal) -> Outcome[card_wire.CardWrite]:
        asked = card_wire.CardWriteRequest(
            purchase_id=purchase_id,
            kind=kind,
            profile=card.profile,
            sealed=sealed(seal, said),
            made_at=now,
        )
        return client.put_card_write(write_id, asked)

    allowed = client.sealing(ask)
    if not isinstance(allowed, Answer):
        return False
    files = tuple(FileData(each.file, bytes.fromhex(each.data)) for each in allowed.body.files)
    owed = allowed.body  # a new card carries what was sold last by now
    order = WriteOrder(write_id, card.profile, card.serial, files)
    back = writer.write(order, HubModule(client))
    if order.unlike(back):
        return False
    told = client.sealing(
        lambda seal: client.put_write_outcome(write_id, _outcome(back.serial, owed, now, seal))
    )
    return isinstance(told, Answer)


def _outcome(serial: str, owed: card_wire.CardWrite, now: datetime, seal: Seal) -> card_wire.OutcomeRequest:
    seen = card_wire.Seen(serial=serial, count=owed.count, amount_fen=owed.amount_fen, reply_empty=True)
    return card_wire.OutcomeRequest(state="written", seen=sealed(seal, seen), reason="", at=now)
