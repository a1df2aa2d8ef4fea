"""The kiosk is killed at every moment at which money changes hands, and settles before the next customer."""

from __future__ import annotations

import pytest

from kiosk.numbers import reference
from kiosk.payment.model import PaymentState
from tests.journeys.cabinet import Cabinet
from tests.journeys.kiosk import InProcess, OwnProcess, eventually

AT_THE_SLOT = (
    "after:NoteIntended",
    "served:StackNote",
    "before:NoteStacked",
    "after:NoteStacked",
    "served:AcknowledgeNote",
)
AFTER_THE_PRESS = (
    "before:PayRequested",
    "after:PayRequested",
    "before:CreditSending",
    "after:CreditSending",
    "served:SendCredit",
    "before:CreditApproved",
    "after:CreditApproved",
    "served:PrintSlip",
)


def dies(cabinet: Cabinet, moment: str) -> OwnProcess:
    """A customer puts a hundred in and, if it comes to that, presses the key that pays; then the kiosk is gone."""
    kiosk = cabinet.own_process(moment)
    kiosk.to_slot(cabinet.town.account(10000).account_no)
    cabinet.insert(100)
    if moment in AFTER_THE_PRESS:
        kiosk.notice("¥100.00 received")
        kiosk.press("pay_now")
    kiosk.died()
    return kiosk


def starts_again(cabinet: Cabinet) -> InProcess:
    """The kiosk comes back; whoever presses Start at once is not served before the money is settled."""
    kiosk = cabinet.kiosk()
    kiosk.press("start")
    return kiosk


def gets_receipt(kiosk: InProcess) -> None:
    """The slip is out, and the page says so, also under the word that the machine has restarted."""
    kiosk.shown.wait(
        lambda page: page.notice and "Take your receipt" in page.notice.title + page.notice.text,
        "the receipt",
    )


def comes_to_rest(cabinet: Cabinet, kiosk: InProcess, credited: int) -> None:
    """All is settled, no next customer came between, and one more restart finds nothing to do."""
    cabinet.settled(kiosk, credited=credited)
    assert kiosk.shown.names[0] in {"settling", "closing", "paying", "done"}
    assert "home" not in kiosk.shown.names
    kinds = kiosk.kinds()
    kiosk.close()
    third = cabinet.kiosk()
    third.ready()
    assert third.kinds() == kinds
    cabinet.settled(third, credited=credited)


@pytest.mark.parametrize("moment", AT_THE_SLOT + AFTER_THE_PRESS)
def test_killed_the_money_is_credited_once(cabinet: Cabinet, moment: str) -> None:
    dies(cabinet, moment)
    kiosk = starts_again(cabinet)
    kiosk.page("done")
    gets_receipt(kiosk)
    comes_to_rest(cabinet, kiosk, 10000)
    payment = kiosk.payment()
    assert payment.state is PaymentState.PAID
    assert cabinet.town.standing(payment.account.account_no) == (0, 0)
    kinds = kiosk.kinds()
    assert (kinds.count("NoteIntended"), kinds.count("NoteStacked"), kinds.count("CreditApproved")) == (
        1,
        1,
        1,
    )
    assert payment.account.account_no in cabinet.slips()[-1]


def test_killed_with_a_note_in_escrow_and_no_intent_the_note_goes_back(cabinet: Cabinet) -> None:
    dies(cabinet, "before:NoteIntended")
    assert cabinet.validator("status")["state"] == "escrow"
    kiosk = starts_again(cabinet)
    cabinet.take_note()
    kiosk.page("closing")
    told = kiosk.notice("Take the returned note")
    assert told.name == "closing"
    ended = kiosk.page("cancelled")
    assert "restarted" in ended.title
    kiosk.press(ended.main.id if ended.main else "")
    kiosk.ready()
    comes_to_rest(cabinet, kiosk, 0)
    assert kiosk.payment().state is PaymentState.CANCELLED
    assert cabinet.validator("status")["totals"]["returned"] == 10000


def test_killed_and_the_note_came_back_meanwhile_a_slip_says_so(cabinet: Cabinet) -> None:
    dies(cabinet, "after:NoteIntended")
    cabinet.validator("escrow_over")
    cabinet.take_note()
    kiosk = starts_again(cabinet)
    ended = kiosk.page("cancelled")
    assert ended.panel is not None
    assert "100" in ended.panel.headline
    kiosk.shown.wait(lambda page: page.notice and "take the slip" in page.notice.text, "the slip")
    slip = cabinet.slips()[-1]
    assert "Notes returned" in slip
    assert kiosk.payment().account.account_no in slip
    kiosk.press(ended.main.id if ended.main else "")
    kiosk.ready()
    comes_to_rest(cabinet, kiosk, 0)
    assert kiosk.payment().state is PaymentState.CANCELLED
    assert len(cabinet.slips()) == 1


def test_killed_while_the_hub_has_the_request_it_is_not_booked_again(cabinet: Cabinet) -> None:
    kiosk = cabinet.own_process()
    kiosk.to_slot(cabinet.town.account(10000).account_no)
    cabinet.insert(100)
    kiosk.notice("¥100.00 received")
    cabinet.line("drop_reply")
    kiosk.press("pay_now")
    kiosk.wrote("CreditSending")
    at_hub = f"/v1/payments/{kiosk.payment().payment_id}"
    eventually(lambda: cabinet.town.client.get(at_hub).status_code == 200, "the hub has not booked it")
    kiosk.kill()
    cabinet.line("pass")
    again = starts_again(cabinet)
    again.page("done")
    gets_receipt(again)
    [approved] = again.events("CreditApproved")
    assert approved.replayed  # type: ignore[union-attr]
    comes_to_rest(cabinet, again, 10000)


def test_killed_and_the_hub_stays_away_the_customer_gets_a_slip_and_the_next_one_is_served(
    cabinet: Cabinet,
) -> None:
    first = dies(cabinet, "after:CreditSending").payment().payment_id
    cabinet.line("refuse")
    kiosk = cabinet.kiosk(hub={"checking_after_s": 1.0, "status_every_s": 0.2})
    kiosk.page("settling")
    page = kiosk.page("checking")
    assert reference(first) in str(page)
    kiosk.press("finish")
    kiosk.page("attract")
    cabinet.line("pass")
    kiosk.to_slot(cabinet.town.account(5000).account_no)
    cabinet.insert(50)
    kiosk.notice("¥50.00 received")
    kiosk.press("pay_now")
    kiosk.page("done")
    cabinet.settled(kiosk, credited=15000)
    assert kiosk.kinds().count("CreditApproved") == 2
    assert [event.key for event in kiosk.events("CheckingPromised")].count(first) == 1


def test_killed_with_power_cut_at_the_acceptor_too(cabinet: Cabinet) -> None:
    cabinet.validator("cut_power_at", state="stacking")
    dies(cabinet, "served:StackNote")
    cabinet.stands("power_off")
    cabinet.validator("power_on")
    kiosk = starts_again(cabinet)
    kiosk.page("done")
    gets_receipt(kiosk)
    comes_to_rest(cabinet, kiosk, 10000)


def test_killed_again_and_again_while_it_recovers(cabinet: Cabinet) -> None:
    dies(cabinet, "served:StackNote")
    for moment in ("before:NoteStacked", "after:NoteStacked", "before:CreditSending", "after:CreditApproved"):
        cabinet.own_process(moment).died()
    kiosk = cabinet.kiosk()
    kiosk.page("done")
    gets_receipt(kiosk)
    cabinet.settled(kiosk, credited=10000)
