"""The validator program, and a host on its line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.far_end import Launched, launched
from tests.simulators.ccnet_host import PROGRAM, Host, host_of


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Launched]:
    with launched(PROGRAM, tmp_path, "--speed", "50") as far_end:
        yield far_end


@pytest.fixture
def host(unit: Launched) -> Iterator[Host]:
    yield from host_of(unit)
