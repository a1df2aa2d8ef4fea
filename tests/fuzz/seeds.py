"""What the decoders are made for: a search that begins from right messages gets deeper than one from nothing."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import msgspec

from drivers.card import frame as card
from drivers.cash.ccnet import ACK, Command, Frame, Identification, PollAnswer, State, bill_table
from drivers.cash.model import NoteType
from drivers.printer import escpos_codec as escpos
from drivers.printer.document import Document, Line, QrCode
from kiosk.books import Books, to_snapshot
from kiosk.hubclient import wire
from kiosk.payment import events as ev

ID, AT = "0" * 32, "2026-11-22T08:00:00Z"
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
TODAY = date(2026, 11, 22)

EVENTS: tuple[ev.AnyEvent, ...] = (
    ev.PaymentOpened(
        key=ID,
        kiosk_no=7,
        business="arrears",
        account=ev.AccountFacts("0399000000000018", "*伟", "漠阳花园**栋"),
        quote=ev.QuoteFacts("c" * 32, ("2026-08",), 11506, 200000, AT),
        lang="zh",
        at=AT,
    ),
    ev.NoteIntended(key=ID, note_id="a" * 32, note_type=5, value_fen=10000, counter=3),
    ev.NoteStacked(key=ID, note_id="a" * 32, value_fen=10000),
    ev.PayRequested(key=ID, by="customer"),
    ev.CreditSending(key=ID, attempt=1, amount_fen=10000, taken_at=AT, business_date="2026-11-22"),
    ev.CreditUnknown(key=ID, attempt=1, sent=True, reason="timeout"),
)


def _books() -> Books:
    books = Books.empty()
    for event in EVENTS:
        books.apply(event)
    return books


_TABLE = bill_table(
    [NoteType(index, value * 100, "CHN") for index, value in enumerate((1, 5, 10, 20, 50, 100))]
)
_ANSWERS = (
    ACK,
    PollAnswer(State.IDLING).to_bytes(),
    PollAnswer(State.STACKED, 5).to_bytes(),
    Identification("FLS-CN1234", "23KC0012345", bytes(7)).to_bytes(),
    _TABLE,
    bytes(range(256)) * 2,
)
CCNET = (
    *(b"\x10" + Frame(3, answer).to_bytes(from_host=False) for answer in _ANSWERS),
    b"\x90" + Frame(3, bytes([Command.GET_STATUS]) + bytes(300)).to_bytes(),
    b"\x08\x02\x03\xfa" * 3 + Frame(3, b"\x14").to_bytes(from_host=False),
    b"\x08\x02\x03\x00\x04\x00" + Frame(3, b"\x14").to_bytes(from_host=False),
)
CCNET_PAYLOADS = _ANSWERS
_MOTOR = (b"\x31\x30\x4b\x4a\x4e", b"\x32\x30\x59", b"\x4e\x32\x06", b"\x31\x2f0000010")
_DISPENSER = (b"P10020", b"N2110", b"P\xa40020PK V1", b"E21A0")
CARD_FRAMES = (
    *(b"\x02" + card.MOTOR.to_bytes(card.Frame(text)) + b"\x06" for text in _MOTOR),
    *(b"\x83\x06" + card.DISPENSER.to_bytes(card.Frame(text)) for text in _DISPENSER),
    b"\x01\x02\x00\x09" + card.MOTOR.to_bytes(card.Frame(b"\x31\x30\x06\x15")),
    b"\x40" + card.MOTOR.to_bytes(card.Frame(b"\x31\x30"))[:-1] + b"\x00\x15\x04",
    b"\x05" + card.MOTOR.to_bytes(card.Frame(bytes(520))),
)
CARD_PAYLOADS = (*_MOTOR, *_DISPENSER, b"\x4b\x4a\x4e", b"Y", b"020")
PRINTER_ANSWERS = (
    b"\x03\x12\x1a\x16\x72\x37\x22AB12\x00\x18\x00\x0f\x0f\x13\x11\x0c\xff",
    b"\x01\x37\x37\x22ABCD\x00\x37\x25\x00\x7e",
    b"\x3f\x37" + b"2" * 90 + b'7"7"7"\x00',
)
PRINTER_COMMANDS = tuple(
    b"\x05"
    + escpos.encode(Document(ID, (Line("缴费凭条", size=2), QrCode("ECLAIM1|x"))), paper)
    + escpos.ask_done("AB12")
    for paper in (escpos.Paper(), escpos.Paper(columns=32, mode="raster"))
)

_PAYMENT = {
    "id": ID,
    "status": "credited",
    "hub_no": "H1",
    "account_no": "0399",
    "amount_fen": 100,
    "allocations": [{"month": "2026-09", "late_fee_fen": 10, "principal_fen": 40}],
    "to_balance_fen": 50,
    "balance_before_fen": 0,
    "balance_after_fen": 50,
    "arrears_after_fen": 0,
    "credited_at": AT,
    "business_date": "2026-11-22",
}
_PROBLEM = {
    "status": 422,
    "code": "claimed",
    "customer_text": {"zh": "a", "en": "b"},
    "claim_id": ID,
    "retry_after_s": 2,
}
_STATUS = {"now": AT, "business_date": "2026-11-22", "mode": "open", "version": "1"}
WIRE = tuple(json.dumps(body).encode() for body in (_PAYMENT, _PROBLEM, _STATUS))
REPLIES = tuple(bytes([status]) + body for body in WIRE for status in (0, 6, 7))
ORDERS = (
    wire.encode(wire.QuoteRequest(account_no="0399", business="arrears", months=("2026-09",))),
    wire.encode(
        wire.ClaimRequest(
            reference="K7-000001",
            payment_id=ID,
            account_no=None,
            amount_fen=100,
            memo_fen=0,
            reason="unanswered",
            notes=(wire.NoteCount(value_fen=100, count=1),),
            made_at=NOW,
        )
    ),
    json.dumps(
        {
            "account_no": "0399",
            "quote_id": ID,
            "business": "arrears",
            "tender": "cash",
            "amount_fen": 10000,
            "months": ["2026-09"],
            "notes": [{"value_fen": 10000, "count": 1}],
            "kiosk_no": 7,
            "business_date": "2026-11-22",
            "taken_at": "0001-01-01T00:00:00+23:59",
        }
    ).encode(),
)
HTTP = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSignature: sig1=:AA==:\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"PUT /v1/payments/1 HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
)
ROWS = tuple(msgspec.json.encode(event) for event in EVENTS)
SNAPSHOTS = (to_snapshot(_books()), to_snapshot(Books.empty()))
SETTINGS = (
    (
        b'[terminal]\nid = "T1"\n[hub]\nurl = "https://hub.example"\nkey_file = "k"\n[journal]\npath = "j"\n'
        b'[acceptor]\nport = "/dev/a"\nbaudrate = 9600\n[printer]\nport = "/dev/p"\n[cash]\naccepted_fen = [10000]\n'
        b'[screen]\nidle_s = 60.0\n[health]\nhost = "127.0.0.1"\n'
    ),
    b'a = [1, {b = 1979-05-27T07:32:00Z}]\n"\xe6\x88\xb7" = """\nx"""\n',
)
KEYS = (b"# TEST KEY\n" + b"0f" * 32 + b"\n", b"ab" * 32)
CONTROL = (
    b'{"do": "garble", "next": 2}\n',
    b'{"do": "intrude", "hex": "02"}\n',
    b'{"do": "silence", "on": true}\n',
)
