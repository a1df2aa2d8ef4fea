"""Cards that are wrong, over the real wires: what the customer reads, where the money is, what the log says.

The table of docs/bad-input-cards.md, as far as a card's own program can play it before a running kiosk.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from drivers.security.bench_keys import card_keys
from kiosk.page import PageModel
from kiosk.payment import events as ev
from kiosk.payment.model import PaymentState
from simulators.bench.cards import CardProgram
from simulators.bench.household import Holder, Household
from simulators.bench.pcscd import BenchPcscd
from simulators.cards import store
from simulators.cards.user_card import CardState, UserCard, blank
from tests.journeys.cabinet import Cabinet
from tests.journeys.kiosk import eventually
from tests.journeys.owner import BOUGHT, Owner, holder

FIRST_UPDATE = 7
"""Of a write: select, serial, select, challenge, authentication and a challenge more come before it."""
TARIFFS = (3, 4)
PARAMETER = 1
"""Short file identifier of the State Grid user card's parameters."""


@dataclass(frozen=True)
class Bad:
    """A card that is none: what page and log say of it, whose it is, and what was done to it."""

    title: str
    log: str
    does: Callable[[CardState], object] = lambda card: None
    whose: Callable[[Holder], Holder] = lambda own: own
    kind: str = ""


def rekeyed(card: CardState) -> None:
    card.keys = blank(card.profile, card.serial.hex(), card_keys("of somebody else")).keys


def emptied(card: CardState) -> None:
    card.files[PARAMETER] = bytes(len(card.files[PARAMETER]))


def corrupted(card: CardState) -> None:
    """One bit of a number flips: the check sum is of before."""
    old = card.files[PARAMETER]
    card.files[PARAMETER] = old[:20] + bytes([old[20] ^ 1]) + old[21:]


def unissued(card: CardState) -> None:
    card.issued = False


def of_2009(card: CardState) -> None:
    """The edition with the longer tariff files, and the keys of its own profile."""
    other = blank("state_grid_2009", card.serial.hex())
    card.profile, card.keys = other.profile, other.keys
    card.files = {sfi: card.files[sfi] if sfi not in TARIFFS else other.files[sfi] for sfi in other.files}


BEFORE_MONEY = {
    "of a bank": Bad("This is a bank card", "bank_card", kind="bank"),
    "of another trade": Bad("This is not a meter card", "card_foreign", kind="foreign"),
    "upside down or broken": Bad("The chip could not be read", "card_mute", kind="mute"),
    "an imitation": Bad("This is not a meter card", "foreign", rekeyed),
    "of another meter": Bad(
        "belongs to another meter", "other_meter", whose=lambda own: replace(own, meter_no="9" * 12)
    ),
    "of another customer": Bad(
        "belongs to another meter", "other_meter", whose=lambda own: replace(own, customer_no="9" * 12)
    ),
    "of another layout than its meter reads": Bad("belongs to another meter", "other_meter", of_2009),
    "ahead of the hub": Bad("do not agree", "ahead", whose=lambda own: replace(own, count=own.count + 1)),
    "behind the hub": Bad("do not agree", "behind", whose=lambda own: replace(own, count=own.count - 1)),
    "with an empty file": Bad("is not complete", "damaged", emptied),
    "with a corrupt file": Bad("is not complete", "damaged", corrupted),
    "without files": Bad("not in use yet", "unissued", unissued),
}


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], str]]:
    """What the technician's log has said since the last look."""

    def said() -> str:
        told = [
            f"{record.message} {getattr(record, 'error', '')} {getattr(record, 'verdict', '')}"
            for record in caplog.records
        ]
        caplog.clear()
        return "\n".join(told)

    with caplog.at_level(logging.INFO):
        yield said


