"""What stands on every page: steps, the bar of service keys, and the badges of what works now."""

from __future__ import annotations

from kiosk.page import Badge, Choice, Step
from kiosk.pages.look import Look, Press
from kiosk.pages.reading import NOTHING, Line
from kiosk.session.state import Page

STEPS = ("account", "bill", "pay", "receipt")
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
        Page.BILLS,
        Page.MEANS,
        Page.CASH,
        Page.ATTRACT,
        Page.DONE,
        Page.CHECKING,
        Page.CLAIM,
        Page.CANCELLED,
        Page.MESSAGE,
    }
)
"""Pages from which help opens."""
UNHELPED = frozenset({Page.MORE_TIME})
"""Pages whose one key comes first."""


def steps(look: Look, now: int | None, *, done: bool = False) -> tuple[Step, ...]:
    """Return the named steps with number `now` under way, or all done; none outside the way."""
    if now is None:
        return ()
    names = (look.line(f"step.{name}").shown for name in STEPS)
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
    """Return what works now and what does not: cash, receipts, network."""
    facts = look.facts
    reasons = {
        "cash": cash_reason(look),
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
