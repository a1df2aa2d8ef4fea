"""The migrations make exactly the tables that the code uses."""

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from hub.data import migrate as module
from hub.data.migrate import migrate
from hub.data.tables import REVISION, metadata


def test_the_migrated_schema_is_the_codes(books: Any) -> None:
    def ours(_object: Any, name: str | None, kind: str, *_rest: Any) -> bool:
        return not (kind == "table" and name == "seen_requests")

    with books.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []


def test_the_newest_revision_is_known_without_alembic() -> None:
    folder = Path(module.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == REVISION


def test_migrating_again_changes_nothing(books: Any) -> None:
    migrate(books.engine)


def test_a_newer_database_is_refused(books: Any) -> None:
    with books.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RuntimeError, match="newer than this hub"):
        migrate(books.engine)


def test_claims_from_before_get_their_reference(books: Any) -> None:
    folder = Path(module.__file__).parent / "migrations"
    order = '{"account_no":"1","made_at":"2026-01-01T04:05:00Z","reason":"declined","reference":"R"}'
    with books.engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO claims (id, terminal, content, amount_fen, memo_fen, state, resolution, made_at, reply)"
                " VALUES ('c', 'k', :content, 5, 0, 'open', '', '2026-01-01 04:05:00', '')"
            ),
            {"content": order},
        )
    migrate(books.engine)
    with books.engine.connect() as connection:
        row = connection.execute(text("SELECT reference, reason, account_no, received_at FROM claims")).one()
    assert row[:3] == ("R", "declined", "1")
    assert str(row.received_at).startswith("2026-01-01")
