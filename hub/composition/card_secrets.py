"""What the card desk asks of the key store, asked of the vault: off the event loop, with a deadline."""

import logging
from collections.abc import Callable
from typing import TypeVar

import msgspec

from hub.business.card_forms import CardContents, CardSaid, IdentityField
from hub.business.card_keeping import Opened, ReadRecord, reading_place
from hub.business.cards import Card
from hub.business.identity import canonical
from hub.business.refusals import Refusal
from hub.composition.vault import Vault
from hub.data.fields import card_place, identity_mark, phone_mark, recharge_mark, sealed_card
from hub.data.keystore import KeyMissing, KeyStore, Unreadable

S = TypeVar("S", bound=CardSaid)
T = TypeVar("T")

log = logging.getLogger(__name__)


class VaultSecrets:
    """Implements `CardSecrets` and `RechargeSecrets`."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def open(self, sealed: str, terminal: str, form: type[S], place: str = "") -> Opened[S]:
        def opened(store: KeyStore) -> Opened[S]:
            said = _said(store.open_sealed(sealed, terminal, form.FIELD), form)
            card, text = sealed_card(store, said.serial), canonical(said)
            return Opened(
                said=said,
                mark=card["mark"],
                serial=card["sealed"],
                content=store.fingerprint(f"{form.FIELD}:{text}"),
                kept=store.protect(text, place) if place else "",
            )

        return await self._ask(opened)

    async def genuine(self, profile: str, serial: str, challenge: bytes, answer: bytes) -> bool:
        return await self._ask(lambda store: store.card_genuine(profile, serial, challenge, answer))

    async def cryptogram(self, profile: str, card: Card, challenge: bytes) -> bytes:
        return await self._ask(lambda store: store.card_cryptogram(profile, _serial(store, card), challenge))

    async def cryptogram_of_reading(self, read: ReadRecord, challenge: bytes) -> bytes:
        def made(store: KeyStore) -> bytes:
            held = _said(store.reveal(read.reading, reading_place(read.id)), CardContents)
            return store.card_cryptogram(read.profile, held.serial, challenge)

        return await self._ask(made)

    async def mac(self, profile: str, card: Card, challenge: bytes, command: bytes) -> bytes:
        return await self._ask(
            lambda store: store.card_mac(profile, _serial(store, card), challenge, command)
        )

    async def mark(self, sealed: str, terminal: str, field: IdentityField) -> str:
        mark_of = phone_mark if field == "phone" else identity_mark
        return await self._ask(lambda store: mark_of(store, store.open_sealed(sealed, terminal, field)))

    async def payer_code(self, sealed: str, terminal: str) -> str:
        """What a payer's phone showed; implements `PayerCodes`."""
        return await self._ask(lambda store: store.open_sealed(sealed, terminal, "payer_code"))

    async def recharge_mark(self, sealed: str, terminal: str) -> str:
        return await self._ask(
            lambda store: recharge_mark(store, store.open_sealed(sealed, terminal, "recharge_card"))
        )

    async def _ask(self, call: Callable[[KeyStore], T]) -> T:
        try:
            return await self._vault.ask(call)
        except KeyMissing as error:
            log.error("key store: %s", error)
            raise Refusal("no_key_store", str(error)) from None
        except Unreadable as error:
            raise Refusal("bad_seal", str(error), field="sealed") from None


def _serial(store: KeyStore, card: Card) -> str:
    return store.reveal(card.sealed, card_place(card.mark))


def _said(text: str, form: type[S]) -> S:
    try:
        return msgspec.json.decode(text, type=form)
    except msgspec.DecodeError:  # whose own words may repeat what was sealed
        raise Refusal("bad_request", f"what is sealed is not a {form.__name__}", field="sealed") from None
