"""The texts of all languages: complete, alike in their fields, loud when one is missing."""

from __future__ import annotations

import pytest

from kiosk.words import LANGUAGES, MissingText, Words, load


def test_every_language_has_the_same_keys_with_the_same_fields() -> None:
    chinese, *others = (load(lang).fields() for lang in LANGUAGES)
    for other in others:
        assert chinese.keys() == other.keys()
        assert {key: (chinese[key], other[key]) for key in chinese if chinese[key] != other[key]} == {}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_text_is_empty(lang: str) -> None:
    assert [key for key, text in load(lang).texts.items() if not text.strip()] == []


def test_fields_are_filled_in() -> None:
    words = Words("en", {"a.b": "{count} notes of {value}"})
    assert words.text("a.b", count=2, value="100 yuan") == "2 notes of 100 yuan"


def test_a_missing_key_is_named() -> None:
    with pytest.raises(MissingText, match=r"en: no text 'nothing\.here'"):
        load("en").text("nothing.here")


def test_a_missing_field_is_named() -> None:
    with pytest.raises(MissingText, match=r"'k' needs the field 'amount'"):
        Words("en", {"k": "{amount}"}).text("k")


def test_an_unknown_language_is_named() -> None:
    with pytest.raises(MissingText, match="'xx'"):
        load("xx")
