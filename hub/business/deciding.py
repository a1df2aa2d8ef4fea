"""What people decide about claims: who may, what a proposal may say, and what the hub keeps of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from hub.business.forms import OpenItem, Resolution, is_account_no
from hub.business.keeping import ClaimRecord, Head, Keeping

Decision = Literal["", "approved", "rejected"]
TO_ACCOUNT = "account:"
RESOLUTIONS: dict[str, Resolution] = {"refund": "refunded", "none": "nothing_found"}
TAKEN_OVER = "taken_over"


class DecisionError(ValueError):
    """A decision that is not carried out, and nothing of it was booked; the message says why."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Where a claim's money should go: `account:NO`, `refund` or `none`.

    `found_fen` is what the count of the cash box showed of the claim's memo amount. `decision` is empty until a second
    person has approved or rejected it.
    """

    id: int
    target: str
    found_fen: int
    proposed_by: str
    proposed_at: datetime
    note: str
    decision: Decision
    decided_by: str | None
    decided_at: datetime | None
    decision_note: str | None


class Deciding(Keeping, Protocol):
    """The store as operators need it: beside what kiosks ask, claims of all terminals and what people decided."""

    async def all_claims(self) -> Sequence[ClaimRecord]:
        """Give every claim, oldest first."""

    async def find_claims(self, reference: str) -> Sequence[ClaimRecord]:
        """Give the claims with this reference or id, oldest first."""

    async def claims_of(self, payment_id: str) -> Sequence[ClaimRecord]:
        """Give the claims for money of this payment, oldest first."""

    async def hold_claim(self, claim_id: str) -> ClaimRecord | None: ...

    async def set_claim(self, claim_id: str, state: str, resolution: Resolution) -> None: ...

    async def proposals(self, claim_id: str) -> Sequence[Proposal]:
        """Give all that was proposed for a claim, oldest first."""

    async def add_proposal(
        self, claim_id: str, target: str, found_fen: int, by: str, note: str, now: datetime
    ) -> None: ...

    async def decide(
        self,
        proposal_id: int,
        decision: Decision,
        by: str,
        note: str,
        now: datetime,
        serials: Sequence[int | None],
    ) -> None:
        """Keep a decision with the serials of the count's and the release's booking."""

    async def open_items(self, terminal: str) -> Sequence[OpenItem]:
        """Give what was open in the terminal's journal at its newest heartbeat."""

    async def renew(
        self, terminal: str, head: Head, persons: tuple[str, str], note: str, now: datetime
    ) -> None:
        """Allow the next heartbeat to bring another journal, and keep who said so."""


def check_proposal(claim: ClaimRecord, target: str, found_fen: int | None) -> int:
    """Say how much of the memo amount was found; raises DecisionError for what cannot be proposed."""
    if claim.state != "open":
        raise DecisionError(f"claim {claim.reference} is {claim.state}, not open")
    account = target.removeprefix(TO_ACCOUNT) if target.startswith(TO_ACCOUNT) else None
    if not (is_account_no(account) if account is not None else target in RESOLUTIONS):
        raise DecisionError(f"{target!r}: account:NUMBER, refund or none expected")
    uncertain = bool(claim.memo_fen) or claim.reason == TAKEN_OVER
    if found_fen is not None and not uncertain:
        raise DecisionError("the claim's money is certain: no count can change it")
    if found_fen is None and uncertain and target != "none":
        raise DecisionError("part of the claim is a memo amount: say what the count of the box showed of it")
    found = found_fen or 0
    if found < 0 or (found > claim.memo_fen and claim.reason != TAKEN_OVER):
        raise DecisionError(f"{found} fen were not found: the claim's memo amount is {claim.memo_fen} fen")
    total = claim.amount_fen + found
    if target == "none" and total:
        raise DecisionError(f"{total} fen are there: they go to an account or are refunded")
    if target != "none" and not total:
        raise DecisionError("nothing is there to release: close the claim with none")
    return found


def check_decision(claim: ClaimRecord, proposals: Sequence[Proposal], by: str | None) -> Proposal:
    """Give the proposal to decide on; `by` is who approves, none for a rejection. Raises DecisionError."""
    if claim.state != "proposed" or not proposals or proposals[-1].decision:
        raise DecisionError(f"claim {claim.reference} is {claim.state}: nothing is proposed for it")
    if by is not None and by == proposals[-1].proposed_by:
        raise DecisionError(f"{by} proposed it: another person must approve")
    return proposals[-1]
