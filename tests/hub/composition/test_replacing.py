"""What was open on a lost computer or disk becomes claims, unless the hub has it; and what its disk is told later."""

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from hub.business import forms
from hub.business.deciding import DecisionError
from hub.business.refusals import Refusal
from hub.data.schema import payments, replacements
from kiosk.payment.events import RewriteOpened
from kiosk.payment.model import ENDS, PaymentState
from kiosk.payment.table import START, TABLE
from tests.hub.composition.office import LONG_AGO, NOW, TODAY, Office

pytestmark = pytest.mark.parametrize("books", ["sqlite"], indirect=True)


def item(number: int, kind: str, **changes: Any) -> forms.OpenItem:
    content: dict[str, Any] = {
        "id": f"{number:x}" * 32,
        "kind": kind,
        "state": "sending",
        "account_no": "0399",
        "amount_fen": 1000,
        "memo_fen": 50,
        "opened_at": LONG_AGO,
        "reference": f"REF-{number}",
    }
    return forms.OpenItem(**(content | changes))


def beat(office: Office, *items: forms.OpenItem, journal: str = "a") -> str:
    order = forms.HeartbeatOrder(
        journal_id=journal * 32,
        seq=5,
        head="0" * 64,
        known=None,
        open=items,
        backlog=forms.Backlog(count=0, oldest_at=None),
        version="1",
    )
    answer = office.ask(lambda _o, desk, _d: desk.beat("T", f"{journal}" * 32, order))
    return str(answer.verdict)


def replaced(office: Office, *persons: str) -> Any:
    ids = iter(f"{n:x}" * 32 for n in (13, 14, 15))
    return office.ask(lambda o, _k, _d: o.replace("T", persons, "disk", lambda: next(ids)))


def test_what_was_open_on_a_lost_disk_becomes_claims_without_certain_money(
    office: Office, books: Any
) -> None:
    payment, claim = item(6, "payment"), item(7, "claim", account_no=None)
    assert beat(office, payment, claim) == "ok"
    assert beat(office, journal="b") == "new_journal"
    office.now = NOW + timedelta(days=1)
    of_payment, of_claim = replaced(office, "li", "wang")
    assert (of_payment.id, of_payment.payment_id, of_payment.account_no) == ("d" * 32, "6" * 32, "0399")
    assert (of_claim.id, of_claim.payment_id, of_claim.account_no) == ("7" * 32, None, None)
    for made, source in ((of_payment, payment), (of_claim, claim)):
        assert (made.terminal, made.reference, made.reason) == ("T", source.reference, "taken_over")
        assert (made.amount_fen, made.memo_fen, made.serial) == (0, 1050, None)
        assert (made.state, made.resolution) == ("open", "")
        assert (made.made_at, made.received_at) == (LONG_AGO, office.now)
        assert msgspec.json.decode(made.content) == msgspec.to_builtins(source)
        assert made.content == msgspec.json.encode(source, order="sorted").decode()
        assert msgspec.json.decode(made.reply, type=forms.Claim) == forms.Claim(
            id=made.id,
            reference=source.reference,
            state="open",
            amount_fen=0,
            memo_fen=1050,
            payment_id=made.payment_id,
            resolution="",
        )
        assert office.kept(made.id) == made
    with books.engine.connect() as connection:
        [row] = connection.execute(select(payments)).all()
        assert (row.id, row.terminal, row.claim_id, row.transaction_id) == ("6" * 32, "T", "d" * 32, None)
        [kept] = connection.execute(select(replacements)).all()
    assert (kept.terminal, kept.journal_id, kept.seq, kept.note) == ("T", "a" * 32, 5, "disk")
    assert (kept.replaced_by, kept.confirmed_by) == ("li", "wang")
    assert kept.replaced_at.replace(tzinfo=UTC) == office.now
    assert beat(office, journal="b") == "ok"


def test_what_the_hub_has_already_is_not_taken_over_again(office: Office) -> None:
    known = office.claim("R")
    payment, claim = item(6, "payment"), item(7, "claim", id=known)
    beat(office, payment, claim)
    assert [made.payment_id for made in replaced(office, "li", "wang")] == ["6" * 32]
    assert replaced(office, "li", "wang") == []


