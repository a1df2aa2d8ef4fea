"""The QR acquirer over HTTP: each call has a deadline, whole, a bounded answer and a checked signature."""

import asyncio
import secrets
import ssl
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from hub.business.phone_rules import PhoneRecord, Said, phone_order, refund_no
from hub.data.wallet_file import WalletSettings
from hub.data.wallet_wire import Signer, WalletError, Word, answer_line, body_of, request_line, said

MOST_BYTES = 16 * 1024
"""Of an answer; the longest that is expected has some hundred."""
_CONNECTIONS = 64
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Wallet:
    """One provider; made with its settings and key, closed with `close`."""

    def __init__(
        self,
        settings: WalletSettings,
        key: bytes,
        now: Callable[[], float] = time.time,
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self.settings = settings
        self.signer = Signer(settings.merchant, key)
        self._path = urlsplit(settings.url).path.rstrip("/")
        self._now = now
        self._nonce = nonce
        connect_s = min(settings.connect_s, settings.deadline_s)
        self._client = httpx.AsyncClient(
            verify=ssl.create_default_context(),
            trust_env=False,
            timeout=httpx.Timeout(None, connect=connect_s, pool=connect_s),
            limits=httpx.Limits(max_connections=_CONNECTIONS),
            headers={"Accept-Encoding": "identity", "User-Agent": "power-hub"},
        )

    async def open(self, record: PhoneRecord) -> Said:
        """Open an order that is paid by its code; the same order again is the same order there."""
        return await self._call(record, "create", self._order(record))

    async def pay(self, record: PhoneRecord, payer_code: str) -> Said:
        """Take the money by the code that the payer's phone shows."""
        return await self._call(record, "pay", {**self._order(record), "payer_code": payer_code})

    async def ask(self, record: PhoneRecord) -> Said:
        """Ask how the order stands."""
        return await self._call(record, "query", {})

    async def shut(self, record: PhoneRecord) -> Said:
        """Close the order, if it is not paid; one that the provider never had cannot be opened any more."""
        return await self._call(record, "close", {})

    async def refund(self, record: PhoneRecord) -> Said:
        """Give all of the order's money back, once for all."""
        refund = {"refund_no": refund_no(record.id), "amount_fen": record.amount_fen}
        return await self._call(record, "refund", refund)

    async def close(self) -> None:
        await self._client.aclose()

    def _order(self, record: PhoneRecord) -> dict[str, Any]:
        content: dict[str, Any] = {
            "amount_fen": record.amount_fen,
            "subject": phone_order(record).account_no,
            "expires_at": int(record.expires_at.timestamp()) if record.expires_at else 0,
        }
        if self.settings.notify_url:
            content["notify_url"] = self.settings.notify_url
        return content

    async def _call(self, record: PhoneRecord, word: Word, content: dict[str, Any]) -> Said:
        body = body_of({**content, "merchant": self.signer.merchant, "order_no": record.id})
        path, nonce = f"{self._path}/v1/orders/{word}", self._nonce()
        fields = self.signer.signed(request_line(path), body, int(self._now()), nonce)
        try:
            async with asyncio.timeout(self.settings.deadline_s):
                status, headers, answer = await self._exchange(word, body, fields)
            self.signer.verify(answer_line(status, nonce), headers, answer, self._now())
        except _NEVER_SENT as error:
            return Said("silent", detail=f"not sent: {error or type(error).__name__}", never_sent=True)
        except TimeoutError:
            return Said("silent", detail=f"no whole answer within {self.settings.deadline_s:g} s")
        except httpx.HTTPError as error:
            return Said("silent", detail=f"no answer: {error or type(error).__name__}")
        except WalletError as error:
            return Said("silent", detail=f"not the provider's answer: {error}")
        if status != httpx.codes.OK:
            return Said("silent", detail=f"the provider answers {status}")
        return said(record, word, answer)

    async def _exchange(self, word: Word, body: bytes, fields: dict[str, str]) -> tuple[int, Any, bytes]:
        url = f"{self.settings.url.rstrip('/')}/v1/orders/{word}"
        headers = {**fields, "Content-Type": "application/json", "Wallet-Merchant": self.signer.merchant}
        async with self._client.stream("POST", url, content=body, headers=headers) as response:
            answer = b""
            async for part in response.aiter_raw():
                answer += part
                if len(answer) > MOST_BYTES:
                    raise WalletError(f"longer than {MOST_BYTES} bytes")
            fields = {name.lower(): value for name, value in response.headers.items()}
            return response.status_code, fields, answer
