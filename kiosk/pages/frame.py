"""What stands on every page: steps, the bar of service keys, and the badges of what works now."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.page import Badge, Choice, Step
from kiosk.pages.look import Look, Press
from kiosk.pages.reading import NOTHING, Line
from kiosk.payment.model import Tender
from kiosk.session.state import BANK_UNITS, Page

STEPS = ("account", "bill", "pay", "receipt")
CARD_STEPS = ("card", "pay", "write", "take")
ON_CARD_WAY = {0: 0, 1: 1, 2: 1, 3: 3}
"""Where the steps of a payment stand on the way of a card: choosing the means and paying are one step there."""
REWRITE_STEPS = ("card", "write", "take")
REISSUE_STEPS = ("identity", "pay", "make", "take")
REMAKE_STEPS = ("identity", "make", "take")
WAYS = {"buy_power": CARD_STEPS, "reissue": REISSUE_STEPS, "open_card": REISSUE_STEPS}
"""The ways of payments that end on a card."""
SERVICE = ("help", "language", "large", "contrast", "low")
HELPED = frozenset(
    {
        Page.HOME,
        Page.ENTER_ACCOUNT,
        Page.ENTER_METER,
        Page.ENTER_AGAIN,
        Page.PROVISIONAL,
        Page.CONFIRM_ACCOUNT,
        Page.ENTER_REFERENCE,
        Page.REFERENCE,
        Page.INSERT_CARD,
        Page.CARD,
        Page.CARD_TROUBLE,
        Page.IDENTITY,
        Page.IDENTITY_REFUSED,
        Page.NEW_CARD,
        Page.OWED,
        Page.BILLS,
        Page.MEANS,
        Page.CASH,
        Page.AMOUNT,
        Page.INSERT_BANK_CARD,
        Page.BOX,
        Page.PHONE,
        Page.RECHARGE,
        Page.DECLINED,
        Page.REVERSED,
        Page.ATTRACT,
        Page.DONE,
        Page.CHECKING,
        Page.CLAIM,
        Page.CANCELLED,
        Page.MESSAGE,
    }
)
"""Pages from which help opens."""
BADGES: tuple[Tender, ...] = ("cash", "bank_card", "qr")
"""Means that have a badge; a recharge card needs nothing but the network."""
CHOOSING = frozenset({Page.ATTRACT, Page.HOME, Page.BILLS, Page.MEANS})
"""Pages on which a bank card that stands in the slot is nobody's."""
UNHELPED = frozenset({Page.MORE_TIME})
"""Pages whose one key comes first."""


def steps(look: Look, now: int | None, *, done: bool = False, way: Sequence[str] = STEPS) -> tuple[Step, ...]:
    """Return the named steps of a way with number `now` under way, or all done; none outside the way."""
    if now is None:
        return ()
    if way is STEPS and (
        on_card := WAYS.get(look.payment.business if look.payment else look.session.business)
    ):
        way, now = on_card, ON_CARD_WAY[now]
    names = (look.line(f"step.{name}").shown for name in way)
    return tuple(
        Step(name, "done" if at < now or done else "now" if at == now else "next")
        for at, name in enumerate(names)
    )


def service(look: Look) -> tuple[Choice, ...]:
    """Return the bar of keys that stand on every page."""
    modes = look.session.modes
    on = {
        "help": look.session.page is Page.HELP,
        "large": modes.large,
        "contrast": modes.theme == "contrast",
        "low": modes.low,
    }
    reasons = {"help": no_help(look)}
    return tuple(
        Press(
            name,
            look.line(f"service.{name}"),
            icon=name,
            reason=reasons.get(name, NOTHING),
            selected=on.get(name, False),
        ).choice()
        for name in SERVICE
    )


def no_help(look: Look) -> Line:
    """Say why help does not open here; empty where it does. Pages that only wait say all themselves."""
    page = look.session.page
    if page in HELPED:
        return NOTHING
    if page is Page.HELP:
        return look.line("service.help_open")
    return look.line("service.help_first" if page in UNHELPED else "service.help_wait")


def badges(look: Look) -> tuple[Badge, ...]:
    """Return what works now and what does not: cash, bank cards, phone, receipts, network."""
    facts = look.facts
    shown = (tender for tender in facts.tenders if tender in BADGES)
    means: dict[str, Line] = {tender: tender_reason(look, tender) for tender in shown}
    if facts.tender_reason("bank_card") == "card_inside" and look.session.page not in CHOOSING:
        means |= {"bank_card": NOTHING} if "bank_card" in means else {}  # it is the customer's own
    reasons = means | {
        "receipt": NOTHING if facts.printer.usable else device_reason(look, "printer", facts.printer.code),
        "network": no_hub(look),
    }
    return tuple(
        Badge(name, look.line(f"badge.{name}").shown, works=not reason.shown, reason=reason.shown)
        for name, reason in reasons.items()
    )


def no_hub(look: Look) -> Line:
    """Say why the hub does not answer; empty if it does. Right after the start it was only not asked yet."""
    if look.facts.hub_up:
        return NOTHING
    return look.line("reason.hub_gone" if look.facts.hub_heard else "reason.starting")


def no_cards(look: Look) -> Line:
    """Say why no meter card can be read now, where the kiosk has a reader; empty if one can."""
    reader = look.facts.card_writer
    if reader is not None and not reader.usable:
        return device_reason(look, "card_writer", reader.code)
    return no_hub(look)


def cash_reason(look: Look) -> Line:
    """Say why cash is not taken now; empty if it is."""
    facts = look.facts
    if facts.cash_works:
        return NOTHING
    match facts.cash_reason:
        case "hub_gone" | "starting":
            return no_hub(look)
        case "printer":
            return device_reason(look, "printer", facts.printer.code)
        case "note_inside":
            return look.line("reason.note_inside")
        case _:
            return device_reason(look, "acceptor", facts.acceptor.code)


def tender_reason(look: Look, tender: Tender) -> Line:
    """Say why a means of payment does not work now; empty if it does."""
    if tender == "cash":
        return cash_reason(look)
    match look.facts.tender_reason(tender):
        case "":
            return NOTHING
        case "hub_gone" | "starting":
            return no_hub(look)
        case "printer":
            return device_reason(look, "printer", look.facts.printer.code)
        case word:
            unit = look.facts.tender_units.get(word) if word in BANK_UNITS else None
            return look.line(f"reason.{word}") if unit is None else device_reason(look, word, unit.code)


def pay_reason(look: Look) -> Line:
    """Say why nothing can be paid now, cash first; empty as long as one means works."""
    reasons = [tender_reason(look, tender) for tender in look.facts.tenders]
    return reasons[0] if all(reason.shown for reason in reasons) else NOTHING


PLAIN_CODES = {
    "starting": "starting",
    "power_up": "starting",
    "initializing": "starting",
    "busy": "starting",
    "paper_out": "paper_out",
    "box_full": "box_full",
    "jam_entry": "jam",
    "jam_box": "jam",
}
"""Device codes that mean something to a customer, and their word; all others are just `out of order`."""


def device_reason(look: Look, device: str, code: str) -> Line:
    """Say what is wrong with a device as far as it matters to a customer."""
    return look.line(f"reason.{PLAIN_CODES.get(code, device)}")
