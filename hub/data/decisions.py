"""The store as operators need it: claims of all terminals, what was proposed and decided, journals replaced."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import bindparam, insert, or_, select, update

from hub.business.deciding import Decision, Proposal
from hub.business.forms import OpenItem, Resolution
from hub.business.keeping import ClaimRecord, Head
from hub.data.heads import aware
from hub.data.schema import claims, heads, proposals, replacements
from hub.data.store import CLAIM_COLUMNS, Store, claim_record

_oldest_first = claims.c.received_at, claims.c.id
_claims = select(*CLAIM_COLUMNS).order_by(*_oldest_first)
_found = _claims.where(
    or_(
        claims.c.reference == bindparam("reference"),
        claims.c.reference == bindparam("spelled"),
        claims.c.id == bindparam("id"),
    )
)
_of_payment = _claims.where(claims.c.payment_id == bindparam("payment_id"))
_held = select(*CLAIM_COLUMNS).where(claims.c.id == bindparam("id")).with_for_update()
_set_claim = (
    update(claims)
    .where(claims.c.id == bindparam("the_claim"))
    .values(state=bindparam("new_state"), resolution=bindparam("new_resolution"))
)
_proposals = (
    select(
        proposals.c.id,
        proposals.c.target,
        proposals.c.found_fen,
        proposals.c.proposed_by,
        proposals.c.proposed_at,
        proposals.c.note,
        proposals.c.decision,
        proposals.c.decided_by,
        proposals.c.decided_at,
        proposals.c.decision_note,
    )
    .where(proposals.c.claim_id == bindparam("claim_id"))
    .order_by(proposals.c.id)
)
_add_proposal, _add_replacement = insert(proposals), insert(replacements)
_decide = (
    update(proposals)
    .where(proposals.c.id == bindparam("the_proposal"))
    .values(
        decision=bindparam("new_decision"),
        decided_by=bindparam("new_by"),
        decided_at=bindparam("new_at"),
        decision_note=bindparam("new_note"),
        count_transaction_id=bindparam("new_count"),
        transaction_id=bindparam("new_transaction"),
    )
)
_items = select(heads.c.open_items).where(heads.c.terminal == bindparam("terminal"))
_renew = (
    update(heads)
    .where(heads.c.terminal == bindparam("the_terminal"))
    .values(renewed=bindparam("now_renewed"))
)


class Decisions(Store):
    """One conversation, in one database transaction."""

    async def all_claims(self) -> Sequence[ClaimRecord]:
        return [claim_record(row) for row in await self._connection.execute(_claims)]

    async def find_claims(self, reference: str) -> Sequence[ClaimRecord]:
        key = {"reference": reference, "spelled": _spelled(reference), "id": reference}
        return [claim_record(row) for row in await self._connection.execute(_found, key)]

    async def claims_of(self, payment_id: str) -> Sequence[ClaimRecord]:
        found = await self._connection.execute(_of_payment, {"payment_id": payment_id})
        return [claim_record(row) for row in found]

    async def hold_claim(self, claim_id: str) -> ClaimRecord | None:
        row = (await self._connection.execute(_held, {"id": claim_id})).first()
        return None if row is None else claim_record(row)

    async def set_claim(self, claim_id: str, state: str, resolution: Resolution) -> None:
        values = {"the_claim": claim_id, "new_state": state, "new_resolution": resolution}
        await self._connection.execute(_set_claim, values)

    async def proposals(self, claim_id: str) -> Sequence[Proposal]:
        return [_proposal(row) for row in await self._connection.execute(_proposals, {"claim_id": claim_id})]

    async def add_proposal(
        self, claim_id: str, target: str, found_fen: int, by: str, note: str, now: datetime
    ) -> None:
        await self._connection.execute(
            _add_proposal,
            {
                "claim_id": claim_id,
                "target": target,
                "found_fen": found_fen,
                "proposed_by": by,
                "proposed_at": now,
                "note": note,
                "decision": "",
            },
        )

    async def decide(
        self,
        proposal_id: int,
        decision: Decision,
        by: str,
        note: str,
        now: datetime,
        serials: Sequence[int | None],
    ) -> None:
        count, release = serials
        await self._connection.execute(
            _decide,
            {
                "the_proposal": proposal_id,
                "new_decision": decision,
                "new_by": by,
                "new_at": now,
                "new_note": note,
                "new_count": count,
                "new_transaction": release,
            },
        )

    async def open_items(self, terminal: str) -> Sequence[OpenItem]:
        row = (await self._connection.execute(_items, {"terminal": terminal})).first()
        return () if row is None else msgspec.json.decode(row.open_items, type=tuple[OpenItem, ...])

    async def renew(
        self, terminal: str, head: Head, persons: tuple[str, str], note: str, now: datetime
    ) -> None:
        await self._connection.execute(_renew, {"the_terminal": terminal, "now_renewed": True})
        await self._connection.execute(
            _add_replacement,
            {
                "terminal": terminal,
                "journal_id": head.journal_id,
                "seq": head.seq,
                "replaced_by": persons[0],
                "confirmed_by": persons[1],
                "replaced_at": now,
                "note": note,
            },
        )


def _proposal(row: Any) -> Proposal:
    return Proposal(
        row.id,
        row.target,
        row.found_fen,
        row.proposed_by,
        aware(row.proposed_at),
        row.note,
        row.decision,
        row.decided_by,
        row.decided_at and aware(row.decided_at),
        row.decision_note,
    )


def _spelled(reference: str) -> str:
    """A slip's reference with its hyphens, however it was typed; anything else as it stands."""
    bare = re.sub(r"[\s-]", "", reference).upper()
    return "-".join((bare[:4], bare[4:8], bare[8:])) if re.fullmatch("[0-9A-F]{12}", bare) else reference
