"""No phone and no identity number stands in the books in clear: not in a seeded file, not in one from before."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, make_url, select, text

from hub.business.numbers import identity_number
from hub.data.engine import sync_engine
from hub.data.fields import (
    _wipe,
    identity_mark,
    identity_place,
    phone_mark,
    phone_place,
    seal_old_fields,
)
from hub.data.keys_bench import BenchStore
from hub.data.migrate import migrate
from hub.data.schema import accounts
from hub.data.seed import load_town
from hub.data.town import generate

AS_OF = date(2026, 3, 15)
KEYS = BenchStore(None, {}, bench=True)


def everything_in(url: str) -> bytes:
    """The bytes of a SQLite database with the log beside it."""
    path = Path(str(make_url(url).database))
    return b"".join(each.read_bytes() for each in path.parent.iterdir() if each.name.startswith(path.name))


def test_a_seeded_town_has_no_field_in_clear(new_database: Any) -> None:
    url, town = new_database("sqlite"), list(generate(20260101, AS_OF, 60))
    engine = sync_engine(url)
    migrate(engine)
    load_town(engine, town, AS_OF, datetime.now(UTC))
    written = everything_in(url)
    engine.dispose()
    assert all(each.account_no.encode() in written for each in town)  # it is this town
    secrets = [secret for each in town for secret in (each.phone, each.identity) if secret]
    assert len(secrets) > 100
    assert [secret for secret in secrets if secret.encode() in written] == []


def test_a_field_is_read_with_the_keys_and_compared_without(books: Any) -> None:
    account = books.account()
    with books.engine.connect() as connection:
        row = connection.execute(select(accounts).where(accounts.c.account_no == account.account_no)).one()
    assert account.phone not in str(row)
    assert KEYS.reveal(row.phone, phone_place(account.account_no)) == account.phone
    assert row.phone_mark == phone_mark(KEYS, "139 0000-0000") != phone_mark(KEYS, "13900000001")
    assert (row.identity, row.identity_mark) == (None, None)


def test_an_identity_number_is_compared_whatever_its_spelling() -> None:
    number = next(
        n for n in (identity_number(f"99990019800101{i:03d}") for i in range(20)) if n.endswith("X")
    )
    assert identity_mark(KEYS, f" {number[:6]} {number[6:].lower()}") == identity_mark(KEYS, number)
    assert identity_mark(KEYS, number) != KEYS.fingerprint(f"phone:{number}")
    assert identity_place("1") != phone_place("1")


def test_what_an_older_hub_wrote_in_clear_is_encrypted_and_wiped(
    books: Any, caplog: pytest.LogCaptureFixture
) -> None:
    account = books.account()
    with books.engine.begin() as connection:
        connection.execute(text("UPDATE accounts SET phone = '15499990001', phone_mark = NULL"))
    if books.engine.dialect.name == "sqlite":
        assert b"15499990001" in everything_in(books.url)
    assert seal_old_fields(books.engine, KEYS) == 1
    assert seal_old_fields(books.engine, KEYS) == 0
    with books.engine.connect() as connection:
        row = connection.execute(select(accounts.c.phone, accounts.c.phone_mark)).one()
    assert KEYS.reveal(row.phone, phone_place(account.account_no)) == "15499990001"
    assert row.phone_mark == phone_mark(KEYS, "15499990001")
    if books.engine.dialect.name == "sqlite":
        assert b"15499990001" not in everything_in(books.url)
    assert [each for each in caplog.records if each.name == "hub.fields"] == []


def test_a_file_that_cannot_be_wiped_now_is_told_of(
    new_database: Any, caplog: pytest.LogCaptureFixture
) -> None:
    engine = sync_engine(new_database("sqlite"))
    with engine.begin() as busy:
        busy.exec_driver_sql("CREATE TABLE other (a)")
        other = sync_engine(str(engine.url))
        _wipe_quickly(other)
        other.dispose()
    engine.dispose()
    assert "VACUUM while no other hub runs" in caplog.text


def _wipe_quickly(engine: Any) -> None:
    event.listen(engine, "connect", lambda raw, _record: raw.execute("PRAGMA busy_timeout=50"))
    _wipe(engine)
