"""Slips: they add up, say who paid what, mark copies, keep secrets, and read well in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.printer.document import Document, Line, Pair, QrCode, Table
from drivers.printer.layout import MISSING, SetLine, set_document
from kiosk.payment.events import AccountFacts, Allocation, NoteCount, TenderFacts
from kiosk.power_receipt import PowerFacts
from kiosk.receipts import Kind, Place, ReceiptFacts, check_code, receipt
from kiosk.tender_receipt import OtherSide
from kiosk.words import LANGUAGES

KEY = b"a key of the bench"
JOB = "0" * 32
PAID = ReceiptFacts(
    kind="paid",
    lang="zh",
    place=Place("示例供电公司", "PK-0001", "漠阳营业厅"),
    at=datetime(2026, 11, 22, 19, 40, 11),  # noqa: DTZ001 - a slip prints local time
    kiosk_no="00000127",
    business="arrears",
    account=AccountFacts("0399000000012345", "陈*明", "漠阳市***花园*栋"),
    received_fen=13000,
    notes=(NoteCount(10000, 1), NoteCount(2000, 1), NoteCount(1000, 1)),
    business_date="2026-11-22",
    hub_no="H20261122000451",
    months=(Allocation("2026-09", 237, 4000), Allocation("2026-10", 0, 8137)),
    due_fen=12374,
    to_balance_fen=626,
    balance_before_fen=35,
    balance_after_fen=661,
)
UNBOOKED = replace(
    PAID, months=(), hub_no="", business_date="", to_balance_fen=0, balance_before_fen=0, balance_after_fen=0
)
PROVISIONAL = replace(UNBOOKED, kind="provisional", reference="K0001-000127")
CHECKING = replace(UNBOOKED, kind="checking", reference="K0001-000127")
CLAIM = replace(UNBOOKED, kind="claim", reference="C0001-000127")
RETURNED = replace(UNBOOKED, kind="returned", due_fen=0)
POWER = PowerFacts(12000, 8, "7A3C", "000000001250", meter_before_fen=3520)
BOUGHT = replace(
    PAID, business="buy_power", months=(), due_fen=0, power=POWER, to_balance_fen=1000, balance_after_fen=1035
)
OWED = replace(BOUGHT, kind="owed", reference="K0001-000127", power=replace(POWER, written=False))
ASKED = OtherSide(
    "bank_card",
    TenderFacts(
        title_zh="示例银行",
        title_en="Sample Bank",
        card="621421******0012",
        terminal_no="10000001",
        number="112217330012",
        auth_code="778899",
    ),
    13000,
    PAID.at,
)
REVERSAL = replace(UNBOOKED, kind="reversal", reference="K0001-000127", received_fen=0, notes=(), other=ASKED)
CAPTURED = replace(REVERSAL, kind="captured", other=replace(ASKED, kept="bank"))
REISSUED = replace(
    BOUGHT,
    business="reissue",
    power=replace(POWER, fee_fen=2000, old_card_end="11F0"),
    to_balance_fen=11000,
    balance_after_fen=11035,
)


def lines(facts: ReceiptFacts, columns: int = 48) -> list[str]:
    document = receipt(facts, JOB, KEY)
    return [line.text for line in set_document(document, columns) if isinstance(line, SetLine)]


def pairs(document: Document) -> dict[str, str]:
    return {
        element.label.strip(): element.value for element in document.elements if isinstance(element, Pair)
    }


def fen(text: str) -> int:
    yuan, cents = text.removesuffix(" 元").split(".")
    return int(yuan) * 100 + int(cents)


def test_the_paid_slip_tells_all_of_the_payment() -> None:
    told = pairs(receipt(PAID, JOB, KEY))
    assert {
        "终端编号": "PK-0001",
        "网点": "漠阳营业厅",
        "交易时间": "2026-11-22 19:40:11",
        "记账日期": "2026-11-22",
        "终端流水号": "00000127",
        "流水号": "H20261122000451",
        "业务类型": "欠费缴纳",
        "户号": "0399000000012345",
        "户名": "陈*明",
        "用电地址": "漠阳市***花园*栋",
        "应缴金额": "123.74 元",
        "100 元 × 1": "100.00",
        "支付方式": "现金",
        "实收金额": "130.00 元",
        "金额大写": "人民币壹佰叁拾元整",
        "账户余额": "6.61 元",
    }.items() <= told.items()


def test_a_published_sample_adds_up_line_by_line() -> None:
    """0.35 of balance, 123.74 due, 130.00 paid, 6.61 left."""
    assert PAID.adds_up
    document = receipt(PAID, JOB, KEY)
    told = pairs(document)
    (table,) = (element for element in document.elements if isinstance(element, Table))
    for _, charge, late_fee, subtotal in table.rows:
        assert fen(charge) + fen(late_fee) == fen(subtotal)
    assert sum(fen(row[3]) for row in table.rows) == fen(told["冲抵欠费"])
    assert sum(fen(value) for label, value in told.items() if "×" in label) == fen(told["实收金额"])
    assert fen(told["实收金额"]) - fen(told["冲抵欠费"]) == fen(told["转入预收"])
    assert fen(told["原有余额"]) + fen(told["转入预收"]) == fen(told["账户余额"])


@pytest.mark.parametrize(
    "wrong",
    [
        replace(PAID, balance_after_fen=660),
        replace(PAID, to_balance_fen=600),
        replace(PAID, notes=PAID.notes[:2]),
        replace(PAID, months=PAID.months[:1]),
        replace(CLAIM, received_fen=12000),
        replace(BOUGHT, power=replace(POWER, amount_fen=12001)),
        replace(REISSUED, power=replace(POWER, fee_fen=1999)),
    ],
)
def test_facts_that_do_not_add_up_are_known(wrong: ReceiptFacts) -> None:
    assert not wrong.adds_up


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("columns", [48, 42, 32])
def test_every_kind_has_a_slip_in_every_language(kind: Kind, lang: str, columns: int) -> None:
    kinds = {
        "paid": PAID,
        "checking": CHECKING,
        "provisional": PROVISIONAL,
        "claim": CLAIM,
        "returned": RETURNED,
        "owed": OWED,
        "reversal": REVERSAL,
        "captured": CAPTURED,
    }
    facts = replace(kinds[kind], lang=lang)
    text = "\n".join(lines(facts, columns))
    assert MISSING not in text
    assert "{" not in text
    assert ("130.00" in text) == (kind != "captured")  # of the card alone
    assert "95598" in text
    assert check_code(facts, KEY) in text
    if lang == "en":
        told = text.replace("示例供电公司", "").replace("漠阳营业厅", "").replace("陈*明", "")
        assert not [c for c in told.replace("漠阳市***花园*栋", "") if not c.isascii()]


def test_a_slip_for_money_being_checked_says_what_happened_to_the_money_and_never_failed() -> None:
    text = "".join(lines(CHECKING))
    assert "已收到您投入的 130 元" in text
    assert "K0001-000127" in text
    assert "请勿重复缴费" in text
    assert "失败" not in text
    assert "账户余额" not in text


@pytest.mark.parametrize("facts", [CLAIM, CHECKING])
def test_a_slip_with_a_reference_carries_it_as_large_text_and_as_qr(facts: ReceiptFacts) -> None:
    document = receipt(facts, JOB, KEY)
    assert Line(facts.reference, "center", True, 2) in document.elements
    assert QrCode(facts.reference) in document.elements
    online = replace(facts, place=replace(facts.place, claim_url="https://example.invalid/c/{reference}?k=1"))
    document = receipt(online, JOB, KEY)
    assert QrCode(f"https://example.invalid/c/{facts.reference}?k=1") in document.elements
    assert check_code(online, KEY) == check_code(facts, KEY)


def test_a_slip_without_a_reference_has_no_qr() -> None:
    for facts in (PAID, RETURNED):
        assert not [one for one in receipt(facts, JOB, KEY).elements if isinstance(one, QrCode)]


def test_a_note_whose_fate_is_unknown_is_neither_received_nor_denied() -> None:
    facts = replace(CLAIM, received_fen=0, notes=(), uncertain_fen=10000)
    told = pairs(receipt(facts, JOB, KEY))
    assert told["待核实金额"] == "100.00 元"
    assert told["金额大写"] == "人民币壹佰元整"
    assert "实收金额" not in told
    assert "已收到" not in "".join(lines(facts))


def test_a_claim_may_hold_certain_money_and_an_uncertain_note() -> None:
    told = pairs(receipt(replace(CLAIM, uncertain_fen=10000), JOB, KEY))
    assert (told["实收金额"], told["待核实金额"]) == ("130.00 元", "100.00 元")


def test_returned_notes_are_counted_and_nothing_was_received() -> None:
    told = pairs(receipt(RETURNED, JOB, KEY))
    assert told["退回金额"] == "130.00 元"
    assert "支付方式" not in told
    assert "实收金额" not in told


def test_a_note_that_came_back_stands_apart_from_what_was_received() -> None:
    facts = replace(PAID, returned=(NoteCount(5000, 1),))
    assert facts.adds_up
    told = lines(facts)
    begin = next(at for at, line in enumerate(told) if "退回纸币" in line)
    assert "50.00" in told[begin + 1]
    assert pairs(receipt(facts, JOB, KEY))["实收金额"] == "130.00 元"
    assert not any("退回" in line for line in lines(PAID))


def test_what_is_still_due_is_told() -> None:
    facts = replace(
        PAID, months=PAID.months[:1], received_fen=4237, notes=(NoteCount(4237, 1),), to_balance_fen=0
    )
    facts = replace(facts, balance_after_fen=35, arrears_after_fen=8137)
    assert facts.adds_up
    assert pairs(receipt(facts, JOB, KEY))["仍欠金额"] == "81.37 元"
    assert "仍欠 81.37 元" in "".join(lines(facts))


def test_a_prepayment_has_no_months_and_tells_of_its_invoice() -> None:
    facts = replace(
        PAID, business="prepay", months=(), due_fen=0, to_balance_fen=13000, balance_after_fen=13035
    )
    assert facts.adds_up
    text = "".join(lines(facts))
    assert "发票随月度账单开具" in text
    assert "电费年月" not in text


@pytest.mark.parametrize(("lang", "mark"), [("zh", "重打第 2 次"), ("en", "COPY 2")])
def test_a_copy_is_marked_and_otherwise_the_same_slip(lang: str, mark: str) -> None:
    original = replace(PAID, lang=lang)
    first, second = lines(original), lines(replace(original, copy_no=2))
    (added,) = set(second) - set(first)
    assert added.strip() == mark
    assert not any(mark[:4] in line for line in first)


def test_the_check_code_is_the_same_in_every_language_and_on_every_copy() -> None:
    assert check_code(PAID, KEY) == check_code(replace(PAID, lang="en", copy_no=3), KEY)


@pytest.mark.parametrize(
    "other",
    [
        replace(PAID, received_fen=13001),
        replace(PAID, kiosk_no="00000128"),
        replace(PAID, kind="claim"),
        replace(PAID, place=replace(PAID.place, terminal="PK-0002")),
        replace(PAID, account=AccountFacts("0399000000012346", "陈*明", "")),
        replace(PAID, hub_no="H1"),
        replace(PAID, reference="R"),
        replace(PAID, uncertain_fen=1),
        replace(PAID, months=PAID.months[:1]),
        replace(PAID, business="prepay"),
    ],
)
def test_the_check_code_changes_with_what_the_slip_says(other: ReceiptFacts) -> None:
    assert check_code(other, KEY) != check_code(PAID, KEY)


def test_the_check_code_needs_the_key() -> None:
    assert check_code(PAID, b"another key") != check_code(PAID, KEY)


@given(st.integers(0, 10**9), st.text(max_size=30), st.text(max_size=60))
def test_no_name_or_address_breaks_a_slip(received: int, name: str, address: str) -> None:
    facts = replace(CLAIM, received_fen=received, notes=(), account=AccountFacts("1", name, address))
    for columns in (48, 32):
        assert lines(facts, columns)
