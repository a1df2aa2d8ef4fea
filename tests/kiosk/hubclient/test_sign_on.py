"""Signing on as the lanes share it: one at a time, renewed in time, waited for within bounds, nothing of a key told."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from drivers.errors import DeviceTimeout
from drivers.security import keys as plain
from drivers.security.bench_keys import terminal_key
from drivers.security.cipher import TRIPLE_DES
from drivers.security.terminal import SoftwareTerminal
from kiosk.hubclient import wire
from kiosk.hubclient.client import HubClient
from kiosk.hubclient.keys import SigningKey, Standing
from kiosk.hubclient.outcomes import Answer, NotSent, NotSentReason, Outcome, Refused, Unknown, UnknownReason
from kiosk.hubclient.sign_on import AGAIN_S, SLIP_NONCE, TerminalKeys
from kiosk.hubclient.sign_wire import SealKey, SignOn, SignOnRequest, WrappedKey

MASTER = terminal_key("T1")
SEAL = SealKey(kid="k", x="A" * 43, y="B" * 43)
LIFE_S = 1000.0


class Clock:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


class Hub:
    """Answers sign-ons as the hub does, or as it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[SignOnRequest, SigningKey, float]] = []
        self.says: Outcome[SignOn] | None = None
        self.master = MASTER

    def __call__(self, request: SignOnRequest, key: SigningKey, seconds: float) -> Outcome[SignOn]:
        self.asked.append((request, key, seconds))
        return self.says or Answer(self.answer())

    def answer(self, damaged: bool = False) -> SignOn:
        number = len(self.asked)
        key = bytes([number]) * 32
        as_of = datetime(2026, 11, 23, tzinfo=UTC)
        return SignOn(
            id="a" * 32,
            key_no=number,
            signing=WrappedKey(
                wrapped=plain.wrap(TRIPLE_DES, self.master, key).hex(),
                check="000000" if damaged else plain.working_check(key).hex(),
            ),
            expires_at=as_of + timedelta(seconds=LIFE_S),
            as_of=as_of,
            seal=SEAL,
        )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def keys(clock: Clock) -> TerminalKeys:
    return TerminalKeys("T1", SoftwareTerminal("3des", MASTER, bench=True), clock)


def key_id(found: SigningKey | NotSent) -> str:
    assert isinstance(found, SigningKey), found
    return found.key_id


def test_the_first_call_signs_on_and_the_next_ones_use_its_key(keys: TerminalKeys, hub: Hub) -> None:
    assert keys.seal() is None
    assert key_id(keys.signing(hub, 5.0)) == "T1.w.1"
    assert keys.signing(hub, 5.0) == SigningKey("T1.w.1", b"\1" * 32)
    assert keys.seal() == SEAL
    ((request, key, seconds),) = hub.asked
    nonce = bytes.fromhex(request.nonce)
    assert key == SigningKey(f"T1.m.{request.nonce}", plain.start_key(TRIPLE_DES, MASTER, nonce))
    assert (request.scheme, request.master_check) == ("3des", plain.check_value(TRIPLE_DES, MASTER).hex())
    assert seconds == 5.0


def test_a_key_is_renewed_before_it_ends(keys: TerminalKeys, hub: Hub, clock: Clock) -> None:
    keys.signing(hub, 5.0)
    clock.now += 0.74 * LIFE_S
    assert key_id(keys.signing(hub, 5.0)) == "T1.w.1"
    clock.now += 0.02 * LIFE_S
    assert key_id(keys.signing(hub, 5.0)) == "T1.w.2"
    assert key_id(keys.signing(hub, 5.0)) == "T1.w.2"
    assert len({request.nonce for request, _, _ in hub.asked}) == 2


