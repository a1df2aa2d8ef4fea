"""The hub's lane: every attempt of a payment carries the same bytes, and every call ends in a word to the core."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest

from kiosk.core.inputs import AccountSaid, ClaimSaid, CreditSaid, QuoteSaid, ReferenceSaid, StatusSaid
from kiosk.hubclient import wire
from kiosk.hubclient.client import HubClient
from kiosk.hubclient.outcomes import NotSent, Unknown
from kiosk.lanes.hub import HubLane, heartbeat_request
from kiosk.lanes.lane import Lane
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.effects import Effect
from kiosk.payment.fold import claim_opened
from kiosk.payment.model import Claim, Payment
from kiosk.payment.table import step
from tests.kiosk.lanes.conftest import Told

KEY = bytes(range(32))
PAYMENT_ID, NOTE_ID, QUOTE_ID, CLAIM_ID = ("a" * 32, "b" * 32, "c" * 32, "d" * 32)


class Ear(BaseHTTPRequestHandler):
    """Keeps what it hears and answers nothing that could be believed."""

    heard: list[tuple[str, bytes, str]]

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.heard.append((self.path, body, self.headers["Power-Request"]))
        self.send_error(500)

    do_GET = do_PUT  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def ear() -> Iterator[ThreadingHTTPServer]:
    """A server in the hub's place."""
    handler = type("Ear", (Ear,), {"heard": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def lane(ear: ThreadingHTTPServer, told: Told, start: Callable[[Lane], Lane]) -> Lane:
    """A running lane."""
    client = HubClient(f"http://127.0.0.1:{ear.server_port}", "T-1", KEY, deadline_s=5.0)
    return start(HubLane("hub", client, told))


def heard(ear: ThreadingHTTPServer) -> list[tuple[str, bytes, str]]:
    found: list[tuple[str, bytes, str]] = ear.RequestHandlerClass.heard  # type: ignore[attr-defined]
    return found


def payment() -> Payment:
    """A payment of a hundred and a twenty whose first attempt is under way."""
    account = ev.AccountFacts("0399000000000018", "*伟", "漠阳花园**栋")
    quote = ev.QuoteFacts(QUOTE_ID, ("2026-09", "2026-10"), 11000, 200000, "2026-11-22T12:30:00Z")
    events: list[ev.Event] = [
        ev.PaymentOpened(
            key=PAYMENT_ID,
            kiosk_no=7,
            business="arrears",
            account=account,
            quote=quote,
            lang="zh",
            at="2026-11-22T12:00:00.000Z",
        )
    ]
    for number, value in enumerate((10000, 2000)):
        note_id = f"{number:032x}"
        events.append(ev.NoteIntended(key=PAYMENT_ID, note_id=note_id, note_type=number, value_fen=value))
        events.append(ev.NoteStacked(key=PAYMENT_ID, note_id=note_id, value_fen=value))
    events.append(ev.PayRequested(key=PAYMENT_ID, by="customer"))
    events.append(sending(1))
    made: Payment | None = None
    for event in events:
        made, _ = step(made, event)
    assert made is not None
    return made


def sending(attempt: int) -> ev.CreditSending:
    return ev.CreditSending(
        key=PAYMENT_ID,
        attempt=attempt,
        amount_fen=12000,
        taken_at="2026-11-22T12:01:02.345Z",
        business_date="2026-11-22",
    )


def attempts() -> list[Payment]:
    """The payment at its first attempts, the last of them after a restart from the journal's snapshot."""
    first = payment()
    unknown, _ = step(first, ev.CreditUnknown(key=PAYMENT_ID, attempt=1, sent=True, reason="timeout"))
    second, _ = step(unknown, sending(2))
    stored = msgspec.json.decode(msgspec.json.encode(second), type=Payment)
    third, _ = step(replace(stored, in_flight=False), sending(3))
    return [first, second, third]


def test_every_attempt_has_the_same_bytes_and_a_request_id_of_its_own(
    lane: Lane, told: Told, ear: ThreadingHTTPServer
) -> None:
    for number, attempt in enumerate(attempts(), 1):
        lane.put(fx.SendCredit(attempt))
        said = told.wait(lambda t: isinstance(t, CreditSaid))
        assert isinstance(said, CreditSaid)
        assert (said.payment_id, said.attempt) == (PAYMENT_ID, number)
        assert isinstance(said.outcome, Unknown)
    paths, bodies, requests = zip(*heard(ear), strict=True)
    assert set(paths) == {f"/v1/payments/{PAYMENT_ID}"}
    assert len(set(bodies)) == 1
    assert len(set(requests)) == 3
    assert msgspec.json.decode(bodies[0]) == {
        "account_no": "0399000000000018",
        "quote_id": QUOTE_ID,
        "business": "arrears",
        "tender": "cash",
        "reference": "AAAA-AAAA-AAAA",
        "amount_fen": 12000,
        "months": ["2026-09", "2026-10"],
        "notes": [{"value_fen": 10000, "count": 1}, {"value_fen": 2000, "count": 1}],
        "kiosk_no": 7,
        "business_date": "2026-11-22",
        "taken_at": "2026-11-22T12:01:02.345000Z",
    }


def claim(**changes: str) -> Claim:
    facts = {"payment_id": "", "account_no": "", "reason": "orphan_note"} | changes
    return claim_opened(
        ev.ClaimOpened(
            key=CLAIM_ID,
            reference="DDDD-DDDD-DDDD",
            amount_fen=1000,
            memo_fen=0,
            notes=(ev.NoteCount(1000, 1),),
            note_id=NOTE_ID,
            at="2026-11-22T12:00:00.000Z",
            lang="zh",
            **facts,
        )
    )


def test_a_claim_is_told_the_same_way_each_time(lane: Lane, told: Told, ear: ThreadingHTTPServer) -> None:
    for attempt in (1, 2):
        lane.put(fx.SendClaim(replace(claim(), attempts=attempt)))
        said = told.wait(lambda t: isinstance(t, ClaimSaid))
        assert isinstance(said, ClaimSaid)
        assert (said.claim_id, said.attempt) == (CLAIM_ID, attempt)
    (_, first, _), (_, second, _) = heard(ear)
    assert first == second
    body = msgspec.json.decode(first)
    assert (body["payment_id"], body["account_no"]) == (None, None)


def test_a_claim_on_a_payment_names_it(lane: Lane, told: Told, ear: ThreadingHTTPServer) -> None:
    lane.put(fx.SendClaim(claim(payment_id=PAYMENT_ID, account_no="0399000000000018", reason="declined")))
    told.wait(lambda t: isinstance(t, ClaimSaid))
    body = msgspec.json.decode(heard(ear)[0][1])
    assert (body["payment_id"], body["account_no"], body["reason"]) == (
        PAYMENT_ID,
        "0399000000000018",
        "declined",
    )


def test_every_question_ends_in_a_word(lane: Lane, told: Told, ear: ThreadingHTTPServer) -> None:
    lane.put(fx.LookUp("r1", "account", "0399000000000018"))
    lane.put(fx.LookUp("r2", "meter", "9900010010250000000018"))
    lane.put(fx.AskReference("r3", "0198-F2C4-A1B3"))
    lane.put(fx.AskQuote(QUOTE_ID, "0399000000000018", "prepay", ()))
    lane.put(fx.AskHubStatus())
    lane.put(fx.Beat("c" * 32, 7, "d" * 64, None, (), ()))
    said = [told.wait(lambda _: True) for _ in range(6)]
    kinds = [AccountSaid, AccountSaid, ReferenceSaid, QuoteSaid, StatusSaid, StatusSaid]
    assert [type(one) for one in said] == kinds
    *asked, beat = [path for path, *_ in heard(ear)]
    assert beat.startswith("/v1/heartbeats/")
    assert asked == [
        "/v1/accounts/0399000000000018",
        "/v1/meters/9900010010250000000018/account",
        "/v1/references/0198-F2C4-A1B3",
        f"/v1/quotes/{QUOTE_ID}",
        "/v1/status",
    ]


def test_a_heartbeat_tells_what_is_open_and_since_when_it_waits() -> None:
    """The hub's copy of what is open: enough to make claims of it should this kiosk never come back."""
    waiting = payment()
    fresh = replace(waiting, payment_id="e" * 32, attempts=0, opened_at="2020-11-22T09:00:00+00:00")
    told = heartbeat_request(fx.Beat("c" * 32, 7, "d" * 64, (3, "f" * 64), (waiting, fresh), ()))
    assert [(item.id, item.amount_fen) for item in told.open] == [
        (fresh.payment_id, 12000),
        (waiting.payment_id, 12000),
    ]
    assert (told.backlog.count, told.backlog.oldest_at) == (1, datetime.fromisoformat(waiting.opened_at))
    assert told.known == wire.KnownHead(seq=3, head="f" * 64)
    many = tuple(replace(fresh, payment_id=f"{number:032x}") for number in range(300))
    assert len(heartbeat_request(fx.Beat("c" * 32, 7, "d" * 64, None, many, ())).open) == 200


def test_a_hub_that_is_not_there_is_told_too(told: Told, start: Callable[[Lane], Lane]) -> None:
    client = HubClient("http://127.0.0.1:9", "T-1", KEY)
    start(HubLane("hub", client, told)).put(fx.SendCredit(payment()))
    said = told.wait(lambda _: True)
    assert isinstance(said, CreditSaid)
    assert isinstance(said.outcome, NotSent)


def test_a_fault_of_our_own_ends_in_a_word_to_the_core_too() -> None:
    """Else the page that waits for it would stand for ever."""
    told: list[object] = []
    lane = HubLane("hub", HubClient("http://127.0.0.1:1", "T1", KEY), told.append)
    lane.serve(fx.LookUp("r", "account", "no digits at all"))
    [said] = told
    assert isinstance(said, AccountSaid)
    assert isinstance(said.outcome, Unknown)


@pytest.mark.parametrize(
    ("effect", "word"),
    [
        (fx.AskReference("r", "no reference"), ReferenceSaid),
        (fx.AskQuote("no id", "1", "arrears", ()), QuoteSaid),
        (fx.SendCredit(replace(payment(), taken_at="no time")), CreditSaid),
        (fx.SendClaim(replace(claim(), made_at="no time")), ClaimSaid),
        (fx.Beat("c" * 32, 1, "d" * 64, None, (replace(payment(), opened_at="no time"),), ()), StatusSaid),
    ],
    ids=lambda each: each.__name__ if isinstance(each, type) else "",
)
def test_so_does_one_in_any_other_call(effect: Effect, word: type) -> None:
    """A heartbeat without an answer would be the last one."""
    told: list[object] = []
    HubLane("hub", HubClient("http://127.0.0.1:1", "T1", KEY), told.append).serve(effect)
    [said] = told
    assert type(said) is word
    assert isinstance(said, ReferenceSaid | QuoteSaid | CreditSaid | ClaimSaid | StatusSaid)
    assert isinstance(said.outcome, Unknown)
