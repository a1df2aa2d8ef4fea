"""Each pair of state and event is in the table or refused, and folds say what the table says."""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec
import pytest

from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.diagram import PAGE, page
from kiosk.payment.model import ENDS, ClaimState, NoteState, Payment, PaymentState
from kiosk.payment.table import CLAIM_TABLE, START, TABLE, IllegalEvent, step, step_claim

KEY = "a" * 32
NOTE = "b" * 32
OPENED = ev.PaymentOpened(
    key=KEY,
    kiosk_no=7,
    business="buy_power",
    account=ev.AccountFacts("0399000000000018", "*伟", "漠阳花园**栋"),
    quote=ev.QuoteFacts("c" * 32, ("2026-08",), 11506, 200000, "2026-11-22T20:00:00Z"),
    lang="zh",
    at="2026-11-22T19:59:00.000Z",
    card=ev.CardFacts("0102030405060708", "state_grid_2013", "0" * 12, "1" * 12, 6, "5" * 32),
)
PURCHASE = ev.PurchaseFacts(
    KEY, "purchase", "0" * 12, "1" * 12, 7, 10000, "0102030405060708", "state_grid_2013"
)
INTENDED = ev.NoteIntended(key=KEY, note_id=NOTE, note_type=2, value_fen=10000, counter=5)
STACKED = ev.NoteStacked(key=KEY, note_id=NOTE, value_fen=10000)
APPROVED = ev.CreditApproved(
    key=KEY,
    hub_no="1",
    allocations=(),
    to_balance_fen=10000,
    balance_before_fen=0,
    balance_after_fen=10000,
    arrears_after_fen=0,
    credited_at="2026-11-22T20:00:00+00:00",
    business_date="2026-11-23",
)
SOLD = ev.GoodApproved(**msgspec.structs.asdict(APPROVED), purchase=PURCHASE)
REWRITE = ev.RewriteOpened(
    key=KEY,
    kiosk_no=7,
    account=OPENED.account,
    card=OPENED.card or ev.CardFacts("", "", "", "", 0, ""),
    purchase=PURCHASE,
    lang="zh",
    at="t",
)
WRITE = ev.WriteIntended(key=KEY, write_id="9" * 32, attempt=1)
SENDING = ev.CreditSending(key=KEY, attempt=1, amount_fen=10000, taken_at="t", business_date="2026-11-23")
JOB = ev.SlipIntended(key=KEY, job="d" * 32, slip="paid")
FACTS = ev.TenderFacts(title_zh="示例银行", title_en="Sample Bank", card="621214******0012", number="1")
BEGUN = {
    **{
        name: getattr(OPENED, name)
        for name in ("key", "kiosk_no", "business", "account", "quote", "lang", "at")
    },
    "card": OPENED.card,
    "amount_fen": 10000,
    "business_date": "2026-11-23",
}
SALE = ev.SaleOpened(**BEGUN, route_id="4" * 32, facts=FACTS)
BOX_SALE = ev.BoxSaleOpened(**BEGUN, box_reference="1" * 18)
PHONE = ev.PhoneOpened(**BEGUN)
RECHARGE = ev.RechargeOpened(**{**BEGUN, "amount_fen": 0}, sealed="jwe")
OPENINGS: tuple[ev.Event, ...] = (OPENED, REWRITE, SALE, BOX_SALE, PHONE, RECHARGE)
BOX_APPROVED = ev.SaleApproved(key=KEY, amount_fen=10000, facts=FACTS)
BOX_SENDING = ev.CreditSending(
    key=KEY, attempt=1, amount_fen=10000, taken_at=OPENED.at, business_date="2026-11-23"
)
EVENTS: dict[type[ev.Event], ev.Event] = {
    type(e): e
    for e in (
        INTENDED,
        STACKED,
        ev.NoteReturned(key=KEY, note_id=NOTE),
        ev.NoteFateUnknown(key=KEY, note_id=NOTE, claim_id="e" * 32),
        ev.NoteRefused(key=KEY, value_fen=5000, reason="over_limit"),
        ev.CancelRequested(key=KEY, by="customer"),
        ev.Cancelled(key=KEY),
        ev.PayRequested(key=KEY, by="customer"),
        SENDING,
        ev.CreditUnknown(key=KEY, attempt=1, sent=True, reason="timeout"),
        APPROVED,
        SOLD,
        WRITE,
        ev.WriteUncertain(key=KEY, reason="restart"),
        ev.CardReadAsked(key=KEY),
        ev.WriteVerified(key=KEY, at="t"),
        ev.WriteAbsent(key=KEY, reason="card_gone"),
        ev.WriteTorn(key=KEY, reason="parameter"),
        ev.WriteGivenUp(key=KEY, outcome="failed", reason="card_worn", at="t"),
        ev.CardOffered(key=KEY),
        ev.CardKept(key=KEY, reason="not taken"),
        ev.CardLeft(key=KEY, how="taken"),
        ev.OutcomeSending(key=KEY, attempt=1),
        ev.OutcomeUnanswered(key=KEY, attempt=1, reason="timeout"),
        ev.OutcomeTaken(key=KEY, state="written"),
        ev.CheckingPromised(key=KEY, reference="AAAA"),
        ev.Claimed(key=KEY, claim_id="e" * 32, reason="declined"),
        JOB,
        ev.SlipPrinted(key=KEY, job=JOB.job),
        ev.SlipFailed(key=KEY, job=JOB.job, reason="paper_out"),
        BOX_APPROVED,
        ev.SaleDeclined(key=KEY, family="funds", code="51"),
        ev.SaleUnknown(key=KEY, reason="timeout"),
        ev.ReversalSending(key=KEY, reversal_id="8" * 32, attempt=1),
        ev.ReversalUnanswered(key=KEY, attempt=1, reason="timeout"),
        ev.ReversalAnswered(key=KEY, outcome="reversed"),
        ev.LastResultAsked(key=KEY, attempt=1),
        ev.LastResultUnknown(key=KEY, attempt=1, reason="timeout"),
        ev.VoidAsked(key=KEY, attempt=1, reason="account_closed"),
        ev.VoidUnknown(key=KEY, attempt=1, reason="timeout"),
        ev.Voided(key=KEY, facts=FACTS),
        ev.OrderOpened(key=KEY, code="https://wallet.example/1", expires_at="t", facts=FACTS),
        ev.OrderClosing(key=KEY, attempt=1, by="timeout"),
        ev.OrderUnanswered(key=KEY, attempt=1, reason="timeout"),
        ev.OrderClosed(key=KEY),
        ev.LateAnswer(key=KEY, word="sale", detail="approved"),
    )
}
HANDING = {ev.CardOffered, ev.CardKept, ev.CardLeft}
WAYS: dict[PaymentState, tuple[ev.Event, ...]] = {
    PaymentState.OPEN: (),
    PaymentState.STACKING_FIRST: (INTENDED,),
    PaymentState.FUNDED: (INTENDED, STACKED),
    PaymentState.STACKING: (
        INTENDED,
        STACKED,
        ev.NoteIntended(key=KEY, note_id=NOTE[:-1] + "0", note_type=2, value_fen=1000),
    ),
    PaymentState.CANCELLING: (EVENTS[ev.CancelRequested],),
    PaymentState.CLOSING: (INTENDED, STACKED, EVENTS[ev.PayRequested]),
}
WAYS[PaymentState.SENDING] = (*WAYS[PaymentState.CLOSING], SENDING)
WAYS[PaymentState.CHECKING] = (*WAYS[PaymentState.SENDING], EVENTS[ev.CheckingPromised], JOB)
WAYS[PaymentState.UNDELIVERED] = (*WAYS[PaymentState.SENDING], SOLD)
WAYS[PaymentState.WRITING] = (*WAYS[PaymentState.UNDELIVERED], WRITE)
WAYS[PaymentState.READING_BACK] = (*WAYS[PaymentState.WRITING], EVENTS[ev.WriteUncertain])
WAYS[PaymentState.TORN] = (*WAYS[PaymentState.WRITING], EVENTS[ev.WriteTorn])
WAYS[PaymentState.CREDITED] = (*WAYS[PaymentState.WRITING], EVENTS[ev.WriteVerified], JOB)
WAYS[PaymentState.PAID] = (*WAYS[PaymentState.CREDITED], EVENTS[ev.SlipPrinted])
WAYS[PaymentState.OWED] = (*WAYS[PaymentState.TORN], EVENTS[ev.WriteGivenUp], JOB)
WAYS[PaymentState.CANCELLED] = (*WAYS[PaymentState.CANCELLING], EVENTS[ev.Cancelled], JOB)
S = PaymentState
WAYS[S.AUTHORISING] = (SALE,)
WAYS[S.REVERSING] = (SALE, EVENTS[ev.SaleUnknown], JOB)
WAYS[S.AUTHORISING_BOX] = (BOX_SALE,)
WAYS[S.ASKING_BOX] = (BOX_SALE, EVENTS[ev.SaleUnknown], JOB)
WAYS[S.TAKEN] = (BOX_SALE, BOX_APPROVED)
WAYS[S.VOIDING_BOX] = (
    *WAYS[S.TAKEN],
    BOX_SENDING,
    EVENTS[ev.CheckingPromised],
    JOB,
    EVENTS[ev.VoidAsked],
)
WAYS[S.OPENING_ORDER] = (PHONE,)
WAYS[S.AWAITING_PHONE] = (PHONE, EVENTS[ev.OrderOpened])
WAYS[S.CLOSING_ORDER] = (*WAYS[S.AWAITING_PHONE], EVENTS[ev.OrderClosing])
WAYS[S.CHECKING_ORDER] = (*WAYS[S.CLOSING_ORDER], EVENTS[ev.CheckingPromised], JOB)
WAYS[S.REDEEMING] = (RECHARGE,)
WAYS[S.DECLINED] = (SALE, EVENTS[ev.SaleDeclined], JOB)
WAYS[S.REVERSED] = (*WAYS[S.REVERSING], EVENTS[ev.ReversalAnswered])
WAYS[PaymentState.CLAIMED] = (*WAYS[PaymentState.CHECKING], EVENTS[ev.Claimed])


