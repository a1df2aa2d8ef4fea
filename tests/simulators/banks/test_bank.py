"""A bank in memory: whatever a terminal says is answered, and the money in its books and on its cards agrees."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.bank.elements import Field60
from drivers.bank.mac import mac
from drivers.bank.message import Message, decode, encode
from drivers.bank.working_keys import parse, unwrap
from drivers.errors import ProtocolError
from drivers.security.bench_keys import bank_key
from simulators.banks import judge
from simulators.banks.bank import Bank, Settings, altered, shown
from simulators.banks.books import Books
from simulators.banks.cards import bench_cards

TID = "10000001"
CARDS = bench_cards("bank_a")
CARD = CARDS["no_pin"]
NOW = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)


class Signed:
    """A bank that a terminal has signed on to."""

    def __init__(self) -> None:
        self.books = Books()
        self.bank = Bank(Settings("bank_a", cards=tuple(CARDS.values())), self.books, lambda: NOW)
        self.mak = b""
        self.sign_on()

    def sign_on(self) -> None:
        asked = Message("0800", {11: "000001", 41: TID, 60: "00000000003"})
        answer = self.bank.handle(encode(asked, None)).message
        self.mak = unwrap(bank_key("bank_a", TID), parse(answer.get(62)).mak)
        self.batch = Field60.from_field(answer.get(60)).batch

    def ask(self, mti: str, fields: dict[int, str]) -> Message:
        """The answer to a message with its MAC, there and back through its bytes."""
        asked = Message(mti, {60: f"22{self.batch}000", **fields, 41: TID})
        reply = self.bank.handle(encode(asked, partial(mac, "ecb_up", self.mak)))
        return decode(self.bank.to_bytes(reply))

    def balance(self) -> int:
        return int((self.books.card(CARD.key) or {})["balance_fen"])


def sale(stan: int, fen: int) -> dict[int, str]:
    return {2: CARD.pan, 3: "000000", 4: f"{fen:012d}", 11: f"{stan:06d}"}


def test_the_day_is_beijings() -> None:
    answer = Signed().ask("0200", sale(2, 100))
    assert (answer.get(12), answer.get(13), answer.get(15)) == ("003000", "1125", "1125")


SAID = st.fixed_dictionaries(
    {},
    optional={
        2: st.sampled_from([CARD.pan, CARDS["plain"].pan, "", "1"]),
        3: st.sampled_from(["000000", "200000", "310000", "190000", "999999"]),
        4: st.sampled_from(["000000000000", "000000000100", "9" * 12]),
        11: st.sampled_from(["000001", "000002", "000003"]),
        14: st.sampled_from(["4912", "0000"]),
        35: st.text("0123456789=", max_size=37),
        37: st.sampled_from(["112500000001", "x" * 12]),
        48: st.text("0123456789", max_size=100),
        52: st.binary(min_size=8, max_size=8).map(lambda data: data.hex().upper()),
        60: st.text("0123456789", max_size=17),
        61: st.text("0123456789", max_size=29),
    },
)
MTIS = st.sampled_from(["0200", "0220", "0400", "0500", "0320", "0100", "0820", "9999"])


@settings(max_examples=60)
@given(st.lists(st.tuples(MTIS, SAID), max_size=8))
def test_everything_is_answered_and_no_money_is_made(said: list[tuple[str, dict[int, str]]]) -> None:
    signed = Signed()
    start = sum(card.balance_fen for card in CARDS.values())
    for mti, fields in said:
        answer = signed.ask(mti, fields)
        assert len(answer.get(39)) == 2
        if answer.get(39) in ("77", "A0"):
            signed.sign_on()
    left = sum(row["balance_fen"] for row in signed.books.rows("SELECT balance_fen FROM card"))
    taken = sum(terminal["taken_fen"] for terminal in judge.totals(signed.books).values())
    assert left + taken == start


STEPS = st.lists(
    st.tuples(st.sampled_from(["sale", "void", "refund", "reverse"]), st.integers(1, 6)), max_size=14
)


@settings(max_examples=60)
@given(STEPS)
def test_card_and_books_agree_whatever_is_done_in_which_order(steps: list[tuple[str, int]]) -> None:
    signed = Signed()
    asked: dict[int, tuple[str, dict[int, str]]] = {}
    rrns: dict[int, str] = {}
    for stan, (act, which) in enumerate(steps, 10):
        at = 9 + which
        if act == "reverse":
            if at in asked:
                signed.ask("0400", asked[at][1] | {39: "98"})
            continue
        fields = sale(stan, 100 * which)
        if act != "sale":
            fields |= {3: "200000", 4: f"{100:012d}", 37: rrns.get(at, " " * 12)}
        asked[stan] = ("0220" if act == "refund" else "0200", fields)
        rrns[stan] = signed.ask(*asked[stan]).get(37) or " " * 12
    told = judge.totals(signed.books).get(TID, {"taken_fen": 0})
    assert signed.balance() + told["taken_fen"] == CARD.balance_fen


def test_what_fails_half_way_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    signed = Signed()

    def full(**row: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(signed.books, "log", full)
    with pytest.raises(OSError, match="full"):
        signed.ask("0200", sale(2, 100))
    assert signed.balance() == CARD.balance_fen
    assert judge.transactions(signed.books) == []


def test_what_is_no_message_is_not_answered() -> None:
    with pytest.raises(ProtocolError):
        Signed().bank.handle(b"nonsense")


def test_an_altered_reply_has_a_right_mac() -> None:
    signed = Signed()
    asked = Message("0200", {**sale(2, 100), 41: TID, 60: f"22{signed.batch}000"})
    key = partial(mac, "ecb_up", signed.mak)
    reply = altered(signed.bank.handle(encode(asked, key)), 4, "000000000007")
    made = signed.bank.to_bytes(reply)
    assert decode(made).get(4) == "000000000007"
    assert key(made[:-8]) == made[-8:]


def test_the_log_shows_no_card() -> None:
    text = shown(Message("0200", {35: CARD.track2, 52: "00" * 8, 14: CARD.expiry}))
    assert CARD.pan not in text
    assert CARD.pan[:6] + "*" * 9 + CARD.pan[-4:] in text
    assert '"52": "<16>"' in text
