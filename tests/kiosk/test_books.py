"""The books: what follows from the journal, what a snapshot keeps of it, and what may be forgotten."""

from __future__ import annotations

import msgspec
import pytest

from kiosk.books import Books, LastNote, from_carried, from_snapshot, to_carried, to_snapshot
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import Claim, ClaimState, NoteState
from kiosk.payment.table import IllegalEvent

NOTE = "b" * 32


def opened(key: str, kiosk_no: int = 7) -> ev.PaymentOpened:
    return ev.PaymentOpened(
        key=key,
        kiosk_no=kiosk_no,
        business="arrears",
        account=ev.AccountFacts("0399000000000018", "*伟", "漠阳花园**栋"),
        quote=ev.QuoteFacts("c" * 32, (), 11506, 200000, "t"),
        lang="zh",
        at="t0",
    )


def intended(key: str, note_id: str = NOTE, value: int = 10000, counter: int | None = 5) -> ev.NoteIntended:
    return ev.NoteIntended(key=key, note_id=note_id, note_type=2, value_fen=value, counter=counter)


def claim(key: str, payment_id: str = "", note_id: str = "", amount: int = 300) -> ev.ClaimOpened:
    return ev.ClaimOpened(
        key=key,
        reference="R",
        reason="orphan_note",
        payment_id=payment_id,
        account_no="",
        amount_fen=amount,
        memo_fen=0,
        notes=(),
        note_id=note_id,
        at="t",
        lang="zh",
    )


def cancelled(key: str) -> tuple[ev.Event, ...]:
    return opened(key), ev.CancelRequested(key=key, by="customer"), ev.Cancelled(key=key)


def taken(key: str, payment_id: str = "") -> tuple[ev.Event, ...]:
    return (
        claim(key, payment_id),
        ev.ClaimSending(key=key, attempt=1),
        ev.ClaimTaken(key=key, resolution=""),
    )


def books(*events: ev.Event) -> Books:
    made = Books.empty()
    for event in events:
        made.apply(event)
    return made


def test_new_books_are_empty() -> None:
    made = Books.empty()
    assert (made.payments, made.claims, made.last_note, made.kiosk_no) == ({}, {}, None, 0)


def test_each_event_goes_to_its_own_payment_or_claim() -> None:
    made = books(opened("p", 8), opened("q", 9), claim("c"))
    assert made.apply(ev.ClaimSending(key="c", attempt=1)) == (fx.SendClaim(made.claims["c"]),)
    assert made.apply(intended("q")) == (fx.StackNote(NOTE),)
    assert list(made.payments) == ["p", "q"]
    assert list(made.claims) == ["c"]
    assert (made.payments["p"].notes, made.payments["q"].intended is None) == ((), False)
    assert made.kiosk_no == 9
    assert [p.payment_id for p in made.open_payments] == ["p", "q"]
    assert [c.claim_id for c in made.open_claims] == ["c"]


def test_a_payment_without_cash_counts_as_the_kiosks_own_too() -> None:
    facts = {name: getattr(opened("q", 10), name) for name in ("business", "account", "quote", "lang", "at")}
    sale = ev.SaleOpened(
        key="q",
        kiosk_no=10,
        amount_fen=11506,
        business_date="2026-11-22",
        route_id="r",
        facts=ev.TenderFacts(),
        **facts,
    )
    assert books(opened("p", 9), sale).kiosk_no == 10


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (ev.ClaimSending(key="c", attempt=1), "none"),
        (opened("p"), "open"),
        (ev.Cancelled(key="p"), "open"),
    ],
    ids=["unknown claim", "opened twice", "not asked for"],
)
def test_an_event_that_cannot_be_changes_nothing(event: ev.Event, state: str) -> None:
    made = books(opened("p"), intended("p"), ev.NoteReturned(key="p", note_id=NOTE))
    before = to_snapshot(made)
    with pytest.raises(IllegalEvent) as refused:
        made.apply(event)
    assert refused.value.state == state
    assert to_snapshot(made) == before


def test_the_last_note_is_what_a_repeated_report_is_compared_with() -> None:
    made = books(opened("p"), intended("p"))
    assert made.last_note == LastNote(NOTE, "p", 10000, NoteState.INTENDED, 5)
    made.apply(ev.NoteStacked(key="p", note_id=NOTE, value_fen=10000))
    assert made.last_note == LastNote(NOTE, "p", 10000, NoteState.STACKED, 5)
    made.apply(ev.NoteStacked(key="p", note_id="d" * 32, value_fen=500, asked=False))
    assert made.last_note == LastNote("d" * 32, "p", 500, NoteState.STACKED)
    made.apply(claim("c"))
    assert made.last_note.note_id == "d" * 32
    made.apply(claim("k", note_id="e" * 32))
    assert made.last_note == LastNote("e" * 32, "k", 300, NoteState.STACKED)


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (ev.NoteReturned(key="p", note_id=NOTE), NoteState.RETURNED),
        (ev.NoteFateUnknown(key="p", note_id=NOTE, claim_id="c"), NoteState.UNKNOWN),
    ],
)
def test_a_note_that_is_not_in_the_box_is_the_last_one_all_the_same(
    event: ev.Event, state: NoteState
) -> None:
    assert books(opened("p"), intended("p"), event).last_note == LastNote(NOTE, "p", 10000, state, 5)


