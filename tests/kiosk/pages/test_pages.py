"""What every page must have, whatever stands on it; and what the pages of a payment promise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.page import Choice, Modes, PageKind, PageModel
from kiosk.pages import BUILDERS, build
from kiosk.pages.reading import shown_amount, spoken_amount
from kiosk.pages.sample_accounts import (
    ACCOUNT_NO,
    CLEAR,
    FACTS,
    NO_HUB,
    NO_PAPER,
    ONE,
    STANDS_IN,
    THREE,
    Sample,
    account,
    bill,
)
from kiosk.pages.sample_payments import PAYMENT_ID, credited, payment, unquoted
from kiosk.pages.sample_tenders import tendered
from kiosk.pages.samples import samples
from kiosk.payment.model import Payment, PaymentState, Slip
from kiosk.session.state import Facts, NoteNotice, Page, Session
from kiosk.words import LANGUAGES


def keys(page: PageModel) -> Iterator[Choice]:
    """Everything on the page that can be pressed."""
    yield from page.choices
    yield from page.service
    yield from (key for key in (page.main, page.back) if key)


def texts(page: PageModel) -> str:
    """All that a customer reads, in one."""
    parts = [page.title, page.prompt, page.footnote]
    parts += [f"{row.label} {row.value}" for row in page.context]
    if page.panel:
        parts += [page.panel.headline_label, page.panel.headline, page.panel.promise]
        parts += [f"{row.label} {row.value}" for row in page.panel.rows]
    if page.notice:
        parts += [page.notice.title, page.notice.text]
    if page.entry:
        parts += [page.entry.value, page.entry.error, page.entry.hint]
    for line in page.bills:
        parts += [line.month, line.charge, line.late_fee, line.due, line.note]
    for key in keys(page):
        parts += [key.label, key.detail, key.reason]
    return "\n".join(parts)


def label(lang: str, zh: str, en: str) -> str:
    """The words of the language at hand."""
    return {"zh": zh, "en": en}[lang]


def rows(page: PageModel) -> dict[str, str]:
    """The money panel's rows by label."""
    assert page.panel is not None
    return {row.label: row.value for row in page.panel.rows}


def test_every_page_has_a_builder_and_a_sample(sample_states: dict[str, Sample]) -> None:
    assert set(BUILDERS) == set(Page)
    assert {state[1].page for state in sample_states.values()} == set(Page)


@pytest.mark.parametrize("page", Page)
def test_a_page_stands_even_when_nothing_is_known(page: Page, lang: str) -> None:
    model = build(Session(page=page, modes=Modes(lang=lang)), None, None, NO_HUB)
    assert model.title
    assert model.spoken


def test_every_page_says_itself(pages: dict[str, PageModel]) -> None:
    for name, page in pages.items():
        assert page.title, name
        assert page.title in page.spoken or "¥" in page.title, name
        assert page.spoken[-1] in "。.？?", name
        assert "{" not in page.spoken + texts(page), name
        assert "。。" not in page.spoken, name
        assert ".." not in page.spoken, name


def test_waiting_pages_wait(sample_states: dict[str, Sample], pages: dict[str, PageModel]) -> None:
    waiting = {
        Page.LOOKING_UP,
        Page.ASKING_REFERENCE,
        Page.CHECKING_IDENTITY,
        Page.STAGING,
        Page.MAKING,
        Page.PREPARING,
        Page.CLOSING,
        Page.PAYING,
        Page.SETTLING,
        Page.READING_BANK_CARD,
        Page.AUTHORISING,
        Page.ASKING_BOX,
        Page.CLOSING_ORDER,
    }
    for name, state in sample_states.items():
        assert (pages[name].kind is PageKind.WAIT) == (state[1].page in waiting), name
        if pages[name].kind is PageKind.WAIT:
            assert pages[name].main is None, name


def test_longer_waiting_is_said(pages: dict[str, PageModel]) -> None:
    for name in ("looking_up", "asking_reference", "preparing", "paying", "settling"):
        assert len({pages[f"{name}_{level}"].prompt for level in range(3)}) == 3
    assert pages["looking_up_0"].back is None
    assert pages["looking_up_2"].back is not None


def test_what_can_be_pressed_is_spoken_with_its_key(lang: str, pages: dict[str, PageModel]) -> None:
    said = {
        "main": label(lang, "请按确认键", "press Enter"),
        "back": label(lang, "请按取消键", "press Cancel"),
    }
    for name, page in pages.items():
        for key in (*page.choices, *(k for k in (page.main, page.back) if k)):
            words = re.split(r"¥[\d,.]+", key.label)
            assert all(word in page.spoken for word in words), (name, key.label)
        if page.main and page.main.enabled:
            assert said["main"] in page.spoken, name
        if page.back and page.back.enabled:
            assert said["back"] in page.spoken, name


