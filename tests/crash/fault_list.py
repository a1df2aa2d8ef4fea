"""All deliberate faults, by the rules of money (1 to 9) that they break."""

from __future__ import annotations

from kiosk.core import cash
from kiosk.core.fate import Verdict
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.session.state import Page
from tests.crash import hub_patches, patches, truth_patches
from tests.crash.card_faults import CARD_FAULTS
from tests.crash.fault import Fault
from tests.crash.new_card_faults import NEW_CARD_FAULTS
from tests.crash.tender_faults import TENDER_FAULTS

FAULTS = (
    Fault(
        "a stacked note is not written down",
        1,
        100,
        lambda: patches.never_written(ev.NoteStacked),
        ("acknowledged before it was on the books",),
    ),
    Fault(
        "a credit request is not written down",
        1,
        100,
        lambda: patches.never_written(ev.CreditSending),
        ("I7: SendCredit",),
    ),
    Fault(
        "a print job is not written down",
        1,
        100,
        lambda: patches.never_written(ev.SlipIntended),
        ("I7: PrintSlip",),
    ),
    Fault(
        "a note is stacked before its intent is durable",
        1,
        100,
        lambda: patches.act_first(fx.StackNote),
        ("I7: StackNote",),
    ),
    Fault(
        "money is sent before the row is durable",
        1,
        100,
        lambda: patches.act_first(fx.SendCredit),
        ("I7: SendCredit",),
    ),
    Fault("rows are not chained", 1, 100, patches.rows_unchained, ("does not follow the row before it",)),
    Fault(
        "silence counts as approved",
        2,
        100,
        patches.silence_is_consent,
        ("paid at the kiosk, not at the hub",),
    ),
    Fault(
        "the slip says paid while nobody knows", 2, 100, patches.paid_slip_while_unknown, ("I6: a paid slip",)
    ),
    Fault(
        "an unknown outcome is shown as cancelled",
        2,
        100,
        lambda: truth_patches.shown_as_cancelled(Page.CHECKING),
        ("nothing was taken",),
    ),
    Fault(
        "the screen thanks before the answer",
        2,
        100,
        truth_patches.thanked_before_the_answer,
        ("I6: the screen says paid",),
    ),
    Fault(
        "the screen names another reference", 2, 100, truth_patches.other_reference_shown, ("does not name",)
    ),
    Fault(
        "the screen says that what is due is paid",
        2,
        100,
        truth_patches.due_for_paid,
        ("the page done tells",),
    ),
    Fault(
        "the screen says that every slip came out",
        2,
        100,
        truth_patches.slip_never_fails,
        ("says of its slip",),
    ),
    Fault(
        "a slip is for a neighbour's account",
        2,
        100,
        truth_patches.slip_of_a_neighbour,
        ("slip is for account",),
    ),
    Fault("a resend is dropped", 3, 100, lambda: patches.timer_dropped("credit"), ("I5: payment",)),
    Fault("stacked cash is reversed", 3, 100, hub_patches.cash_reversed, ("rule 3: cash was reversed",)),
    Fault(
        "a payment is repeated without end", 3, 100, patches.repeats_without_end, ("which must be a claim",)
    ),
    Fault("claims are not repeated", 3, 100, lambda: patches.timer_dropped("claim"), ("I5: claim",)),
    Fault("a payment id is used again", 4, 100, patches.reused_id, ("was sent with other content",)),
    Fault("a resend has a new id", 4, 100, patches.new_id_for_resend, ("that no kiosk knows",)),
    Fault("a resend has other content", 4, 100, patches.other_content, ("was sent with other content",)),
    Fault(
        "the hub takes other content under a known id",
        4,
        100,
        hub_patches.content_not_compared,
        ("was taken with other content",),
    ),
    Fault(
        "the hub does not give the stored reply",
        4,
        100,
        hub_patches.reply_not_stored,
        ("asked again is answered otherwise",),
    ),
    Fault("the hub books a payment twice", 4, 100, hub_patches.booked_twice, ("I3: payment",)),
    Fault("a claim leaves no tombstone", 4, 100, hub_patches.no_tombstone, ("I4: ",)),
    Fault(
        "an answer for another payment is believed",
        4,
        800,
        lambda: patches.believe(amount=False),
        ("holds another answer than the hub gave",),
    ),
    Fault(
        "an answer for another amount is believed",
        4,
        400,
        lambda: patches.believe(amount=True),
        ("do not add up to amount_fen",),
    ),
    Fault("a note is credited in escrow", 5, 100, patches.credit_on_escrow, ("I1: the kiosk has",)),
    Fault(
        "a note is acknowledged before its credit is durable",
        5,
        100,
        lambda: patches.act_first(fx.AcknowledgeNote),
        ("acknowledged before it was on the books",),
    ),
    Fault(
        "a repeated report is claimed again",
        5,
        400,
        lambda: patches.verdict_does(Verdict.ACKNOWLEDGE, cash._claim),
        ("I1: the kiosk has",),
    ),
    Fault(
        "a lost note counts as returned",
        5,
        800,
        lambda: patches.verdict_does(Verdict.UNKNOWN, cash._back),
        ("I1: box", "I1: a new customer"),
    ),
    Fault(
        "a lost note counts as stacked",
        5,
        400,
        lambda: patches.verdict_does(Verdict.UNKNOWN, cash._credit),
        ("I1: the kiosk has",),
    ),
    Fault("an old count is taken for the present one", 5, 400, patches.stale_counter, ("I1: the kiosk has",)),
    Fault("memo money is credited", 5, 100, patches.memo_credited, ("I1: with",)),
    Fault(
        "a note in the box is shown as returned",
        5,
        100,
        truth_patches.credited_called_returned,
        ("which lies in the box",),
    ),
    Fault("claim and payment are both booked", 6, 100, hub_patches.claim_beside_credit, ("I4: ",)),
    Fault("legs do not add up", 6, 100, hub_patches.unbalanced, ("I2: the legs",)),
    Fault(
        "a payment is booked to a neighbour's account",
        6,
        100,
        hub_patches.neighbours_account,
        ("the legs are not on account",),
    ),
    Fault(
        "the hub keeps a payment under another account",
        6,
        100,
        hub_patches.payment_of_another,
        (": row 0399900000",),
    ),
    Fault(
        "a payment is opened for another account than was confirmed",
        6,
        100,
        patches.opened_for_another_account,
        ("confirmed was",),
    ),
    Fault(
        "a payment reaches the hub without its notes",
        6,
        100,
        lambda: patches.told_otherwise("payment_request", notes=()),
        ("with another notes",),
    ),
    Fault(
        "the hub's day ends at another hour",
        6,
        100,
        hub_patches.day_of_greenwich,
        ("which is not the hub's day",),
    ),
    Fault(
        "the receipt bears the kiosk's own day",
        6,
        100,
        patches.kiosks_own_day_on_the_slip,
        ("is not what the hub booked",),
    ),
    Fault("a snapshot forgets a payment", 6, 100, patches.snapshot_forgets, ("IllegalEvent",)),
    Fault("a refused payment leaves no claim", 7, 100, patches.no_claim, ("claimed without a claim",)),
    Fault(
        "a claim reaches the hub without its notes",
        7,
        100,
        lambda: patches.told_otherwise("claim_request", notes=()),
        ("with another notes",),
    ),
    Fault(
        "a claim reaches the hub for another account",
        7,
        100,
        lambda: patches.told_otherwise("claim_request", account_no="0399900003"),
        ("with another account_no",),
    ),
    Fault(
        "a claim is kept without a booking",
        7,
        100,
        hub_patches.claim_without_booking,
        ("are not in suspense",),
    ),
    Fault(
        "the hub forgets whose claim it is", 7, 100, hub_patches.claim_of_nobody, ("is not kept as it came",)
    ),
    Fault(
        "a lost note leaves no claim", 7, 100, patches.lost_note_forgotten, ("I1: box", "I1: a new customer")
    ),
    Fault(
        "a late note is acknowledged and forgotten",
        7,
        400,
        lambda: patches.verdict_does(Verdict.CLAIM, cash._acknowledge),
        ("acknowledged before it was on the books",),
    ),
    Fault(
        "a note's deadline is forgotten",
        7,
        800,
        lambda: patches.timer_dropped("note_fate", "closing"),
        ("I5: payment",),
    ),
    Fault("a restart recovers nothing", 7, 100, patches.nothing_recovered, ("I5: payment",)),
    Fault(
        "a claim is shown as cancelled",
        7,
        100,
        lambda: truth_patches.shown_as_cancelled(Page.CLAIM),
        ("nothing was taken",),
    ),
    Fault(
        "a claimed note is not told of",
        7,
        100,
        truth_patches.claimed_note_passed_over,
        ("nothing was taken",),
    ),
    Fault(
        "a lost note is denied while the slot closes",
        7,
        400,
        truth_patches.lost_note_denied,
        ("nothing was taken of a payment",),
    ),
    Fault(
        "the fate of a slip is mistaken",
        7,
        400,
        truth_patches.fate_mistaken,
        ("a person decides on", "is booked"),
    ),
    Fault(
        "a failed slip is called printed",
        7,
        100,
        truth_patches.failed_slip_called_printed,
        ("is called printed and never came out",),
    ),
    Fault(
        "the next customer comes before all is settled",
        8,
        100,
        patches.next_customer_too_early,
        ("a new customer before",),
    ),
    Fault("money that waits takes no room", 8, 800, patches.waiting_takes_no_room, ("fen wait for the hub",)),
    Fault(
        "cash is taken without the hub against the settings",
        8,
        100,
        patches.cash_without_hub_against_the_settings,
        ("a payment begins while the hub is gone",),
    ),
    Fault("notes are taken without limit", 8, 400, patches.notes_without_limit, ("rule 8: a note",)),
    Fault(
        "a payment begins without paper",
        8,
        100,
        truth_patches.begins_without_paper,
        ("a payment begins without paper",),
    ),
    Fault(
        "a note is taken without paper",
        8,
        100,
        truth_patches.takes_without_paper,
        ("a note is taken without paper",),
    ),
    Fault("names are not masked", 9, 100, hub_patches.names_unmasked, ("in clear",)),
    Fault("addresses are not masked", 9, 100, truth_patches.addresses_unmasked, ("in clear",)),
    Fault(
        "a slip bears the name in clear", 9, 100, truth_patches.slip_in_clear, ("stands in clear in a slip",)
    ),
    Fault(
        "a card number is written down",
        9,
        100,
        truth_patches.card_number_kept,
        ("what may be a card number",),
    ),
    *CARD_FAULTS,
    *NEW_CARD_FAULTS,
    *TENDER_FAULTS,
)
