"""What the hub remembers of recharge cards, their redemptions, and of the wrong numbers that came."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from hub.business.keeping import TakenError
from hub.business.recharge_keeping import RechargeCard, RedemptionRecord, WrongNumbers
from hub.data.direct import Conversation
from hub.data.heads import aware
from hub.data.schema_recharge import recharge_cards, redemption_tries, redemptions

_redemption = select(*redemptions.c).where(redemptions.c.id == bindparam("the_id"))
_add_redemption = insert(redemptions)
_held_tries = (
    select(redemption_tries.c.since, redemption_tries.c.failed, redemption_tries.c.last_at)
    .where(redemption_tries.c.terminal == bindparam("the_terminal"))
    .with_for_update()
)
_add_tries = insert(redemption_tries)
_set_tries = (
    update(redemption_tries)
    .where(redemption_tries.c.terminal == bindparam("the_terminal"))
    .values(since=bindparam("now_since"), failed=bindparam("now_failed"), last_at=bindparam("now_last"))
)
CARD_COLUMNS = (
    recharge_cards.c.serial,
    recharge_cards.c.value_fen,
    recharge_cards.c.state,
    recharge_cards.c.expires_on,
    recharge_cards.c.spent_by,
)
_held_card = select(*CARD_COLUMNS).where(recharge_cards.c.mark == bindparam("the_mark")).with_for_update()
_spend = (
    update(recharge_cards)
    .where(recharge_cards.c.serial == bindparam("the_serial"), recharge_cards.c.state == bindparam("good"))
    .values(state=bindparam("new_state"), spent_by=bindparam("payment"))
    .returning(recharge_cards.c.serial)
)


class RechargeStore:
    """One conversation, in one database transaction; implements `RechargeKeeping`."""

    def __init__(self, connection: Conversation) -> None:
        self._connection = connection

    async def redemption(self, payment_id: str) -> RedemptionRecord | None:
        row = await self._one(_redemption, {"the_id": payment_id})
        if row is None:
            return None
        values: list[Any] = [*row[:-1], aware(row[-1])]
        return RedemptionRecord(*values)

    async def add_redemption(self, record: RedemptionRecord) -> None:
        row = {name: getattr(record, name) for name in RedemptionRecord.__slots__}
        await self._connection.execute(
            _add_redemption, row | {"decided_at": record.decided_at.astimezone(UTC)}
        )

    async def hold_tries(self, terminal: str) -> WrongNumbers | None:
        row = await self._one(_held_tries, {"the_terminal": terminal})
        return None if row is None else WrongNumbers(aware(row[0]), row[1], aware(row[2]))

    async def set_tries(self, terminal: str, tries: WrongNumbers, *, first: bool) -> None:
        since, last_at = tries.since.astimezone(UTC), tries.last_at.astimezone(UTC)
        if first:
            row = {"terminal": terminal, "since": since, "failed": tries.failed, "last_at": last_at}
            await self._connection.execute(_add_tries, row)
            return
        values = {
            "the_terminal": terminal,
            "now_since": since,
            "now_failed": tries.failed,
            "now_last": last_at,
        }
        await self._connection.execute(_set_tries, values)

    async def hold_card(self, mark: str) -> RechargeCard | None:
        row = await self._one(_held_card, {"the_mark": mark})
        return None if row is None else RechargeCard(*row)

    async def spend(self, serial: str, payment_id: str) -> None:
        values = {"the_serial": serial, "good": "active", "new_state": "spent", "payment": payment_id}
        if await self._one(_spend, values) is None:
            raise TakenError

    async def _one(self, query: Any, keys: Mapping[str, Any]) -> Any:
        return (await self._connection.execute(query, dict(keys))).first()