def test_a_bad_card_is_named_before_money_is_taken_and_left_as_it_is(
    cabinet: Cabinet, program: CardProgram, log: Callable[[], str]
) -> None:
    own = holder(cabinet.town.account(bought=BOUGHT))
    owner = Owner(cabinet, program, own)
    kiosk = owner.kiosk()
    kiosk.press("meter_card")
    kiosk.page("insert_card")
    for what, bad in BEFORE_MONEY.items():
        log()
        file = made(bad, own, cabinet.folder / "bad.json")
        before = file.read_bytes()
        owner.card("insert", **({"kind": bad.kind} if bad.kind else {"card": str(file)}))
        kiosk.page("reading_card")
        page = kiosk.shown.wait(partial(titled, bad.title), what)
        assert page.notice is not None
        assert page.notice.title == "No money was taken", what
        assert bad.log in log(), what
        owner.card("pull")
        eventually(lambda: not kiosk.runner._core.facts.card_in, "the card is out")
        assert file.read_bytes() == before, what
    owner.inserts()
    kiosk.page("card_contents")
    assert not kiosk.events()
    cabinet.settled(kiosk)


def titled(words: str, page: PageModel) -> bool:
    return words in page.title


def made(bad: Bad, own: Holder, file: Path) -> Path:
    """The memory of the bad card."""
    Household(bad.whose(own), file)
    card = store.load(file)
    assert isinstance(card, UserCard)
    bad.does(card.state)
    store.save(file, card)
    return file


def test_with_the_money_in_a_bad_card_leaves_it_booked_and_the_power_owed_or_written_late(
    cabinet: Cabinet, program: CardProgram, pcscd: BenchPcscd, log: Callable[[], str]
) -> None:
    """A worn card; another one in place of the customer's; late answers; a pcscd that dies and is started again."""
    worn = Owner(cabinet, program, holder(cabinet.town.account(bought=BOUGHT)), "worn")
    kiosk = worn.kiosk()
    worn.buys(kiosk, 100)
    worn.card("wear")
    kiosk.press("pay_now")
    page = kiosk.page("cannot_write")
    assert page.notice is not None
    assert page.notice.title == "Your money is booked and not lost"
    kiosk.wrote("OutcomeTaken")
    assert kiosk.payment().state is PaymentState.OWED
    [given_up] = kiosk.events("WriteGivenUp")
    assert isinstance(given_up, ev.WriteGivenUp)
    assert (given_up.outcome, given_up.reason) == ("failed", "card_worn")
    assert "write_failed card_worn" in log()
    kiosk.press("finish")
    worn.card("pull")
    kiosk.page("attract")
    assert worn.home.takes().credited_fen == 0
    kiosk.wrote("SlipPrinted")
    [slip] = cabinet.slips()
    assert "Card not written here" in slip

    owner = Owner(cabinet, program, holder(cabinet.town.account(bought=BOUGHT)), "own")
    kiosk.press("start")
    owner.buys(kiosk, 100)
    owner.card("pull", at=FIRST_UPDATE + 2)
    kiosk.press("pay_now")
    kiosk.page("write_failed")
    untouched = worn.file.read_bytes()
    worn.inserts()
    other = kiosk.shown.wait(partial(titled, "This is not the same card"), "that it is another card")
    assert other.panel is not None
    assert other.panel.headline == "¥100.00"
    worn.card("pull")
    assert worn.file.read_bytes() == untouched
    owner.card("delay_answer", ms=100, next=10)
    owner.inserts()
    kiosk.page("take_card")
    owner.takes_card(kiosk)
    eventually(lambda: kiosk.payment().over, "the write is not told")
    assert (owner.home.takes().credited_fen, owner.home.takes().credited_fen) == (10000, 0)

    kiosk.press("finish")
    kiosk.page("attract")
    kiosk.press("start")
    owner.buys(kiosk, 20)
    owner.card("silence", after=FIRST_UPDATE)
    kiosk.press("pay_now")
    eventually(lambda: owner.card("status")["silent"], "the write never came to its second file")
    pcscd.kill()
    owner.card("calm")
    pcscd.start()
    kiosk.page("take_card")
    owner.takes_card(kiosk)
    assert owner.home.takes().credited_fen == 2000
    assert "reader_lost" in log()
    eventually(lambda: all(item.over for item in kiosk.books()), "something is still in flight")
    assert sorted(item.state for item in kiosk.books()) == ["owed", "paid", "paid"]
