"""The pages of the meter card: what is drawn is said, and what happened to the money is said on each of them."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from drivers.meter_card.model import CardCode
from kiosk.hubclient.card_wire import CardVerdict
from kiosk.page import GuideKind, Modes, PageKind, PageModel
from kiosk.pages import build, card, card_write, reissue
from kiosk.pages.card import WHYS, CardSeen, MeterTold, Power
from kiosk.pages.look import Look
from kiosk.pages.meter_card import OFFERED
from kiosk.pages.reading import shown_amount, spoken_amount
from kiosk.pages.reissue import Identity
from kiosk.pages.sample_accounts import CLEAR, FACTS, METER
from kiosk.pages.sample_card_states import INSIDE, known, power
from kiosk.pages.sample_cards import NEW, PHONE, POWER, SEEN, WORK, card_samples
from kiosk.pages.samples import samples
from kiosk.session.state import Page, Session
from kiosk.words import LANGUAGES


@pytest.fixture(scope="module")
def cards(lang: str) -> dict[str, PageModel]:
    """All sample pages of the card in one language."""
    return card_samples(lang)


def look_of(lang: str) -> Look:
    return Look(Session(page=Page.MESSAGE, modes=Modes(lang=lang)), None, None, FACTS)


def told(page: PageModel) -> str:
    """What a customer reads."""
    notice = (page.notice.title, page.notice.text) if page.notice else ()
    panel = (page.panel.headline_label, page.panel.headline, page.panel.promise) if page.panel else ()
    rows = [f"{row.label} {row.value}" for row in (page.panel.rows if page.panel else ()) + page.context]
    return "\n".join((page.title, page.prompt, *notice, *panel, *rows))


NOTHING_TAKEN = {"zh": "没有收您的钱", "en": "No money was taken"}
BOOKED = {"zh": "钱已入账", "en": "money is booked"}
FREE = {"zh": "免费", "en": "free of charge"}


def test_every_guide_is_shown_named_and_spoken(pages: dict[str, PageModel]) -> None:
    guides = {page.guide.kind: page.guide for page in pages.values() if page.guide}
    assert set(guides) == set(get_args(GuideKind))
    assert len({guide.name for guide in guides.values()}) == len(guides)
    for name, page in pages.items():
        assert (page.kind is PageKind.CARD) == (page.guide is not None), name
        if page.guide:
            assert page.guide.name, name
            assert page.guide.text in page.spoken, name


def test_nothing_can_be_pressed_while_the_card_is_written(cards: dict[str, PageModel], lang: str) -> None:
    leave = {"zh": "不要拔卡", "en": "Do not remove the card"}[lang]
    for name in ("writing_card_0", "writing_card_1", "writing_card_2", "writing_card_rewrite"):
        page = cards[name]
        assert (page.main, page.back, page.choices) == (None, None, ()), name
        assert page.guide is not None
        assert page.guide.kind == "leave_in"
        assert leave in page.guide.text
        assert leave in page.spoken
        assert page.panel is not None
        assert page.panel.headline == shown_amount(POWER.amount_fen)


@pytest.mark.parametrize("why", [*WHYS, "surprise"])
def test_a_wrong_card_says_what_happened_to_the_money(why: str, lang: str) -> None:
    free = card.wrong_card(look_of(lang), why).model()
    paid = card.wrong_card(look_of(lang), why, serial_end="7A3C", paid=POWER).model()
    assert NOTHING_TAKEN[lang] in told(free)
    assert free.panel is None
    assert NOTHING_TAKEN[lang] not in told(paid)
    assert BOOKED[lang] in told(paid)
    assert POWER.reference in told(paid)
    assert "7A3C" in told(paid)
    assert paid.panel is not None
    assert paid.panel.headline == shown_amount(POWER.amount_fen)
    assert "write_later" in {key.id for key in (paid.main, paid.back) if key}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_reader_or_hub_that_goes_while_the_card_is_asked_for_is_told(lang: str) -> None:
    pages = samples(lang)
    assert pages["insert_card_session"].notice is None
    for state in ("broken", "no_hub"):
        notice = pages[f"insert_card_{state}"].notice
        menu = next(each for each in pages[f"home_meter_card_{state}"].choices if each.id == "meter_card")
        assert notice is not None
        assert (notice.tone, notice.title) == ("warning", menu.reason)


def test_a_bank_card_is_told_from_a_meter_card_by_its_picture(cards: dict[str, PageModel]) -> None:
    drawn = {name: page.guide.kind for name, page in cards.items() if page.guide}
    assert drawn["wrong_card_bank_card"] == drawn["wrong_card_foreign"] == "wrong_slot"
    assert drawn["wrong_card_locked"] == drawn["wrong_card_replaced"] == "not_this_card"
    assert drawn["wrong_card_mute"] == "insert"  # it shows the right way round


def test_only_a_worn_out_card_leads_to_a_new_one(cards: dict[str, PageModel]) -> None:
    offered = {
        n.removeprefix("wrong_card_") for n, page in cards.items() if page.back and page.back.id == "reissue"
    }
    assert offered == {*card.WORN_OUT, "cannot_write"}


def test_a_card_that_was_not_written_keeps_money_and_way(cards: dict[str, PageModel], lang: str) -> None:
    names = ("write_pulled", "write_failed", "write_unknown", "write_failed_no_slip")
    assert len({told(cards[name]) for name in names}) == len(names)
    for name in names:
        page = cards[name]
        assert BOOKED[lang] in told(page), name
        assert FREE[lang] in told(page), name
        assert POWER.reference in told(page), name
        assert page.guide is not None
        assert page.guide.kind == "insert", name
    for name in ("write_unknown", "unconfirmed"):
        assert "失败" not in told(cards[name])
        assert "failed" not in told(cards[name]).lower()


def test_an_owed_card_is_written_before_anything_is_bought(cards: dict[str, PageModel]) -> None:
    main = {
        name: page.main.id for name, page in cards.items() if name.startswith("card_contents") and page.main
    }
    assert main.pop("card_contents_owed") == main.pop("card_contents_unread") == "rewrite"
    assert set(main.values()) == {"buy_power"}
    no_cash = cards["card_contents_no_cash"].main
    assert no_cash is not None
    assert no_cash.reason


def test_the_card_says_whether_the_meter_has_taken_it(lang: str) -> None:
    taken = {"zh": "电表已读入", "en": "taken by the meter"}[lang]
    waiting = replace(SEEN, count=8)
    assert SEEN.taken
    assert not waiting.taken
    assert not replace(SEEN, meter=None).taken
    assert taken in told(card.card_contents(look_of(lang), SEEN).model())
    assert taken not in told(card.card_contents(look_of(lang), waiting).model())


def test_a_new_card_says_what_becomes_of_the_last_purchase(cards: dict[str, PageModel], lang: str) -> None:
    carried, first = cards["new_card"], cards["new_card_first"]
    assert carried.panel is not None
    assert first.panel is not None
    assert carried.panel.promise != first.panel.promise
    assert shown_amount(1000) in {row.value for row in first.panel.rows}
    assert carried.main is not None
    assert shown_amount(NEW.fee_fen) in carried.main.label
    none_left = cards["new_card_none_left"].main
    assert none_left is not None
    assert not none_left.enabled


def test_what_shows_the_identity_is_never_spoken(lang: str) -> None:
    for typed in (Identity("phone", PHONE), Identity("identity", "301928")):
        digits = typed.digits
        page = reissue.identity(look_of(lang), typed).model()
        assert page.private
        assert page.entry is not None
        assert page.entry.complete
        assert digits[-4:] not in page.spoken
        assert " ".join(digits[-4:]) not in page.spoken
        missing = reissue.identity(look_of(lang), replace(typed, digits=digits[:-1])).model()
        assert missing.entry is not None
        assert not missing.entry.complete


fen = st.integers(1, 10**9)


@given(st.sampled_from(LANGUAGES), fen, st.integers(0, 10**9), st.integers(1, 10**6))
def test_what_the_meter_will_hold_adds_up(lang: str, amount: int, remaining: int, count: int) -> None:
    work = replace(WORK, power=Power(amount, count), to_take_fen=amount, remaining_fen=remaining)
    page = card_write.take_card(look_of(lang), work).model()
    assert page.panel is not None
    values = [row.value for row in page.panel.rows]
    assert page.panel.headline == shown_amount(amount)
    assert values == [str(count), shown_amount(amount), shown_amount(amount + remaining)]
    assert spoken_amount(amount + remaining, lang) in page.spoken


@given(st.sampled_from(LANGUAGES), fen, st.integers(0, 10**6), st.integers(0, 10**8))
def test_the_meter_comes_first_where_it_told_anything(
    lang: str, amount: int, left: int, overdraft: int
) -> None:
    meter = MeterTold(left, 7, overdraft)
    for told_by in (None, meter):
        seen = CardSeen("7A3C", METER, amount, 7, told_by)
        page = card.card_contents(look_of(lang), seen).model()
        assert page.panel is not None
        assert page.panel.headline == shown_amount(amount if told_by is None else left)
        assert shown_amount(amount) in told(page)
        rows = {row.label: row.value for row in page.panel.rows}
        overdrawn = rows.get({"zh": "电表透支", "en": "Meter overdrawn"}[lang])
        assert overdrawn == (shown_amount(overdraft) if told_by and overdraft else None)


def test_every_word_on_a_card_is_explained_by_its_own_page() -> None:
    assert {str(code) for code in CardCode} <= set(WHYS)
    assert set(get_args(CardVerdict)) - OFFERED - {"not_taken"} <= set(WHYS)


def test_less_than_the_least_is_never_promised_to_be_power(lang: str) -> None:
    least = shown_amount(5000)
    session = Session(page=Page.CASH, modes=Modes(lang=lang), account=CLEAR, business="buy_power")
    little, enough = (build(session, power(fen, least_fen=5000), None, INSIDE) for fen in (4000, 5000))
    for page in (little, enough):
        assert least in told(page)
        assert page.main is not None
        assert page.main.enabled
    promises = [page.panel.promise for page in (little, enough) if page.panel]
    balance = {"zh": "余额", "en": "balance"}[lang]
    assert [balance in promise for promise in promises] == [True, False]
    keys = [page.main.label for page in (little, enough) if page.main]
    buys = {"zh": "购电", "en": "Buy power"}[lang]
    assert [buys in key for key in keys] == [False, True]


def test_the_least_stands_on_the_page_only_where_the_smallest_note_does_not_reach_it(lang: str) -> None:
    session = Session(page=Page.CASH, modes=Modes(lang=lang), account=CLEAR, business="buy_power")
    page = build(session, power(least_fen=1000), None, INSIDE)
    assert page.panel is not None
    assert [row.value for row in page.panel.rows] == [shown_amount(200000)]


def test_a_card_for_which_no_notes_come_to_an_amount_offers_no_power(lang: str) -> None:
    sight = known("ready")
    assert sight.known is not None
    narrow = replace(sight, known=structs.replace(sight.known, min_fen=1001, max_fen=1999))
    for each, offered in ((sight, True), (narrow, False)):
        session = Session(page=Page.CARD, modes=Modes(lang=lang), account=CLEAR, card=each)
        page = build(session, None, None, INSIDE)
        assert page.main is not None
        assert (page.main.id, page.main.enabled) == ("buy_power", offered)


def test_money_that_made_no_card_is_told_as_that(lang: str, pages: dict[str, PageModel]) -> None:
    words = {"zh": "没有制卡", "en": "No card was made"}
    assert words[lang] in pages["done_no_card"].title
