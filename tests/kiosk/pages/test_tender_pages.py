"""Pages of bank cards, phones and recharge cards: what they promise, what they keep to themselves, what comes first."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core import tender as decisions
from kiosk.hubclient.tender_wire import Family
from kiosk.hubclient.wire import Quote
from kiosk.page import Modes, PageKind, PageModel
from kiosk.pages import build
from kiosk.pages.bank_card import STARS, TROUBLES
from kiosk.pages.reading import shown_amount
from kiosk.pages.recharge import REFUSALS
from kiosk.pages.sample_accounts import CLEAR, FACTS, NO_HUB, ONE, THREE, Sample
from kiosk.pages.sample_tenders import (
    ALL,
    ASKED_FEN,
    BANK,
    BY_BOX,
    HELD_OUT,
    PHONE_CODE,
    SCRATCHED,
    tendered,
    tenders,
)
from kiosk.pages.tender import BANK_WORDS, PRESETS_FEN
from kiosk.session.state import BankSight, Facts, Page, Session
from kiosk.words import LANGUAGES

NOTHING_TAKEN = {"zh": "没有收您的钱", "en": "No money was taken"}
OWN = {sample[0] for sample in tenders()}
OF_CASH = {
    "zh": re.compile("纸币|找零|投入|投的钱|投钱|放入"),
    "en": re.compile(r"\bnotes?\b(?! or photograph)|\bchange is|no change|\binsert notes|\binserted\b", re.I),
}
NOT_CASH = frozenset(
    {
        Page.AMOUNT,
        Page.INSERT_BANK_CARD,
        Page.READING_BANK_CARD,
        Page.PIN,
        Page.AUTHORISING,
        Page.BOX,
        Page.ASKING_BOX,
        Page.PHONE,
        Page.CLOSING_ORDER,
        Page.RECHARGE,
        Page.DECLINED,
        Page.REVERSED,
        Page.TAKE_BANK_CARD,
        Page.PAYING,
        Page.PREPARING,
        Page.CHECKING,
        Page.CLAIM,
        Page.DONE,
    }
)


def told(page: PageModel) -> str:
    """What a customer reads."""
    notice = (page.notice.title, page.notice.text) if page.notice else ()
    panel = (page.panel.headline_label, page.panel.headline, page.panel.promise) if page.panel else ()
    entry = (page.entry.value, page.entry.error, page.entry.hint) if page.entry else ()
    rows = [f"{row.label} {row.value}" for row in (page.panel.rows if page.panel else ()) + page.context]
    choices = [f"{key.label} {key.detail} {key.reason}" for key in page.choices]
    return "\n".join((page.title, page.prompt, *notice, *panel, *entry, *rows, *choices))


def test_every_means_stands_there_and_says_why_it_does_not_work(pages: dict[str, PageModel]) -> None:
    offered = {key.id: key for key in pages["means_all"].choices}
    assert list(offered) == ["cash", "bank_card", "qr", "recharge_card"]
    assert all(key.enabled for key in offered.values())
    for name in ("means_no_bank_reader", "means_no_pin_pad", "means_no_box", "means_card_inside"):
        [card] = [key for key in pages[name].choices if key.id == "bank_card"]
        assert not card.enabled, name
        assert any(key.enabled for key in pages[name].choices), name
    assert not any(key.enabled for key in pages["means_nothing_works"].choices)
    assert [key.id for key in pages["means_box"].choices] == ["cash", "bank_card", "qr"]
    assert [key.id for key in pages["means"].choices] == ["cash"]


def test_a_bill_can_be_paid_as_long_as_one_means_works(lang: str) -> None:
    session = Session(page=Page.BILLS, modes=Modes(lang=lang), account=THREE)
    no_cash = replace(ALL, acceptor=FACTS.card_writer or NO_HUB.acceptor, acceptor_free=False)
    for facts, works in ((no_cash, True), (replace(no_cash, phone=False, recharge=False), True)):
        page = build(session, None, None, facts)
        assert page.main is not None
        assert page.main.enabled == works
    nothing = build(session, None, None, replace(ALL, hub_up=False, hub_heard=True))
    assert nothing.main is not None
    assert nothing.main.reason


def test_pages_of_other_money_never_speak_of_notes(
    lang: str, pages: dict[str, PageModel], sample_states: dict[str, Sample]
) -> None:
    for name in OWN:
        page = sample_states[name][1].page
        if page in NOT_CASH:
            assert not OF_CASH[lang].search(told(pages[name])), name


def test_the_pin_page_shows_the_amount_first_and_of_the_pin_how_many_digits(
    lang: str, pages: dict[str, PageModel]
) -> None:
    for count in (0, 4, 6):
        page = pages[f"pin_{count}"]
        assert page.panel is not None
        assert page.entry is not None
        assert page.panel.headline == shown_amount(ASKED_FEN)
        assert page.entry.value == STARS * count
        assert page.private
        assert STARS not in page.spoken
        assert page.back is not None
        assert page.back.id == "cancel_pin"
        assert (str(count) in page.spoken.replace("128", "")) or not count
    rows = [row.value for row in pages["pin_4"].context]
    assert rows == [{"zh": BANK.title_zh, "en": BANK.title_en}[lang], "0012"]
    assert BANK.masked not in told(pages["pin_4"])
    assert {"zh": "遮挡", "en": "Shield"}[lang] in pages["pin_0"].prompt
    retry = pages["pin_retry"].notice
    assert retry is not None
    assert NOTHING_TAKEN[lang] in retry.text


def test_every_family_of_refusals_has_words_of_its_own(lang: str, pages: dict[str, PageModel]) -> None:
    assert set(get_args(Family)) <= {*BANK_WORDS, "other"}
    declined = {name: page for name, page in pages.items() if name.startswith("declined_")}
    texts = {name: page.prompt for name, page in declined.items()}
    twice = {"declined_card_held_out", "declined_captured_bank", "declined_captured_not_taken"}
    twice |= {name for name in texts if name.startswith("declined_order_closed")}
    own = [text for name, text in texts.items() if name not in twice]
    assert len(set(own)) == len(own)
    for name, page in declined.items():
        assert NOTHING_TAKEN[lang] in told(page), name
        assert page.main is not None
        assert page.back is not None
        assert (page.main.id, page.back.id) == ("other_means", "finish"), name


def test_every_trouble_of_a_card_says_that_nothing_was_taken(lang: str, pages: dict[str, PageModel]) -> None:
    said = {pages[f"insert_bank_card_{word}"].title for word in TROUBLES}
    assert len(said) == len(TROUBLES)
    for word in TROUBLES:
        page = pages[f"insert_bank_card_{word}"]
        assert NOTHING_TAKEN[lang] in page.prompt, word
        assert page.back is not None
        assert page.panel is not None
    assert pages["insert_bank_card_not_a_bank_card"].guide is not None


def test_a_card_that_is_held_out_or_kept_comes_first(lang: str, pages: dict[str, PageModel]) -> None:
    take = {"zh": "请取走您的银行卡", "en": "Take your bank card"}[lang]
    held = ("declined_card_held_out", "reversed_held_out", "done_bank_card_held_out", "message_pin_timeout",
            "means_card_inside")  # fmt: skip
    for name in held:
        page = pages[name]
        assert page.notice is not None, name
        assert (page.notice.tone, page.notice.title) == ("warning", take), name
        assert page.spoken.startswith(take), name
        assert page.cue is not None
        assert page.cue.word == "take_card"
    kept = {"zh": "您的卡已收回机内", "en": "Your card was drawn in"}[lang]
    for name in ("done_bank_card_captured", "declined_captured_not_taken"):
        notice = pages[name].notice
        assert notice is not None
        assert notice.title == kept
        assert FACTS.hotline in notice.text
    bank = pages["declined_captured_bank"].notice
    assert bank is not None
    assert bank.title == {"zh": "您的卡已留在机内", "en": "Your card was kept"}[lang]


def test_while_a_card_is_held_out_nothing_of_its_owner_is_shown(lang: str) -> None:
    session = Session(
        page=Page.TAKE_BANK_CARD, modes=Modes(lang=lang), account=ONE, bank=BANK, amount_fen=ASKED_FEN
    )
    page = build(session, tendered(), None, HELD_OUT)
    assert page.panel is None
    assert page.context == ()
    assert not page.private
    assert not re.search(r"0012|128\.50|张|0399", told(page))
    by_hand = build(session, None, None, replace(HELD_OUT, draws_in=False))
    assert by_hand.prompt != page.prompt
    drawn = {"zh": "收回", "en": "drawn in"}[lang]
    assert (drawn in page.prompt, drawn in by_hand.prompt) == (True, False)


def test_the_code_of_a_phone_stands_with_its_time_and_the_time_is_not_spoken(
    lang: str, pages: dict[str, PageModel]
) -> None:
    page = pages["phone_code"]
    assert page.kind is PageKind.CODE
    assert page.code is not None
    assert (page.code.text, page.code.lasts_s, page.seconds_left) == (PHONE_CODE, 120, 105)
    assert PHONE_CODE not in page.spoken
    assert not re.search(r"\b105\b|1:45", page.spoken)
    assert {"zh": "示例钱包", "en": "Sample Wallet"}[lang] in page.title
    assert page.panel is not None
    assert page.panel.headline == shown_amount(ASKED_FEN)
    without = pages["phone_code_no_scanner"].code
    assert without is not None
    assert {"zh": "扫码口", "en": "scanner"}[lang] in page.code.hint
    assert {"zh": "扫码口", "en": "scanner"}[lang] not in without.hint
    scanned = pages["phone_scanned"].code
    assert scanned is not None
    assert (scanned.text, pages["phone_scanned"].seconds_left) == ("", None)
    for name in ("phone_code", "phone_scanned", "phone_getting"):
        back = pages[name].back
        assert back is not None
        assert back.id == "cancel_phone"


def test_a_code_whose_times_cannot_be_read_still_stands(lang: str) -> None:
    paid = tendered("qr", code=PHONE_CODE, expires_at="soon")
    session = Session(page=Page.PHONE, modes=Modes(lang=lang), phone_left=9, tender="qr")
    page = build(session, paid, None, BY_BOX)
    assert page.code is not None
    assert page.code.lasts_s == 0


def test_the_number_of_a_recharge_card_stands_on_its_own_page_only(
    pages: dict[str, PageModel], sample_states: dict[str, Sample]
) -> None:
    full = pages["recharge_full"]
    assert full.entry is not None
    assert full.entry.value == "7351 9486 2037 5918 49"
    assert (full.entry.complete, full.private) == (True, True)
    errors = [entry.error for word in REFUSALS if (entry := pages[f"recharge_{word}"].entry)]
    assert len(set(errors)) == len(REFUSALS)
    for name in OWN:
        _, session, paid, case, facts = sample_states[name]
        if session.page is not Page.RECHARGE and session.page is not Page.AMOUNT:
            page = build(replace(session, digits=SCRATCHED, sealed="x"), paid, case, facts)
            assert not re.search("7351 ?9486", told(page) + page.spoken), name


def test_how_it_ended_is_never_said_before_it_is_known(lang: str, pages: dict[str, PageModel]) -> None:
    taken = {"zh": "已收到", "en": "We have your"}[lang]
    for name in ("asking_box_2", "closing_order_2", "checking_phone_slip", "checking_recharge_card",
                 "paying_recharge_card_2", "claim_sale_fate_unknown"):  # fmt: skip
        assert NOTHING_TAKEN[lang] not in told(pages[name]), name
        assert taken not in told(pages[name]), name
    box = pages["checking_box"].notice
    assert box is not None
    assert shown_amount(ASKED_FEN) in box.title
    for name in ("reversed_slip", "reversed_phone", "reversed_box"):
        assert "3" in pages[name].prompt, name
        assert NOTHING_TAKEN[lang] not in told(pages[name]), name


def quote(due: int, least: int, most: int) -> Quote:
    """What the hub would take."""
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return Quote(
        id="q" * 32,
        account_no=ONE.account_no,
        business="arrears" if due else "prepay",
        months=(),
        due_fen=due,
        max_fen=most,
        min_fen=least,
        expires_at=at,
        as_of=at,
    )


fen = st.integers(0, 400_000)


@given(st.sampled_from(LANGUAGES), fen, st.integers(0, 20_000), st.integers(10_000, 400_000))
def test_what_the_page_offers_is_what_the_core_takes(lang: str, due: int, least: int, most: int) -> None:
    asked = quote(due, least, most)
    session = Session(page=Page.AMOUNT, modes=Modes(lang=lang), account=CLEAR, quote=asked)
    page = build(session, None, None, ALL)
    low, high = decisions.limits(asked)
    offered = [int(key.arg) for key in page.choices]
    assert len(offered) == len(set(offered)) <= 4
    assert {key.id for key in page.choices} <= {"preset"}
    for one in offered:
        assert one == due or (low <= one <= high and one in PRESETS_FEN)
    typed = build(replace(session, digits=str(high // 100)), None, None, ALL)
    assert typed.entry is not None
    assert typed.entry.complete == (low <= high)
    above = build(replace(session, digits=str(high // 100 + 1)), None, None, ALL)
    assert above.entry is not None
    assert not above.entry.complete


@given(st.sampled_from(LANGUAGES), st.integers(1, 10**7), st.integers(1, 10**7))
def test_the_panel_of_a_fixed_amount_adds_up(lang: str, due: int, asked: int) -> None:
    session = Session(page=Page.PIN, modes=Modes(lang=lang), account=ONE, amount_fen=asked)
    page = build(replace(session, quote=quote(due, 0, 10**7)), None, None, ALL)
    assert page.panel is not None
    assert page.panel.headline == shown_amount(asked)
    values = [row.value for row in page.panel.rows]
    assert values == ([] if due == asked else [shown_amount(due), shown_amount(abs(due - asked))])


@pytest.mark.parametrize(
    ("page", "changes"),
    [
        (Page.INSERT_BANK_CARD, {"bank": BankSight(trouble="surprise")}),
        (Page.DECLINED, {}),
        (Page.RECHARGE, {"entry_error": "surprise", "digits": "1"}),
        (Page.AMOUNT, {"entry_error": "surprise", "digits": "x"}),
        (Page.AUTHORISING, {"wait_level": 9}),
    ],
)
def test_an_unknown_word_still_gives_a_page(lang: str, page: Page, changes: dict[str, object]) -> None:
    session = replace(Session(page=page, modes=Modes(lang=lang), account=ONE), **changes)  # type: ignore[arg-type]
    for paid in (None, tendered(declined="surprise"), tendered("qr", declined="surprise")):
        facts: Facts = ALL
        assert build(session, paid, None, facts).title
