"""What every page that tells an outcome says must be true of journal, hub and box at the moment it is shown.

`PAGES` holds for each page what must be so, at each step; what is written on it is read again whenever it changes, in
every fourth run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from kiosk.core.core import Core
from kiosk.numbers import reference
from kiosk.page import PageModel
from kiosk.session.state import NoteNotice, Page, Session, SlipFate
from kiosk.words import load
from tests.crash import card_truth
from tests.crash.known import Job, Journal, Known
from tests.crash.privacy import exposed

Wrongs = Iterator[str]
COLLECTING = {"open", "stacking_first", "funded", "stacking"}
UNBOOKED = COLLECTING | {"cancelling", "closing", "sending", "checking"}
UNSETTLED = UNBOOKED - {"checking"} | card_truth.DELIVERING | {"credited"}
NOT_OF_THIS_WORLD = {"credited", "refunded", "nothing_found", "reversed", "other"}
"""Fates that only a person's decision brings about, or a hub of another age."""
PRINTED = {None: "printing", True: "printed", False: "failed"}


@dataclass(slots=True)
class Scene:
    """One page, and all that it can be held against. `known` is the payment that it is about, `None` without one."""

    world: Any
    session: Session
    journal: Journal
    known: Known | None

    @property
    def state(self) -> str:
        """Where the payment stands by its durable rows."""
        state: str = self.world.coverage.states.get(self.session.payment_id, "")
        return state

    @property
    def booked(self) -> Any:
        """The hub's row of the payment, if it is credited."""
        row = self.world.books.rows.get(("payments", self.session.payment_id))
        return row if row is not None and row.stored.serial is not None else None

    def in_box(self) -> int:
        """What lies in the box of this customer's notes."""
        box = self.world.unit.box
        return sum(
            note.value_fen for note in box if note.owner == self.session.payment_id and not note.unasked
        )

    def came_back(self) -> list[int]:
        """The values of this customer's notes that are out again, or on their way out, and of those that somebody put
        in while the kiosk was away: nobody can tell whose they are."""
        unit = self.world.unit
        out = [*unit.returned, *(n for n in [unit.note] if n is not None and n.where != "box")]
        return [note.value_fen for note in out if note.owner in {self.session.payment_id, ""}]

    @property
    def strange(self) -> bool:
        """Whether a note lies in the box that may stand on the books for another one: a stated limit."""
        return any(note.unasked for note in self.world.unit.box)


def _done(scene: Scene) -> Wrongs:
    known, row = scene.known, scene.booked
    if known is not None and known.good is not None:
        yield from card_truth.done(scene)
        return
    if known is None or known.credit is None or scene.state not in {"credited", "paid"}:
        yield "I6: the screen says paid without a durable approval"
    elif row is None or row.stored.amount_fen != known.fen:
        yield f"the screen says paid, and the hub has not credited {known.fen} fen"
    elif not scene.strange and scene.in_box() < known.fen:
        yield f"the screen says that {known.fen} fen are paid, and {scene.in_box()} are in the box"


def _checking(scene: Scene) -> Wrongs:
    known = scene.known
    if known is None or scene.state != "checking" or not known.fen:
        yield f"the screen says that a payment is being checked which is {scene.state or 'nowhere'}"
    elif known.promised != reference(known.key):
        yield "the screen promises a check under a reference that is not on the books"
    elif not scene.strange and scene.in_box() < known.fen:
        yield f"the screen says that {known.fen} fen are safe, and {scene.in_box()} are in the box"


def _claim(scene: Scene) -> Wrongs:
    known = scene.known
    if known is None or known.claim is None:
        yield "the screen speaks of a claim that is not on the books"
    elif scene.state not in {"claimed", "cancelled"}:
        yield f"the screen speaks of a claim while the payment is {scene.state}"
    elif not scene.strange and scene.in_box() < known.claim.amount_fen:
        yield f"the screen says that {known.claim.amount_fen} fen are safe, and {scene.in_box()} are in the box"