OF_A_TENDER: dict[type[ev.Event], tuple[ev.Event, ...]] = {
    ev.SaleDeclined: (RECHARGE, msgspec.structs.replace(BOX_SENDING, amount_fen=0)),
    ev.VoidAsked: (BOX_SALE, BOX_APPROVED, BOX_SENDING),
}
"""What may be said of money that waits for the hub's word, and of cash never."""


def walk(*events: ev.Event) -> Payment:
    own = bool(events) and isinstance(events[0], ev.TenderOpened)
    payment, _ = step(None, events[0] if own else OPENED)
    for event in events[1:] if own else events:
        payment, _ = step(payment, event)
    return payment


def fitting(payment: Payment, kind: type[ev.Event]) -> ev.Event:
    """The sample event of that kind, about the payment's own note where it is about one."""
    event = EVENTS[kind]
    note = payment.intended
    if isinstance(event, ev.NoteStacked) and note is None:
        return ev.NoteStacked(key=KEY, note_id="f" * 32, value_fen=10000, asked=False)
    if isinstance(event, ev.NoteStacked | ev.NoteReturned | ev.NoteFateUnknown) and note is not None:
        return msgspec.structs.replace(event, note_id=note.note_id)
    if isinstance(event, ev.CreditSending):
        event = msgspec.structs.replace(event, attempt=payment.attempts + 1, amount_fen=payment.inserted_fen)
        own = payment.tender != "cash"
        return msgspec.structs.replace(event, taken_at=payment.taken_at) if own else event
    if isinstance(event, ev.CreditApproved) and payment.tender != "cash" and not payment.by_box:
        return msgspec.structs.replace(event, tendered_fen=10000, facts=FACTS)
    if isinstance(event, ev.LastResultAsked | ev.OrderClosing | ev.VoidAsked) and payment.asks:
        return msgspec.structs.replace(event, attempt=payment.asks + 1)
    if isinstance(event, ev.WriteIntended) and payment.delivery is not None:
        return msgspec.structs.replace(event, attempt=payment.delivery.writes + 1)
    return event


