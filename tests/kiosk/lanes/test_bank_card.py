"""The bank card's lane on the real wires, with a motor and as a dip reader: what the core hears, what the hold has."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from drivers.card.bank_card import BankCardReader
from drivers.card.bank_card_unit import BankCardUnit
from drivers.card.motor_driver import Crt310Reader, Crt310Settings
from drivers.card.pcsc import PcscCard
from drivers.transport import SerialTransport
from kiosk.config_tenders import BankCard
from kiosk.core.inputs import BankCardFace, BankCardFelt, BankCardRead, DeviceFelt, Input
from kiosk.hubclient import tender_wire
from kiosk.lanes.bank_card import REOPEN_S, BankCardLane, today
from kiosk.lanes.hold import Hold
from kiosk.payment import effects as fx
from simulators.bench.cards import CardProgram
from simulators.far_end import Launched, launched

PATIENCE_S = 20.0
PAN = "6212142000000000012"
FACE = BankCardFace("621214*********0012", "621214", 19, "UNIONPAY DEBIT")
HELD = tender_wire.BankCard(pan=PAN, expiry="3012", sequence="001", track2=PAN + "D3012220000000")
MOTOR = Crt310Settings(
    call=PATIENCE_S, move=PATIENCE_S, acknowledge=0.02, repeats=1000, quiet=0.01, shutter=1000
)
ACCEPT = fx.AcceptBankCard("r1")


@pytest.fixture(autouse=True)
def patient_with_pcscd(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may hold pcscd up for longer than a kiosk waits for it."""
    for limit in ("_ANSWER_S", "_CONNECT_S", "_LET_GO_S", "_NOTICE_S"):
        monkeypatch.setattr(f"drivers.card.pcsc.{limit}", PATIENCE_S)


class Stand:
    """A lane whose thread the test is itself."""

    def __init__(self, card: CardProgram, motor: Launched | None = None) -> None:
        self.card = card
        self.told: list[Input] = []
        self.hold = Hold()
        port = str(motor.link) if motor else ""
        self.motor = Crt310Reader(SerialTransport(port), MOTOR) if motor else None
        chip = BankCardReader(PcscCard(card.slot.reader), command_s=PATIENCE_S, settle_s=PATIENCE_S)
        config = BankCard(reader=card.slot.reader, port=port, read_s=PATIENCE_S)
        unit = BankCardUnit(chip, self.motor)
        self.lane = BankCardLane(unit, config, self.hold, self.told.append, lambda: "2611")

    def felt(self) -> list[str]:
        """Where the card was said to be since it was asked last."""
        found = [each.place for each in self.told if isinstance(each, BankCardFelt)]
        self.told[:] = [each for each in self.told if not isinstance(each, BankCardFelt)]
        return found

    def read(self) -> BankCardRead:
        """What was said of the card that was asked for; all told before is forgotten but this."""
        self.until(lambda: any(isinstance(each, BankCardRead) for each in self.told))
        [read] = [each for each in self.told if isinstance(each, BankCardRead)]
        self.told.remove(read)
        return read

    def health(self) -> str:
        return [each.health.code for each in self.told if isinstance(each, DeviceFelt)][-1]

    def until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < end, self.told
            self.lane.round()

    def until_felt(self, *places: str) -> None:
        seen: list[str] = []

        def there() -> bool:
            seen.extend(self.felt())
            return seen[-1:] == [places[-1]]

        self.until(there)
        assert tuple(seen) == places


