"""Decisions on the way to a meter card: put in, read, shown to the hub, and what may be done with it."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from msgspec import structs

from drivers.meter_card.model import CardCode, CardContents
from kiosk.core import deliver
from kiosk.core.desk import Desk
from kiosk.core.inputs import CardAdmitted, CardFelt, CardKnown, CardRead
from kiosk.hubclient import card_wire, wire
from kiosk.hubclient.outcomes import Answer, is_busy
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.reach import reachable
from kiosk.session.state import CardSight, Page

BEGINS = frozenset({Page.ATTRACT, Page.HOME, Page.INSERT_CARD, Page.CARD_TROUBLE, Page.OWED})
"""Pages on which a card that is put in begins, or goes on with, its customer's way."""
ASKED_FOR = frozenset({Page.INSERT_CARD, Page.CARD_TROUBLE})
"""Pages that ask for a card: who puts one in is told when it is of no use."""
ENDS_WITH_CARD = frozenset({Page.DONE, Page.OWED, Page.CARD_TROUBLE})
"""Pages on which taking the card ends what there was to see."""
REFUSED_S = 3600.0
"""So long a card that refused us is not asked again whether it lets us in: after a few refusals it locks itself."""


def insert(desk: Desk, _arg: str) -> None:
    """Ask for the card, or read it if it is in already and was not left there by somebody else."""
    if not desk.facts.card_works:
        return
    if desk.facts.card_in and desk.session.card_own:
        _read(desk)
    else:
        desk.stop("page")
        desk.go(Page.INSERT_CARD, card=None)


def on_felt(desk: Desk, felt: CardFelt) -> None:
    """A card came or went."""
    desk.facts = replace(desk.facts, card_in=felt.present)
    _whose(desk, felt)
    if not felt.present:
        _gone(desk)
    elif _page(desk)[0] in BEGINS and desk.facts.card_works:
        if not desk.session.card_own:
            return  # the page says that somebody's card is in
        # What was owed on the page before is the hub's to tell now.
        desk.change(payment_id="", note_notice=None)
        _read(desk)
    elif desk.session.page in ASKED_FOR and not desk.facts.hub_up:
        desk.stop("page")
        desk.go(Page.MESSAGE, card=CardSight("", None), message="hub_gone")
    else:
        deliver.on_card_in(desk)


def _whose(desk: Desk, felt: CardFelt) -> None:
    """Note whether the card was put in before our eyes by whoever stands here.

    A reader that was away leaves it as it was: what it finds then may have stood there all the time.
    """
    if felt.seen:
        nobody = desk.session.page is Page.ATTRACT and not desk.facts.card_works
        desk.change(card_own=felt.present and not nobody)


def _page(desk: Desk) -> tuple[Page | None, bool]:
    """The customer's page, and whether help or the question for more time lies over it."""
    over = desk.session.page in {Page.HELP, Page.MORE_TIME}
    return (desk.session.under if over else desk.session.page), over


def _gone(desk: Desk) -> None:
    page, over = _page(desk)
    buys = desk.session.business == "buy_power"
    if page in {Page.READING_CARD, Page.CARD} or (page is Page.MEANS and buys):
        desk.asked = ""
        desk.stop("wait")
        desk.go(Page.INSERT_CARD, card=None)
    elif page is Page.PREPARING and buys:
        desk.asked = ""  # another card may stand there when the quote comes
        desk.stop("wait")
        desk.go(Page.MESSAGE, message="card_gone")
    elif page is Page.TAKE_CARD:
        desk.start_over()
    elif not over and page in ENDS_WITH_CARD:
        desk.after("page", desk.config.screen.done_s)


def _read(desk: Desk) -> None:
    desk.stop("page")  # of a card that was taken out before: it would end what begins here
    desk.asked = desk.ids()
    desk.do(fx.ReadCard(desk.asked))
    desk.go(Page.READING_CARD, card=None, account=None)
    desk.after("wait", 2.0)


def on_read(desk: Desk, read: CardRead) -> None:
    """Show the hub what the card holds, or say why it cannot be read."""
    if read.request != desk.asked or desk.session.page is not Page.READING_CARD:
        return
    desk.asked = ""
    if read.face is None:
        _trouble(desk, read.code or "card_mute")
        return
    desk.asked = desk.ids()
    desk.change(card=CardSight(desk.asked, read.face.contents))
    desk.do(fx.AskCard(desk.asked, read.face, desk.now.stamp))


def on_known(desk: Desk, known: CardKnown) -> None:
    """Show what may be done with the card; one that is to be written is asked first whether it lets us in."""
    sight = desk.session.card
    if known.read_id != desk.asked or desk.session.page is not Page.READING_CARD or sight is None:
        return
    match known.outcome:
        case Answer(body):
            desk.change(card=replace(sight, known=_in_local_time(desk, body)))
            if sight.contents is not None and _is_served(body):
                _ask_for_admission(desk, sight.contents)
            else:
                _show(desk)
        case outcome if is_busy(outcome):
            _message(desk, "busy")
        case _:
            _message(desk, "hub_gone")


def _is_served(known: card_wire.CardRead) -> bool:
    """Whether something may be written on the card by what the hub says."""
    return known.verdict == "owed" or (known.verdict == "ready" and known.max_fen > 0)