def test_the_samples_cover_every_state_and_every_event() -> None:
    assert set(WAYS) == set(PaymentState) == set(TABLE)
    for state, events in WAYS.items():
        assert walk(*events).state is state
    assert {e for rows in TABLE.values() for e in rows} == set(EVENTS)


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("state", PaymentState)
def test_every_pair_is_in_the_table_or_refused_without_a_trace(
    state: PaymentState, kind: type[ev.Event]
) -> None:
    payment = walk(*WAYS[state])
    if state is PaymentState.CLOSING and kind in {ev.NoteReturned, ev.NoteFateUnknown}:
        payment = walk(INTENDED, STACKED, WAYS[PaymentState.STACKING][2], EVENTS[ev.PayRequested])
    if kind in HANDING:
        payment = replace(payment, business="reissue")
    if kind in OF_A_TENDER and state in {S.SENDING, S.CHECKING}:
        payment = replace(walk(*OF_A_TENDER[kind]), state=state)
    row = TABLE[state].get(kind)
    if row is None:
        with pytest.raises(IllegalEvent, match=re.escape(kind.__name__)) as refused:
            step(payment, fitting(payment, kind))
        assert refused.value.state == state.value
        return
    after, effects = step(payment, fitting(payment, kind))
    assert after.state is row.next
    assert [type(e) for e in effects] == ([row.effect] if row.effect else [])


