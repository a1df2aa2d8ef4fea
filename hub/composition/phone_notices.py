"""What the QR acquirer says unasked: believed to be its own by its signature, and then looked into."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from hub.composition.phone_keeper import PhoneKeeper
from hub.data.wallet_wire import Signer, WalletError, noticed, request_line

log = logging.getLogger(__name__)


class NotTrusted(Exception):  # noqa: N818  # the sender's fault, not ours
    """A notice that the provider has not signed, or not just now."""


class Notices:
    """The receiver of notices under one path."""

    def __init__(self, keeper: PhoneKeeper[Any], signer: Signer, path: str, now: Callable[[], float]) -> None:
        self._keeper = keeper
        self._signer = signer
        self._path = path
        self._now = now

    async def take(self, fields: Mapping[str, str], body: bytes) -> bool:
        """Have the order looked at; false for one that is not ours. Raises NotTrusted."""
        try:
            self._signer.verify(request_line(self._path), fields, body, self._now())
            order_id = noticed(body)
        except WalletError as error:
            log.warning("a notice of the QR acquirer is refused: %s", error)
            raise NotTrusted(str(error)) from None
        known = await self._keeper.noticed(order_id)
        if not known:
            log.warning("a notice of the QR acquirer is about an order that is not ours")
        return known
