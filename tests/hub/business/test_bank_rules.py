"""The rules of the card switch, row by row: codes, messages, answers, and what comes next."""

from datetime import timedelta
from itertools import product
from typing import Any, get_args

import pytest

from drivers.bank.message import decode, encode
from hub.business import bank_rules as rules
from hub.business.bank_keeping import SaleState
from hub.business.tender_forms import BankCard, Family
from tests.hub.business.bank_sale import NOW, PAN, SALE, answer, sale

CODES = (
    *("01", "03", "04", "05", "07", "12", "13", "14", "15", "21", "22", "25", "30", "34", "38", "40", "41"),
    *("43", "45", "51", "54", "55", "57", "58", "59", "61", "62", "64", "65", "66", "67", "68", "75", "77"),
    *("79", "90", "91", "92", "94", "95", "96", "97", "98", "99", "A0"),
)
SECOND = timedelta(seconds=1)


def test_every_code_that_the_banks_name_has_a_family() -> None:
    assert tuple(rules.FAMILIES) == CODES
    assert set(rules.FAMILIES.values()) == set(get_args(Family))


@pytest.mark.parametrize(
    ("family", "codes"),
    [
        ("funds", "51"),
        ("limit", "13 61 65"),
        ("pin", "55"),
        ("pin_tries", "38 75"),
        ("expired", "54"),
        ("card", "14 15 21 45"),
        ("capture", "04 07 34 41 43 67"),
        ("not_allowed", "03 12 40 57 58 62"),
        ("bank_away", "22 68 77 91 92 96 98 99 A0"),
        ("day_end", "90"),
        ("call_bank", "01 05 59 66"),
        ("other", "25 30 64 79 94 95 97 ZZ 1Z"),
    ],
)
def test_what_a_code_means_for_the_customer(family: str, codes: str) -> None:
    assert {rules.family(code) for code in codes.split()} == {family}


@pytest.mark.parametrize(("before", "after"), list(product(get_args(SaleState), repeat=2)))
def test_a_sale_moves_by_the_table_alone(before: SaleState, after: SaleState) -> None:
    ways = {
        ("sending", "approved"),
        ("sending", "declined"),
        ("sending", "reversing"),
        ("approved", "reversing"),
        ("reversing", "reversed"),
        ("reversing", "declined"),
        ("reversed", "reversing"),
    }
    if (before, after) in ways:
        assert rules.moved(sale(state=before), after).state == after
    else:
        with pytest.raises(ValueError, match=f"that is {before} cannot be {after}"):
            rules.moved(sale(state=before), after)


# Messages -----------------------------------------------------------------------------------------------------

STRIPE = BankCard(pan=PAN, expiry="4912", track2=f"{PAN}=49122201", pin_block="AF5DABE4951A8715")
CHIP = BankCard(pan=PAN, expiry="4912", sequence="001", track2=f"{PAN}=49122201", icc="9F2608")


@pytest.mark.parametrize(
    ("card", "mode"),
    [
        (STRIPE, "021"),
        (CHIP, "052"),
        (BankCard(pan=PAN, icc="9F", pin_block="0" * 16), "051"),
        (BankCard(pan=PAN, track2="1"), "022"),
        (BankCard(pan=PAN), "012"),
    ],
)
def test_how_the_card_came_in(card: BankCard, mode: str) -> None:
    assert rules.entry_mode(card) == mode


def test_the_message_of_a_sale() -> None:
    message = rules.sale_message(SALE, STRIPE)
    assert message.mti == "0200"
    assert message.fields == {
        2: PAN,
        3: "000000",
        4: "000000012345",
        11: "000007",
        14: "4912",
        22: "021",
        25: "00",
        26: "12",
        35: f"{PAN}=49122201",
        41: "10000001",
        42: "102110000000001",
        49: "156",
        52: "AF5DABE4951A8715",
        53: "2600000000000000",
        60: "2200000300050",
    }
    assert decode(encode(message, lambda _: bytes(8))).fields[35] == f"{PAN}=49122201"


def test_a_chip_card_without_a_pin_says_so() -> None:
    fields = rules.sale_message(sale(entry="052", sequence="001"), CHIP).fields
    assert (fields[22], fields[23], fields[55], fields[53]) == ("052", "001", "9F2608", "0600000000000000")
    assert not {26, 52} & fields.keys()


def test_a_reversal_repeats_the_sales_own_numbers_and_has_no_secret_of_the_card() -> None:
    back = sale(state="reversing", reason="96", auth_code="000042", sequence="001")
    message = rules.reversal_message(back, PAN, timedelta(hours=8))
    fields = message.fields
    assert message.mti == "0400"
    asked = rules.sale_message(back, STRIPE).fields
    assert {number: fields[number] for number in asked.keys() & fields.keys()} == {
        number: asked[number] for number in asked.keys() & fields.keys()
    }
    assert fields.keys() - asked.keys() == {38, 39, 61}
    assert (fields[11], fields[38], fields[39]) == ("000007", "000042", "96")
    assert fields[61] == "0000030000071124"  # the date at the bank, where it is past midnight
    assert not {14, 35, 36, 52, 53, 55} & fields.keys()


def test_a_reversal_of_which_the_bank_said_nothing_has_no_authorisation_code() -> None:
    fields = rules.reversal_message(sale(state="reversing"), PAN, timedelta(hours=8)).fields
    assert 38 not in fields
    assert fields[39] == "98"


# Answers ------------------------------------------------------------------------------------------------------


def test_an_approval() -> None:
    finding = rules.judge_sale(SALE, answer(), mac_good=True)
    assert finding == rules.Finding("approved", "00", "112400000001", "000042")