def test_a_replacement_needs_two_persons_and_a_journal_that_was_known(office: Office) -> None:
    with pytest.raises(DecisionError, match="^a terminal is replaced by two different persons$"):
        replaced(office, "li", "li")
    told = "^terminal T has sent no heartbeat: nothing is known of its journal$"
    with pytest.raises(DecisionError, match=told):
        replaced(office, "li", "wang")


def of_free_writes() -> list[str]:
    """Every word that a kiosk has for a free write that is at no end."""
    reached: set[PaymentState] = set()
    found = {START[RewriteOpened].next}
    while found:
        reached |= found
        found = {row.next for state in found for row in TABLE[state].values()} - reached
    return sorted(state.value for state in reached - ENDS)


@pytest.mark.parametrize("state", of_free_writes())
def test_a_free_write_on_a_card_needs_no_decision_about_money(office: Office, state: str) -> None:
    free = item(6, "payment", state=state, amount_fen=0, memo_fen=0)
    beat(office, free, item(7, "payment", state=state, memo_fen=0))
    [made] = replaced(office, "li", "wang")
    assert (made.payment_id, made.memo_fen) == ("7" * 32, 1000)


@pytest.mark.parametrize(
    ("kind", "state"), [("payment", "open"), ("payment", "word of a newer kiosk"), ("claim", "credited")]
)
def test_nothing_at_the_last_heartbeat_is_taken_over_where_a_note_may_have_come_since(
    office: Office, kind: str, state: str
) -> None:
    beat(office, item(6, kind, state=state, amount_fen=0, memo_fen=0))
    [made] = replaced(office, "li", "wang")
    assert (made.state, made.memo_fen) == ("open", 0)


def opened(office: Office, of: forms.OpenItem) -> Any:
    return office.ask(lambda o, _k, _d: o.open("T", of, lambda: "d" * 32))


def test_what_only_the_lost_disk_knows_gets_a_claim_too(office: Office, books: Any) -> None:
    beat(office)
    replaced(office, "li", "wang")
    of_payment, of_claim = opened(office, item(6, "payment")), opened(office, item(7, "claim"))
    assert (of_payment.id, of_payment.payment_id, of_claim.id, of_claim.payment_id) == (
        "d" * 32,
        "6" * 32,
        "7" * 32,
        None,
    )
    for made in (of_payment, of_claim):
        assert (made.reason, made.state, made.amount_fen, made.memo_fen) == ("taken_over", "open", 0, 1050)
        assert office.kept(made.id) == made
    with books.engine.connect() as connection:  # the disk cannot book it any more
        [row] = connection.execute(select(payments)).all()
    assert (row.id, row.terminal, row.claim_id, row.transaction_id) == ("6" * 32, "T", "d" * 32, None)
    for kind, number in (("payment", 6), ("claim", 7)):
        with pytest.raises(DecisionError, match=f"^the hub has {kind} {number}+ already: .* REF-{number}$"):
            opened(office, item(number, kind))


def test_a_note_of_unknown_value_stays_one_of_unknown_value(office: Office) -> None:
    beat(office)
    unknown = opened(office, item(8, "claim", amount_fen=0, memo_fen=0))
    assert (unknown.amount_fen, unknown.memo_fen, unknown.state) == (0, 0, "open")


def test_a_claim_is_opened_for_no_terminal_that_nobody_knows(office: Office) -> None:
    with pytest.raises(DecisionError, match="^terminal T has sent no heartbeat"):
        opened(office, item(6, "payment"))


def whole(number: int, **changes: Any) -> forms.OpenItem:
    """A claim for all the money of the payment c...c, which gave up on an answer."""
    content = {"memo_fen": 0, "payment_id": "c" * 32, "reason": "unanswered"}
    return item(number, "claim", **(content | changes))


def claim_order(of: forms.OpenItem) -> forms.ClaimOrder:
    """The order with which a disk that turns up tells the hub of an open claim."""
    return forms.ClaimOrder(
        reference=of.reference,
        payment_id=of.payment_id,
        account_no=of.account_no,
        amount_fen=of.amount_fen,
        memo_fen=of.memo_fen,
        reason=of.reason or "late_note",
        notes=(),
        made_at=of.opened_at,
    )