def _nothing_taken(scene: Scene) -> Wrongs:
    known, box = scene.known, scene.in_box()
    if known is None:
        return
    if scene.state != "cancelled":
        yield f"rule 2: the screen says that nothing was taken of a payment that is {scene.state}"
    if known.fen or known.claims or box:
        claimed = sum(claim.amount_fen + claim.memo_fen for claim in known.claims)
        yield f"the screen says that nothing was taken: {known.fen} fen in, {claimed} claimed, {box} in the box"
    if scene.booked is not None:
        yield "the screen says that nothing was taken of a payment that the hub has booked"


def _message(scene: Scene) -> Wrongs:
    yield from _nothing_taken(scene)
    word, facts = scene.session.message, scene.world.kiosk.core.facts
    # What was true when it was said may have been mended since.
    steady = not scene.world.roll.mended and scene.world.untroubled
    if word == "account_closed":
        yield "the screen says that an open account is closed"
    elif word in {"hub_gone", "busy"} and scene.world.calm:
        yield f"the screen says {word}, and nothing was ever wrong with the line"
    elif word == "no_cash" and scene.known is None and scene.world.calm and steady and facts.cash_works:
        yield "the screen says that cash does not work, and it does"


def _on_its_way(scene: Scene) -> Wrongs:
    states = {Page.CASH: COLLECTING, Page.CLOSING: {"closing", "cancelling"}, Page.PAYING: {"sending"}}
    if scene.state not in states[scene.session.page]:
        yield f"the screen is {scene.session.page} while the payment is {scene.state}"


def _settling(scene: Scene) -> Wrongs:
    if scene.state not in UNSETTLED:
        yield f"the screen says that a payment is being settled which is {scene.state or 'nowhere'}"


def _fate(scene: Scene) -> Wrongs:
    slip = scene.session.slip
    if slip is not None and slip.fate == "booked" and not _is_booked(scene, slip):
        yield f"the screen says that {slip.reference} is booked"


def _is_booked(scene: Scene, slip: SlipFate) -> bool:
    """Whether the hub has booked so much under this reference, or closed a claim because it had."""
    for (table, _), row in scene.world.books.rows.items():
        if table == "payments" and row.reference == slip.reference and row.stored.serial is not None:
            if row.stored.amount_fen == slip.amount_fen:
                return True
        elif table == "claims" and row.reference == slip.reference and row.state == "closed":
            return True
    return False


PAGES: dict[Page, Callable[[Scene], Wrongs]] = {
    Page.DONE: _done,
    Page.CHECKING: _checking,
    Page.CLAIM: _claim,
    Page.CANCELLED: _nothing_taken,
    Page.MESSAGE: _message,
    Page.CASH: _on_its_way,
    Page.CLOSING: _on_its_way,
    Page.PAYING: _on_its_way,
    Page.SETTLING: _settling,
    Page.REFERENCE: _fate,
    **card_truth.CARD_PAGES,
}
"""What must be true while the page stands."""
READ = {Page.MORE_TIME, Page.CONFIRM_ACCOUNT}
"""Other pages on which something stands that is read again."""


def newly_told(scene: Scene, slip: SlipFate) -> Wrongs:
    """The fate of a slip, when the page has just come: by then all that this kiosk has must be in it."""
    journal, states = scene.journal, scene.world.coverage.states
    if slip.fate in NOT_OF_THIS_WORLD:
        yield f"the screen says that {slip.reference} is {slip.fate}, which nobody has decided"
    paid = [
        p for k, p in journal.payments.items()
        if p.fen and reference(k) == slip.reference and states[k] in UNBOOKED
    ]  # fmt: skip
    cases = [
        c for k, c in journal.claims.items() if c.reference == slip.reference and states[k] == "claim open"
    ]
    at_hub = [
        (row.amount_fen, row.memo_fen)
        for (table, _), row in scene.world.books.rows.items()
        if table == "claims" and row.reference == slip.reference
    ]
    here = sum(p.fen for p in paid) + sum(c.amount_fen for c in cases), sum(c.memo_fen for c in cases)
    told = slip.amount_fen, slip.memo_fen
    if slip.fate == "checking" and (not paid or told != here):
        yield f"the screen says that {told} of {slip.reference} are being checked, and {here} are"
    elif slip.fate == "person" and told not in at_hub and (not cases or told != here):
        yield f"the screen says that a person decides on {told} of {slip.reference}, which stands nowhere"
    elif slip.fate in {"unknown", "hub_gone", "hub_busy"} and (paid or cases):
        yield f"the screen says {slip.fate} of {slip.reference}, which is open at this kiosk"


