"""Whole journeys on a bench of their own: real kiosk, real hub, real lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulators.customer.faults import FAULTS
from simulators.customer.journeys import JOURNEYS
from simulators.demo.headless import Run, play

Play = Callable[..., dict[str, Any]]


@pytest.fixture
def played(tmp_path: Path) -> Play:
    """Play a journey, with a fault or without; gives the demo's result with the names of the pages seen."""

    def go(journey: str, fault: str | None = None) -> dict[str, Any]:
        told: list[str] = []
        run = Run(JOURNEYS[journey], FAULTS[fault] if fault else None, tmp_path, speed=10, accounts=20)
        result = play(run, told.append)
        assert result["ok"], (result, told)
        pages = [Path(screen).stem.partition("-")[2] for screen in result["screens"]]
        return {**result, "pages": pages}

    return go