def test_what_has_ended_is_not_open() -> None:
    made = books(*cancelled("p"), opened("q"), *taken("c"), claim("k"))
    assert [p.payment_id for p in made.open_payments] == ["q"]
    assert [c.claim_id for c in made.open_claims] == ["k"]


def test_what_is_over_is_forgotten_but_not_what_the_customer_sees() -> None:
    events = (*cancelled("p"), *cancelled("s"), opened("q"), *taken("c"), *taken("k", "s"), claim("l"))
    made = books(*events)
    made.forget_ended("s")
    assert (set(made.payments), set(made.claims)) == ({"s", "q"}, {"k", "l"})
    made.forget_ended("nobody")
    assert (set(made.payments), set(made.claims)) == ({"q"}, {"l"})
    made = books(*events)
    made.forget_ended()
    assert (set(made.payments), set(made.claims)) == ({"q"}, {"l"})


def test_the_claim_that_stands_for_the_shown_payment_is_kept() -> None:
    paid = (
        opened("s"),
        intended("s"),
        ev.NoteStacked(key="s", note_id=NOTE, value_fen=10000),
        ev.PayRequested(key="s", by="customer"),
        ev.CreditSending(key="s", attempt=1, amount_fen=10000, taken_at="t", business_date="d"),
        *taken("k"),
        ev.Claimed(key="s", claim_id="k", reason="declined"),
    )
    made = books(*paid, *taken("other"))
    made.forget_ended("s")
    assert (set(made.payments), set(made.claims)) == ({"s"}, {"k"})


@pytest.mark.parametrize(
    ("reason", "told"),
    [("declined", ((5000, 1),)), ("unanswered", ((5000, 1),)), ("note_fate_unknown", ()), ("late_note", ())],
)
def test_a_claim_for_all_of_a_payments_money_knows_what_came_back_beside_it(
    reason: str, told: tuple[tuple[int, int], ...]
) -> None:
    made = books(
        opened("s"),
        intended("s", value=5000),
        ev.NoteReturned(key="s", note_id=NOTE, recovered=True),
        intended("s", note_id="d" * 32, value=2000),
        ev.NoteReturned(key="s", note_id="d" * 32),
        intended("s", note_id="e" * 32),
        ev.NoteStacked(key="s", note_id="e" * 32, value_fen=10000),
        ev.PayRequested(key="s", by="customer"),
        ev.CreditSending(key="s", attempt=1, amount_fen=10000, taken_at="t", business_date="d"),
        msgspec.structs.replace(claim("k", "s", amount=10000), reason=reason),
        claim("other"),
    )
    again = from_snapshot(to_snapshot(made))
    again.payments.clear()  # its slip may be printed again when the payment is forgotten
    [effect] = again.apply(ev.SlipIntended(key="k", job="f" * 32, slip="claim", copy_no=1))
    assert isinstance(effect, fx.PrintSlip)
    assert isinstance(effect.about, Claim)
    assert tuple((note.value_fen, note.count) for note in effect.about.returned) == told
    assert again.claims["other"].returned == ()


def test_what_is_settled_is_dropped_one_call_later() -> None:
    made = books(*cancelled("p"), opened("q"), *taken("c"), claim("l"))
    settled = made.forget_settled(set())
    assert settled == {"p", "c"}
    assert (set(made.payments), set(made.claims)) == ({"p", "q"}, {"c", "l"})
    made.apply(ev.CancelRequested(key="q", by="customer"))
    made.apply(ev.Cancelled(key="q"))
    assert made.forget_settled(settled) == {"q"}
    assert (set(made.payments), set(made.claims)) == ({"q"}, {"l"})


def test_a_snapshot_holds_everything() -> None:
    made = books(*cancelled("p"), opened("q", 12), intended("q"), *taken("c"), claim("l"))
    back = from_snapshot(to_snapshot(made))
    assert back == made
    assert back.claims["c"].state is ClaimState.TAKEN
    assert isinstance(back, Books)


def test_a_snapshot_of_another_version_or_shape_is_refused() -> None:
    whole = msgspec.json.decode(to_snapshot(books(opened("p"))))
    with pytest.raises(ValueError, match="^snapshot version 1, expected 3$"):
        from_snapshot(msgspec.json.encode(whole | {"version": 1}))
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        from_snapshot(msgspec.json.encode(whole | {"more": 1}))
    with pytest.raises(msgspec.ValidationError):
        from_snapshot(msgspec.json.encode(whole | {"kiosk_no": "1"}))


def test_what_hangs_over_from_a_pruned_journal_is_the_number_and_the_last_note() -> None:
    made = books(opened("q", 12), intended("q"))
    back = from_carried(to_carried(made))
    assert back == Books({}, {}, made.last_note, 12)
    assert msgspec.json.decode(to_carried(made)).keys() == {"kiosk_no", "last_note"}
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        from_carried(b'{"kiosk_no":1,"last_note":null,"more":1}')
    with pytest.raises(msgspec.ValidationError):
        from_carried(b'{"kiosk_no":"1","last_note":null}')
