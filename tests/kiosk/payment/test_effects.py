"""What an effect says where nothing was given."""

from __future__ import annotations

from kiosk.payment import effects as fx


def test_a_hub_that_has_said_nothing_knows_no_row() -> None:
    assert fx.AskHubStatus().known_seq is None
