"""A SAM's commands from a file: the built-in dialect said once more, a made-up maker's, each mistake by its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.apdu import Command, Response
from drivers.meter_card.profile_table import ProfileError
from drivers.security import bench_keys, dialect_file, keys
from drivers.security.bench_keys import terminal_key
from drivers.security.cipher import TRIPLE_DES
from drivers.security.model import CardKeys
from drivers.security.psam import CardSlots, PsamModule, Sam, SamSettings
from drivers.security.psam_codec import PBOC, PbocDialect, Use
from drivers.security.software import SoftwareModule
from drivers.security.terminal import SamTerminal

from .conftest import SERIAL, Slot, sam_card

PAGE = Path(__file__).parents[3] / "docs" / "protocols" / "psam.md"
ELSEWHERE = """\
encrypt = "90 20 id 01"
decrypt = "90 20 id 02"
sign = "90 22 id 00"
cipher = "90 30 00 00"
mac = "90 40 00 00"
mac_first = "90 40 01 00"
mac_more = "90 40 02 00"
mac_last = "90 40 03 00"
longest = 32
"""
"""A maker that is made up: the key's number stands in P1, and nothing is as in the shipped dialect."""
AS_SHIPPED = {
    "90 20 id 01": "80 1A 27 id",
    "90 20 id 02": "80 1A 29 id",
    "90 22 id 00": "80 1A 25 id",
    "90 30 00 00": "80 FA 00 00",
    "90 40 00 00": "80 FA 05 00",
    "90 40 01 00": "80 FA 07 00",
    "90 40 02 00": "80 FA 03 00",
    "90 40 03 00": "80 FA 01 00",
}


def written(folder: Path, text: str) -> Path:
    file = folder / "maker.toml"
    file.write_text(text, encoding="utf-8")
    return file


def on_the_page() -> str:
    [text] = re.findall(r"```ini\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(text)


@given(
    st.sampled_from(Use),
    st.integers(0, 255),
    st.binary(min_size=8, max_size=8),
    st.binary(min_size=1, max_size=600),
)
def test_the_file_on_the_page_says_what_is_built_in(
    tmp_path_factory: pytest.TempPathFactory, use: Use, key_id: int, factor: bytes, text: bytes
) -> None:
    padded = text + bytes(-len(text) % 8)
    same = dialect_file.load(written(tmp_path_factory.getbasetemp(), on_the_page()))
    assert same.name == "maker"
    assert same.choose(use, key_id, factor) == PBOC.choose(use, key_id, factor)
    assert same.cipher(factor) == PBOC.cipher(factor)
    assert same.mac(bytes(8), padded) == PBOC.mac(bytes(8), padded)


class Foreign(Slot):
    """A SAM of the made-up maker: its commands are read as the page says them, and computed as ours computes."""

    def exchange(self, command: Command, deadline: float) -> Response:
        return super().exchange(_translated(command), deadline)


def _translated(command: Command) -> Command:
    if command.cla != 0x90:
        return command
    head = command.header[:4].hex(" ").upper().split()
    numbered = [*head[:2], "id", head[3]]
    said = AS_SHIPPED.get(" ".join(numbered)) or AS_SHIPPED[" ".join(head)]
    cla, ins, p1, p2 = bytes.fromhex(said.replace("id", head[2]))
    return Command(cla, ins, p1, p2, command.data, le=command.le)


def test_a_sam_of_another_maker_writes_cards_and_signs_on_by_its_file_alone(tmp_path: Path) -> None:
    profile, master = "state_grid_2013", terminal_key("T1")
    slots = {profile: CardSlots()}
    slot = Foreign(sam_card({profile: bench_keys.card_keys(profile)}, slots, terminal_key=master))
    dialect = dialect_file.load(written(tmp_path, ELSEWHERE))
    sam = Sam(slot.exchange, SamSettings(SERIAL, dialect), slot.connect)
    module, own = PsamModule(sam, slots), SoftwareModule({profile: bench_keys.card_keys(profile)}, bench=True)
    card, tariff = CardKeys(profile, "1122334455667788"), bytes.fromhex("04D6838086") + bytes(130)
    assert module.authenticate(card, bytes(8)) == own.authenticate(card, bytes(8))
    assert module.mac(card, bytes(4), tariff) == own.mac(card, bytes(4), tariff)
    terminal, nonce, working = SamTerminal(sam), bytes(range(16)), bytes(range(32))
    assert terminal.start_key(nonce) == keys.start_key(TRIPLE_DES, master, nonce)
    wrapped = keys.wrap(TRIPLE_DES, master, working)
    assert terminal.unwrap(wrapped, keys.working_check(working)) == working


def test_a_long_message_is_cut_as_the_file_says(tmp_path: Path) -> None:
    dialect = dialect_file.load(written(tmp_path, ELSEWHERE))
    said = [(command.p1, len(command.data), command.le) for command in dialect.mac(bytes(8), bytes(64))]
    assert said == [(1, 32, None), (2, 32, None), (3, 8, 4)]
    assert [len(c.data) for c in dialect.mac(bytes(8), bytes(64))] == [
        len(c.data) for c in PbocDialect(longest=32).mac(bytes(8), bytes(64))
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("encrypt", "#encrypt", "maker.toml: encrypt: is missing"),
        ("90 20 id 01", "90 20 01 01", "maker.toml: encrypt: has to be four bytes in hex, like "),
        ("90 20 id 01", "90 id 20 01", "maker.toml: encrypt: has to be four bytes in hex, like "),
        ("90 20 id 01", "90 20 id id", "maker.toml: encrypt: has to be four bytes in hex, like "),
        ("90 30 00 00", "90 30 id 00", 'maker.toml: cipher: has to be four bytes in hex, like "80 FA 00 00"'),
        ("90 30 00 00", "90 30 00", "maker.toml: cipher: has to be four bytes in hex, like "),
        ("90 30 00 00", "9 030 00 00", "maker.toml: cipher: has to be four bytes in hex, like "),
        ("90 30 00 00", "90 30 0G 00", "maker.toml: cipher: has to be four bytes in hex, like "),
        ('"90 30 00 00"', "9", "maker.toml: cipher: has to be a text"),
        ("longest = 32", "longest = 33", "maker.toml: longest: has to be a multiple of 16"),
        ("longest = 32", "longest = 256", "maker.toml: longest: has to be a whole number from 32 to 240"),
        ("longest = 32", "mac_frist = 1", "maker.toml: mac_frist: is no key of a profile"),
        ("longest = 32", "longest =", "maker.toml: not TOML: "),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(ProfileError) as error:
        dialect_file.load(written(tmp_path, ELSEWHERE.replace(old, new)))
    assert str(error.value).startswith(told)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"nowhere\.toml: No such file"):
        dialect_file.load(tmp_path / "nowhere.toml")
