"""Deliberate faults, one or more for each rule of money: a proof that does not find them proves nothing.

Each is a patch of the product as it might have been written; `within` says in how many runs the simulation finds it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from itertools import count
from typing import Any
from unittest.mock import patch

import msgspec

from drivers.cash.model import CashState
from hub.business import orders as hub_orders
from hub.business.ledger import Leg
from hub.composition import desk as hub_desk
from kiosk.books import Books
from kiosk.core import cash, offline, recover, settle
from kiosk.core.desk import Desk
from kiosk.core.fate import Verdict
from kiosk.hubclient import wire
from kiosk.hubclient.client import HubClient
from kiosk.hubclient.outcomes import Unknown
from kiosk.lanes import hub as hub_lane
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import NoteState, Payment
from kiosk.runner import Runner
from kiosk.slips import Slips
from tests.crash import cabinet, line, memory
from tests.crash.report import Report, Tally
from tests.crash.world import Options, run

Patch = AbstractContextManager[Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is broken, which of the nine rules that breaks, and in how many runs it must be found."""

    name: str
    rule: int
    within: int
    patches: Callable[[], tuple[Patch, ...]]


def _wrapped(owner: Any, name: str, around: Callable[..., Any]) -> Patch:
    """Put `around(original, *arguments)` in the place of a function."""
    original = getattr(owner, name)
    return patch.object(owner, name, lambda *args, **kwargs: around(original, *args, **kwargs))


def _never_written(kind: type) -> tuple[Patch, ...]:
    def append(original: Any, journal: Any, events: Any, at: str) -> None:
        kept = tuple(event for event in events if not isinstance(event, kind))
        if kept:
            original(journal, kept, at)

    return (_wrapped(cabinet.MemoryJournal, "append", append),)


def _act_first(*kinds: type) -> tuple[Patch, ...]:
    def act(original: Any, runner: Any, decision: Any) -> None:
        for effect in decision.effects:
            if isinstance(effect, kinds):
                runner._route(effect)
        original(
            runner, replace(decision, effects=tuple(e for e in decision.effects if not isinstance(e, kinds)))
        )

    return (_wrapped(Runner, "_act", act),)


def _timer_dropped(*kinds: str) -> tuple[Patch, ...]:
    def after(original: Any, desk: Any, name: str, seconds: float) -> None:
        if name.partition(":")[0] not in kinds:
            original(desk, name, seconds)

    return (_wrapped(Desk, "after", after),)


def _verdict(verdict: Verdict, does: Any) -> tuple[Patch, ...]:
    mapping: Any = cash.VERDICTS
    return (patch.dict(mapping, {verdict: does}),)


def _room_without_waiting(original: Any, desk: Any) -> int:
    with patch.object(Books, "open_payments", ()):
        room: int = original(desk)
    return room


def _credit_on_escrow() -> tuple[Patch, ...]:
    def judge(desk: Any, report: Any) -> None:
        judged(desk, report)
        payment = desk.collecting
        if payment is not None and payment.intended is not None:
            note = payment.intended
            desk.emit(ev.NoteStacked(key=payment.payment_id, note_id=note.note_id, value_fen=note.value_fen))

    judged = cash.VERDICTS[Verdict.JUDGE]
    return _verdict(Verdict.JUDGE, judge)


def _stale_counter() -> tuple[Patch, ...]:
    first: dict[int, int | None] = {}

    def on_report(original: Any, desk: Any, said: Any) -> None:
        if said.counter is not None:
            count = first.setdefault(id(desk), said.counter)
            if said.report.state is CashState.ESCROW:
                said = replace(said, counter=count)
        original(desk, said)

    return (_wrapped(cash, "on_report", on_report),)


def _reused_id() -> tuple[Patch, ...]:
    def opened(original: Any, desk: Any, *events: Any) -> None:
        if isinstance(events[0], ev.PaymentOpened):
            events = (msgspec.structs.replace(events[0], key="0" * 32),)
            desk.session = replace(desk.session, payment_id="0" * 32)
        original(desk, *events)

    def go(original: Any, desk: Any, page: Any, **changes: Any) -> None:
        if changes.get("payment_id"):
            changes["payment_id"] = "0" * 32
        original(desk, page, **changes)

    return _wrapped(Desk, "emit", opened), _wrapped(Desk, "go", go)


def _new_id_for_resend() -> tuple[Patch, ...]:
    numbers = count(1)

    def put(original: Any, client: Any, payment_id: str, request: Any) -> Any:
        if client.outcome is None:
            payment_id = hashlib.sha256(f"{payment_id}{next(numbers)}".encode()).hexdigest()[:32]
        return original(client, payment_id, request)

    return (_wrapped(HubClient, "put_payment", put),)


def _other_content() -> tuple[Patch, ...]:
    def request(original: Any, payment: Any) -> Any:
        return msgspec.structs.replace(original(payment), kiosk_no=payment.kiosk_no + payment.attempts)

    return (_wrapped(hub_lane, "payment_request", request),)


