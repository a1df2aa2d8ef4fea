"""The key store's settings: a mistake in them is named, and a PIN that others may read is refused."""

from pathlib import Path

import pytest

from hub.data.keys_settings import open_key_store
from hub.data.keystore import KeyRefused

GOOD = '[store]\nkind = "pkcs11"\nmodule = "m.so"\ntoken = "hub"\npin_file = "pin"\n'
KEYS = GOOD + '[profile.p]\ncipher = {}\ninternal = {}\nexternal = "b"\nmac = "c"\n'


def test_a_field_hub_without_settings_has_no_store() -> None:
    assert open_key_store(None, bench=False) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[store", "at end of document"),
        ("", ": store is missing"),
        ('[store]\nkind = "paper"\n', ': [store]: kind: expected "pkcs11" or "bench"'),
        ('[store]\nkind = "pkcs11"\n', ": [store]: module is missing"),
        (GOOD + "colour = 1\n", ": [store]: unknown key colour"),
        (GOOD.replace('"m.so"', "1"), ": [store]: module: Expected `str`, got `int`"),
        (KEYS.format('"sm1"', '"a"'), ': [profile.p]: cipher: expected "3des" or "sm4"'),
        (KEYS.format('"sm4"', '"a/b"'), ": [profile.p]: internal: expected a key's id"),
        (KEYS.format('"sm4"', "1"), ": [profile.p]: internal: expected a key's id"),
        (KEYS.format('"sm4"', '"a"') + "pin = 1\n", ": [profile.p]: unknown key pin"),
        (GOOD + '[profile.p]\ncipher = "sm4"\ninternal = "a"\n', ": [profile.p]: external is missing"),
        (GOOD + "profile = 1\n", "unknown key profile"),
        ("profile = 1\n" + GOOD, "profile: Expected `object`, got `int`"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "store.toml"
    file.write_text(text)
    with pytest.raises(KeyRefused) as refused:
        open_key_store(file, bench=False)
    assert str(refused.value).startswith(f"{file}: ")
    assert told in str(refused.value)


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(KeyRefused, match="none.toml: No such file"):
        open_key_store(tmp_path / "none.toml", bench=False)
    (tmp_path / "store.toml").write_text(GOOD)
    with pytest.raises(KeyRefused, match="pin: No such file"):
        open_key_store(tmp_path / "store.toml", bench=False)


def test_a_pin_that_others_may_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store.toml").write_text(GOOD)
    pin = tmp_path / "pin"
    pin.write_text("4711\n")
    pin.chmod(0o640)
    with pytest.raises(KeyRefused, match="chmod 600") as refused:
        open_key_store(tmp_path / "store.toml", bench=False)
    assert "4711" not in str(refused.value)
    pin.chmod(0o400)
    assert open_key_store(tmp_path / "store.toml", bench=False) is not None
