"""The client and answers that are compressed or packed: read within the bound, or their outcome is open."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from kiosk.hubclient import coding
from kiosk.hubclient.client import MAX_REPLY_BYTES
from kiosk.hubclient.outcomes import Answer, Refused, UnknownReason
from tests.kiosk.hubclient.replies import (
    PAY,
    PAYMENT,
    PAYMENT_ID,
    STATUS,
    Connect,
    SmallHub,
    always,
    problem,
    reason,
)


def _gzip(reply: Any) -> None:
    reply.body = gzip.compress(reply.body)
    reply.headers["Content-Encoding"] = "gzip"


def test_a_compressed_answer_is_read(hub: SmallHub, connect: Connect) -> None:
    hub.say = always(200, STATUS)
    hub.before = _gzip
    assert isinstance(connect(hub.port).status(), Answer)


def test_a_compressed_answer_that_unpacks_to_too_much_is_not(hub: SmallHub, connect: Connect) -> None:
    hub.say = always(200, b" " * (MAX_REPLY_BYTES + 2))
    hub.before = _gzip
    assert reason(connect(hub.port).status()) is UnknownReason.TOO_LARGE


def test_a_compressed_answer_that_is_cut_off_is_not(hub: SmallHub, connect: Connect) -> None:
    def cut(reply: Any) -> None:
        _gzip(reply)
        reply.body = reply.body[:-9]

    hub.say = always(200, STATUS)
    hub.before = cut
    assert reason(connect(hub.port).status()) is UnknownReason.UNPARSABLE


def test_a_coding_that_nobody_asked_for_is_not(hub: SmallHub, connect: Connect) -> None:
    hub.say = always(200, STATUS)
    hub.before = lambda reply: reply.headers.update({"Content-Encoding": "br"})
    assert reason(connect(hub.port).status()) is UnknownReason.UNPARSABLE


def _pack(reply: Any) -> None:
    reply.body = coding.packed(reply.body)
    reply.headers["Content-Encoding"] = coding.NAME


def test_a_packed_answer_is_read_and_from_then_on_requests_are_packed(
    hub: SmallHub, connect: Connect
) -> None:
    client = connect(hub.port)
    hub.before = _pack
    hub.say = always(201, PAYMENT)
    first, second = client.put_payment(PAYMENT_ID, PAY), client.put_payment(PAYMENT_ID, PAY)
    assert isinstance(first, Answer)
    assert first == second
    assert hub.requests[0] == hub.requests[1]
    assert ["Content-Encoding" in fields for fields in hub.fields] == [False, True]
    lengths = [int(fields["Content-Length"]) for fields in hub.fields]
    assert lengths[1] < lengths[0] / 2


def test_a_hub_that_does_not_take_packed_money_gets_it_plain_the_next_time(
    hub: SmallHub, connect: Connect
) -> None:
    client = connect(hub.port)
    hub.before = _pack
    hub.say = always(200, STATUS)
    assert isinstance(client.status(), Answer)
    hub.before = lambda _: None
    hub.say = always(400, problem(400, "bad_request", field="body"))
    assert reason(client.put_payment(PAYMENT_ID, PAY)) is UnknownReason.STATUS
    hub.say = always(201, PAYMENT)
    assert isinstance(client.put_payment(PAYMENT_ID, PAY), Answer)
    assert ["Content-Encoding" in fields for fields in hub.fields] == [False, True, False]


def test_a_plain_request_that_is_bad_stays_refused(hub: SmallHub, connect: Connect) -> None:
    hub.say = always(400, problem(400, "bad_request", field="body"))
    assert isinstance(connect(hub.port).put_payment(PAYMENT_ID, PAY), Refused)


def _flip(reply: Any) -> None:
    _pack(reply)
    reply.body = reply.body[:8] + bytes([reply.body[8] ^ 0xFF]) + reply.body[9:]


def _cut_off(reply: Any) -> None:
    _pack(reply)
    reply.body = reply.body[:-5]


def _other_text(reply: Any) -> None:
    packer = zlib.compressobj(zdict=b"another known text")
    reply.body = packer.compress(reply.body) + packer.flush()
    reply.headers["Content-Encoding"] = coding.NAME


def _unpacked(reply: Any) -> None:
    reply.headers["Content-Encoding"] = coding.NAME


@pytest.mark.parametrize("spoil", [_flip, _cut_off, _other_text, _unpacked])
def test_a_packed_answer_that_cannot_be_read_leaves_the_outcome_open(
    hub: SmallHub, connect: Connect, spoil: Callable[[Any], None]
) -> None:
    hub.say = always(201, PAYMENT)
    hub.before = spoil
    assert reason(connect(hub.port).put_payment(PAYMENT_ID, PAY)) is UnknownReason.UNPARSABLE


def test_a_packed_answer_is_unpacked_up_to_the_bound_and_no_further(hub: SmallHub, connect: Connect) -> None:
    hub.say = always(200, b" " * (MAX_REPLY_BYTES + 2))
    hub.before = _pack
    assert reason(connect(hub.port).status()) is UnknownReason.TOO_LARGE


def test_what_is_signed_is_the_packed_body(hub: SmallHub, connect: Connect) -> None:
    def unpack_on_the_way(reply: Any) -> None:
        reply.body = coding.unpacked(reply.body, MAX_REPLY_BYTES)
        del reply.headers["Content-Encoding"]

    hub.say = always(201, PAYMENT)
    hub.before, hub.after = _pack, unpack_on_the_way
    assert reason(connect(hub.port).put_payment(PAYMENT_ID, PAY)) is UnknownReason.SIGNATURE
