"""The calls to the hub that concern meter cards; `HubClient` has them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TypeVar

from kiosk.hubclient import card_wire, wire
from kiosk.hubclient.ids import checked_id
from kiosk.hubclient.outcomes import Outcome

W = TypeVar("W", bound=wire.Wire)
Seal = Callable[[str, str], str]
"""Makes of a field's name and its text what the hub alone can read."""


def sealed(seal: Seal, said: card_wire.CardSaid) -> str:
    """What is said of a card, for the hub alone."""
    return seal(said.FIELD, wire.encode(said).decode())


class CardCalls(ABC):
    """Each call is one request of the contract, bounded and signed as all calls of the client are.

    `_put` takes the time that a change at the hub may take, `_ask` that of a question, because a card stands in the
    reader while the hub answers it.
    """

    def put_card_read(self, read_id: str, request: card_wire.CardReadRequest) -> Outcome[card_wire.CardRead]:
        """PUT /v1/card-reads/{id}: what may be done with the card that was read."""
        return self._ask(
            f"/v1/card-reads/{checked_id(read_id)}", request, card_wire.CardRead, {"id": read_id}
        )

    def put_card_proof(
        self, proof_id: str, request: card_wire.CardProofRequest
    ) -> Outcome[card_wire.CardProof]:
        """PUT /v1/card-proofs/{id}: whether the card's answer is that of a card of the utility."""
        path = f"/v1/card-proofs/{checked_id(proof_id)}"
        return self._ask(path, request, card_wire.CardProof, {"id": proof_id})

    def put_card_write(
        self, write_id: str, request: card_wire.CardWriteRequest
    ) -> Outcome[card_wire.CardWrite]:
        """PUT /v1/card-writes/{id}: have a paid purchase authorised to be written, once by this id."""
        expect = {"id": write_id, "purchase_id": request.purchase_id}
        return self._put(f"/v1/card-writes/{checked_id(write_id)}", request, card_wire.CardWrite, expect)

    def get_card_write(self, write_id: str) -> Outcome[card_wire.CardWrite]:
        """GET /v1/card-writes/{id}: how the hub has this write."""
        return self._get(f"/v1/card-writes/{checked_id(write_id)}", card_wire.CardWrite, {"id": write_id})

    def put_cryptogram(
        self, write_id: str, number: int, request: card_wire.ChallengeRequest
    ) -> Outcome[card_wire.Cryptogram]:
        """PUT /v1/card-writes/{id}/cryptograms/{n}: the answer to the card's challenge."""
        path = f"/v1/card-writes/{checked_id(write_id)}/cryptograms/{number:d}"
        return self._ask(path, request, card_wire.Cryptogram, {})

    def put_read_cryptogram(
        self, read_id: str, number: int, request: card_wire.ChallengeRequest
    ) -> Outcome[card_wire.Cryptogram]:
        """PUT /v1/card-reads/{id}/cryptograms/{n}: the answer to the challenge of a card that was read just now."""
        path = f"/v1/card-reads/{checked_id(read_id)}/cryptograms/{number:d}"
        return self._ask(path, request, card_wire.Cryptogram, {})

    def put_mac(self, write_id: str, number: int, request: card_wire.MacRequest) -> Outcome[card_wire.Mac]:
        """PUT /v1/card-writes/{id}/macs/{n}: the MAC of one command of this write."""
        path = f"/v1/card-writes/{checked_id(write_id)}/macs/{number:d}"
        return self._ask(path, request, card_wire.Mac, {})

    def put_write_outcome(
        self, write_id: str, request: card_wire.OutcomeRequest
    ) -> Outcome[card_wire.WriteOutcome]:
        """PUT /v1/card-writes/{id}/outcome: tell how the write ended; safe to repeat."""
        path = f"/v1/card-writes/{checked_id(write_id)}/outcome"
        return self._put(path, request, card_wire.WriteOutcome, {"id": write_id})

    def put_identity_check(
        self, check_id: str, request: card_wire.IdentityCheckRequest
    ) -> Outcome[card_wire.IdentityCheck]:
        """PUT /v1/identity-checks/{id}: whether the customer is who he says."""
        path = f"/v1/identity-checks/{checked_id(check_id)}"
        return self._put(path, request, card_wire.IdentityCheck, {"id": check_id})

    @abstractmethod
    def sealing(self, call: Callable[[Seal], Outcome[W]]) -> Outcome[W]:
        """Make a call with fields that the hub alone may read; where its key cannot be had, nothing is sent."""

    @abstractmethod
    def _get(self, path: str, kind: type[W], expect: Mapping[str, object] | None = None) -> Outcome[W]: ...

    @abstractmethod
    def _ask(
        self, path: str, request: wire.Wire, kind: type[W], expect: Mapping[str, object]
    ) -> Outcome[W]: ...

    @abstractmethod
    def _put(
        self, path: str, request: wire.Wire, kind: type[W], expect: Mapping[str, object]
    ) -> Outcome[W]: ...
