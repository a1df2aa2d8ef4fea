"""PostgreSQL is killed under load: what the hub has acknowledged is there afterwards, and each id once.

.venv/bin/python -m tests.powercut.postgres [--rounds N]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import requests
from http_message_signatures.exceptions import InvalidSignature
from sqlalchemy import Connection

import tests.crash.report as whole
from hub.data.check import check
from hub.data.engine import sync_engine
from hub.data.schema import accounts
from simulators.bench.settings import TERMINAL
from tests.powercut.judge import Verdict
from tests.powercut.tally import Tally, judged
from tools.hub_process import HubClient, HubProcess, new_id, power_hub, write_test_key
from tools.postgres import RUNUSER, USER, binaries, throwaway_postgres

KEY = bytes(range(32))
CLIENTS = 4
LOAD_S = 1.0
ROUNDS = 5
PATIENCE_S = 60.0
COMMAND = ".venv/bin/python -m tests.powercut.postgres --rounds 1"


class Payer(threading.Thread):
    """Pays without a pause until told to stop, and keeps what was acknowledged and what got no answer."""

    def __init__(self, url: str, account_no: str) -> None:
        super().__init__(daemon=True)
        self.client = HubClient(url, TERMINAL, KEY)
        self.quote_id = self.client.quote(account_no)["id"]
        self.order = self.client.payment_order(account_no, 1000, self.quote_id)
        self.acknowledged: dict[str, bytes] = {}
        self.unanswered: list[str] = []
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.is_set():
            payment_id = new_id()
            try:
                reply = self.client.put(f"/v1/payments/{payment_id}", self.order)
            except (requests.RequestException, InvalidSignature):  # nobody there, or not the hub's own word
                reply = None
            if reply is not None and reply.status_code == 201:
                self.acknowledged[payment_id] = reply.content
            else:
                self.unanswered.append(payment_id)
                time.sleep(0.1)

    def lost(self) -> list[str]:
        """The acknowledged payments that the hub does not know as it said."""
        return [
            payment_id
            for payment_id, said in self.acknowledged.items()
            if self.client.get(f"/v1/payments/{payment_id}").content != said
        ]

    def settle(self) -> list[str]:
        """Send again what got no answer; what is refused even so."""
        codes = {
            each: self.client.put(f"/v1/payments/{each}", self.order).status_code for each in self.unanswered
        }
        self.acknowledged |= dict.fromkeys(codes, b"")
        return [f"{each}: {code}" for each, code in codes.items() if code not in {200, 201}]


def run(report: object = None, rounds: int = ROUNDS) -> Tally:
    """So many kills of the server; every one of them judged."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder, throwaway_postgres() as database:
        key = write_test_key(Path(folder) / "terminal.key", KEY)
        power_hub("seed", "--database", database, "--accounts", "20")
        power_hub("terminal", "add", TERMINAL, "--database", database, "--key", str(key))
        hub = HubProcess(database)
        try:
            for _ in range(rounds):
                verdict = judged(lambda: killed_under_load(database, hub.url))
                tally.add(verdict, kills=1, replay=COMMAND)
                if callable(report):
                    report(f"PostgreSQL killed under load: {verdict}")
        finally:
            hub.stop()
    return tally


def killed_under_load(database: str, url: str) -> Verdict:
    """Kill the server while payments stream in, start it again, and look for every one of them."""
    engine = sync_engine(database)
    with engine.connect() as connection:
        numbers, before = _accounts(connection), check(connection)
    engine.dispose()
    payers = [Payer(url, number) for number in numbers[:CLIENTS]]
    for payer in payers:
        payer.start()
    time.sleep(LOAD_S)
    folder = Path(parse_qs(urlparse(database).query)["host"][0])
    kill(folder)
    felt = _felt(payers)
    start(folder)
    time.sleep(LOAD_S / 2)
    for payer in payers:
        payer.over.set()
        payer.join()
    lost = [each for payer in payers for each in payer.lost()]
    faults = [f"acknowledged and not there: {each}" for each in lost]
    faults += [f"never taken: {each}" for payer in payers for each in payer.settle()]
    for payer in payers:
        payer.client.close()
    engine = sync_engine(database)
    with engine.connect() as connection:
        books = check(connection)
    engine.dispose()
    paid = sum(len(payer.acknowledged) for payer in payers) * 1000
    credited = books.credited_fen - before.credited_fen
    if not books.ok or credited != paid:
        faults.append(f"{credited} credited, {paid} paid, findings {books.findings}")
    if not felt:
        faults.append("the load did not feel it")
    return Verdict(tuple(faults), lost=len(lost) * 1000, doubled=max(0, credited - paid))


def _accounts(connection: Connection) -> list[str]:
    return [row.account_no for row in connection.execute(accounts.select().where(accounts.c.state == "open"))]


def _felt(payers: list[Payer]) -> bool:
    """Wait until somebody got no answer: were the server back before anyone asked, the kill would prove nothing."""
    _wait_until(lambda: any(payer.unanswered for payer in payers))
    return any(payer.unanswered for payer in payers)


def kill(folder: Path) -> None:
    """kill -9 of the postmaster and of every process it has; returns when all of them are gone."""
    postmaster = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGSTOP)  # a process that it made meanwhile would be left over
    _wait_until(lambda: _state(postmaster) in "Tt")
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    processes = [postmaster, *map(int, children)]
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    _wait_until(lambda: not any(map(_state, processes)))


def _state(process: int) -> str:
    """What the kernel calls its state; empty when it is gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _wait_until(so: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not so() and time.monotonic() < until:
        time.sleep(0.01)


def start(folder: Path) -> None:
    """Start a server that was killed, with the options it had; returns when it takes connections."""
    data = folder / "data"
    control = [str(binaries() / "pg_ctl"), "-D", str(data), "-s", "-w", "-l", str(folder / "log")]
    as_user = [RUNUSER, "-u", USER, "--"] if data.owner() != Path.home().owner() else []
    subprocess.run(
        [*as_user, *control, "-t", f"{PATIENCE_S:.0f}", "restart"],
        check=True,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def run_part(report: whole.Report) -> whole.Tally:
    """All rounds as a part of `make crash`."""
    found = run(report.say)
    for failure in found.failures:
        report.say(f"FAILED {failure}")
    return found.handed_over()


def main() -> int:
    """Run; 1 when anything that was acknowledged is not there."""
    parser = argparse.ArgumentParser(description="Kill PostgreSQL under load.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    found = run(lambda line: sys.stdout.write(f"{line}\n"), parser.parse_args().rounds)
    for failure in found.failures:
        sys.stdout.write(f"FAILED {failure}\n")
    sys.stdout.write(f"{found}\n")
    return int(bool(found.failures))


if __name__ == "__main__":
    sys.exit(main())
