"""What was typed to show who asks leaves the kiosk sealed, and the hub alone can read it."""

from __future__ import annotations

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drivers.security.sealed import content_key, jwk_of, open_, seal, split
from kiosk.core.inputs import IdentitySaid
from kiosk.hubclient.client import HubClient
from kiosk.hubclient.outcomes import NotSent
from kiosk.lanes.card_requests import identity_request
from kiosk.lanes.hub import HubLane
from kiosk.payment import effects as fx

PHONE = "15400000125"
ASK = fx.CheckIdentity("c" * 32, "0399000000000125", "phone", "2026-11-22T12:00:00Z", PHONE)


def test_what_was_typed_is_sealed_to_the_hub_for_this_terminal_and_field() -> None:
    own = ec.generate_private_key(ec.SECP256R1())
    jwk = jwk_of(own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    request = identity_request(ASK, lambda field, text: seal(jwk, "k1", "T-1", field, text))
    assert PHONE.encode() not in msgspec.json.encode(request)
    sealed = split(request.sealed)
    peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sealed.epk)
    key = content_key(own.exchange(ec.ECDH(), peer), sealed.header)
    assert open_(sealed, key, "T-1", "phone") == PHONE
    assert (request.field, sealed.kid) == ("phone", "k1")


def test_without_the_hubs_key_nothing_is_sent() -> None:
    told: list[object] = []
    HubLane("hub", HubClient("http://127.0.0.1:9", "T-1", bytes(32)), told.append).serve(ASK)
    [said] = told
    assert isinstance(said, IdentitySaid)
    assert isinstance(said.outcome, NotSent)
