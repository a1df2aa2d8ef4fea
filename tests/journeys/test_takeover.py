"""The drill for a dead kiosk (docs/operations.md): its disk, or the hub's copy of what was open, saves the money."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from hub.data.schema import heads
from kiosk.payment.model import Claim, ClaimState, PaymentState
from simulators.bench.settings import TERMINAL
from tests.journeys.cabinet import Cabinet
from tests.journeys.kiosk import InProcess, OwnProcess, eventually
from tests.journeys.town import Town
from tools.hub_process import power_hub

QUICK = {"status_every_s": 0.1}


@pytest.fixture
def spare(tmp_path: Path, town: Town) -> Iterator[Cabinet]:
    """A second cabinet with devices of its own, to be put in the dead one's place."""
    folder = tmp_path / "spare"
    folder.mkdir()
    spare = Cabinet(folder, town)
    yield spare
    spare.close()


def dies_with_a_hundred(cabinet: Cabinet, more: int = 0) -> OwnProcess:
    """A customer has put a hundred in, the hub has heard of it, and the computer is gone; `more` yuan came in between,
    of which the hub has heard nothing."""
    cabinet.town.forget_heads()
    kiosk = cabinet.own_process(hub=QUICK)
    kiosk.to_slot(cabinet.town.account(10000).account_no)
    cabinet.insert(100)
    kiosk.notice("received")
    eventually(lambda: '"amount_fen":10000' in open_items(cabinet.town), "the hub has no copy of the payment")
    if more:
        cabinet.line("blackhole")
        cabinet.insert(more)
        kiosk.notice(f"{more}.00 received")
    kiosk.kill()
    cabinet.line("pass")
    return kiosk


def listed(journal: Path, copy: Path) -> dict[str, int]:
    """What a copy of the journal shows as really in, by payment."""
    copy.mkdir()
    for each in journal.parent.glob(f"{journal.name}*"):
        shutil.copy(each, copy / each.name)
    command = [
        sys.executable,
        "-m",
        "kiosk.cli",
        "journal",
        "list",
        "--json",
        "--journal",
        str(copy / journal.name),
    ]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    return {item["id"]: item["inserted_fen"] for item in msgspec.json.decode(told) if item["in_flight"]}


def open_items(town: Town) -> str:
    """The hub's copy of what is open at the kiosk."""
    with town._engine.connect() as connection:
        return connection.execute(select(heads.c.open_items)).scalar() or ""


def verdict(kiosk: InProcess) -> str:
    """What the hub says of the journal, once it has spoken."""
    eventually(lambda: kiosk.runner.pulse.facts.journal_verdict, "the hub has not judged the journal")
    return kiosk.runner.pulse.facts.journal_verdict


def test_with_the_old_disk_the_replacement_goes_on_where_the_dead_kiosk_stood(
    cabinet: Cabinet, spare: Cabinet
) -> None:
    dead = dies_with_a_hundred(cabinet)
    for each in dead.path.parent.glob(f"{dead.path.name}*"):
        shutil.copy(each, spare.folder / each.name)
    kiosk = spare.kiosk(hub=QUICK)
    spare.settled(kiosk, credited=10000, box=0)  # the note is in the other cabinet's box
    assert verdict(kiosk) == "ok"
    assert kiosk.payment().state is PaymentState.PAID
    assert cabinet.validator("status")["box_fen"] == 10000


