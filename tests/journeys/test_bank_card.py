"""Bank cards over the real wires: chip, PIN pad, hub, two banks; judged from the banks' own books."""

from __future__ import annotations

import pytest

from kiosk.health.metrics import Exposition
from kiosk.health.report import Reporter
from kiosk.payment.model import PaymentState
from simulators.bench.tenders import Part
from tests.journeys.kiosk import Kiosk
from tests.journeys.leaks import RAW, leaks, places
from tests.journeys.till import Visit

PARTS: tuple[Part, ...] = ("bank_card",)
DUE_FEN = 12_300


@pytest.mark.parametrize("bank", ["bank_a", "bank_b"])
def test_a_bill_is_paid_by_the_card_of_either_bank(visit: Visit, bank: str) -> None:
    account = visit.cabinet.town.account(DUE_FEN)
    kiosk = visit.kiosk()
    visit.pays_by_card(kiosk, account.account_no, bank)
    done = kiosk.page("done")
    assert done.panel is not None
    assert done.panel.headline == "¥123.00"
    kiosk.notice("Take your bank card")
    visit.takes_card()
    kiosk.notice("Take your receipt")
    visit.settled(kiosk, tender="bank_card", taken=DUE_FEN, credited=DUE_FEN)
    assert visit.cabinet.town.standing(account.account_no) == (0, 0)
    [slip] = visit.cabinet.slips()
    pan = visit.till.tenders.card(bank).pan
    facts = kiosk.payment().facts
    assert facts is not None
    assert facts.card.startswith(pan[:6])
    for words in (pan[-4:], facts.number, facts.auth_code, "Bank card"):
        assert words in slip


def test_health_tells_of_reader_and_pin_pad_and_of_what_can_be_paid_with(visit: Visit) -> None:
    kiosk = visit.kiosk()
    visit.chooses(kiosk, visit.cabinet.town.account(DUE_FEN).account_no, "bank_card")
    kiosk.page("insert_bank_card")
    told = Reporter(kiosk.runner, kiosk.keys, "hub")()
    assert {"bank_reader", "pin_pad"} <= set(told.devices)
    assert told.devices["pin_pad"].usable
    assert told.tenders["bank_card"].offered
    assert (
        b'power_kiosk_tender_offered{tender="bank_card"} 1.0'
        in Exposition(Reporter(kiosk.runner, kiosk.keys, "hub")).render("")[1]
    )


def test_what_the_bank_declines_is_not_taken_and_notes_pay_it_then(visit: Visit) -> None:
    account = visit.cabinet.town.account(DUE_FEN)
    kiosk = visit.kiosk()
    visit.till.do("bank_a", "decline", code="51")
    visit.pays_by_card(kiosk, account.account_no)
    assert "not enough" in kiosk.page("declined").title.lower()
    visit.takes_card()
    kiosk.press("other_means")
    kiosk.page("means")
    visit.settled(kiosk, tender="bank_card", taken=0, credited=0)


def test_a_wrong_mac_is_believed_by_nobody_and_the_sale_is_reversed(visit: Visit) -> None:
    account = visit.cabinet.town.account(DUE_FEN)
    kiosk = visit.kiosk()
    visit.till.do("bank_b", "break_mac")
    visit.pays_by_card(kiosk, account.account_no, "bank_b")
    _reversed(visit, kiosk)
    assert visit.cabinet.town.standing(account.account_no) == (DUE_FEN, 0)


def test_an_answer_that_is_lost_is_reversed_at_the_bank(visit: Visit) -> None:
    account = visit.cabinet.town.account(DUE_FEN)
    kiosk = visit.kiosk()
    visit.till.do("bank_a", "hang_up", when="after")
    visit.pays_by_card(kiosk, account.account_no)
    _reversed(visit, kiosk)
    [slip] = visit.cabinet.slips()
    assert "Not paid" in slip or "not paid" in slip.lower()


def test_a_kiosk_that_dies_while_the_bank_is_asked_has_the_sale_reversed(visit: Visit) -> None:
    account = visit.cabinet.town.account(DUE_FEN)
    doomed = visit.own_process("served:SendSale")
    visit.pays_by_card(doomed, account.account_no)
    doomed.died()  # the hub and the bank are done with it; the kiosk never wrote down what they said
    visit.takes_card()
    kiosk = visit.kiosk()
    kiosk.page("reversed")
    visit.settled(kiosk, tender="bank_card", taken=DUE_FEN, credited=0)


def test_a_number_or_pin_that_is_planted_anywhere_is_found(visit: Visit) -> None:
    account = visit.cabinet.town.account(DUE_FEN)
    kiosk = visit.kiosk()
    visit.pays_by_card(kiosk, account.account_no)
    kiosk.page("done")
    visit.takes_card()
    kiosk.notice("Take your receipt")
    card, town = visit.till.tenders.card("bank_a"), visit.till.town
    kept = places(visit.cabinet, town, kiosk, "a word")
    assert not leaks(kept, town.file)
    for where, text in kept.items():
        assert leaks({where: text + card.pan.encode()}, town.file), where
        assert leaks({where: text + b" " + card.track2.encode()}, town.file), where
        assert where in RAW or leaks({where: text + b' "' + card.pin.encode() + b'" '}, town.file), where
    visit.settled(kiosk, tender="bank_card", taken=DUE_FEN, credited=DUE_FEN)


def test_the_card_pulled_at_the_pin_is_asked_for_again(visit: Visit) -> None:
    account = visit.cabinet.town.account(DUE_FEN)
    kiosk = visit.kiosk()
    visit.chooses(kiosk, account.account_no, "bank_card")
    visit.puts_card_in(kiosk)
    kiosk.page("pin")
    visit.takes_card()
    kiosk.shown.wait(lambda p: p.name == "insert_bank_card" and "too soon" in p.title, "pulled too early")
    visit.puts_card_in(kiosk)
    visit.types_pin(kiosk, visit.till.tenders.card("bank_a").pin)
    kiosk.page("done")
    visit.takes_card()
    visit.settled(kiosk, tender="bank_card", taken=DUE_FEN, credited=DUE_FEN)


def _reversed(visit: Visit, kiosk: Kiosk) -> None:
    """Nothing is paid, the page says so, and what the bank took it has given back."""
    kiosk.page("reversed")
    visit.takes_card()
    visit.settled(kiosk, tender="bank_card", taken=DUE_FEN, credited=0)
    assert kiosk.payment().state is PaymentState.REVERSED
