"""The calls to the hub that concern money other than cash; `HubClient` has them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TypeVar

from kiosk.hubclient import tender_wire, wire
from kiosk.hubclient.ids import checked_id
from kiosk.hubclient.outcomes import Outcome

W = TypeVar("W", bound=wire.Wire)
MOST_WAIT_S = 25
"""The longest wait of a look at an order; the hub allows no more."""


class TenderCalls(ABC):
    """Each call is one request of the contract, bounded and signed as all calls of the client are.

    A sale waits for the bank, so it has a time of its own (`_sale_deadline_s`), above the hub's.
    """

    _sale_deadline_s: float
    _query_deadline_s: float

    def put_route(self, route_id: str, request: tender_wire.RouteRequest) -> Outcome[tender_wire.Route]:
        """PUT /v1/routes/{id}: which bank takes the card. The hub may have to sign on at the bank first."""
        return self._put(f"/v1/routes/{checked_id(route_id)}", request, tender_wire.Route, {"id": route_id})

    def put_sale(self, payment_id: str, request: tender_wire.SaleRequest) -> Outcome[tender_wire.Sale]:
        """PUT /v1/sales/{id}: take the money; never repeated, for a PIN block is used once."""
        expect = {"id": payment_id, "amount_fen": request.amount_fen}
        path, deadline_s = f"/v1/sales/{checked_id(payment_id)}", self._sale_deadline_s
        return self._call("PUT", path, wire.encode(request), tender_wire.Sale, expect, deadline_s)

    def put_reversal(
        self, reversal_id: str, request: tender_wire.ReversalRequest
    ) -> Outcome[tender_wire.Reversal]:
        """PUT /v1/reversals/{id}: undo a sale whether it stands or not; safe to repeat."""
        expect = {"id": reversal_id, "payment_id": request.payment_id, "amount_fen": request.amount_fen}
        return self._put(f"/v1/reversals/{checked_id(reversal_id)}", request, tender_wire.Reversal, expect)

    def put_order(self, payment_id: str, request: tender_wire.PhoneRequest) -> Outcome[tender_wire.Phone]:
        """PUT /v1/orders/{id}: open an order that a phone pays."""
        expect = {"id": payment_id, "amount_fen": request.amount_fen}
        return self._put(f"/v1/orders/{checked_id(payment_id)}", request, tender_wire.Phone, expect)

    def get_order(
        self, payment_id: str, amount_fen: int, wait_s: int = MOST_WAIT_S
    ) -> Outcome[tender_wire.Phone]:
        """GET /v1/orders/{id}: how the order stands, told when that changes or after `wait_s`."""
        path = f"/v1/orders/{checked_id(payment_id)}?wait_s={wait_s:d}"
        expect = {"id": payment_id, "amount_fen": amount_fen}
        deadline_s = wait_s + self._query_deadline_s
        return self._call("GET", path, b"", tender_wire.Phone, expect, deadline_s)

    def put_closing(
        self, payment_id: str, amount_fen: int, request: tender_wire.PhoneClosing
    ) -> Outcome[tender_wire.Phone]:
        """PUT /v1/orders/{id}/closing: no payment for it is credited after the answer; safe to repeat."""
        path = f"/v1/orders/{checked_id(payment_id)}/closing"
        return self._put(path, request, tender_wire.Phone, {"id": payment_id, "amount_fen": amount_fen})

    def put_redemption(
        self, payment_id: str, request: tender_wire.RedemptionRequest
    ) -> Outcome[tender_wire.Redemption]:
        """PUT /v1/redemptions/{id}: spend a recharge card; safe to repeat with the same content."""
        path = f"/v1/redemptions/{checked_id(payment_id)}"
        return self._put(path, request, tender_wire.Redemption, {"id": payment_id})

    @abstractmethod
    def _put(
        self, path: str, request: wire.Wire, kind: type[W], expect: Mapping[str, object]
    ) -> Outcome[W]: ...

    @abstractmethod
    def _call(
        self,
        method: str,
        path: str,
        body: bytes,
        kind: type[W],
        expect: Mapping[str, object],
        deadline_s: float,
    ) -> Outcome[W]: ...
