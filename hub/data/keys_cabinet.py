"""What `power-hub keys` does on a PKCS#11 token: the hub's own keys are made, master keys loaded, told of, removed."""

import hashlib
from typing import Any

from pkcs11 import Attribute, KeyType, MechanismFlag, ObjectClass

from drivers.security import bench_keys
from hub.data import keys_memory as memory
from hub.data.keys_hsm import HsmStore
from hub.data.keys_objects import (
    BANK,
    BOTH_WAYS,
    CARD,
    FIELDS,
    GUARDED,
    MARKS,
    SEAL,
    TERMINAL,
    bank_master_key,
    master_key,
    name_of,
    sm4_object,
)
from hub.data.keys_token import Token
from hub.data.keystore import CardSchemes, KeyMissing, KeyName, KeyRefused, bank_name

_P256 = bytes.fromhex("06082a8648ce3d030107")  # the curve's object identifier in DER


class HsmCabinet(HsmStore):
    """See KeyCabinet; outside a bench it takes none of the bench's test keys, which anyone can compute."""

    def __init__(self, token: Token, schemes: CardSchemes, *, bench: bool) -> None:
        super().__init__(token, schemes)
        self._bench = bench

    @property
    def card_schemes(self) -> CardSchemes:
        """See KeyCabinet."""
        return self._schemes

    def init(self) -> tuple[KeyName, ...]:
        """See KeyCabinet."""
        return self._token.run(self._init)

    def _init(self) -> tuple[KeyName, ...]:
        session, made = self._token.session, []
        if self._token.search(FIELDS) is None:
            session.generate_key(
                KeyType.AES, 256, label=FIELDS, store=True, capabilities=BOTH_WAYS, template=GUARDED
            )
            made.append(KeyName("data", FIELDS, "aes-256-gcm", ""))
        if self._token.search(MARKS) is None:
            signs = MechanismFlag.SIGN
            session.generate_key(
                KeyType.GENERIC_SECRET, 256, label=MARKS, store=True, capabilities=signs, template=GUARDED
            )
            made.append(KeyName("data", MARKS, "hmac-sha256", ""))
        if self._kid() is None:
            made.append(_make_seal(session))
        return tuple(made)

    def _kid(self) -> str | None:
        keys = self._token.listed({Attribute.CLASS: ObjectClass.PRIVATE_KEY})
        labels = [key.label for key in keys if key.label.startswith(SEAL)]
        return labels[0].removeprefix(SEAL) if labels else None

    def load_terminal(self, terminal: str, scheme: str, key: bytes) -> KeyName:
        """See KeyCabinet."""
        self._refuse(bench_keys.is_terminal_test_key(key, terminal))
        return self._load("terminal", TERMINAL + terminal, scheme, key)

    def remove_terminal(self, terminal: str) -> None:
        """See KeyCabinet."""
        if self.terminal_key(terminal) is None:
            raise KeyMissing(f"terminal {terminal} has no master key")
        self._token.run(lambda: self._token.remove(TERMINAL + terminal))

    def load_bank(self, acquirer: str, tid: str, key: bytes) -> KeyName:
        """See KeyCabinet."""
        self._refuse(bench_keys.is_bank_test_key(key, acquirer, tid))
        return self._load("bank", BANK + bank_name(acquirer, tid), "3des", key)

    def remove_bank(self, acquirer: str, tid: str) -> None:
        """See KeyCabinet."""
        name = bank_name(acquirer, tid)
        if self.bank_key(acquirer, tid) is None:
            raise KeyMissing(f"terminal {name} has no master key")
        self._token.run(lambda: self._token.remove(BANK + name))

    def load_card(self, key_id: str, scheme: str, key: bytes) -> KeyName:
        """See KeyCabinet."""
        self._refuse(any(bench_keys.is_card_test_key(key, profile) for profile in self._schemes))
        return self._load("card", CARD + key_id, scheme, key)

    def _refuse(self, is_test_key: bool) -> None:
        if is_test_key and not self._bench:
            raise KeyRefused("this is a test key of the bench, which anyone can compute")

    def _load(self, kind: str, label: str, scheme: str, key: bytes) -> KeyName:
        check = memory.checked_master(scheme, key)
        made = bank_master_key if kind == "bank" else master_key

        def work() -> None:
            self._token.find(FIELDS)  # a token that is not the hub's takes no keys
            if scheme == "sm4":
                self._token.replace(sm4_object(label, self._objects.protected(key.hex(), label), check))
            else:
                self._token.replace(made(label, key, check))

        self._token.run(work)
        return KeyName(kind, name_of(label), scheme, check.hex())

    def names(self) -> tuple[KeyName, ...]:
        """See KeyCabinet."""
        return self._token.run(self._names)

    def _names(self) -> tuple[KeyName, ...]:
        self._token.find(FIELDS)
        labels = sorted({str(each[Attribute.LABEL]) for each in self._token.listed({})})
        found = [
            self._objects.named(kind, label)
            for start, kind in ((BANK, "bank"), (CARD, "card"), (TERMINAL, "terminal"))
            for label in labels
            if label.startswith(start)
        ]
        kid = self._kid()
        seal = [KeyName("seal", kid, "ecdh-es p-256", "")] if kid else []
        return (*(name for name in found if name), *seal)


def _make_seal(session: Any) -> KeyName:
    curve = session.create_domain_parameters(KeyType.EC, {Attribute.EC_PARAMS: _P256}, local=True)
    public, private = curve.generate_keypair(
        store=True, label=SEAL, capabilities=MechanismFlag.DERIVE, private_template=GUARDED
    )
    kid = hashlib.sha256(bytes(public[Attribute.EC_POINT])).hexdigest()[:8]
    for key in (private, public):
        key[Attribute.LABEL] = SEAL + kid
    return KeyName("seal", kid, "ecdh-es p-256", "")
