"""The rules of the card switch: what banks' codes mean, which messages go out, what an answer proves, what comes next.

Times and trace numbers come in. What a sale can become::

    sending -> approved | declined | reversing      approved -> reversing
    reversing -> reversed | declined                (declined: the bank refused, and no reversal was sent yet)
    reversed -> reversing                           (the bank approves after all, having known of no sale before)
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from drivers.bank.elements import CURRENCY, Field60, Field61, security_control
from drivers.bank.message import Message
from hub.business.bank_keeping import SaleRecord, SaleState
from hub.business.tender_forms import BankCard, Family

BECOMES: Mapping[SaleState, frozenset[SaleState]] = {
    "sending": frozenset({"approved", "declined", "reversing"}),
    "approved": frozenset({"reversing"}),
    "declined": frozenset(),
    "reversing": frozenset({"reversed", "declined"}),
    "reversed": frozenset({"reversing"}),
}
APPROVED = "00"
FAMILIES: Mapping[str, Family] = {
    "01": "call_bank",
    "03": "not_allowed",
    "04": "capture",
    "05": "call_bank",
    "07": "capture",
    "12": "not_allowed",
    "13": "limit",
    "14": "card",
    "15": "card",
    "21": "card",
    "22": "bank_away",
    "25": "other",
    "30": "other",
    "34": "capture",
    "38": "pin_tries",
    "40": "not_allowed",
    "41": "capture",
    "43": "capture",
    "45": "card",
    "51": "funds",
    "54": "expired",
    "55": "pin",
    "57": "not_allowed",
    "58": "not_allowed",
    "59": "call_bank",
    "61": "limit",
    "62": "not_allowed",
    "64": "other",
    "65": "limit",
    "66": "call_bank",
    "67": "capture",
    "68": "bank_away",
    "75": "pin_tries",
    "77": "bank_away",
    "79": "other",
    "90": "day_end",
    "91": "bank_away",
    "92": "bank_away",
    "94": "other",
    "95": "other",
    "96": "bank_away",
    "97": "other",
    "98": "bank_away",
    "99": "bank_away",
    "A0": "bank_away",
}
"""What a refusal means for the customer, by the bank's code; a code that is not here is "other".

Nor does such a code prove that nothing was taken: networks have several for what they approve with a remark (10, 11,
16, A2, A4 to A6, Y1, Y3), so its sale goes back.
"""
UNDONE = frozenset({"00", "12", "25"})
"""The codes that end a reversal: done, no such kind of transaction, no such sale."""
SIGN_ON_AGAIN = frozenset({"77", "99", "A0"})
"""The codes of a bank whose working keys are not ours: sign on, then try again."""
DOUBTFUL = frozenset({"68", "98"})
"""The bank itself did not hear in time what became of the sale."""
SALE, SALE_ANSWER, REVERSAL, REVERSAL_ANSWER = "0200", "0210", "0400", "0410"
NO_ANSWER, FAULT_HERE, BAD_MAC, OTHER_REASON = "98", "96", "A0", "06"
"""Field 39 of a reversal: why the sale goes back."""
SETTLED = "its batch is settled: a person refunds it at the bank"
_PURCHASE, _NORMAL, _KIND = "000000", "00", "22"
_CAPABILITY, _CONDITION = "5", "0"
_LONGEST_PIN = "12"
_OUR_ALPHABET = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")

Act = Literal["send", "wait", "reverse", "none"]


def family(code: str) -> Family:
    """What a bank's refusal means for the customer.

    >>> family("51"), family("zz")
    ('funds', 'other')
    """
    return FAMILIES.get(code, "other")


def moved(sale: SaleRecord, state: SaleState) -> SaleRecord:
    """The sale in another state; ValueError for a way that does not exist."""
    if state not in BECOMES[sale.state]:
        raise ValueError(f"a sale that is {sale.state} cannot be {state}")
    return replace(sale, state=state)


# What goes out ------------------------------------------------------------------------------------------------


def entry_mode(card: BankCard) -> str:
    """Field 22: how the card's number came in (05 chip, 02 stripe, 01 by hand), and whether a PIN is there."""
    way = "05" if card.icc else "02" if card.track2 else "01"
    return way + ("1" if card.pin_block else "2")


