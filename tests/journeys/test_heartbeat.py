"""The hub knows where each kiosk's journal stands: an old copy, another disk and a rewritten history are noticed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kiosk.health.report import Reporter
from kiosk.journal.store import Journal
from kiosk.payment import events as ev
from tests.journeys.cabinet import Cabinet
from tests.journeys.kiosk import InProcess, eventually
from tests.journeys.town import Town

QUICK = {"status_every_s": 0.1}


@pytest.fixture
def cabinet(cabinet: Cabinet, town: Town) -> Cabinet:
    """A cabinet of whose kiosk the hub has not heard yet."""
    town.forget_heads()
    return cabinet


def verdict(kiosk: InProcess) -> str:
    """What the kiosk's health says of its journal, once the hub has spoken of it."""
    eventually(lambda: kiosk.runner.pulse.facts.journal_verdict, "the hub has not judged the journal")
    return Reporter(kiosk.runner, kiosk.keys, "hub")().journal.hub_verdict


def pays(cabinet: Cabinet, kiosk: InProcess, yuan: int) -> None:
    """A customer pays with one note, and the hub has heard of it."""
    kiosk.to_slot(cabinet.town.account(100 * yuan).account_no)
    cabinet.insert(yuan)
    kiosk.notice("received")
    kiosk.press("pay_now")
    cabinet.settled(kiosk, credited=100 * yuan)
    kiosk.wrote("SlipPrinted")
    knows(cabinet, kiosk)


def knows(cabinet: Cabinet, kiosk: InProcess) -> None:
    """Wait until the hub knows the journal's last row."""
    eventually(lambda: cabinet.town.known_seq() == len(kiosk.kinds()), "the hub does not know the last row")


def copied(path: Path, to: Path) -> Path:
    """Copy a closed journal as one copies files."""
    for each in path.parent.glob(f"{path.name}*"):
        shutil.copy(each, to / each.name)
    return to / path.name


def test_a_journal_that_went_on_is_known_also_after_a_restart(cabinet: Cabinet) -> None:
    kiosk = cabinet.kiosk(hub=QUICK)
    pays(cabinet, kiosk, 50)
    assert verdict(kiosk) == "ok"
    kiosk.close()
    again = cabinet.kiosk(hub=QUICK)
    assert verdict(again) == "ok"
    again.ready()
    assert cabinet.town.known_seq() == again.runner.pulse.journal_seq


def test_an_old_copy_of_the_disk_is_noticed(cabinet: Cabinet, tmp_path: Path) -> None:
    kiosk = cabinet.kiosk(hub=QUICK)
    kiosk.ready()
    kiosk.close()
    (tmp_path / "old").mkdir()
    old = copied(kiosk.path, tmp_path / "old")
    kiosk = cabinet.kiosk(hub=QUICK)
    pays(cabinet, kiosk, 50)
    kiosk.close()
    revived = cabinet.kiosk(hub=QUICK, journal={"path": str(old)})
    assert verdict(revived) == "behind"


def test_another_disk_is_noticed_until_an_operator_says_that_it_was_exchanged(
    cabinet: Cabinet, tmp_path: Path
) -> None:
    kiosk = cabinet.kiosk(hub=QUICK)
    assert verdict(kiosk) == "ok"
    kiosk.close()
    swapped = cabinet.kiosk(hub=QUICK, journal={"path": str(tmp_path / "new.sqlite")})
    assert verdict(swapped) == "new_journal"
    cabinet.town.replace_terminal(tmp_path)
    eventually(lambda: swapped.runner.pulse.facts.journal_verdict == "ok", "the new journal is not taken")


def test_a_history_that_was_written_anew_is_noticed(cabinet: Cabinet, tmp_path: Path) -> None:
    """As by someone with full rights, who makes all the check sums fit again and cannot change what the hub knows."""
    kiosk = cabinet.kiosk(hub=QUICK)
    pays(cabinet, kiosk, 50)
    kiosk.close()
    forged = Journal(tmp_path / "forged.sqlite", kiosk.journal.journal_id if kiosk.journal else "")
    for row_events in _other_story(kiosk):
        forged.append([row_events], "2026-11-22T12:00:00.000Z")
    assert forged.head[0] == cabinet.town.known_seq()
    forged.close()
    revived = cabinet.kiosk(hub=QUICK, journal={"path": str(tmp_path / "forged.sqlite")})
    assert verdict(revived) == "forked"


def _other_story(kiosk: InProcess) -> list[ev.AnyEvent]:
    """The same events, with the payment's customer another one."""
    import msgspec

    def told(event: ev.AnyEvent) -> ev.AnyEvent:
        if isinstance(event, ev.PaymentOpened):
            account = msgspec.structs.replace(event.account, name_masked="*某")
            return msgspec.structs.replace(event, account=account)
        return event

    return [told(event) for event in kiosk.events()]
