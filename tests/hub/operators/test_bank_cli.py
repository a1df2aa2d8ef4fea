"""Banks by command line: terminals registered, their master keys loaded by two persons, batches closed, sales shown."""

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from drivers.security.bench_keys import bank_components
from drivers.security.cipher import TRIPLE_DES
from drivers.security.keys import check_value
from hub.cli import main
from hub.composition.persons import add_person
from hub.composition.terminals import add_terminal
from hub.data.engine import sync_engine
from hub.data.keys_settings import open_key_store
from hub.data.keystore import KeyMissing
from simulators.bank_host import LaunchedBank, launched_bank
from tests.hub.composition.bank_house import BANK, House, acquirer, houses
from tests.hub.conftest import Books

PERSONS = {"li": "correct horse battery", "wang": "staple less often"}
BANKS = """[acquirer.{bank}]
title = {{ zh = "甲行", en = "Bank A" }}
host = "127.0.0.1"
port = {port}
merchant_no = "898440000000001"
tpdu = "6000030000"
header = "603100000000"
mac = "ecb_up"
double_mak = false
ranges = [{{ prefix = "621214" }}]
"""
ONE, TWO = bank_components(BANK, "10000001")


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedBank]:
    with launched_bank(tmp_path_factory.mktemp("bank")) as running:
        yield running


class Office:
    """The command line over books of its own, before a running bank."""

    def __init__(self, url: str, folder: Path, port: int, capsys: pytest.CaptureFixture[str]) -> None:
        self.books = Books(url, sync_engine(url))
        self.folder, self.port, self._capsys = folder, port, capsys
        self._url = url
        self.banks = folder / "banks.toml"
        self.banks.write_text(BANKS.format(bank=BANK, port=port), encoding="utf-8")
        with self.books.engine.begin() as connection:
            for number in (1, 2):
                add_terminal(connection, f"kiosk-{number}", None, "", datetime.now(UTC))

    def run(self, *arguments: str) -> tuple[int, str, str]:
        code = main([*arguments, "--database", self._url])
        out, err = self._capsys.readouterr()
        return code, out, err

    def json(self, *arguments: str) -> Any:
        code, out, err = self.run(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    def add(self, kiosk: str, tid: str, *more: str) -> tuple[int, str, str]:
        return self.run("bank", "add", BANK, kiosk, "--tid", tid, *more)

    def settle(self, *which: str) -> tuple[int, str, str]:
        return self.run("bank", "settle", BANK, *which, "--acquirers", str(self.banks), "--bench")

    def sell(self, fen: int, **changes: Any) -> Any:
        async def whole() -> Any:
            async with houses(self.books, acquirer(self.port), 1) as made:
                house: House = made[0]
                return await house.sold(fen, **changes)

        return asyncio.run(whole())


@pytest.fixture
def office(
    new_books: Callable[[str], str], tmp_path: Path, bank: LaunchedBank, capsys: pytest.CaptureFixture[str]
) -> Iterator[Office]:
    made = Office(new_books("sqlite"), tmp_path, bank.port, capsys)
    yield made
    made.books.engine.dispose()


def test_a_kiosk_has_one_terminal_at_a_bank_and_each_number_one_kiosk(office: Office) -> None:
    assert office.run("bank", "list") == (0, "no terminals at banks\n", "")
    banks = ("--acquirers", str(office.banks))
    assert office.add("kiosk-1", "10000001", *banks) == (0, f"kiosk-1 is terminal 10000001 at {BANK}\n", "")
    for kiosk, tid in (("kiosk-1", "10000002"), ("kiosk-2", "10000001")):
        code, _, err = office.add(kiosk, tid)
        assert code == 2
        assert "already" in err
    [told] = office.json("bank", "list")["terminals"]
    assert (told["acquirer"], told["terminal"], told["tid"], told["stan"]) == (BANK, "kiosk-1", "10000001", 0)
    assert not {"pik", "mak"} & set(told)
    code, out, _ = office.run("bank", "list")
    assert "10000001  kiosk-1  batch 000001 trace 000000  never signed on, to sign on" in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("bank_a", "kiosk-9", "--tid", "10000001"), "kiosk-9 is no terminal of this hub"),
        (("Bank", "kiosk-1", "--tid", "10000001"), "'Bank' is no bank's name"),
        (("bank_a", "kiosk-1", "--tid", "1000001"), "'1000001' is no terminal number"),
        (("bank_a", "kiosk-1", "--tid", "10000001", "--merchant", "1"), "'1' is no merchant number"),
    ],
)
def test_a_terminal_that_cannot_be_registered_is_told_why(
    office: Office, arguments: tuple[str, ...], told: str
) -> None:
    code, out, err = office.run("bank", "add", *arguments)
    assert (code, out) == (2, "")
    assert told in err
    assert office.json("bank", "list")["terminals"] == []


