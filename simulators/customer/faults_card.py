"""The faults of a purchase on a meter card, each in the journeys that buy one."""

from __future__ import annotations

from functools import partial

from simulators.customer import blows, card_blows
from simulators.customer.fault import PATIENT_READER, POWER, SOON, Fault
from simulators.customer.journeys import LOST_UNREAD

BOUGHT = ("write.bought",)
IN_DOUBT = ("write.unknown",)
_Card = partial(Fault, journeys=POWER)
_HUB_SOON = {**SOON, "hub": {**SOON["hub"], "checking_after_s": 60.0, "deadline_s": 6.0}}

PULLED = (
    _Card(
        "card-pulled-while-written",
        "the customer pulls the card while it is written, is asked for it, and puts it back",
        {
            "before_pay": card_blows.card("pull", at=card_blows.FIRST_UPDATE + 2),
            "card_wanted": card_blows.puts_it_back,
        },
        IN_DOUBT,
    ),
    _Card(
        "card-pulled-and-kept",
        "the customer pulls the card and goes: the power is owed, and written free of charge the same day",
        {
            "before_pay": card_blows.card("pull", at=card_blows.FIRST_UPDATE + 2),
            "card_wanted": card_blows.keeps_it,
            "at_home": card_blows.comes_back,
        },
        IN_DOUBT,
    ),
    _Card(
        "card-torn-in-half-a-file",
        "the card is pulled with half a file in it, and put back: it is written whole",
        {
            "before_pay": card_blows.card("pull", at=card_blows.FIRST_UPDATE, cut="half"),
            "card_wanted": card_blows.puts_it_back,
        },
        IN_DOUBT,
    ),
    _Card(
        "card-of-another-household",
        "the card is pulled, and another household's is put back: it is told, not written, and the right one is",
        {
            "before_pay": card_blows.card("pull", at=card_blows.FIRST_UPDATE + 2),
            "card_wanted": card_blows.tries_neighbours_card,
        },
        ("wrong.changed",),
    ),
)
BAD_CARD = (
    _Card(
        "card-foreign",
        "a card of another trade is put in first: it is told, and the meter card is read then",
        {"card_asked": card_blows.tries_strange_card("foreign")},
        ("wrong.foreign",),
    ),
    _Card(
        "card-of-a-bank",
        "a bank card is put into the meter card's slot: it is told not to be charged, and the meter card read then",
        {"card_asked": card_blows.tries_strange_card("bank")},
        ("wrong.bank_card",),
    ),
    _Card(
        "card-not-in-the-meter",
        "the last purchase is still on the card: no money is taken before the meter has it",
        {"sent_away": card_blows.puts_it_into_the_meter},
        ("card.not_taken",),
        card=LOST_UNREAD,
    ),
    _Card(
        "card-worn-out",
        "the card takes no write any more: the power is owed, and page and slip say what to do",
        {"before_pay": card_blows.card("wear")},
        ("write.given_up",),
    ),
    _Card(
        "card-locked",
        "the card is locked: it is told before any money is taken, and power bought once the counter has unlocked it",
        {"card_asked": card_blows.once(card_blows.tries_locked_card)},
        ("wrong.locked",),
    ),
    _Card(
        "card-locks-before-write",
        "the card locks itself between reading and writing: the power is owed, and page and slip say what to do",
        {"before_pay": card_blows.card("lock")},
        ("write.given_up",),
    ),
    _Card(
        "card-silent",
        "the card falls silent while it is written, and answers again: it is looked at, and written",
        {
            "before_pay": card_blows.stops_at(card_blows.FIRST_UPDATE + 2),
            "pay_pressed": card_blows.silent_for_a_while,
        },
        ("write.wait1",),
    ),
)
READER = (
    _Card(
        "reader-unplugged",
        "the card reader's cable is pulled while the card is written, and put in again",
        {
            "before_pay": card_blows.stops_at(card_blows.FIRST_UPDATE + 2),
            "pay_pressed": card_blows.reader_unplugged,
        },
        ("write.wait1",),
        PATIENT_READER,
    ),
    _Card(
        "pcscd-restarted",
        "the card reader's program crashes while the card is written, and is started again",
        {
            "before_pay": card_blows.stops_at(card_blows.FIRST_UPDATE + 2),
            "pay_pressed": card_blows.pcscd_restarted,
        },
        BOUGHT,
        PATIENT_READER,
    ),
    _Card(
        "sam-pulled",
        "the SAM is pulled out in mid-purchase: the key of the sign-on stays good, and the hub computes for the card",
        {"before_pay": card_blows.sam("pull")},
        BOUGHT,
        journeys=("buy-power",),
    ),
    _Card(
        "sam-pulled-that-computes",
        "the SAM is pulled out that is to compute for the card: the power is owed, and written once the SAM is back",
        {
            "before_pay": card_blows.sam("pull"),
            "owed": card_blows.sam("insert"),
            "at_home": card_blows.comes_back,
        },
        ("write.failed",),
        journeys=("buy-power-sam",),
    ),
)
CARD_LINE = (
    _Card(
        "hub-gone-before-card-read",
        "the line to the hub is cut before the card is read: no money is taken, and the customer comes again",
        {"card_asked": card_blows.once(blows.hub("cut")), "sent_away": card_blows.mends_line},
        ("message.hub_gone",),
        SOON,
    ),
    _Card(
        "hub-garbles-card-read",
        "the hub's answer to the card's reading is garbage: no money is taken, and the customer comes again",
        {"card_asked": card_blows.once(blows.hub("garbage")), "sent_away": card_blows.mends_line},
        ("message.hub_gone",),
        SOON,
    ),
    _Card(
        "hub-gone-before-write",
        "the hub goes when the power is sold and no byte written, and comes back: the card is written",
        {"before_pay": card_blows.answers_late, "pay_pressed": card_blows.hub_back_while_waiting},
        ("write.wait1",),
        _HUB_SOON,
    ),
    _Card(
        "hub-gone-until-owed",
        "the hub goes when the power is sold and stays away: it is owed, and written free of charge the same day",
        {
            "before_pay": card_blows.answers_late,
            "pay_pressed": card_blows.hub_gone_when_booked,
            "owed": blows.hub_back_after_slip,
            "at_home": card_blows.comes_back,
        },
        ("write.failed",),
        _HUB_SOON,
    ),
)
KILLED = (
    _Card(
        "kiosk-killed-while-card-written",
        "the kiosk is killed while the card is written: started again, it looks at the card first",
        {
            "before_pay": card_blows.stops_at(card_blows.FIRST_UPDATE + 2),
            "pay_pressed": card_blows.killed_while_writing,
        },
        BOUGHT,
        PATIENT_READER,
    ),
    _Card(
        "kiosk-killed-when-power-is-sold",
        "the kiosk is killed when the power is sold and no byte written: started again, it writes the card once",
        {"before_pay": card_blows.answers_late, "pay_pressed": card_blows.killed_when_booked},
        BOUGHT,
        _HUB_SOON,
    ),
)
NEW = (
    Fault(
        "new-card-spoiled",
        "the blank takes no write when the new card is made: it is owed, and made of another one free of charge",
        {"before_pay": card_blows.new_card("wear")},
        ("reissue.failed",),
        journeys=("reissue-card", "open-card"),
    ),
)
CARD = (*PULLED, *BAD_CARD, *READER, *CARD_LINE, *KILLED, *NEW)