def test_a_renewal_that_fails_leaves_the_good_key_and_is_not_repeated_at_once(
    keys: TerminalKeys, hub: Hub, clock: Clock
) -> None:
    keys.signing(hub, 5.0)
    hub.says = Unknown(UnknownReason.TIMEOUT, "silent")
    clock.now += 0.8 * LIFE_S
    for _ in range(3):
        assert key_id(keys.signing(hub, 5.0)) == "T1.w.1"
    assert len(hub.asked) == 2
    clock.now += AGAIN_S + 1
    assert key_id(keys.signing(hub, 5.0)) == "T1.w.1"
    assert len(hub.asked) == 3
    clock.now += 0.2 * LIFE_S
    assert keys.signing(hub, 5.0) == NotSent(NotSentReason.SIGN_ON, "sign-on not answered: timeout: silent")


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (NotSent(NotSentReason.REFUSED, "no"), NotSent(NotSentReason.REFUSED, "no")),
        (
            Refused(wire.Problem(status=401, code="stale_signature", detail="clock")),
            NotSent(NotSentReason.SIGN_ON, "sign-on refused: stale_signature: clock"),
        ),
        (
            Unknown(UnknownReason.SIGNATURE, "status 401"),
            NotSent(NotSentReason.SIGN_ON, "sign-on not answered: signature: status 401"),
        ),
    ],
)
def test_without_a_key_nothing_is_sent_and_the_next_call_tries_again(
    keys: TerminalKeys, hub: Hub, says: Outcome[SignOn], why: NotSent
) -> None:
    hub.says = says
    assert keys.signing(hub, 5.0) == why
    hub.says = None
    assert key_id(keys.signing(hub, 5.0)) == "T1.w.2"


def test_a_key_under_another_master_key_or_damaged_is_not_taken(keys: TerminalKeys, hub: Hub) -> None:
    hub.master = terminal_key("T2")
    found = keys.signing(hub, 5.0)
    assert isinstance(found, NotSent)
    assert "check value" in found.detail
    hub.says = Answer(hub.answer(damaged=True))
    assert isinstance(keys.signing(hub, 5.0), NotSent)


def test_a_refused_key_is_dropped_and_another_ones_refusal_is_not_its(keys: TerminalKeys, hub: Hub) -> None:
    keys.signing(hub, 5.0)
    keys.refused("T1.w.9")
    assert key_id(keys.signing(hub, 5.0)) == "T1.w.1"
    keys.refused("T1.w.1")
    assert key_id(keys.signing(hub, 5.0)) == "T1.w.2"


def test_noise_makes_no_more_than_one_sign_on_a_minute(keys: TerminalKeys, hub: Hub, clock: Clock) -> None:
    keys.signing(hub, 5.0)
    keys.doubted("T1.w.1")
    assert key_id(keys.signing(hub, 5.0)) == "T1.w.1"
    clock.now += AGAIN_S + 1
    keys.doubted("T1.w.1")
    hub.says = Unknown(UnknownReason.TIMEOUT, "silent")
    assert key_id(keys.signing(hub, 5.0)) == "T1.w.1"
    keys.doubted("T1.w.1")
    hub.says = None
    assert key_id(keys.signing(hub, 5.0)) == "T1.w.3"


