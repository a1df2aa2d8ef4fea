"""The bench's kiosk.toml is one that the field kiosk takes."""

from __future__ import annotations

from pathlib import Path

from kiosk.config import load
from simulators.bench.settings import kiosk_toml
from simulators.bench.tenders import Means, Tenders


def test_the_kiosk_takes_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_text(
        kiosk_toml("http://127.0.0.1:7700", tmp_path, "wall", "en", {"screen": {"idle_s": 2.5}}),
        encoding="utf-8",
    )
    config = load(path)
    assert config.terminal.bench
    assert (config.terminal.form, config.terminal.language) == ("wall", "en")
    assert config.terminal.site == "试验台 Bench"
    assert config.journal.path == tmp_path / "journal.sqlite"
    assert config.screen.idle_s == 2.5
    assert (config.acceptor.bytesize, config.acceptor.parity, config.acceptor.stopbits) == (8, "N", 1)


def test_the_kiosk_takes_the_settings_of_other_money(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.toml"
    means = Means(bank_reader="A Reader", motor=True, scanner=True, phone=True, recharge=True)
    path.write_text(kiosk_toml("http://127.0.0.1:7700", tmp_path, means=means), encoding="utf-8")
    config = load(path)
    assert (config.bank_card.reader, config.bank_card.port) == ("A Reader", str(tmp_path / "motor_reader"))
    assert config.pin_pad.slots == {"bank_a": 1, "bank_b": 2}
    assert config.scanner.port == str(tmp_path / "scanner")
    assert (config.phone.enabled, config.recharge.enabled, config.eft_terminal.port) == (True, True, "")


def test_a_bench_that_is_asked_for_nothing_more_has_nothing_more(tmp_path: Path) -> None:
    plain = kiosk_toml("http://127.0.0.1:7700", tmp_path)
    assert plain == kiosk_toml("http://127.0.0.1:7700", tmp_path, means=Means())
    assert not Tenders(tmp_path, 1.0, frozenset()).hub_options()
