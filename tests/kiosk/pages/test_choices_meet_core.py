"""Every key that can be pressed is one that the core follows: no dead control, no key without a meaning."""

from __future__ import annotations

from kiosk.core.walk import EVERYWHERE, MOVES
from kiosk.page import PageModel
from kiosk.pages.sample_accounts import Sample
from kiosk.session.state import Page


def test_what_can_be_pressed_is_followed(
    sample_states: dict[str, Sample], pages: dict[str, PageModel]
) -> None:
    dead = []
    for name, (_, session, *_) in sample_states.items():
        page = pages[name]
        known = {*MOVES.get(session.page, {}), *EVERYWHERE}
        pressable = (*page.choices, *page.service, *(key for key in (page.main, page.back) if key))
        dead += [(name, key.id) for key in pressable if key.enabled and key.id not in known]
    assert dead == []


def test_what_the_core_follows_is_offered(
    sample_states: dict[str, Sample], pages: dict[str, PageModel]
) -> None:
    offered: dict[Page, set[str]] = {}
    for name, (_, session, *_) in sample_states.items():
        page = pages[name]
        pressable = (*page.choices, *page.service, *(key for key in (page.main, page.back) if key))
        offered.setdefault(session.page, set()).update(key.id for key in pressable if key.enabled)
    # The keypad and the rows of bills have no choice of their own; `back` may come a moment too late.
    by_other_means = {"key", "delete", "clear", "toggle_month", "back"}
    unreachable = {
        (page, move)
        for page, moves in MOVES.items()
        for move in moves
        if move not in offered[page] | by_other_means and not _other_entry(page, move)
    }
    assert unreachable == set()


def _other_entry(page: Page, move: str) -> bool:
    """Whether the move leads from an entry page to itself."""
    return (page, move) in {(Page.ENTER_ACCOUNT, "by_account"), (Page.ENTER_METER, "by_meter")}
