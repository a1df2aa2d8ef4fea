"""Every profile that is found, against its vector file; and that a new province is those two files and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drivers.meter_card import profile_file
from drivers.meter_card.layout import Layout
from tests.drivers.meter_card.vector_file import play

VECTORS = Path(__file__).parent / "vectors"
FOUND = profile_file.find()


@pytest.mark.parametrize("name", FOUND)
def test_a_profile_keeps_to_its_vectors(name: str) -> None:
    play(Layout.named(name), VECTORS / f"{name}.json")


def test_the_profiles_that_are_shipped() -> None:
    assert set(FOUND) == {"state_grid_2013", "state_grid_2009", "southern_grid"}
    assert {path.stem for path in VECTORS.glob("*.json")} == set(FOUND)


THIRD = """
title = "A province that does not exist"
extends = "state_grid_2013"

[card]
application = "DF05"
challenge = "series"

[card_types]
reissue = 9

[files.wallet]
length = 7
fields = [
  { name = "count", at = 0, length = 3, code = "bcd" },
  { name = "amount_fen", at = 3, length = 4, code = "bcd" },
]
"""


def test_a_third_province_is_two_files_and_nothing_else(tmp_path: Path) -> None:
    vectors = json.loads((VECTORS / "state_grid_2013.json").read_text(encoding="utf-8"))
    wallet, others = "00000700005000", ("parameter", "write_back", "tariff", "tariff_next")
    for part in ("files", "damaged", "updates"):
        vectors[part] = [each for each in vectors[part] if each["file"] in others]
    vectors["files"].append({"file": "wallet", "hex": wallet, "values": {"count": 7, "amount_fen": 5000}})
    vectors["damaged"] += [
        {"file": "wallet", "hex": "0000A700005000", "field": "count"},
        {"file": "wallet", "hex": "000007000050", "field": "amount_fen"},
    ]
    vectors["reads"]["wallet"] = ["00B0820007"]
    vectors["updates"].append({"file": "wallet", "hex": wallet, "messages": ["04D682000B" + wallet]})
    vectors["cards"] = vectors["cards"][:1]
    vectors["cards"][0]["files"]["wallet"] = wallet
    vectors["cards"][0]["contents"]["profile"] = "third"
    (tmp_path / "third.toml").write_text(THIRD, encoding="utf-8")
    (tmp_path / "third.json").write_text(json.dumps(vectors), encoding="utf-8")

    layout = Layout.named("third", tmp_path)
    play(layout, tmp_path / "third.json")
    assert layout.profile.card.application == b"\xdf\x05"
    assert not layout.profile.card.challenge_each
    assert layout.profile.card_types == {"opening": 1, "purchase": 2, "reissue": 9}


def test_vectors_that_do_not_hold_are_found(tmp_path: Path) -> None:
    text = (VECTORS / "state_grid_2013.json").read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.json"
    for was, is_now in (
        ('"count": 7', '"count": 8'),
        ('"field": "end"', '"field": "start"'),
        ("00B0850031", "00B0850030"),
    ):
        wrong.write_text(text.replace(was, is_now), encoding="utf-8")
        with pytest.raises(AssertionError):
            play(Layout.named("state_grid_2013"), wrong)
