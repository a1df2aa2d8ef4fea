"""What two persons decide about claims: what is booked, what is kept of it, and what is refused."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from hub.business import forms
from hub.business.day import Day
from hub.business.deciding import DecisionError
from hub.business.ledger import Leg
from hub.business.refusals import Refusal
from hub.composition.claims import ClaimsDesk
from hub.composition.desk import Desk
from hub.data.books import OwnBooks
from hub.data.database import Database
from hub.data.decisions import Decisions
from hub.data.schema import payments, replacements, transactions
from hub.serve import billing_of_own_books

NOW = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
TODAY = date(2026, 11, 23)
LONG_AGO = datetime(2026, 1, 1, 4, tzinfo=UTC)
pytestmark = pytest.mark.parametrize("books", ["sqlite"], indirect=True)


class Office:
    """The claims desk and the kiosks' desk over the same books, at a moment that the test sets."""

    def __init__(self, books: Any) -> None:
        self.books, self.now, self._ids = books, NOW, count(1)

    def ask(self, act: Callable[[Any, Any, Any], Any]) -> Any:
        """Talk to the claims desk, the kiosks' desk or the store, in one event loop."""

        async def whole() -> Any:
            database = Database(self.books.url)
            billing, day = billing_of_own_books(), Day()
            try:
                desk = Desk(database, Decisions, billing, lambda: self.now, day, "1", {"cash", "bank_card"})
                office = ClaimsDesk(database, Decisions, billing, lambda: self.now, day)
                return await act(office, desk, database)
            finally:
                await database.close()

        return asyncio.run(whole())

    def refused(self, act: Callable[[Any, Any, Any], Any]) -> str:
        with pytest.raises(DecisionError) as refused:
            self.ask(act)
        return str(refused.value)

    def claim(self, reference: str = "R", amount_fen: int = 900, memo_fen: int = 0, **more: Any) -> str:
        claim_id = f"{next(self._ids):032x}"
        content: dict[str, Any] = {
            "reference": reference,
            "payment_id": None,
            "account_no": None,
            "amount_fen": amount_fen,
            "memo_fen": memo_fen,
            "reason": "note_fate_unknown" if memo_fen else "late_note",
            "notes": (),
            "made_at": LONG_AGO,
        }
        order = forms.ClaimOrder(**(content | more))
        self.ask(lambda _o, desk, _d: desk.claim("T", claim_id, order))
        return claim_id

    def propose(self, target: str, found_fen: int | None = None, reference: str = "R") -> Any:
        return self.ask(lambda o, _k, _d: o.propose(reference, target, found_fen, "li", "why"))

    def approve(self, by: str = "wang") -> Any:
        return self.ask(lambda o, _k, _d: o.approve("R", by))

    def shown(self) -> Any:
        """The one claim of the reference R and its proposals."""
        [(claim, proposals)] = self.ask(lambda o, _k, _d: o.show("R"))
        return claim, proposals

    def kept(self, claim_id: str) -> Any:
        [(claim, _)] = self.ask(lambda o, _k, _d: o.show(claim_id))
        return claim

    def booked(self) -> list[tuple[str, str, tuple[Leg, ...]]]:
        """Kind, reference and legs of every booking since the account's own, as the ledger has them."""
        with self.books.engine.connect() as connection:
            rows = connection.execute(select(transactions).order_by(transactions.c.id)).all()

        async def legs(_o: Any, _k: Any, database: Any) -> Any:
            async with database.read() as connection:
                return [await Decisions(connection).legs(row.id) for row in rows]

        found = zip(rows, self.ask(legs), strict=True)
        assert all(row.business_date == TODAY for row in rows if row.kind in {"count", "release"})
        return [(row.kind, row.reference, held) for row, held in found if row.kind in {"count", "release"}]


@pytest.fixture
def office(books: Any) -> Iterator[Office]:
    yield Office(books)
    assert books.check().findings == ()


def test_claims_are_listed_by_state_and_age(office: Office) -> None:
    first = office.claim("R")
    office.now = NOW + timedelta(hours=1)
    second = office.claim("S")
    office.propose("refund")
    office.now = NOW + timedelta(hours=2)

    def listed(state: str | None, hours: float) -> list[str]:
        found = office.ask(lambda o, _k, _d: o.claims(state, timedelta(hours=hours)))
        return [claim.id for claim in found]

    assert listed(None, 0) == [first, second]
    assert listed("open", 0) == [second]
    assert listed("proposed", 0) == [first]
    assert listed(None, 2) == [first]
    assert listed(None, 2.1) == []


def test_a_proposal_is_kept_with_all_that_was_said(office: Office) -> None:
    office.claim(memo_fen=500)
    held = office.propose("refund", 400)
    assert (held.reference, held.state) == ("R", "open")
    claim, [proposal] = office.shown()
    assert (claim.state, claim.resolution) == ("proposed", "")
    assert (proposal.target, proposal.found_fen, proposal.proposed_by) == ("refund", 400, "li")
    assert (proposal.proposed_at, proposal.note, proposal.decision) == (NOW, "why", "")
    assert (proposal.decided_by, proposal.decided_at) == (None, None)
    assert office.booked() == []


