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
