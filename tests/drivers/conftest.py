"""What every driver's tests share."""

from __future__ import annotations

import pytest

PATIENCE_S = 20.0


@pytest.fixture(autouse=True)
def patient_with_pcscd(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may hold pcscd up for longer than a kiosk waits for it; who waits in vain sets its own limit."""
    for limit in ("_ANSWER_S", "_CONNECT_S", "_LET_GO_S", "_NOTICE_S"):
        monkeypatch.setattr(f"drivers.card.pcsc.{limit}", PATIENCE_S)
