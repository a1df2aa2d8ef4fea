"""What must never be kept, held in memory between the lane that reads it and the lane that sends it."""

from __future__ import annotations

import threading

from msgspec import structs

from kiosk.hubclient.tender_wire import BankCard


class Hold:
    """A bank card's number, tracks and PIN block, and a payer's code. Each leaves it once; nothing here is ever shown.

    Shared by the lanes of card reader, PIN pad, scanner and hub; the core and the journal know nothing of it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._card: BankCard | None = None
        self._payer = ""

    def put_card(self, card: BankCard) -> None:
        """Hold what was read of the card in the reader, in place of any other."""
        with self._lock:
            self._card = card

    @property
    def pan(self) -> str:
        """The number that a PIN block is made for; empty where no card is held."""
        with self._lock:
            return self._card.pan if self._card is not None else ""

    def put_pin_block(self, block: bytes) -> None:
        """Hold the encrypted PIN block beside its card; without a card it is dropped."""
        with self._lock:
            if self._card is not None:
                self._card = structs.replace(self._card, pin_block=block.hex().upper())

    def take_card(self) -> BankCard | None:
        """Give out what a sale needs, and forget it."""
        with self._lock:
            card, self._card = self._card, None
            return card

    def put_payer(self, code: str) -> None:
        """Hold the code that a customer's phone showed."""
        with self._lock:
            self._payer = code

    def take_payer(self) -> str:
        """Give out the payer's code, and forget it."""
        with self._lock:
            code, self._payer = self._payer, ""
            return code

    def forget(self) -> None:
        """Forget all of it."""
        with self._lock:
            self._card, self._payer = None, ""
