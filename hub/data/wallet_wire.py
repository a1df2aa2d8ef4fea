"""What goes to a QR acquirer and comes back, as bytes: JSON, each message signed with HMAC-SHA256; no socket, no clock.

A request is `POST <address>/v1/orders/<word>`, canonical JSON (sorted keys, no spaces, UTF-8). Its answer and the
provider's notice are such messages too. The fields `Wallet-Timestamp` (seconds since 1970), `Wallet-Nonce` (32 hex
digits) and `Wallet-Signature` (64 hex digits) stand beside each; what is signed is::

    request   POST <path> LF <timestamp> LF <nonce> LF <body>
    answer    <status> <nonce of the request> LF <timestamp> LF <nonce> LF <body>

so an answer is worth nothing for another request.

>>> signature(bytes(32), "POST /v1/orders/query", "1700000000", "00" * 16, b"{}")[:16]
'b92d8634b47f69b6'
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hub.business.phone_rules import PhoneRecord, PhoneRefusal, Said, Told, refund_no

WINDOW = 300
"""How far, in seconds, the provider's clock may be from ours."""
TIMESTAMP, NONCE, SIGNATURE = "Wallet-Timestamp", "Wallet-Nonce", "Wallet-Signature"
Word = Literal["create", "pay", "query", "close", "refund"]
_TIME = re.compile(r"[0-9]{1,12}\Z", re.ASCII)
_NONCE = re.compile(r"[0-9a-f]{32}\Z", re.ASCII)
_WORD = re.compile(r"[A-Za-z_ ]{1,32}\Z", re.ASCII)
_Text = Annotated[str, Meta(pattern=r"^[ -~]{0,512}\Z")]


class WalletError(Exception):
    """A message that is not the provider's, or not as agreed; the text says why and repeats nothing of it."""


class OrderTold(msgspec.Struct, frozen=True):
    """An answer of the provider. `result` is `ok`, or why not; all else is about the order as it stands there."""

    result: _Text
    order_no: _Text = ""
    amount_fen: int = 0
    state: _Text = ""
    code: _Text = ""
    wallet_no: Annotated[str, Meta(pattern=r"^[ -~]{0,64}\Z")] = ""
    refund_no: _Text = ""


class Notice(msgspec.Struct, frozen=True):
    """What the provider says unasked: that something has happened to an order."""

    order_no: _Text


@dataclass(frozen=True, slots=True)
class Signer:
    """The merchant's key at the provider."""

    merchant: str
    key: bytes = field(repr=False)

    def signed(self, first: str, body: bytes, timestamp: int, nonce: str) -> dict[str, str]:
        """Give the fields of a message; `first` is its first line to be signed."""
        made = signature(self.key, first, str(timestamp), nonce, body)
        return {TIMESTAMP: str(timestamp), NONCE: nonce, SIGNATURE: made}

    def verify(self, first: str, fields: Mapping[str, str], body: bytes, now: float) -> None:
        """Raise WalletError unless the message is the provider's and of now; field names are in lower case."""
        timestamp, nonce = fields.get(TIMESTAMP.lower(), ""), fields.get(NONCE.lower(), "")
        if not (_TIME.match(timestamp) and _NONCE.match(nonce)):
            raise WalletError("no time or nonce, or of another form")
        made = signature(self.key, first, timestamp, nonce, body)
        if not hmac.compare_digest(made.encode(), fields.get(SIGNATURE.lower(), "").encode()):
            raise WalletError("the signature does not fit")
        if abs(now - int(timestamp)) > WINDOW:
            raise WalletError("the signature is too old, or a clock is wrong")


def signature(key: bytes, first: str, timestamp: str, nonce: str, body: bytes) -> str:
    """Sign a message: 64 hex digits."""
    text = f"{first}\n{timestamp}\n{nonce}\n".encode() + body
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def request_line(path: str) -> str:
    """The first line that a request is signed with, and a notice, for the path that it is sent to."""
    return f"POST {path}"


def answer_line(status: int, nonce: str) -> str:
    """The first line that the answer to the request with this nonce is signed with."""
    return f"{status} {nonce}"


def body_of(content: Mapping[str, Any]) -> bytes:
    """Write a message in the one form that is signed."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def said(record: PhoneRecord, word: Word, body: bytes) -> Said:
    """Judge a verified answer about an order: what does not fit it is no answer, whatever it says."""
    try:
        told = msgspec.json.decode(body, type=OrderTold)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Said("silent", detail=f"the answer is not of the agreed form: {error}")
    if told.result == "missing":
        return Said("missing")
    if (refusal := _REFUSALS.get(told.result)) is not None:
        if word == "refund":
            return Said("silent", detail=f"the refund is refused: {told.result}")
        return Said("refused", refusal=refusal, detail=told.result)
    if told.result != "ok":
        return Said("silent", detail=f"the provider says {_word(told.result)}")
    if told.order_no != record.id or told.amount_fen != record.amount_fen:
        return Said("silent", detail="the answer is about another order or another amount")
    state = _STATES.get(told.state)
    if state is None or (state == "paid" and not told.wallet_no):
        return Said("silent", detail=f"the answer has the state {_word(told.state)}")
    if state == "refunded" and told.refund_no != refund_no(record.id):
        return Said("silent", detail="refunded, but under another number")
    if word == "create" and state == "open" and not told.code:
        return Said("silent", detail="the order is open and has no code")
    return Said(state, code=told.code, wallet_no=told.wallet_no)


def _word(text: str) -> str:
    """A word of the provider's as it may be kept: one with digits may hold the code that a payer showed."""
    return repr(text) if _WORD.match(text) else f"<{len(text)} characters>"


def noticed(body: bytes) -> str:
    """The number of the order that a verified notice is about; raises WalletError."""
    try:
        return msgspec.json.decode(body, type=Notice).order_no
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WalletError(str(error)) from None


_STATES: Mapping[str, Told] = {
    "created": "open",
    "paid": "paid",
    "closed": "closed",
    "refunded": "refunded",
}
_REFUSALS: Mapping[str, PhoneRefusal] = {
    "bad_code": "bad_code",
    "funds": "funds",
    "limit": "limit",
    "declined": "other",
}
