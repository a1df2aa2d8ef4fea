"""The faults: what goes wrong, at which moment of the customer's way, and which words must then tell the truth."""

from __future__ import annotations

from simulators.customer import blows
from simulators.customer.fault import (
    ASKED_AGAIN,
    BOOKED,
    CALM,
    CLAIM_SOON,
    LEFT_ALONE,
    LOST_SOON,
    NO_COUNTER,
    OFFLINE,
    PATIENT,
    SOON,
    Fault,
)
from simulators.customer.faults_card import CARD
from simulators.customer.faults_input import FRAMES, STARTS, TYPED
from simulators.customer.faults_tender import TENDERS

LINE = (
    Fault(
        "hub-gone-while-paying",
        "the line to the hub is cut as the customer presses pay, and comes back when the slip is out",
        {"before_pay": blows.hub("cut"), "told": blows.hub_back_after_slip},
        ("checking.title",),
        SOON,
    ),
    Fault(
        "hub-gone-after-first-note",
        "the line to the hub is cut with a note in: no further note is taken, what is in can be paid",
        {"after_first_note": blows.hub("cut"), "told": blows.hub_back_after_slip},
        ("checking.title",),
        SOON,
    ),
    Fault(
        "hub-gone-until-claim",
        "the hub stays away: after all attempts the money becomes a claim with a reference",
        {"before_pay": blows.hub("cut"), "told": blows.hub_back_after_slip},
        ("claim.title",),
        CLAIM_SOON,
    ),
    Fault(
        "hub-gone-before",
        "the hub is gone when the customer comes, and cash may be taken without it: a provisional receipt",
        {"before": blows.hub_gone_on_attract, "told": blows.hub_back_after_slip},
        ("provisional.received",),
        OFFLINE,
    ),
    Fault(
        "hub-gone-at-bills",
        "the hub goes while the customer looks at the bills, and cash may be taken without it",
        {"bills": blows.hub("cut"), "told": blows.hub_back_after_slip},
        ("provisional.received",),
        OFFLINE,
    ),
    Fault(
        "hub-slow",
        "every answer of the hub takes 1.5 s more",
        {"bills": blows.hub("delay", ms=1500)},
        ("done.title",),
        {},
    ),
    Fault(
        "hub-drops-answer",
        "the hub takes the payment, its answer is lost",
        {"before_pay": blows.hub("drop_answer", next=2)},
        BOOKED,
        ASKED_AGAIN,
    ),
    Fault(
        "hub-answers-garbage",
        "the hub takes the payment, the kiosk gets random bytes for an answer",
        {"before_pay": blows.hub("garbage", next=2)},
        BOOKED,
        ASKED_AGAIN,
    ),
    Fault(
        "hub-answers-byte-by-byte",
        "the hub's answer trickles in, slower than any deadline",
        {"before_pay": blows.hub("trickle", bytes_per_s=20), "told": blows.hub_back_after_slip},
        ("checking.title",),
        SOON,
    ),
    Fault(
        "hub-wrong-signature",
        "somebody on the line changes the hub's answer: its signature no longer fits",
        {"before_pay": blows.hub("wrong_signature", next=2)},
        BOOKED,
        ASKED_AGAIN,
    ),
    Fault(
        "hub-unsigned-error",
        "a machine in between answers with an error of its own, which nobody signed",
        {"before_pay": blows.hub("http_500", next=2)},
        BOOKED,
        ASKED_AGAIN,
    ),
    Fault(
        "hub-answers-for-another",
        "the kiosk gets the hub's own signed answer to another request",
        {"before_pay": blows.hub("answer_for_other_id", next=2)},
        BOOKED,
        ASKED_AGAIN,
    ),
    Fault(
        "request-repeated",
        "the line delivers every request twice",
        {"before_pay": blows.hub("repeat_request")},
        BOOKED,
        ASKED_AGAIN,
    ),
)
ACCEPTOR = (
    Fault(
        "note-rejected",
        "the first note is not recognised",
        {"cash_open": blows.acceptor("reject_next"), "note_came_back": blows.told("note-back")},
        ("note.take_back",),
    ),
    Fault(
        "acceptor-jam",
        "the acceptor jams after the first note",
        {"after_first_note": blows.then_told(blows.acceptor("jam", where="entry"), "jam")},
        ("note.jam",),
    ),
    Fault(
        "acceptor-unplugged",
        "the acceptor's cable is pulled after the first note",
        {"after_first_note": blows.then_told(blows.acceptor("unplug"), "trouble")},
        ("note.trouble",),
    ),
    Fault(
        "acceptor-power-cut",
        "the acceptor loses power for a second after the first note",
        {"after_first_note": blows.power_cut},
        ("done.title",),
    ),
    Fault(
        "power-cut-note-in-head",
        "the acceptor loses power with a note in its head, and gives it back at power-up",
        {
            "before_note": blows.cut_power_once_at("escrow"),
            "note_drawn_in": blows.power_again,
            "note_came_back": blows.told("note-back"),
        },
        ("note.take_back",),
    ),
    Fault(
        "power-cut-note-in-box",
        "the acceptor loses power with a note before the box, takes it at power-up and says so",
        {"before_note": blows.cut_power_once_at("stacking"), "note_drawn_in": blows.power_again},
        ("note.recovered",),
    ),
    Fault(
        "power-cut-note-stacked",
        "the acceptor loses power before it told of a stacked note: its own counter tells",
        {"before_note": blows.cut_power_once_at("stacked"), "note_drawn_in": blows.power_again},
        ("note.recovered",),
    ),
    Fault(
        "power-cut-without-counter",
        "the same with an acceptor that keeps no counter: a claim, until the box is counted",
        {"before_note": blows.cut_power_once_at("stacked"), "note_drawn_in": blows.power_again},
        ("claim.title",),
        {**CALM, **NO_COUNTER},
    ),
    Fault(
        "jam-cleared-by-hand",
        "a note jams before the box and is taken out by hand; the counter stands still, which proves nothing: a claim",
        {"before_note": blows.stop_at("stacking"), "note_drawn_in": blows.jams_and_is_cleared},
        ("claim.title",),
    ),
    Fault(
        "note-found-too-late",
        "a note hangs before the box until its customer has gone with a claim slip; then it falls in: a claim, too",
        {"before_note": blows.stop_at("stacking"), "note_drawn_in": blows.falls_in_too_late},
        ("claim.title",),
        LOST_SOON,
    ),
)
PRINTER = (
    Fault(
        "printer-unplugged",
        "the printer's cable is pulled before the customer pays",
        {"before_pay": blows.printer("unplug")},
        ("receipt.failed",),
    ),
    Fault(
        "paper-out-before",
        "there is no paper when the customer comes",
        {"before": blows.then_told(blows.printer("paper_out"), "attract-no-paper")},
        ("attract.no_cash",),
    ),
    Fault(
        "paper-out-during",
        "the paper ends while the receipt is printed",
        {"before_pay": blows.printer("paper_out_after", mm=30)},
        ("receipt.failed",),
    ),
)
KIOSK = (
    Fault(
        "kiosk-killed-after-first-note",
        "the kiosk's process is killed after the first note and started again",
        {"after_first_note": blows.kill_kiosk},
        ("restart.kept",),
    ),
    Fault(
        "kiosk-killed-note-in-escrow",
        "the kiosk is killed before it decided on the note: started again, it gives the note back",
        {"before_note": blows.stop_at("accepting"), "note_drawn_in": blows.kill_before_the_intent},
        ("restart.title",),
    ),
    Fault(
        "kiosk-killed-note-comes-back",
        "the note does not go into the box and comes back, and the kiosk is killed before it saw that: a slip says so",
        {"before_note": blows.acceptor("cannot_stack_next"), "note_drawn_in": blows.kill_while_it_comes_back},
        ("restart.title",),
    ),
    Fault(
        "kiosk-killed-note-stacking",
        "the kiosk is killed while a note goes into the box: started again, it counts the note once",
        {"before_note": blows.stop_at("stacking"), "note_drawn_in": blows.kill_while_stacking},
        ("restart.kept",),
    ),
    Fault(
        "kiosk-killed-while-paying",
        "the kiosk is killed when the hub has the payment and the kiosk not its answer: it is booked once",
        {"before_pay": blows.hub("drop_answer"), "pay_pressed": blows.kill_with_the_answer_lost},
        ("done.title",),
        PATIENT,
    ),
    Fault(
        "mains-cut-customer-gone",
        "kiosk and acceptor lose power with a note before the box, and the customer leaves: it is paid in all the same",
        {
            "before_note": blows.cut_power_once_at("stacking"),
            "note_drawn_in": blows.mains_cut_and_nobody_there,
        },
        ("restart.kept",),
        LEFT_ALONE,
    ),
)
FAULTS = {
    fault.name: fault
    for fault in (*TYPED, *LINE, *ACCEPTOR, *FRAMES, *PRINTER, *KIOSK, *STARTS, *CARD, *TENDERS)
}
