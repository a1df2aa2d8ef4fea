"""The QR acquirer's settings are read strictly, and the message says what is wrong."""

import re
from pathlib import Path

import msgspec
import pytest

from hub.business.phone_rules import PhonePolicy
from hub.data.wallet_file import WalletFileError, WalletSettings, read_wallet_file
from tools.hub_process import power_hub, write_test_key

PAGE = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text(encoding="utf-8")
TEXT = """
url = "https://wallet.example"
merchant = "M1"
key_file = "wallet.key"
[title]
zh = "钱包"
en = "Wallet"
"""


def read(folder: Path, text: str) -> WalletSettings:
    file = folder / "wallet.toml"
    file.write_text(text, encoding="utf-8")
    return read_wallet_file(file)


def test_what_is_not_said_has_a_default(tmp_path: Path) -> None:
    found = read(tmp_path, TEXT)
    assert found.policy == PhonePolicy()
    assert (found.shown.zh, found.key_file) == ("钱包", str(tmp_path / "wallet.key"))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("https://", "http://", "url: plain http"),
        ("https://wallet.example", "ftp://x", "url: expected https"),
        ("https://wallet.example", "https://a@b", "url: expected https"),
        ("https://wallet.example", "https://x:y", "url: no address"),
        ('url = "https://wallet.example"', "", "url"),
        ("M1", "M 1", "merchant"),
        ("merchant", "marchand", "marchand"),
        ('en = "Wallet"', "", "en"),
        ("[title]", 'late_payments = "keep"\n[title]', "late_payments"),
        ("[title]", "deadline_s = 9\n[title]", "deadline_s"),
        ("[title]", 'expiry_s = "120"\n[title]', "expiry_s"),
        ("[title]", "poll_first_s = 9\n[title]", "poll_most_s"),
        ("[title]", 'notify_url = "http://hub.example/x"\n[title]', "notify_url: plain http"),
        ("[title]", "[title", "wallet.toml"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, before: str, after: str, said: str) -> None:
    with pytest.raises(WalletFileError, match=re.escape(said)):
        read(tmp_path, TEXT.replace(before, after))
    with pytest.raises(WalletFileError, match="No such file"):
        read_wallet_file(tmp_path / "none.toml")


def test_the_page_has_an_example_that_loads_and_every_setting(tmp_path: Path) -> None:
    section = PAGE.partition("### The QR acquirer")[2].partition("\n### ")[0]
    [text] = re.findall(r"```ini\n(.*?)```", section, re.DOTALL)
    assert read(tmp_path, text).merchant
    documented = {row[1]: row[2] for row in re.finditer(r"(?m)^\| `(\w+)` \| ([^|]+) \|", section)}
    defaults = {
        field.name: "required" if field.required else f"`{_in_toml(field.default)}`"
        for field in msgspec.structs.fields(WalletSettings)
    }
    assert {name: default.strip() for name, default in documented.items()} == defaults


def _in_toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "Object missing required field `url`"), (TEXT, "wallet.key: "), (TEXT + "more = 1\n", "more")],
)
def test_a_hub_does_not_start_with_what_it_cannot_use(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "wallet.toml"
    file.write_text(text, encoding="utf-8")
    books = f"sqlite:///{tmp_path / 'books.sqlite'}"
    ended = power_hub("serve", "--database", books, "--port", "0", "--wallet", str(file), check=False)
    assert (ended.returncode, said in ended.stderr) == (2, True), ended.stderr


def test_a_test_key_is_for_a_bench_only(tmp_path: Path) -> None:
    write_test_key(tmp_path / "wallet.key", bytes(32))
    file = tmp_path / "wallet.toml"
    file.write_text(TEXT, encoding="utf-8")
    books = f"sqlite:///{tmp_path / 'books.sqlite'}"
    ended = power_hub("serve", "--database", books, "--port", "0", "--wallet", str(file), check=False)
    assert (ended.returncode, "is a test key" in ended.stderr) == (2, True), ended.stderr