def notice_told(scene: Scene, notice: NoteNotice) -> Wrongs:
    """What the screen says of the last note, at the moment it says it."""
    known = scene.known
    match notice.kind:
        case "credited":
            if known is None or not known.stacked or known.stacked[-1] != notice.value_fen:
                yield f"the screen says that a note of {notice.value_fen} is in, which is not on the books"
        case "kept":
            if known is None or not notice.value_fen or known.fen != notice.value_fen:
                yield f"the screen says that {notice.value_fen} fen are in, and it is {known.fen if known else 0}"
        case "refused" | "returned":
            unit = scene.world.unit
            there = [note for note in (*unit.box[-1:], *unit.returned[-1:], unit.note) if note is not None]
            if there and max(there, key=lambda note: note.number).where == "box":
                yield f"the screen says that a note was {notice.kind} which lies in the box"


def written(scene: Scene, page: PageModel) -> Wrongs:
    """What is written on a page about the payment, figure by figure."""
    known, name = scene.known, scene.session.page
    if known is not None and known.good is not None:
        yield from card_truth.written(scene, page, money(known.good.amount_fen))
        return
    if page.name != name:
        yield f"the page {name} is drawn as {page.name}"
    if name is Page.REFERENCE:
        yield from _names(page, scene.session.slip.reference if scene.session.slip else "")
    if known is None:
        return
    figures = {page.panel.headline, *(row.value for row in page.panel.rows)} if page.panel else set()
    text = load(scene.session.modes.lang).text
    if (known.fen or known.claims) and text("screen.message.nothing_taken") in page.spoken:
        yield f"the page {name} says that nothing was taken of a payment with money in or a note in doubt"
    match name:
        case Page.DONE if known.credit is not None:
            yield from _heads(page, known.fen)
            yield from _names(page, known.credit.hub_no)
            yield from _doubts(page, known)
            if not known.claims:
                yield from _of_slip(page, text(f"screen.receipt.{_receipt(scene, known)}"))
        case Page.CHECKING:
            yield from _heads(page, known.fen)
            yield from _names(page, reference(known.key))
            yield from _doubts(page, known)
            job = scene.journal.last(known.key, "provisional" if known.provisional else "checking")
            yield from _of_slip(page, text(f"screen.slip.{_stands(job)}"))
        case Page.CLAIM if known.claim is not None:
            claim = known.claim
            if claim.amount_fen or claim.memo_fen:
                yield from _heads(page, claim.amount_fen or claim.memo_fen)
            yield from _names(page, claim.reference)
            claims = {c: k for k, c in scene.journal.claims.items()}
            yield from _of_slip(
                page, text(f"screen.slip.{_stands(scene.journal.last(claims[claim], 'claim'))}")
            )
        case Page.CANCELLED if page.panel is not None:
            if page.panel.headline not in {money(value) for value in scene.came_back()}:
                yield f"the screen says that {page.panel.headline} came back"
        case Page.CASH | Page.PAYING | Page.MORE_TIME:
            if page.panel is not None and money(known.fen) not in figures:
                yield f"the screen does not tell the {known.fen} fen that are in: {figures}"


