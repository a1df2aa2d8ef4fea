"""Slips of money that is not cash: whose it was and by which numbers, and nothing promised that nobody knows."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from drivers.printer.document import Document, Line, Pair
from kiosk.pages.sample_slips import slips
from kiosk.pages.sample_tenders import ASKED_FEN, BANK_FACTS, claims, settled, tendered
from kiosk.payment.effects import PrintSlip
from kiosk.payment.model import Claim, Payment, PaymentState
from kiosk.receipts import ReceiptFacts
from kiosk.slips import Slips
from kiosk.words import LANGUAGES
from tests.kiosk.test_slips import CONFIG

SLIPS = Slips(CONFIG, b"key")


def pairs(document: Document) -> dict[str, str]:
    """The facts on a slip by their label."""
    return {one.label: one.value for one in document.elements if isinstance(one, Pair)}


def text(document: Document) -> str:
    """The sentences on a slip."""
    return "\n".join(one.text for one in document.elements if isinstance(one, Line))


def facts_of(about: Payment | Claim, slip: str) -> ReceiptFacts:
    """What the slip of this kind tells."""
    return SLIPS.facts(PrintSlip("0" * 32, slip, 0, about))


def test_a_receipt_names_card_bank_and_all_numbers() -> None:
    paid = pairs(slips("en")["paid_bank_card"])
    expected = {
        "Paid by": "Bank card",
        "Bank": "Sample Bank",
        "Card": "621421******0012",
        "Merchant no.": "103290049000001",
        "Terminal no.": "10000001",
        "Batch": "000007",
        "Trace no.": "000123",
        "Bank reference": "112217330012",
        "Authorisation": "778899",
        "Approved at": "2026-11-22 17:33:00",
        "Received": "128.50 yuan",
    }
    assert {label: paid[label] for label in expected} == expected
    assert pairs(slips("en")["paid_qr"])["Wallet number"] == "4200001234202611220123456789"
    assert pairs(slips("en")["paid_recharge_card"])["Card ends in"] == "4821"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_only_cash_speaks_of_notes_and_change(lang: str) -> None:
    words = {"zh": ("找零", "纸币", "投入", "现金"), "en": ("hange", "note", "insert", "Cash")}[lang]
    for name, document in slips(lang).items():
        told = text(document) + "".join(pairs(document).values())
        if name.startswith(("paid_bank", "paid_qr", "paid_recharge", "reversal", "captured", "claim_sale")):
            assert not any(word in told for word in words), name


@pytest.mark.parametrize("lang", LANGUAGES)
def test_money_that_was_undone_is_asked_for_and_never_received(lang: str) -> None:
    undone = slips(lang)["reversal"]
    asked, received = {"zh": ("请求金额", "实收金额"), "en": ("Amount asked for", "Received")}[lang]
    assert "128.50" in pairs(undone)[asked]
    assert received not in pairs(undone)
    assert {"zh": "授权码", "en": "Authorisation"}[lang] not in pairs(undone)
    assert {"zh": "未支付", "en": "Not paid"}[lang] in text(undone)
    assert "0198-F2C4-A1B3" in text(undone)


def test_a_kept_card_says_why_and_who_gives_it_back() -> None:
    by_bank, left = slips("en")["captured"], slips("en")["captured_not_taken"]
    assert pairs(by_bank)["Reason"] == "Its bank asked for it"
    assert pairs(left)["Reason"] == "Not taken from the slot"
    assert "to the bank only" in text(by_bank)
    assert "ID card" in text(left)
    assert pairs(by_bank)["Card"] == "621421******0012"
    assert "Received" not in pairs(by_bank)
    assert pairs(by_bank)["Check code"] != pairs(left)["Check code"]


def test_what_is_not_known_of_a_recharge_card_is_said_so() -> None:
    checking = slips("en")["checking_recharge_card"]
    assert pairs(checking)["Amount asked for"] == "not known yet"
    assert "Keep the card" in text(checking)


def test_money_that_a_box_took_was_received_though_not_booked() -> None:
    taken = slips("en")["checking_box"]
    assert pairs(taken)["Received"] == "128.50 yuan"
    assert "was taken" in text(taken)
    assert "we do not know" in text(slips("en")["checking_phone"])


def test_a_sale_of_unknown_fate_is_on_record_and_not_received() -> None:
    case = claims()["sale_fate_unknown"]
    for one in (case, replace(case, amount_fen=ASKED_FEN, memo_fen=0)):
        facts = facts_of(one, "claim")
        assert (facts.received_fen, facts.uncertain_fen) == (0, ASKED_FEN)


def test_slips_without_notes_add_up() -> None:
    paid = settled("bank_card", BANK_FACTS, 20000)
    assert facts_of(paid, "paid").adds_up
    assert not replace(facts_of(paid, "paid"), received_fen=20001).adds_up
    assert facts_of(tendered(state=PaymentState.REVERSING), "reversal").adds_up


def test_the_check_code_covers_the_banks_number() -> None:
    paid = settled("bank_card", BANK_FACTS)
    other = replace(paid, facts=msgspec.structs.replace(BANK_FACTS, number="112217330013"))
    codes = {
        pairs(SLIPS.compose(PrintSlip("0" * 32, "paid", 0, one)))["校验码"] for one in (paid, other, paid)
    }
    assert len(codes) == 2
