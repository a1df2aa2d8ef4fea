"""A terminal at a bank, as small as it can be: it signs on and asks, one message at a time, over TCP."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from functools import partial

from drivers.bank.elements import (
    CURRENCY,
    Field60,
    Field61,
    Totals,
    field63,
    pin_block,
    security_control,
)
from drivers.bank.frame import Decoder, Frame
from drivers.bank.mac import encrypt, mac
from drivers.bank.message import Message, decode, encode, mab
from drivers.bank.working_keys import kcv, parse, unwrap
from drivers.security.bench_keys import bank_key
from simulators.banks.cards import Card

PATIENCE_S = 30.0
TPDU = bytes.fromhex("6000030000")
HEADER = "603100000000"
MERCHANT = "104310049000001"


class NoMac(Exception):  # noqa: N818 -- what a test looks for
    """The answer's MAC is not right."""


@dataclass
class BankTerminal:
    """One terminal with its own connection."""

    port: int
    bank: str = "bank_a"
    tid: str = "10000001"
    scheme: str = "ecb_up"
    batch: str = "000000"
    stan: int = 0
    pik: bytes = b""
    mak: bytes = b""
    header: str = ""
    _socket: socket.socket | None = None
    _decoder: Decoder = field(default_factory=Decoder)
    _waiting: list[Frame] = field(default_factory=list)

    def connect(self) -> None:
        """Take a new connection."""
        self.close()
        self._socket = socket.create_connection(("127.0.0.1", self.port), PATIENCE_S)
        self._decoder, self._waiting = Decoder(), []

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    # One message.

    def send(self, mti: str, fields: dict[int, str], *, signed: bool = True) -> None:
        """Send a request; `signed` with its MAC."""
        if self._socket is None:
            self.connect()
        made = encode(Message(mti, {**fields, 41: self.tid, 42: MERCHANT}), self._mac if signed else None)
        assert self._socket is not None
        self._socket.sendall(Frame(TPDU, HEADER, made).to_bytes())

    def receive(self, seconds: float = PATIENCE_S) -> Message:
        """Take the next answer; NoMac if it has a wrong one, EOFError when the bank hangs up."""
        assert self._socket is not None
        self._socket.settimeout(seconds)
        while not self._waiting:
            data = self._socket.recv(4096)
            if not data:
                raise EOFError
            self._waiting += self._decoder.feed(data)
        frame = self._waiting.pop(0)
        self.header = frame.header
        answer = decode(frame.body)
        if 64 in answer.fields and self._mac(mab(frame.body)).hex().upper() != answer.fields[64]:
            raise NoMac
        return answer

    def ask(self, mti: str, fields: dict[int, str], *, signed: bool = True) -> Message:
        """Send and take the answer."""
        self.send(mti, fields, signed=signed)
        return self.receive()

    def _mac(self, text: bytes) -> bytes:
        return partial(mac, self.scheme, self.mak)(text)

    # Business.

    def sign_on(self, network: str = "003") -> Message:
        """Get keys and batch."""
        asked = Field60("00", self.batch, network).to_field()
        answer = self.ask("0800", {11: self.next_stan(), 60: asked, 63: field63()}, signed=False)
        if answer.get(39) == "00":
            keys = parse(answer.get(62))
            tmk = bank_key(self.bank, self.tid)
            self.pik, self.mak = unwrap(tmk, keys.pik), unwrap(tmk, keys.mak)
            assert (kcv(self.pik), kcv(self.mak)) == (keys.pik_check, keys.mak_check)
            self.batch = Field60.from_field(answer.get(60)).batch
        return answer

    def network(self, code: str) -> Message:
        """Echo (301) or sign-off (002)."""
        asked = Field60("00", self.batch, code).to_field()
        return self.ask("0820", {11: self.next_stan(), 60: asked}, signed=False)

    def next_stan(self) -> str:
        """The next trace number."""
        self.stan += 1
        return f"{self.stan:06d}"

    def sale_fields(self, card: Card, fen: int, pin: str | None = None) -> dict[int, str]:
        """The fields of a sale, with the card's own PIN unless another is given."""
        fields = self._card_fields(card, "000000", "22") | {4: f"{fen:012d}", 35: card.track2}
        return fields | self._pin_fields(card, card.pin if pin is None else pin)

    def sale(self, card: Card, fen: int, pin: str | None = None) -> Message:
        """Take money from a card."""
        return self.ask("0200", self.sale_fields(card, fen, pin))

    def balance(self, card: Card) -> Message:
        """Ask for a card's balance."""
        fields = self._card_fields(card, "310000", "01") | self._pin_fields(card, card.pin)
        return self.ask("0200", fields)

    def void(self, card: Card, fen: int, sale: Message) -> Message:
        """Take a sale of this batch back."""
        original = Field61(self.batch, sale.get(11), sale.get(13)).to_field()
        fields = self._card_fields(card, "200000", "23") | {4: f"{fen:012d}", 37: sale.get(37), 61: original}
        return self.ask("0200", fields)

    def refund(self, card: Card, fen: int, sale: Message) -> Message:
        """Give a part of a sale back."""
        original = Field61("000000", "000000", sale.get(13)).to_field()
        fields = self._card_fields(card, "200000", "25") | {4: f"{fen:012d}", 37: sale.get(37), 61: original}
        return self.ask("0220", fields)

    def reverse(self, fields: dict[int, str], reason: str = "98") -> Message:
        """Undo what was asked with these fields, by its own trace number."""
        kept = {n: v for n, v in fields.items() if n not in (35, 52, 53, 26)}
        return self.ask("0400", {**kept, 39: reason})

    def settle(self, totals: Totals) -> Message:
        """Compare a batch."""
        asked = {
            11: self.next_stan(),
            48: totals.to_field(),
            60: Field60("00", self.batch, "201").to_field(),
        }
        return self.ask("0500", asked, signed=False)

    def upload(self, network: str, field48: str) -> Message:
        """Tell of a batch one by one, or that this was all."""
        asked = {11: self.next_stan(), 48: field48, 60: Field60("00", self.batch, network).to_field()}
        return self.ask("0320", asked, signed=False)

    def _card_fields(self, card: Card, processing: str, kind: str) -> dict[int, str]:
        return {
            2: card.pan,
            3: processing,
            11: self.next_stan(),
            14: card.expiry,
            22: "051",
            23: card.sequence,
            25: "00",
            49: CURRENCY,
            60: Field60(kind, self.batch, "000", "6", "0").to_field(),
        }

    def _pin_fields(self, card: Card, pin: str) -> dict[int, str]:
        if not pin:
            return {53: security_control(pin=False)}
        block = encrypt(self.pik, pin_block(pin, card.pan)).hex().upper()
        return {26: "12", 52: block, 53: security_control(pin=True)}