@pytest.fixture(scope="module")
def program(bank_program: CardProgram, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    chip = ("--chip-control", bank_program.do._socket.getpeername())
    folder = tmp_path_factory.mktemp("motor")
    with launched("simulators.motor_reader", folder, "--speed", "1000", *chip) as far_end:
        yield far_end


@pytest.fixture
def motor(program: Launched, bank_card_outside: CardProgram) -> Launched:
    program.do("renew")
    return program


@pytest.fixture
def stand(motor: Launched, bank_card_outside: CardProgram) -> Iterator[Stand]:
    """With a motor, and no card inside."""
    stand = Stand(bank_card_outside, motor)
    stand.lane.round()
    yield stand
    stand.lane.close()


@pytest.fixture
def dip(bank_card: CardProgram) -> Iterator[Stand]:
    """Without a motor; the card is in, and that was told."""
    stand = Stand(bank_card)
    stand.until_felt("in")
    yield stand
    stand.lane.close()


# With a motor.


def test_a_card_is_drawn_in_read_and_given_back(stand: Stand, motor: Launched) -> None:
    assert stand.health() == "ok"
    assert motor.do("push") == {"taken": False, "why": "shut"}
    stand.lane.serve(ACCEPT)
    assert motor.do("push") == {"taken": True}
    assert stand.read() == BankCardRead("r1", FACE)
    assert stand.felt() == ["in"]
    assert stand.hold.pan == PAN
    assert PAN not in repr([vars(stand.lane), stand.told])
    assert stand.hold.take_card() == HELD
    stand.lane.serve(fx.EjectBankCard())
    stand.until_felt("mouth")
    motor.do("take")
    stand.until_felt("taken")


def test_what_was_read_is_forgotten_when_the_card_goes_back(stand: Stand, motor: Launched) -> None:
    stand.lane.serve(ACCEPT)
    motor.do("push")
    stand.read()
    stand.lane.serve(fx.EjectBankCard())
    assert stand.hold.take_card() is None


def test_a_card_that_nobody_takes_is_kept(stand: Stand, motor: Launched) -> None:
    stand.lane.serve(ACCEPT)
    motor.do("push")
    stand.read()
    stand.lane.serve(fx.EjectBankCard())
    stand.until_felt("in", "mouth")
    stand.lane.serve(fx.CaptureBankCard("not_taken"))
    stand.until_felt("captured")
    assert motor.do("status")["bin"] == 1
    stand.lane.serve(ACCEPT)
    assert motor.do("push") == {"taken": True}
    assert stand.read().face == FACE, "the next customer's"


def test_a_card_that_is_stuck_is_told_and_comes_out_when_it_is_loose(stand: Stand, motor: Launched) -> None:
    stand.lane.serve(ACCEPT)
    motor.do("push")
    stand.read()
    motor.do("jam", step="eject")
    stand.lane.serve(fx.EjectBankCard())
    assert stand.felt() == ["in", "stuck"]
    assert stand.health() == "jam"
    motor.do("loosen")
    stand.lane.serve(fx.EjectBankCard())
    stand.until_felt("mouth")


def test_a_card_that_could_not_be_given_back_is_owed_over_a_lost_line(stand: Stand, motor: Launched) -> None:
    stand.lane.serve(ACCEPT)
    motor.do("push")
    stand.read()
    motor.do("unplug")
    stand.lane.serve(fx.EjectBankCard())
    assert stand.health() == "no_device"
    assert stand.lane.round() == REOPEN_S
    motor.do("plug")
    stand.until_felt("in", "mouth")
    assert stand.health() == "ok"


def test_a_card_that_is_asked_for_again_is_owed_no_more(stand: Stand, motor: Launched) -> None:
    stand.lane.serve(ACCEPT)
    motor.do("push")
    stand.read()
    motor.do("unplug")
    stand.lane.serve(fx.EjectBankCard())
    motor.do("plug")
    stand.lane.serve(fx.AcceptBankCard("r2"))
    assert stand.read() == BankCardRead("r2", FACE)
    stand.lane.round()
    assert motor.do("status")["place"] == "contact"


def test_a_reader_that_is_gone_lets_none_in(stand: Stand, motor: Launched) -> None:
    motor.do("unplug")
    stand.lane.serve(ACCEPT)
    assert stand.read() == BankCardRead("r1", None, "unreadable")
    motor.do("plug")
    stand.until(lambda: stand.health() == "ok")
    assert motor.do("push")["taken"] is False


def test_a_card_that_was_inside_at_the_start_is_told(stand: Stand, motor: Launched) -> None:
    stand.lane.serve(ACCEPT)
    motor.do("push")
    stand.read()
    stand.lane.close()
    assert stand.hold.take_card() is None
    again = Stand(stand.card, motor)
    again.until_felt("in")
    assert not any(isinstance(each, BankCardRead) for each in again.told), "nobody has asked for it"
    again.lane.serve(fx.EjectBankCard())
    again.until_felt("mouth")
    again.lane.close()


def test_a_silent_motor_is_not_waited_for(stand: Stand, motor: Launched) -> None:
    assert stand.motor is not None
    stand.motor._line.settings = replace(MOTOR, call=0.1, move=0.1, offline=0.0)
    motor.do("silence")
    stand.lane.serve(ACCEPT)
    assert stand.read() == BankCardRead("r1", None, "unreadable")
    assert stand.health() == "offline"


# As a dip reader.


def test_the_customer_puts_it_in_and_pulls_it(dip: Stand) -> None:
    dip.lane.serve(ACCEPT)
    assert dip.read() == BankCardRead("r1", FACE)
    assert dip.hold.pan == PAN
    dip.lane.serve(fx.CaptureBankCard("bank"))
    assert dip.felt() == ["mouth"], "it cannot be kept, only asked for"
    assert dip.hold.take_card() is None
    dip.card.do("pull")
    dip.until_felt("taken")
    dip.card.do("insert")
    dip.until_felt("in")


def test_pulled_before_it_may_be(dip: Stand) -> None:
    dip.lane.serve(ACCEPT)
    dip.read()
    dip.card.do("pull")
    dip.until_felt("none")
    assert dip.hold.pan == PAN, "a sale under way may need it: the core says when it is to be forgotten"
    dip.lane.serve(fx.AcceptBankCard("r2"))
    assert dip.hold.pan == ""


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("no_bank", "not_a_bank_card"),
        ("other_application", "no_application"),
        ("application_blocked", "no_application"),
        ("garbage_record", "unreadable"),
    ],
)
def test_cards_that_are_not_taken(dip: Stand, kind: str, code: str) -> None:
    dip.card.do("trouble", kind=kind)
    dip.lane.serve(ACCEPT)
    assert dip.read() == BankCardRead("r1", None, code)
    assert dip.hold.pan == ""
    assert dip.health() == "ok"


def test_a_card_whose_time_is_over(dip: Stand) -> None:
    dip.lane._this_month = lambda: "3101"
    dip.lane.serve(ACCEPT)
    assert dip.read() == BankCardRead("r1", None, "expired")
    assert dip.hold.pan == ""
    dip.lane._this_month = lambda: "3012"
    dip.lane.serve(fx.AcceptBankCard("r2"))
    assert dip.read().face == FACE, "it is good to the end of its month"


def test_this_month() -> None:
    assert len(today()) == 4
    assert today().isdigit()


def test_in_its_own_thread(bank_card: CardProgram, start: Callable[[Any], Any]) -> None:
    stand = Stand(bank_card)
    start(stand.lane).put(ACCEPT)
    end = time.monotonic() + PATIENCE_S
    while not any(isinstance(each, BankCardRead) for each in list(stand.told)):
        assert time.monotonic() < end
        time.sleep(0.003)