def pay(office: Office, amount_fen: int, reference: str = "REF-7") -> None:
    """Book the payment c...c to an account of its own."""
    account = office.books.account((), 0)
    order = forms.PaymentOrder(
        account_no=account.account_no,
        quote_id=None,
        business="prepay",
        tender="cash",
        amount_fen=amount_fen,
        months=(),
        notes=(forms.Notes(value_fen=amount_fen, count=1),),
        kiosk_no=1,
        business_date=TODAY,
        taken_at=LONG_AGO,
        reference=reference,
    )
    office.ask(lambda _o, desk, _d: desk.pay("T", "c" * 32, order))


def refusal(office: Office, act: Callable[[Any, Any, Any], Any]) -> Refusal:
    with pytest.raises(Refusal) as refused:
        office.ask(act)
    return refused.value


def test_a_claim_of_a_lost_disk_is_not_taken_over_beside_its_credited_payment(office: Office) -> None:
    pay(office, 1000)
    beat(office, whole(7))
    assert replaced(office, "li", "wang") == []
    told = office.ask(lambda _o, desk, _d: desk.reference("REF-7"))
    assert (told.kind, told.state, told.amount_fen) == ("payment", "credited", 1000)
    # The disk turns up: its claim finds the payment booked.
    reply = office.ask(lambda _o, desk, _d: desk.claim("T", "7" * 32, claim_order(whole(7))))
    assert msgspec.json.decode(reply.body, type=forms.Claim).resolution == "already_credited"


@pytest.mark.parametrize("reason", ["declined", "unanswered"])
def test_a_claim_of_a_lost_disk_keeps_its_payment_from_being_credited(office: Office, reason: str) -> None:
    beat(office, whole(7, reason=reason))
    [made] = replaced(office, "li", "wang")
    assert (made.id, made.payment_id, made.reason) == ("7" * 32, "c" * 32, "taken_over")
    assert (made.amount_fen, made.memo_fen, made.state) == (0, 1000, "open")
    with pytest.raises(Refusal) as raised:
        pay(office, 1000)
    refused = raised.value
    assert (refused.code, refused.claim_id) == ("claimed", "7" * 32)


def test_of_a_claim_for_more_than_was_credited_the_rest_is_taken_over(office: Office) -> None:
    pay(office, 900)
    beat(office, whole(7))
    [made] = replaced(office, "li", "wang")
    assert (made.id, made.payment_id, made.memo_fen) == ("7" * 32, "c" * 32, 100)


def test_two_open_items_for_one_payment_become_one_claim(office: Office) -> None:
    beat(office, item(12, "payment"), whole(7), whole(8))
    assert [made.payment_id for made in replaced(office, "li", "wang")] == ["c" * 32]


def test_a_claim_for_a_single_note_leaves_its_payment_alone(office: Office) -> None:
    beat(office, whole(7, reason="note_fate_unknown", amount_fen=0, memo_fen=1000))
    [made] = replaced(office, "li", "wang")
    assert (made.id, made.payment_id, made.memo_fen) == ("7" * 32, None, 1000)
    pay(office, 1000, "another")


def test_the_lost_disks_own_word_on_a_claim_that_was_taken_over_has_an_end(office: Office) -> None:
    """A kiosk ends a claim on `claimed` alone, and repeats it after any other refusal."""
    single = whole(8, payment_id=None, reason="late_note")
    beat(office, whole(7), single)
    assert len(replaced(office, "li", "wang")) == 2
    for each in (whole(7), single):
        order = claim_order(each)
        refused = refusal(office, lambda _o, desk, _d: desk.claim("T", each.id, order))  # noqa: B023
        assert (refused.code, refused.claim_id) == ("claimed", each.id)
        assert refused.detail == "the claim was taken over"
    order = claim_order(single)
    refused = refusal(office, lambda _o, desk, _d: desk.claim("another", "8" * 32, order))
    assert refused.code == "id_reused"


def test_an_older_kiosks_claim_beside_its_credited_payment_is_found(books: Any) -> None:
    office = Office(books)
    pay(office, 1000)
    beat(office, whole(7, payment_id=None, reason=None))
    assert len(replaced(office, "li", "wang")) == 1
    [found] = books.check().findings
    assert (found.rule, found.what) == ("claim_beside_payment", f"claim {'7' * 32}, open")