def _receipt(scene: Scene, known: Known) -> str:
    """What the page of a paid payment must say of the paper that the customer has."""
    job = scene.journal.last(known.key, "paid")
    if job is not None or scene.state != "paid":
        return _stands(job)
    promised = scene.journal.last(known.key, "provisional" if known.provisional else "checking")
    return "kept" if promised is not None and promised.printed is not False else "failed"


def _stands(job: Job | None) -> str:
    return PRINTED[job.printed if job else None]


def _heads(page: PageModel, fen: int) -> Wrongs:
    if page.panel is None or page.panel.headline != money(fen):
        yield f"the page {page.name} tells {page.panel.headline if page.panel else 'nothing'}, and it is {fen} fen"


def _names(page: PageModel, word: str) -> Wrongs:
    if word not in {row.value for row in page.context}:
        yield f"the page {page.name} does not name {word}"


def _doubts(page: PageModel, known: Known) -> Wrongs:
    if known.claim is not None:
        yield from _names(page, known.claim.reference)


def _of_slip(page: PageModel, words: str) -> Wrongs:
    said = f"{page.notice.title} {page.notice.text}" if page.notice else ""
    if words.partition("{")[0] not in said:
        yield f"the page {page.name} says of its slip: {said}"


def money(fen: int) -> str:
    """An amount as a screen shows it."""
    return f"¥{fen // 100:,}.{fen % 100:02}"


def unsaid(journal: Journal) -> Wrongs:
    """The payments and claims of whose last slip nobody has written down whether it came out."""
    for key, jobs in journal.jobs.items():
        last = list(jobs.values())[-1]
        if last.printed is None:
            yield f"nobody wrote down whether the {last.kind} slip of {key[-4:]} came out"


class Truth:
    """Looks at every page as a customer does. What is written there is read in some of the runs only: it takes time."""

    def __init__(self, world: Any, journal: Journal) -> None:
        self._world, self._journal = world, journal
        self._slip: SlipFate | None = None
        self._notice: NoteNotice | None = None
        self._seen: tuple[Any, ...] = ()

    def shown(self, core: Core) -> Wrongs:
        """What is untrue of the page that stands now."""
        session = core.session
        must = PAGES.get(session.page)
        if must is None and session.page not in READ:
            self._slip = self._notice = None
            self._seen = ()
            return
        scene = Scene(self._world, session, self._journal, self._journal.payments.get(session.payment_id))
        if must is not None:
            yield from must(scene)
        if session.slip is not self._slip:
            self._slip = session.slip
            if session.slip is not None:
                yield from newly_told(scene, session.slip)
        if session.note_notice is not self._notice:
            self._notice = session.note_notice
            if session.note_notice is not None:
                yield from notice_told(scene, session.note_notice)
        if self._world.reads:
            yield from self._read(scene, core)

    def _read(self, scene: Scene, core: Core) -> Wrongs:
        desk, last = core._desk, self._seen
        self._seen = now = (scene.session.page, desk.shown, desk.shown_claim, scene.session.slip)
        if last and all(a is b for a, b in zip(now, last, strict=True)):
            return
        page = core.page
        yield from written(scene, page)
        yield from exposed(f"the page {page.name}", repr(page).encode(), self._world.judge.secrets)


def slip_tells(job: Job | None, facts: Any, kind: str) -> Wrongs:
    """What is untrue of a slip that has come out; `job` is what the journal held when it was ordered."""
    if job is None:
        yield f"a {kind} slip that no row permits"
        return
    account = facts.account.account_no if facts.account else ""
    said = facts.kind, facts.received_fen, facts.reference, facts.uncertain_fen
    true = job.kind, job.received_fen, job.reference, job.uncertain_fen
    if said != true:
        yield f"a slip tells {said}, and it is {true}"
    if account != job.account_no:
        yield f"a {kind} slip is for account {account}, and the customer confirmed {job.account_no}"
    if kind in {"checking", "provisional"} and job.credited:
        yield f"a {kind} slip of a payment that is credited"
