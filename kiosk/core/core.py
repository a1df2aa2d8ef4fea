"""The core's one entrance: an input and the time go in, events and effects come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from kiosk.books import Books
from kiosk.config import Config
from kiosk.core import (
    bank_card,
    box,
    card,
    cash,
    choose,
    closing,
    credit,
    deliver,
    find,
    handover,
    offline,
    phone,
    recharge,
    recover,
    reference,
    reissue,
    reverse,
    scanned,
    settle,
    tender,
    timing,
    walk,
)
from kiosk.core.desk import Desk
from kiosk.core.inputs import (
    AcceptorSaid,
    AccountSaid,
    BankCardFelt,
    BankCardRead,
    BoxSaid,
    CardAdmitted,
    CardFelt,
    CardKnown,
    CardPresented,
    CardRead,
    CardStaged,
    CardWritten,
    ClaimSaid,
    CreditSaid,
    DeviceFelt,
    DispenserSaid,
    IdentitySaid,
    Input,
    Intent,
    Moment,
    OrderSaid,
    OutcomeSaid,
    PinSaid,
    QuoteSaid,
    RedemptionSaid,
    ReferenceSaid,
    ReversalSaid,
    RouteSaid,
    SaleSaid,
    Scanned,
    SecretSealed,
    SlipOutcome,
    StatusSaid,
    Tick,
)
from kiosk.hubclient.outcomes import Answer, NotSent, NotSentReason, Refused, Unknown, UnknownReason
from kiosk.page import Modes, PageModel
from kiosk.pages import build
from kiosk.payment.effects import Effect
from kiosk.payment.events import AnyEvent
from kiosk.payment.model import PROMISED
from kiosk.session.state import UNKNOWN_HEALTH, Facts, Page, Session

HubSaid = (
    AccountSaid
    | CardKnown
    | IdentitySaid
    | ReferenceSaid
    | QuoteSaid
    | CreditSaid
    | OutcomeSaid
    | ClaimSaid
    | StatusSaid
    | RouteSaid
    | SaleSaid
    | ReversalSaid
    | OrderSaid
    | RedemptionSaid
)
QUERIES = AccountSaid | ReferenceSaid | StatusSaid


@dataclass(frozen=True, slots=True)
class Decision:
    """What one input led to: the events must be durable before the first effect starts."""

    events: tuple[AnyEvent, ...]
    effects: tuple[Effect, ...]


class Core:
    """Every decision of the kiosk. Pure but for its own memory: no clock, no random, no device, no disk."""

    def __init__(self, config: Config, books: Books, ids: Callable[[], str], now: Moment) -> None:
        facts = Facts(
            terminal=config.terminal.id,
            site=config.terminal.site,
            accepted_fen=tuple(sorted(config.cash.accepted_fen, reverse=True)),
            hotline=config.terminal.hotline,
            max_payment_fen=config.cash.most_fen,
            card_writer=UNKNOWN_HEALTH if config.meter_card.reader else None,
            dispenser=UNKNOWN_HEALTH if config.dispenser.port else None,
            new_card=UNKNOWN_HEALTH if config.dispenser.port else None,
            bank_reader=UNKNOWN_HEALTH if config.bank_card.reader else None,
            pin_pad=UNKNOWN_HEALTH if config.pin_pad.port else None,
            eft=UNKNOWN_HEALTH if config.eft_terminal.port else None,
            scanner=UNKNOWN_HEALTH if config.scanner.port else None,
            draws_in=bool(config.bank_card.port),
            phone=config.phone.enabled,
            recharge=config.recharge.enabled,
            recharge_digits=config.recharge.digits,
        )
        self.zone = ZoneInfo(config.terminal.timezone)
        # What is open shows itself at once: nobody starts in the moment before `begin`.
        unsettled = any(p.state not in PROMISED for p in books.open_payments)
        session = Session(
            page=Page.SETTLING if unsettled else Page.ATTRACT, modes=Modes(lang=config.terminal.language)
        )
        self._desk = Desk(config, ids, books, session, facts, now)

    def begin(self, now: Moment) -> Decision:
        """Take up what an earlier run left open; the first call, before any input."""
        return self._decide(now, recover.begin)

    def handle(self, told: Input, now: Moment) -> Decision:
        """Deal with the timers that are due, then with one input."""
        return self._decide(now, lambda desk: self._deal(desk, told))

    @property
    def next_due(self) -> float | None:
        """When the next timer is due, on the monotonic clock."""
        return min(self._desk.timers.values(), default=None)

    @property
    def page(self) -> PageModel:
        """The page as it is to be shown now."""
        desk = self._desk
        return build(desk.session, desk.shown, desk.shown_claim, desk.facts)

    @property
    def session(self) -> Session:
        """The customer's way so far."""
        return self._desk.session

    @property
    def facts(self) -> Facts:
        """What the kiosk knows of itself."""
        return self._desk.facts

    @property
    def books(self) -> Books:
        """The kiosk's books."""
        return self._desk.books

    def close(self, reason: str) -> None:
        """Take no customer any more, for `reason` (a word of Facts.closed_reason)."""
        self._desk.facts = replace(self._desk.facts, closed_reason=reason)
        self._desk.go(Page.CLOSED)

    def _decide(self, now: Moment, act: Callable[[Desk], Any]) -> Decision:
        desk = self._desk
        desk.now, desk.events, desk.effects = now, [], []
        self._due(desk)
        act(desk)
        cash.mind_stray_note(desk)
        offline.mind_room(desk)
        timing.reset_question(desk)
        scanned.mind(desk)
        return Decision(tuple(desk.events), tuple(desk.effects))

    def _due(self, desk: Desk) -> None:
        for name in sorted(n for n, at in desk.timers.items() if at <= desk.now.mono):
            if desk.timers.pop(name, None) is not None:
                timing.on_timer(desk, name)

    def _deal(self, desk: Desk, told: Input) -> None:
        before = desk.session.page
        match told:
            case Tick():
                pass
            case Intent(name, arg):
                walk.on_intent(desk, name, arg)
            case AcceptorSaid():
                cash.on_report(desk, told)
            case DeviceFelt("acceptor", health):
                desk.facts = replace(desk.facts, acceptor=health)
            case DeviceFelt("printer", health):
                desk.facts = replace(desk.facts, printer=health)
            case DeviceFelt("card_writer", health):
                desk.facts = replace(desk.facts, card_writer=health)
            case DeviceFelt("dispenser", health):
                desk.facts = replace(desk.facts, dispenser=health)
            case DeviceFelt("new_card", health):
                desk.facts = replace(desk.facts, new_card=health)
            case DeviceFelt("sam", health):
                desk.facts = replace(desk.facts, sam=health)
            case DeviceFelt("bank_reader", health):
                desk.facts = replace(desk.facts, bank_reader=health)
            case DeviceFelt("pin_pad", health):
                desk.facts = replace(desk.facts, pin_pad=health)
            case DeviceFelt("eft", health):
                desk.facts = replace(desk.facts, eft=health)
            case DeviceFelt("scanner", health):
                desk.facts = replace(desk.facts, scanner=health)
            case DispenserSaid() | CardStaged() | CardPresented() | IdentitySaid():
                _deal_with_new_card(desk, told)
            case CardRead() | CardKnown() | CardAdmitted() | QuoteSaid() if _is_of_new_card(desk, told):
                _deal_with_new_card(desk, told)
            case CardFelt():
                card.on_felt(desk, told)
            case CardRead():
                card.on_read(desk, told)
            case CardKnown():
                card.on_known(desk, told)
            case CardAdmitted():
                card.on_admitted(desk, told)
            case CardWritten():
                deliver.on_written(desk, told)
            case OutcomeSaid():
                deliver.on_outcome(desk, told)
            case SlipOutcome():
                settle.on_slip(desk, told)
            case AccountSaid():
                find.on_account(desk, told)
            case ReferenceSaid():
                reference.on_reference(desk, told)
            case QuoteSaid() if _is_of_tender(desk, told):
                tender.on_quote(desk, told)
            case QuoteSaid():
                choose.on_quote(desk, told)
            case CreditSaid():
                credit.on_credit(desk, told)
            case ClaimSaid():
                settle.on_claim(desk, told)
            case _:
                _deal_with_tender(desk, told)
        self._hub_heard(desk, told)
        at_work = isinstance(told, AcceptorSaid) and told.report.state not in closing.RESTING
        touched = isinstance(told, Intent) or at_work or desk.session.page is not before
        timing.keep_idle_timer(desk, touched=touched)

    def _heard_since(self, desk: Desk, told: HubSaid) -> bool:
        """Whether the hub has answered another call after this one, which failed, had begun."""
        hub = desk.config.hub
        whole = hub.query_deadline_s if isinstance(told, QUERIES) else hub.deadline_s
        if isinstance(told, SaleSaid):
            whole = hub.sale_deadline_s
        match told.outcome:
            case NotSent(NotSentReason.TIMEOUT):
                took = hub.connect_s
            case NotSent(NotSentReason.SIGN_ON):
                took = hub.query_deadline_s
            case Unknown(UnknownReason.TIMEOUT):
                took = whole
            case _:
                took = 0.0
        return desk.hub_spoke is not None and desk.hub_spoke > desk.now.mono - took

    def _hub_heard(self, desk: Desk, told: Input) -> None:
        if not isinstance(told, HubSaid):
            return
        if isinstance(told, StatusSaid):
            desk.asking_status = False
        match told.outcome:
            case Answer():
                up = True
            case Refused() as refused:
                up = not refused.judges_call_only
            case Unknown(problem=problem) if problem is not None and not isinstance(told, StatusSaid):
                return  # it is there, has signed this, and cannot serve it now
            case NotSent(NotSentReason.NO_CARD):
                return  # nothing was asked
            case NotSent() | Unknown():
                if self._heard_since(desk, told):
                    return
                up = False
        if isinstance(told, StatusSaid) and isinstance(told.outcome, Answer):
            desk.business_date = told.outcome.body.business_date
            settle.on_status(desk, told.outcome.body)
        if up:
            desk.hub_spoke = desk.now.mono
        elif isinstance(told.outcome, Refused):
            desk.hub_spoke = None  # it is there and does not take our word: nothing is taken on its behalf
        if up and not desk.facts.hub_up:
            settle.hub_is_back(desk)
        desk.facts = replace(desk.facts, hub_up=up, hub_heard=True)


