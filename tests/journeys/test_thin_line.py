"""A customer pays over a thin mobile line: 600 ms there and back, 20 kbit/s, one packet in twenty lost.

The hub stands in a network namespace of its own and the kiosk in another, with `simulators.thin_line` between them.
Where the machine cannot have namespaces or a TUN device the run says which.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk.hubclient import line as hub_line
from kiosk.hubclient import wire
from kiosk.hubclient.client import HubClient
from kiosk.hubclient.outcomes import Answer
from kiosk.numbers import reference
from kiosk.payment.events import CreditUnknown
from simulators.bench.settings import TERMINAL
from simulators.thin_line import Laid, inside, laid
from tests.journeys.cabinet import Cabinet
from tests.journeys.kiosk import InProcess, Kiosk, eventually
from tests.journeys.town import KEY, founded

pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("thin_line")]

MOBILE: dict[str, Any] = {
    "connect_s": 15.0,
    "deadline_s": 45.0,
    "query_deadline_s": 25.0,
    "checking_after_s": 40.0,
    "status_every_s": 300.0,
    "retry_first_s": 2.0,
    "retry_most_s": 300.0,
}
"""As docs/configuration.md recommends for a mobile line."""
MOST_BYTES = 4096
GOOD = {"delay_ms": 5, "bits_per_s": 10_000_000, "loss": 0}


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Laid]:
    """The line; the test itself lives on the hub's side of it."""
    with laid(tmp_path, "--seed", "3") as line, inside(line.far):
        yield line


@pytest.fixture
def cabinet(line: Laid, tmp_path: Path) -> Iterator[Cabinet]:
    """A cabinet, and a hub of its own on the far side."""
    for name in ("town", "cabinet"):
        (tmp_path / name).mkdir()
    with founded(tmp_path / "town") as town:
        cabinet = Cabinet(tmp_path / "cabinet", town)
        try:
            yield cabinet
        finally:
            cabinet.close()


def kiosk_beyond(line: Laid, cabinet: Cabinet, **hub: Any) -> InProcess:
    with inside(line.near):
        return cabinet.kiosk(hub=MOBILE | {"url": cabinet.town.url} | hub)


def pays(cabinet: Cabinet, kiosk: Kiosk) -> None:
    """The whole business of a customer, from the number to the receipt."""
    kiosk.to_slot(cabinet.town.account(6000, 4000).account_no)
    cabinet.insert(100)
    kiosk.notice("¥100.00 received")
    kiosk.press("pay_now")
    kiosk.page("done")
    kiosk.notice("Take your receipt")


def test_a_customer_pays_over_a_thin_line_and_then_one_with_4_kb(line: Laid, cabinet: Cabinet) -> None:
    kiosk = kiosk_beyond(line, cabinet)
    pays(cabinet, kiosk)
    cabinet.settled(kiosk, credited=10000)
    assert len(kiosk.events("CreditSending")) == 1
    assert sum(way["lost"] for way in line.do("status").values()) > 0, "the line has lost nothing"
    kiosk.press("finish")
    kiosk.page("attract")
    line.do("set", loss=0)  # bytes that are sent again would count too
    crossed = MOST_BYTES + 1
    for more in range(1, 4):  # so does what was sent again while a busy machine let the line's program wait
        if crossed <= MOST_BYTES:
            break
        before = line.crossed()
        pays(cabinet, kiosk)
        cabinet.settled(kiosk, credited=10000 + more * 10000)
        crossed = line.crossed() - before
        kiosk.press("finish")
        kiosk.page("attract")
    assert 2000 < crossed <= MOST_BYTES


def test_a_connection_that_the_operator_dropped_costs_an_attempt_and_no_money(
    line: Laid, cabinet: Cabinet
) -> None:
    line.do("set", **GOOD)
    kiosk = kiosk_beyond(line, cabinet, deadline_s=4.0, checking_after_s=60.0, retry_first_s=0.1)
    kiosk.to_slot(cabinet.town.account(10000).account_no)
    cabinet.insert(100)
    kiosk.notice("¥100.00 received")
    kiosk.before("CreditSending", lambda: line.do("forget"))
    kiosk.press("pay_now")
    kiosk.page("done")
    cabinet.settled(kiosk, credited=10000)
    [unknown] = kiosk.events("CreditUnknown")
    assert isinstance(unknown, CreditUnknown)
    assert unknown.reason.startswith("timeout")


def test_a_dead_idle_connection_is_found_before_money_is_sent_over_it(
    line: Laid, cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"IDLE_S": 1, "PROBE_S": 1, "PROBES": 2}.items():
        monkeypatch.setattr(hub_line, name, value)
    line.do("set", **GOOD)
    account_no = cabinet.town.account(10000).account_no
    with inside(line.near):
        client = HubClient(cabinet.town.url, TERMINAL, KEY, deadline_s=20.0)
        quote_id = secrets.token_hex(16)
        ask = wire.QuoteRequest(account_no=account_no, business="arrears")
        assert isinstance(client.put_quote(quote_id, ask), Answer)
        assert line.do("forget")["connections"] == 1
        swallowed = line.do("status")["up"]["forgotten"]
        eventually(lambda: line.do("status")["up"]["forgotten"] >= swallowed + 3, "no probes, no reset")
        payment_id = secrets.token_hex(16)
        order = wire.PaymentRequest(
            account_no=account_no,
            quote_id=quote_id,
            business="arrears",
            amount_fen=10000,
            months=(),
            notes=(wire.NoteCount(value_fen=10000, count=1),),
            kiosk_no=1,
            business_date=date(2026, 1, 1),
            taken_at=datetime.now(UTC),
            reference=reference(payment_id),
        )
        paid = client.put_payment(payment_id, order)
        client.close()
    assert isinstance(paid, Answer), paid
