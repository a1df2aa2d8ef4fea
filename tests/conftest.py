"""Every test that shows a window shows it nowhere: no display is needed and no graphics card."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from simulators.thin_line import LineError, laid

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_QUICK_BACKEND", "software")

# A busy machine may hold up any example for as long as it likes, and what is found is found on every run.
settings.register_profile(
    "suite", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

LONG_WAYS = (
    "simulators/customer",
    "ui/test_pages_fit",
    "journeys",
    "simulators/demo",
    "crash",
    "powercut",
    "kills",
    "hub",
)
"""What takes longest, first: a long file that one worker begins last would keep the others waiting."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays to the end: no search for garbage among it, neither while it grows nor later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long ones; within each folder the order stays."""
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        where = item.path.relative_to(here).as_posix()
        return next((n for n, way in enumerate(LONG_WAYS) if where.startswith(way)), len(LONG_WAYS))

    items.sort(key=place)


@pytest.fixture(scope="session")
def no_line(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Why this machine can lay no thin line between two namespaces; empty where it can."""
    try:
        with laid(tmp_path_factory.mktemp("line")):
            return ""
    except LineError as error:
        return str(error)


@pytest.fixture
def thin_line(no_line: str) -> None:
    """The test needs such a line; where it cannot be, the reason stands at the end of the run."""
    if no_line:
        pytest.skip(f"no thin line here: {no_line}")
