"""What comes over the network: the hub's answers at the kiosk, the kiosk's requests at the hub, HTTP on the bench."""

from __future__ import annotations

import asyncio
import gzip
from datetime import UTC, datetime

import msgspec
from requests.structures import CaseInsensitiveDict

from hub.access.signatures import sign_reply
from hub.business import forms
from kiosk.hubclient import wire
from kiosk.hubclient.client import judge
from kiosk.hubclient.line import Reply
from kiosk.hubclient.outcomes import Answer, Refused, Unknown
from kiosk.hubclient.signing import Signer
from simulators.http_message import forged, read_message

_KEY = bytes(range(32))
_NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
_STATUSES = (200, 201, 204, 302, 400, 409, 422, 500, 503)
ANSWERS = [kind for kind in wire.Wire.__subclasses__() if not kind.__name__.endswith("Request")]
ORDERS = [kind for kind in forms.Order.__subclasses__() if kind.__name__.endswith("Order")]


def check_wire(data: bytes) -> None:
    """Each form of the contract is made of the body, and says the same again; else BadAnswer."""
    for kind in ANSWERS:
        try:
            answer = wire.decode(kind, data)
        except wire.BadAnswer:
            continue
        assert wire.decode(kind, wire.encode(answer)) == answer


def check_replies(data: bytes) -> None:
    """Whatever body comes under a good signature, packed or not, the call ends in an outcome that its status allows."""
    status = _STATUSES[data[0] % len(_STATUSES)] if data else 200
    body, attempt = data[1:], "a" * 32
    for coding, sent in (
        ("identity", body),
        ("gzip", body),
        ("gzip", gzip.compress(body)),
        ("kiosk-1", body),
    ):
        fields = sign_reply(status, sent, attempt, "T1", _KEY, _NOW)
        headers = CaseInsensitiveDict({name.decode(): value.decode() for name, value in fields})
        headers["Content-Encoding"] = coding
        for kind in (wire.Status, wire.Payment):
            outcome = judge(Reply(status, headers, sent), Signer("T1", _KEY), attempt, kind, {})
            assert isinstance(outcome, Answer | Refused | Unknown)
            assert not isinstance(outcome, Answer) or status in (200, 201)
            assert not isinstance(outcome, Refused) or 400 <= status < 500


def check_orders(data: bytes) -> None:
    """Each form that a channel may ask with is made of the body, or it is refused as no such form."""
    for kind in ORDERS:
        try:
            order = msgspec.json.decode(data, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        assert msgspec.json.decode(msgspec.json.encode(order), type=kind) == order


def check_http(data: bytes) -> None:
    """The bench reads a whole message from its stream, or says that it is none; a forged one stays a message."""

    async def read(is_request: bool) -> bytes:
        reader = asyncio.StreamReader(limit=1 << 16)
        reader.feed_data(data)
        reader.feed_eof()
        return await read_message(reader, is_request=is_request)

    for is_request in (False, True):
        try:
            message = asyncio.run(read(is_request))
        # IndexError, ValueError: no HTTP at all, which the bench's own two ends never send
        except (EOFError, asyncio.LimitOverrunError, ValueError, IndexError):
            continue
        assert data.startswith(message)
        other = forged(message, "body")
        assert len(other) == len(message)
        assert (other == message) is (not message.partition(b"\r\n\r\n")[2])
