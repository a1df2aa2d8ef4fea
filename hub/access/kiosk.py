"""The kiosks' channel: signed JSON over HTTP under /v1, as `hub/openapi.json` describes it."""

import re
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, put
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, PathParameter

from hub.access.gate import TERMINAL
from hub.access.problems import MEDIA_TYPE, Problem
from hub.business.forms import (
    ID_PATTERN,
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
from hub.business.refusals import Refusal
from hub.composition.channels import HttpChannel, HttpHandlers
from hub.composition.desk import Desk, Reply

Incoming = Request[Any, Any, State]
OrderId = Annotated[
    str, PathParameter(pattern=ID_PATTERN, description="made by the kiosk: 32 lower-case hex digits")
]
JSON = "application/json"


def _answers(form: type, *, put: bool = False, problems: tuple[int, ...] = ()) -> dict[int, ResponseSpec]:
    refused = {
        status: ResponseSpec(Problem, description="Refused; `code` says why", media_type=MEDIA_TYPE)
        for status in (400, 401, 503, *problems)
    }
    if not put:
        return {200: ResponseSpec(form, description="As of now", generate_examples=False), **refused}
    return {
        201: ResponseSpec(form, description="Taken just now", generate_examples=False),
        200: ResponseSpec(
            form,
            description="Taken before: the stored answer, byte for byte, with Idempotency-Replayed",
            generate_examples=False,
        ),
        **refused,
    }


async def strict_json(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a body that is not exactly of the handler's form; Litestar alone would take "5000" for 5000."""
    request = Request[Any, Any, Any](connection.scope, connection.receive)
    try:
        msgspec.json.decode(await request.body(), type=handler.opt["form"])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        field = _PLACE.search(str(error))
        raise Refusal("bad_request", str(error), field=field.group(1) if field else "body") from None


_PLACE = re.compile(r"at `\$\.?(.+)`$")


@get("/v1/status", responses=_answers(Status), operation_id="status", summary="Whether the hub is open")
async def status(request: Incoming) -> Status:
    return _desk(request).status()


@get(
    "/v1/accounts/{account_no:str}",
    responses=_answers(Account, problems=(404,)),
    operation_id="account",
    summary="What an account owes and owns",
)
async def account(request: Incoming, account_no: FromPath[str]) -> Account:
    return await _desk(request).account(account_no)


@get(
    "/v1/meters/{meter_no:str}/account",
    responses=_answers(Account, problems=(404, 422)),
    operation_id="account_of_meter",
    summary="The account a meter belongs to",
)
async def account_of_meter(request: Incoming, meter_no: FromPath[str]) -> Account:
    return await _desk(request).account_of_meter(meter_no)


@put(
    "/v1/quotes/{quote_id:str}",
    status_code=201,
    responses=_answers(Quote, put=True, problems=(404, 409, 422)),
    operation_id="quote",
    guards=[strict_json],
    form=QuoteOrder,
    summary="What the chosen months cost now",
)
async def quote(request: Incoming, quote_id: OrderId, data: JSONBody[QuoteOrder]) -> Response[bytes]:
    return _response(await _desk(request).quote(_terminal(request), quote_id, data))


@put(
    "/v1/payments/{payment_id:str}",
    status_code=201,
    responses=_answers(Payment, put=True, problems=(404, 409, 422)),
    operation_id="pay",
    guards=[strict_json],
    form=PaymentOrder,
    summary="Credit money that was taken, once",
)
async def pay(request: Incoming, payment_id: OrderId, data: JSONBody[PaymentOrder]) -> Response[bytes]:
    return _response(await _desk(request).pay(_terminal(request), payment_id, data))


@get(
    "/v1/payments/{payment_id:str}",
    responses=_answers(Payment, problems=(404,)),
    operation_id="payment",
    summary="What the hub knows of a payment of this terminal",
)
async def payment(request: Incoming, payment_id: OrderId) -> Response[bytes]:
    return Response(await _desk(request).payment(_terminal(request), payment_id), media_type=JSON)


@put(
    "/v1/claims/{claim_id:str}",
    status_code=201,
    responses=_answers(Claim, put=True, problems=(404, 409, 422)),
    operation_id="make_claim",
    guards=[strict_json],
    form=ClaimOrder,
    summary="Keep money in suspense and refuse its payment from now on",
)
async def make_claim(request: Incoming, claim_id: OrderId, data: JSONBody[ClaimOrder]) -> Response[bytes]:
    return _response(await _desk(request).claim(_terminal(request), claim_id, data))


@get(
    "/v1/claims/{claim_id:str}",
    responses=_answers(Claim, problems=(404,)),
    operation_id="claim",
    summary="What the hub knows of a claim of this terminal",
)
async def claim(request: Incoming, claim_id: OrderId) -> Claim:
    return await _desk(request).find_claim(_terminal(request), claim_id)


@put(
    "/v1/reversals/{reversal_id:str}",
    status_code=201,
    responses=_answers(Reversal, put=True, problems=(409, 422)),
    operation_id="reverse",
    guards=[strict_json],
    form=ReversalOrder,
    summary="Undo a payment that is not in cash, or refuse it should it still come",
)
async def reverse(request: Incoming, reversal_id: OrderId, data: JSONBody[ReversalOrder]) -> Response[bytes]:
    return _response(await _desk(request).reverse(_terminal(request), reversal_id, data))


@get(
    "/v1/reversals/{reversal_id:str}",
    responses=_answers(Reversal, problems=(404,)),
    operation_id="reversal",
    summary="What the hub knows of a reversal of this terminal",
)
async def reversal(request: Incoming, reversal_id: OrderId) -> Response[bytes]:
    return Response(await _desk(request).find_reversal(_terminal(request), reversal_id), media_type=JSON)


@put(
    "/v1/heartbeats/{beat_id:str}",
    status_code=200,
    responses=_answers(Heartbeat),
    operation_id="beat",
    guards=[strict_json],
    form=HeartbeatOrder,
    summary="Where the terminal's journal stands, and what is open in it",
)
async def beat(request: Incoming, beat_id: OrderId, data: JSONBody[HeartbeatOrder]) -> Heartbeat:
    return await _desk(request).beat(_terminal(request), beat_id, data)


@get(
    "/v1/references/{reference:str}",
    responses=_answers(ReferenceView, problems=(404,)),
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


def _terminal(request: Incoming) -> str:
    terminal: str = request.scope[TERMINAL]  # type: ignore[literal-required]  # set by the gate
    return terminal


def _response(reply: Reply) -> Response[bytes]:
    headers = {} if reply.new else {"Idempotency-Replayed": "true"}
    return Response(reply.body, status_code=201 if reply.new else 200, media_type=JSON, headers=headers)
