"""Fields that nobody reads in the database: encrypted for their place, and marks to compare by.

A phone or identity number, or a card's serial, has so few digits that a plain hash of it could be tried out; a mark is
keyed in the key store and is of no use elsewhere.
"""

import logging

from sqlalchemy import Engine, bindparam, select, update

from hub.data.keystore import KeyStore
from hub.data.schema import accounts

log = logging.getLogger("hub.fields")
_unsealed = select(accounts.c.account_no, accounts.c.phone).where(accounts.c.phone_mark.is_(None))
_seal = (
    update(accounts)
    .where(accounts.c.account_no == bindparam("number"))
    .values(phone=bindparam("sealed"), phone_mark=bindparam("mark"))
)


def phone_place(account_no: str) -> str:
    """The place that an account's phone is encrypted for."""
    return f"accounts/{account_no}/phone"


def identity_place(account_no: str) -> str:
    """The place that an account's identity number is encrypted for."""
    return f"accounts/{account_no}/identity"


def phone_mark(store: KeyStore, phone: str) -> str:
    """The mark of a phone number; spaces and hyphens in it do not count."""
    return store.fingerprint("phone:" + "".join(filter(str.isdigit, phone)))


def identity_mark(store: KeyStore, identity: str) -> str:
    """The mark of an identity number: of its last six digits, which are all that a customer types at a keypad."""
    return store.fingerprint("identity:" + "".join(filter(str.isdigit, identity))[-6:])


def card_place(mark: str) -> str:
    """The place that a card's serial is encrypted for."""
    return f"cards/{mark}/serial"


def card_mark(store: KeyStore, serial: str) -> str:
    """The mark of a meter card: sixty digits of a fingerprint, and the last four of its serial, which people may see.

    >>> from hub.data.keys_bench import BenchStore
    >>> mark = card_mark(BenchStore(None, {}, bench=True), "A500000000000083")
    >>> len(mark), mark[-4:]
    (64, '0083')
    """
    return store.fingerprint("card:" + serial)[:60] + serial[-4:]


def sealed_card(store: KeyStore, serial: str) -> dict[str, str]:
    """The columns of `cards` that stand for a serial."""
    mark = card_mark(store, serial)
    return {"mark": mark, "sealed": store.protect(serial, card_place(mark))}


def recharge_mark(store: KeyStore, number: str) -> str:
    """The mark of a recharge card's secret number; spaces and hyphens in it do not count."""
    return store.fingerprint("recharge:" + "".join(number.split()).replace("-", ""))


def sealed_fields(store: KeyStore, account_no: str, phone: str, identity: str) -> dict[str, str | None]:
    """The columns of `accounts` that stand for a phone and an identity number; "" for one that is not known."""
    return {
        "phone": store.protect(phone, phone_place(account_no)),
        "phone_mark": phone_mark(store, phone),
        "identity": store.protect(identity, identity_place(account_no)) if identity else None,
        "identity_mark": identity_mark(store, identity) if identity else None,
    }


def seal_old_fields(engine: Engine, store: KeyStore) -> int:
    """Encrypt what an older hub wrote in clear, and wipe it from the file; give how many accounts that were."""
    with engine.begin() as connection:
        found = connection.execute(_unsealed).all()
        rows = [
            {
                "number": number,
                "sealed": store.protect(phone, phone_place(number)),
                "mark": phone_mark(store, phone),
            }
            for number, phone in found
        ]
        if rows:
            connection.execute(_seal, rows)
    if rows:
        _wipe(engine)
    return len(rows)


def _wipe(engine: Engine) -> None:
    """Let no page of the file, nor the log beside it, keep what stood there before."""
    sqlite = engine.dialect.name == "sqlite"
    statements = ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)") if sqlite else ("VACUUM FULL accounts",)
    raw = engine.raw_connection()  # these run in no transaction
    try:
        if not sqlite:
            raw.driver_connection.autocommit = True  # type: ignore[union-attr]  # it is psycopg's, and it is open
        cursor = raw.cursor()
        for statement in statements:
            cursor.execute(statement)
    except engine.dialect.loaded_dbapi.OperationalError as error:
        log.error("%s while no other hub runs: old pages may hold phones in clear (%s)", statements[0], error)
    finally:
        raw.close()