def test_an_opening_permits_the_acceptor_to_be_enabled() -> None:
    payment, effects = step(None, OPENED)
    assert payment.state is PaymentState.OPEN is START[ev.PaymentOpened].next
    assert effects == (fx.EnableAcceptor(),)


def test_only_an_opening_begins_a_payment() -> None:
    for event in EVENTS.values():
        with pytest.raises(IllegalEvent) as refused:
            step(None, event)
        assert refused.value.state == "none"
    for state in PaymentState:
        for opening in OPENINGS:
            with pytest.raises(IllegalEvent):
                step(walk(*WAYS[state]), opening)


def test_a_rewrite_begins_with_the_card_and_without_money() -> None:
    payment, effects = step(None, REWRITE)
    assert payment.state is PaymentState.UNDELIVERED is START[ev.RewriteOpened].next
    assert (payment.business, payment.inserted_fen, effects) == ("rewrite", 0, ())
    with pytest.raises(IllegalEvent):
        step(payment, REWRITE)


@pytest.mark.parametrize(
    "sold",
    [
        msgspec.structs.replace(PURCHASE, card_serial="FFFFFFFFFFFFFFFF"),
        msgspec.structs.replace(PURCHASE, amount_fen=10001),
    ],
    ids=["another card", "more than was paid"],
)
def test_only_the_payments_own_purchase_is_taken(sold: ev.PurchaseFacts) -> None:
    with pytest.raises(IllegalEvent):
        step(walk(*WAYS[PaymentState.SENDING]), msgspec.structs.replace(SOLD, purchase=sold))


@pytest.mark.parametrize(
    "other",
    [msgspec.structs.replace(WRITE, write_id="8" * 32, attempt=2), msgspec.structs.replace(WRITE, attempt=3)],
    ids=["another id", "an attempt left out"],
)
def test_a_payment_has_one_write(other: ev.WriteIntended) -> None:
    with pytest.raises(IllegalEvent):
        step(walk(*WAYS[PaymentState.TORN]), other)


