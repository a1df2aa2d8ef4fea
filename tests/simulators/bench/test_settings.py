"""The bench's kiosk.toml is one that the field kiosk takes."""

from __future__ import annotations

from pathlib import Path

from kiosk.config import load
from simulators.bench.settings import kiosk_toml


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
