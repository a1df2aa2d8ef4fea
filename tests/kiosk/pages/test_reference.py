"""The pages that look a slip up: each fate has words of its own, and nobody is sent away without knowing what to do."""

from __future__ import annotations

from kiosk.core.reference import FATES
from kiosk.page import Modes, PageModel
from kiosk.pages import build
from kiosk.pages.reading import shown_amount
from kiosk.pages.sample_accounts import FACTS, NO_HUB, STANDS_IN
from kiosk.pages.sample_choosing import SLIPS
from kiosk.session.state import Facts, Page, Session


def told(pages: dict[str, PageModel]) -> dict[str, PageModel]:
    """The answers, by the name of their sample."""
    return {name: pages[f"reference_{name}"] for name in SLIPS}


def words(page: PageModel) -> str:
    """What is said of the money, in one."""
    notice = (page.notice.title, page.notice.text) if page.notice else ()
    return " ".join((page.title, page.prompt, *notice))


def test_every_fate_is_told_in_words_of_its_own(pages: dict[str, PageModel]) -> None:
    by_fate = {slip.fate: pages[f"reference_{name}"] for name, slip in SLIPS.items()}
    assert set(FATES.values()) <= by_fate.keys()
    assert len({page.title for page in by_fate.values()}) == len(by_fate)


def test_only_booked_money_needs_nobody(pages: dict[str, PageModel]) -> None:
    for name, page in told(pages).items():
        assert (FACTS.hotline in page.prompt) == (not name.startswith("booked")), name


def test_the_reference_stands_where_it_can_be_compared(pages: dict[str, PageModel]) -> None:
    for name, page in told(pages).items():
        assert "0198-F2C4-A1B3" in [row.value for row in page.context], name
        assert "0 1 9 8 - F 2 C 4 - A 1 B 3" in page.spoken, name


def test_certain_money_and_money_in_doubt_are_never_added(pages: dict[str, PageModel]) -> None:
    for name in ("person_both", "credited"):
        panel = pages[f"reference_{name}"].panel
        assert panel is not None
        assert (panel.headline, panel.rows[0].value) == (shown_amount(10000), shown_amount(5000))
    only = pages["reference_person_note"].panel
    assert only is not None
    assert (only.headline, only.rows) == (shown_amount(10000), ())
    assert pages["reference_no_amount"].panel is None


def test_money_in_doubt_is_called_so_only_as_long_as_it_is(pages: dict[str, PageModel]) -> None:
    waits, decided = pages["reference_person_both"].panel, pages["reference_credited"].panel
    assert waits is not None
    assert decided is not None
    assert waits.rows[0].label != decided.rows[0].label


def test_a_note_of_unknown_fate_is_neither_promised_nor_denied(
    lang: str, pages: dict[str, PageModel]
) -> None:
    promise = {"zh": "不会丢", "en": "not lost"}[lang]
    assert promise in words(pages["reference_person"])
    for name in ("person_note", "no_amount", "nothing_found"):
        assert promise not in words(pages[f"reference_{name}"]), name


def test_what_is_no_end_yet_is_not_shown_as_one(lang: str, pages: dict[str, PageModel]) -> None:
    tones = {name: page.notice.tone if page.notice else "" for name, page in told(pages).items()}
    assert {name for name, page in told(pages).items() if page.picture == "success"} == {
        "booked",
        "booked_largest",
        "credited",
    }
    assert tones["checking"] == tones["person"] == tones["unknown"] == tones["hub_gone"] == "warning"
    again = {"zh": "不要重复交费", "en": "do not pay again"}[lang]
    assert again in words(pages["reference_checking"])


def test_the_way_on_fits_the_answer(pages: dict[str, PageModel]) -> None:
    ways = {name: page.back.id if page.back else "" for name, page in told(pages).items()}
    assert ways["booked"] == ways["person"] == ways["checking"] == "another"
    assert ways["unknown"] == ways["hub_gone"] == ways["hub_busy"] == "correct"
    assert ways["too_many"] == ""
    assert "5" in pages["reference_too_many"].prompt
    assert all(page.main and page.main.id == "finish" for page in told(pages).values())


def test_the_reference_is_grouped_counted_and_spelled(lang: str, pages: dict[str, PageModel]) -> None:
    empty, part, full = (pages[f"enter_reference_{name}"] for name in ("empty", "part", "full"))
    assert empty.entry
    assert part.entry
    assert full.entry
    assert all(page.entry and page.entry.letters for page in (empty, part, full))
    assert (part.entry.value, full.entry.value) == ("0198 F2", "0198 F2C4 A1B3")
    assert "6" in part.entry.hint
    assert (part.entry.complete, full.entry.complete) == (False, True)
    assert {"zh": "0 1 9 8，F 2", "en": "0 1 9 8, F 2"}[lang] in part.spoken
    assert (empty.private, part.private) == (False, True)
    assert (empty.main and empty.main.enabled, part.main and part.main.enabled) == (False, True)


def test_the_way_from_home_is_quiet_and_open_without_the_hub_too(lang: str) -> None:
    def home(facts: Facts) -> PageModel:
        return build(Session(page=Page.HOME, modes=Modes(lang=lang)), None, None, facts)

    assert {key.id for key in home(FACTS).choices if key.quiet} == {"look_up_slip"}
    for facts in (FACTS, NO_HUB, STANDS_IN):
        key = next(key for key in home(facts).choices if key.quiet)
        assert (key.enabled, key.reason) == (True, "")


def test_without_the_hub_it_is_said_before_anything_is_typed(lang: str, pages: dict[str, PageModel]) -> None:
    gone = {"zh": "网络中断", "en": "No connection"}[lang]
    assert gone in pages["enter_reference_no_hub"].prompt
    assert gone not in pages["enter_reference_empty"].prompt


def test_nothing_is_told_of_a_slip_that_was_not_asked_for(lang: str) -> None:
    page = build(Session(page=Page.REFERENCE, modes=Modes(lang=lang)), None, None, FACTS)
    assert (
        page.title
        == build(
            Session(page=Page.REFERENCE, modes=Modes(lang=lang), slip=SLIPS["hub_gone"]),
            None,
            None,
            FACTS,
        ).title
    )
