"""What two persons decide about claims: what is booked, what is kept of it, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest

from hub.business import forms
from hub.business.ledger import Leg
from hub.data.books import OwnBooks
from tests.hub.composition.office import LONG_AGO, NOW, TODAY, Office
from tests.hub.switched import pay_by_switch

pytestmark = pytest.mark.parametrize("books", ["sqlite"], indirect=True)


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
    office.now = NOW - timedelta(seconds=1)
    assert listed(None, 0) == [first, second]


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


@pytest.mark.parametrize("is_undone", [True, False])
def test_a_payment_is_shown_as_booked_beside_its_claim_unless_it_was_undone(
    office: Office, books: Any, is_undone: bool
) -> None:
    account, payment_id = books.account((), 0), "d" * 32
    order = forms.PaymentOrder(
        account_no=account.account_no,
        quote_id="e" * 32,
        business="prepay",
        tender="bank_card",
        amount_fen=900,
        months=(),
        notes=(),
        kiosk_no=1,
        business_date=TODAY,
        taken_at=LONG_AGO,
    )
    asked = forms.QuoteOrder(account_no=account.account_no, business="prepay", months=(), tender="cash")
    undone = forms.ReversalOrder(payment_id=payment_id, amount_fen=900, reason="unanswered", made_at=LONG_AGO)
    office.ask(lambda _o, desk, _d: desk.quote("T", "e" * 32, asked))
    office.ask(lambda _o, desk, _d: pay_by_switch(desk, "T", payment_id, order))
    if is_undone:
        office.ask(lambda _o, desk, _d: desk.reverse("T", "f" * 32, undone))
    claim = office.kept(office.claim(payment_id=payment_id, reason="unanswered"))
    beside = office.ask(lambda o, _k, _d: o.booked_beside(claim))
    if is_undone:
        assert (claim.state, claim.amount_fen, beside) == ("open", 900, None)
    else:
        assert claim.resolution == "already_credited"
        assert beside.id == payment_id
    loose = office.kept(office.claim())
    assert office.ask(lambda o, _k, _d: o.booked_beside(loose)) is None
    note = office.kept(office.claim(payment_id=payment_id))  # of a single note: the booking did nothing to it
    assert office.ask(lambda o, _k, _d: o.booked_beside(note)) is None


def test_a_claim_is_shown_with_the_others_for_its_payment_and_no_more(office: Office) -> None:
    """What the count of the box shows may be told of in two of them, and is released once."""
    first, second = (office.claim(memo_fen=500, payment_id="d" * 32) for _ in range(2))
    stranger, loose = office.claim(payment_id="e" * 32), [office.claim() for _ in range(2)]

    def beside(claim_id: str) -> list[str]:
        kept = office.kept(claim_id)
        return [other.id for other in office.ask(lambda o, _k, _d: o.claimed_beside(kept))]

    assert (beside(first), beside(second)) == ([second], [first])
    assert beside(stranger) == beside(loose[0]) == []
    of_none = office.kept(first)  # the hub was never told of its payment
    assert office.ask(lambda o, _k, _d: o.booked_beside(of_none)) is None