@pytest.mark.timeout(180)  # eight commands and three kiosks
def test_without_it_the_hubs_copy_becomes_a_claim_that_two_persons_release(
    cabinet: Cabinet, spare: Cabinet, town: Town, tmp_path: Path
) -> None:
    dead = dies_with_a_hundred(cabinet, more=50)
    payment = dead.payment()
    assert "10000" in power_hub("terminal", "heads", "--database", town.database).stdout
    town.replace_terminal(tmp_path)
    kiosk = spare.kiosk(hub=QUICK)
    assert verdict(kiosk) == "ok"
    [claim] = [c for c in claims(town) if c["payment_id"] == payment.payment_id]
    assert (claim["reason"], claim["amount_fen"], claim["memo_fen"]) == ("taken_over", 0, 10000)
    # The old disk can be read, but nobody trusts it: it and the box tell of the note that the hub never heard of.
    assert listed(dead.path, tmp_path / "copy") == {payment.payment_id: 15000}
    decide(town, tmp_path, claim["reference"], payment.account.account_no, fen=15000)
    assert town.standing(payment.account.account_no) == (0, 5000)
    books = town.books()
    assert (books.findings, books.ledger_sum) == ((), 0)
    # The old disk turns up after all: what it still holds is not credited a second time.
    spare.close()
    revived = cabinet.kiosk(hub=QUICK)
    eventually(lambda: revived.payment().state is PaymentState.CLAIMED, "the payment is not claimed")
    eventually(
        lambda: [c.state for c in revived.books() if isinstance(c, Claim)] == [ClaimState.TAKEN],
        "the old disk's claim finds no end",
    )
    assert town.standing(payment.account.account_no) == (0, 5000)
    assert town.books().findings == ()
    assert TERMINAL in {c["terminal"] for c in claims(town)}


GAVE_UP: dict[str, Any] = QUICK | {"claim_after_attempts": 1, "retry_first_s": 600.0, "retry_most_s": 600.0}
"""For a kiosk that makes a claim of the first unanswered credit, and tells it to the hub only in its heartbeats."""


@pytest.mark.parametrize(("fault", "credited"), [("garbage", True), ("http_500", False)])
def test_a_claim_for_a_payment_is_taken_over_only_if_that_is_not_credited(
    cabinet: Cabinet, town: Town, tmp_path: Path, fault: str, credited: bool
) -> None:
    town.forget_heads()
    kiosk = cabinet.kiosk(hub=GAVE_UP)
    kiosk.to_slot(town.account(10000).account_no)
    cabinet.insert(100)
    kiosk.notice("received")
    kiosk.before("CreditSending", lambda: cabinet.line(fault))
    kiosk.before("ClaimOpened", lambda: cabinet.line("refuse"))
    kiosk.press("pay_now")
    kiosk.wrote("ClaimUnanswered")
    kiosk.before(
        "ClaimSending", lambda: cabinet.line("refuse")
    )  # it is sent again once a heartbeat is answered
    cabinet.line("pass")
    [claim] = [c for c in kiosk.books() if isinstance(c, Claim)]
    eventually(lambda: claim.claim_id in open_items(town), "the hub has no copy of the claim")
    kiosk.close()
    cabinet.line("pass")
    town.replace_terminal(tmp_path)
    made = [(c["id"], c["reason"], c["memo_fen"]) for c in claims(town) if c["reference"] == claim.reference]
    assert made == ([] if credited else [(claim.claim_id, "taken_over", 10000)])
    told = town.client.get(f"/v1/references/{claim.reference}").json()
    assert (told["kind"], told["state"]) == (("payment", "credited") if credited else ("claim", "open"))
    # The old disk turns up after all: its word on the claim finds an end.
    revived = cabinet.kiosk(hub=QUICK)
    revived.wrote("ClaimTaken")
    [taken] = [c for c in revived.books() if isinstance(c, Claim)]
    assert taken.resolution == ("already_credited" if credited else "claimed_before")
    assert town.books().findings == ()


def claims(town: Town) -> list[dict[str, object]]:
    """Every claim as the operators' command lists it."""
    told = power_hub("claims", "list", "--json", "--database", town.database).stdout
    listed = msgspec.json.decode(told)
    return list(listed if isinstance(listed, list) else listed["claims"])


def decide(town: Town, folder: Path, reference: object, account_no: str, fen: int = 10000) -> None:
    """The box was counted and held the notes: one person proposes, another approves."""
    known = ("--database", town.database, "--passphrase-file", str(folder / "passphrase"))
    proposal = (
        "--to",
        f"account:{account_no}",
        "--amount",
        str(fen),
        "--note",
        f"box counted: {fen // 100} more",
    )
    power_hub("claims", "propose", str(reference), *known, "--by", "wang", *proposal)
    power_hub("claims", "approve", str(reference), *known, "--by", "li")