def test_a_proposal_goes_to_an_account_that_there_is(office: Office, books: Any) -> None:
    office.claim()
    said = office.refused(lambda o, _k, _d: o.propose("R", "account:0399", None, "li", ""))
    assert said == "no account 0399"
    assert office.shown()[0].state == "open"
    assert office.shown()[1] == []


def test_a_rejected_proposal_leaves_the_claim_open(office: Office) -> None:
    office.claim()
    said = office.refused(lambda o, _k, _d: o.reject("R", "wang", "no"))
    assert said == "claim R is open: nothing is proposed for it"
    office.propose("refund")
    office.now = NOW + timedelta(minutes=9)
    office.ask(lambda o, _k, _d: o.reject("R", "li", "changed my mind"))
    claim, [proposal] = office.shown()
    assert (claim.state, claim.resolution) == ("open", "")
    assert (proposal.decision, proposal.decided_by, proposal.decided_at, proposal.decision_note) == (
        "rejected",
        "li",
        office.now,
        "changed my mind",
    )
    assert office.booked() == []


def test_a_refund_moves_the_money_out_of_suspense(office: Office, books: Any) -> None:
    claim_id = office.claim()
    office.propose("refund")
    office.now = NOW + timedelta(minutes=9)
    office.approve()
    legs = (Leg("suspense", 900), Leg("refunds:R", -900))
    assert office.booked() == [("release", claim_id, legs)]
    claim, [proposal] = office.shown()
    assert (claim.state, claim.resolution) == ("released", "refunded")
    assert (proposal.decision, proposal.decided_by, proposal.decided_at, proposal.decision_note) == (
        "approved",
        "wang",
        office.now,
        "",
    )
    assert books.check().suspense_fen == 0


def test_nobody_approves_their_own_proposal(office: Office) -> None:
    office.claim()
    office.propose("refund")
    said = office.refused(lambda o, _k, _d: o.approve("R", "li"))
    assert said == "li proposed it: another person must approve"
    assert office.booked() == []
    assert office.shown()[0].state == "proposed"


def test_what_the_count_found_comes_in_and_goes_out_again(office: Office, books: Any) -> None:
    claim_id = office.claim(memo_fen=500)
    office.propose("refund", 400)
    office.approve()
    assert office.booked() == [
        ("count", claim_id, (Leg("cash:T", 400), Leg("suspense", -400))),
        ("release", claim_id, (Leg("suspense", 1300), Leg("refunds:R", -1300))),
    ]
    assert books.check().suspense_fen == 0


def test_a_claim_of_which_nothing_was_found_is_closed_without_a_booking(office: Office) -> None:
    office.claim(amount_fen=0, memo_fen=500)
    office.propose("none")
    office.approve()
    claim, _ = office.shown()
    assert (claim.state, claim.resolution) == ("closed", "nothing_found")
    assert office.booked() == []


def test_money_released_to_an_account_pays_its_bills(office: Office, books: Any) -> None:
    account = books.account((600,), 50)
    claim_id = office.claim()
    office.propose(f"account:{account.account_no}")
    office.approve()
    [(kind, reference, legs)] = office.booked()
    assert (kind, reference) == ("release", claim_id)
    assert [(leg.account, leg.amount_fen) for leg in legs] == [
        ("suspense", 900),
        (f"receivable:{account.account_no}", -600),
        (f"balance:{account.account_no}", -300),
    ]
    claim, _ = office.shown()
    assert (claim.state, claim.resolution) == ("released", "credited")
    after = office.ask(lambda _o, desk, _d: desk.account(account.account_no))
    assert (after.balance_fen, after.arrears_fen) == (350, 0)


def test_an_account_that_is_gone_when_a_proposal_is_approved_gets_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an external marketing system may do: here the account is proposed and then not found any more."""

    async def nobody(*_: Any) -> None:
        return None

    account = office.books.account((600,))
    office.claim()
    office.propose(f"account:{account.account_no}")
    with monkeypatch.context() as patch:
        patch.setattr(OwnBooks, "hold", nobody)
        said = office.refused(lambda o, _k, _d: o.approve("R", "wang"))
    assert said == f"no account {account.account_no}"
    assert office.shown()[0].state == "proposed"
    assert office.booked() == []


def test_a_reference_must_be_of_one_claim(office: Office) -> None:
    assert office.refused(lambda o, _k, _d: o.show("R")) == "no claim R"
    assert office.refused(lambda o, _k, _d: o.approve("R", "wang")) == "no claim R"
    ids = [office.claim() for _ in range(2)]
    assert len(office.ask(lambda o, _k, _d: o.show("R"))) == 2
    said = office.refused(lambda o, _k, _d: o.propose("R", "refund", None, "li", ""))
    assert said == f"2 claims have the reference R: give one of the ids {', '.join(ids)}"
    office.propose("refund", reference=ids[1])
    shown = office.ask(lambda o, _k, _d: o.show("R"))
    assert [claim.state for claim, _ in shown] == ["open", "proposed"]


# A kiosk whose computer or disk is lost.


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


def test_a_payment_of_another_amount_is_no_answer_to_the_claim(office: Office) -> None:
    pay(office, 900)
    beat(office, whole(7))
    [made] = replaced(office, "li", "wang")
    assert (made.id, made.payment_id, made.memo_fen) == ("7" * 32, "c" * 32, 1000)


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
