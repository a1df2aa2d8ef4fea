"""Whole journeys on a bench of their own: real kiosk, real hub, real lines.

Most of a journey is waiting, so a file's journeys are played two at a time, in the order of its tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk.pages.faults import FAULT_PAGES
from kiosk.pages.samples import samples
from simulators.bench.settings import Tables
from simulators.customer.faults import FAULTS
from simulators.customer.journeys import JOURNEYS
from simulators.demo.headless import Run, play
from tests.journeys.leaks import leaks, of_demo
from tools.hub_process import power_hub

Result = dict[str, Any]
AT_A_TIME = 2
PARTIAL = "pay-cash-partial"


def go(name: str, folder: Path, town: Path) -> Result:
    """Play `journey`, `fault` (in its own journey, or the shortest) or `journey+fault`; gives the demo's result with
    the names of the pages seen, the page that told of the fault, the words of all slips, and what was said on the way.
    """
    told: list[str] = []
    journey, _, fault = name.partition("+") if name.partition("+")[0] in JOURNEYS else ("", "", name)
    journey = journey or next(iter(FAULTS[fault].journeys), PARTIAL)
    # The small screen is drawn in a third of the time; the journeys without a fault go over the large one.
    form = "through" if fault else "lobby"
    # Pages that end by themselves stand until they are left, but where that is the journey.
    way = JOURNEYS[journey]
    standing: Tables = {"screen": {"done_s": 120.0, "slip_s": 120.0}}
    run = Run(
        replace(way, changes={**standing, **way.changes}),
        FAULTS[fault] if fault else None,
        folder,
        form=form,
        speed=10,
        town=town,
        quick=True,
    )
    result = play(run, told.append)
    pages = [Path(screen).stem.partition("-")[2] for screen in result["screens"]]
    slips = sorted((folder / "bench" / "prints").glob("*.txt"))
    slip = "".join(one.read_text(encoding="utf-8") for one in slips)
    page = json.loads((folder / "told.json").read_text(encoding="utf-8"))
    if way.tenders:
        result["leaks"] = leaks(of_demo(folder), folder / "bench" / "hub.sqlite")
    return {**result, "pages": pages, "telling": page, "slip": slip, "said": told}


@pytest.fixture(scope="session")
def small_town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The books of a town of twenty, of which each journey has a copy."""
    books = tmp_path_factory.mktemp("town") / "hub.sqlite"
    power_hub("seed", "--accounts", "20", "--database", f"sqlite:///{books}")
    return books


@pytest.fixture(scope="module")
def playing(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, small_town: Path
) -> Iterator[dict[str, Future[Result]]]:
    """The journeys that the module's tests ask for, begun."""
    asked = [
        str(item.callspec.params["result"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.module is request.module and hasattr(item, "callspec")
    ]
    pool = ThreadPoolExecutor(AT_A_TIME)
    yield {
        name: pool.submit(go, name, tmp_path_factory.mktemp(name), small_town)
        for name in dict.fromkeys(asked)
    }
    pool.shutdown(cancel_futures=True)


@pytest.fixture
def result(request: pytest.FixtureRequest, playing: dict[str, Future[Result]]) -> Result:
    """How the journey ended that the test asks for by name: well, or the test fails here."""
    ended = playing[request.param].result()
    assert ended["ok"], ended
    assert (ended["in_flight"], ended["ledger_sum"]) == (0, 0)
    assert not ended.get("leaks")
    if ended["fault"]:
        page = samples("zh")[FAULT_PAGES[ended["fault"]].page]
        assert ended["telling"]["page"] == page.name
        assert page.title in ended["telling"]["texts"]
    return ended
