"""A database that is gone makes the hub say that it is busy."""

import time
from pathlib import Path
from typing import Any

import msgspec

from hub.composition.terminals import add_terminal
from hub.data.database import sync_engine
from hub.data.migrate import migrate
from hub.serve import utc_now
from tools.hub_process import HubClient, HubProcess, new_id, write_test_key
from tools.postgres import throwaway_postgres

KEY = bytes(range(32))
REMEMBERS_S = 5.0
"""How long a hub knows a terminal's key without its database."""


def test_a_postgresql_that_went_away_is_said_to_be_busy(tmp_path: Path) -> None:
    with throwaway_postgres() as url:
        engine = sync_engine(url)
        migrate(engine)
        with engine.begin() as connection:
            add_terminal(connection, "k", write_test_key(tmp_path / "k.key", KEY), "", utc_now())
        engine.dispose()
        hub = HubProcess(url)
        client = HubClient(hub.url, "k", KEY)
        known_since = time.monotonic()
        assert client.get("/v1/status").status_code == 200
    try:
        order = client.signed("PUT", f"/v1/quotes/{new_id()}", msgspec.json.encode(_quote_order()))
        reply = client.send(order, verify=False)
        if time.monotonic() - known_since < REMEMBERS_S:  # later it knows no key to sign with
            client.verify(order, reply)
        assert (reply.status_code, reply.json()["code"]) == (503, "hub_busy")
        assert reply.json()["retry_after_s"] == int(reply.headers["Retry-After"]) > 0
    finally:
        client.close()
        assert hub.stop() == 0


def _quote_order() -> dict[str, Any]:
    return {"account_no": "1", "business": "arrears", "months": [], "tender": "cash"}
