"""What a customer sees at each fault that the demonstration plays: the decisive page, and the slip with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Seen(NamedTuple):
    """The sample page and the sample slip (`kiosk.receipts.samples`) of one fault; no slip where none is due."""

    page: str
    slip: str = ""


BOOKED = Seen("done_receipt_taken", "paid")
CHECKED = Seen("checking_slip", "checking")
NO_PAPER = Seen("done_no_receipt")
IN_DOUBT = Seen("claim_note_fate_unknown", "claim_in_doubt")
ON_CARD = Seen("done_bought_slip", "power")
STILL_WRITING = Seen("writing_session_1", "power")
NOT_READ = Seen("message_hub_gone", "power")
UNDONE = Seen("reversed_slip", "reversal")
BY_CARD = Seen("done_bank_card", "paid_bank_card")
BY_PHONE = Seen("done_receipt_taken", "paid_qr")
CODE_OVER = Seen("declined_phone_timeout")
FAULT_PAGES: Mapping[str, Seen] = {
    "account-unknown": Seen("enter_account_unknown_account", "paid"),
    "meter-mistyped": Seen("enter_meter_wrong_check_digit", "paid"),
    "note-type-off": Seen("cash_note_rejected_type_disabled", "paid"),
    "hub-gone-while-paying": CHECKED,
    "hub-gone-after-first-note": CHECKED,
    "hub-gone-until-claim": Seen("claim_unanswered", "claim"),
    "hub-gone-before": Seen("checking_provisional_slip", "provisional"),
    "hub-gone-at-bills": Seen("checking_provisional_slip", "provisional"),
    "hub-slow": BOOKED,
    "hub-drops-answer": BOOKED,
    "hub-answers-garbage": BOOKED,
    "hub-answers-byte-by-byte": CHECKED,
    "hub-wrong-signature": BOOKED,
    "hub-unsigned-error": BOOKED,
    "hub-answers-for-another": BOOKED,
    "request-repeated": BOOKED,
    "note-rejected": Seen("cash_note_rejected_optic", "paid"),
    "acceptor-jam": Seen("cash_note_jam_jam", "paid"),
    "acceptor-unplugged": Seen("cash_note_trouble_trouble", "paid"),
    "acceptor-power-cut": BOOKED,
    "power-cut-note-in-head": Seen("cash_note_returned", "paid"),
    "power-cut-note-in-box": Seen("cash_note_recovered", "paid"),
    "power-cut-note-stacked": Seen("cash_note_recovered", "paid"),
    "power-cut-without-counter": IN_DOUBT,
    "jam-cleared-by-hand": IN_DOUBT,
    "note-found-too-late": IN_DOUBT,
    "frames-broken": BOOKED,
    "frames-cut-short": BOOKED,
    "frames-overlong": BOOKED,
    "frames-foreign": BOOKED,
    "printer-unplugged": NO_PAPER,
    "paper-out-before": Seen("attract_no_paper"),
    "paper-out-during": NO_PAPER,
    "kiosk-killed-after-first-note": Seen("done_after_restart", "paid"),
    "kiosk-killed-note-in-escrow": Seen("restart_note_never_taken"),
    "kiosk-killed-note-comes-back": Seen("restart_note_back_slip", "returned"),
    "kiosk-killed-note-stacking": Seen("done_after_restart", "paid"),
    "kiosk-killed-while-paying": Seen("done_receipt_taken", "paid_copy"),
    "mains-cut-customer-gone": Seen("done_after_restart", "paid"),
    "journal-damaged": Seen("closed_journal_damaged"),
    "kiosk-started-twice": BOOKED,
    "settings-wrong-key": BOOKED,
    "card-pulled-while-written": Seen("card_back_unknown", "power"),
    "card-pulled-and-kept": Seen("owed_unknown_slip", "power_unknown"),
    "card-torn-in-half-a-file": Seen("card_back_unknown", "power"),
    "card-of-another-household": Seen("card_back_other", "power"),
    "card-foreign": Seen("card_trouble_card_foreign", "power"),
    "card-of-a-bank": Seen("card_trouble_bank_card", "power"),
    "card-not-in-the-meter": Seen("card_not_taken", "power"),
    "card-worn-out": Seen("owed_worn_slip", "power_owed"),
    "card-locked": Seen("card_trouble_card_locked", "power"),
    "card-locks-before-write": Seen("owed_worn_slip", "power_owed"),
    "card-silent": STILL_WRITING,
    "reader-unplugged": STILL_WRITING,
    "pcscd-restarted": ON_CARD,
    "sam-pulled": ON_CARD,
    "sam-pulled-that-computes": Seen("owed_slip", "power_owed"),
    "hub-gone-before-card-read": NOT_READ,
    "hub-garbles-card-read": NOT_READ,
    "hub-gone-before-write": STILL_WRITING,
    "hub-gone-until-owed": Seen("owed_slip", "power_owed"),
    "kiosk-killed-while-card-written": ON_CARD,
    "kiosk-killed-when-power-is-sold": ON_CARD,
    "new-card-spoiled": Seen("new_card_failed_session", "new_card_owed"),
    "bank-declines": Seen("declined_funds"),
    "bank-wrong-pin": Seen("declined_pin"),
    "bank-drops-answer": UNDONE,
    "bank-silent": UNDONE,
    "bank-breaks-mac": UNDONE,
    "bank-asks-sign-on": BY_CARD,
    "bank-day-end": Seen("declined_day_end"),
    "bank-keeps-card": Seen("declined_captured_bank", "captured"),
    "bank-card-pulled-at-pin": Seen("insert_bank_card_pulled", "paid_bank_card"),
    "bank-card-forgotten": Seen("take_bank_card_0", "paid_bank_card"),
    "bank-card-left": Seen("take_bank_card_1", "paid_bank_card"),
    "bank-pin-cancelled": Seen("means"),
    "kiosk-killed-while-bank-asked": UNDONE,
    "hub-killed-while-bank-asked": UNDONE,
    "paper-out-after-bank-card": NO_PAPER,
    "box-declines": Seen("declined_funds"),
    "box-drops-answer": BY_CARD,
    "box-loses-power": BY_CARD,
    "box-gives-back": Seen("declined_bank_away"),
    "kiosk-killed-while-box-asked": BY_CARD,
    "phone-cancelled": Seen("declined_phone_cancelled"),
    "phone-timeout": CODE_OVER,
    "phone-pays-late": CODE_OVER,
    "phone-pays-at-closing": BY_PHONE,
    "phone-provider-silent": Seen("checking_phone_slip", "checking_phone"),
    "kiosk-killed-with-code-shown": CODE_OVER,
    "kiosk-killed-phone-pays": BY_PHONE,
    "recharge-unknown": Seen("recharge_unknown", "paid_recharge_card"),
    "recharge-expired": Seen("recharge_expired", "paid_recharge_card"),
    "recharge-used": Seen("recharge_used", "paid_recharge_card"),
}
