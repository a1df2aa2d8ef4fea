"""Slips of power and of a new card: which card, which count, where the money went, what to do with the card."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.printer.document import Pair, QrCode
from drivers.printer.layout import SetLine, set_document
from kiosk.pages.sample_slips import BOUGHT, POWER, POWER_SLIPS
from kiosk.payment.events import NoteCount
from kiosk.power_receipt import PowerFacts
from kiosk.receipts import ReceiptFacts, check_code, receipt
from kiosk.words import LANGUAGES, load

KEY = b"a key of the bench"
OWED, REISSUED = POWER_SLIPS["power_owed"], POWER_SLIPS["reissued"]


def told(facts: ReceiptFacts) -> dict[str, str]:
    elements = receipt(facts, "0" * 32, KEY).elements
    return {one.label.strip(): one.value for one in elements if isinstance(one, Pair)}


def printed(facts: ReceiptFacts) -> str:
    lines = set_document(receipt(facts, "0" * 32, KEY), 32)
    return "".join(line.text for line in lines if isinstance(line, SetLine))


def test_the_receipt_tells_card_meter_count_and_amount() -> None:
    assert {
        "业务类型": "购电",
        "卡内表号": "000000001250",
        "电卡尾号": "7A3C",
        "购电次数": "第 8 次",
        "写卡结果": "已写入并核对",
        "实收金额": "200.00 元",
        "写入电卡": "200.00 元",
        "电表原有": "35.20 元",
        "插表后预计": "235.20 元",
    }.items() <= told(BOUGHT).items()
    assert "请把电卡插入电表" in printed(BOUGHT)


def test_of_power_that_the_meter_has_nothing_is_said_to_come() -> None:
    taken = POWER_SLIPS["power_in_meter"]
    assert told(taken)["写卡结果"] == "已写入，电表已读入"
    assert "插表后预计" not in told(taken)
    assert "请把电卡插入电表" not in printed(taken)
    assert "不用再插电表" in printed(taken)


@pytest.mark.parametrize("facts", POWER_SLIPS.values(), ids=POWER_SLIPS)
def test_what_was_received_is_all_accounted_for(facts: ReceiptFacts) -> None:
    assert facts.adds_up
    assert facts.power is not None
    if facts.power.free:
        assert not replace(facts, received_fen=1).adds_up
        return
    dearer = replace(facts.power, amount_fen=facts.power.amount_fen + 1, fee_fen=facts.power.fee_fen + 1)
    assert not replace(facts, power=dearer).adds_up


def test_no_balance_is_told_where_there_is_none() -> None:
    assert "账户余额" not in told(BOUGHT)
    assert told(POWER_SLIPS["power_surplus"])["账户余额"] == "50.35 元"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_owed_card_has_a_reference_and_what_to_do(lang: str) -> None:
    facts = replace(OWED, lang=lang)
    words, codes = load(lang), receipt(facts, "0" * 32, KEY).elements
    assert QrCode(facts.reference) in codes
    assert told(facts)[words.text("receipt.card_result")] == words.text("receipt.card_owed")
    assert words.text("receipt.power_to_card") not in told(facts)  # nothing says it is on the card
    assert words.text("receipt.meter_after") not in told(facts)
    free = {"zh": "免费补写", "en": "free of charge"}[lang]
    assert free in printed(facts).replace("\n", "")
    assert "失败" not in printed(facts)
    assert "failed" not in printed(facts).lower()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_owed_slip_stays_true_though_another_machine_wrote_the_card_meanwhile(lang: str) -> None:
    """It says what this machine did, wherever it speaks of the card; and what follows for either case."""
    facts, words = replace(OWED, lang=lang), load(lang)
    here = {"zh": "本机", "en": "here"}[lang]
    for key in ("title_owed", "result_owed", "card_owed"):
        assert here in words.text(f"receipt.{key}")
        assert words.text(f"receipt.{key}").replace(" ", "") in printed(facts).replace(" ", "")
    done = {"zh": "已在别的终端写好的，不用再办", "en": "If another one has, nothing is left to do"}[lang]
    assert done.replace(" ", "") in printed(facts).replace(" ", "")


@pytest.mark.parametrize("columns", [48, 42, 32])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_an_owed_slip_says_in_large_type_fits_every_paper(lang: str, columns: int) -> None:
    for name in ("power_owed", "power_unknown", "new_card_owed"):
        facts = replace(POWER_SLIPS[name], lang=lang)
        large = [
            line.text.strip()
            for line in set_document(receipt(facts, "0" * 32, KEY), columns)
            if isinstance(line, SetLine) and line.size > 1
        ]
        assert all(large)
        assert all(len(text) > 1 for text in large), "no character stands alone on a line"


def test_a_new_card_that_was_not_made_is_not_said_to_carry_anything_nor_to_be_anybodys() -> None:
    pairs = told(POWER_SLIPS["new_card_owed"])
    assert pairs["新卡应写入"] == "200.00 元"
    assert "带到新卡" not in pairs
    assert "电卡尾号" not in pairs


@pytest.mark.parametrize("lang", LANGUAGES)
def test_of_a_write_whose_end_is_not_known_no_slip_says_that_it_failed(lang: str) -> None:
    assert OWED.power is not None
    facts = replace(OWED, lang=lang, power=replace(OWED.power, doubtful=True))
    words, text = load(lang), printed(facts).replace(" ", "")
    assert told(facts)[words.text("receipt.card_result")] == words.text("receipt.card_unknown")
    assert words.text("receipt.result_unknown").replace(" ", "") in text
    for untrue in ("result_owed", "title_owed", "card_owed"):
        assert words.text(f"receipt.{untrue}").replace(" ", "") not in text


def test_a_new_card_is_told_from_the_old_one() -> None:
    pairs = told(REISSUED)
    assert (pairs["旧卡尾号（已作废）"], pairs["电卡尾号"]) == ("7A3C", "91D0")
    assert (pairs["补卡工本费"], pairs["带到新卡"]) == ("20.00 元", "200.00 元")
    assert pairs["实收金额"] == "20.00 元"


@pytest.mark.parametrize(
    "other",
    [
        replace(POWER, amount_fen=20001),
        replace(POWER, count=9),
        replace(POWER, card_end="7A3D"),
        replace(POWER, meter_no="000000001251"),
        replace(POWER, fee_fen=1),
    ],
)
def test_the_check_code_covers_what_was_bought(other: PowerFacts) -> None:
    assert check_code(replace(BOUGHT, power=other), KEY) != check_code(BOUGHT, KEY)


@given(st.integers(1, 10**9), st.integers(0, 10**6), st.integers(0, 10**9))
def test_any_purchase_adds_up(amount: int, fee: int, surplus: int) -> None:
    power = replace(POWER, amount_fen=amount, fee_fen=fee)
    money = amount + fee + surplus
    facts = replace(BOUGHT, received_fen=money, notes=(NoteCount(money, 1),), power=power)
    assert replace(facts, to_balance_fen=surplus, balance_after_fen=surplus).adds_up
    assert power.charged_fen("reissue") == fee


@pytest.mark.parametrize("lang", LANGUAGES)
def test_of_a_new_card_that_another_kiosk_has_made_no_slip_promises_one_more(lang: str) -> None:
    made, owed = (replace(POWER_SLIPS[name], lang=lang) for name in ("new_card_elsewhere", "new_card_owed"))
    free = {"zh": "免费", "en": "free of charge"}[lang]
    assert free in printed(owed)
    assert free not in printed(made)
    words = load(lang)
    assert told(made)[words.text("receipt.card_result")] == words.text("receipt.card_elsewhere")
    assert words.text("receipt.card_end") not in told(owed), "the spoiled blank is in the bin"
