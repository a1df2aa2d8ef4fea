"""What the switch asks of the key store about cards: to open what a kiosk sealed, and to keep and find a number."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from drivers.bank.elements import masked
from hub.business.bank_keeping import SaleRecord, pan_place
from hub.business.refusals import Refusal
from hub.business.tender_forms import BankCard
from hub.composition.vault import Vault
from hub.data.keystore import KeyMissing, KeyStore, Unreadable

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenedCard:
    """A card that a kiosk sealed: `card` is for memory alone, all else may stand in the books."""

    card: BankCard = field(repr=False)
    shown: str
    mark: str
    kept: str = field(repr=False)


class SaleSecrets:
    """Asks the vault; calls raise Refusal."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def open(self, sealed: str, terminal: str, sale_id: str) -> OpenedCard:
        """Open the card of a sale; Refusal `bad_request` for what is no card."""

        def opened(store: KeyStore) -> OpenedCard:
            card = _card(store.open_sealed(sealed, terminal, BankCard.FIELD))
            mark = store.fingerprint(f"{BankCard.FIELD}:{card.pan}")
            return OpenedCard(card, masked(card.pan), mark, store.protect(card.pan, pan_place(sale_id)))

        return await self._ask(opened)

    async def pan(self, sale: SaleRecord) -> str:
        """The card's number of a sale that goes back."""
        return await self._ask(lambda store: store.reveal(sale.pan_kept, pan_place(sale.id)))

    async def _ask(self, call: Callable[[KeyStore], T]) -> T:
        try:
            return await self._vault.ask(call)
        except KeyMissing as error:
            log.error("key store: %s", error)
            raise Refusal("no_key_store", str(error)) from None
        except Unreadable as error:
            raise Refusal("bad_seal", str(error), field="sealed") from None


def _card(text: str) -> BankCard:
    try:
        return msgspec.json.decode(text, type=BankCard)
    except msgspec.DecodeError:  # whose own words may repeat what was sealed
        raise Refusal("bad_request", "what is sealed is not a BankCard", field="sealed") from None
