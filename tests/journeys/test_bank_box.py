"""The terminal box over its real line: what it took is booked, whatever becomes of its word; judged from its books."""

from __future__ import annotations

from kiosk.payment.model import PaymentState
from simulators.bench.tenders import Part
from tests.journeys.kiosk import eventually
from tests.journeys.till import Visit

PARTS: tuple[Part, ...] = ("box",)
DUE_FEN = 9_900
SOON = {"sale_s": 20.0, "answer_s": 10.0, "ask_again_s": 0.3}


def test_a_bill_is_paid_at_the_box(visit: Visit) -> None:
    account = visit.cabinet.town.account(DUE_FEN)
    kiosk = visit.kiosk()
    visit.chooses(kiosk, account.account_no, "bank_card")
    kiosk.page("box")
    visit.till.do("box", "present")
    kiosk.page("done")
    kiosk.notice("Take your receipt")
    visit.settled(kiosk, tender="bank_card", taken=DUE_FEN, credited=DUE_FEN)
    assert visit.cabinet.town.standing(account.account_no) == (0, 0)


def test_what_the_box_took_without_a_word_is_booked_once_it_is_asked_again(visit: Visit) -> None:
    account = visit.cabinet.town.account(DUE_FEN)
    kiosk = visit.kiosk(eft_terminal=SOON)
    visit.till.do("box", "cut_power", step="reply")
    visit.chooses(kiosk, account.account_no, "bank_card")
    kiosk.page("box")
    visit.till.do("box", "present")
    eventually(lambda: not visit.till.do("box", "status")["powered"], "the box keeps its power")
    visit.till.do("box", "power_on")
    kiosk.page("done")
    visit.settled(kiosk, tender="bank_card", taken=DUE_FEN, credited=DUE_FEN)


def test_a_kiosk_that_dies_while_the_box_takes_the_money_books_it_after_its_start(visit: Visit) -> None:
    account = visit.cabinet.town.account(DUE_FEN)
    doomed = visit.own_process(eft_terminal=SOON)
    visit.till.do("box", "hold", step="bank")
    visit.chooses(doomed, account.account_no, "bank_card")
    doomed.page("box")
    visit.till.do("box", "present")
    eventually(lambda: visit.till.do("box", "status")["held"], "the box never asked its bank")
    doomed.kill()
    visit.till.do("box", "go_on")
    kiosk = visit.kiosk(eft_terminal=SOON)
    kiosk.page("done")
    visit.settled(kiosk, tender="bank_card", taken=DUE_FEN, credited=DUE_FEN)


def test_what_the_box_declines_is_not_taken(visit: Visit) -> None:
    account = visit.cabinet.town.account(DUE_FEN)
    kiosk = visit.kiosk()
    visit.till.do("box", "decline", code="51")
    visit.chooses(kiosk, account.account_no, "bank_card")
    kiosk.page("box")
    visit.till.do("box", "present")
    kiosk.page("declined")
    visit.settled(kiosk, tender="bank_card", taken=0, credited=0)
    assert kiosk.payment().state is PaymentState.DECLINED
