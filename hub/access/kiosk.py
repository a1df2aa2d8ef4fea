"""The kiosks' channel: signed JSON over HTTP under /v1, as `hub/openapi.json` describes it."""

from typing import Any

from litestar import Response, get, put
from litestar.params import FromPath, JSONBody

from hub.access.http import JSON, Incoming, OrderId, answers, response, strict_json, terminal_of
from hub.business.forms import (
    Account,
    Claim,
    ClaimOrder,
    Heartbeat,
    HeartbeatOrder,
    Payment,
    PaymentOrder,
    Quote,
    QuoteOrder,
    ReferenceView,
    Reversal,
    ReversalOrder,
    Status,
)
from hub.composition.channels import HttpChannel, HttpHandlers
from hub.composition.desk import Desk


@get("/v1/status", responses=answers(Status), operation_id="status", summary="Whether the hub is open")
async def status(request: Incoming) -> Status:
    return _desk(request).status()


@get(
    "/v1/accounts/{account_no:str}",
    responses=answers(Account, problems=(404,)),
    operation_id="account",
    summary="What an account owes and owns",
)
async def account(request: Incoming, account_no: FromPath[str]) -> Account:
    return await _desk(request).account(account_no)


@get(
    "/v1/meters/{meter_no:str}/account",
    responses=answers(Account, problems=(404, 422)),
    operation_id="account_of_meter",
    summary="The account a meter belongs to",
)
async def account_of_meter(request: Incoming, meter_no: FromPath[str]) -> Account:
    return await _desk(request).account_of_meter(meter_no)


@put(
    "/v1/quotes/{quote_id:str}",
    status_code=201,
    responses=answers(Quote, put=True, problems=(404, 409, 422)),
    operation_id="quote",
    guards=[strict_json],
    form=QuoteOrder,
    summary="What the chosen months cost now",
)
async def quote(request: Incoming, quote_id: OrderId, data: JSONBody[QuoteOrder]) -> Response[bytes]:
    return response(await _desk(request).quote(terminal_of(request), quote_id, data))


@put(
    "/v1/payments/{payment_id:str}",
    status_code=201,
    responses=answers(Payment, put=True, problems=(404, 409, 422)),
    operation_id="pay",
    guards=[strict_json],
    form=PaymentOrder,
    summary="Credit money that was taken, once",
)
async def pay(request: Incoming, payment_id: OrderId, data: JSONBody[PaymentOrder]) -> Response[bytes]:
    return response(await _desk(request).pay(terminal_of(request), payment_id, data))


@get(
    "/v1/payments/{payment_id:str}",
    responses=answers(Payment, problems=(404,)),
    operation_id="payment",
    summary="What the hub knows of a payment of this terminal",
)
async def payment(request: Incoming, payment_id: OrderId) -> Response[bytes]:
    return Response(await _desk(request).payment(terminal_of(request), payment_id), media_type=JSON)


@put(
    "/v1/claims/{claim_id:str}",
    status_code=201,
    responses=answers(Claim, put=True, problems=(404, 409, 422)),
    operation_id="make_claim",
    guards=[strict_json],
    form=ClaimOrder,
    summary="Keep money in suspense and refuse its payment from now on",
)
async def make_claim(request: Incoming, claim_id: OrderId, data: JSONBody[ClaimOrder]) -> Response[bytes]:
    return response(await _desk(request).claim(terminal_of(request), claim_id, data))


@get(
    "/v1/claims/{claim_id:str}",
    responses=answers(Claim, problems=(404,)),
    operation_id="claim",
    summary="What the hub knows of a claim of this terminal",
)
async def claim(request: Incoming, claim_id: OrderId) -> Claim:
    return await _desk(request).find_claim(terminal_of(request), claim_id)


@put(
    "/v1/reversals/{reversal_id:str}",
    status_code=201,
    responses=answers(Reversal, put=True, problems=(409, 422)),
    operation_id="reverse",
    guards=[strict_json],
    form=ReversalOrder,
    summary="Undo a payment that is not in cash, or refuse it should it still come",
)
async def reverse(request: Incoming, reversal_id: OrderId, data: JSONBody[ReversalOrder]) -> Response[bytes]:
    return response(await _desk(request).reverse(terminal_of(request), reversal_id, data))


@get(
    "/v1/reversals/{reversal_id:str}",
    responses=answers(Reversal, problems=(404,)),
    operation_id="reversal",
    summary="What the hub knows of a reversal of this terminal",
)
async def reversal(request: Incoming, reversal_id: OrderId) -> Response[bytes]:
    return Response(await _desk(request).find_reversal(terminal_of(request), reversal_id), media_type=JSON)


@put(
    "/v1/heartbeats/{beat_id:str}",
    status_code=200,
    responses=answers(Heartbeat),
    operation_id="beat",
    guards=[strict_json],
    form=HeartbeatOrder,
    summary="Where the terminal's journal stands, and what is open in it",
)
async def beat(request: Incoming, beat_id: OrderId, data: JSONBody[HeartbeatOrder]) -> Heartbeat:
    return await _desk(request).beat(terminal_of(request), beat_id, data)


@get(
    "/v1/references/{reference:str}",
    responses=answers(ReferenceView, problems=(404,)),
    operation_id="reference",
    summary="What became of the money on a slip, of any terminal",
)
async def reference(request: Incoming, reference: FromPath[str]) -> ReferenceView:
    return await _desk(request).reference(reference)


def handlers() -> HttpHandlers:
    """The routes of this channel."""
    looks = [status, account, account_of_meter, payment, claim, reversal, reference]
    return [*looks, quote, pay, make_claim, reverse, beat]


KIOSK = HttpChannel("kiosk", handlers)


def _desk(request: Incoming) -> Desk[Any]:
    desk: Desk[Any] = request.app.state.desk
    return desk