def test_what_cannot_be_pressed_says_why(pages: dict[str, PageModel]) -> None:
    off = {key.id for page in pages.values() for key in keys(page) if not key.enabled}
    assert {
        "help",
        "prepay",
        "pay_bill",
        "confirm",
        "pay",
        "cash",
        "pay_now",
        "bills_up",
        "bills_down",
    } <= off
    for name, page in pages.items():
        for key in keys(page):
            assert key.enabled == (not key.reason), (name, key.id)
        for key in (*page.choices, *(k for k in (page.main, page.back) if k)):
            assert key.reason in page.spoken, (name, key.id)
        assert all(badge.works == (not badge.reason) for badge in page.badges), name


def test_an_id_stands_once_on_a_page(pages: dict[str, PageModel]) -> None:
    for name, page in pages.items():
        ids = [(key.id, key.arg) for key in keys(page)]
        assert len(ids) == len(set(ids)), name


def test_the_frame_stands_on_every_page(
    pages: dict[str, PageModel], sample_states: dict[str, Sample]
) -> None:
    for name, page in pages.items():
        assert [key.id for key in page.service] == ["help", "language", "large", "contrast", "low"], name
        names = [badge.id for badge in page.badges]
        made_for = sample_states[name][4].tenders if name in sample_states else ("cash",)
        means = [tender for tender in made_for if tender != "recharge_card"]
        assert names == [*means, "receipt", "network"], name
        assert len(page.steps) in (0, 3, 4), name
        states = [step.state for step in page.steps]
        assert states == sorted(states, key=["done", "now", "next"].index), name
        assert states.count("now") <= 1, name


def test_modes_show_on_their_keys() -> None:
    modes = Modes(large=True, theme="contrast", low=True)
    page = build(Session(page=Page.HOME, modes=modes), None, None, FACTS)
    assert {key.id for key in page.service if key.selected} == {"large", "contrast", "low"}


def test_personal_data_make_the_speech_private(pages: dict[str, PageModel]) -> None:
    for name, page in pages.items():
        personal = any(word in texts(page) for word in ("张*", "欧阳*", "漠阳花园3栋", ACCOUNT_NO[:4] + " "))
        assert page.private or not personal, name
        assert page.private or page.panel is None, name
    assert not pages["attract"].private
    assert not pages["closed_operator"].private
    assert not pages["settling_2"].private


def test_names_and_addresses_stay_masked(pages: dict[str, PageModel]) -> None:
    assert THREE.name_masked in texts(pages["confirm_account"])
    assert THREE.address_masked in texts(pages["confirm_account"])
    for name, page in pages.items():
        for row in page.context:
            if row.value.startswith(("张*", "欧阳*", "漠阳花园3栋")):
                assert "*" in row.value, name
        assert "*" not in page.spoken.replace("用 * 代替", "").replace("by * for", ""), name


def test_trouble_is_never_a_bare_code(pages: dict[str, PageModel]) -> None:
    for name, page in pages.items():
        shown = texts(replace(page, footnote="", context=()))
        assert not re.search(r"[a-z]+_[a-z]+|HTTP|[Ee]rror|错误代码|失败|[Ff]ailed", shown), name


def test_trouble_says_whether_money_is_safe_and_whom_to_call(lang: str, pages: dict[str, PageModel]) -> None:
    nothing_taken = label(lang, "没有收您的钱", "No money was taken")
    for name in ("hub_gone", "account_closed", "no_cash", "quote_refused", "busy"):
        assert nothing_taken in texts(pages[f"message_{name}"])
        assert FACTS.hotline in texts(pages[f"message_{name}"])
    for name in ("account_closed", "hub_gone", "hub_busy", "surprise"):
        entry = pages[f"enter_account_{name}"].entry
        assert entry is not None
        assert nothing_taken in entry.error
        assert FACTS.hotline in entry.error
    assert nothing_taken in texts(pages["cancelled"])
    assert nothing_taken in texts(pages["closing_cancelled_0"])
    for name in ("checking_slip", "claim_declined", "claim_unanswered", "claim_note_fate_unknown"):
        again = label(lang, "不要重复交费", "do not pay again") in texts(pages[name])
        assert again == (name != "claim_note_fate_unknown")
        assert FACTS.hotline in texts(pages[name])
        assert "0198-F2C4-A1B3" in texts(pages[name])


