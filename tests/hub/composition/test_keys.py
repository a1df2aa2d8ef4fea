"""Which key files are accepted."""

from pathlib import Path

import pytest

from hub.composition.keys import KeyFileError, read_key

KEY = bytes(range(32))


@pytest.mark.parametrize("text", [KEY.hex(), f"{KEY.hex()}\n", f"# lobby\n{KEY.hex().upper()}\n"])
def test_a_key_of_64_hex_digits(tmp_path: Path, text: str) -> None:
    file = tmp_path / "k"
    file.write_text(text, encoding="ascii")
    assert read_key(file, bench=False) == KEY


@pytest.mark.parametrize("text", ["", "00", "zz" * 32, f"{KEY.hex()}\n{KEY.hex()}", "密钥"])
def test_anything_else_is_refused_by_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "broken.key"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(KeyFileError, match=r"broken\.key"):
        read_key(file, bench=False)


def test_a_test_key_is_for_the_bench(tmp_path: Path) -> None:
    file = tmp_path / "k"
    file.write_text(f"# TEST KEY\n{KEY.hex()}\n", encoding="ascii")
    assert read_key(file, bench=True) == KEY
    with pytest.raises(KeyFileError, match="test key"):
        read_key(file, bench=False)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"none\.key"):
        read_key(tmp_path / "none.key", bench=True)
