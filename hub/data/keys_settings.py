"""The settings of the key store: which module, and which keys the cards of each profile have."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hub.data.keys_bench import BenchStore
from hub.data.keystore import CardScheme, KeyCabinet, KeyRefused

KeyId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}\Z")]


class Pkcs11Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="pkcs11"):
    """`[store]`: the module's library, the token by its label, and the file with its PIN, for its owner alone."""

    module: str
    token: str
    pin_file: str


class BenchPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="bench"):
    """`[store]` of test keys that stand in this very file."""


class ProfilePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[profile.NAME]`: the cipher of the profile's cards, and the ids of its three master keys."""

    cipher: Literal["3des", "sm4"]
    internal: KeyId
    external: KeyId
    mac: KeyId


class KeyPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[key.bank]`, `[key.card]` and `[key.terminal]` of the bench."""

    bank: dict[str, str] = {}
    card: dict[str, str] = {}
    terminal: dict[str, str] = {}


class StoreFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    store: Pkcs11Part | BenchPart
    profile: dict[str, ProfilePart] = {}
    key: KeyPart = KeyPart()


def open_key_store(file: Path | None, *, bench: bool) -> KeyCabinet | None:
    """Open the store that the file names; without a file the bench has its test keys, and the field no store.

    Raises KeyRefused for a file that cannot be used and KeyStoreAway when the module is not there.
    """
    if file is None:
        return BenchStore(None, {}, bench=True) if bench else None
    if bench and not file.exists():
        return BenchStore(file, {}, bench=True)
    settings = read_store_file(file)
    schemes = {
        name: CardScheme(each.cipher, each.internal, each.external, each.mac)
        for name, each in settings.profile.items()
    }
    if isinstance(settings.store, BenchPart):
        return BenchStore(file, schemes, bench=bench)
    pin = _pin(file.parent / settings.store.pin_file)
    # python-pkcs11 loads with the first field store, not with every command of the hub.
    from hub.data.keys_cabinet import HsmCabinet
    from hub.data.keys_token import Token

    token = Token(settings.store.module, settings.store.token, pin)
    return HsmCabinet(token, schemes, bench=bench)


def _pin(file: Path) -> str:
    try:
        if file.stat().st_mode & 0o077:
            raise KeyRefused(f"{file}: others may read the PIN; chmod 600")
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise KeyRefused(f"{file}: {error.strerror}") from None


def read_store_file(file: Path) -> StoreFile:
    """Read the settings; raises KeyRefused, which names the file and the place in it, never a key."""
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise KeyRefused(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise KeyRefused(f"{file}: {error}") from None
    try:
        return msgspec.convert(raw, StoreFile)
    except msgspec.ValidationError as error:
        raise KeyRefused(f"{file}: {_explained(raw, error)}") from None


_EXPECTED = {
    "cipher": 'expected "3des" or "sm4"',
    "kind": 'expected "pkcs11" or "bench"',
    **dict.fromkeys(
        ("internal", "external", "mac"), "expected a key's id: letters, digits, . _ -, at most 64"
    ),
}


def _explained(raw: dict[str, Any], error: msgspec.ValidationError) -> str:
    """One of msgspec's messages in the words of the file; it names no profile, so each is looked at once more."""
    profiles = raw.get("profile")
    for name, table in profiles.items() if isinstance(profiles, dict) else ():
        try:
            msgspec.convert(table, ProfilePart)
        except msgspec.ValidationError as wrong:
            return f"[profile.{name}]: {_in_words(str(wrong))}"
    return _in_words(str(error))


def _in_words(message: str) -> str:
    what, _, place = message.partition(" - at `$.")
    table, _, key = place.rstrip("`").rpartition(".")
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", what):
        what = f"{missing[1]} is missing" + (f"; {_EXPECTED[missing[1]]}" if missing[1] in _EXPECTED else "")
        table, key = key, ""
    elif unknown := re.fullmatch(r"Object contains unknown field `(.*)`", what):
        what = f"unknown key {unknown[1]}"
        table, key = key, ""
    where = (f"[{table}]: " if table else "") + (f"{key}: " if key else "")
    return where + (_EXPECTED.get(key) or what)
