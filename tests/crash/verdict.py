"""The judgement at the end of a run: every fen credited once, returned, or in suspense with a claim."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from hub.business.forms import Payment as Booked
from hub.business.ledger import SUSPENSE, balance, cash, receivable
from kiosk.books import Books, from_snapshot, to_snapshot
from kiosk.numbers import reference
from kiosk.payment.model import Claim, ClaimState, NoteState, Payment, PaymentState
from tests.crash.card_verdict import judge_cards, power_slip
from tests.crash.disk import PACKING
from tests.crash.ledger import WHOLE, strange_fen
from tests.crash.line import TERMINAL, Asked
from tests.crash.memory import AccountRow, Booking
from tests.crash.privacy import exposed
from tests.crash.reconcile import reconcile
from tests.crash.truth import unsaid


def judge_end(world: Any) -> None:
    """Hold all histories against one another; what does not fit goes to the world's judge."""
    books = world.disk.whole()
    payments, claims = tuple(books.payments.values()), tuple(books.claims.values())
    _settled(world, payments, claims)
    _same_after_any_start(world, books)
    _notes(world, payments)
    reconcile(world, payments, claims)
    _sums(world, payments)
    _ledger(world)
    _slips(world, payments, claims)
    for untold in unsaid(world.judge.journal):
        world.judge.wrong("in flight", untold)
    _asked_again(world)
    _private(world)
    if world.cards is not None:
        judge_cards(world, payments)


def _settled(world: Any, payments: tuple[Payment, ...], claims: tuple[Claim, ...]) -> None:
    for payment in payments:
        if not payment.ended:
            world.judge.wrong("in flight", f"I5: payment {_tail(payment.payment_id)} is {payment.state}")
    for claim in claims:
        if claim.state is ClaimState.OPEN:
            world.judge.wrong("in flight", f"I5: claim {claim.reference} never reached the hub")


def _same_after_any_start(world: Any, whole: Books) -> None:
    """I12: the chain holds, and a start from a snapshot knows all that a start from the first row knows."""
    recovered = world.disk.recover()
    live = from_snapshot(to_snapshot(world.kiosk.core.books))
    for name, books in (("a start", recovered), ("the kiosk", live)):
        same = (
            books.open_payments == whole.open_payments
            and books.open_claims == whole.open_claims
            and (books.last_note, books.kiosk_no) == (whole.last_note, whole.kiosk_no)
        )
        if not same:
            world.judge.wrong("broken", f"I12: {name} knows other books than the journal")


def _notes(world: Any, payments: tuple[Payment, ...]) -> None:
    """I11: a note that the books call stacked is in the box, and no note stands twice."""
    if any(note.unasked for note in world.unit.box):
        return  # such a note may stand on the books for another of its value; the sums judge it
    real: Counter[int] = Counter()
    for payment in payments:
        for note in payment.notes:
            held = world.judge.notes.get(note.note_id)
            if note.state is NoteState.STACKED and held is not None:
                real[held.number] += 1
                if held.where != "box":
                    world.judge.wrong(
                        "doubled", f"note {held.number} credited, but it is not in the box", note.value_fen
                    )
                elif note.value_fen != held.value_fen:
                    world.judge.wrong("broken", f"note {held.number} credited with another value")
    for number, times in real.items():
        if times > 1:
            world.judge.wrong("doubled", f"note {number} stands {times} times on the books")


def _sums(world: Any, payments: tuple[Payment, ...]) -> None:
    """I1: what is in the box is credited or in suspense; a count of the box explains every memo and nothing more."""
    box = sum(note.value_fen for note in world.unit.box)
    paid = {
        k: r.stored.amount_fen
        for k, r in world.books.table("payments").items()
        if r.stored.serial is not None
    }
    kept = [c for c in world.books.table("claims").values() if not c.resolution]
    certain, memo = sum(c.amount_fen for c in kept), sum(c.memo_fen for c in kept)
    unseen = sum(1 for c in kept if not c.amount_fen and not c.memo_fen)
    held = sum(paid.values()) + certain
    sums = f"I1: box {box}, credited {sum(paid.values())}, certain {certain}, memo {memo}, of unknown value {unseen}"
    # A note that was stacked unasked while nobody looked may be taken for the one before it, or for the one that was
    # intended, whatever its value: a stated limit.
    strange = [note.value_fen for note in world.unit.box if note.unasked]
    unasked = sum(strange)
    if held > box + strange_fen(world.unit.box):
        world.judge.wrong("doubled", sums, held - box)
    if box > held + memo + unseen * 10000 + unasked:
        world.judge.wrong("lost", sums, box - held - memo)
    for payment in payments:
        own = sum(n.value_fen for n in world.unit.box if n.owner == payment.payment_id)
        if not strange and paid.get(payment.payment_id, 0) > own:
            world.judge.wrong("doubled", f"payment {_tail(payment.payment_id)} has another customer's money")


