"""`power-hub phone list` shows orders that phones pay to an operator."""

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.hub.phones import FarEnd, Till
from tools.hub_process import power_hub


def test_orders_are_listed_oldest_first_and_those_at_no_end_apart(
    books: Any, far_end: FarEnd, tmp_path: Path
) -> None:
    listing = ["phone", "list", "--database", books.url]
    assert power_hub(*listing).stdout == "none\n"
    ids: list[str] = []

    async def whole() -> None:
        file = far_end.settings(tmp_path, poll_first_s=0.1, poll_most_s=0.2)
        async with Till(books, far_end, file) as till:
            ids.append((await till.opened()).id)
            far_end.do("tap_pay", order_no=ids[0])
            await till.until_state(ids[0], "paid")
            far_end.do("refuse", op="refund")
            ids.append(await till.paid_late())
            await till.until_state(ids[1], "refund_due")

    asyncio.run(whole())
    everything = json.loads(power_hub(*listing, "--json").stdout)
    assert [(each["id"], each["state"]) for each in everything] == [(ids[0], "paid"), (ids[1], "refund_due")]
    assert everything[0]["wallet_no"].startswith("W")
    assert everything[1]["refund_no"] == f"{ids[1]}-r"
    [line] = power_hub(*listing, "--open").stdout.splitlines()
    assert line.startswith(f"{ids[1]} kiosk-1 5000 fen, refund_due since ")
    report = power_hub("check", "--database", books.url)
    assert "2 orders by phone, 5000 fen to go back" in report.stdout
