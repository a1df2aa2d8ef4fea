"""A bank on its TCP port: its business, its faults, and its books after it was killed."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from drivers.bank.elements import Balance, Detail, Totals, details_to_field
from drivers.bank.frame import Wanted
from drivers.bank.message import Message
from drivers.errors import ProtocolError
from simulators.bank_host import LaunchedBank, launched_bank
from simulators.banks.cards import bench_cards
from simulators.control import ControlError
from tests.simulators.bank_terminal import PATIENCE_S, BankTerminal, NoMac

CARDS = bench_cards("bank_a")
PLAIN = CARDS["plain"]
NUMBERS = count(30_000_001)
SHORT_S = 0.3
"""How long an answer is waited for that must not come."""


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedBank]:
    with launched_bank(tmp_path_factory.mktemp("bank")) as far_end:
        yield far_end


@pytest.fixture
def terminal(bank: LaunchedBank) -> Iterator[BankTerminal]:
    """A terminal of its own for each test, signed on."""
    bank.do("pass")
    bank.do("set_balance", pan=PLAIN.pan, fen=PLAIN.balance_fen)
    made = BankTerminal(bank.port, tid=str(next(NUMBERS)))
    made.sign_on()
    yield made
    made.close()


def books(bank: LaunchedBank, terminal: BankTerminal) -> dict[str, Any]:
    told: dict[str, Any] = bank.do("books", tid=terminal.tid)["books"]
    found: dict[str, Any] = told.get(terminal.tid, {"taken_fen": 0})
    return found


def until(come: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not come():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def code(answer: Message) -> str:
    return answer.get(39)


# Business.


@pytest.mark.parametrize(
    ("scheme", "options", "network", "lengths"),
    [
        ("ecb_up", (), "001", (8, 8)),
        ("ecb_up", ("--double-mak",), "003", (16, 16)),
        ("cbc", (), "004", (16, 8)),
        ("x919", (), "003", (16, 16)),
    ],
)
def test_each_mac_and_each_length_of_keys(
    tmp_path: Path, scheme: str, options: tuple[str, ...], network: str, lengths: tuple[int, int]
) -> None:
    with launched_bank(tmp_path, "--mac", scheme, *options, name="bank_b") as far_end:
        terminal = BankTerminal(far_end.port, bank="bank_b", scheme=scheme)
        assert code(terminal.sign_on(network)) == "00"
        assert (len(terminal.pik), len(terminal.mak)) == lengths
        card = bench_cards("bank_b")["plain"]
        answer = terminal.sale(card, 1234)
        assert (code(answer), answer.get(4), len(answer.get(37)), len(answer.get(38))) == (
            "00",
            "000000001234",
            12,
            6,
        )
        assert 64 in answer.fields
        terminal.mak = bytes(len(terminal.mak))
        assert code(terminal.sale(card, 1234)) == "A0"
        terminal.close()


def test_a_sign_on_brings_new_keys_and_a_batch(terminal: BankTerminal) -> None:
    keys, batch = (terminal.pik, terminal.mak), terminal.batch
    terminal.sign_on()
    assert (terminal.pik, terminal.mak) != keys
    assert int(terminal.batch) == int(batch) + 1
    terminal.sale(PLAIN, 100)
    terminal.sign_on()
    assert int(terminal.batch) == int(batch) + 1  # it has money in it


def test_echo_and_sign_off(terminal: BankTerminal) -> None:
    assert code(terminal.network("301")) == "00"
    assert code(terminal.network("002")) == "00"
    assert code(terminal.network("301")) == "00"
    assert code(terminal.sale(PLAIN, 100)) == "77"


def test_balance(terminal: BankTerminal) -> None:
    assert terminal.balance(CARDS["second"]).get(54) == "1002156C000010000000"


def test_what_a_sale_needs(bank: LaunchedBank, terminal: BankTerminal) -> None:
    assert code(terminal.sale(CARDS["poor"], 101)) == "51"
    assert code(terminal.sale(CARDS["expired"], 100)) == "54"
    assert code(terminal.sale(bench_cards("bank_b")["plain"], 100)) == "14"
    assert code(terminal.sale(CARDS["no_pin"], 100)) == "00"
    assert code(terminal.sale(PLAIN, 0)) == "13"
    fields = terminal.sale_fields(PLAIN, 100)
    assert code(terminal.ask("0200", fields)) == "00"
    assert code(terminal.ask("0200", fields)) == "94"
    assert code(terminal.ask("0200", terminal.sale_fields(PLAIN, 100), signed=False)) == "A0"
    assert books(bank, terminal)["approved"] == {"count": 2, "fen": 200}
    assert books(bank, terminal)["taken_fen"] == 200


def test_three_wrong_pins(bank: LaunchedBank, terminal: BankTerminal) -> None:
    assert [code(terminal.sale(PLAIN, 100, pin="999999")) for _ in range(3)] == ["55", "55", "75"]
    assert code(terminal.sale(PLAIN, 100)) == "75"
    bank.do("set_balance", pan=PLAIN.pan, fen=100)
    assert code(terminal.sale(PLAIN, 100)) == "00"
    terminal.pik = bytes(16)
    assert code(terminal.sale(PLAIN, 100)) == "99"


def test_void_and_refund(bank: LaunchedBank, terminal: BankTerminal) -> None:
    first, second = terminal.sale(PLAIN, 500), terminal.sale(PLAIN, 700)
    assert code(terminal.void(PLAIN, 400, first)) == "13"
    assert code(terminal.void(CARDS["second"], 500, first)) == "14"
    assert code(terminal.void(PLAIN, 500, first)) == "00"
    assert code(terminal.void(PLAIN, 500, first)) == "12"
    assert code(terminal.refund(PLAIN, 701, second)) == "13"
    assert code(terminal.refund(PLAIN, 300, second)) == "00"
    assert code(terminal.refund(PLAIN, 400, second)) == "00"
    assert code(terminal.refund(PLAIN, 1, second)) == "13"
    told = books(bank, terminal)
    assert (told["voided"]["fen"], told["refunded"]["fen"], told["taken_fen"]) == (500, 700, 0)
    assert terminal.balance(PLAIN).get(54)[-12:] == f"{PLAIN.balance_fen:012d}"


def test_reversal(bank: LaunchedBank, terminal: BankTerminal) -> None:
    fields = terminal.sale_fields(PLAIN, 500)
    assert code(terminal.ask("0200", fields)) == "00"
    assert code(terminal.reverse({**fields, 4: "000000000501"})) == "13"
    assert [code(terminal.reverse(fields)) for _ in range(2)] == ["00", "00"]
    assert books(bank, terminal) == {"reversed": {"count": 1, "fen": 500}, "taken_fen": 0}


def test_the_reversal_of_a_void_leaves_the_sale(bank: LaunchedBank, terminal: BankTerminal) -> None:
    sale = terminal.sale(PLAIN, 500)
    terminal.void(PLAIN, 500, sale)
    fields = terminal.sale_fields(PLAIN, 500) | {3: "200000", 11: f"{terminal.stan - 1:06d}"}
    assert code(terminal.reverse(fields)) == "00"
    assert books(bank, terminal)["taken_fen"] == 500


def test_the_reversal_of_a_refund_takes_the_money_again(bank: LaunchedBank, terminal: BankTerminal) -> None:
    first = terminal.sale_fields(PLAIN, 500)
    sale = terminal.ask("0200", first)
    terminal.refund(PLAIN, 200, sale)
    refund = {**first, 3: "200000", 4: "000000000200", 11: f"{terminal.stan:06d}"}
    assert books(bank, terminal)["taken_fen"] == 300
    assert code(terminal.reverse(first)) == "12"
    assert code(terminal.reverse(refund)) == "00"
    assert books(bank, terminal)["taken_fen"] == 500
    assert code(terminal.reverse(first)) == "00"
    assert books(bank, terminal)["taken_fen"] == 0


def test_an_original_that_comes_after_its_reversal(bank: LaunchedBank, terminal: BankTerminal) -> None:
    fields = terminal.sale_fields(PLAIN, 500)
    assert code(terminal.reverse(fields)) == "25"
    assert code(terminal.ask("0200", fields)) == "22"
    assert books(bank, terminal) == {"declined": {"count": 1, "fen": 500}, "taken_fen": 0}


def test_a_batch_that_is_equal_is_closed(bank: LaunchedBank, terminal: BankTerminal) -> None:
    first = terminal.sale_fields(PLAIN, 500)
    sale = terminal.ask("0200", first)
    voided = terminal.sale(PLAIN, 300)
    terminal.void(PLAIN, 300, voided)
    fields = terminal.sale_fields(PLAIN, 900)
    terminal.ask("0200", fields)
    terminal.reverse(fields)
    answer = terminal.settle(Totals(2, 800, 1, 300))
    assert (code(answer), Totals.from_field(answer.get(48)).code) == ("00", Balance.EQUAL)
    assert code(terminal.sale(PLAIN, 100)) == "77"  # its batch is over
    assert code(terminal.void(PLAIN, 500, sale)) == "77"
    assert books(bank, terminal)["settled"] == {"count": 1, "fen": 500}
    batch = terminal.batch
    terminal.sign_on()
    assert terminal.batch > batch
    assert code(terminal.reverse(first)) == "12"
    assert code(terminal.refund(PLAIN, 500, sale)) == "00"


def test_a_batch_that_differs_is_uploaded(bank: LaunchedBank, terminal: BankTerminal) -> None:
    terminal.sale(PLAIN, 500)
    terminal.sale(PLAIN, 700)
    stan = terminal.stan
    answer = terminal.settle(Totals(2, 1201))
    assert Totals.from_field(answer.get(48)) == Totals(2, 1200, code=Balance.UNEQUAL)
    assert code(terminal.balance(PLAIN)) == "00"
    assert "settled" not in books(bank, terminal)
    details = [Detail(f"{stan - 1:06d}", 500), Detail(f"{stan:06d}", 701), Detail("999999", 1)]
    assert code(terminal.upload("201", details_to_field(details))) == "00"
    assert code(terminal.upload("202", "0003")) == "00"
    assert books(bank, terminal)["settled"] == {"count": 2, "fen": 1200}
    differences = [d for d in bank.do("settlements")["differences"] if d["tid"] == terminal.tid]
    assert [(d["stan"], d["bank_fen"], d["their_fen"]) for d in differences] == [
        (f"{stan:06d}", 700, 701),
        ("999999", None, 1),
    ]


def test_only_the_terminals_and_the_merchant_that_it_was_given(tmp_path: Path) -> None:
    with launched_bank(tmp_path, "--terminal", "10000001", "--merchant", "other") as far_end:
        known, unknown = BankTerminal(far_end.port), BankTerminal(far_end.port, tid="10000002")
        assert (code(known.sign_on()), code(unknown.sign_on())) == ("03", "97")
        known.close()
        unknown.close()


# Faults.


@pytest.mark.parametrize("refusal", ["05", "51", "75", "91", "96"])
def test_a_refusal_with_any_code(bank: LaunchedBank, terminal: BankTerminal, refusal: str) -> None:
    bank.do("decline", code=refusal, next=2)
    assert [code(terminal.sale(PLAIN, 100)) for _ in range(3)] == [refusal, refusal, "00"]
    assert books(bank, terminal)["declined"] == {"count": 2, "fen": 200}


def test_an_answer_that_comes_late(bank: LaunchedBank, terminal: BankTerminal) -> None:
    bank.do("late")
    terminal.send("0200", terminal.sale_fields(PLAIN, 100))
    with pytest.raises(TimeoutError):
        terminal.receive(SHORT_S)
    assert code(terminal.network("301")) == "00"  # nobody else waits for it
    bank.do("release")
    assert code(terminal.receive()) == "00"
    assert books(bank, terminal)["taken_fen"] == 100


def test_an_answer_that_comes_after_a_time(bank: LaunchedBank, terminal: BankTerminal) -> None:
    began = time.monotonic()
    bank.do("late", s=SHORT_S)
    assert code(terminal.sale(PLAIN, 100)) == "00"
    assert time.monotonic() - began >= SHORT_S


def test_a_request_that_comes_after_its_reversal(bank: LaunchedBank, terminal: BankTerminal) -> None:
    fields = terminal.sale_fields(PLAIN, 100)
    bank.do("hold")
    terminal.send("0200", fields)
    assert code(terminal.reverse(fields)) == "25"
    bank.do("release")
    assert code(terminal.receive()) == "22"
    assert books(bank, terminal)["taken_fen"] == 0


@pytest.mark.parametrize(
    ("order", "taken"), [({"do": "drop_answer"}, 100), ({"do": "silence", "next": 1, "kind": "sale"}, 0)]
)
def test_no_answer(bank: LaunchedBank, terminal: BankTerminal, order: dict[str, Any], taken: int) -> None:
    bank.do(**order)
    fields = terminal.sale_fields(PLAIN, 100)
    terminal.send("0200", fields)
    with pytest.raises(TimeoutError):
        terminal.receive(SHORT_S)
    assert code(terminal.balance(PLAIN)) == "00"
    assert books(bank, terminal)["taken_fen"] == taken
    assert code(terminal.reverse(fields)) == ("00" if taken else "25")


def test_a_bank_that_says_nothing_at_all(bank: LaunchedBank, terminal: BankTerminal) -> None:
    bank.do("silence")
    terminal.send("0820", {11: "000099", 60: "00000001301"}, signed=False)
    with pytest.raises(TimeoutError):
        terminal.receive(SHORT_S)
    bank.do("silence", on=False)
    assert code(terminal.network("301")) == "00"


def test_two_answers(bank: LaunchedBank, terminal: BankTerminal) -> None:
    bank.do("twice")
    assert terminal.sale(PLAIN, 100) == terminal.receive()
    assert books(bank, terminal)["taken_fen"] == 100


def test_answers_that_are_not_right(bank: LaunchedBank, terminal: BankTerminal) -> None:
    bank.do("break_mac")
    with pytest.raises(NoMac):
        terminal.sale(PLAIN, 100)
    bank.do("wrong_amount")
    assert terminal.sale(PLAIN, 100).get(4) == "000000000101"
    bank.do("other_stan")
    asked = f"{terminal.stan + 1:06d}"
    assert terminal.sale(PLAIN, 100).get(11) != asked
    bank.do("garbage")
    with pytest.raises(ProtocolError):
        terminal.sale(PLAIN, 100)
    bank.do("garbage", form="frame")
    with pytest.raises(ProtocolError):
        terminal.sale(PLAIN, 100)
    assert books(bank, terminal)["taken_fen"] == 500


@pytest.mark.parametrize(("when", "taken"), [("before", 0), ("after", 100)])
def test_a_connection_that_breaks(bank: LaunchedBank, terminal: BankTerminal, when: str, taken: int) -> None:
    bank.do("hang_up", when=when)
    with pytest.raises((EOFError, ConnectionError)):
        terminal.sale(PLAIN, 100)
    assert books(bank, terminal)["taken_fen"] == taken
    terminal.connect()
    assert code(terminal.network("301")) == "00"


def test_a_new_sign_on_is_asked_for_in_the_header(bank: LaunchedBank, terminal: BankTerminal) -> None:
    bank.do("ask_sign_on", kind="sale")
    assert code(terminal.sale(PLAIN, 100)) == "00"
    assert terminal.header[5] == str(Wanted.SIGN_ON.value)
    terminal.sale(PLAIN, 100)
    assert terminal.header[5] == "0"


@pytest.mark.parametrize("by", ["77", "99", "A0"])
def test_a_new_sign_on_is_asked_for_by_a_code(bank: LaunchedBank, terminal: BankTerminal, by: str) -> None:
    terminal.sale(PLAIN, 100)  # so that the batch goes on
    bank.do("ask_sign_on", by=by, kind="sale")
    fields = terminal.sale_fields(PLAIN, 100)
    assert code(terminal.ask("0200", fields)) == by
    assert code(terminal.sale(PLAIN, 100)) == "77"
    terminal.sign_on()
    fields[52] = terminal.sale_fields(PLAIN, 100)[52]
    assert code(terminal.ask("0200", fields)) == "00"  # the same trace number was not used up


def test_the_change_of_the_day(bank: LaunchedBank, terminal: BankTerminal) -> None:
    before = terminal.sale(PLAIN, 100).get(15)
    bank.do("cut_over", code="95")
    assert code(terminal.sale(PLAIN, 100)) == "95"
    assert code(terminal.sign_on()) == "95"
    assert code(terminal.network("301")) == "00"
    bank.do("cut_over", on=False)
    answer = terminal.sale(PLAIN, 100)
    assert code(answer) == "00"
    assert answer.get(15) != before


def test_a_port_that_is_shut(bank: LaunchedBank, terminal: BankTerminal) -> None:
    bank.do("refuse")
    with pytest.raises((EOFError, ConnectionError)):
        terminal.network("301")
    with pytest.raises(ConnectionError):
        terminal.connect()
    bank.do("refuse", on=False)
    terminal.connect()
    assert code(terminal.network("301")) == "00"


def test_orders_that_cannot_be_carried_out(bank: LaunchedBank) -> None:
    for order in (
        {"do": "decline", "code": "00"},
        {"do": "twice", "kind": "salt"},
        {"do": "twice", "next": 0},
        {"do": "hang_up", "when": "never"},
        {"do": "garbage", "form": "poem"},
        {"do": "ask_sign_on", "by": "51"},
        {"do": "set_balance", "pan": "1", "fen": 1},
    ):
        with pytest.raises(ControlError):
            bank.do(**order)


def test_a_fault_waits_for_its_terminal(bank: LaunchedBank, terminal: BankTerminal) -> None:
    bank.do("decline", code="05", tid="99999999")
    assert code(terminal.sale(PLAIN, 100)) == "00"
    assert bank.do("status")["faults"] == [{"fault": "decline", "kind": "sale", "tid": "99999999", "left": 1}]
    bank.do("pass")
    assert bank.do("status")["faults"] == []


# The whole.


def test_nonsense_ends_a_connection_and_no_other(bank: LaunchedBank, terminal: BankTerminal) -> None:
    other = BankTerminal(bank.port, tid="10000009")
    other.connect()
    assert other._socket is not None
    other._socket.sendall(b"\x00\x00\x00")
    with pytest.raises((EOFError, ConnectionError)):
        other.receive()
    other.close()
    assert code(terminal.network("301")) == "00"


def test_many_connections_at_once(bank: LaunchedBank, terminal: BankTerminal) -> None:
    def sell(number: int) -> None:
        each = BankTerminal(bank.port, tid=f"2000000{number}")
        each.sign_on()
        codes.extend(code(each.sale(CARDS["rich"], 100)) for _ in range(5))
        each.close()

    codes: list[str] = []
    threads = [threading.Thread(target=sell, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert codes == ["00"] * 30
    told = bank.do("books")["books"]
    assert [told[f"2000000{number}"]["taken_fen"] for number in range(6)] == [500] * 6


def test_the_books_outlive_the_bank(tmp_path: Path) -> None:
    with launched_bank(tmp_path) as far_end:
        terminal = BankTerminal(far_end.port)
        terminal.sign_on()
        fields = terminal.sale_fields(PLAIN, 500)
        far_end.do("drop_answer")
        terminal.send("0200", fields)
        until(lambda: bool(far_end.do("books")["books"]))
        unseen = terminal.sale_fields(PLAIN, 900)
        assert code(terminal.reverse(unseen)) == "25"
        far_end.process.send_signal(signal.SIGKILL)
        far_end.process.wait(20)
        port = far_end.port
    with launched_bank(tmp_path, "--port", str(port)) as far_end:
        assert far_end.port == port
        terminal.connect()
        assert code(terminal.reverse(fields)) == "00"
        assert code(terminal.ask("0200", unseen)) == "22"
        assert far_end.do("books")["books"][terminal.tid]["taken_fen"] == 0
        terminal.close()


def test_nothing_secret_is_in_the_books(bank: LaunchedBank, terminal: BankTerminal, tmp_path: Path) -> None:
    fields = terminal.sale_fields(PLAIN, 100)
    terminal.ask("0200", fields)
    copy = sqlite3.connect(tmp_path / "copy.db")
    source = sqlite3.connect(bank.books)
    source.backup(copy)
    text = "\n".join(copy.iterdump())
    copy.close()
    source.close()
    assert "621214*********" in text
    for secret in (PLAIN.pan, fields[52], PLAIN.track2, fields[35]):
        assert secret not in text
    last = bank.do("log", tid=terminal.tid, last=1)["log"][0]
    assert (last["kind"], last["code"], last["request"]["2"]) == (
        "sale",
        "00",
        fields[2][:6] + "*" * 9 + fields[2][-4:],
    )
