"""How the settings say that a SAM is known and spoken to."""

from __future__ import annotations

from pathlib import Path

from drivers.security.psam import SamSettings
from drivers.security.psam_codec import PBOC
from kiosk.config import Security
from kiosk.sam import sam_settings
from tests.drivers.security.test_dialect_file import ELSEWHERE, written

SERIAL = "80053100000000000001"


def test_left_out_it_is_a_pboc_psam() -> None:
    told = sam_settings(Security(module="sam", reader="r", serial=SERIAL))
    assert told == SamSettings(SERIAL)
    assert (told.dialect, told.application.hex(), told.serial_sfi) == (PBOC, "df01", 0x15)


def test_another_makers_is_as_the_settings_say(tmp_path: Path) -> None:
    told = sam_settings(
        Security(
            module="sam",
            reader="r",
            serial=SERIAL,
            serial_file=0x16,
            application="A0000000031010",
            dialect_file=written(tmp_path, ELSEWHERE),
            call_s=2.0,
        )
    )
    assert told.dialect.name == "maker"
    assert told.dialect.cipher(bytes(8)).encode().hex() == "9030000008" + "00" * 8
    assert (told.application.hex(), told.serial_sfi, told.call_s) == ("a0000000031010", 0x16, 2.0)
