"""The card's lane with the real writer on a card's own program: what it tells the core, whatever goes wrong."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from drivers.errors import CommandRefused, DeviceTimeout, TransportError
from drivers.meter_card.model import WriteOrder
from drivers.security.model import CardKeys, SecurityModule
from drivers.security.software import SoftwareModule
from drivers.status import DeviceHealth
from kiosk.core.card_fate import Glance, Seen, look
from kiosk.core.inputs import CardAdmitted, CardFelt, CardRead, CardWritten, DeviceFelt, Input
from kiosk.lanes.card import SLOT, CardLane, NotAuthorised, Place
from kiosk.payment import effects as fx
from kiosk.payment.events import AccountFacts, CardFacts, PurchaseFacts, QuoteFacts
from kiosk.payment.model import Delivery, Payment, PaymentState
from simulators.cards.card import Cut
from simulators.cards.slot import Pull
from tests.drivers.meter_card.desk import MASTERS, OTHER, SERIAL, Desk, Module, card, order

CARD = CardFacts(SERIAL, "state_grid_2013", "000000123456", "000100200300", 6, "r" * 32)
SOLD = PurchaseFacts("p" * 32, "purchase", CARD.meter_no, CARD.customer_no, 7, 5000, SERIAL, CARD.profile)
PAYMENT = Payment(
    payment_id="p" * 32,
    kiosk_no=1,
    state=PaymentState.WRITING,
    business="buy_power",
    account=AccountFacts("1", "*", "*"),
    quote=QuoteFacts("q" * 32, (), 0, 0, ""),
    lang="zh",
    opened_at="2026-11-22T12:00:00Z",
    card=CARD,
    delivery=Delivery(SOLD, "w" * 32, 1),
)


class Authority:
    """Authorises what the hub would, with the bench's keys; `refuses` or `module` for a hub that does not."""

    def __init__(self) -> None:
        self.refuses = ""
        self.module: SecurityModule = Module()
        self.asked: list[str] = []
        self.closed = False

    @property
    def admitting(self) -> SecurityModule:
        return self.module

    def authorise(self, payment: Payment) -> tuple[WriteOrder, SecurityModule]:
        assert payment.delivery is not None
        self.asked.append(payment.delivery.write_id)
        if self.refuses:
            raise NotAuthorised(self.refuses)
        sold = payment.delivery.purchase
        return order(sold.count, sold.amount_fen, serial=sold.card_serial), self.module

    def health(self) -> DeviceHealth:
        return self.module.health()

    def close(self) -> None:
        self.closed = True


class Stand:
    """A lane whose thread the test is itself."""

    def __init__(self, place: Place = SLOT) -> None:
        self.desk = Desk()
        self.authority = Authority()
        self.told: list[Input] = []
        self.lane = CardLane(self.desk.writer, self.authority, self.told.append, place)
        self.lane.round()

    def took(self, kind: type[Any]) -> list[Any]:
        found = [each for each in self.told if isinstance(each, kind)]
        self.told.clear()
        return found

    def serve(self, effect: fx.Effect) -> Any:
        self.told.clear()
        self.lane.serve(effect)
        [told] = [each for each in self.told if isinstance(each, CardRead | CardAdmitted | CardWritten)]
        return told

    def seen(self, told: CardWritten) -> Seen:
        return look(CARD, SOLD, told.glance)


@pytest.fixture
def stand() -> Stand:
    return Stand()


def old_card() -> Any:
    return card(written=order(6, 3000))


def test_a_card_is_noticed_when_it_comes_and_when_it_goes(stand: Stand) -> None:
    assert stand.took(CardFelt) == [CardFelt(False, seen=False)]
    stand.desk.slot.insert(old_card())
    stand.lane.round()
    assert stand.took(CardFelt) == [CardFelt(True)]
    stand.lane.round()
    assert stand.took(CardFelt) == []
    stand.desk.slot.remove()
    stand.lane.round()
    assert stand.took(CardFelt) == [CardFelt(False)]


def test_a_card_is_read_and_proves_itself(stand: Stand) -> None:
    stand.desk.slot.insert(old_card())
    told = stand.serve(fx.ReadCard("ask"))
    assert told.request == "ask"
    assert (told.face.contents.serial, told.face.contents.wallet.count) == (SERIAL, 6)
    keys = CardKeys(told.face.contents.profile, SERIAL)
    assert Module().genuine(keys, told.face.challenge, told.face.answer)
    again = stand.serve(fx.ReadCard("ask"))
    assert again.face.challenge != told.face.challenge  # an answer that was heard before proves nothing


