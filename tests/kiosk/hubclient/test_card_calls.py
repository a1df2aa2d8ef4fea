"""The calls about meter cards: each asks for its own resource, and believes no answer for another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drivers.security.sealed import jwk_of, split
from kiosk.hubclient import card_wire, wire
from kiosk.hubclient.card_calls import Seal, sealed
from kiosk.hubclient.client import HubClient
from kiosk.hubclient.outcomes import Answer, Outcome, Refused, UnknownReason
from tests.kiosk.hubclient.replies import (
    ACCOUNT,
    ACCOUNT_NO,
    NOW,
    PAYMENT,
    Connect,
    SmallHub,
    always,
    problem,
    reason,
)

ID, PURCHASE = "a" * 32, "b" * 32
SERIAL, PROFILE = "1122334455667788", "state_grid_2013"
READ: dict[str, Any] = {
    "id": ID,
    "verdict": "ready",
    "account": ACCOUNT,
    "meter_no": "9900010022500000000091",
    "last": None,
    "owed": None,
    "min_fen": 1000,
    "max_fen": 500_000,
    "hoarding_limit_fen": 0,
    "as_of": "2026-11-23T04:00:00Z",
    "business_date": "2026-11-23",
}
WRITE: dict[str, Any] = {
    "id": ID,
    "purchase_id": PURCHASE,
    "state": "authorised",
    "profile": PROFILE,
    "card_tail": SERIAL[-4:],
    "files": [{"file": "wallet", "data": "0000138800000007"}],
    "count": 7,
    "amount_fen": 5000,
}
OWED = {
    "purchase_id": PURCHASE,
    "kind": "purchase",
    "count": 7,
    "amount_fen": 5000,
    "paid_at": "2026-11-23T04:00:00Z",
    "reference": None,
}
ASK_READ = card_wire.CardReadRequest(
    profile=PROFILE,
    sealed="e30",
    challenge="00" * 8,
    cryptogram="00" * 8,
    read_at=NOW,
)
ASK_PROOF = card_wire.CardProofRequest(profile=PROFILE, sealed="e30", challenge="00" * 8, cryptogram="00" * 8)
ASK_WRITE = card_wire.CardWriteRequest(
    purchase_id=PURCHASE,
    kind="purchase",
    profile=PROFILE,
    sealed="e30",
    made_at=NOW,
)
TELL = card_wire.OutcomeRequest(state="unknown", seen=None, reason="", at=NOW)
ASK_WHO = card_wire.IdentityCheckRequest(account_no=ACCOUNT_NO, field="phone", sealed="e30", made_at=NOW)
CALLS: dict[str, tuple[Callable[[HubClient], Outcome[Any]], str, Any, type]] = {
    "read": (lambda c: c.put_card_read(ID, ASK_READ), f"PUT /v1/card-reads/{ID}", READ, card_wire.CardRead),
    "proof": (
        lambda c: c.put_card_proof(ID, ASK_PROOF),
        f"PUT /v1/card-proofs/{ID}",
        {"id": ID, "genuine": True},
        card_wire.CardProof,
    ),
    "write": (
        lambda c: c.put_card_write(ID, ASK_WRITE),
        f"PUT /v1/card-writes/{ID}",
        WRITE,
        card_wire.CardWrite,
    ),
    "written": (lambda c: c.get_card_write(ID), f"GET /v1/card-writes/{ID}", WRITE, card_wire.CardWrite),
    "admission": (
        lambda c: c.put_read_cryptogram(ID, 1, card_wire.ChallengeRequest(challenge="00" * 8)),
        f"PUT /v1/card-reads/{ID}/cryptograms/1",
        {"cryptogram": "00" * 8},
        card_wire.Cryptogram,
    ),
    "cryptogram": (
        lambda c: c.put_cryptogram(ID, 1, card_wire.ChallengeRequest(challenge="00" * 8)),
        f"PUT /v1/card-writes/{ID}/cryptograms/1",
        {"cryptogram": "00" * 8},
        card_wire.Cryptogram,
    ),
    "mac": (
        lambda c: c.put_mac(ID, 2, card_wire.MacRequest(challenge="00" * 4, command="04D682000C")),
        f"PUT /v1/card-writes/{ID}/macs/2",
        {"mac": "00" * 4},
        card_wire.Mac,
    ),
    "outcome": (
        lambda c: c.put_write_outcome(ID, TELL),
        f"PUT /v1/card-writes/{ID}/outcome",
        {"id": ID, "state": "unknown"},
        card_wire.WriteOutcome,
    ),
    "identity": (
        lambda c: c.put_identity_check(ID, ASK_WHO),
        f"PUT /v1/identity-checks/{ID}",
        {"id": ID, "state": "matched", "tries_left": 5},
        card_wire.IdentityCheck,
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_each_call_asks_for_its_resource_and_brings_its_answer(
    hub: SmallHub, connect: Connect, name: str
) -> None:
    call, asked, body, kind = CALLS[name]
    hub.say = always(200, body)
    outcome = call(connect(hub.port))
    assert isinstance(outcome, Answer), outcome
    assert type(outcome.body) is kind
    method, path, _ = hub.requests[0]
    assert f"{method} {path}" == asked


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if "id" in call[2]])
def test_an_answer_for_another_id_is_not_believed(hub: SmallHub, connect: Connect, name: str) -> None:
    call, _, body, _ = CALLS[name]
    hub.say = always(200, body | {"id": "c" * 32})
    assert reason(call(connect(hub.port))) is UnknownReason.MISMATCH


def test_a_write_of_another_purchase_is_not_believed(hub: SmallHub, connect: Connect) -> None:
    hub.say = always(201, WRITE | {"purchase_id": "c" * 32})
    assert reason(connect(hub.port).put_card_write(ID, ASK_WRITE)) is UnknownReason.MISMATCH


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "owed"},
        {"owed": OWED},
        {"account": None},
        {"verdict": "perhaps"},
        {"meter_no": "1"},
        {"min_fen": -1},
    ],
)
def test_a_reading_that_contradicts_itself_is_of_no_use(change: dict[str, Any]) -> None:
    with pytest.raises(wire.BadAnswer):
        wire.decode(card_wire.CardRead, msgspec.json.encode(READ | change))
    whole = READ | {"verdict": "owed", "owed": OWED}
    assert wire.decode(card_wire.CardRead, msgspec.json.encode(whole)).owed is not None


def test_what_a_payment_bought_is_added_up() -> None:
    purchase: dict[str, Any] = {
        "id": ID,
        "kind": "purchase",
        "meter_no": "250000000009",
        "customer_no": "000000000083",
    }
    purchase |= {"count": 7, "amount_fen": 7000, "card_tail": SERIAL[-4:], "profile": PROFILE}
    body = PAYMENT | {"purchase": purchase, "to_balance_fen": 3000, "balance_after_fen": 3000}
    paid = wire.decode(wire.Payment, msgspec.json.encode(body))
    assert (paid.power_fen, paid.fee_fen) == (7000, 0)
    reissue = body | {"purchase": purchase | {"kind": "reissue", "card_tail": None}, "fee_fen": 7000}
    paid = wire.decode(wire.Payment, msgspec.json.encode(reissue))
    assert (paid.power_fen, paid.fee_fen) == (0, 7000)
    with pytest.raises(wire.BadAnswer, match="add up"):
        wire.decode(wire.Payment, msgspec.json.encode(reissue | {"fee_fen": 0}))


def test_a_quote_without_a_card_sends_nothing_of_one() -> None:
    plain = wire.QuoteRequest(account_no=ACCOUNT_NO, business="prepay")
    assert b"card_read_id" not in wire.encode(plain)
    power = wire.QuoteRequest(account_no=ACCOUNT_NO, business="buy_power", card_read_id=ID)
    assert b'"card_read_id":"' in wire.encode(power)


@pytest.mark.parametrize("identity", ["", "A" * 32, "a" * 31, "../" + "a" * 29])
def test_a_call_with_no_id_is_not_made(connect: Connect, identity: str) -> None:
    with pytest.raises(ValueError, match="32 lower-case hex digits"):
        connect(1).put_card_read(identity, ASK_READ)


def sealed_read(client: HubClient) -> Outcome[card_wire.CardRead]:
    """Ask what may be done with a card, in the seal that the client gives."""
    said = card_wire.CardSaid(serial=SERIAL)

    def ask(seal: Seal) -> Outcome[card_wire.CardRead]:
        order = msgspec.structs.replace(ASK_READ, sealed=sealed(seal, said))
        return client.put_card_read(ID, order)

    return client.sealing(ask)


def test_the_hubs_key_is_asked_for_once_and_again_when_it_is_another(hub: SmallHub, connect: Connect) -> None:
    keys = iter([seal_key("k1"), seal_key("k2")])
    said: list[tuple[int, Any]] = [(200, READ), (200, READ), (422, problem(422, "bad_seal")), (200, READ)]
    reads = iter(said)
    hub.say = lambda _method, path, _body: (200, next(keys)) if "seal-key" in path else next(reads)
    client = connect(hub.port)
    for _ in range(3):
        assert isinstance(sealed_read(client), Answer)
    kids = [split(body["sealed"]).kid for _, path, body in hub.requests if "card-reads" in path]
    assert kids == ["k1", "k1", "k1", "k2"]
    assert sum("seal-key" in path for _, path, _ in hub.requests) == 2


def test_without_the_hubs_key_nothing_of_a_card_is_sent(hub: SmallHub, connect: Connect) -> None:
    hub.say = always(409, problem(409, "no_key_store"))
    outcome = sealed_read(connect(hub.port))
    assert isinstance(outcome, Refused)
    assert [path for _, path, _ in hub.requests] == ["/v1/seal-key"]


def seal_key(kid: str) -> dict[str, str]:
    own = ec.generate_private_key(ec.SECP256R1()).public_key()
    jwk = jwk_of(own.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    return {"kid": kid, "kty": "EC", "crv": "P-256", "x": jwk["x"], "y": jwk["y"]}
