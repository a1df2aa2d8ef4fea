"""The settings' way of signing: a key file, a software module on the bench, a SAM in the field."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.errors import TransportError
from drivers.security.bench_keys import terminal_key
from drivers.security.cipher import SM4
from drivers.security.keys import check_value
from kiosk.config import Config, load
from kiosk.hubclient.keyfile import KeyFileError
from kiosk.hubclient.keys import FileKey
from kiosk.hubclient.open_keys import open_keys, terminal_module
from kiosk.hubclient.sign_on import TerminalKeys

REST = """
[journal]
path = "journal.sqlite"
[acceptor]
port = "/dev/null"
[printer]
port = "/dev/zero"
"""


def settings(folder: Path, hub: str = "", security: str = "", bench: str = "bench = true") -> Config:
    """The settings that this text makes."""
    file = folder / "kiosk.toml"
    file.write_text(
        f'[terminal]\nid = "T1"\n{bench}\n[hub]\nurl = "http://127.0.0.1:1"\n{hub}\n[security]\n{security}\n{REST}'
    )
    return load(file)


def test_a_key_file_is_used_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "k").write_text("# TEST KEY\n" + "00" * 32 + "\n")
    keys = open_keys(settings(tmp_path, hub='key_file = "k"'))
    assert isinstance(keys, FileKey)
    assert keys.slip_key() == bytes(32)
    with pytest.raises(KeyFileError):
        open_keys(settings(tmp_path, hub='key_file = "k"', bench=""))


def test_a_bench_signs_on_with_the_test_key_of_its_name(tmp_path: Path) -> None:
    config = settings(tmp_path, security='module = "software"\nscheme = "sm4"')
    assert isinstance(open_keys(config), TerminalKeys)
    assert terminal_module(config).check_value() == check_value(SM4, terminal_key("T1"))


def test_a_sam_is_asked_when_it_is_needed(tmp_path: Path) -> None:
    config = settings(
        tmp_path, security='module = "sam"\nreader = "no such reader"\nserial = "0011223344556677"', bench=""
    )
    assert isinstance(open_keys(config), TerminalKeys)
    module = terminal_module(config)
    assert module.scheme == "3des"
    with pytest.raises(TransportError):
        module.check_value()


def test_settings_with_a_key_file_name_no_module(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no security module"):
        terminal_module(settings(tmp_path, hub='key_file = "k"'))