def test_a_card_with_half_a_file_proves_itself_and_is_told_as_damaged(stand: Stand) -> None:
    chip = old_card()
    holder = bytearray(chip.state.files[1])
    holder[30] ^= 0xFF
    chip.state.files[1] = bytes(holder)
    stand.desk.slot.insert(chip)
    told = stand.serve(fx.ReadCard("ask"))
    assert told.face.damaged.startswith("parameter.")
    assert (told.face.contents.serial, told.face.contents.files) == (SERIAL, {})
    keys = CardKeys(told.face.contents.profile, SERIAL)
    assert Module().genuine(keys, told.face.challenge, told.face.answer)
    assert stand.seen(stand.serve(fx.WriteCard(PAYMENT))) is Seen.WRITTEN


def admitted(stand: Stand, serial: str = SERIAL) -> str:
    told = stand.serve(fx.AdmitCard("r" * 32, CARD.profile, serial))
    assert told.read_id == "r" * 32
    return str(told.code)


def test_a_card_that_was_read_is_asked_whether_it_lets_us_in(stand: Stand) -> None:
    stand.authority.module = module = Module()
    stand.desk.slot.insert(old_card())
    assert admitted(stand) == "card_gone"  # nobody has read it
    stand.serve(fx.ReadCard("ask"))
    assert admitted(stand) == ""
    assert module.calls == [("authenticate", CardKeys(CARD.profile, SERIAL, "r" * 32))]
    assert stand.authority.asked == []
    assert admitted(stand, OTHER) == "card_changed"


def test_a_card_that_does_not_let_us_in_is_told_with_its_word(stand: Stand) -> None:
    chip = old_card()
    chip.state.keys = card(OTHER).state.keys
    stand.desk.slot.insert(chip)
    stand.serve(fx.ReadCard("ask"))
    assert admitted(stand) == "card_refused_us"
    assert chip.state.tries_left == 2
    chip.state.tries_left = 0
    stand.desk.slot.insert(chip)
    stand.lane.round()
    stand.serve(fx.ReadCard("again"))
    assert admitted(stand) == "card_locked"


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (TransportError("no SAM in its slot"), "module_away"),
        (DeviceTimeout("the hub is silent"), "module_away"),
        (CommandRefused("another SAM"), "module_refused"),
    ],
)
def test_a_card_for_which_nobody_can_compute_is_not_the_readers_fault(
    stand: Stand, trouble: Exception, code: str
) -> None:
    class Away(Module):
        def authenticate(self, *_asked: Any) -> bytes:
            raise trouble

    stand.authority.module = Away()
    chip = old_card()
    stand.desk.slot.insert(chip)
    stand.serve(fx.ReadCard("ask"))
    assert admitted(stand) == code
    assert (stand.lane._open, chip.state.tries_left) == (True, 3)