def _ledger(world: Any) -> None:
    """I2: cash is what orders and suspense say, and what is owed and owned follows from the legs."""
    judge, totals = world.judge, Counter[str]()
    booking: Booking
    for booking in world.books.table("transactions").values():
        for leg in booking.legs:
            totals[leg.account] += leg.amount_fen
    held = -totals[SUSPENSE] + sum(
        r.stored.amount_fen or 0
        for r in world.books.table("payments").values()
        if r.stored.serial is not None
    )
    if totals[cash(TERMINAL)] != held:
        judge.wrong("broken", f"I2: cash {totals[cash(TERMINAL)]}, orders {held}")
    row: AccountRow
    for number, row in world.books.table("accounts").items():
        begun = world.town[number]
        if row.balance_fen != begun.balance_fen - totals[balance(number)] or row.balance_fen < 0:
            judge.wrong("broken", f"account {number}: balance {row.balance_fen} is not what the legs say")
        before = sum(b.principal_fen for b in begun.bills)
        now = sum(world.books.rows["bills", n].principal_fen for n in row.bill_nos)
        if now != before + totals[receivable(number)]:
            judge.wrong("broken", f"account {number}: bills {now} are not what the legs say")


def _slips(world: Any, payments: tuple[Payment, ...], claims: tuple[Claim, ...]) -> None:
    """The slips tell the truth, every claim has one, and a customer who was promised nothing else has a receipt."""
    judge = world.judge
    originals: Counter[tuple[str, str]] = Counter()
    own = {payment.payment_id: payment for payment in payments}
    for slip in judge.slips:
        facts, about = slip.facts, slip.effect.about
        key = about.claim_id if isinstance(about, Claim) else about.payment_id
        if not slip.effect.copy_no:
            originals[key, facts.kind] += 1
        if facts.kind != slip.effect.slip:
            judge.wrong("broken", f"a slip of {_tail(key)} is a {facts.kind} slip, not {slip.effect.slip}")
        if not facts.adds_up:
            judge.wrong("broken", f"a {facts.kind} slip of {_tail(key)} does not add up")
        _came_back(judge, key, facts, about, own)
        power = own[key] if key in own and own[key].delivery is not None else None
        if power is not None and facts.kind in {"paid", "owed"}:
            power_slip(world, power, facts)
        if facts.kind in {"paid", "owed"} and (power is None or power.business != "rewrite"):
            _paid_slip(judge, key, facts, slip.hub_knew)
        elif facts.kind in {"checking", "provisional"}:
            if facts.reference != reference(key):
                judge.wrong("broken", f"a slip of {_tail(key)} names another reference")
            if (facts.kind == "provisional") != (key in judge.unquoted):
                judge.wrong("broken", f"a {facts.kind} slip of {_tail(key)}")
        elif facts.kind == "claim":
            told = world.books.rows.get(("claims", key))
            if told and (told.amount_fen, told.memo_fen, told.reference) != (
                facts.received_fen,
                facts.uncertain_fen,
                facts.reference,
            ):
                judge.wrong("broken", f"the slip of claim {told.reference} tells other amounts")
    for (key, kind), times in originals.items():
        if times > 1:
            judge.wrong("broken", f"{times} originals of the {kind} slip of {_tail(key)}")
    told = {p.payment_id for p in payments if any(s.printed for s in p.slips)}
    for claim in claims:
        if claim.reason in WHOLE and claim.payment_id in told:
            continue  # whoever left with a slip has the reference
        if not any(s.kind == "claim" for s in claim.slips):
            judge.wrong("broken", f"claim {claim.reference} has no slip")
    for payment in payments:
        if payment.state in {PaymentState.PAID, PaymentState.OWED} and not payment.slips:
            text = f"payment {_tail(payment.payment_id)} is {payment.state} and nobody got a slip"
            judge.wrong("broken", text)
        back = payment.state is PaymentState.CANCELLED and bool(payment.returned_counts)
        if any(s.kind == "returned" for s in payment.slips) != back:
            judge.wrong("broken", f"payment {_tail(payment.payment_id)}: a returned note and its slip")