def test_after_a_restart_whoever_still_stands_there_is_told(lang: str, pages: dict[str, PageModel]) -> None:
    take, taken = label(lang, "请取走退回的纸币", "Take the returned note"), shown_amount(10000)
    back = pages["restart_note_back_slip"]
    assert back.panel is not None
    assert (back.panel.headline, back.private) == (taken, True)
    for name in (
        "restart_note_back_slip",
        "restart_note_never_taken",
        "settling_note_back",
        "closing_note_back",
    ):
        notice = pages[name].notice
        assert notice is not None
        assert (notice.tone, notice.title) == ("warning", take), name
    for name in ("restart_note_back_slip", "restart_note_never_taken"):
        assert label(lang, "没有收您的钱", "No money was taken") in texts(pages[name])
    slip = label(lang, "请取走凭条", "Please take the slip")
    told = [slip in texts(pages[f"restart_note_back_{state}"]) for state in ("printing", "slip", "no_slip")]
    assert told == [False, True, False]
    printing = label(lang, "正在打印凭条", "A slip is being printed")
    assert printing in texts(pages["restart_note_back_printing"])
    kept = pages["done_after_restart"].notice
    assert kept is not None
    assert kept.title == label(
        lang, "本机刚才重启，您的钱已收下并计入", "The machine restarted; your money was kept and is counted"
    )
    assert label(lang, "请取走凭条", "Take your receipt") in kept.text
    assert pages["settling_0"].notice is None


def test_a_note_of_nobodys_in_the_slot_is_no_start_of_the_machine(
    lang: str, pages: dict[str, PageModel]
) -> None:
    told, starting = pages["attract_note_inside"].notice, pages["attract_starting"].notice
    assert told is not None
    assert starting is not None
    assert (told.tone, starting.tone) == ("warning", "info")
    assert label(lang, "收钞口里还有一张纸币", "A note is still in the slot") in told.text


def test_a_note_that_nobody_saw_move_is_told_on_the_cash_page(lang: str, pages: dict[str, PageModel]) -> None:
    kept, back = pages["cash_note_recovered"].notice, pages["cash_note_recovered_back"].notice
    assert kept is not None
    assert back is not None
    assert (kept.tone, back.tone) == ("success", "warning")
    assert shown_amount(2000) in kept.title
    assert label(lang, "这张没有收", "It was not counted") in back.text


def test_the_slot_says_stopped_only_where_no_further_note_will_be_taken(lang: str) -> None:
    stopped = label(lang, "现在不能再放纸币", "No more notes for now")
    session = Session(page=Page.CASH, modes=Modes(lang=lang), account=THREE)

    def title(paid: Payment, facts: Facts) -> str:
        return build(session, paid, None, facts).title

    assert title(payment(THREE, 10000), NO_HUB) == stopped
    assert title(payment(THREE, 10000), STANDS_IN) != stopped
    assert title(payment(THREE, 10000, 10000), STANDS_IN) == stopped
    assert title(unquoted(10000), NO_HUB) != stopped
    assert title(unquoted(10000, 10000), NO_HUB) == stopped
    assert title(payment(THREE, *[10000] * 20), FACTS) == stopped
    assert title(payment(THREE, *[10000] * 19, 5000, 2000, 2000), FACTS) != stopped  # room for ten yuan
    assert title(payment(THREE, 10000), NO_PAPER) == stopped
    assert title(unquoted(10000), replace(NO_PAPER, hub_up=False)) == stopped


def test_every_entry_error_says_something_of_its_own(pages: dict[str, PageModel]) -> None:
    said = [page.entry.error for page in pages.values() if page.entry and page.entry.error]
    assert (
        len(set(said)) == len(said) - 2
    )  # hub_gone reads alike for account and meter, too_short for both entries of a number


def test_the_number_is_grouped_and_counted(lang: str, pages: dict[str, PageModel]) -> None:
    empty, part, full = (pages[f"enter_account_{name}"] for name in ("empty", "part", "full"))
    assert empty.entry
    assert part.entry
    assert full.entry
    assert (empty.main and empty.main.enabled, part.main and part.main.enabled) == (False, True)
    assert part.entry.value == "0399 000"
    assert "7" in part.entry.hint
    assert full.entry.value == "0399 0000 0000 1234"
    assert (part.entry.complete, full.entry.complete) == (False, True)
    assert label(lang, "0 3 9 9，0 0 0", "0 3 9 9, 0 0 0") in part.spoken
    assert (empty.private, part.private) == (False, True)