def test_an_outcome_is_told_until_it_is_taken_and_only_where_something_was_tried() -> None:
    owed = walk(*WAYS[PaymentState.OWED])
    assert owed.untold
    assert not owed.over
    taken = walk(*WAYS[PaymentState.OWED], EVENTS[ev.OutcomeSending], EVENTS[ev.OutcomeTaken])
    assert not taken.untold
    with pytest.raises(IllegalEvent):
        step(taken, EVENTS[ev.OutcomeSending])
    untried = walk(*WAYS[PaymentState.UNDELIVERED], EVENTS[ev.WriteGivenUp])
    assert not untried.untold
    with pytest.raises(IllegalEvent):
        step(untried, EVENTS[ev.OutcomeSending])


@pytest.mark.parametrize("kind", [ev.CardOffered, ev.CardKept, ev.CardLeft])
def test_a_card_is_handed_over_once_and_only_a_new_one(kind: type[ev.Event]) -> None:
    bought = walk(*WAYS[PaymentState.PAID])
    with pytest.raises(IllegalEvent):
        step(bought, EVENTS[kind])  # it is the customer's own
    new = replace(bought, business="reissue")
    assert new.unhanded
    assert not new.over
    gone, _ = step(new, EVENTS[ev.CardLeft])
    assert not gone.unhanded
    with pytest.raises(IllegalEvent):
        step(gone, EVENTS[kind])


def test_a_new_card_that_was_not_written_is_drawn_in_once() -> None:
    owed = replace(walk(*WAYS[PaymentState.OWED]), business="reissue")
    kept, effects = step(owed, EVENTS[ev.CardKept])
    assert effects == (fx.RetractCard(),)
    with pytest.raises(IllegalEvent):
        step(kept, EVENTS[ev.CardKept])


def test_ends_permit_nothing_but_paper_the_word_to_the_hub_and_the_new_card() -> None:
    permitted = {None, fx.PrintSlip, fx.SendOutcome, fx.PresentCard, fx.RetractCard}
    for state in ENDS:
        assert {row.effect for row in TABLE[state].values()} <= permitted
        assert {row.next for row in TABLE[state].values()} <= {state}


def test_no_way_leads_back_from_money_to_nothing() -> None:
    """Once a note is in the box the payment ends paid, owed or claimed, never cancelled."""
    reached, todo = set(), [PaymentState.FUNDED]
    while todo:
        state = todo.pop()
        if state not in reached:
            reached.add(state)
            todo += [row.next for row in TABLE[state].values()]
    # What else stands there is for money that is not cash: a payment knows its own.
    assert S.CANCELLED not in reached
    assert {ev.SaleDeclined, ev.VoidAsked} & set(TABLE[S.FUNDED]) == set()


def test_stacked_cash_is_neither_declined_nor_given_back_by_a_box() -> None:
    for state in (S.SENDING, S.CHECKING):
        for kind in (ev.SaleDeclined, ev.VoidAsked):
            with pytest.raises(IllegalEvent):
                step(walk(*WAYS[state]), EVENTS[kind])


def test_a_note_counts_once_and_for_what_the_acceptor_says_it_is() -> None:
    payment = walk(INTENDED, ev.NoteStacked(key=KEY, note_id=NOTE, value_fen=5000))
    assert payment.inserted_fen == 5000
    with pytest.raises(IllegalEvent):
        step(payment, STACKED)


def test_a_report_about_another_note_is_refused() -> None:
    with pytest.raises(IllegalEvent):
        step(walk(INTENDED), ev.NoteStacked(key=KEY, note_id="9" * 32, value_fen=10000))


@pytest.mark.parametrize(
    "change", [{"amount_fen": 9000}, {"taken_at": "later"}, {"business_date": "2026-11-24"}]
)
def test_a_repeated_credit_request_has_the_content_of_the_first(change: dict[str, object]) -> None:
    payment = walk(*WAYS[PaymentState.SENDING])
    again = msgspec.structs.replace(SENDING, attempt=2, **change)
    with pytest.raises(IllegalEvent):
        step(payment, again)


def test_no_credit_request_while_a_note_may_still_come() -> None:
    payment = walk(*WAYS[PaymentState.STACKING], EVENTS[ev.PayRequested])
    assert payment.state is PaymentState.CLOSING
    with pytest.raises(IllegalEvent):
        step(payment, SENDING)