def _is_of_new_card(desk: Desk, told: CardRead | CardKnown | CardAdmitted | QuoteSaid) -> bool:
    """Whether it is about the card at the dispenser's station, and not late."""
    match told:
        case CardRead(request):
            awaited = request
        case CardKnown(read_id) | CardAdmitted(read_id):
            awaited = read_id
        case QuoteSaid(quote_id):
            awaited = quote_id
    return awaited in desk.books.payments or (desk.session.page is Page.STAGING and awaited == desk.asked)


def _deal_with_new_card(desk: Desk, told: Input) -> None:
    match told:
        case DispenserSaid():
            handover.on_dispenser(desk, told)
        case CardPresented():
            handover.on_presented(desk, told)
        case IdentitySaid():
            reissue.on_identity(desk, told)
        case CardStaged(request) if (payment := desk.books.payments.get(request)) is not None:
            act = handover.on_staged if payment.unhanded else deliver.on_contacted
            act(desk, payment, told)
        case CardStaged():
            reissue.on_staged(desk, told)
        case CardRead(request) if (payment := desk.books.payments.get(request)) is not None:
            handover.on_read(desk, payment, told)
        case CardRead():
            reissue.on_read(desk, told)
        case CardKnown():
            reissue.on_known(desk, told)
        case CardAdmitted():
            reissue.on_admitted(desk, told)
        case QuoteSaid():
            reissue.on_quote(desk, told)


def _is_of_tender(desk: Desk, told: QuoteSaid) -> bool:
    """Whether it is the quote for a payment without cash, and not late."""
    session = desk.session
    return told.quote_id == desk.asked and session.page is Page.PREPARING and session.tender != "cash"


def _deal_with_tender(desk: Desk, told: Input) -> None:
    match told:
        case BankCardFelt():
            bank_card.on_felt(desk, told)
        case BankCardRead():
            bank_card.on_read(desk, told)
        case RouteSaid():
            bank_card.on_route(desk, told)
        case PinSaid():
            bank_card.on_pin(desk, told)
        case SaleSaid():
            bank_card.on_sale(desk, told)
        case ReversalSaid():
            reverse.on_reversal(desk, told)
        case BoxSaid():
            box.on_box(desk, told)
        case OrderSaid():
            phone.on_order(desk, told)
        case SecretSealed():
            recharge.on_sealed(desk, told)
        case RedemptionSaid():
            recharge.on_redemption(desk, told)
        case Scanned():
            scanned.on_scanned(desk, told)
