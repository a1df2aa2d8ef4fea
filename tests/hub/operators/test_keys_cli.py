"""Keys by command line: two persons each enter a component, and only check values are ever shown."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from drivers.security.bench_keys import terminal_components
from drivers.security.cipher import TRIPLE_DES
from drivers.security.keys import check_value, start_key, xor
from hub.cli import main
from hub.composition.persons import add_person
from hub.composition.terminals import add_terminal
from hub.data.engine import sync_engine
from hub.data.keys_settings import open_key_store
from hub.data.migrate import migrate
from tests.hub.operators.test_cli import PERSONS

ONE, TWO = terminal_components("T1")
BROKEN_OFF = {"^C": KeyboardInterrupt, "^D": EOFError}


def shown(key: bytes) -> str:
    return check_value(TRIPLE_DES, key).hex().upper()


@pytest.fixture(scope="module")
def office(new_database: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Books with two persons and a terminal that signs on, and the folder of the persons' passphrases."""
    url, folder = new_database("sqlite"), tmp_path_factory.mktemp("office")
    engine = sync_engine(url)
    migrate(engine)
    with engine.begin() as connection:
        for name, words in PERSONS.items():
            (folder / name).write_text(words + "\n", encoding="utf-8")
            add_person(connection, name, words, datetime.now(UTC))
        add_terminal(connection, "T1", None, "", datetime.now(UTC))
    engine.dispose()
    return url, folder


class Ceremony:
    """The command line, with what two persons type into it."""

    def __init__(
        self,
        office: tuple[str, Path],
        store: Path,
        capsys: pytest.CaptureFixture[str],
        type_in: Callable[..., None],
    ) -> None:
        self.store = store
        self._url, self._folder = office
        self._capsys, self._type_in = capsys, type_in

    def proof(self, name: str, option: str = "--passphrase-file") -> tuple[str, str]:
        return option, str(self._folder / name)

    def run(self, *arguments: str, typed: tuple[str, ...] = ()) -> tuple[int, str, str]:
        """Give the exit code and what was printed."""
        self._type_in(*typed)
        common = ["--database", self._url, "--key-store", str(self.store), "--bench"]
        code = main(["keys", *arguments, *common])
        out, err = self._capsys.readouterr()
        for secret in (ONE, TWO, xor(ONE, TWO)):
            assert secret.hex() not in (out + err).lower()
        return code, out, err

    def load(
        self, *typed: str, second: str = "wang", what: tuple[str, ...] = ("load-terminal", "T1")
    ) -> tuple[int, str, str]:
        persons = (
            "--by",
            "li",
            *self.proof("li"),
            "--and",
            second,
            *self.proof(second, "--and-passphrase-file"),
        )
        return self.run(*what, *persons, typed=typed)


@pytest.fixture
def ceremony(
    office: tuple[str, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Ceremony:
    def type_in(*typed: str) -> None:
        lines: Iterator[str] = iter(typed)

        def entered(_prompt: str) -> str:
            line = next(lines)
            if line in BROKEN_OFF:
                raise BROKEN_OFF[line]
            return line

        monkeypatch.setattr("getpass.getpass", entered)
        monkeypatch.setattr("builtins.input", entered)

    return Ceremony(office, tmp_path / "keys.toml", capsys, type_in)


GOOD = (ONE.hex(), shown(ONE), TWO.hex().upper(), shown(TWO).lower())


def test_two_persons_load_a_terminals_master_key(ceremony: Ceremony) -> None:
    code, out, _ = ceremony.load(*GOOD)
    assert code == 0
    assert out == f"terminal T1  3des  check value {shown(xor(ONE, TWO))}\n"
    store: Any = open_key_store(ceremony.store, bench=True)
    assert store.terminal_start_key("T1", bytes(16)) == start_key(TRIPLE_DES, xor(ONE, TWO), bytes(16))
    code, out, _ = ceremony.run("list", "--json")
    assert json.loads(out) == [
        {"kind": "terminal", "name": "T1", "scheme": "3des", "check": shown(xor(ONE, TWO)).lower()}
    ]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ((ONE.hex(), "000000"), "component 1: its check value is"),
        ((ONE.hex()[:-2], shown(ONE)), "component 1: 32 hex digits expected"),
        ((ONE.hex(), "12"), "component 1: 6 hex digits expected"),
        (("z" * 32, shown(ONE)), "component 1: 32 hex digits expected"),
        ((*GOOD[:2], TWO.hex(), shown(ONE)), "component 2: its check value is"),
        ((*GOOD[:2], ONE.hex(), shown(ONE)), "component 2: it is component 1 once more"),
    ],
)
def test_a_wrong_component_is_named_and_nothing_is_loaded(
    ceremony: Ceremony, typed: tuple[str, ...], told: str
) -> None:
    code, out, err = ceremony.load(*typed)
    assert (code, out) == (2, "")
    assert told in err
    assert ceremony.run("list") == (0, "no keys\n", "")


def test_one_person_alone_loads_nothing(ceremony: Ceremony) -> None:
    code, _, err = ceremony.load(*GOOD, second="li")
    assert code == 2
    assert "two different persons" in err


