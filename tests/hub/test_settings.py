"""Where the hub's settings come from."""

from datetime import timedelta
from pathlib import Path

import pytest

from hub.settings import DATABASE, KEYS, SettingError, cut_over, database_url, keys_folder


def test_the_option_wins_over_the_environment_and_that_over_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(DATABASE, raising=False)
    assert database_url(None) == "sqlite:///power-hub.sqlite"
    monkeypatch.setenv(DATABASE, "postgresql://hub@/books")
    assert database_url(None) == "postgresql://hub@/books"
    assert database_url("sqlite:///x") == "sqlite:///x"


def test_the_keys_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEYS, raising=False)
    assert keys_folder(None) is None
    monkeypatch.setenv(KEYS, "keys")
    assert keys_folder(None) == Path("keys")


def test_the_cut_over() -> None:
    assert cut_over("23:30") == timedelta(hours=23, minutes=30)
    assert cut_over("24:00") == timedelta(hours=24)


@pytest.mark.parametrize("text", ["", "24:01", "00:00", "12:60", "noon", "12", "-1:30"])
def test_a_cut_over_that_is_no_clock_time(text: str) -> None:
    with pytest.raises(SettingError, match="cut-over"):
        cut_over(text)
