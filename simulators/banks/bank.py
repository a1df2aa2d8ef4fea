"""What a bank answers: each message to the answer, with the books kept; knows no connection and no clock of its own."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial

from drivers.bank.elements import Field60, masked
from drivers.bank.mac import DOUBLE, SINGLE, encrypt, mac
from drivers.bank.message import Message, decode, encode, mab
from drivers.bank.spec import MAC_FIELD, SECRET
from drivers.bank.working_keys import kcv, wrapped_for
from drivers.errors import ProtocolError
from drivers.security.bench_keys import bank_key
from simulators.banks.books import Books, Terminal
from simulators.banks.cards import Card, by_pan, key_of
from simulators.banks.settling import settle, upload
from simulators.banks.till import SIGN_ON_AGAIN, Outcome, Till, pan_of

BEIJING = timezone(timedelta(hours=8))
WITH_MAC = frozenset({"sale", "balance", "void", "refund", "reversal"})
KINDS = (*sorted(WITH_MAC), "sign_on", "sign_off", "echo", "settle", "upload", "other")
_ECHOED = (2, 3, 4, 11, 14, 22, 23, 25, 41, 42, 49, 53)
_PROCESSING = {"000000": "sale", "190000": "sale", "200000": "void", "280000": "void", "310000": "balance"}
_TYPES = {"0800": "sign_on", "0220": "refund", "0400": "reversal", "0500": "settle", "0320": "upload"}


@dataclass(frozen=True, slots=True)
class Settings:
    """One bank. Without `terminals` every terminal number is known, with its test key."""

    name: str
    scheme: str = "ecb_up"
    double_mak: bool = False
    merchant: str = ""
    terminals: Mapping[str, bytes] = field(default_factory=dict)
    cards: tuple[Card, ...] = ()

    @property
    def mak_length(self) -> int:
        """The length of its MAC keys; X9.19 has no short one."""
        return DOUBLE if self.double_mak or self.scheme == "x919" else SINGLE


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is bytes, with the key for its MAC, or None for one that has none."""

    kind: str
    message: Message
    mak: bytes | None


def kind_of(request: Message) -> str:
    """One of `KINDS`."""
    if request.mti == "0200":
        return _PROCESSING.get(request.get(3), "other")
    if request.mti == "0820":
        return "sign_off" if request.get(60)[8:11] == "002" else "echo"
    return _TYPES.get(request.mti, "other")


