"""The bench's key store: test keys that anyone can compute, and a file for those that are loaded besides."""

import hashlib
import hmac
import json
import os
import tomllib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from drivers.security import bench_keys
from drivers.security.cipher import Cipher, cipher
from drivers.security.keys import start_key, unwrap, wrap
from hub.data import keys_memory as memory
from hub.data.keystore import CardSchemes, KeyMissing, KeyName, KeyRefused, SealKey, bank_name
from hub.data.sealing import CURVE, opened, public_numbers

TEST_MARK = "# TEST KEYS: for a bench only"
_KID = "test-1"
_KINDS = ("bank", "card", "terminal")
Master = tuple[Cipher, bytes]


class BenchStore:
    """Test keys for every card profile and terminal, all marked as such; refused outside a bench.

    With a file, what `power-hub keys` loads is kept there in clear, and comes before the computed keys. A running hub
    notices a change of the file.
    """

    def __init__(self, file: Path | None, schemes: CardSchemes, *, bench: bool) -> None:
        """Raises KeyRefused."""
        if not bench:
            raise KeyRefused("test keys are for a bench only: serve with --bench, or name a PKCS#11 module")
        self._file = file
        self._schemes = schemes
        self._loaded: dict[str, dict[str, str]] = {}
        self._stamp: tuple[int, int] | None = None
        self._fields = _test_bytes("fields")
        self._marks = _test_bytes("fingerprints")
        self._seal = ec.derive_private_key(int.from_bytes(_test_bytes("seal")) >> 1, ec.SECP256R1())

    # Cards ---------------------------------------------------------------------------------------------------

    def card_genuine(self, profile: str, serial: str, challenge: bytes, answer: bytes) -> bool:
        """See KeyStore."""
        return memory.card_genuine(*self._card(profile, "internal"), serial, challenge, answer)

    def card_cryptogram(self, profile: str, serial: str, challenge: bytes) -> bytes:
        """See KeyStore."""
        return memory.card_cryptogram(*self._card(profile, "external"), serial, challenge)

    def card_mac(self, profile: str, serial: str, challenge: bytes, command: bytes) -> bytes:
        """See KeyStore."""
        return memory.card_mac(*self._card(profile, "mac"), serial, challenge, command)

    # Terminals -----------------------------------------------------------------------------------------------

    def terminal_key(self, terminal: str) -> KeyName | None:
        """See KeyStore."""
        try:
            of, key = self._terminal(terminal)
        except KeyMissing:
            return None
        return _name("terminal", terminal, of.name, key)

    def terminal_start_key(self, terminal: str, nonce: bytes) -> bytes:
        """See KeyStore."""
        return start_key(*self._terminal(terminal), nonce)

    def wrap_working_key(self, terminal: str, key: bytes) -> bytes:
        """See KeyStore."""
        return wrap(*self._terminal(terminal), key)

    def unwrap_working_key(self, terminal: str, wrapped: bytes) -> bytes:
        """See KeyStore."""
        return unwrap(*self._terminal(terminal), wrapped)

    # Terminals at banks --------------------------------------------------------------------------------------

    def bank_key(self, acquirer: str, tid: str) -> KeyName | None:
        """See KeyStore."""
        try:
            key = self._bank(acquirer, tid)
        except KeyMissing:
            return None
        return _name("bank", bank_name(acquirer, tid), "3des", key)

    def bank_check(self, acquirer: str, tid: str, wrapped: bytes) -> bytes:
        """See KeyStore."""
        return memory.bank_check(memory.bank_working_key(self._bank(acquirer, tid), wrapped))

    def bank_mac(self, acquirer: str, tid: str, wrapped: bytes, scheme: str, text: bytes) -> bytes:
        """See KeyStore."""
        mak = memory.bank_working_key(self._bank(acquirer, tid), wrapped)
        return memory.bank_mac(mak, scheme, text)

    # Fields --------------------------------------------------------------------------------------------------

    def seal_public(self) -> SealKey:
        """See KeyStore."""
        return SealKey(_KID, *public_numbers(self._seal.public_key()))

    def open_sealed(self, token: str, terminal: str, field: str) -> str:
        """See KeyStore."""
        return opened(token, terminal, field, _KID, self._exchanged)

    def _exchanged(self, point: bytes) -> bytes:
        return self._seal.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point))

    def protect(self, text: str, about: str) -> str:
        """See KeyStore."""
        return memory.protected(self._fields, text, about)

    def reveal(self, token: str, about: str) -> str:
        """See KeyStore."""
        return memory.revealed(self._fields, token, about)

    def fingerprint(self, text: str) -> str:
        """See KeyStore."""
        return hmac.digest(self._marks, text.encode(), "sha256").hex()

    def close(self) -> None:
        """See KeyStore."""

    # Keeping -------------------------------------------------------------------------------------------------

    @property
    def card_schemes(self) -> CardSchemes:
        """See KeyCabinet."""
        return self._schemes

    def init(self) -> tuple[KeyName, ...]:
        """Begin the file, if there is to be one; the keys themselves are computed."""
        if self._file is not None and not self._file.exists():
            self._write({})
        return ()

    def load_terminal(self, terminal: str, scheme: str, key: bytes) -> KeyName:
        """See KeyCabinet."""
        return self._load("terminal", terminal, scheme, key)

    def remove_terminal(self, terminal: str) -> None:
        """See KeyCabinet."""
        self._terminal(terminal)
        self._put("terminal", terminal, "")

    def load_bank(self, acquirer: str, tid: str, key: bytes) -> KeyName:
        """See KeyCabinet."""
        return self._load("bank", bank_name(acquirer, tid), "3des", key)

    def remove_bank(self, acquirer: str, tid: str) -> None:
        """See KeyCabinet."""
        self._bank(acquirer, tid)
        self._put("bank", bank_name(acquirer, tid), "")

    def load_card(self, key_id: str, scheme: str, key: bytes) -> KeyName:
        """See KeyCabinet."""
        return self._load("card", key_id, scheme, key)

    def names(self) -> tuple[KeyName, ...]:
        """Tell of the loaded keys; those that are computed have no list."""
        return tuple(
            _name(kind, name, *_read_key(told))
            for kind in _KINDS
            for name, told in sorted(self._kept(kind).items())
            if told
        )

    def _load(self, kind: str, name: str, scheme: str, key: bytes) -> KeyName:
        memory.checked_master(scheme, key)
        self._put(kind, name, f"{scheme}:{key.hex()}")
        return _name(kind, name, scheme, key)

    def _card(self, profile: str, use: str) -> Master:
        scheme = self._schemes.get(profile)
        if scheme is not None:
            told = self._kept("card").get(key_id := getattr(scheme, use))
            if told is not None:
                name, key = _read_key(told)
                if name != scheme.cipher:
                    raise KeyMissing(
                        f"card key {key_id} is for {name}, profile {profile} for {scheme.cipher}"
                    )
                return cipher(name), key
        keys = bench_keys.card_keys(profile, cipher(scheme.cipher if scheme else "3des"))
        master: bytes = getattr(keys, use)
        return keys.cipher, master

    def _terminal(self, terminal: str) -> Master:
        told = self._kept("terminal").get(terminal)
        if told == "":
            raise KeyMissing(f"terminal {terminal} has no master key")
        name, key = _read_key(told) if told else ("3des", bench_keys.terminal_key(terminal))
        return cipher(name), key

    def _bank(self, acquirer: str, tid: str) -> bytes:
        name = bank_name(acquirer, tid)
        told = self._kept("bank").get(name)
        if told == "":
            raise KeyMissing(f"terminal {name} has no master key")
        scheme, key = _read_key(told) if told else ("3des", bench_keys.bank_key(acquirer, tid))
        if scheme != "3des":
            raise KeyRefused(f"the master key of terminal {name} is for {scheme}, not 3des")
        return key

    # The file ------------------------------------------------------------------------------------------------

    def _kept(self, kind: str) -> dict[str, str]:
        if self._file is None:
            return {}
        try:
            state = self._file.stat()
        except FileNotFoundError:
            return {}
        stamp = state.st_mtime_ns, state.st_ino
        if stamp != self._stamp:
            keys = tomllib.loads(self._file.read_text(encoding="utf-8")).get("key", {})
            self._loaded = {kind: dict(keys.get(kind, {})) for kind in _KINDS}
            self._stamp = stamp
        return self._loaded[kind]

    def _put(self, kind: str, name: str, told: str) -> None:
        kept = {each: dict(self._kept(each)) for each in _KINDS}
        kept[kind][name] = told
        self._write(kept)

    def _write(self, kept: dict[str, dict[str, str]]) -> None:
        if self._file is None:
            raise KeyRefused("the bench's own test keys are no file: name one with --key-store")
        lines = [TEST_MARK, "[store]", 'kind = "bench"']
        for profile, scheme in self._schemes.items():
            lines.append(f"[profile.{json.dumps(profile)}]")
            lines += [
                f"{field} = {json.dumps(getattr(scheme, field))}"
                for field in ("cipher", "internal", "external", "mac")
            ]
        for kind, keys in kept.items():
            lines.append(f"[key.{kind}]")
            lines += [f"{json.dumps(name)} = {json.dumps(told)}" for name, told in sorted(keys.items())]
        beside = self._file.with_suffix(".new")
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
            file.write("\n".join(lines) + "\n")
        beside.replace(self._file)


def _name(kind: str, name: str, scheme: str, key: bytes) -> KeyName:
    return KeyName(kind, name, scheme, memory.checked_master(scheme, key).hex())


def _read_key(told: str) -> tuple[str, bytes]:
    scheme, _, digits = told.partition(":")
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        raise KeyRefused("a key of the bench's file is no hex") from None
    memory.checked_master(scheme, key)
    return scheme, key


def _test_bytes(name: str) -> bytes:
    return hashlib.sha256(f"power hub TEST KEY, bench only: {name}".encode()).digest()