@pytest.mark.parametrize("code", sorted(set(CODES) - {"68", "98"}))
def test_a_refusal_that_a_mac_vouches_for(code: str) -> None:
    finding = rules.judge_sale(SALE, answer(f39=code, f37="", f38=""), mac_good=True)
    assert (finding.verdict, finding.code, finding.fault) == ("declined", code, "")


@pytest.mark.parametrize(
    ("changes", "mac_good", "reason"),
    [
        ({}, False, "A0"),
        ({"f39": "51"}, False, "A0"),
        ({"f39": "77"}, False, "A0"),
        ({"f4": "000000012346"}, True, "06"),
        ({"f4": "000000012346", "f39": "51"}, True, "06"),
        ({"f4": ""}, True, "06"),
        ({"f41": "10000002"}, True, "06"),
        ({"f11": "000008"}, True, "06"),
        ({"f42": "102110000000002"}, True, "06"),
        ({"f3": "200000"}, True, "06"),
        ({"mti": "0410"}, True, "06"),
        ({"f39": ""}, True, "06"),
        ({"f39": "68"}, True, "98"),
        ({"f39": "98"}, True, "98"),
    ],
)
def test_an_answer_that_proves_nothing(changes: dict[str, Any], mac_good: bool, reason: str) -> None:
    finding = rules.judge_sale(SALE, answer(**changes), mac_good=mac_good)
    assert (finding.verdict, finding.reason) == ("doubtful", reason)
    assert finding.fault


def test_what_may_be_missing_in_an_answer() -> None:
    assert rules.judge_sale(SALE, answer(f3="", f42="", f37="", f38=""), mac_good=True).verdict == "approved"
    assert rules.judge_sale(SALE, answer(f4="", f39="51"), mac_good=True).verdict == "declined"


def test_a_banks_number_with_strange_characters_is_none() -> None:
    finding = rules.judge_sale(SALE, answer(f37="12\x1b[2J7890 12", f38=" a1   "), mac_good=True)
    assert (finding.rrn, finding.auth_code) == ("", "a1")


@pytest.mark.parametrize("code", ["10", "11", "16", "A2", "A6", "Y1", "ZZ"])
def test_a_code_that_is_no_known_refusal_proves_nothing_and_goes_back(code: str) -> None:
    """Networks approve with some of them."""
    finding = rules.judge_sale(SALE, answer(f39=code), mac_good=True)
    assert (finding.verdict, finding.code, finding.reason) == ("doubtful", code, "06")
    assert rules.may_have_taken(finding)


@pytest.mark.parametrize("code", [*CODES, "00", ""])
def test_which_codes_end_a_reversal(code: str) -> None:
    said = answer("0410", f39=code)
    assert rules.undone(SALE, said, mac_good=True) is (code in {"00", "12", "25"})
    assert not rules.undone(SALE, said, mac_good=False)
    assert rules.wants_sign_on(code) is (code in {"77", "99", "A0"})


@pytest.mark.parametrize(
    "changes", [{"f11": "000008"}, {"f41": "10000002"}, {"f4": "000000000001"}, {"mti": "0210"}]
)
def test_the_answer_to_another_reversal_ends_nothing(changes: dict[str, Any]) -> None:
    assert not rules.undone(SALE, answer(**({"mti": "0410"} | changes)), mac_good=True)


# What comes next ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "after", "act"),
    [
        ({}, 34 * SECOND, "wait"),
        ({}, 35 * SECOND, "reverse"),
        ({"state": "reversing", "next_at": NOW + SECOND}, 0 * SECOND, "wait"),
        ({"state": "reversing", "next_at": NOW + SECOND}, SECOND, "reverse"),
        ({"state": "reversing", "next_at": None}, 99 * SECOND, "none"),
        ({"state": "approved"}, 99 * SECOND, "none"),
        ({"state": "declined"}, 99 * SECOND, "none"),
        ({"state": "reversed"}, 99 * SECOND, "none"),
    ],
)
def test_the_next_act(changes: dict[str, Any], after: timedelta, act: str) -> None:
    assert rules.next_act(sale(**changes), NOW + after) == act


def test_a_sale_that_may_not_have_been_sent_yet_goes_back_when_it_is_due() -> None:
    back = rules.give_back(SALE, "06", NOW)
    assert (back.state, back.reason, back.next_at) == ("reversing", "06", SALE.due_at)
    late = SALE.due_at + SECOND
    assert rules.give_back(SALE, "98", late).next_at == late


def test_an_approved_sale_goes_back_at_once() -> None:
    back = rules.give_back(sale(state="approved"), "06", NOW)
    assert (back.state, back.next_at) == ("reversing", NOW)


@pytest.mark.parametrize("state", ["declined", "reversing", "reversed"])
def test_what_goes_back_already_or_took_nothing_stays_as_it_is(state: SaleState) -> None:
    before = sale(state=state)
    assert rules.give_back(before, "06", NOW) is before


@pytest.mark.parametrize(
    ("state", "code", "kept"),
    [
        ("reversed", "00", ""),
        ("reversed", "25", "p1.kept"),
        ("reversed", "12", "p1.kept"),
        ("declined", "51", ""),
    ],
)
def test_the_cards_number_is_kept_while_anything_may_go_back(state: SaleState, code: str, kept: str) -> None:
    done = rules.ended(sale(state="reversing", next_at=NOW), state, code, NOW)
    assert (done.state, done.pan_kept, done.next_at, done.ended_at) == (state, kept, None, NOW)


def test_a_card_is_told_by_nothing_of_its_own() -> None:
    """It may come into a log with whatever holds it."""
    assert repr(BankCard(pan=PAN, track2=f"{PAN}=4912", pin_block="0" * 16)) == "BankCard(<19>)"
