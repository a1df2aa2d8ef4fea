"""The hub as it might have been written: each function gives the patches that make one fault of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import msgspec

from hub.business import orders as hub_orders
from hub.business.day import Day
from hub.business.ledger import Leg
from hub.composition import booking, forestalling, replies
from hub.composition import desk as hub_desk
from hub.composition.forestalling import Against
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Unknown
from tests.crash import line, memory_store
from tests.crash.memory_billing import MemoryBilling
from tests.crash.patches import Patch, wrapped


def content_not_compared() -> tuple[Patch, ...]:
    def replay(_original: Any, stored: Any, _terminal: str, _order: Any, _content: str) -> Any:
        return replies.Reply(stored.reply, new=False)

    return (wrapped(hub_desk, "replay", replay),)


def reply_not_stored() -> tuple[Patch, ...]:
    def replay(original: Any, *args: Any) -> Any:
        return replies.Reply(original(*args).body + b" ", new=False)

    return (wrapped(hub_desk, "replay", replay),)


def no_tombstone() -> tuple[Patch, ...]:
    async def forestall(*_: Any) -> Against:
        return Against()

    return (patch.object(hub_desk, "forestall", forestall),)


def claim_beside_credit() -> tuple[Patch, ...]:
    original = forestalling.forestall

    async def forestall(*args: Any) -> Against:
        await original(*args)
        return Against()

    return (patch.object(hub_desk, "forestall", forestall),)


def cash_reversed() -> tuple[Patch, ...]:
    def end(original: Any, call: Any, outcome: Any) -> None:
        if isinstance(outcome, Unknown) and call.told is not None and "/payments/" in call.asked.path:
            order = msgspec.json.decode(call.asked.body)
            payment_id = call.asked.path.rpartition("/")[2]
            body = {"payment_id": payment_id, "amount_fen": order["amount_fen"], "reason": "unanswered"}
            asked = line.Asked(
                "PUT",
                f"/v1/reversals/{payment_id[::-1]}",
                msgspec.json.encode(body | {"made_at": order["taken_at"]}),
                wire.Payment,
                {},
                20.0,
            )
            line._Call(call.line, asked, None).arrive()
        original(call, outcome)

    return wrapped(line._Call, "end", end), patch.object(hub_desk, "check_reversal", lambda *_: None)


def unbalanced() -> tuple[Patch, ...]:
    def legs(original: Any, *args: Any) -> Any:
        first, *rest = original(*args)
        return (Leg(first.account, first.amount_fen - 1), *rest)

    return wrapped(booking, "payment_legs", legs), patch.object(memory_store, "balanced", tuple)


def names_unmasked() -> tuple[Patch, ...]:
    return (patch.object(hub_orders, "mask_name", lambda name: name),)


def neighbours_account() -> tuple[Patch, ...]:
    """Everything goes to the next account; the answer names the one that was asked for."""
    accounts = ("0399900001", "0399900002", "0399900003")
    next_one = dict(zip(accounts, accounts[1:] + accounts[:1], strict=True))
    asked = {other: account for account, other in next_one.items()}

    def hold(original: Any, billing: Any, account_no: str, on: Any) -> Any:
        return original(billing, next_one.get(account_no, account_no), on)

    def answer(original: Any, *args: Any) -> Any:
        said = original(*args)
        return msgspec.structs.replace(said, account_no=asked[said.account_no])

    return wrapped(MemoryBilling, "hold", hold), wrapped(booking, "payment_answer", answer)


def booked_twice() -> tuple[Patch, ...]:
    async def post(original: Any, *args: Any) -> int:
        await original(*args)
        serial: int = await original(*args)
        return serial

    return (wrapped(memory_store.MemoryStore, "post", post),)


def day_of_greenwich() -> tuple[Patch, ...]:
    return (patch.object(Day, "business_date", lambda _day, now: now.date()),)


def claim_of_nobody() -> tuple[Patch, ...]:
    def keep(original: Any, store: Any, claim: Any) -> Any:
        return original(store, replace(claim, account_no=None))

    return (wrapped(memory_store.MemoryStore, "add_claim", keep),)


def payment_of_another() -> tuple[Patch, ...]:
    def keep(
        original: Any, store: Any, payment_id: str, terminal: str, content: str, order: Any, *rest: Any
    ) -> Any:
        other = msgspec.structs.replace(order, account_no="0399900000")
        return original(store, payment_id, terminal, content, other, *rest)

    return (wrapped(memory_store.MemoryStore, "add_payment", keep),)


def claim_without_booking() -> tuple[Patch, ...]:
    return (patch.object(hub_desk, "claim_legs", lambda *_: ()),)
