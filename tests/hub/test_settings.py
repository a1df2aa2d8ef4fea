"""Where the hub's settings come from."""

from datetime import timedelta
from pathlib import Path

import pytest

from hub.business.card_sales import LIMITS, CardLimits
from hub.business.identity_checks import IDENTITY_DEFAULTS, IdentityLimits
from hub.business.recharge_rules import RECHARGE_DEFAULTS, RechargeLimits
from hub.settings import (
    ACQUIRERS,
    DATABASE,
    KEYS,
    SettingError,
    Settings,
    acquirers_file,
    card_limits,
    cut_over,
    database_url,
    identity_limits,
    keys_folder,
    recharge_limits,
)
from tools.hub_process import power_hub


def test_the_option_wins_over_the_environment_and_that_over_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(DATABASE, raising=False)
    assert database_url(None) == "sqlite:///power-hub.sqlite"
    monkeypatch.setenv(DATABASE, "postgresql://hub@/books")
    assert database_url(None) == "postgresql://hub@/books"
    assert database_url("sqlite:///x") == "sqlite:///x"


def test_the_banks_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ACQUIRERS, raising=False)
    assert acquirers_file(None) is None
    monkeypatch.setenv(ACQUIRERS, "banks.toml")
    assert acquirers_file(None) == Path("banks.toml")
    assert acquirers_file(Path("others.toml")) == Path("others.toml")


def test_a_hub_does_not_run_with_a_mistake_in_its_banks_settings(tmp_path: Path) -> None:
    file = tmp_path / "banks.toml"
    file.write_text("[acquirer.own]\nport = 0\n")
    books = f"sqlite:///{tmp_path / 'hub.sqlite'}"
    run = power_hub("serve", "--acquirers", str(file), "--database", books, check=False)
    assert run.returncode == 2
    assert f"{file}: [acquirer.own]: port: expected 1 to 65535" in run.stderr
    assert f"{file}: [acquirer.own]: host is missing; expected a name or address" in run.stderr
    assert not (tmp_path / "hub.sqlite").exists()


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


def test_the_limits_of_the_business_with_cards() -> None:
    assert card_limits(1_000, 500_000, 2_000, 0) == LIMITS == Settings("").card_limits
    assert card_limits(1, 1, 0, 100_000) == CardLimits(1, 1, 0, 100_000)
    assert identity_limits(5, 40, 24) == IDENTITY_DEFAULTS == Settings("").identity_limits
    assert recharge_limits(10, 1) == RECHARGE_DEFAULTS == Settings("").recharge_limits
    assert recharge_limits(1, 24) == RechargeLimits(1, timedelta(hours=24))
    assert identity_limits(1, 1, 1.5) == IdentityLimits(1, 1, timedelta(minutes=90))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((0, 500_000, 0, 0), "--power-least 0: expected 1 to 500000 fen, no more than --power-most"),
        ((2_000, 1_999, 0, 0), "--power-least 2000: expected 1 to 1999 fen, no more than --power-most"),
        ((1, 0, 0, 0), "--power-most 0: expected 1 to 99999999 fen"),
        ((1, 100_000_000, 0, 0), "--power-most 100000000: expected 1 to 99999999 fen"),
        ((1, 1, -1, 0), "--reissue-fee -1: expected 0 to 100000 fen"),
        ((1, 1, 0, 100_001), "--opening-fee 100001: expected 0 to 100000 fen"),
    ],
)
def test_limits_that_cannot_be(given: tuple[int, int, int, int], told: str) -> None:
    with pytest.raises(SettingError) as refused:
        card_limits(*given)
    assert str(refused.value) == told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((0, 40, 24), "--identity-tries 0: expected 1 to 1000"),
        ((5, 4, 24), "--identity-terminal-tries 4: expected 5 to 1000, no less than --identity-tries"),
        ((5, 40, 0.5), "--identity-hours 0.5: expected 1 to 744 hours"),
        ((5, 40, float("nan")), "--identity-hours nan: expected 1 to 744 hours"),
    ],
)
def test_tries_that_cannot_be(given: tuple[int, int, float], told: str) -> None:
    with pytest.raises(SettingError) as refused:
        identity_limits(*given)
    assert str(refused.value) == told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((0, 1), "--recharge-tries 0: expected 1 to 1000"),
        ((1001, 1), "--recharge-tries 1001: expected 1 to 1000"),
        ((1, 0.9), "--recharge-hours 0.9: expected 1 to 744 hours"),
    ],
)
def test_wrong_numbers_that_cannot_be(given: tuple[int, float], told: str) -> None:
    with pytest.raises(SettingError) as refused:
        recharge_limits(*given)
    assert str(refused.value) == told


def test_a_hub_with_a_setting_that_cannot_be_does_not_start() -> None:
    refused = power_hub("serve", "--port", "0", "--power-most", "500", check=False)
    told = "power-hub: --power-least 1000: expected 1 to 500 fen, no more than --power-most\n"
    assert (refused.returncode, refused.stderr) == (2, told)
