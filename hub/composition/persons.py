"""The persons who decide about suspended money: names and passphrases, of which only scrypt's output is kept."""

import hashlib
import hmac
import os
import re
import unicodedata
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from hub.data.schema import persons

_NAME = re.compile(r"\w[\w .-]{0,63}")
SHORTEST = 10
_N, _R, _P = 2**15, 8, 1
_MEMORY = 64 * 2**20
_person = select(persons.c.salt, persons.c.hash).where(persons.c.name == bindparam("name"))


class PersonError(ValueError):
    """A person who is not known or not proved; the message says why."""


def add_person(connection: Connection, name: str, passphrase: str, now: datetime) -> None:
    """Register a person; raises PersonError."""
    if not _NAME.fullmatch(name):
        raise PersonError(f"{name!r} is no name: letters, digits, space, '.', '-', at most 64")
    if len(passphrase) < SHORTEST:
        raise PersonError(f"a passphrase has {SHORTEST} characters at least")
    if alike := next((other for other in person_names(connection) if _sound(other) == _sound(name)), None):
        raise PersonError(f"{alike} is registered already")
    salt = os.urandom(16)
    row = {"name": name, "salt": salt, "hash": _scrypt(passphrase, salt), "added_at": now}
    connection.execute(insert(persons), row)


def _sound(name: str) -> str:
    """What two spellings of one name share; else one human approves what he proposed himself."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold()))


def remove_person(connection: Connection, name: str) -> None:
    """Take a person's right away; what he decided before stays his. Raises PersonError."""
    gone = connection.execute(delete(persons).where(persons.c.name == name).returning(persons.c.name))
    if gone.first() is None:
        raise PersonError(f"no person {name}")


def person_names(connection: Connection) -> list[str]:
    """Give all names in order."""
    return list(connection.execute(select(persons.c.name).order_by(persons.c.name)).scalars())


def require_person(connection: Connection, name: str, passphrase: str) -> None:
    """Raise PersonError unless this is the person's passphrase."""
    row = connection.execute(_person, {"name": name}).first()
    salt, expected = (row.salt, row.hash) if row else (b"nobody", b"")
    if not hmac.compare_digest(_scrypt(passphrase, salt), expected):
        raise PersonError(f"{name}: no such person, or the passphrase is wrong")


def _scrypt(passphrase: str, salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=_N, r=_R, p=_P, maxmem=_MEMORY, dklen=32)