def sale_message(sale: SaleRecord, card: BankCard) -> Message:
    """The message that asks for the money, without its MAC."""
    fields = _both(sale, card.pan)
    fields[53] = security_control(pin=bool(card.pin_block))
    if card.expiry:
        fields[14] = card.expiry
    if card.track2:
        fields[35] = card.track2
    if card.icc:
        fields[55] = card.icc
    if card.pin_block:
        fields[26], fields[52] = _LONGEST_PIN, card.pin_block
    return Message(SALE, fields)


def reversal_message(sale: SaleRecord, pan: str, utc_offset: timedelta) -> Message:
    """The message that takes a sale back, without its MAC: the sale's own numbers, why, and no PIN."""
    fields = _both(sale, pan)
    fields[39] = sale.reason or NO_ANSWER
    if sale.auth_code:
        fields[38] = sale.auth_code
    fields[61] = Field61(sale.batch, sale.stan, f"{sale.made_at + utc_offset:%m%d}").to_field()
    return Message(REVERSAL, fields)


def _both(sale: SaleRecord, pan: str) -> dict[int, str]:
    fields = {
        2: pan,
        3: _PURCHASE,
        4: f"{sale.amount_fen:012d}",
        11: sale.stan,
        22: sale.entry,
        25: _NORMAL,
        41: sale.tid,
        42: sale.merchant_no,
        49: CURRENCY,
        60: Field60(_KIND, sale.batch, "000", _CAPABILITY, _CONDITION).to_field(),
    }
    if sale.sequence:
        fields[23] = sale.sequence
    return fields


# What an answer proves ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """What a bank's answer to a sale proves. `code` is what it said, `fault` what is wrong with it.

    Whatever is wrong with an answer, the sale goes back, for the `reason` of field 39.
    """

    verdict: Literal["approved", "declined", "doubtful"]
    code: str = ""
    rrn: str = ""
    auth_code: str = ""
    reason: str = ""
    fault: str = ""


def judge_sale(sale: SaleRecord, answer: Message, *, mac_good: bool) -> Finding:
    """Judge the answer to a sale. What no MAC vouches for proves nothing, be it a yes or a no."""
    code, rrn, auth_code = (_clean(answer.get(number)) for number in (39, 37, 38))
    said = Finding("doubtful", code, rrn, auth_code)
    if fault := _misfit(sale, answer, SALE_ANSWER):
        return replace(said, reason=OTHER_REASON, fault=fault)
    if not mac_good:
        return replace(said, reason=BAD_MAC, fault="no MAC, or a wrong one")
    if code == APPROVED:
        if answer.get(4) != f"{sale.amount_fen:012d}":
            return replace(said, reason=OTHER_REASON, fault="approved without the amount")
        return replace(said, verdict="approved")
    if len(code) != 2:
        return replace(said, reason=OTHER_REASON, fault="no response code")
    if code in DOUBTFUL:
        return replace(said, reason=NO_ANSWER, fault="the bank did not hear what became of it")
    if code not in FAMILIES:
        return replace(said, reason=OTHER_REASON, fault=f"{code} is no refusal that we know")
    return replace(said, verdict="declined")


def undone(sale: SaleRecord, answer: Message, *, mac_good: bool) -> bool:
    """Whether the answer to a reversal ends it."""
    return mac_good and not _misfit(sale, answer, REVERSAL_ANSWER) and answer.get(39) in UNDONE


def wants_sign_on(code: str) -> bool:
    """Whether a bank that answers so has other working keys than we."""
    return code in SIGN_ON_AGAIN


def _misfit(sale: SaleRecord, answer: Message, mti: str) -> str:
    """The first thing in which an answer is not that of this sale; empty where it is."""
    if answer.mti != mti:
        return f"the answer is a {answer.mti}"
    if answer.get(41) != sale.tid or answer.get(11) != sale.stan:
        return "another terminal or trace number"
    if answer.get(42) not in {"", sale.merchant_no}:
        return "another merchant"
    if answer.get(4) not in {"", f"{sale.amount_fen:012d}"}:
        return "another amount"
    if answer.get(3) not in {"", _PURCHASE}:
        return "another kind of transaction"
    return ""


def _clean(text: str) -> str:
    """A number of the bank's as it may stand on a slip; what has other characters is none."""
    text = text.strip(" \0")
    return text if _OUR_ALPHABET.issuperset(text.upper()) else ""