def test_without_cash_the_ways_to_pay_say_why(lang: str) -> None:
    why = label(lang, "凭条纸用完了", "Out of receipt paper")
    session = Session(page=Page.HOME, modes=Modes(lang=lang), account=THREE)
    home = {key.id: key for key in build(session, None, None, NO_PAPER).choices}
    assert home["pay_bill"].enabled
    assert home["prepay"].reason == why
    bills = build(replace(session, page=Page.BILLS), None, None, NO_PAPER)
    assert bills.main is not None
    assert bills.main.reason == why
    assert bills.notice is not None
    means = build(replace(session, page=Page.MEANS), None, None, NO_PAPER)
    assert [key.reason for key in means.choices] == [why]
    badges = {badge.id: badge.reason for badge in means.badges}
    assert badges == {"cash": why, "receipt": why, "network": ""}


def test_bills_can_be_chosen_only_as_a_run_from_the_oldest(lang: str) -> None:
    session = Session(page=Page.BILLS, modes=Modes(lang=lang), account=THREE, choose="chosen")
    page = build(replace(session, months=("2026-09",)), None, None, FACTS)
    assert [line.selected for line in page.bills] == [True, True, False]
    needed = sum(one.due_fen for one in THREE.bills[:2]) - THREE.balance_fen
    assert page.panel is not None
    assert page.panel.headline == shown_amount(needed)
    assert page.main is not None
    assert shown_amount(needed) in page.main.label


def test_twelve_months_are_shown_in_turns(sample_states: dict[str, Sample]) -> None:
    name, session, _, _, facts = sample_states["bills_12"]
    seen: list[str] = []
    for _ in range(12):
        page = build(session, None, None, facts)
        seen += [line.id for line in page.bills]
        down = next(key for key in page.choices if key.id == "bills_down")
        if not down.enabled:
            break
        session = replace(session, first_bill=session.first_bill + len(page.bills))
    assert session.account is not None
    assert seen == [one.month for one in session.account.bills], name


def test_nothing_due_offers_to_prepay(pages: dict[str, PageModel]) -> None:
    for name in ("bills_nothing_due", "bills_nothing_due_prepay", "bills_covered"):
        page = pages[name]
        assert page.main is not None
        assert page.main.id == "prepay"
        assert page.notice is not None
    assert all(
        page.main and page.main.id == "pay" for page in (pages["bills_1"], pages["bills_prepay_with_arrears"])
    )


def test_cancel_goes_once_money_may_be_in(pages: dict[str, PageModel]) -> None:
    back = {name: page.back for name, page in pages.items() if page.name == "cash"}
    assert {name for name, key in back.items() if key} == {
        "cash_empty",
        "cash_prepay_empty",
        "cash_buy_power_empty",
        "cash_reissue_empty",
        "cash_provisional_empty",
        "cash_note_jam_nothing_in",
    }
    assert all(key.id == "cancel" for key in back.values() if key)


def test_a_note_on_its_way_holds_the_paying_key(pages: dict[str, PageModel]) -> None:
    for name in ("cash_first_note_moving", "cash_next_note_moving"):
        main = pages[name].main
        assert main is not None
        assert main.reason == pages[name].prompt


def test_only_an_empty_slot_says_that_one_can_cancel(pages: dict[str, PageModel]) -> None:
    panels = {name: page.panel for name, page in pages.items() if page.name == "cash"}
    word = {"Nothing is in yet", "还没有投钱"}
    promised = {name for name, panel in panels.items() if panel and any(w in panel.promise for w in word)}
    assert promised == {name for name in panels if pages[name].back}


def test_every_word_of_the_note_slot_is_told(pages: dict[str, PageModel]) -> None:
    told = {name: page.notice for name, page in pages.items() if name.startswith("cash_note_")}
    assert all(told.values())
    tones = {name: notice.tone for name, notice in told.items() if notice}
    assert tones["cash_note_credited"] == "success"
    assert {tone for name, tone in tones.items() if "jam" in name or "trouble" in name} == {"danger"}
    back = [
        n for n in told if n.startswith(("cash_note_refused", "cash_note_rejected", "cash_note_returned"))
    ]
    assert {pages[name].picture for name in back} == {"take_note"}


