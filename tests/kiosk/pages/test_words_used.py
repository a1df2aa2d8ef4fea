"""The catalogue and the pages fit each other: nothing missing, nothing left over, nothing too long."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from kiosk.page import Choice, PageModel
from kiosk.pages import look
from kiosk.pages.sample_accounts import FACTS, LONGEST, THREE
from kiosk.pages.samples import samples
from kiosk.words import LANGUAGES, Words, load

SCREEN = "screen."
CHINESE = re.compile(r"[\u4e00-\u9fff]")


class Watched(Mapping[str, str]):
    """Texts that remember which of them were asked for."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts, self.asked = texts, set[str]()

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return self.texts[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    def __len__(self) -> int:
        return len(self.texts)


def test_every_screen_text_is_used_by_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(load("zh").texts)
    monkeypatch.setattr(look, "load", lambda _lang: Words("zh", watched))
    samples("zh")
    texts = {key for key in watched if key.startswith(SCREEN)}
    assert len(texts) > 100
    assert sorted(texts - watched.asked) == []


def keys(page: PageModel) -> Iterator[Choice]:
    """Everything on the page that can be pressed."""
    yield from page.choices
    yield from page.service
    yield from (key for key in (page.main, page.back) if key)


def test_labels_fit_their_keys(lang: str, pages: dict[str, PageModel]) -> None:
    most = {"zh": 12, "en": 22}[lang]
    long = {
        key.label
        for page in pages.values()
        for key in keys(page)
        if len(re.sub(r"¥\S+", "¥", key.label)) > most
    }
    assert long == set()


def test_titles_and_details_fit_two_lines(lang: str, pages: dict[str, PageModel]) -> None:
    most = {"zh": 24, "en": 45}[lang]
    for name, page in pages.items():
        assert len(page.title) <= most, name
        for key in keys(page):
            assert len(key.detail) <= most, name
            assert len(key.reason) <= most, name


def test_chinese_has_no_exclamation_and_no_ni(pages: dict[str, PageModel]) -> None:
    for name, page in pages.items():
        assert not re.search(r"[!！]|你", page.spoken + page.footnote), name


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_money_sign_is_not_written_with_a_money_word(lang: str) -> None:
    with_word = {
        k: t for k, t in load(lang).texts.items() if k.startswith(SCREEN) and re.search("元|yuan", t)
    }
    assert with_word == {}


def test_english_pages_are_english(pages: dict[str, PageModel], lang: str) -> None:
    if lang == "zh":
        return
    facts = (
        FACTS.site,
        *(part for who in (THREE, LONGEST) for part in (who.name_masked, who.address_masked)),
    )
    invented = set("".join((*facts, THREE.supply_unit, LONGEST.supply_unit)))
    for name, page in pages.items():
        assert set(CHINESE.findall(page.spoken)) <= invented, name


def test_each_language_offers_the_other_by_its_own_name(lang: str, pages: dict[str, PageModel]) -> None:
    other = {"zh": "English", "en": "中文"}[lang]
    for name, page in pages.items():
        assert [key.label for key in page.service if key.id == "language"] == [other], name
    assert other in pages["attract"].footnote