def _content_not_compared() -> tuple[Patch, ...]:
    def replay(_original: Any, stored: Any, _terminal: str, _order: Any, _content: str) -> Any:
        return hub_desk.Reply(stored.reply, new=False)

    return (_wrapped(hub_desk, "_replay", replay),)


def _reply_not_stored() -> tuple[Patch, ...]:
    def replay(original: Any, *args: Any) -> Any:
        return hub_desk.Reply(original(*args).body + b" ", new=False)

    return (_wrapped(hub_desk, "_replay", replay),)


async def _no_tombstone(*_: Any) -> bool:
    return False


def _claim_beside_credit() -> tuple[Patch, ...]:
    original = hub_desk._forestall

    async def forestall(*args: Any) -> bool:
        await original(*args)
        return False

    return (patch.object(hub_desk, "_forestall", forestall),)


def _cash_reversed() -> tuple[Patch, ...]:
    def end(original: Any, call: Any, outcome: Any) -> None:
        if isinstance(outcome, Unknown) and call.told is not None and "/payments/" in call.asked.path:
            order = msgspec.json.decode(call.asked.body)
            payment_id = call.asked.path.rpartition("/")[2]
            body = {"payment_id": payment_id, "amount_fen": order["amount_fen"], "reason": "unanswered"}
            asked = line.Asked(
                "PUT",
                f"/v1/reversals/{payment_id[::-1]}",
                msgspec.json.encode(body | {"made_at": order["taken_at"]}),
                None,
                {},
                20.0,
            )
            line._Call(call.line, asked, None).arrive()
        original(call, outcome)

    return _wrapped(line._Call, "end", end), patch.object(hub_desk, "check_reversal", lambda *_: None)


def _believe(*, amount: bool) -> tuple[Patch, ...]:
    def decode(original: Any, kind: Any, body: bytes, expect: Any = None) -> Any:
        return original(kind, body, None if kind is wire.Payment else expect)

    def approved(original: Any, desk: Any, payment: Any, body: Any, replayed: bool) -> None:
        body = msgspec.structs.replace(
            body, account_no=payment.account.account_no, amount_fen=payment.inserted_fen
        )
        original(desk, payment, body, replayed)

    patches = [_wrapped(wire, "decode", decode)]
    return (*patches, _wrapped(settle, "_approved", approved)) if amount else tuple(patches)


def _silence_is_consent() -> tuple[Patch, ...]:
    def unanswered(_original: Any, desk: Any, payment: Payment, *_: Any, **__: Any) -> None:
        invented = ev.CreditApproved(
            key=payment.payment_id,
            hub_no="000000000000",
            allocations=(),
            to_balance_fen=payment.inserted_fen,
            balance_before_fen=0,
            balance_after_fen=payment.inserted_fen,
            arrears_after_fen=0,
            credited_at=desk.now.stamp,
            business_date=payment.business_date,
        )
        desk.emit(invented)

    return (_wrapped(settle, "_unanswered", unanswered),)


def _paid_slip_while_unknown() -> tuple[Patch, ...]:
    def of_payment(original: Any, slips: Any, payment: Any, effect: Any) -> Any:
        return replace(original(slips, payment, effect), kind="paid", reference="")

    return (_wrapped(Slips, "of_payment", of_payment),)


def _snapshot_forgets() -> tuple[Patch, ...]:
    def to_snapshot(original: Any, books: Books) -> bytes:
        done: bytes = original(Books({}, books.claims, books.last_note, books.kiosk_no))
        return done

    return (_wrapped(cabinet, "to_snapshot", to_snapshot),)


def _memo_credited() -> tuple[Patch, ...]:
    def inserted(payment: Payment) -> int:
        return sum(n.value_fen for n in payment.notes if n.state in {NoteState.STACKED, NoteState.UNKNOWN})

    return (patch.object(Payment, "inserted_fen", property(inserted)),)


def _unbalanced() -> tuple[Patch, ...]:
    def legs(original: Any, *args: Any) -> Any:
        first, *rest = original(*args)
        return (Leg(first.account, first.amount_fen - 1), *rest)

    return _wrapped(hub_desk, "payment_legs", legs), patch.object(memory, "balanced", tuple)


def _no_claim() -> tuple[Patch, ...]:
    def claim(_original: Any, desk: Any, payment: Payment, _reason: str, why: str) -> None:
        desk.emit(ev.Claimed(key=payment.payment_id, claim_id=desk.ids(), reason=why))

    return (_wrapped(settle, "_claim_payment", claim),)


def _lost_note_forgotten() -> tuple[Patch, ...]:
    def open_claim(original: Any, desk: Any, **kwargs: Any) -> Any:
        return desk.ids() if kwargs["reason"] == "note_fate_unknown" else original(desk, **kwargs)

    return (_wrapped(settle, "open_claim", open_claim),)


def _nothing_recovered() -> tuple[Patch, ...]:
    return (patch.object(recover, "begin", lambda desk: desk.after("status", 0.0)),)