def _ask_for_admission(desk: Desk, contents: CardContents) -> None:
    """Before any money: a card that is locked, or has other keys, could not be written after it."""
    if desk.refused_by.get(contents.serial, desk.now.mono) > desk.now.mono:
        _trouble(desk, CardCode.REFUSED_US)
    else:
        desk.do(fx.AdmitCard(desk.asked, contents.profile, contents.serial))


def on_admitted(desk: Desk, said: CardAdmitted) -> None:
    """Show what may be done with a card that lets us in, or why nothing can be."""
    sight = desk.session.card
    if said.read_id != desk.asked or desk.session.page is not Page.READING_CARD or sight is None:
        return
    if not said.code:
        _show(desk)
    elif said.code == "module_away" and desk.config.meter_card.module == "hub":
        _message(desk, "hub_gone")
    else:
        if said.code == CardCode.REFUSED_US and sight.contents is not None:
            _remember(desk, sight.contents.serial)
        _trouble(desk, said.code)


def _remember(desk: Desk, serial: str) -> None:
    now = desk.now.mono
    desk.refused_by = {each: until for each, until in desk.refused_by.items() if until > now}
    desk.refused_by[serial] = now + REFUSED_S


def _show(desk: Desk) -> None:
    sight = desk.session.card
    desk.asked = ""
    desk.stop("wait")
    desk.go(Page.CARD, account=sight.known.account if sight and sight.known else None)


def _message(desk: Desk, what: str) -> None:
    desk.asked = ""
    desk.stop("wait")
    desk.go(Page.MESSAGE, message=what)


def _in_local_time(desk: Desk, known: card_wire.CardRead) -> card_wire.CardRead:
    zone = ZoneInfo(desk.config.terminal.timezone)
    last = known.last and structs.replace(known.last, paid_at=known.last.paid_at.astimezone(zone))
    owed = known.owed and structs.replace(known.owed, paid_at=known.owed.paid_at.astimezone(zone))
    return structs.replace(known, last=last, owed=owed)


def _trouble(desk: Desk, code: str) -> None:
    desk.asked = ""
    desk.stop("wait")
    sight = desk.session.card or CardSight("", None)
    desk.go(Page.CARD_TROUBLE, card=replace(sight, trouble=code))


def buy(desk: Desk, _arg: str) -> None:
    """Go on to the means of payment."""
    sight = desk.session.card
    known = sight.known if sight is not None else None
    if not _may(desk, "ready") or known is None or not known.max_fen:
        return
    if len(desk.facts.tenders) > 1 or in_reach(desk, known.min_fen, known.max_fen):
        desk.go(Page.MEANS, business="buy_power")


def in_reach(desk: Desk, least_fen: int, most_fen: int) -> bool:
    """Whether the notes taken here can come to an amount that the hub sells something for."""
    cash = desk.config.cash
    return reachable(cash.accepted_fen, least_fen, min(most_fen, cash.most_fen))


def quote_facts(quote: wire.Quote) -> ev.QuoteFacts:
    """Of the quote what the payment goes by."""
    return ev.QuoteFacts(
        quote.id, quote.months, quote.due_fen, quote.max_fen, quote.expires_at.isoformat(), quote.min_fen
    )


def rewrite(desk: Desk, _arg: str) -> None:
    """Write what was paid before and is not on the card: free of charge, under the purchase count it was sold with."""
    sight, account = desk.session.card, desk.session.account
    if not _may(desk, "owed") or sight is None or account is None or not desk.facts.card_in:
        return
    owed = sight.known.owed if sight.known else None
    card = facts(sight)
    if owed is None or card is None:
        return
    good = ev.PurchaseFacts(
        purchase_id=owed.purchase_id,
        good="rewrite",
        meter_no=card.meter_no,
        customer_no=card.customer_no,
        count=owed.count,
        amount_fen=owed.amount_fen,
        card_serial=card.serial,
        profile=card.profile,
    )
    write_free(desk, account, card, good)


def write_free(desk: Desk, account: wire.Account, card: ev.CardFacts, purchase: ev.PurchaseFacts) -> None:
    """Begin to write on `card` what was paid for before."""
    key = desk.ids()
    desk.emit(
        ev.RewriteOpened(
            key=key,
            kiosk_no=desk.books.kiosk_no + 1,
            account=account_facts(account),
            card=card,
            purchase=purchase,
            lang=desk.session.modes.lang,
            at=desk.now.stamp,
        )
    )
    desk.change(payment_id=key)
    deliver.begin(desk, desk.books.payments[key])


def facts(sight: CardSight | None) -> ev.CardFacts | None:
    """Of the card what a purchase hangs on; none for a card that was not read."""
    contents = sight.contents if sight else None
    if sight is None or contents is None:
        return None
    return ev.CardFacts(
        contents.serial,
        contents.profile,
        contents.meter_no,
        contents.customer_no,
        contents.wallet.count,
        sight.read_id,
    )


def account_facts(account: wire.Account) -> ev.AccountFacts:
    """Of the account what slip and claim need."""
    return ev.AccountFacts(
        account.account_no, account.name_masked, account.address_masked, account.supply_unit
    )


def _may(desk: Desk, verdict: str) -> bool:
    """Whether the hub said so of the card that is shown, and nothing else is being delivered."""
    sight = desk.session.card
    return sight is not None and sight.known is not None and sight.known.verdict == verdict
