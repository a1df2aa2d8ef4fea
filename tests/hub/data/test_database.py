"""A database that is gone makes the hub say that it is busy, and one that refuses repeats no secrets."""

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from hub.composition.terminals import add_terminal
from hub.data.database import Database
from hub.data.engine import sync_engine
from hub.data.migrate import migrate
from hub.serve import utc_now
from tools.hub_process import HubClient, HubProcess, new_id, write_test_key
from tools.postgres import throwaway_postgres

KEY = bytes(range(32))
REMEMBERS_S = 5.0
"""How long a hub knows a terminal's key without its database."""


def test_an_error_of_the_database_repeats_nothing_of_what_it_was_given(tmp_path: Path) -> None:
    """It ends in the hub's log."""
    url = f"sqlite:///{tmp_path / 'hub.sqlite'}"
    asked = text("SELECT * FROM nowhere WHERE name = :name"), {"name": "Li Wei"}
    engine = sync_engine(url)
    with engine.connect() as connection, pytest.raises(OperationalError, match="nowhere") as refused:
        connection.execute(*asked)
    engine.dispose()

    async def ask() -> str:
        database = Database(url)
        try:
            async with database.engine.connect() as connection:
                await connection.execute(*asked)
        except OperationalError as error:
            return str(error)
        finally:
            await database.close()
        return ""

    later = asyncio.run(ask())
    assert "nowhere" in later
    assert "Li Wei" not in str(refused.value) + later


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
