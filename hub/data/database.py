"""The books of a running hub, in SQLite or PostgreSQL: many looks at once, and what was committed is on disk."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import Any

import asyncpg
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from hub.business.keeping import TakenError
from hub.business.refusals import Refusal
from hub.data.direct import Conversation, Direct
from hub.data.engine import BUSY_S, DRIVERS, SERVER_LIMITS, connect_args, parse, prepare

_POOL = {"sqlite": 4, "postgresql": 16}
_FOR_NOW = ("08", "40", "53", "55", "57")
"""Classes of SQLSTATE: connection, rollback, resources, object in use (a lock), operator's doing."""


class Database:
    """The books of a running hub; made with `url`, closed with `close`."""

    def __init__(self, url: str) -> None:
        parsed, self.dialect = parse(url)
        self.path = parsed.database or ""
        self.engine = self._engine(parsed)
        self._writing = self.engine.execution_options(hub_writes=True)
        # SQLite has one writer; a queue here is fair, its own busy loop is not.
        self._one_writer = asyncio.Lock() if self.dialect == "sqlite" else None

    def _engine(self, url: URL) -> AsyncEngine:
        engine = create_async_engine(
            url.set(drivername=DRIVERS[self.dialect][1]),
            pool_size=_POOL[self.dialect],
            max_overflow=0,
            pool_timeout=BUSY_S,
            hide_parameters=True,  # an error goes into the log, and a customer's data may stand among them
            **_async_arguments(url, self.dialect),
        )
        prepare(engine.sync_engine, self.dialect)
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


def _async_arguments(url: URL, name: str) -> dict[str, Any]:
    if name == "sqlite":
        return {"connect_args": connect_args(name)}
    # asyncpg reads libpq's URLs itself; SQLAlchemy would hand it sslmode and the like as arguments it does not know.
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return {
        "isolation_level": "AUTOCOMMIT",
        "async_creator": lambda: asyncpg.connect(dsn, timeout=BUSY_S, server_settings=SERVER_LIMITS),
    }


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
