"""How a database of the hub is opened, SQLite or PostgreSQL: what was committed there outlasts a power cut.

The commands that run alone need no more than this; what only a running hub needs (`hub.data.database`, asyncpg and
SQLAlchemy's asynchronous half) takes as long to load as all the rest.
"""

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError

DEFAULT_URL = "sqlite:///power-hub.sqlite"
BUSY_S = 5
DRIVERS = {
    "sqlite": ("sqlite+pysqlite", "sqlite+aiosqlite"),
    "postgresql": ("postgresql+psycopg", "postgresql+asyncpg"),
}

SERVER_LIMITS = {
    "lock_timeout": f"{BUSY_S}s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
}


class UnsafeDatabaseError(Exception):
    """The database may forget what it has confirmed; the message names the setting."""


def sync_engine(url: str) -> Engine:
    """Open the database for the commands that run alone (seed, check, terminal)."""
    parsed, name = parse(url)
    engine = create_engine(
        parsed.set(drivername=DRIVERS[name][0]), connect_args=connect_args(name), hide_parameters=True
    )
    prepare(engine, name)
    return engine


def require_durable(connection: Connection) -> None:
    """Raise UnsafeDatabaseError unless a commit means "on disk" in this database."""
    if connection.dialect.name == "sqlite":
        wanted: dict[str, tuple[str, ...]] = {"journal_mode": ("wal",), "synchronous": ("2", "3")}
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
        hint = "PRAGMA {} is {}, must be {}; is the file on a disk of this machine?"
    else:
        wanted = {
            "fsync": ("on",),
            "full_page_writes": ("on",),
            "synchronous_commit": ("on", "local", "remote_write", "remote_apply"),
        }
        found = {name: connection.execute(text(f"SHOW {name}")).scalar() for name in wanted}
        hint = "PostgreSQL's {} is {}, must be {}; set it in postgresql.conf or for the hub's role"
    for name, good in wanted.items():
        if str(found[name]) not in good:
            raise UnsafeDatabaseError(hint.format(name, found[name], " or ".join(good)))


def parse(url: str) -> tuple[URL, str]:
    """The address and the kind of database, `sqlite` or `postgresql`; raises UnsafeDatabaseError for any other."""
    parsed = make_url(url)
    name = parsed.get_backend_name()
    if name not in DRIVERS:
        raise UnsafeDatabaseError(f"{name} is no database of the hub: sqlite or postgresql")
    if name == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise UnsafeDatabaseError("the books must be in a file, not in memory")
    return parsed, name


def connect_args(name: str) -> dict[str, Any]:
    """What the drivers that block are told at connecting; SQLite's asynchronous one too."""
    if name == "sqlite":
        return {"timeout": BUSY_S}
    return {
        "connect_timeout": BUSY_S,
        "options": " ".join(f"-c {name}={value}" for name, value in SERVER_LIMITS.items()),
    }


def prepare(engine: Engine, name: str) -> None:
    """Let every connection of the engine be durable, and its transactions begin as the hub needs them."""
    if name != "sqlite":
        if engine.dialect.is_async:
            event.listen(engine, "checkout", _still_open)
        return

    @event.listens_for(engine, "connect")
    def connected(dbapi_connection: Any, _record: object) -> None:
        dbapi_connection.isolation_level = None  # transactions begin where the listener below says
        cursor = dbapi_connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    asynchronous = engine.dialect.is_async

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writes = not asynchronous or connection.get_execution_options().get("hub_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _still_open(dbapi_connection: Any, _record: object, _proxy: object) -> None:
    # What is asked directly fails past SQLAlchemy, which then cannot know that a connection was lost.
    if dbapi_connection.driver_connection.is_closed():
        raise DisconnectionError
