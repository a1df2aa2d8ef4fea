"""What `/health` says of a whole kiosk with real lanes, and devices that stand at the other end of a line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from drivers.status import DeviceStatus
from kiosk.health import report
from kiosk.journal.cli import read
from simulators.far_end import Launched
from tools.hub_process import HubProcess, power_hub

if TYPE_CHECKING:
    from tests.kiosk.health.conftest import Cabinet, Kiosk

ACCOUNT = "0399000000000018"
OF_THE_CUSTOMER = {ACCOUNT, "张", "伟", "漠阳花园", "21栋", "_fen"}


def both_usable(told: dict[str, dict[str, dict[str, bool]]]) -> bool:
    """Whether acceptor and printer have come up."""
    return all(device["usable"] for device in told["devices"].values())


def test_devices_come_up_in_xfs4iot_words(kiosk: Kiosk) -> None:
    told = kiosk.wait_for(both_usable)
    assert told["schema"] == 1
    assert told["terminal"] == "BENCH-0001"
    assert told["devices"]["printer"] | {"since": ""} == {
        "status": "online",
        "usable": True,
        "code": "ok",
        "action": "none",
        "supply": "good",
        "since": "",
        "detail": "",
    }
    assert set(told["devices"]) == {"acceptor", "printer"}
    back = {"hub_back", "hub_back_2", "hub_back_3"}
    assert set(told["lanes"]) == {"acceptor", "printer", "hub", *back}
    assert all(lane["alive"] for lane in told["lanes"].values())


def test_a_printer_that_is_pulled_out_is_told_with_the_moment_it_went(
    kiosk: Kiosk, printer: Launched
) -> None:
    before = kiosk.wait_for(both_usable)["devices"]
    pulled = datetime.now(UTC)
    start = time.monotonic()
    printer.do("unplug")
    told = kiosk.wait_for(lambda told: told["devices"]["printer"]["code"] == "no_device")
    assert time.monotonic() - start < 25  # about one check_every_s; the core may have to share its processor
    gone = told["devices"]["printer"]
    assert (gone["status"], gone["action"], gone["usable"]) == ("noDevice", "maintenance", False)
    assert timedelta(0) <= datetime.fromisoformat(gone["since"]) - pulled < timedelta(seconds=25)
    assert told["devices"]["acceptor"]["since"] == before["acceptor"]["since"]
    assert told["cash"] == {"offered": False, "reason": "hub_gone", "offline": False}
    printer.do("plug")
    back = kiosk.wait_for(both_usable)["devices"]["printer"]
    assert back["since"] > gone["since"]


def test_supply_and_faults_of_both_devices_are_told(
    kiosk: Kiosk, printer: Launched, validator: Launched
) -> None:
    kiosk.wait_for(both_usable)
    printer.do("paper_low")
    low = kiosk.wait_for(lambda told: told["devices"]["printer"]["supply"] == "low")["devices"]["printer"]
    assert (low["usable"], low["code"]) == (True, "paper_low")
    validator.do("fill")
    full = kiosk.wait_for(lambda told: told["devices"]["acceptor"]["supply"] == "full")["devices"]["acceptor"]
    assert (full["usable"], full["code"], full["status"]) == (False, "box_full", "hardwareError")


def test_a_vendors_failure_code_is_in_the_detail(kiosk: Kiosk, validator: Launched) -> None:
    kiosk.wait_for(both_usable)
    validator.do("fail", code=0x50)
    told = kiosk.wait_for(lambda told: told["devices"]["acceptor"]["code"] == "failed")
    assert told["devices"]["acceptor"]["detail"] == "CCNET failure 50h stack_motor"


def test_a_damaged_journal_is_told_and_nothing_is_claimed_about_it(cabinet: Cabinet) -> None:
    with cabinet.running(cabinet.settings(), damaged=True) as kiosk:
        status, _, _ = kiosk.get("/health")
        told = kiosk.report()
    assert status == 503
    assert (told["mode"], told["reason"], told["page"]) == ("out_of_service", "journal_damaged", "closed")
    assert told["journal"] == {
        "damaged": True,
        "failed": False,
        "rows": None,
        "head": None,
        "append_ms": 0.0,
        "open_payments": None,
        "oldest_open_age_s": None,
        "open_claims": None,
        "backlog": None,
        "backlog_age_s": None,
        "hub_verdict": "",
    }


def test_a_core_that_comes_round_no_more_is_out_of_service(
    bare: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bare.get("/health")[0] == 200
    bare.runner.tell(None)  # type: ignore[arg-type]  # the core's own word for its end
    monkeypatch.setattr(report, "STALLED_S", 0.5)
    told = bare.wait_for(lambda told: told["mode"] == "out_of_service")
    assert told["reason"] == "core_stalled"
    assert told["core"]["beat_age_s"] >= 0.5  # it is told in thousandths, so as just the limit too
    silent = datetime.fromisoformat(told["time"]) - datetime.fromisoformat(told["mode_since"])
    assert silent.total_seconds() == pytest.approx(told["core"]["beat_age_s"], abs=0.01)
    assert bare.get("/health")[0] == 503


def test_the_core_comes_round_when_nothing_happens(bare: Kiosk) -> None:
    first = bare.report()["core"]
    later = bare.wait_for(lambda told: told["core"]["steps"] > first["steps"])["core"]
    assert later["beat_age_s"] < report.STALLED_S


def test_devices_that_were_never_there(bare: Kiosk) -> None:
    told = bare.wait_for(
        lambda told: all(device["status"] == DeviceStatus.NO_DEVICE for device in told["devices"].values())
    )
    assert told["mode"] == "in_service"
    assert told["cash"]["offered"] is False
    assert told["hub"]["up"] is False


@pytest.fixture
def hub(cabinet: Cabinet) -> Iterator[HubProcess]:
    """A hub with the sample town's well-known accounts, at which this kiosk is registered."""
    database = f"sqlite:///{cabinet.folder / 'hub.sqlite'}"
    power_hub("seed", "--accounts", "11", "--database", database)
    power_hub("terminal", "add", "BENCH-0001", "--key", str(cabinet.key), "--database", database)
    hub = HubProcess(database)
    yield hub
    hub.stop()