def test_a_fault_of_ours_while_the_card_is_asked_is_told_too(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(stand.desk.writer, "admit", broken)
    with pytest.raises(RuntimeError):
        stand.lane.serve(fx.AdmitCard("r" * 32, CARD.profile, SERIAL))
    assert stand.took(CardAdmitted) == [CardAdmitted("r" * 32, "software_error")]


def test_a_card_of_which_the_kiosks_own_module_has_no_keys_is_not_offered_anything(stand: Stand) -> None:
    """Else the money is taken, and the card locks itself against a SAM of another utility."""
    others = {"state_grid_2013": replace(MASTERS["state_grid_2013"], internal=bytes(16), external=bytes(16))}
    module = SoftwareModule(others, bench=True)
    stand.lane = CardLane(stand.desk.writer, stand.authority, stand.told.append, module=module)
    stand.desk.slot.insert(old_card())
    told = stand.serve(fx.ReadCard("ask"))
    assert (told.face, told.code) == (None, "module_away")


def test_a_card_that_refuses_our_key_is_asked_once_however_often_it_is_to_be_written(stand: Stand) -> None:
    chip = old_card()
    before = chip.state.tries_left
    stand.authority.module = SoftwareModule(
        {"state_grid_2013": replace(MASTERS["state_grid_2013"], external=bytes(16))}, bench=True
    )
    stand.desk.slot.insert(chip)
    stand.lane.round()
    for _ in range(before):
        assert stand.serve(fx.WriteCard(PAYMENT)).glance.code == "card_refused_us"
        stand.lane.round()
    assert chip.state.tries_left == before - 1
    stand.authority.module = Module()
    stand.desk.slot.insert(chip)
    stand.lane.round()
    assert stand.seen(stand.serve(fx.WriteCard(PAYMENT))) is Seen.WRITTEN


def test_no_log_tells_what_stands_on_a_card(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    chip = old_card()
    holder = bytearray(chip.state.files[1])
    holder[36] = 0xFA
    chip.state.files[1] = bytes(holder)
    stand.desk.slot.insert(chip)
    assert stand.serve(fx.ReadCardBack(PAYMENT)).glance.code == "card_damaged"
    stand.desk.slot.remove()
    stand.desk.slot.insert(card(OTHER, written=order(6, 3000, serial=OTHER)))
    stand.serve(fx.WriteCard(PAYMENT))
    told = " ".join(str(vars(record)) for record in caplog.records)
    assert "card_damaged: parameter.customer_no" in told
    for private in (SERIAL, OTHER, CARD.customer_no, CARD.customer_no[2:]):
        assert private not in told


def test_what_cannot_be_read_is_told_with_its_word(stand: Stand) -> None:
    told = stand.serve(fx.ReadCard("ask"))
    assert (told.face, told.code) == (None, "card_gone")


def test_a_write_is_authorised_then_written_then_read_back(stand: Stand) -> None:
    stand.desk.slot.insert(old_card())
    told = stand.serve(fx.WriteCard(PAYMENT))
    assert (told.payment_id, told.attempt) == (PAYMENT.payment_id, 1)
    assert stand.seen(told) is Seen.WRITTEN
    assert stand.authority.asked == ["w" * 32]


@pytest.mark.parametrize("code", ["hub_gone", "write_not_owed"])
def test_nothing_is_written_without_the_hubs_word(stand: Stand, code: str) -> None:
    stand.desk.slot.insert(old_card())
    stand.authority.refuses = code
    told = stand.serve(fx.WriteCard(PAYMENT))
    assert told.glance.code == code
    assert told.glance.contents.wallet.count == 6
    assert not [sent for sent in stand.desk.slot.sent if sent[1] == 0xD6]


@pytest.mark.parametrize(
    ("error", "code"),
    [(TransportError("away"), "hub_gone"), (CommandRefused("not of this write"), "module_refused")],
)
def test_a_module_that_fails_in_the_middle_leaves_a_card_that_is_looked_at(
    stand: Stand, error: Exception, code: str
) -> None:
    class Failing(Module):
        def mac(self, *args: Any) -> bytes:
            if len(self.calls) == 2:  # let in, and one file written
                raise error
            return super().mac(*args)

    stand.desk.slot.insert(old_card())
    stand.authority.module = Failing()
    told = stand.serve(fx.WriteCard(PAYMENT))
    assert told.glance.code == code
    assert stand.seen(told) is Seen.TORN
    stand.authority.module = Module()
    assert stand.seen(stand.serve(fx.WriteCard(PAYMENT))) is Seen.WRITTEN


def test_another_card_is_not_touched(stand: Stand) -> None:
    stand.desk.slot.insert(card(OTHER, written=order(6, 3000, serial=OTHER)))
    told = stand.serve(fx.WriteCard(PAYMENT))
    assert told.glance.code == "card_changed"
    assert stand.seen(told) is Seen.OTHER_CARD
    assert not [sent for sent in stand.desk.slot.sent if sent[1] == 0xD6]


@pytest.mark.parametrize("cut", Cut)
@pytest.mark.parametrize("at", range(24))
def test_a_card_pulled_at_any_command_is_told_as_what_it_is(stand: Stand, at: int, cut: Cut) -> None:
    """And put back, looked at and written again it holds the purchase, once."""
    chip = old_card()
    stand.desk.slot.insert(chip, Pull(at, cut))
    told = stand.serve(fx.WriteCard(PAYMENT))
    if stand.seen(told) is not Seen.WRITTEN:  # else it was pulled after the last word, or never
        assert stand.seen(told) is Seen.GONE
        stand.desk.slot.insert(chip)
        told = stand.serve(fx.ReadCardBack(PAYMENT))
        assert stand.seen(told) in {Seen.ABSENT, Seen.TORN, Seen.WRITTEN}
        if stand.seen(told) is not Seen.WRITTEN:
            told = stand.serve(fx.WriteCard(PAYMENT))
    assert stand.seen(told) is Seen.WRITTEN


@pytest.mark.parametrize("cut", Cut)
@pytest.mark.parametrize("at", range(24))
def test_a_card_put_in_for_the_one_that_is_written_is_not_touched(
    stand: Stand, at: int, cut: Cut, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever the one is pulled, also while it is read back, and however quickly the other one follows."""
    slot, chip, other = stand.desk.slot, old_card(), card(OTHER, written=order(6, 3000, serial=OTHER))
    slot.insert(chip, Pull(at, cut))

    def changed() -> None:
        monkeypatch.undo()
        slot.insert(other)

    monkeypatch.setattr(slot, "remove", changed)
    untouched = dict(other.state.files)
    told = stand.serve(fx.WriteCard(PAYMENT))
    if stand.seen(told) is Seen.WRITTEN:  # it was pulled after the last word, or never
        assert told.glance.contents.serial == SERIAL
    else:
        assert stand.seen(told) is Seen.OTHER_CARD
    assert (other.state.files, other.state.tries_left) == (untouched, 3)


def test_a_fault_of_ours_is_told_as_one(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    stand.desk.slot.insert(old_card())
    monkeypatch.setattr(stand.desk.writer, "write", broken)
    with pytest.raises(RuntimeError):
        stand.lane.serve(fx.WriteCard(PAYMENT))
    [told] = stand.took(CardWritten)
    assert told.glance == Glance(None, "software_error")


def test_a_reader_that_goes_away_is_told_and_comes_back(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise TransportError("unplugged")

    stand.desk.slot.insert(old_card())
    stand.lane.round()
    stand.told.clear()
    with monkeypatch.context() as patch:
        patch.setattr(stand.desk.slot, "look", away)
        stand.lane.round()
        assert [each for each in stand.told if isinstance(each, CardFelt)] == [CardFelt(False, seen=False)]
        assert [each.health.code for each in stand.took(DeviceFelt)] == ["no_device"]
    stand.lane.round()
    assert [each.health.code for each in stand.told if isinstance(each, DeviceFelt)] == ["ok"]
    assert stand.took(CardFelt) == [CardFelt(True, seen=False)]  # it may have stood there all the time


def test_the_end_lets_go_of_reader_and_hub(stand: Stand) -> None:
    stand.lane.close()
    assert stand.authority.closed


def test_a_station_to_which_no_card_comes_is_waited_for_no_longer_than_its_time() -> None:
    stand = Stand(Place("new_card", "new_card", slot=False, waits_s=0.2))
    began = time.monotonic()
    told = stand.serve(fx.ReadCard("r", new=True))
    assert 0.2 <= time.monotonic() - began < 30
    assert (told.face, told.code) == (None, "card_gone")


def test_the_card_is_made_ready_while_the_authority_is_asked(stand: Stand) -> None:
    ready = threading.Event()
    stand_by = stand.desk.writer.stand_by

    def made_ready(profile: str, serial: str) -> None:
        stand_by(profile, serial)
        ready.set()

    def slow(payment: Payment) -> tuple[WriteOrder, SecurityModule]:
        assert ready.wait(30), "the card waits for the authority"
        return Authority.authorise(stand.authority, payment)

    stand.desk.writer.stand_by = made_ready  # type: ignore[method-assign]  # watched, not replaced
    stand.authority.authorise = slow  # type: ignore[method-assign]  # the same
    stand.desk.slot.insert(old_card())
    assert stand.seen(stand.serve(fx.WriteCard(PAYMENT))) is Seen.WRITTEN


@pytest.mark.parametrize(("refuses", "code"), [("already_written", "already_written"), ("", "card_changed")])
def test_another_card_is_not_written_and_what_the_authority_says_goes_first(
    stand: Stand, refuses: str, code: str
) -> None:
    stand.authority.refuses = refuses
    stand.desk.slot.insert(card(OTHER, written=order(6, 3000, serial=OTHER)))
    told = stand.serve(fx.WriteCard(PAYMENT))
    assert (told.glance.code, stand.seen(told)) == (code, Seen.OTHER_CARD)
    assert stand.authority.asked == ["w" * 32]