def test_unknown_notes_are_neither_in_nor_out() -> None:
    payment = walk(INTENDED, EVENTS[ev.NoteFateUnknown])
    assert payment.inserted_fen == 0
    assert payment.notes[0].state is NoteState.UNKNOWN
    assert payment.note_counts == ()


def test_notes_are_counted_by_value_largest_first() -> None:
    small = replace(walk(*WAYS[PaymentState.FUNDED]).notes[0], value_fen=1000)
    payment = replace(walk(*WAYS[PaymentState.FUNDED]), notes=(small, small, *walk(INTENDED, STACKED).notes))
    assert payment.note_counts == (ev.NoteCount(10000, 1), ev.NoteCount(1000, 2))
    assert (payment.inserted_fen, payment.remaining_fen, payment.surplus_fen) == (12000, 0, 494)


CLAIM = ev.ClaimOpened(
    key="e" * 32,
    reference="EEEE",
    reason="late_note",
    payment_id=KEY,
    account_no="1",
    amount_fen=10000,
    memo_fen=0,
    notes=(ev.NoteCount(10000, 1),),
    note_id=NOTE,
    at="t",
    lang="zh",
)
CLAIM_EVENTS: tuple[ev.Event, ...] = (
    ev.ClaimSending(key=CLAIM.key, attempt=1),
    ev.ClaimUnanswered(key=CLAIM.key, attempt=1, reason="timeout"),
    ev.ClaimTaken(key=CLAIM.key, resolution=""),
    ev.SlipIntended(key=CLAIM.key, job="d" * 32, slip="claim"),
    ev.SlipPrinted(key=CLAIM.key, job="d" * 32),
    ev.SlipFailed(key=CLAIM.key, job="d" * 32, reason="paper_end"),
)
OTHERS = [
    msgspec.structs.replace(event, key=CLAIM.key)
    for kind, event in EVENTS.items()
    if kind not in {type(own) for own in CLAIM_EVENTS}
]
"""What belongs to payments alone: a claim refuses it."""


def test_the_claims_samples_are_the_events_of_its_table() -> None:
    assert {type(event) for event in CLAIM_EVENTS} == {kind for rows in CLAIM_TABLE.values() for kind in rows}
    assert {type(event) for event in (*CLAIM_EVENTS, *OTHERS, CLAIM, *OPENINGS)} == set(ev.AnyEvent.__args__)


def test_a_claim_that_covers_a_note_permits_its_acknowledgement() -> None:
    _, effects = step_claim(None, CLAIM)
    assert effects == (fx.AcknowledgeNote(),)
    _, none = step_claim(None, msgspec.structs.replace(CLAIM, note_id=""))
    assert none == ()


@pytest.mark.parametrize("event", [*CLAIM_EVENTS, *OTHERS, *OPENINGS], ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("state", ClaimState)
def test_every_pair_of_a_claim(state: ClaimState, event: ev.Event) -> None:
    claim, _ = step_claim(None, CLAIM)
    if state is ClaimState.TAKEN:
        claim, _ = step_claim(claim, CLAIM_EVENTS[2])
    if isinstance(event, ev.SlipPrinted | ev.SlipFailed):
        claim, _ = step_claim(claim, CLAIM_EVENTS[3])
    row = CLAIM_TABLE[state].get(type(event))
    if row is None:
        with pytest.raises(IllegalEvent) as refused:
            step_claim(claim, event)
        assert refused.value.state == state.value
        return
    after, effects = step_claim(claim, event)
    assert after.state is row[0]
    assert [type(e) for e in effects] == ([row[1]] if row[1] else [])


def test_a_claim_begins_with_its_opening_only() -> None:
    with pytest.raises(IllegalEvent) as refused:
        step_claim(None, CLAIM_EVENTS[0])
    assert refused.value.state == "none"
    claim, _ = step_claim(None, CLAIM)
    with pytest.raises(IllegalEvent):
        step_claim(claim, CLAIM)


def test_the_page_in_the_docs_is_drawn_from_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