class Bank:
    """The bank. `cut_over` is the response code while it changes its day, else empty."""

    def __init__(
        self, settings: Settings, books: Books, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.settings = settings
        self.books = books
        self._now = now
        self._cards = by_pan(settings.cards)
        with books.transaction():
            books.issue(settings.cards)
            if not books.fact("date"):
                books.keep("date", now().astimezone(BEIJING).date().isoformat())
        self._till = Till(settings.name, books, self._cards)

    @property
    def cut_over(self) -> str:
        """The response code while the bank changes its day; empty otherwise."""
        return self.books.fact("cut_over")

    @property
    def business_date(self) -> date:
        """The day on which the bank books."""
        return date.fromisoformat(self.books.fact("date"))

    def begin_cut_over(self, code: str) -> None:
        """Refuse everything with a code until the new day has begun."""
        with self.books.transaction():
            self.books.keep("cut_over", code)

    def end_cut_over(self) -> None:
        """Begin the new day."""
        with self.books.transaction():
            self.books.keep("cut_over", "")
            self.books.keep("date", (self.business_date + timedelta(days=1)).isoformat())

    def handle(self, data: bytes, *, forced: str = "", fault: str = "", line: int = 0) -> Reply:
        """Do what a message asks and give the answer; with a `forced` code refuse it.

        ProtocolError for what is no message. `fault` and `line` are for the log.
        """
        request = decode(data)
        kind = kind_of(request)
        with self.books.transaction():
            outcome, mak = self._outcome(request, kind, data, forced)
            answer = self._answer(request, outcome)
            self.books.log(
                at=self._stamp(),
                line=line,
                mti=request.mti,
                kind=kind,
                tid=request.get(41),
                stan=request.get(11),
                code=outcome.code,
                fault=fault,
                request=shown(request),
                answer=shown(answer),
            )
        return Reply(kind, answer, mak if kind in WITH_MAC else None)

    def to_bytes(self, reply: Reply) -> bytes:
        """The answer's bytes, with its MAC if it has one."""
        return encode(
            reply.message, None if reply.mak is None else partial(mac, self.settings.scheme, reply.mak)
        )

    # What happens.

    def _outcome(self, request: Message, kind: str, data: bytes, forced: str) -> tuple[Outcome, bytes | None]:
        """What becomes of a request, and the key for the answer's MAC where both sides have one."""
        tmk = self._master_key(request.get(41))
        if tmk is None:
            return Outcome("97"), None
        if self.settings.merchant and request.get(42) != self.settings.merchant:
            return Outcome("03"), None
        terminal = self.books.terminal(request.get(41))
        if kind in ("sign_on", "echo", "sign_off"):
            return self._network(request, kind, tmk, forced), None
        if terminal is None or not terminal.signed_on:
            return Outcome("77"), None
        if not self._right_mac(request, kind, terminal, data):
            return Outcome("A0"), None
        if forced:
            return self._refused(request, kind, forced), None if forced in ("77", "A0") else terminal.mak
        if self.cut_over:
            return Outcome(self.cut_over), terminal.mak
        return self._business(request, kind, terminal), terminal.mak

    def _business(self, request: Message, kind: str, terminal: Terminal) -> Outcome:
        try:
            batch = Field60.from_field(request.get(60)).batch
            if kind in ("settle", "upload"):
                act = settle if kind == "settle" else upload
                return act(self.books, request, terminal, self._stamp())
            return self._till.do(kind, request, terminal, batch, self.business_date, self._stamp())
        except (ProtocolError, ValueError):
            return Outcome("30")

    def _refused(self, request: Message, kind: str, code: str) -> Outcome:
        if code in SIGN_ON_AGAIN:
            self.books.sign_off(request.get(41))
        if kind in ("sale", "void", "refund"):
            batch = request.get(60)[2:8]
            self._till.decline(kind, request, batch, code, self.business_date, self._stamp())
        return Outcome(code)

    def _network(self, request: Message, kind: str, tmk: bytes, forced: str) -> Outcome:
        code = forced or ("" if kind == "echo" else self.cut_over)
        if code:
            return Outcome(code)
        if kind == "sign_on":
            return self._sign_on(request, tmk)
        if kind == "sign_off":
            self.books.sign_off(request.get(41))
        return Outcome("00")

    def _sign_on(self, request: Message, tmk: bytes) -> Outcome:
        tid, network = request.get(41), request.get(60)[8:11]
        length = {"001": SINGLE, "003": DOUBLE, "004": DOUBLE}.get(network, 0)
        if length == 0 or self.settings.mak_length > length:
            return Outcome("12")
        known = self.books.terminal(tid)
        batch = known.batch if known else 0
        # A batch with money in it goes on until it is settled; otherwise a new one begins.
        if known is None or not self.books.open_business(tid, f"{batch:06d}"):
            batch = batch % 999_999 + 1
        pik, mak = secrets.token_bytes(length), secrets.token_bytes(self.settings.mak_length)
        self.books.keep_terminal(Terminal(tid, batch, pik, mak, signed_on=True))
        keys = wrapped_for(tmk, pik, mak)
        if network == "004":
            track = secrets.token_bytes(DOUBLE)
            keys += encrypt(tmk, track) + kcv(track)
        purpose = Field60(request.get(60)[:2] or "00", f"{batch:06d}", network)
        return Outcome("00", {60: purpose.to_field(), 62: keys.hex().upper()})

    def _right_mac(self, request: Message, kind: str, terminal: Terminal, data: bytes) -> bool:
        if MAC_FIELD not in request.fields:
            return kind not in WITH_MAC
        right = mac(self.settings.scheme, terminal.mak, mab(data))
        return secrets.compare_digest(right.hex().upper(), request.fields[MAC_FIELD])

    def _master_key(self, tid: str) -> bytes | None:
        if self.settings.terminals:
            return self.settings.terminals.get(tid)
        return bank_key(self.settings.name, tid) if len(tid) == 8 and tid.isalnum() else None

    # The answer.

    def _answer(self, request: Message, outcome: Outcome) -> Message:
        now = self._now().astimezone(BEIJING)
        fields = {number: request.fields[number] for number in _ECHOED if number in request.fields}
        fields |= {
            12: now.strftime("%H%M%S"),
            13: now.strftime("%m%d"),
            15: self.business_date.strftime("%m%d"),
            32: "00010000",
            39: outcome.code,
            63: "CUP",
        }
        if 60 in request.fields:
            fields[60] = request.fields[60]
        fields |= outcome.fields
        mti = f"{(int(request.mti) + 10) % 10_000:04d}"
        return Message(mti, dict(sorted(fields.items())))

    def _stamp(self) -> str:
        return self._now().astimezone(UTC).isoformat(timespec="milliseconds")

    def set_balance(self, pan: str, fen: int) -> None:
        """Give a card another balance and all its PIN tries back; KeyError for a card of another bank."""
        with self.books.transaction():
            known = self.books.card(key_of(pan))
            if known is None:
                raise KeyError("no such card here")
            self.books.pay(key_of(pan), fen - int(known["balance_fen"]))
            self.books.set_tries(key_of(pan), 3)


def shown(message: Message) -> str:
    """A message for the log: secret fields by their length alone, the card number masked."""
    fields = {
        str(number): f"<{len(value)}>" if number in SECRET else value
        for number, value in message.fields.items()
    }
    if pan := pan_of(message):
        fields["2"] = masked(pan)
    return json.dumps({"mti": message.mti, **fields})


def altered(reply: Reply, number: int, value: str) -> Reply:
    """A reply with another value in a field."""
    changed = {**reply.message.fields, number: value}
    return replace(reply, message=Message(reply.message.mti, changed))
