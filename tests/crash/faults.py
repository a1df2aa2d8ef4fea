"""Deliberate faults, one or more for each rule of money: a proof that does not find them proves nothing.

Each is a patch of the product as it might have been written; `within` says in how many runs the simulation finds it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from kiosk.core import cash
from kiosk.core.fate import Verdict
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.session.state import Page
from tests.crash import hub_patches, patches, truth_patches
from tests.crash.patches import Patch
from tests.crash.report import Report, Tally
from tests.crash.world import Options, run


@dataclass(frozen=True, slots=True)
class Fault:
    """What is broken, which of the nine rules that breaks, and in how many runs it must be found."""

    name: str
    rule: int
    within: int
    patches: Callable[[], tuple[Patch, ...]]


FAULTS = (
    Fault("a stacked note is not written down", 1, 100, lambda: patches.never_written(ev.NoteStacked)),
    Fault("a credit request is not written down", 1, 100, lambda: patches.never_written(ev.CreditSending)),
    Fault("a print job is not written down", 1, 100, lambda: patches.never_written(ev.SlipIntended)),
    Fault("a note is stacked before its intent is durable", 1, 100, lambda: patches.act_first(fx.StackNote)),
    Fault("money is sent before the row is durable", 1, 100, lambda: patches.act_first(fx.SendCredit)),
    Fault("silence counts as approved", 2, 100, patches.silence_is_consent),
    Fault("the slip says paid while nobody knows", 2, 100, patches.paid_slip_while_unknown),
    Fault("a resend is dropped", 3, 100, lambda: patches.timer_dropped("credit")),
    Fault("stacked cash is reversed", 3, 100, hub_patches.cash_reversed),
    Fault("claims are not repeated", 3, 100, lambda: patches.timer_dropped("claim")),
    Fault("a payment id is used again", 4, 100, patches.reused_id),
    Fault("a resend has a new id", 4, 100, patches.new_id_for_resend),
    Fault("a resend has other content", 4, 100, patches.other_content),
    Fault("the hub takes other content under a known id", 4, 100, hub_patches.content_not_compared),
    Fault("the hub does not give the stored reply", 4, 100, hub_patches.reply_not_stored),
    Fault("a claim leaves no tombstone", 4, 400, hub_patches.no_tombstone),
    Fault("an answer for another payment is believed", 4, 400, lambda: patches.believe(amount=False)),
    Fault("an answer for another amount is believed", 4, 400, lambda: patches.believe(amount=True)),
    Fault("a note is credited in escrow", 5, 100, patches.credit_on_escrow),
    Fault(
        "a note is acknowledged before its credit is durable",
        5,
        100,
        lambda: patches.act_first(fx.AcknowledgeNote),
    ),
    Fault(
        "a repeated report is claimed again",
        5,
        800,
        lambda: patches.verdict_does(Verdict.ACKNOWLEDGE, cash._claim),
    ),
    Fault(
        "a lost note counts as returned", 5, 2500, lambda: patches.verdict_does(Verdict.UNKNOWN, cash._back)
    ),
    Fault(
        "a lost note counts as stacked", 5, 1200, lambda: patches.verdict_does(Verdict.UNKNOWN, cash._credit)
    ),
    Fault("an old count is taken for the present one", 5, 2500, patches.stale_counter),
    Fault("memo money is credited", 5, 100, patches.memo_credited),
    Fault("claim and payment are both booked", 6, 400, hub_patches.claim_beside_credit),
    Fault("legs do not add up", 6, 100, hub_patches.unbalanced),
    Fault("a snapshot forgets a payment", 6, 100, patches.snapshot_forgets),
    Fault("a refused payment leaves no claim", 7, 100, patches.no_claim),
    Fault("a lost note leaves no claim", 7, 400, patches.lost_note_forgotten),
    Fault(
        "a late note is acknowledged and forgotten",
        7,
        400,
        lambda: patches.verdict_does(Verdict.CLAIM, cash._acknowledge),
    ),
    Fault("a note's deadline is forgotten", 7, 1200, lambda: patches.timer_dropped("note_fate", "closing")),
    Fault("a restart recovers nothing", 7, 100, patches.nothing_recovered),
    Fault("the next customer comes before all is settled", 8, 100, patches.next_customer_too_early),
    Fault("money that waits takes no room", 8, 800, patches.waiting_takes_no_room),
    Fault(
        "cash is taken without the hub against the settings",
        8,
        100,
        patches.cash_without_hub_against_the_settings,
    ),
    Fault("notes are taken without limit", 8, 100, patches.notes_without_limit),
    Fault(
        "an unknown outcome is shown as cancelled",
        2,
        100,
        lambda: truth_patches.shown_as_cancelled(Page.CHECKING),
    ),
    Fault("the screen thanks before the answer", 2, 100, truth_patches.thanked_before_the_answer),
    Fault("the screen names another reference", 2, 100, truth_patches.other_reference_shown),
    Fault("the screen says that what is due is paid", 2, 100, truth_patches.due_for_paid),
    Fault("the screen says that every slip came out", 2, 100, truth_patches.slip_never_fails),
    Fault("a slip is for a neighbour's account", 2, 100, truth_patches.slip_of_a_neighbour),
    Fault("a note in the box is shown as returned", 5, 100, truth_patches.credited_called_returned),
    Fault("a claim is shown as cancelled", 7, 100, lambda: truth_patches.shown_as_cancelled(Page.CLAIM)),
    Fault("a claimed note is not told of", 7, 100, truth_patches.claimed_note_passed_over),
    Fault("the fate of a slip is mistaken", 7, 400, truth_patches.fate_mistaken),
    Fault("a failed slip is called printed", 7, 100, truth_patches.failed_slip_called_printed),
    Fault("a payment begins without paper", 8, 100, truth_patches.begins_without_paper),
    Fault("a note is taken without paper", 8, 100, truth_patches.takes_without_paper),
    Fault("names are not masked", 9, 100, hub_patches.names_unmasked),
    Fault("addresses are not masked", 9, 100, truth_patches.addresses_unmasked),
    Fault("a slip bears the name in clear", 9, 100, truth_patches.slip_in_clear),
    Fault("a card number is written down", 9, 100, truth_patches.card_number_kept),
)


def found_after(fault: Fault, most: int, seed: int = 1) -> int | None:
    """In which run the fault is found, from 1; None if it survives them all."""
    with ExitStack() as stack:
        for one in fault.patches():
            stack.enter_context(one)
        for number in range(most):
            if run(seed + number, Options()).violations:
                return number + 1
    return None


def prove(report: Report) -> Tally:
    """Apply every fault from the run's own seed, with four times the room that the tests give it."""
    tally = Tally()
    for fault in FAULTS:
        found = found_after(fault, 4 * fault.within, report.seed)
        if found is None:
            tally.broken += 1
            replay = f"python -m pytest tests/crash/test_faults.py -k {fault.name.replace(' ', '_')}"
            report.failed(f"a fault survives: {fault.name} (rule {fault.rule})", replay)
    report.say(f"faults: {len(FAULTS) - tally.broken} of {len(FAULTS)} found")
    return tally
