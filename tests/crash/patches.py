"""The kiosk as it might have been written: each function gives the patches that make one fault of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import count
from typing import Any
from unittest.mock import patch

import msgspec

from drivers.cash.model import CashState
from kiosk.books import Books
from kiosk.core import cash, credit, offline, recover, settle
from kiosk.core.desk import Desk
from kiosk.core.fate import Verdict
from kiosk.hubclient import wire
from kiosk.hubclient.client import HubClient
from kiosk.lanes import hub as hub_lane
from kiosk.payment import events as ev
from kiosk.payment.model import NoteState, Payment
from kiosk.runner import Runner
from kiosk.slips import Slips
from tests.crash import disk

Patch = AbstractContextManager[Any]


def wrapped(owner: Any, name: str, around: Callable[..., Any]) -> Patch:
    """Put `around(original, *arguments)` in the place of a function."""
    original = getattr(owner, name)
    return patch.object(owner, name, lambda *args, **kwargs: around(original, *args, **kwargs))


def never_written(kind: type) -> tuple[Patch, ...]:
    def append(original: Any, journal: Any, events: Any, at: str) -> None:
        kept = tuple(event for event in events if not isinstance(event, kind))
        if kept:
            original(journal, kept, at)

    return (wrapped(disk.MemoryJournal, "append", append),)


def act_first(*kinds: type) -> tuple[Patch, ...]:
    def act(original: Any, runner: Any, decision: Any) -> None:
        for effect in decision.effects:
            if isinstance(effect, kinds):
                runner._route(effect)
        original(
            runner, replace(decision, effects=tuple(e for e in decision.effects if not isinstance(e, kinds)))
        )

    return (wrapped(Runner, "_act", act),)


def timer_dropped(*kinds: str) -> tuple[Patch, ...]:
    def after(original: Any, desk: Any, name: str, seconds: float) -> None:
        if name.partition(":")[0] not in kinds:
            original(desk, name, seconds)

    return (wrapped(Desk, "after", after),)


def verdict_does(verdict: Verdict, does: Any) -> tuple[Patch, ...]:
    mapping: Any = cash.VERDICTS
    return (patch.dict(mapping, {verdict: does}),)


def waiting_takes_no_room() -> tuple[Patch, ...]:
    def room_fen(original: Any, desk: Any) -> int:
        with patch.object(Books, "open_payments", ()):
            room: int = original(desk)
        return room

    return (wrapped(offline, "room_fen", room_fen),)


def cash_without_hub_against_the_settings() -> tuple[Patch, ...]:
    return (patch.object(offline, "room_fen", lambda desk: desk.config.cash.most_fen),)


def notes_without_limit() -> tuple[Patch, ...]:
    return (patch.object(cash, "why_not", lambda *_: ""),)


def credit_on_escrow() -> tuple[Patch, ...]:
    def judge(desk: Any, report: Any) -> None:
        judged(desk, report)
        payment = desk.collecting
        if payment is not None and payment.intended is not None:
            note = payment.intended
            desk.emit(ev.NoteStacked(key=payment.payment_id, note_id=note.note_id, value_fen=note.value_fen))

    judged = cash.VERDICTS[Verdict.JUDGE]
    return verdict_does(Verdict.JUDGE, judge)


def stale_counter() -> tuple[Patch, ...]:
    first: list[tuple[Any, int | None]] = []

    def on_report(original: Any, desk: Any, said: Any) -> None:
        if said.counter is not None:
            if not first or first[0][0] is not desk:
                first[:] = [(desk, said.counter)]
            count = first[0][1]
            if said.report.state is CashState.ESCROW:
                said = replace(said, counter=count)
        original(desk, said)

    return (wrapped(cash, "on_report", on_report),)


def reused_id() -> tuple[Patch, ...]:
    def opened(original: Any, desk: Any, *events: Any) -> None:
        if isinstance(events[0], ev.PaymentOpened):
            events = (msgspec.structs.replace(events[0], key="0" * 32),)
            desk.session = replace(desk.session, payment_id="0" * 32)
        original(desk, *events)

    def go(original: Any, desk: Any, page: Any, **changes: Any) -> None:
        if changes.get("payment_id"):
            changes["payment_id"] = "0" * 32
        original(desk, page, **changes)

    return wrapped(Desk, "emit", opened), wrapped(Desk, "go", go)


def new_id_for_resend() -> tuple[Patch, ...]:
    numbers = count(1)

    def put(original: Any, client: Any, payment_id: str, request: Any) -> Any:
        if not client.outcomes:
            payment_id = hashlib.sha256(f"{payment_id}{next(numbers)}".encode()).hexdigest()[:32]
        return original(client, payment_id, request)

    return (wrapped(HubClient, "put_payment", put),)


def other_content() -> tuple[Patch, ...]:
    def request(original: Any, payment: Any) -> Any:
        return msgspec.structs.replace(original(payment), kiosk_no=payment.kiosk_no + payment.attempts - 1)

    return (wrapped(hub_lane, "payment_request", request),)


def believe(*, amount: bool) -> tuple[Patch, ...]:
    def decode(original: Any, kind: Any, body: bytes, expect: Any = None) -> Any:
        return original(kind, body, None if kind is wire.Payment else expect)

    def approved(original: Any, desk: Any, payment: Any, body: Any, replayed: bool) -> None:
        body = msgspec.structs.replace(
            body, account_no=payment.account.account_no, amount_fen=payment.inserted_fen
        )
        original(desk, payment, body, replayed)

    patches = [wrapped(wire, "decode", decode)]
    return (*patches, wrapped(credit, "approve", approved)) if amount else tuple(patches)


def silence_is_consent() -> tuple[Patch, ...]:
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

    return (wrapped(credit, "unanswered", unanswered),)


def paid_slip_while_unknown() -> tuple[Patch, ...]:
    def of_payment(original: Any, slips: Any, payment: Any, effect: Any) -> Any:
        return replace(original(slips, payment, effect), kind="paid", reference="")

    return (wrapped(Slips, "of_payment", of_payment),)


def snapshot_forgets() -> tuple[Patch, ...]:
    def to_snapshot(original: Any, books: Books) -> bytes:
        done: bytes = original(Books({}, books.claims, books.last_note, books.kiosk_no))
        return done

    return (wrapped(disk, "to_snapshot", to_snapshot),)


def memo_credited() -> tuple[Patch, ...]:
    def inserted(payment: Payment) -> int:
        return sum(n.value_fen for n in payment.notes if n.state in {NoteState.STACKED, NoteState.UNKNOWN})

    return (patch.object(Payment, "inserted_fen", property(inserted)),)


def no_claim() -> tuple[Patch, ...]:
    def claim(_original: Any, desk: Any, payment: Payment, _reason: str, why: str) -> None:
        desk.emit(ev.Claimed(key=payment.payment_id, claim_id=desk.ids(), reason=why))

    return (wrapped(credit, "claim_payment", claim),)


def lost_note_forgotten() -> tuple[Patch, ...]:
    def open_claim(original: Any, desk: Any, **kwargs: Any) -> Any:
        return desk.ids() if kwargs["reason"] == "note_fate_unknown" else original(desk, **kwargs)

    return (wrapped(settle, "open_claim", open_claim),)


def nothing_recovered() -> tuple[Patch, ...]:
    return (patch.object(recover, "begin", lambda desk: desk.after("status", 0.0)),)


def next_customer_too_early() -> tuple[Patch, ...]:
    def resume(original: Any, desk: Any, payment: Any) -> None:
        original(desk, payment)
        desk.start_over()

    return (wrapped(recover, "_resume", resume),)


def rows_unchained() -> tuple[Patch, ...]:
    def chained(original: Any, _head: str, *row: Any) -> Any:
        return original(disk.GENESIS, *row)

    return (wrapped(disk, "chained", chained),)


def opened_for_another_account() -> tuple[Patch, ...]:
    def opened(original: Any, desk: Any, *events: Any) -> None:
        if isinstance(events[0], ev.PaymentOpened):
            other = msgspec.structs.replace(events[0].account, account_no="0399900003")
            events = (msgspec.structs.replace(events[0], account=other),)
        original(desk, *events)

    return (wrapped(Desk, "emit", opened),)


def told_otherwise(request: str, **content: Any) -> tuple[Patch, ...]:
    """The request (`payment_request` or `claim_request`) is made with other content than the journal's."""

    def make(original: Any, item: Any) -> Any:
        return msgspec.structs.replace(original(item), **content)

    return (wrapped(hub_lane, request, make),)


def repeats_without_end() -> tuple[Patch, ...]:
    def unanswered(
        _original: Any, desk: Any, payment: Payment, attempt: int, *, sent: bool, why: str
    ) -> None:
        desk.emit(ev.CreditUnknown(key=payment.payment_id, attempt=attempt, sent=sent, reason=why[:200]))
        desk.after(f"credit:{payment.payment_id}", settle.pause(desk, payment.payment_id, payment.attempts))

    return (wrapped(credit, "unanswered", unanswered),)


def kiosks_own_day_on_the_slip() -> tuple[Patch, ...]:
    def of_payment(original: Any, slips: Any, payment: Payment, effect: Any) -> Any:
        facts = original(slips, payment, effect)
        return replace(facts, business_date=payment.business_date) if facts.kind == "paid" else facts

    return (wrapped(Slips, "of_payment", of_payment),)