def test_a_person_who_is_not_proved_enters_nothing(ceremony: Ceremony) -> None:
    # Component 1 by li; component 2 in wang's name, with li's passphrase.
    others = (
        "--by",
        "li",
        *ceremony.proof("li"),
        "--and",
        "wang",
        *ceremony.proof("li", "--and-passphrase-file"),
    )
    code, _, err = ceremony.run("load-terminal", "T1", *others, typed=GOOD)
    assert code == 2
    assert "wang: no such person, or the passphrase is wrong" in err
    assert ceremony.run("list") == (0, "no keys\n", "")


def test_a_second_person_who_is_not_known_is_told_before_the_first_enters_anything(
    ceremony: Ceremony,
) -> None:
    code, _, err = ceremony.run(
        "load-card", "sg-mac", "--by", "li", *ceremony.proof("li"), "--and", "Zhao", typed=()
    )
    assert code == 2
    assert "Zhao: no such person" in err


@pytest.mark.parametrize("typed", [("^C",), ("^D",), (*GOOD[:1], "^C"), (*GOOD[:3], "^D")])
def test_an_entry_that_is_broken_off_loads_nothing(ceremony: Ceremony, typed: tuple[str, ...]) -> None:
    code, out, err = ceremony.load(*typed)
    assert (code, out) == (2, "")
    assert "broken off" in err
    assert ceremony.run("list") == (0, "no keys\n", "")


def test_only_a_terminal_that_signs_on_has_a_master_key(ceremony: Ceremony) -> None:
    code, _, err = ceremony.load(*GOOD, what=("load-terminal", "T2"))
    assert code == 2
    assert "terminal add T2 --signs-on" in err


def test_a_card_key_is_loaded_by_its_id(ceremony: Ceremony) -> None:
    code, out, _ = ceremony.load(*GOOD, what=("load-card", "sg-mac"))
    assert (code, out) == (0, f"card     sg-mac  3des  check value {shown(xor(ONE, TWO))}\n")


PROFILE = """\
[store]
kind = "bench"
[profile.{}]
cipher = "3des"
internal = "sg-internal"
external = "sg-external"
mac = "sg-mac"
"""


def test_a_card_key_that_no_profile_would_use_is_refused_before_anybody_enters_it(ceremony: Ceremony) -> None:
    ceremony.store.write_text(PROFILE.format("state_grid_2013"), encoding="utf-8")
    assert "names sg-maq; they name sg-external" in ceremony.load(what=("load-card", "sg-maq"))[2]
    code, _, err = ceremony.load(what=("load-card", "sg-mac", "--scheme", "sm4"))
    assert (code, "sg-mac is for 3des" in err) == (2, True)
    assert ceremony.load(*GOOD, what=("load-card", "sg-mac"))[0] == 0
    assert ceremony.run("list")[2] == ""


def test_what_keeps_a_profile_from_being_served_is_listed(ceremony: Ceremony) -> None:
    ceremony.store.write_text(PROFILE.format("state_grid_2031"), encoding="utf-8")
    assert ceremony.load(*GOOD, what=("load-card", "sg-mac"))[0] == 0
    text = ceremony.store.read_text(encoding="utf-8").replace('cipher = "3des"', 'cipher = "sm4"')
    ceremony.store.write_text(text, encoding="utf-8")
    code, _, err = ceremony.run("list")
    assert code == 0
    assert "profile state_grid_2031: no such card layout; there are southern_grid" in err
    assert "its key mac, sg-mac, is for 3des, not sm4" in err


def test_a_revoked_terminal_has_no_key_left(ceremony: Ceremony) -> None:
    ceremony.load(*GOOD)
    assert ceremony.run("revoke", "T1", "--by", "li", *ceremony.proof("wang"))[0] == 2
    code, out, _ = ceremony.run("revoke", "T1", "--by", "li", *ceremony.proof("li"))
    assert (code, out) == (0, "terminal T1: its keys are ended\n")
    store: Any = open_key_store(ceremony.store, bench=True)
    assert store.terminal_key("T1") is None


def test_what_is_missing_is_made_once(ceremony: Ceremony) -> None:
    assert ceremony.run("init") == (0, "nothing was missing\n", "")
    assert ceremony.store.exists()


@pytest.mark.parametrize("command", ["serve", "seed"])
def test_a_store_that_cannot_be_opened_is_named_before_anything_begins(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing, books = tmp_path / "none.toml", tmp_path / "hub.sqlite"
    store = tmp_path / "keys.toml"
    store.write_text('[store]\nkind = "pkcs11"\n', encoding="utf-8")
    for file in (missing, store) if command == "serve" else (store,):
        assert main([command, "--key-store", str(file), "--database", f"sqlite:///{books}"]) == 2
        assert capsys.readouterr().err.startswith(f"power-hub: {file}: ")
    assert not books.exists()


def test_without_settings_there_is_no_store_in_the_field(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "list"]) == 2
    assert "--key-store" in capsys.readouterr().err
