"""The terminals that may use the hub. The database knows their names, their keys stay in files."""

import logging
import re
import time
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, bindparam, insert, select

from hub.composition.keys import KeyFileError, read_key
from hub.data.database import Database
from hub.data.schema import terminals

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_REMEMBER_S = 5.0
_key_file = select(terminals.c.key_file).where(terminals.c.id == bindparam("id"))

log = logging.getLogger(__name__)


class TerminalError(ValueError):
    """A terminal that cannot be registered; the message says why."""


def add_terminal(connection: Connection, name: str, key_file: Path, site: str, now: datetime) -> None:
    """Register a terminal with the file its key is in; raises TerminalError, KeyFileError."""
    if not _NAME.fullmatch(name):
        raise TerminalError(f"{name!r} is no terminal id: letters, digits, '.', '_', '-', at most 64")
    # Whether a test key may be used is the running hub's decision, so it is not refused here.
    read_key(key_file, bench=True)
    if connection.execute(select(terminals.c.id).where(terminals.c.id == name)).first():
        raise TerminalError(f"terminal {name} is registered already")
    row = {"id": name, "key_file": str(key_file.resolve()), "site": site, "added_at": now}
    connection.execute(insert(terminals), row)


class Terminals:
    """The keys of the terminals for a running hub; a new terminal or key is known within seconds."""

    def __init__(self, database: Database, keys: Path | None, *, bench: bool) -> None:
        self._database = database
        self._keys = keys
        self._bench = bench
        self._remembered: dict[str, tuple[float, bytes]] = {}

    async def key_of(self, terminal: str) -> bytes | None:
        """Give the terminal's key, or none for an unknown one or one whose key file is of no use."""
        remembered = self._remembered.get(terminal)
        now = time.monotonic()
        if remembered and now - remembered[0] < _REMEMBER_S:
            return remembered[1]
        if not _NAME.fullmatch(terminal):
            return None
        async with self._database.read() as connection:
            file = (await connection.execute(_key_file, {"id": terminal})).scalar()
        if file is None:
            self._remembered.pop(terminal, None)
            return None
        try:
            key = read_key(self._keys / Path(file).name if self._keys else Path(file), bench=self._bench)
        except KeyFileError as error:
            log.error("terminal %s is refused: %s", terminal, error)
            return None
        self._remembered[terminal] = now, key
        return key
