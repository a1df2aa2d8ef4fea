"""What may be proposed for a claim, and who may carry it out."""

import re
from datetime import UTC, datetime

import pytest

from hub.business.deciding import DecisionError, Proposal, check_decision, check_proposal
from hub.business.keeping import ClaimRecord

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def claim(amount: int, memo: int, reason: str = "late_note", state: str = "open") -> ClaimRecord:
    return ClaimRecord("c", "k", "", b"", "R", reason, None, None, amount, memo, state, "", None, NOW, NOW)


def proposal(decision: str = "") -> Proposal:
    return Proposal(1, "refund", 0, "li", NOW, "", decision, None, None, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amount", "memo", "reason", "target", "found", "expected"),
    [
        (700, 0, "late_note", "refund", None, 0),
        (700, 50, "late_note", "account:1", 50, 50),
        (700, 50, "late_note", "refund", 0, 0),
        (0, 50, "note_fate_unknown", "none", None, 0),
        (0, 50, "note_fate_unknown", "none", 0, 0),
        (0, 0, "taken_over", "none", None, 0),
        (0, 50, "taken_over", "refund", 80, 80),
        (700, 700, "note_fate_unknown", "refund", 700, 700),
    ],
)
def test_what_is_found(
    amount: int, memo: int, reason: str, target: str, found: int | None, expected: int
) -> None:
    assert check_proposal(claim(amount, memo, reason), target, found) == expected


@pytest.mark.parametrize(
    ("amount", "memo", "target", "found", "why"),
    [
        (700, 0, "none", None, "700 fen are there: they go to an account or are refunded"),
        (0, 50, "none", 50, "50 fen are there: they go to an account or are refunded"),
        (700, 50, "none", 50, "750 fen are there: they go to an account or are refunded"),
        (
            0,
            50,
            "refund",
            None,
            "part of the claim is a memo amount: say what the count of the box showed of it",
        ),
        (0, 50, "refund", 51, "51 fen were not found: the claim's memo amount is 50 fen"),
        (0, 50, "refund", -1, "-1 fen were not found: the claim's memo amount is 50 fen"),
        (0, 50, "refund", 0, "nothing is there to release: close the claim with none"),
        (700, 0, "refund", 700, "the claim's money is certain: no count can change it"),
        (700, 0, "account:x", None, "'account:x': account:NUMBER, refund or none expected"),
        (700, 0, "gift", None, "'gift': account:NUMBER, refund or none expected"),
    ],
)
def test_what_cannot_be_proposed(amount: int, memo: int, target: str, found: int | None, why: str) -> None:
    with pytest.raises(DecisionError, match=f"^{re.escape(why)}$"):
        check_proposal(claim(amount, memo), target, found)


@pytest.mark.parametrize("state", ["proposed", "released", "closed"])
def test_only_an_open_claim_is_proposed_for(state: str) -> None:
    with pytest.raises(DecisionError, match="not open"):
        check_proposal(claim(1, 0, state=state), "refund", None)


def test_the_proposer_may_withdraw_and_not_approve() -> None:
    waiting = claim(1, 0, state="proposed")
    assert check_decision(waiting, [proposal("rejected"), proposal()], None) == proposal()
    assert check_decision(waiting, [proposal()], "wang") == proposal()
    with pytest.raises(DecisionError, match="another person"):
        check_decision(waiting, [proposal()], "li")


@pytest.mark.parametrize("state", ["open", "released", "closed"])
def test_only_what_is_proposed_is_decided(state: str) -> None:
    for proposals in ([proposal("rejected")], [proposal()], []):
        with pytest.raises(DecisionError, match=f"^claim R is {state}: nothing is proposed for it$"):
            check_decision(claim(1, 0, state=state), proposals, "wang")


def test_what_is_decided_or_was_never_said_is_not_decided() -> None:
    for proposals in ([proposal("approved")], [proposal(), proposal("rejected")], []):
        with pytest.raises(DecisionError, match="nothing is proposed"):
            check_decision(claim(1, 0, state="proposed"), proposals, "wang")
