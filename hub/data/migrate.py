"""Brings a database to the newest schema, in one transaction, also when several hubs start at once."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from hub.data.schema import REVISION

_LOCK = 0x506F776572  # any fixed number: the advisory lock under which one hub migrates and the others wait


def migrate(engine: Engine) -> None:
    """Run the missing migrations, if any; raises RuntimeError for a database newer than this hub."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        revision = _revision(connection)
        if revision == REVISION:
            return
        if revision is not None and revision > REVISION:
            raise RuntimeError(f"the database has schema {revision}, newer than this hub's {REVISION}")
        _upgrade(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
