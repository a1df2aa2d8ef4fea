"""A state keeps its first moment until it is another one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kiosk.health.changes import Changes

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def test_since_is_when_the_present_state_began() -> None:
    changes = Changes()
    assert changes.note(NOON, {"hub": False, "printer": "ok"}) == {"hub": NOON, "printer": NOON}
    later, latest = NOON + timedelta(seconds=5), NOON + timedelta(seconds=9)
    assert changes.note(later, {"hub": True, "printer": "ok"}) == {"hub": later, "printer": NOON}
    assert changes.note(latest, {"hub": True, "printer": "ok"}) == {"hub": later, "printer": NOON}
    assert changes.note(latest, {"hub": False, "printer": "ok"}) == {"hub": latest, "printer": NOON}
