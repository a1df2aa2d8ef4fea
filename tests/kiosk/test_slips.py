"""Slips tell the journal's facts and nothing else: amounts that add up, local time, the right reference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from drivers.errors import DeviceTimeout
from drivers.printer.document import Document, Line, Pair, QrCode
from kiosk.config import Acceptor, Config, Hub, JournalFile, Printer, Terminal
from kiosk.numbers import reference
from kiosk.pages.sample_card_states import DONE_WITH, power
from kiosk.pages.sample_new_card_states import CARRIED, bought
from kiosk.payment import events as ev
from kiosk.payment.effects import PrintSlip
from kiosk.payment.fold import claim_opened
from kiosk.payment.model import Claim, Delivery, Note, NoteState, Payment, PaymentState
from kiosk.payment.table import step
from kiosk.slips import Slips

PAYMENT_ID, CLAIM_ID, JOB = "a" * 32, "c" * 32, "f" * 32
TAKEN_AT, CREDITED_AT = "2026-11-22T15:59:58.000Z", "2026-11-22T16:00:01.250Z"
CONFIG = Config(
    terminal=Terminal(id="T-1", site="Lobby", company="Sample Power", hotline="12345", language="en"),
    hub=Hub(url="http://127.0.0.1:1", key_file=Path("k")),
    journal=JournalFile(path=Path("j")),
    acceptor=Acceptor(port="a"),
    printer=Printer(port="p"),
)
SLIPS = Slips(CONFIG, b"key")


def payment(*events: ev.Event, business: str = "arrears") -> Payment:
    """A payment of 100 and 20 that was sent to the hub, and what came of it."""
    opened = ev.PaymentOpened(
        key=PAYMENT_ID,
        kiosk_no=42,
        business=business,
        account=ev.AccountFacts("0399000000000018", "*伟", "漠阳花园**栋"),
        quote=ev.QuoteFacts("b" * 32, ("2026-10",), 11325, 200000, "2026-11-22T16:30:00Z"),
        lang="en",
        at="2026-11-22T15:58:00.000Z",
    )
    notes = [
        event
        for number, value in enumerate((10000, 2000))
        for event in (
            ev.NoteIntended(key=PAYMENT_ID, note_id=f"{number:032x}", note_type=0, value_fen=value),
            ev.NoteStacked(key=PAYMENT_ID, note_id=f"{number:032x}", value_fen=value),
        )
    ]
    sent = ev.CreditSending(
        key=PAYMENT_ID, attempt=1, amount_fen=12000, taken_at=TAKEN_AT, business_date="2026-11-22"
    )
    made, _ = step(None, opened)
    for event in (*notes, ev.PayRequested(key=PAYMENT_ID, by="customer"), sent, *events):
        made, _ = step(made, event)
    return made


APPROVED = ev.CreditApproved(
    key=PAYMENT_ID,
    hub_no="000000000123",
    allocations=(ev.Allocation("2026-10", 170, 11155),),
    to_balance_fen=675,
    balance_before_fen=0,
    balance_after_fen=675,
    arrears_after_fen=0,
    credited_at=CREDITED_AT,
    business_date="2026-11-22",
)
PROMISED = ev.CheckingPromised(key=PAYMENT_ID, reference=reference(PAYMENT_ID))


def claim(**changes: object) -> Claim:
    facts: dict[str, object] = {
        "reason": "declined",
        "payment_id": PAYMENT_ID,
        "account_no": "0399000000000018",
        "amount_fen": 12000,
        "memo_fen": 0,
        "notes": (ev.NoteCount(10000, 1), ev.NoteCount(2000, 1)),
    }
    return claim_opened(
        ev.ClaimOpened(
            key=CLAIM_ID,
            reference=reference(CLAIM_ID),
            note_id="",
            at=TAKEN_AT,
            lang="en",
            **(facts | changes),  # type: ignore[arg-type]
        )
    )


def effect(about: Payment | Claim, slip: str, copy_no: int = 0) -> PrintSlip:
    return PrintSlip(JOB, slip, copy_no, about)


def pairs(document: Document) -> dict[str, str]:
    return {e.label.strip(): e.value for e in document.elements if isinstance(e, Pair)}


def text(document: Document) -> str:
    return "\n".join(e.text for e in document.elements if isinstance(e, Line))


def test_the_receipt_tells_what_the_hub_booked_at_the_time_it_did() -> None:
    order = effect(payment(APPROVED), "paid")
    assert SLIPS.of_payment(payment(APPROVED), order).adds_up
    document = SLIPS.compose(order)
    assert document.job == JOB
    told = pairs(document)
    assert told["Time"] == "2026-11-23 00:00:01"  # Beijing, a day after the UTC of the journal
    assert told["Business date"] == "2026-11-22"
    assert (told["Kiosk no."], told["Transaction number"]) == ("000042", "000000000123")
    assert (told["Received"], told["Arrears paid"], told["Added to balance"]) == (
        "120.00 yuan",
        "113.25 yuan",
        "6.75 yuan",
    )
    assert reference(PAYMENT_ID) not in text(document)


def test_the_slip_of_a_payment_under_check_promises_no_booking() -> None:
    document = SLIPS.compose(effect(payment(PROMISED), "checking"))
    told = pairs(document)
    assert reference(PAYMENT_ID) in text(document)
    assert told["Time"] == "2026-11-22 23:59:58"
    assert told["Received"] == "120.00 yuan"
    assert "Transaction number" not in told
    assert "Added to balance" not in told


def test_a_slip_of_checking_that_prints_after_the_credit_still_says_checking() -> None:
    before = SLIPS.compose(effect(payment(PROMISED), "checking"))
    after = SLIPS.compose(effect(payment(PROMISED, APPROVED), "checking"))
    assert pairs(after) == pairs(before)


def test_a_copy_says_so_and_has_the_same_check_code() -> None:
    paid = payment(APPROVED)
    original, copy = (SLIPS.compose(effect(paid, "paid", copy_no)) for copy_no in (0, 1))
    assert "COPY 1" in text(copy)
    assert "COPY" not in text(original)
    assert pairs(copy)["Check code"] == pairs(original)["Check code"]


def test_another_key_makes_another_check_code() -> None:
    order = effect(payment(APPROVED), "paid")
    other = Slips(CONFIG, b"another key")
    assert pairs(SLIPS.compose(order))["Check code"] != pairs(other.compose(order))["Check code"]


def test_a_key_from_a_module_is_asked_for_and_a_module_that_is_away_costs_the_code_only() -> None:
    order = effect(payment(APPROVED), "paid")
    asked = Slips(CONFIG, lambda: b"key")
    assert pairs(asked.compose(order)) == pairs(SLIPS.compose(order))

    def away() -> bytes:
        raise DeviceTimeout("the SAM is silent")

    without = pairs(Slips(CONFIG, away).compose(order))
    assert "Check code" not in without
    assert without == {
        name: told for name, told in pairs(SLIPS.compose(order)).items() if name != "Check code"
    }


def test_a_claims_slip_has_its_reference_in_words_and_as_a_code() -> None:
    document = SLIPS.compose(effect(claim(), "claim"))
    assert reference(CLAIM_ID) in text(document)
    [code] = [e.text for e in document.elements if isinstance(e, QrCode)]
    assert code == reference(CLAIM_ID)
    assert pairs(document)["Received"] == "120.00 yuan"
    assert SLIPS.of_claim(claim(), effect(claim(), "claim")).adds_up


def test_the_code_of_a_reference_leads_where_the_settings_say() -> None:
    terminal = msgspec.structs.replace(CONFIG.terminal, claim_url="https://example.invalid/c/{reference}")
    online = Slips(msgspec.structs.replace(CONFIG, terminal=terminal), b"key")
    for order in (effect(claim(), "claim"), effect(payment(PROMISED), "checking")):
        owner = CLAIM_ID if order.slip == "claim" else PAYMENT_ID
        [code] = [e.text for e in online.compose(order).elements if isinstance(e, QrCode)]
        assert code == f"https://example.invalid/c/{reference(owner)}"


def test_a_note_in_doubt_is_neither_received_nor_denied() -> None:
    doubt = claim(amount_fen=0, memo_fen=10000, notes=(ev.NoteCount(10000, 1),), reason="note_fate_unknown")
    order = effect(doubt, "claim")
    assert SLIPS.of_claim(doubt, order).adds_up
    told = pairs(SLIPS.compose(order))
    assert told["To be counted"] == "100.00 yuan"
    assert "Received" not in told
    assert not any("x 1" in label for label in told)


def test_a_claim_of_nobody_names_no_account() -> None:
    orphan = claim(
        payment_id="", account_no="", reason="orphan_note", amount_fen=2000, notes=(ev.NoteCount(2000, 1),)
    )
    told = pairs(SLIPS.compose(effect(orphan, "claim")))
    assert "Account number" not in told
    assert told["Received"] == "20.00 yuan"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_slip_speaks_the_customers_language(lang: str) -> None:
    document = SLIPS.compose(effect(replace(payment(APPROVED), lang=lang), "paid"))
    assert ("Payment receipt" in text(document)) == (lang == "en")


def test_a_returned_note_is_on_the_receipt_and_on_a_slip_of_its_own() -> None:
    back = Note("d" * 32, 5000, NoteState.RETURNED, recovered=True)
    watched = Note("e" * 32, 2000, NoteState.RETURNED)
    paid = payment(APPROVED)
    paid = replace(paid, notes=(*paid.notes, back, watched))
    facts = SLIPS.of_payment(paid, PrintSlip(JOB, "paid", 0, paid))
    assert facts.returned == (ev.NoteCount(5000, 1),)
    assert (facts.received_fen, facts.adds_up) == (12000, True)
    nothing = replace(paid, notes=(back, watched), credit=None)
    facts = SLIPS.of_returned(nothing, PrintSlip(JOB, "returned", 1, nothing))
    assert (facts.kind, facts.received_fen, facts.notes) == ("returned", 5000, (ev.NoteCount(5000, 1),))
    assert (facts.adds_up, facts.reference, facts.copy_no, facts.due_fen) == (True, "", 1, 0)
    original = SLIPS.of_payment(replace(nothing, taken_at=""), PrintSlip(JOB, "checking", 0, nothing))
    for told in ("at", "kiosk_no", "business", "account", "lang", "place"):
        assert getattr(facts, told) == getattr(original, told), told
    lines = [
        e.text for e in SLIPS.compose(PrintSlip(JOB, "returned", 0, nothing)).elements if isinstance(e, Line)
    ]
    assert "Notes returned" in lines
    assert any("nothing was taken" in line for line in lines)


@pytest.mark.parametrize(("outcome", "doubtful"), [("failed", False), ("unknown", True)])
def test_the_slip_of_a_card_that_is_not_written_says_whether_that_is_certain(
    outcome: str, doubtful: bool
) -> None:
    ended = replace(DONE_WITH, outcome=outcome)
    owed = power(10000, 10000, state=PaymentState.OWED, delivery=ended)
    facts = SLIPS.facts(PrintSlip("j" * 32, "owed", 0, owed))
    assert facts.power is not None
    assert (facts.kind, facts.power.written, facts.power.doubtful) == ("owed", False, doubtful)


@pytest.mark.parametrize("taken", [True, False])
def test_the_receipt_knows_whether_the_meter_has_it(taken: bool) -> None:
    ended = replace(DONE_WITH, outcome="written", taken=taken)
    facts = SLIPS.facts(
        PrintSlip("j" * 32, "paid", 0, power(10000, 10000, state=PaymentState.PAID, delivery=ended))
    )
    assert facts.power is not None
    assert (facts.power.written, facts.power.taken) == (True, taken)


def test_the_slip_of_a_new_card_that_was_not_made_names_no_card() -> None:
    unmade = bought(
        "reissue", 2000, state=PaymentState.OWED, delivery=Delivery(CARRIED, "w" * 32, 1, "failed")
    )
    assert unmade.new_card
    facts = SLIPS.facts(PrintSlip("j" * 32, "owed", 0, unmade))
    assert facts.power is not None
    assert facts.power.card_end == ""
    made = replace(unmade, state=PaymentState.PAID, delivery=Delivery(CARRIED, "w" * 32, 1, "written"))
    paid = SLIPS.facts(PrintSlip("j" * 32, "paid", 0, made))
    assert paid.power is not None
    assert paid.power.card_end
