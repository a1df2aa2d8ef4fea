"""Core statements straight on an asyncpg connection: compiled once each, and nothing between them and the wire.

SQLAlchemy's own asynchronous execution costs several times what the driver needs for the statements of a payment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Result
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

if TYPE_CHECKING:
    import asyncpg


Rows = Result[*tuple[Any, ...]]


class Conversation(Protocol):
    """What the books need of a connection; SQLAlchemy's AsyncConnection is one, too."""

    async def execute(self, statement: Any, parameters: Any = None, /) -> Rows:
        """Run a statement with one mapping of its parameters, or once with each of several."""


class Direct:
    """A conversation on PostgreSQL. Each statement must be made once, at module level: its text is kept."""

    def __init__(self, driver: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._driver = driver

    async def execute(self, statement: Any, parameters: Any = None, /) -> Rows:
        """Run a statement; raises what asyncpg raises."""
        if isinstance(parameters, list):
            text = _text(statement, tuple(parameters[0]))
            await self._driver.executemany(text.sql, [text.arguments(each) for each in parameters])
            return IteratorResult(text.columns, iter(()))
        text = _text(statement, tuple(parameters or ()))
        rows = await self._driver.fetch(text.sql, *text.arguments(parameters or {}))
        return IteratorResult(text.columns, map(tuple, rows))


@dataclass(frozen=True, slots=True)
class _Text:
    sql: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]
    columns: SimpleResultMetaData

    def arguments(self, parameters: Mapping[str, Any]) -> list[Any]:
        return [parameters[name] if name in parameters else self.constants[name] for name in self.names]


@cache
def _dialect() -> Dialect:
    # Loaded with the first statement: commands on SQLite and those that run alone never need it.
    from sqlalchemy.dialects.postgresql.asyncpg import dialect

    made: Dialect = dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    return made


@lru_cache(maxsize=256)
def _text(statement: Any, keys: tuple[str, ...]) -> _Text:
    compiled = statement.compile(dialect=_dialect(), column_keys=keys)
    columns = SimpleResultMetaData([column.name for column in getattr(statement, "exported_columns", ())])
    return _Text(str(compiled), tuple(compiled.positiontup or ()), compiled.params, columns)
