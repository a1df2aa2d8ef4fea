"""The hub's rooms for meter cards over books in memory: the real card desk, and the bench's keys."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drivers.security.model import CardKeys
from drivers.security.sealed import content_key, jwk_of, open_, split
from hub.business import card_forms as forms
from hub.business.card_keeping import Opened, ReadRecord
from hub.business.cards import Card
from hub.business.day import Day
from hub.business.signing import SealView
from hub.composition.card_counter import CardCounter
from hub.composition.card_desk import CardDesk
from hub.composition.identity_desk import IdentityDesk
from tests.crash.home import LAYOUT, MODULE, PROFILE
from tests.crash.memory import Books, Conversation, MemoryShelf, Turn
from tests.crash.memory_billing import MemoryBilling
from tests.crash.memory_cards import MemoryCards

Billing = Callable[[Conversation], MemoryBilling]
Form = Callable[[bytes, Any], Any]


SEAL = ec.derive_private_key(0x5EA1, ec.SECP256R1())
"""TEST KEY of the hub for sealed fields."""


async def _seal_key() -> SealView:
    point = SEAL.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    jwk = jwk_of(point)
    return SealView(kid="bench", x=jwk["x"], y=jwk["y"])


class Keys:
    """The hub's key store, with the bench's keys; implements `CardSecrets` as far as cards go.

    Here a card's mark is its serial, and what the hub protects lies open: books that are read are not what this world
    tries.
    """

    def __init__(self) -> None:
        self.given: dict[bytes, str] = {}
        """Serial of the card for which each cryptogram was made."""
        self.typed: dict[str, str] = {}
        """What was typed, by what came sealed."""

    async def open(self, sealed: str, terminal: str, form: type[Any], place: str = "") -> Opened[Any]:
        await Turn()
        text = _opened(sealed, terminal, form.FIELD)
        said = msgspec.json.decode(text, type=form)
        return Opened(said, said.serial, said.serial, text, text if place else "")

    async def genuine(self, profile: str, serial: str, challenge: bytes, answer: bytes) -> bool:
        await Turn()
        return MODULE.genuine(CardKeys(profile, serial), challenge, answer)

    async def cryptogram(self, profile: str, card: Card, challenge: bytes) -> bytes:
        await Turn()
        made = MODULE.authenticate(CardKeys(profile, card.sealed), challenge)
        self.given[made] = card.sealed
        return made

    async def cryptogram_of_reading(self, read: ReadRecord, challenge: bytes) -> bytes:
        serial = msgspec.json.decode(read.reading, type=forms.CardContents).serial
        return await self.cryptogram(read.profile, Card(serial, None, "blank", serial), challenge)

    async def mac(self, profile: str, card: Card, challenge: bytes, command: bytes) -> bytes:
        await Turn()
        return MODULE.mac(CardKeys(profile, card.sealed), challenge, command)

    async def mark(self, sealed: str, terminal: str, field: forms.IdentityField) -> str:
        await Turn()
        self.typed[sealed] = text = _opened(sealed, terminal, field)
        return mark_of(text)


def _opened(sealed: str, terminal: str, field: str) -> str:
    token = split(sealed)
    sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), token.epk)
    return open_(token, content_key(SEAL.exchange(ec.ECDH(), sender), token.header), terminal, field)


def mark_of(text: str) -> str:
    """What the hub keeps of a number that shows who somebody is."""
    return hashlib.sha256(text.encode()).hexdigest()


class CardHub:
    """The hub's card desk, and the counter by which its other desk sells."""

    def __init__(self, books: Books, billing: Billing, clock: Callable[[], datetime], keys: Keys) -> None:
        self.counter: CardCounter[Conversation] = CardCounter(MemoryCards)
        self.desk: CardDesk[Conversation] = CardDesk(
            MemoryShelf(books), MemoryCards, billing, clock, Day(), keys, {PROFILE: LAYOUT}
        )
        self.identity: IdentityDesk[Conversation] = IdentityDesk(
            MemoryShelf(books), MemoryCards, billing, clock, Day(), keys
        )

    def route(
        self, terminal: str, method: str, path: str, body: bytes, form: Form
    ) -> Coroutine[Any, Any, Any] | None:
        """The desk's work for a request about cards; None for any other request."""
        kind, _, rest = path.removeprefix("/v1/").partition("/")
        key, _, step = rest.partition("/")
        desk = self.desk
        match method, kind, step.partition("/")[0]:
            case "PUT", "card-reads", "":
                return desk.read(terminal, key, form(body, forms.CardReadOrder))
            case "PUT", "card-reads", "cryptograms":
                return desk.admit(terminal, key, form(body, forms.ChallengeOrder))
            case "PUT", "card-writes", "":
                return desk.write(terminal, key, form(body, forms.CardWriteOrder))
            case "PUT", "card-writes", "cryptograms":
                return desk.cryptogram(terminal, key, form(body, forms.ChallengeOrder))
            case "PUT", "card-writes", "macs":
                return desk.mac(terminal, key, form(body, forms.MacOrder))
            case "PUT", "card-writes", "outcome":
                return desk.outcome(terminal, key, form(body, forms.OutcomeOrder))
            case "GET", "seal-key", "":
                return _seal_key()
            case "PUT", "identity-checks", "":
                return self.identity.check(terminal, key, form(body, forms.IdentityCheckOrder))
        return None