def test_a_stopped_slot_asks_for_no_more_notes(pages: dict[str, PageModel]) -> None:
    stopped = pages["cash_note_jam_jam"]
    assert stopped.title != pages["cash_part"].title
    assert stopped.picture != pages["cash_part"].picture
    assert stopped.main is not None
    assert stopped.main.enabled
    assert stopped.main.label in stopped.prompt
    full = pages["cash_note_refused_too_many_notes"]
    assert (full.title, full.prompt) == (stopped.title, stopped.prompt)
    empty = pages["cash_note_jam_nothing_in"]
    assert empty.back is not None
    assert empty.back.label in empty.prompt


def test_the_receipt_is_told_as_it_stands(pages: dict[str, PageModel]) -> None:
    names = (
        "done_printing",
        "done_receipt_taken",
        "done_no_receipt",
        "done_after_checking",
        "done_note_in_doubt",
    )
    assert len({texts(pages[name]) for name in names}) == len(names)
    hub_no = "2026112200012345"
    missing = pages["done_no_receipt"].notice
    assert missing is not None
    assert hub_no in missing.text
    assert missing.tone == "warning"
    assert all(step.state == "done" for step in pages["done_receipt_taken"].steps)
    assert pages["done_printing"].steps[-1].state == "now"


@pytest.mark.parametrize(("printed", "as_in"), [(True, "done_after_checking"), (False, "done_no_receipt")])
def test_only_a_slip_that_came_out_is_to_be_kept(printed: bool, as_in: str) -> None:
    paid = replace(credited(THREE, 10000, slips=False), slips=(Slip("k" * 32, "checking", 0, printed),))
    notice = build(Session(page=Page.DONE, account=THREE), paid, None, FACTS).notice
    expected = samples("zh")[as_in].notice
    assert notice is not None
    assert expected is not None
    assert notice.title == expected.title


def test_doubtful_money_is_never_added_to_certain_money(pages: dict[str, PageModel]) -> None:
    both = pages["claim_unasked_note"]
    assert both.panel is not None
    assert both.panel.headline == shown_amount(10000)
    assert list(rows(both).values()) == [shown_amount(5000)]
    assert shown_amount(15000) not in texts(both)


def test_a_note_of_unknown_fate_is_neither_promised_nor_denied(
    lang: str, pages: dict[str, PageModel]
) -> None:
    promised = label(lang, "不会丢", "not lost")
    assert promised in texts(pages["claim_declined"])
    assert promised not in texts(pages["claim_note_fate_unknown"])


def test_more_time_says_what_happens_to_money(pages: dict[str, PageModel]) -> None:
    nothing, money = pages["more_time_nothing_in"], pages["more_time_money_in"]
    assert shown_amount(10000) in money.prompt
    assert money.panel is not None
    assert nothing.panel is None
    assert (nothing.seconds_left, money.seconds_left) == (21, 21)
    assert not re.search(r"\b21\b", money.spoken)  # a voice that counts would never come to its end


def test_money_that_was_taken_is_never_denied_nor_asked_for_again(
    lang: str, pages: dict[str, PageModel]
) -> None:
    nothing_taken = label(lang, "没有收您的钱", "No money was taken")
    leave = pages["more_time"].back
    assert leave is not None
    assert nothing_taken in pages["more_time_nothing_in"].prompt
    for name in ("done", "checking", "reference"):
        page = pages[f"more_time_over_{name}"]
        assert nothing_taken not in page.spoken
        assert page.panel is None
        assert page.back is not None
        assert page.back.label == leave.label
    for level in range(2):
        page = pages[f"closing_note_in_doubt_{level}"]
        assert nothing_taken not in page.spoken
        assert page.notice is not None
        assert page.notice.title == label(
            lang, "这张纸币已登记，正在核实", "The note is on record and being checked"
        )


def test_an_unknown_word_of_the_core_still_gives_a_page(lang: str) -> None:
    modes = Modes(lang=lang)
    notice = NoteNotice("surprise", 1000, "surprise")
    odd = [
        (Session(page=Page.CASH, modes=modes, account=ONE, note_notice=notice), payment(ONE, 1000)),
        (Session(page=Page.MESSAGE, modes=modes, message="surprise"), None),
        (Session(page=Page.PAYING, modes=modes, wait_level=9), payment(ONE, 1000)),
        (Session(page=Page.BILLS, modes=modes, account=THREE, first_bill=99), None),
    ]
    for session, paid in odd:
        assert build(session, paid, None, FACTS).spoken
    closed = replace(FACTS, closed_reason="surprise")
    assert build(Session(page=Page.CLOSED, modes=modes), None, None, closed).title


