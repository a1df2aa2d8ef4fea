"""Requests and replies of a terminal box: layout, what is refused, and that no error repeats a card's number."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.eft import codec, frame, model
from drivers.eft.codec import NOBODY, EftLetters, Reply, Request, parse_reply, parse_request, reply_bytes
from drivers.eft.model import EftKind, EftReport, EftResult, EftState, EftTotals
from drivers.errors import ProtocolError

PAN = "6212149876543210124"
REFERENCE = "015873472877109805"
CONTEXT = (
    f"898000000000001~10000001~A~{PAN}~000001~123456~261124000001~20261124080000~000000000001~000000012050"
)
REPLY = f"00{PAN}{REFERENCE}A000000012050{CONTEXT}".encode()
RESULT = EftResult(
    EftKind.SALE,
    True,
    "00",
    REFERENCE,
    12050,
    "621214*********0124",
    "898000000000001",
    "10000001",
    "000001",
    "000000000001",
    "123456",
    "261124000001",
    datetime(2026, 11, 24, 0, 0, tzinfo=UTC),
)


def test_a_request_is_41_characters() -> None:
    request = Request("A", REFERENCE, 12050, "7")
    assert request.to_bytes() == b"0000000007" + REFERENCE.encode() + b"A" + b"000000012050"
    assert parse_request(request.to_bytes()) == Request("A", REFERENCE, 12050, "0000000007")


def test_a_void_names_its_sale_behind_them() -> None:
    request = Request("D", REFERENCE, 1, "1" * 10, "42")
    assert request.to_bytes()[41:] == b"000000000042"
    assert parse_request(request.to_bytes()).voucher == "000000000042"


@pytest.mark.parametrize(
    "request_",
    [
        Request("A", "1", 1),
        Request("AB", REFERENCE, 1),
        Request("A", REFERENCE, -1),
        Request("A", REFERENCE, 10**12),
        Request("A", REFERENCE, 1, "12345678901"),
        Request("A", REFERENCE, 1, "x"),
        Request("A", REFERENCE, 1, "1", "1" * 13),
        Request("A", "٣" * 18, 1),
    ],
)
def test_what_does_not_fit_a_request(request_: Request) -> None:
    with pytest.raises(ValueError):
        request_.to_bytes()


def test_an_approval() -> None:
    assert parse_reply(REPLY) == Reply("A", REFERENCE, 12050, "00", RESULT)
    assert reply_bytes("00", "A", REFERENCE, 12050, PAN, CONTEXT) == REPLY


def test_a_card_that_comes_masked_or_in_the_context_only() -> None:
    masked = REPLY.replace(PAN.encode(), b"621214*********0124")
    assert parse_reply(masked).body == RESULT
    assert parse_reply(b"00" + b" " * 19 + REPLY[21:]).body == RESULT


def test_a_refusal_with_and_without_its_context() -> None:
    short = parse_reply(reply_bytes("51", "A", REFERENCE, 12050, PAN)).body
    assert short == EftResult(EftKind.SALE, False, "51", REFERENCE, 12050, "621214*********0124")
    bare = "898000000000001~10000001~A~~~~~20261124080000~1~000000012050"
    long = parse_reply(reply_bytes("U1", "A", REFERENCE, 12050, "", bare)).body
    assert isinstance(long, EftResult)
    assert (long.approved, long.code, long.card, long.trace) == (False, "U1", "", "1")


def test_a_last_result_tells_its_own_transaction() -> None:
    void = CONTEXT.replace("~A~", "~D~")
    body = parse_reply(reply_bytes("00", "E", REFERENCE, 12050, PAN, void)).body
    assert isinstance(body, EftResult)
    assert body.kind is EftKind.VOID
    assert parse_reply(reply_bytes("25", "E")).body is None
    with pytest.raises(ProtocolError, match="10"):
        parse_reply(reply_bytes("51", "E", REFERENCE, 12050))


def test_status_and_totals() -> None:
    status = reply_bytes("00", "H", REFERENCE, context="898000000000001~10000001~S~000001~")
    assert parse_reply(status).body == EftReport(
        EftState.NOT_SIGNED_ON, "898000000000001", "10000001", "000001", ""
    )
    totals = reply_bytes("00", "G", REFERENCE, context="000001~3~900~1~300~20261124235959")
    assert parse_reply(totals).body == EftTotals(
        "000001", 3, 900, 1, 300, datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC)
    )
    assert parse_reply(reply_bytes("91", "G", REFERENCE)).body is None


def test_a_box_with_other_letters() -> None:
    letters = EftLetters(sale="Q", void="R")
    body = parse_reply(reply_bytes("51", "Q", REFERENCE, 1), letters).body
    assert isinstance(body, EftResult)
    assert body.kind is EftKind.SALE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"00" + PAN.encode(), b"0\x00" + PAN.encode()),
        (REFERENCE.encode(), b"x" * 18),
        (b"A000000012050", b"A0000000x2050"),
        (b"~A~", b"~D~"),
        (b"~A~", b"~C~"),
        (b"~000000012050", b"~000000012051"),
        (b"~000000012050", b"~"),
        (b"~20261124080000", b"~20261324080000"),
        (b"~20261124080000", b"~2026112408"),
        (b"~20261124080000", b"~00010101000000"),
        (b"~000000000001~", b"~~"),
        (b"~000001~", b"~00000x~"),
        (b"~000001~", b"~0000001~"),
        (b"~" + PAN.encode(), b"~6212149876543210125"),
        (b"~" + PAN.encode(), b"~62121498765"),
        (b"~10000001", b"~100000012"),
        (b"~10000001", b""),
        (b"~123456", b"~" + PAN.encode()),
        (b"~261124000001", b"~" + PAN.encode()),
        (b"8980", b"\xc3\xa9"),
    ],
)
def test_what_no_approval_says(old: bytes, new: bytes) -> None:
    assert old in REPLY
    with pytest.raises(ProtocolError) as error:
        parse_reply(REPLY.replace(old, new))
    assert PAN not in str(error.value)
    assert PAN.encode() not in error.value.data


@given(
    st.binary(max_size=200)
    | st.builds(lambda at, b: REPLY[:at] + b + REPLY[at:], st.integers(0, 160), st.binary(max_size=4))
)
def test_any_bytes_end_in_a_reply_or_in_an_error_without_a_card(data: bytes) -> None:
    try:
        said = repr(parse_reply(data))
    except ProtocolError as error:
        said = str(error)
    assert PAN not in said


@given(st.binary(max_size=60))
def test_a_box_takes_no_nonsense(data: bytes) -> None:
    try:
        request = parse_request(data)
    except ProtocolError:
        return
    assert request.to_bytes() == data


def test_what_answers_what() -> None:
    reply = Reply("A", REFERENCE, 1, "00")
    assert reply.answers(Request("A", REFERENCE))
    assert not reply.answers(Request("A", "1" * 18))
    assert not reply.answers(Request("D", REFERENCE))
    assert Reply("E", REFERENCE, 1, "00").answers(Request("E", NOBODY))


@pytest.mark.parametrize("module", [codec, frame, model])
def test_the_examples_in_the_source(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
