"""A terminal's key comes from one file; a test key works on a bench only, and no message tells a key."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.hubclient.keyfile import KeyFileError, load_key

HEX = bytes(range(32)).hex()
KEY = bytes.fromhex(HEX)


def test_a_key_file_may_carry_comments(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"# kiosk 7\n\n{HEX}\n")
    assert load_key(path) == KEY


def test_a_test_key_is_for_a_bench_only(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"# TEST KEY\n{HEX}\n")
    assert load_key(path, bench=True) == KEY
    with pytest.raises(KeyFileError, match="test key"):
        load_key(path)


@pytest.mark.parametrize("text", ["", "# TEST", HEX[:-2], HEX + "00", f"{HEX}\n{HEX}", "g" * 64, "密" * 64])
def test_a_malformed_key_file_is_refused_without_telling_its_content(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kiosk.key"
    path.write_text(text, "utf-8")
    with pytest.raises(KeyFileError, match=r"kiosk\.key") as caught:
        load_key(path, bench=True)
    assert HEX[:16] not in str(caught.value)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="nowhere"):
        load_key(tmp_path / "nowhere")