fen = st.integers(1, 1_000_000_000)


@given(st.sampled_from(LANGUAGES), fen, st.lists(st.sampled_from([1000, 2000, 5000, 10000]), max_size=30))
def test_the_money_panel_always_adds_up(lang: str, charge: int, notes: list[int]) -> None:
    owner = account(bill("2026-10", charge))
    paid = payment(owner, *notes)
    for page_name in (Page.CASH, Page.PAYING, Page.CHECKING, Page.CLOSING):
        session = Session(page=page_name, modes=Modes(lang=lang), account=owner, payment_id=PAYMENT_ID)
        page = build(session, replace(paid, state=PaymentState.FUNDED), None, FACTS)
        shown = rows(page)
        due, inserted = label(lang, "应缴金额", "Amount due"), label(lang, "已投金额", "Inserted so far")
        later = label(lang, "还需投入", "Still to insert")
        if page_name is not Page.CASH:
            later = label(lang, "以后再交", "To pay later")
        surplus = label(lang, "多出，存入余额", "Extra, to balance")
        assert shown[due] == shown_amount(charge)
        assert shown[inserted] == shown_amount(sum(notes))
        if page_name is Page.CASH:
            assert {later, surplus} <= shown.keys()
        assert shown.get(later, shown_amount(0)) == shown_amount(max(charge - sum(notes), 0))
        assert shown.get(surplus, shown_amount(0)) == shown_amount(max(sum(notes) - charge, 0))
        assert page.panel is not None
        assert page.panel.headline in (shown.get(later), shown[inserted])
        assert spoken_amount(charge, lang) in page.spoken
        assert (shown_amount(sum(notes)) in page.panel.promise) == (page_name is Page.CASH and bool(notes))


@given(
    st.sampled_from(LANGUAGES),
    st.lists(st.tuples(fen, st.integers(0, 9999)), min_size=0, max_size=12),
    st.integers(0, 10**9),
    st.integers(1, 10**9),
)
def test_the_done_page_adds_up(lang: str, months: list[tuple[int, int]], balance: int, amount: int) -> None:
    bills = [bill(f"2026-{at:02}", charge, late) for at, (charge, late) in enumerate(months, 1)]
    owner = account(*bills, balance=balance)
    paid: Payment = credited(owner, amount, printed=True)
    session = Session(page=Page.DONE, modes=Modes(lang=lang), account=owner, payment_id=PAYMENT_ID)
    page = build(session, paid, None, FACTS)
    assert page.panel is not None
    assert page.panel.headline == shown_amount(amount)
    assert paid.credit is not None
    values = list(rows(page).values())
    assert shown_amount(paid.credit.balance_after_fen) in values
    still = label(lang, "仍欠", "Still owed")
    assert rows(page).get(still, shown_amount(0)) == shown_amount(paid.credit.arrears_after_fen)


@given(st.sampled_from(LANGUAGES), st.integers(0, 10**9), st.integers(0, 10**9))
def test_the_bills_page_asks_for_what_the_hub_will_ask(lang: str, charge: int, balance: int) -> None:
    owner = account(*([bill("2026-10", charge)] if charge else []), balance=balance)
    page = build(Session(page=Page.BILLS, modes=Modes(lang=lang), account=owner), None, None, FACTS)
    assert page.main is not None
    assert page.panel is not None
    assert page.main.id == ("pay" if owner.due_fen else "prepay")
    if owner.due_fen:
        assert page.panel.headline == shown_amount(owner.due_fen)
        assert shown_amount(owner.due_fen) in page.main.label


def test_prepaid_money_shows_the_balance_to_come(lang: str) -> None:
    session = Session(page=Page.CASH, modes=Modes(lang=lang), account=CLEAR, business="prepay")
    page = build(session, payment(CLEAR, 10000), None, FACTS)
    assert list(rows(page).values()) == [shown_amount(CLEAR.balance_fen + 10000)]


@pytest.mark.parametrize(
    ("ended_by", "word"),
    [("customer", "cancelled"), ("timeout", "timeout"), ("restart", "timeout"), ("fault", "provider_away")],
)
def test_an_order_that_was_closed_says_who_closed_it(lang: str, ended_by: str, word: str) -> None:
    session = Session(page=Page.DECLINED, payment_id=PAYMENT_ID, modes=Modes(lang=lang))
    closed = tendered("qr", state=PaymentState.DECLINED, ended_by=ended_by)
    assert build(session, closed, None, FACTS).title == samples(lang)[f"declined_phone_{word}"].title