def walk(kiosk: Kiosk) -> Iterator[str]:
    """Walk a customer from the attract page to the means of payment; after each step the page that stands."""
    steps = [
        ("home", ["start"]),
        ("enter_account", ["pay_bill", *(f"key:{digit}" for digit in ACCOUNT)]),
        ("confirm_account", ["confirm"]),
        ("bills", ["correct"]),
        ("means", ["pay"]),
    ]
    kiosk.wait_for(lambda told: both_usable(told) and told["cash"]["offered"])
    for page, presses in steps:
        for press in presses:
            kiosk.press(*press.split(":"))
        kiosk.wait_for(lambda told, page=page: told["page"] == page)  # type: ignore[misc]
        yield page


def test_backlog_is_told_and_nothing_of_the_customer(
    cabinet: Cabinet, hub: HubProcess, printer: Launched, validator: Launched
) -> None:
    with cabinet.running(cabinet.settings(hub.url, {"screen": {"done_s": 600.0}})) as kiosk:

        def everything() -> str:
            return kiosk.get("/health")[2] + kiosk.get("/metrics")[2]

        told = [everything() for _ in walk(kiosk)]
        kiosk.press("cash")
        before = kiosk.wait_for(lambda told: told["page"] == "cash")["journal"]
        assert (before["open_payments"], before["open_claims"]) == (1, 0)
        assert 0 <= before["oldest_open_age_s"] < 60
        kiosk.wait_for(lambda _: validator.do("status")["enabled"])
        validator.do("insert", value_fen=10000)
        kiosk.wait_for(lambda told: told["journal"]["rows"] >= 3)
        told.append(everything())
        kiosk.press("pay_now")
        kiosk.wait_for(lambda told: told["page"] == "done")
        told.append(everything())
        after = kiosk.wait_for(lambda told: told["journal"]["open_payments"] == 0)["journal"]
        assert after["rows"] > before["rows"]
        assert after["append_ms"] > 0
        assert after["oldest_open_age_s"] is None
    ids = {row.event.key for row in read(cabinet.journal)}
    assert ids
    assert [word for word in OF_THE_CUSTOMER | ids if any(word in text for text in told)] == []


def test_an_append_that_fails_is_told(
    cabinet: Cabinet, hub: HubProcess, printer: Launched, validator: Launched
) -> None:
    with cabinet.running(cabinet.settings(hub.url)) as kiosk:
        for _ in walk(kiosk):
            pass
        journal = kiosk.runner._journal
        assert journal is not None
        journal._db.execute("PRAGMA query_only=ON")  # what a file system does that went read-only
        kiosk.press("cash")
        told = kiosk.wait_for(lambda told: told["mode"] == "out_of_service")
        assert told["reason"] == "journal_failed"
        assert (told["journal"]["failed"], told["journal"]["damaged"]) == (True, False)
        assert kiosk.get("/health")[0] == 503
        assert "power_kiosk_journal_damaged 1.0" in kiosk.get("/metrics")[2]
