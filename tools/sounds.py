"""Makes the kiosk's cues anew: `python -m tools.sounds` writes assets/sounds/*.wav, told apart by rhythm."""

from __future__ import annotations

import argparse
import math
import struct
import sys
import wave
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

SOUNDS = Path(__file__).parent.parent / "assets" / "sounds"
RATE = 8000
LOUDNESS = 0.5
RAMP_MS = 12
"""A tone begins and ends within this time: a hard edge is a click."""


class Tone(NamedTuple):
    """One tone, or silence at 0 Hz. 500 to 2000 Hz: hearing that fades with age keeps them longest."""

    hertz: int
    ms: int


CUES: Mapping[str, Sequence[Tone]] = {
    "paid": (Tone(784, 110), Tone(0, 50), Tone(1046, 330)),
    "declined": (Tone(523, 200), Tone(0, 120), Tone(523, 200)),
    "take_card": (Tone(880, 220), Tone(0, 780), Tone(880, 220), Tone(0, 780), Tone(880, 220)),
}
"""Short and long, rising; two low and equal; one a second."""


def samples(tones: Sequence[Tone]) -> Iterator[int]:
    """Yield the 16-bit samples of some tones, with an overtone so that a small speaker is heard."""
    for tone in tones:
        count, ramp = RATE * tone.ms // 1000, RATE * RAMP_MS // 1000
        for at in range(count):
            edge = min(1.0, at / ramp, (count - at) / ramp)
            turn = 2 * math.pi * tone.hertz * at / RATE
            wave_ = (math.sin(turn) + 0.3 * math.sin(2 * turn)) / 1.3 if tone.hertz else 0.0
            yield round(32767 * LOUDNESS * edge * wave_)


def wav(tones: Sequence[Tone]) -> bytes:
    """Return the WAV file of some tones: mono, 16 bit."""
    file = BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(b"".join(struct.pack("<h", one) for one in samples(tones)))
    return file.getvalue()


def main(argv: Sequence[str] | None = None) -> int:
    """Write the files."""
    parser = argparse.ArgumentParser(prog="tools.sounds", description=__doc__)
    parser.add_argument("--out", type=Path, default=SOUNDS, metavar="DIR")
    out = parser.parse_args(argv).out
    out.mkdir(parents=True, exist_ok=True)
    for name, tones in CUES.items():
        (out / f"{name}.wav").write_bytes(wav(tones))
    return 0


if __name__ == "__main__":
    sys.exit(main())
