"""A card's own time grows with what it sends, computes and writes."""

from __future__ import annotations

from simulators.cards.pace import after_effect, before_effect

READ = bytes.fromhex("00B0820008")
CHALLENGE = bytes.fromhex("0084000008")
SHORT, LONG = (bytes([0x04, 0xD6, 0x82, 0x00, length]) + bytes(length) for length in (12, 132))


def test_the_more_work_the_longer() -> None:
    times = [before_effect(raw) for raw in (READ, CHALLENGE, SHORT, LONG)]
    assert times == sorted(times)
    assert 0.005 < times[0] < 0.05
    assert times[-1] < 0.5
    assert after_effect(bytes(258)) > after_effect(bytes(2)) > 0
    assert before_effect(b"") > 0