def test_a_bank_that_the_settings_do_not_name_is_refused(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWER_HUB_ACQUIRERS", str(office.banks))
    code, _, err = office.run("bank", "add", "bank_b", "kiosk-1", "--tid", "10000001")
    assert code == 2
    assert f"no bank bank_b in the settings; they name {BANK}" in err
    monkeypatch.delenv("POWER_HUB_ACQUIRERS")
    code, _, err = office.run("bank", "settle", BANK, "--bench")
    assert code == 2
    assert "--acquirers" in err


def test_batches_are_closed_by_command_and_shown(office: Office, bank: LaunchedBank) -> None:
    office.add("kiosk-1", "20000001")
    sale = office.sell(12_300)
    office.sell(5_000, sent=False, state="reversed", attempts=2)
    open_one = office.sell(700, sent=False, state="reversing", attempts=3, next_at=datetime.now(UTC))
    code, out, _ = office.settle("kiosk-1")
    assert (code, out) == (
        1,
        f"{BANK}  20000001  batch 000001  waits: a sale is under way, or on its way back\n",
    )
    [line] = office.run("bank", "sales", "--open")[1].splitlines()
    assert f"700 fen  reversing, 3 attempts  kiosk-1  {open_one.id}" in line
    with office.books.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sales SET state = 'reversed' WHERE state = 'reversing'")
    code, out, _ = office.settle()
    assert (code, out) == (0, f"{BANK}  20000001  batch 000001  settled\n")
    assert office.settle("kiosk-1")[1].endswith("nothing: no sales\n")
    assert office.run("bank", "sales", "--open")[1] == "no sales\n"
    told = {each["id"]: each for each in office.json("bank", "sales")}
    assert len(told) == 3
    assert told[sale.id]["amount_fen"] == 12_300
    assert not {"pan_kept", "card_mark", "content"} & set(told[sale.id])
    [settled] = office.json("bank", "list")["settlements"]
    assert (settled["state"], settled["debit_fen"], settled["bank_debit_fen"]) == ("settled", 12_300, 12_300)
    assert (
        "batch 000001  settled  1 sales, 12300 fen; the bank: 1 sales, 12300 fen, code 1"
        in office.run("bank", "list")[1]
    )


def test_totals_that_differ_end_the_command_with_1_and_stand_as_evidence(office: Office) -> None:
    office.add("kiosk-1", "20000002")
    assert office.run("bank", "evidence")[1] == "no evidence\n"
    office.sell(100, state="declined")
    office.sell(300)
    code, out, _ = office.settle()
    assert (code, out) == (1, f"{BANK}  20000002  batch 000001  differs\n")
    [told] = office.json("bank", "evidence")
    assert (told["kind"], told["acquirer"], told["tid"]) == ("alarm", BANK, "20000002")
    assert "the bank has other totals" in office.run("bank", "evidence")[1]


def test_settling_without_a_key_store_or_a_terminal_is_refused(office: Office) -> None:
    office.add("kiosk-1", "20000003")
    code, _, err = office.run("bank", "settle", BANK, "--acquirers", str(office.banks))
    assert code == 2
    assert "--key-store" in err
    code, _, err = office.settle("kiosk-2")
    assert code == 2
    assert "kiosk-2 is no terminal of bank_a" in err


# Master keys -----------------------------------------------------------------------------------------------


class Ceremony:
    """Two persons who type components."""

    def __init__(self, office: Office, type_in: Callable[..., None]) -> None:
        self.office, self._type_in = office, type_in
        self.store = office.folder / "keys.toml"
        with office.books.engine.begin() as connection:
            for name, words in PERSONS.items():
                (office.folder / name).write_text(words + "\n", encoding="utf-8")
                add_person(connection, name, words, datetime.now(UTC))

    def run(self, *arguments: str, typed: tuple[str, ...] = ()) -> tuple[int, str, str]:
        self._type_in(*typed)
        return self.office.run("keys", *arguments, "--key-store", str(self.store), "--bench")

    def load(self, tid: str = "10000001") -> tuple[int, str, str]:
        li, wang = (str(self.office.folder / name) for name in PERSONS)
        first, second = (
            ("--by", "li", "--passphrase-file", li),
            ("--and", "wang", "--and-passphrase-file", wang),
        )
        typed = (ONE.hex(), shown(ONE), TWO.hex(), shown(TWO))
        return self.run("load-bank", BANK, tid, *first, *second, typed=typed)


def shown(key: bytes) -> str:
    return check_value(TRIPLE_DES, key).hex().upper()


@pytest.fixture
def ceremony(office: Office, monkeypatch: pytest.MonkeyPatch) -> Ceremony:
    monkeypatch.setattr("hub.composition.persons._N", 2**10)

    def type_in(*typed: str) -> None:
        lines = iter(typed)
        monkeypatch.setattr("getpass.getpass", lambda _prompt: next(lines))
        monkeypatch.setattr("builtins.input", lambda _prompt: next(lines))

    return Ceremony(office, type_in)


def test_two_persons_load_a_terminals_master_key_at_a_bank_and_it_is_ended(ceremony: Ceremony) -> None:
    office = ceremony.office
    office.add("kiosk-1", "10000001")
    office.sell(100)
    assert office.json("bank", "list")["terminals"][0]["signed_on_at"] is not None
    code, out, err = ceremony.load()
    assert code == 0, err
    whole = bytes(a ^ b for a, b in zip(ONE, TWO, strict=True))
    assert out == f"bank     {BANK}/10000001  3des  check value {shown(whole)}\n"
    assert office.json("bank", "list")["terminals"][0]["sign_on_needed"]
    assert ceremony.run("list")[1] == out
    store: Any = open_key_store(ceremony.store, bench=True)
    assert store.bank_key(BANK, "10000001").check == shown(whole).lower()
    revoke = ("revoke", f"{BANK}/10000001", "--by", "li", "--passphrase-file", str(office.folder / "li"))
    assert ceremony.run(*revoke)[0] == 0
    with pytest.raises(KeyMissing):
        store.bank_check(BANK, "10000001", bytes(8))
    assert ceremony.run(*revoke)[0] == 2


def test_a_master_key_for_a_terminal_that_no_kiosk_has_is_refused_before_anybody_types(
    ceremony: Ceremony,
) -> None:
    ceremony.office.add("kiosk-1", "10000001")
    code, _, err = ceremony.load("10000007")
    assert code == 2
    assert f"no kiosk has terminal 10000007 at {BANK}" in err
    assert not ceremony.store.exists()