def _asked_again(world: Any) -> None:
    """Rule 4: the hub answers each id once, whoever comes late, and refuses other content by name."""
    for path, asked in world.judge.orders.items():
        row = world.books.rows.get(("payments", path.rpartition("/")[2]))
        booked = row is not None and row.stored.serial is not None
        again = world.line.ask_hub(asked)
        if booked and (again.status, again.body) != (200, row.stored.reply):
            world.judge.wrong("broken", f"I9: {path} asked again is answered otherwise")
        if not booked and again.status < 400 and row is not None:
            world.judge.wrong("doubled", f"I4: {path} is credited after its claim")
        if booked:
            order = msgspec.json.decode(asked.body)
            other = msgspec.json.encode(order | {"kiosk_no": order["kiosk_no"] + 1})
            refused = world.line.ask_hub(Asked("PUT", path, other, None, {}, 1.0))
            if refused.status != 409 or b'"kiosk_no"' not in refused.body:
                world.judge.wrong("broken", f"rule 4: {path} was taken with other content")
        claim = any(c.payment_id == path.rpartition("/")[2] for c in _whole_claims(world))
        if claim and row is None:
            world.judge.wrong("broken", f"I4: the claim for {path} left no tombstone")


def _whole_claims(world: Any) -> list[Any]:
    return [c for c in world.books.table("claims").values() if c.reason in WHOLE]


def _private(world: Any) -> None:
    """I13: no name, address or card number in clear in the journal's rows and its snapshot."""
    disk = world.disk
    rows = b"\n".join(PACKING.unpack(columns[3]) for columns in disk.rows)
    snapshot = disk.snapshot[1] if disk.snapshot else b""
    for where, text in (("the journal", rows), ("the journal's snapshot", snapshot)):
        for open_secret in exposed(where, text, world.judge.secrets):
            world.judge.wrong("broken", open_secret)


def _paid_slip(judge: Any, key: str, facts: Any, knew: bytes) -> None:
    if not knew:
        judge.wrong("broken", f"I6: a paid slip for {_tail(key)}, which the hub had not credited")
        return
    said = msgspec.json.decode(knew, type=Booked)
    slip = (
        facts.account.account_no,
        facts.received_fen,
        facts.hub_no,
        [(a.month, a.late_fee_fen, a.principal_fen) for a in facts.months],
        (facts.balance_before_fen, facts.to_balance_fen, facts.balance_after_fen, facts.arrears_after_fen),
        (facts.business_date, facts.at),
    )
    hub = (
        said.account_no,
        said.amount_fen,
        said.hub_no,
        [(a.month, a.late_fee_fen, a.principal_fen) for a in said.allocations],
        (said.balance_before_fen, said.to_balance_fen, said.balance_after_fen, said.arrears_after_fen),
        (said.business_date.isoformat(), said.credited_at),
    )
    if slip != hub:
        judge.wrong("broken", f"the paid slip for {_tail(key)} is not what the hub booked")


def _came_back(judge: Any, key: str, facts: Any, about: Payment | Claim, own: dict[str, Payment]) -> None:
    """A slip tells each note that came back unwatched, and none that lies in the box."""
    told = facts.notes if facts.kind == "returned" else facts.returned
    # Beside the claim slip of a single note there is the payment's own, which tells what came back.
    whole = isinstance(about, Claim) and about.reason in WHOLE
    paid = own[about.payment_id] if whole else about
    notes = paid.notes if isinstance(paid, Payment) else ()
    back = [n for n in notes if n.state is NoteState.RETURNED and n.recovered]
    if sum(n.value_fen * n.count for n in told) != sum(n.value_fen for n in back):
        judge.wrong("broken", f"the {facts.kind} slip of {_tail(key)} tells of other returned notes")
    for note in back:
        held = judge.notes.get(note.note_id)
        if held is not None and held.where == "box":
            judge.wrong("lost", f"a slip says that note {held.number} came back", note.value_fen)


def _tail(key: str) -> str:
    return key[-4:]