class Held(Hub):
    """A hub whose answer is held back until the test lets it go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self, request: SignOnRequest, key: SigningKey, seconds: float) -> Outcome[SignOn]:
        self.begun.set()
        assert self.go.wait(60)
        return super().__call__(request, key, seconds)


@pytest.fixture
def held() -> Iterator[Held]:
    hub = Held()
    yield hub
    hub.go.set()


@pytest.mark.parametrize("fails", [False, True])
def test_lanes_that_need_a_key_at_once_share_one_sign_on(held: Held, fails: bool) -> None:
    keys = TerminalKeys("T1", SoftwareTerminal("3des", MASTER, bench=True))
    if fails:
        held.says = Unknown(UnknownReason.TIMEOUT, "silent")
    arrived = threading.Barrier(5)

    def lane() -> SigningKey | NotSent:
        arrived.wait(60)
        return keys.signing(held, 60.0)

    with ThreadPoolExecutor(4) as pool:
        lanes = [pool.submit(lane) for _ in range(4)]
        arrived.wait(60)
        assert held.begun.wait(60)
        while keys._one_at_a_time.locked() and not all(each.running() for each in lanes):
            time.sleep(0.001)
        held.go.set()
        found = [each.result(60) for each in lanes]
    if fails:
        assert all(isinstance(each, NotSent) for each in found)
    else:
        assert {key_id(each) for each in found} == {"T1.w.1"}
        assert len(held.asked) == 1


def test_a_lane_waits_for_another_ones_sign_on_no_longer_than_its_own_time(held: Held) -> None:
    keys = TerminalKeys("T1", SoftwareTerminal("3des", MASTER, bench=True))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(keys.signing, held, 60.0)
        assert held.begun.wait(60)
        began = time.monotonic()
        assert keys.signing(held, 0.05) == NotSent(NotSentReason.SIGN_ON, "another call still signs on")
        assert time.monotonic() - began < 30
        held.go.set()
        assert key_id(first.result(60)) == "T1.w.1"


def test_nobody_waits_for_a_renewal(held: Held) -> None:
    clock = Clock()
    keys = TerminalKeys("T1", SoftwareTerminal("3des", MASTER, bench=True), clock)
    held.go.set()
    keys.signing(held, 5.0)
    held.go.clear()
    held.begun.clear()
    clock.now += 0.8 * LIFE_S
    with ThreadPoolExecutor(1) as pool:
        renewal = pool.submit(keys.signing, held, 60.0)
        assert held.begun.wait(60)
        assert key_id(keys.signing(held, 60.0)) == "T1.w.1"
        held.go.set()
        assert key_id(renewal.result(60)) == "T1.w.2"


class Away(SoftwareTerminal):
    """A module that cannot be asked."""

    def start_key(self, nonce: bytes) -> bytes:
        raise DeviceTimeout("the SAM is silent")


def test_a_module_that_is_away_is_named(hub: Hub) -> None:
    keys = TerminalKeys("T1", Away("3des", MASTER, bench=True))
    told = keys.signing(hub, 5.0)
    assert told == NotSent(NotSentReason.SIGN_ON, "security module: DeviceTimeout: the SAM is silent")
    assert hub.asked == []
    with pytest.raises(DeviceTimeout):
        keys.slip_key()


def test_the_slips_key_stays_the_same(keys: TerminalKeys, hub: Hub) -> None:
    first = keys.slip_key()
    keys.signing(hub, 5.0)
    assert keys.slip_key() == first == plain.start_key(TRIPLE_DES, MASTER, SLIP_NONCE)


def test_nothing_of_a_key_is_told(keys: TerminalKeys, hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    found = keys.signing(hub, 5.0)
    keys.refused("T1.w.1")
    hub.says = Answer(hub.answer(damaged=True))
    failure = keys.signing(hub, 5.0)
    assert isinstance(found, SigningKey)
    told = caplog.text + str([vars(record) for record in caplog.records]) + repr(found) + repr(failure)
    assert "signed_on" in told
    for secret in (found.key, MASTER, hub.asked[0][1].key, bytes.fromhex(hub.answer().signing.wrapped)):
        assert secret.hex() not in told.lower()
        assert repr(secret)[2:-1] not in told


# A busy machine must have connected and asked by then: what was never sent is told otherwise.
@pytest.mark.parametrize("deadline_s", [2.5])
def test_a_sign_on_that_stays_unanswered_costs_a_call_its_own_deadline_and_no_more(deadline_s: float) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        keys = TerminalKeys("T1", SoftwareTerminal("3des", MASTER, bench=True))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        client = HubClient(url, "T1", keys, deadline_s=deadline_s, query_deadline_s=deadline_s)
        began = time.monotonic()
        outcome = client.status()
        assert time.monotonic() - began < 30
        client.close()
    assert isinstance(outcome, NotSent)
    assert outcome.reason is NotSentReason.SIGN_ON


def test_how_it_stands_is_told_for_health(keys: TerminalKeys, hub: Hub, clock: Clock) -> None:
    assert keys.standing() == Standing()
    keys.signing(hub, 5.0)
    until = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=LIFE_S)
    assert keys.standing() == Standing(until)
    hub.says = Unknown(UnknownReason.TIMEOUT, "silent " + "x" * 500)
    clock.now += 0.8 * LIFE_S
    keys.signing(hub, 5.0)
    failing = keys.standing()
    assert (failing.until, len(failing.failure)) == (until, 200)
    assert failing.failure.startswith("sign-on not answered: timeout: silent")
    assert failing.failed_at is not None
    clock.now += LIFE_S
    assert keys.standing().until is None
    hub.says = None
    keys.signing(hub, 5.0)
    assert keys.standing() == Standing(until)


def test_why_the_module_failed_is_told_for_health(hub: Hub, clock: Clock) -> None:
    keys = TerminalKeys("T1", SoftwareTerminal("3des", None, bench=True), clock)
    keys.signing(hub, 5.0)
    assert keys.standing().failure == "security module: CommandRefused: no master key is loaded"
