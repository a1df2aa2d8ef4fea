"""What the gallery shows of each fault is a page and a slip that exist, and the slips are whole."""

from __future__ import annotations

from drivers.printer.document import Line, QrCode
from drivers.printer.layout import MISSING, SetLine, set_document
from kiosk.page import PageModel
from kiosk.pages.faults import FAULT_PAGES
from kiosk.pages.sample_slips import slips

OF_OTHER_MEANS = ("paid_bank_card", "paid_qr", "paid_recharge_card", "reversal", "captured", "checking_phone",
                  "checking_box", "checking_recharge_card", "claim_sale_fate_unknown",
                  "claim_recharge_card")  # fmt: skip
"""Slips of bank cards, phones and recharge cards."""


def test_every_fault_has_its_page_and_its_slip(lang: str, pages: dict[str, PageModel]) -> None:
    papers = slips(lang)
    for fault, seen in FAULT_PAGES.items():
        assert seen.page in pages, fault
        assert not seen.slip or seen.slip in papers, fault
    of_faults = {name for name in papers if not name.startswith(OF_OTHER_MEANS)}
    assert {seen.slip for seen in FAULT_PAGES.values() if seen.slip} >= of_faults - {
        "paid_note_back",
        "claim_note_back",
        "power_surplus",
        "power_in_meter",
        "reissued",
        "made_later",
        "new_card_elsewhere",
    }


def test_a_slip_with_a_reference_has_the_reference_of_its_page(
    lang: str, pages: dict[str, PageModel]
) -> None:
    for seen in FAULT_PAGES.values():
        if seen.slip in ("checking", "provisional", "claim", "claim_in_doubt"):
            [code] = [one.text for one in slips(lang)[seen.slip].elements if isinstance(one, QrCode)]
            assert code in [row.value for row in pages[seen.page].context]


def test_sample_slips_speak_their_language_and_print(lang: str) -> None:
    title = {"zh": "缴费凭条", "en": "Payment receipt"}[lang]
    assert any(isinstance(one, Line) and one.text == title for one in slips(lang)["paid"].elements)
    for name, document in slips(lang).items():
        printed = [one.text for one in set_document(document, 48) if isinstance(one, SetLine)]
        assert not any(MISSING in text for text in printed), name
