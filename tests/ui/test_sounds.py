"""Cues: one for each occasion, by a player program that may be anything, and the screen never waits for it."""

from __future__ import annotations

import sys
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from kiosk.page import Cue, CueWord, Modes, PageKind, PageModel, Snapshot
from kiosk.pages.samples import samples
from tools.sounds import CUES, wav
from ui import sounds
from ui.screen import Screen
from ui.sounds import SOUNDS, Sounds

PATIENCE_S = 20.0


def page(word: CueWord | None = None, number: int = 0, name: str = "done") -> PageModel:
    """A page with this cue."""
    return PageModel(name=name, kind=PageKind.RESULT, title="x", cue=Cue(word, number) if word else None)


class Players:
    """A folder with player programs of ours, alone on PATH, that write down what they were given."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.heard_in = folder, folder / "heard"

    def add(self, name: str, then: str = "pass") -> None:
        """Put a player there; `then` is what it does after it has noted its last argument."""
        program = self.folder / name
        note = f"open({str(self.heard_in)!r}, 'a').write({name!r} + ' ' + sys.argv[-1] + '\\n')"
        program.write_text(f"#!{sys.executable} -I\nimport sys, time\n{note}\n{then}\n")
        program.chmod(0o755)

    @property
    def heard(self) -> list[str]:
        """Player and cue, in the order in which they came."""
        lines = self.heard_in.read_text().splitlines() if self.heard_in.is_file() else []
        return [f"{line.split()[0]} {Path(line.split()[1]).stem}" for line in lines]

    def wait_for(self, *heard: str) -> None:
        """Wait until exactly that was played."""
        until = time.monotonic() + PATIENCE_S
        while self.heard != list(heard):
            assert time.monotonic() < until, self.heard
            time.sleep(0.01)


@pytest.fixture
def players(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Players:
    """No player but those that the test adds."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return Players(tmp_path)


@pytest.fixture
def cues() -> Iterator[Sounds]:
    """What is tested."""
    made = Sounds()
    yield made
    made.close()


def test_a_cue_sounds_once_for_each_occasion(players: Players, cues: Sounds) -> None:
    players.add("aplay")
    for shown in (page("take_card"), page("take_card"), page()):
        cues.hear(shown)
    players.wait_for("aplay take_card")
    cues.hear(page("take_card"))  # help lay over it
    cues.hear(page("declined"))
    players.wait_for("aplay take_card", "aplay declined")
    cues.hear(page("declined", 1))
    players.wait_for("aplay take_card", *["aplay declined"] * 2)
    cues.hear(page(name="attract"))
    cues.hear(page("declined", 1))
    players.wait_for("aplay take_card", *["aplay declined"] * 3)


def test_a_player_that_cannot_gives_way_to_the_next(players: Players, cues: Sounds) -> None:
    players.add("pw-play", "sys.exit(1)")
    players.add("aplay")
    cues.hear(page("paid", 7))
    players.wait_for("pw-play paid", "aplay paid")


def test_a_player_that_never_ends_costs_its_time_and_the_next_cue_sounds(
    players: Players, cues: Sounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sounds, "PLAY_S", 2.0)
    players.add("pw-play", "time.sleep(30)")
    cues.hear(page("paid", 1))
    players.wait_for("pw-play paid")
    players.add("pw-play")
    cues.hear(page("declined", 2))
    players.wait_for("pw-play paid", "pw-play declined")


def test_without_a_player_it_is_silent_and_says_so_once(
    players: Players, cues: Sounds, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(5):
        cues.hear(page("paid", number))
    until = time.monotonic() + PATIENCE_S
    while "no_sound" not in caplog.messages:
        assert time.monotonic() < until
        time.sleep(0.01)
    players.add("aplay")
    cues.hear(page("paid", 9))
    players.wait_for("aplay paid")
    assert caplog.messages.count("no_sound") == 1


def test_the_screen_goes_on_while_a_player_hangs(
    players: Players, cues: Sounds, qapp: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cues that come meanwhile are left out; no page waits for them."""
    monkeypatch.setattr(sounds, "PLAY_S", 10.0)
    players.add("aplay", "time.sleep(30)")
    screen = Screen("through", window=True, on_intent=lambda name, arg: None, motion=False, sounds=cues)
    made = samples("zh")
    screen.show(Snapshot(0, made["done_bank_card"], Modes()))
    players.wait_for("aplay paid")
    for serial in range(1, 20):
        screen._present(Snapshot(serial, page("paid", serial), Modes()))  # as the queued signal does
    assert screen.page.property("title") == "x"
    assert players.heard == ["aplay paid"]
    screen.close()


def test_every_cue_has_its_file_as_the_tool_makes_it() -> None:
    words = get_args(CueWord)
    assert {path.stem for path in SOUNDS.iterdir()} == set(words) == set(CUES)
    for word in words:
        file = SOUNDS / f"{word}.wav"
        assert file.read_bytes() == wav(CUES[word])
        with wave.open(str(file)) as sound:
            assert sound.getnframes() / sound.getframerate() < 3
            peak = max(abs(int.from_bytes(sound.readframes(1), "little", signed=True)) for _ in range(2000))
        assert 8000 < peak < 32767


def test_the_pages_that_need_a_cue_have_one() -> None:
    made = samples("en")
    cued = {name: model.cue.word for name, model in made.items() if model.cue}
    assert cued["done_bank_card"] == cued["done_receipt_taken"] == "paid"
    assert cued["declined_funds"] == cued["reversed_slip"] == "declined"
    for name in ("take_bank_card_0", "take_bank_card_1", "declined_card_held_out", "done_bank_card_held_out"):
        assert cued[name] == "take_card"
    assert made["take_bank_card_0"].cue != made["take_bank_card_1"].cue
    assert "checking_slip" not in cued