def _next_customer_too_early() -> tuple[Patch, ...]:
    def resume(original: Any, desk: Any, payment: Any) -> None:
        original(desk, payment)
        desk.start_over()

    return (_wrapped(recover, "_resume", resume),)


FAULTS = (
    Fault("a stacked note is not written down", 1, 100, lambda: _never_written(ev.NoteStacked)),
    Fault("a credit request is not written down", 1, 100, lambda: _never_written(ev.CreditSending)),
    Fault("a print job is not written down", 1, 100, lambda: _never_written(ev.SlipIntended)),
    Fault("a note is stacked before its intent is durable", 1, 100, lambda: _act_first(fx.StackNote)),
    Fault("money is sent before the row is durable", 1, 100, lambda: _act_first(fx.SendCredit)),
    Fault("silence counts as approved", 2, 100, _silence_is_consent),
    Fault("the slip says paid while nobody knows", 2, 100, _paid_slip_while_unknown),
    Fault("a resend is dropped", 3, 100, lambda: _timer_dropped("credit")),
    Fault("stacked cash is reversed", 3, 100, _cash_reversed),
    Fault("claims are not repeated", 3, 100, lambda: _timer_dropped("claim")),
    Fault("a payment id is used again", 4, 100, _reused_id),
    Fault("a resend has a new id", 4, 100, _new_id_for_resend),
    Fault("a resend has other content", 4, 100, _other_content),
    Fault("the hub takes other content under a known id", 4, 100, _content_not_compared),
    Fault("the hub does not give the stored reply", 4, 100, _reply_not_stored),
    Fault(
        "a claim leaves no tombstone", 4, 400, lambda: (patch.object(hub_desk, "_forestall", _no_tombstone),)
    ),
    Fault("an answer for another payment is believed", 4, 400, lambda: _believe(amount=False)),
    Fault("an answer for another amount is believed", 4, 400, lambda: _believe(amount=True)),
    Fault("a note is credited in escrow", 5, 100, _credit_on_escrow),
    Fault(
        "a note is acknowledged before its credit is durable", 5, 100, lambda: _act_first(fx.AcknowledgeNote)
    ),
    Fault("a repeated report is claimed again", 5, 800, lambda: _verdict(Verdict.ACKNOWLEDGE, cash._claim)),
    Fault("a lost note counts as returned", 5, 2500, lambda: _verdict(Verdict.UNKNOWN, cash._back)),
    Fault("a lost note counts as stacked", 5, 1200, lambda: _verdict(Verdict.UNKNOWN, cash._credit)),
    Fault("an old count is taken for the present one", 5, 2500, _stale_counter),
    Fault("memo money is credited", 5, 100, _memo_credited),
    Fault("claim and payment are both booked", 6, 400, _claim_beside_credit),
    Fault("legs do not add up", 6, 100, _unbalanced),
    Fault("a snapshot forgets a payment", 6, 100, _snapshot_forgets),
    Fault("a refused payment leaves no claim", 7, 100, _no_claim),
    Fault("a lost note leaves no claim", 7, 400, _lost_note_forgotten),
    Fault(
        "a late note is acknowledged and forgotten",
        7,
        400,
        lambda: _verdict(Verdict.CLAIM, cash._acknowledge),
    ),
    Fault("a note's deadline is forgotten", 7, 1200, lambda: _timer_dropped("note_fate", "closing")),
    Fault("a restart recovers nothing", 7, 100, _nothing_recovered),
    Fault("the next customer comes before all is settled", 8, 100, _next_customer_too_early),
    Fault(
        "money that waits takes no room",
        8,
        800,
        lambda: (_wrapped(offline, "room_fen", _room_without_waiting),),
    ),
    Fault(
        "cash is taken without the hub against the settings",
        8,
        100,
        lambda: (patch.object(offline, "room_fen", lambda desk: desk.config.cash.most_fen),),
    ),
    Fault("notes are taken without limit", 8, 100, lambda: (patch.object(cash, "why_not", lambda *_: ""),)),
    Fault(
        "names are not masked", 9, 100, lambda: (patch.object(hub_orders, "mask_name", lambda name: name),)
    ),
)


def found_after(fault: Fault, most: int, seed: int = 1) -> int | None:
    """In which run the fault is found, from 1; None if it survives them all."""
    with ExitStack() as stack:
        for one in fault.patches():
            stack.enter_context(one)
        for number in range(most):
            if run(seed + number, Options()).violations:
                return number + 1
    return None


def prove(report: Report) -> Tally:
    """Apply every fault from the run's own seed, with four times the room that the tests give it."""
    tally = Tally()
    for fault in FAULTS:
        found = found_after(fault, 4 * fault.within, report.seed)
        if found is None:
            tally.broken += 1
            replay = f"python -m pytest tests/crash/test_faults.py -k {fault.name.replace(' ', '_')}"
            report.failed(f"a fault survives: {fault.name} (rule {fault.rule})", replay)
    report.say(f"faults: {len(FAULTS) - tally.broken} of {len(FAULTS)} found")
    return tally
