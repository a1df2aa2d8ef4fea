"""The terminals that may use the hub, and the keys they sign with: none of them stands in the database in clear.

A terminal has one way of signing. Either its key is in a key file, and the key id is its own name; or it has a master
key and signs on::

    <terminal>.m.<nonce>      one sign-on: the key that the master key makes of the nonce (32 hex digits)
    <terminal>.w.<key_no>     everything else: the working key that the sign-on gave
"""

import logging
import re
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, insert, select

from drivers.security.keys import working_check
from hub.business.refusals import Refusal
from hub.composition.keys import KeyFileError, read_key
from hub.composition.vault import Vault
from hub.data.keystore import KeyMissing
from hub.data.schema import terminals
from hub.data.working_keys import WorkingKey, WorkingKeys

if TYPE_CHECKING:  # a command that registers a terminal loads nothing of a running hub
    from hub.data.database import Database

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_WAY = re.compile(r"\.(?:m\.(?P<nonce>[0-9a-f]{32})|w\.(?P<key_no>[1-9][0-9]{0,8}))", re.ASCII)
_REMEMBER_S = 5.0
MOST_REMEMBERED = 20_000
SLIP_NONCE = b"slip-check-codes"
"""From it the kiosk derives the key of the check codes on its slips, so no sign-on may have it."""
_key_file = select(terminals.c.key_file).where(terminals.c.id == bindparam("id"))

log = logging.getLogger(__name__)


class TerminalError(ValueError):
    """A terminal that cannot be registered; the message says why."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key by its id. `nonce` is set for the key of one sign-on, `expires_at` for a working key."""

    key_id: str
    key: bytes = field(repr=False)
    nonce: str = ""
    expires_at: datetime | None = None


def add_terminal(connection: Connection, name: str, key_file: Path | None, site: str, now: datetime) -> None:
    """Register a terminal with the file its key is in, or without one: then it signs on with its master key.

    Raises TerminalError, KeyFileError.
    """
    if not _NAME.fullmatch(name):
        raise TerminalError(f"{name!r} is no terminal id: letters, digits, '.', '_', '-', at most 64")
    if key_file is not None:
        # Whether a test key may be used is the running hub's decision, so it is not refused here.
        read_key(key_file, bench=True)
    if connection.execute(select(terminals.c.id).where(terminals.c.id == name)).first():
        raise TerminalError(f"terminal {name} is registered already")
    file = None if key_file is None else str(key_file.resolve())
    connection.execute(insert(terminals), {"id": name, "key_file": file, "site": site, "added_at": now})


def is_registered(connection: Connection, name: str) -> bool:
    """Whether this is a terminal that may use the hub."""
    return connection.execute(_key_file, {"id": name}).first() is not None


def signs_on(connection: Connection, name: str) -> bool:
    """Whether this is a terminal that signs on."""
    row = connection.execute(_key_file, {"id": name}).first()
    return row is not None and row.key_file is None


class Terminals:
    """The keys of the terminals for a running hub; a new terminal, key or revocation is known within seconds."""

    def __init__(self, database: "Database", keys: Path | None, vault: Vault, *, bench: bool) -> None:
        self._database = database
        self._keys = keys
        self._vault = vault
        self._bench = bench
        self._files: dict[str, tuple[float, bytes | None]] = {}
        self._working: dict[str, tuple[float, WorkingKey, bytes]] = {}

    async def key_of(self, terminal: str, key_id: str) -> SigningKey | None:
        """Give the terminal's key of this id, or none for an unknown terminal or one whose keys are of no use.

        Raises Refusal `sign_on_needed` for a working key that is not known, and `hub_busy` when the key store is away.
        """
        if not _NAME.fullmatch(terminal):
            return None
        try:
            file_key = await self._file_key(terminal)
        except KeyFileError as error:
            log.error("terminal %s is refused: %s", terminal, error)
            return None
        except LookupError:
            return None
        if file_key is not None:
            return SigningKey(terminal, file_key)
        way = _WAY.fullmatch(key_id.removeprefix(terminal)) if key_id.startswith(terminal) else None
        if way is None:
            raise Refusal("sign_on_needed", "this terminal signs on; its key id has another form")
        if way["nonce"]:
            return await self._start_key(terminal, key_id, way["nonce"])
        return await self._working_key(terminal, key_id, int(way["key_no"]))

    async def _file_key(self, terminal: str) -> bytes | None:
        """The key in the terminal's file, none if it signs on; raises KeyFileError, LookupError."""
        remembered = self._files.get(terminal)
        now = time.monotonic()
        if remembered and now - remembered[0] < _REMEMBER_S:
            return remembered[1]
        self._files.pop(terminal, None)
        async with self._database.read() as connection:
            row = (await connection.execute(_key_file, {"id": terminal})).first()
        if row is None:
            raise LookupError(terminal)
        key = None
        if row.key_file is not None:
            file = Path(row.key_file)
            key = read_key(self._keys / file.name if self._keys else file, bench=self._bench)
        self._files[terminal] = now, key
        return key

    async def _start_key(self, terminal: str, key_id: str, nonce: str) -> SigningKey | None:
        if nonce == SLIP_NONCE.hex():
            return None
        try:
            key = await self._vault.ask(lambda keys: keys.terminal_start_key(terminal, bytes.fromhex(nonce)))
        except KeyMissing as error:
            log.error("terminal %s is refused: %s", terminal, error)
            return None
        return SigningKey(key_id, key, nonce)

    async def _working_key(self, terminal: str, key_id: str, key_no: int) -> SigningKey:
        now = time.monotonic()
        remembered = self._working.get(key_id)
        if remembered and now - remembered[0] < _REMEMBER_S:
            _, kept, key = remembered
            return SigningKey(key_id, key, expires_at=kept.expires_at)
        async with self._database.read() as connection:
            found = await WorkingKeys(connection).find(terminal, key_no)
        if found is None:
            self._working.pop(key_id, None)
            raise Refusal("sign_on_needed", "this working key is not known")
        if remembered and remembered[1].wrapped == found.wrapped:
            key = remembered[2]
        else:
            key = await self._unwrapped(terminal, found)
            self._make_room()
        self._working[key_id] = now, found, key
        return SigningKey(key_id, key, expires_at=found.expires_at)

    async def _unwrapped(self, terminal: str, found: WorkingKey) -> bytes:
        try:
            key = await self._vault.ask(lambda keys: keys.unwrap_working_key(terminal, found.wrapped))
        except KeyMissing:
            raise Refusal("sign_on_needed", "the terminal has no master key now") from None
        if working_check(key).hex() != found.check:
            raise Refusal(
                "sign_on_needed", "the working key is from before the terminal's master key changed"
            )
        return key

    def _make_room(self) -> None:
        """Forget keys that nobody has used for long: there is one for each terminal and day."""
        if len(self._working) >= MOST_REMEMBERED:
            for key_id, _ in sorted(self._working.items(), key=lambda each: each[1][0])[
                : MOST_REMEMBERED // 2
            ]:
                del self._working[key_id]
