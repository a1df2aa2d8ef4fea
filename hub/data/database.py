"""Where the hub keeps its books: SQLite or PostgreSQL, opened so that what was committed outlasts a power cut."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import Any

import asyncpg
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from hub.business.keeping import TakenError
from hub.business.refusals import Refusal
from hub.data.direct import Conversation, Direct

DEFAULT_URL = "sqlite:///power-hub.sqlite"
_BUSY_S = 5
_POOL = {"sqlite": 4, "postgresql": 16}
_DRIVERS = {
    "sqlite": ("sqlite+pysqlite", "sqlite+aiosqlite"),
    "postgresql": ("postgresql+psycopg", "postgresql+asyncpg"),
}

_LIMITS = {
    "lock_timeout": f"{_BUSY_S}s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
}
_FOR_NOW = ("08", "40", "53", "55", "57")
"""Classes of SQLSTATE: connection, rollback, resources, object in use (a lock), operator's doing."""


class UnsafeDatabaseError(Exception):
    """The database may forget what it has confirmed; the message names the setting."""


def sync_engine(url: str) -> Engine:
    """Open the database for the commands that run alone (seed, check, terminal)."""
    parsed, name = _parse(url)
    engine = create_engine(
        parsed.set(drivername=_DRIVERS[name][0]), connect_args=_connect_args(name), hide_parameters=True
    )
    _prepare(engine, name)
    return engine


class Database:
    """The books of a running hub; made with `url`, closed with `close`."""

    def __init__(self, url: str) -> None:
        parsed, self.dialect = _parse(url)
        self.path = parsed.database or ""
        self.engine = self._engine(parsed)
        self._writing = self.engine.execution_options(hub_writes=True)
        # SQLite has one writer; a queue here is fair, its own busy loop is not.
        self._one_writer = asyncio.Lock() if self.dialect == "sqlite" else None

    def _engine(self, url: URL) -> AsyncEngine:
        engine = create_async_engine(
            url.set(drivername=_DRIVERS[self.dialect][1]),
            pool_size=_POOL[self.dialect],
            max_overflow=0,
            pool_timeout=_BUSY_S,
            hide_parameters=True,  # an error goes into the log, and a customer's data may stand among them
            **_async_arguments(url, self.dialect),
        )
        _prepare(engine.sync_engine, self.dialect)
        return engine

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Conversation]:
        """A look at what is committed, each statement at its own moment; nothing is kept."""
        with _faults():
            async with self.engine.connect() as connection:
                driver = await self._driver(connection)
                with _torn(driver):
                    yield Direct(driver) if driver else connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Conversation]:
        """One transaction, committed and on disk when the block has ended without an exception.

        Raises TakenError when another one inserted the same key.
        """
        async with self._one_writer or nullcontext():
            with _faults():
                async with self._writing.connect() as connection:
                    driver = await self._driver(connection)
                    # A payment reads the bills after it has the account's lock: each statement its own snapshot.
                    transaction = (
                        driver.transaction(isolation="read_committed") if driver else connection.begin()
                    )
                    with _torn(driver):
                        async with transaction:
                            yield Direct(driver) if driver else connection

    async def _driver(self, connection: AsyncConnection) -> Any:
        return None if self._one_writer else (await connection.get_raw_connection()).driver_connection

    async def close(self) -> None:
        await self.engine.dispose()


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


def _parse(url: str) -> tuple[URL, str]:
    parsed = make_url(url)
    name = parsed.get_backend_name()
    if name not in _DRIVERS:
        raise UnsafeDatabaseError(f"{name} is no database of the hub: sqlite or postgresql")
    if name == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise UnsafeDatabaseError("the books must be in a file, not in memory")
    return parsed, name


def _connect_args(name: str) -> dict[str, Any]:
    if name == "sqlite":
        return {"timeout": _BUSY_S}
    return {
        "connect_timeout": _BUSY_S,
        "options": " ".join(f"-c {name}={value}" for name, value in _LIMITS.items()),
    }


def _async_arguments(url: URL, name: str) -> dict[str, Any]:
    if name == "sqlite":
        return {"connect_args": _connect_args(name)}
    # asyncpg reads libpq's URLs itself; SQLAlchemy would hand it sslmode and the like as arguments it does not know.
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return {
        "isolation_level": "AUTOCOMMIT",
        "async_creator": lambda: asyncpg.connect(dsn, timeout=_BUSY_S, server_settings=_LIMITS),
    }


def _prepare(engine: Engine, name: str) -> None:
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


@contextmanager
def _torn(driver: Any) -> Iterator[None]:
    """Give up a connection that PostgreSQL is just closing: asyncpg has its last words and not yet its end."""
    try:
        yield
    except asyncpg.InternalClientError:
        driver.terminate()
        raise


class _faults:  # noqa: N801  # a context manager, used like a function
    """Says "busy" for what a database refuses only for now, and "taken" for a key that is there already."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, IntegrityError | asyncpg.IntegrityConstraintViolationError):
            raise TakenError from error
        if error is not None and _is_for_now(error):
            raise Refusal("hub_busy", f"database: {error}", retry_after_s=2) from error


def _is_for_now(error: BaseException) -> bool:
    # What refuses a new connection (the server is starting, has too many) comes wrapped, and under no kind of its own.
    if (
        isinstance(error, DBAPIError)
        and error.orig
        and isinstance(error.orig.__cause__, asyncpg.PostgresError)
    ):
        error = error.orig.__cause__
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate).startswith(_FOR_NOW)
    # A connection that was lost; an InterfaceError that is a ValueError is our own mistake.
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
        return not isinstance(error, ValueError)
    return isinstance(error, OperationalError | PoolTimeoutError | OSError)
