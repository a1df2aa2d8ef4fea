"""Decisions on what outlasts a payment: claims, slips, the page that tells the outcome, repeats."""

from __future__ import annotations

from dataclasses import replace

from kiosk.core.desk import Desk, spread
from kiosk.core.inputs import ClaimSaid, SlipOutcome
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Answer, NotSent, Refused, Unknown
from kiosk.numbers import reference
from kiosk.payment import events as ev
from kiosk.payment.model import WHOLE, Claim, Payment, PaymentState
from kiosk.payment.table import CLAIM_TABLE, TABLE
from kiosk.session.state import Page


def pause(desk: Desk, key: str, attempts: int) -> float:
    """Seconds until the next attempt: doubled each time, up to a limit, and not in step with other kiosks."""
    hub = desk.config.hub
    doubled = hub.retry_first_s * 2.0 ** min(attempts - 1, 20)
    return min(doubled, hub.retry_most_s) * spread(key, attempts)


def hub_is_back(desk: Desk) -> None:
    """The hub answers again: what waits for its next attempt goes soon, spread over two seconds."""
    for name in desk.timers:
        kind, _, key = name.partition(":")
        if kind in {"credit", "claim", "outcome", "reverse", "close"}:
            desk.timers[name] = min(desk.timers[name], desk.now.mono + 4 * (spread(key, 0) - 0.75))


def on_status(desk: Desk, status: wire.Status | wire.Heartbeat) -> None:
    """Note how the journal fits what the hub knows of it; a row that it asks for is shown at once."""
    if isinstance(status, wire.Status):
        return
    if status.verdict == "show" and desk.hub_knows != status.known_seq:
        desk.after("status", 0.0)
    elif status.verdict != "show":
        desk.facts = replace(desk.facts, journal_verdict=status.verdict)
    desk.hub_knows = status.known_seq


def open_claim(
    desk: Desk,
    *,
    reason: str,
    payment: Payment | None,
    amount_fen: int,
    memo_fen: int = 0,
    note_id: str = "",
    slip: bool = True,
) -> str:
    """Put money into suspense with a reference, print its slip and tell the hub. Returns the claim's id."""
    claim_id = desk.ids()
    whole = payment is not None and reason in WHOLE
    # All of a payment's money keeps the reference that its slips bear; a single note gets one of its own.
    named = payment.payment_id if payment and whole else claim_id
    single = ev.count_notes(v for v in (amount_fen, memo_fen) if v)
    notes = payment.note_counts if payment and whole else single
    desk.emit(
        ev.ClaimOpened(
            key=claim_id,
            reference=reference(named),
            reason=reason,
            payment_id=payment.payment_id if payment else "",
            account_no=payment.account.account_no if payment else "",
            amount_fen=amount_fen,
            memo_fen=memo_fen,
            notes=notes,
            note_id=note_id,
            at=desk.now.stamp,
            lang=payment.lang if payment else desk.config.terminal.language,
            tender=payment.tender if payment else "cash",
        )
    )
    if slip:
        print_slip(desk, claim_id, "claim")
    send_claim(desk, desk.books.claims[claim_id])
    if payment is not None and payment.state is PaymentState.CANCELLED:
        # Its page has said that nothing was taken.
        show_outcome(desk, payment.payment_id, Page.CLAIM, desk.config.screen.slip_s)
    return claim_id


def send_claim(desk: Desk, claim: Claim) -> None:
    """Tell the hub of the claim; repeated with the same id until it answers, without end."""
    desk.emit(ev.ClaimSending(key=claim.claim_id, attempt=claim.attempts + 1))
    desk.stop(f"claim:{claim.claim_id}")


def on_claim(desk: Desk, said: ClaimSaid) -> None:
    """Deal with the hub's word on a claim."""
    claim = desk.books.claims.get(said.claim_id)
    if claim is None or claim not in desk.books.open_claims:
        return
    match said.outcome:
        case Answer(body):
            desk.emit(ev.ClaimTaken(key=claim.claim_id, resolution=body.resolution))
            return
        case Refused(problem) if problem.code == "claimed":
            # The hub has a claim of its own for this payment's money (this kiosk was taken over): that one is decided.
            desk.emit(ev.ClaimTaken(key=claim.claim_id, resolution="claimed_before"))
            return
        case Refused(problem):
            why = problem.code
        case NotSent(_, detail) | Unknown(_, detail):
            why = detail
    desk.emit(ev.ClaimUnanswered(key=claim.claim_id, attempt=said.attempt, reason=why[:200]))
    desk.after(f"claim:{claim.claim_id}", pause(desk, claim.claim_id, claim.attempts))


def print_slip(desk: Desk, key: str, kind: str, copy_no: int = 0) -> None:
    """Make the print job durable and print it."""
    desk.emit(ev.SlipIntended(key=key, job=desk.ids(), slip=kind, copy_no=copy_no))


def on_slip(desk: Desk, said: SlipOutcome) -> None:
    """Note how a print job ended; the page shows it."""
    event: ev.SlipPrinted | ev.SlipFailed
    owners: tuple[Payment | Claim, ...] = (*desk.books.payments.values(), *desk.books.claims.values())
    for owner in owners:
        if any(s.job == said.job and s.printed is None for s in owner.slips):
            key = owner.payment_id if isinstance(owner, Payment) else owner.claim_id
            event = (
                ev.SlipPrinted(key=key, job=said.job)
                if said.printed
                else ev.SlipFailed(key=key, job=said.job, reason=said.reason[:200])
            )
            known = TABLE[owner.state] if isinstance(owner, Payment) else CLAIM_TABLE[owner.state]
            if type(event) in known:
                desk.emit(event)
            _page_after_slip(desk, owner, said.printed)
            return


def _page_after_slip(desk: Desk, owner: Payment | Claim, printed: bool) -> None:
    """The page stands until the customer has had time to take the slip, or to write the reference down."""
    screen, page = desk.config.screen, desk.session.page
    if not owner.payment_id or owner.payment_id != desk.session.payment_id:
        return
    if page is Page.DONE:
        desk.after("page", screen.done_s if printed else screen.slip_s)
    elif page in {Page.CHECKING, Page.CLAIM} and not printed:
        desk.after("page", screen.cash_idle_s)


def show_outcome(desk: Desk, key: str, page: Page, seconds: float) -> None:
    """Show how it ended to the customer whose payment it is, for so long."""
    if desk.session.payment_id != key:
        return
    for name in ("wait", "checking", "idle", "question", "phone"):
        desk.stop(name)
    desk.go(page)
    desk.after("page", seconds)
