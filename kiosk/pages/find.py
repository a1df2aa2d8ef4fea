"""The pages that find an account: number entry, looking up, and asking whether it is the right one."""

from __future__ import annotations

from kiosk.numbers import group_by_four
from kiosk.page import Entry, PageKind
from kiosk.pages.draft import Draft
from kiosk.pages.frame import cash_reason
from kiosk.pages.look import Look, Press
from kiosk.pages.money import whose
from kiosk.pages.reading import NOTHING, Amount, Digits, Line
from kiosk.session.state import Page

NUMBER_ERRORS = ("too_short", "wrong_check_digit", "unknown_account", "unknown_meter", "account_closed")
OTHER_ERRORS = ("hub_gone", "hub_busy", "differs", "account_only")


def enter_account(look: Look) -> Draft:
    """Ask for the account number."""
    return _entry(look, Page.ENTER_ACCOUNT, "account", look.facts.account_lengths, "by_meter")


def enter_meter(look: Look) -> Draft:
    """Ask for the meter number."""
    return _entry(look, Page.ENTER_METER, "meter", (look.facts.meter_length,), "by_account")


def enter_again(look: Look) -> Draft:
    """Ask for the same account number once more: without the hub nobody can say whose it is."""
    draft = _entry(look, Page.ENTER_AGAIN, "account", look.facts.account_lengths, "")
    draft.title, draft.prompt = look.line("entry.again"), look.line("entry.again_where")
    return draft


def _entry(look: Look, page: Page, what: str, lengths: tuple[int, ...], other: str) -> Draft:
    draft = Draft(look, page, PageKind.ENTRY, step=0)
    digits, count = look.session.digits, len(look.session.digits)
    draft.title, draft.prompt = look.line(f"entry.{what}"), look.line(f"entry.{what}_where")
    draft.picture = "bill" if what == "account" else "meter"
    listed = _listed(look, lengths)
    error = _error(look, what, listed, count)
    complete = count in lengths
    hint = look.line("entry.ready" if complete else "entry.typed" if digits else "entry.type", count=count)
    label, placeholder = look.line(f"word.{what}"), look.line("entry.placeholder", lengths=listed)
    draft.entry = Entry(
        label=label.shown,
        value=group_by_four(digits),
        placeholder=placeholder.shown,
        error=error.shown,
        hint=hint.shown,
        complete=complete,
    )
    typed = look.line("speech.typed", digits=Digits(digits)) if digits else placeholder
    draft.spoken_error, draft.spoken_entry = error, look.join(typed, hint)
    draft.private = bool(digits)
    if other:
        icon = "meter" if other == "by_meter" else "keypad"
        draft.choices = [Press(other, look.line(f"entry.{other}"), icon=icon)]
    empty = NOTHING if digits else look.line("entry.empty")
    draft.main = Press("confirm", look.line("entry.confirm"), icon="tick", reason=empty)
    draft.back = back(look)
    return draft


def _error(look: Look, what: str, lengths: str, count: int) -> Line:
    error, hotline = look.session.entry_error, look.facts.hotline
    if not error:
        return NOTHING
    if error == "too_short":
        return look.line(f"error.too_short_{what}", lengths=lengths, count=count)
    if error in NUMBER_ERRORS or error in OTHER_ERRORS:
        return look.line(f"error.{error}", hotline=hotline)
    return look.line("error.other", hotline=hotline)


def _listed(look: Look, lengths: tuple[int, ...]) -> str:
    """List the lengths that a number may have."""
    *first, last = (str(length) for length in sorted(lengths, reverse=True))
    if not first:
        return last
    comma = "、" if look.words.lang == "zh" else ", "
    return look.line("entry.lengths", first=comma.join(first), last=last).shown


def back(look: Look) -> Press:
    """Return the key that goes back one page: the same place and words everywhere."""
    return Press("back", look.line("key.back"), icon="back")


def looking_up(look: Look) -> Draft:
    """Wait for the hub's answer about an account."""
    draft = Draft(look, Page.LOOKING_UP, PageKind.WAIT, step=0)
    level = min(look.session.wait_level, 2)
    draft.title, draft.prompt = look.line("looking_up.title"), look.line(f"looking_up.wait{level}")
    draft.picture = "search"
    if level == 2:
        draft.back = back(look)
    return draft


def confirm_account(look: Look) -> Draft:
    """Ask whether the account found is the one meant: a number without check digit needs a name."""
    draft = Draft(look, Page.CONFIRM_ACCOUNT, PageKind.CHECK, step=0)
    draft.title, draft.prompt = look.line("confirm.title"), look.line("confirm.prompt")
    whose(draft, full=True)
    if len(look.session.digits) == look.facts.meter_length:
        draft.row("meter", Digits(look.session.digits), private=True)
    draft.main = Press("correct", look.line("confirm.correct"), icon="tick")
    draft.back = Press("wrong", look.line("confirm.wrong"), icon="cross")
    return draft


def provisional(look: Look) -> Draft:
    """Say what a payment without the hub means, for which account, and how much it may be."""
    draft = Draft(look, Page.PROVISIONAL, PageKind.CHECK, step=1)
    limit = Amount(look.facts.offline_fen)
    draft.title = look.line("provisional.title")
    draft.prompt = look.line("provisional.prompt", limit=limit)
    if look.session.account is not None:
        whose(draft, full=True)
    else:
        draft.row("account", Digits(look.session.typed_first), private=True)
    draft.row("limit", limit)
    sure = "known" if look.session.account is not None else "caution"
    draft.notice("warning", look.line(f"provisional.{sure}"), look.line(f"provisional.{sure}_text"))
    draft.main = Press("accept", look.line("provisional.accept"), icon="tick", reason=cash_reason(look))
    draft.back = back(look)
    return draft
