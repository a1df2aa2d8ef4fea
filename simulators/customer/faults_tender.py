"""The faults of payments without cash: bank cards, the terminal box, phones and recharge cards."""

from __future__ import annotations

from functools import partial

from simulators.customer import blows
from simulators.customer import tender_blows as do
from simulators.customer.fault import BOOKED, CALM, SOON, Fault
from simulators.customer.journeys import MOTOR

UNDONE = ("reversed.title",)
_Card = partial(Fault, journeys=("pay-bank-card", "buy-power-bank-card"))
_Box = partial(Fault, journeys=("pay-bank-box", "buy-power-bank-box"))
_Phone = partial(Fault, journeys=("pay-qr", "buy-power-qr"))
_Recharge = partial(Fault, journeys=("pay-recharge-card", "buy-power-recharge-card"))
_LEFT = {**CALM, "bank_card": {"remind_s": 2.0, "take_card_s": 6.0}}
_BRIEF = {**SOON, "phone": {"pay_s": 4.0}}
_BOX_SOON = {**SOON, "eft_terminal": {"sale_s": 12.0, "answer_s": 4.0, "ask_again_s": 1.0}}

BANK = (
    _Card(
        "bank-declines",
        "the bank says that there is not enough on the card: nothing is taken",
        {"pin_asked": do.end("bank_a", "decline", code="51")},
        ("declined.funds",),
    ),
    _Card(
        "bank-wrong-pin",
        "the customer types a wrong PIN, and the bank says so: nothing is taken",
        {"pin_asked": do.decides(pin="654321")},
        ("declined.pin",),
    ),
    _Card(
        "bank-drops-answer",
        "the bank takes the money and its answer is lost: the sale is reversed, and the bank gives it back",
        {"pin_asked": do.end("bank_a", "drop_answer")},
        UNDONE,
    ),
    _Card(
        "bank-silent",
        "the bank neither hears nor answers: the sale is reversed, and nothing was taken",
        {"pin_asked": do.end("bank_a", "silence", kind="sale", next=1)},
        UNDONE,
    ),
    _Card(
        "bank-breaks-mac",
        "the bank's answer has a wrong MAC: nobody believes it, and the sale is reversed",
        {"pin_asked": do.end("bank_a", "break_mac")},
        UNDONE,
    ),
    _Card(
        "bank-asks-sign-on",
        "the bank wants the terminal to sign on anew: the sale stands, and the hub signs on behind it",
        {"pin_asked": do.end("bank_a", "ask_sign_on", kind="sale")},
        BOOKED,
    ),
    _Card(
        "bank-day-end",
        "the bank changes its day and takes no sale meanwhile",
        {"pin_asked": do.end("bank_a", "cut_over"), "told": do.end("bank_a", "cut_over", on=False)},
        ("declined.day_end",),
    ),
    _Card(
        "bank-keeps-card",
        "the bank wants the card: the kiosk draws it in, and page and slip say whom to ask",
        {"pin_asked": do.both(do.end("bank_a", "decline", code="04"), do.decides(leaves_card=True))},
        ("declined.captured_bank",),
        journeys=("pay-bank-card",),
        tenders=MOTOR,
    ),
    _Card(
        "bank-card-pulled-at-pin",
        "the customer pulls the card while the PIN is asked for, is told, and puts it back",
        {"pin_asked": do.pulls_card_at_pin},
        ("bank_card.pulled",),
    ),
    _Card(
        "bank-card-forgotten",
        "the customer leaves without the card and is called back to it",
        {"told": do.forgets_card},
        ("take_bank_card.prompt", "take_bank_card.again"),
        journeys=("pay-bank-card",),
    ),
    _Card(
        "bank-card-left",
        "the customer leaves the card in the mouth of the reader for good: it is drawn in",
        {"told": do.leaves_card_for_good},
        ("take_bank_card.again",),
        _LEFT,
        journeys=("pay-bank-card",),
        tenders=MOTOR,
    ),
    _Card(
        "bank-pin-cancelled",
        "the customer presses cancel at the PIN pad: nothing is taken, and other means are offered",
        {"pin_asked": do.decides(cancels=True)},
        ("means.title",),
    ),
    _Card(
        "kiosk-killed-while-bank-asked",
        "the kiosk is killed while the bank is asked, and the bank takes the money: it is reversed",
        {"pin_asked": do.end("bank_a", "hold"), "sale_asked": do.kills_kiosk_while_bank_asked},
        UNDONE,
        SOON,
    ),
    _Card(
        "hub-killed-while-bank-asked",
        "the hub is killed while the bank is asked, and the bank takes the money: it is reversed",
        {"pin_asked": do.end("bank_a", "hold"), "sale_asked": do.kills_hub_while_bank_asked},
        UNDONE,
        SOON,
    ),
    _Card(
        "paper-out-after-bank-card",
        "the paper ends while the receipt of a bank card's payment is printed",
        {"pin_asked": blows.printer("paper_out_after", mm=30)},
        ("receipt.failed",),
        journeys=("pay-bank-card",),
    ),
)
BOX = (
    _Box(
        "box-declines",
        "the terminal box's bank says that there is not enough on the card: nothing is taken",
        {"box_asked": do.end("box", "decline", code="51")},
        ("declined.funds",),
    ),
    _Box(
        "box-drops-answer",
        "the box takes the money and its answer is lost: asked for its last result it tells, and it is booked",
        {"box_asked": do.end("box", "fault", what="drop", only="A")},
        BOOKED,
        _BOX_SOON,
    ),
    _Box(
        "box-loses-power",
        "the box loses its power when the money is taken: started again it tells, and it is booked",
        {
            "box_asked": do.end("box", "cut_power", step="reply"),
            "card_presented": do.box_power_again,
        },
        BOOKED,
        _BOX_SOON,
    ),
    _Box(
        "box-gives-back",
        "the box loses its power when the money is taken, and gives it back by itself: nothing is booked",
        {
            "box_asked": do.end("box", "cut_power", step="reply", undone=True),
            "card_presented": do.box_power_again,
        },
        ("declined.bank_away",),
        _BOX_SOON,
    ),
    _Box(
        "kiosk-killed-while-box-asked",
        "the kiosk is killed while the box takes the money: started again it asks the box first, and books it",
        {"box_asked": do.end("box", "hold", step="bank"), "card_presented": do.kills_kiosk_while_box_asked},
        BOOKED,
        _BOX_SOON,
    ),
)
PHONE = (
    _Phone(
        "phone-cancelled",
        "the customer cancels with the code on the screen: its order is closed, and nothing was taken",
        {"code_shown": do.decides(cancels=True)},
        ("declined.phone_cancelled",),
    ),
    _Phone(
        "phone-timeout",
        "nobody scans the code: the time ends and the order is closed",
        {"code_shown": do.decides(taps=False)},
        ("declined.phone_timeout",),
        _BRIEF,
    ),
    _Phone(
        "phone-pays-late",
        "a payment comes for an order that is closed: it goes back",
        {"code_shown": do.decides(taps=False), "told": do.end("wallet", "pay_late")},
        ("declined.phone_timeout",),
        _BRIEF,
    ),
    _Phone(
        "phone-pays-at-closing",
        "the customer pays in the very moment in which the time ends: it is booked",
        {"code_shown": do.both(do.decides(taps=False), do.end("wallet", "pay_at_closing"))},
        BOOKED,
        _BRIEF,
    ),
    _Phone(
        "phone-provider-silent",
        "the wallet's provider hears nothing: the customer goes with a slip, and the order is closed once it hears",
        {"means_asked": do.end("wallet", "silent"), "told": do.end("wallet", "pass")},
        ("checking.title",),
        SOON,
    ),
    _Phone(
        "kiosk-killed-with-code-shown",
        "the kiosk is killed with a code on its screen: started again it closes the order",
        {"code_shown": do.both(do.decides(taps=False), do.kills_kiosk_with_code_shown)},
        ("declined.phone_timeout",),
        SOON,
    ),
    _Phone(
        "kiosk-killed-phone-pays",
        "the kiosk is killed with a code on its screen, which is paid meanwhile: started again it has it booked",
        {"code_shown": do.pays_while_kiosk_is_dead},
        BOOKED,
        SOON,
    ),
)
RECHARGE = (
    _Recharge(
        "recharge-unknown",
        "a recharge card's number that nobody has is typed; told, the customer types the right one",
        {
            "number_asked": do.decides(recharge=777),
            "number_confirmed": do.wrong_number_then_right(777),
        },
        ("recharge.unknown",),
    ),
    _Recharge(
        "recharge-expired",
        "the recharge card is too old: it is not used, and the customer takes another",
        {
            "number_asked": do.decides(recharge=7),
            "number_confirmed": do.wrong_number_then_right(7),
        },
        ("recharge.expired",),
    ),
    _Recharge(
        "recharge-used",
        "the customer comes back with a recharge card that is spent: it is told, and counts once",
        {"at_home": do.comes_again_with_spent_card},
        ("recharge.used",),
        journeys=("pay-recharge-card",),
    ),
)
TENDERS = (*BANK, *BOX, *PHONE, *RECHARGE)
