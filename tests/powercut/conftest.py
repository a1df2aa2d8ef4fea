"""A mount for all tests of a file. Where FUSE is missing they say so; cuts made from a trace are the second means."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.powercut.power import Mount, missing, mounted


@pytest.fixture(scope="module")
def mount(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mount]:
    """Disks that can lose power."""
    if why := missing():
        pytest.skip(
            f"{why}; test_traced.py and `python -m tests.powercut` make the cuts from a trace instead"
        )
    with mounted(tmp_path_factory.mktemp("power")) as mount:
        yield mount