# What comes next ----------------------------------------------------------------------------------------------


def next_act(sale: SaleRecord, now: datetime) -> Act:
    """What is to be done about a sale by anybody who finds it.

    One that is sending is left to the hub process that sends it, until it is due. A reversal without a next time is
    for people.
    """
    if sale.state == "sending":
        return "reverse" if sale.due_at <= now else "wait"
    if sale.state != "reversing" or sale.next_at is None:
        return "none"
    return "reverse" if sale.next_at <= now else "wait"


def back_off(first_s: float, most_s: float, attempts: int) -> timedelta:
    """How long a reversal waits after so many attempts: twice as long each time, up to the most.

    >>> [back_off(5, 60, attempts).seconds for attempts in (1, 2, 3, 4, 5, 99)]
    [5, 10, 20, 40, 60, 60]
    """
    return timedelta(seconds=min(first_s * 2 ** min(max(attempts, 1) - 1, 32), most_s))


def give_back(sale: SaleRecord, reason: str, at: datetime) -> SaleRecord:
    """The sale once its money goes back, and not before `at`; one that goes back already, or is ended, stays as it is.

    Before a sale is due the process that sends it may not have sent it yet: a reversal that overtook it would end in
    "no such sale", and the money be taken after.
    """
    if sale.state not in {"sending", "approved"}:
        return sale
    at = max(at, sale.due_at) if sale.state == "sending" else at
    return replace(moved(sale, "reversing"), reason=reason, next_at=at)


def may_have_taken(finding: Finding) -> bool:
    """Whether a bank's word may mean that it took the money, be it vouched for or not."""
    return bool(finding.code) and finding.code not in FAMILIES


def approved_late(sale: SaleRecord, finding: Finding, now: datetime) -> SaleRecord:
    """The sale once its bank approves it after it went back, or was to.

    What goes back says so. What had gone back because the bank knew of no sale does so once more, be the word vouched
    for or not: the money may have been taken after the reversal.
    """
    if sale.state == "reversed" and sale.pan_kept:
        sale = replace(moved(sale, "reversing"), reason=NO_ANSWER, next_at=now, ended_at=None)
    if sale.state != "reversing" or finding.verdict != "approved":
        return sale
    rrn, auth_code = sale.rrn or finding.rrn, sale.auth_code or finding.auth_code
    return replace(sale, code=finding.code, rrn=rrn, auth_code=auth_code)


def heard_since(sale: SaleRecord, before: SaleRecord) -> bool:
    """Whether the bank has said more of a sale than it had `before`.

    A bank that knew of no sale when a reversal reached it may have approved it just after.
    """
    return (sale.code, sale.rrn, sale.auth_code) != (before.code, before.rrn, before.auth_code)


def for_people(sale: SaleRecord) -> SaleRecord:
    """The sale whose batch is settled: no reversal can reach it, a person refunds it at the bank."""
    return replace(sale, next_at=None)


def ended(sale: SaleRecord, state: SaleState, code: str, now: datetime) -> SaleRecord:
    """The sale at its end. What the bank knows to be undone or refused needs the card's number no more.

    Where it only knew of no such sale it may still come upon one: the number is kept until the batch is settled.
    """
    certain = state == "declined" or code == APPROVED
    kept = "" if certain else sale.pan_kept
    return replace(moved(sale, state), ended_at=now, next_at=None, pan_kept=kept)
