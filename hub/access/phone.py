"""Payment by phone over HTTP: orders of the kiosks, and what the provider says unasked."""

from typing import Annotated, Any

from litestar import Response, get, post, put
from litestar.params import JSONBody, QueryParameter

from hub.access.gate import NOTICES
from hub.access.http import JSON, Incoming, OrderId, answers, strict_json, terminal_of
from hub.business.refusals import Refusal
from hub.business.tender_forms import Phone, PhoneClosing, PhoneOrder
from hub.composition.channels import HttpChannel, HttpHandlers
from hub.composition.phone_desk import PhoneDesk
from hub.composition.phone_notices import Notices, NotTrusted

MOST_WAIT_S = 25.0
"""How long a look may wait; a kiosk's own call has to last longer."""
WaitS = Annotated[
    float,
    QueryParameter(ge=0, le=MOST_WAIT_S, description="wait so long for the end of `open`", required=False),
]


@put(
    "/v1/orders/{order_id:str}",
    status_code=200,
    responses=answers(Phone, problems=(404, 409, 422)),
    operation_id="open_order",
    guards=[strict_json],
    form=PhoneOrder,
    summary="Open an order that a phone pays, once",
)
async def open_order(request: Incoming, order_id: OrderId, data: JSONBody[PhoneOrder]) -> Phone:
    return await _phones(request).order(terminal_of(request), order_id, data)


@get(
    "/v1/orders/{order_id:str}",
    responses=answers(Phone, problems=(404,)),
    operation_id="order",
    summary="How an order of this terminal stands; with a wait, once it can no longer be paid or the wait is over",
)
async def order(request: Incoming, order_id: OrderId, wait_s: WaitS = 0.0) -> Phone:
    return await _phones(request).look(terminal_of(request), order_id, wait_s)


@put(
    "/v1/orders/{order_id:str}/closing",
    status_code=200,
    responses=answers(Phone, problems=(404, 422)),
    operation_id="close_order",
    guards=[strict_json],
    form=PhoneClosing,
    summary="Close an order; once it is told closed, nothing is credited for it by itself",
)
async def close_order(request: Incoming, order_id: OrderId, data: JSONBody[PhoneClosing]) -> Phone:
    return await _phones(request).close_order(terminal_of(request), order_id, data)


@post(NOTICES, status_code=200, include_in_schema=False)
async def notice(request: Incoming) -> Response[bytes]:
    """The provider's word that something happened to an order; signed with the merchant's key, not by a terminal."""
    notices: Notices | None = request.app.state.notices
    if notices is None:
        raise Refusal("not_found", "this hub has no QR acquirer")
    body = await request.body()
    try:
        known = await notices.take(dict(request.headers.items()), body)
    except NotTrusted as error:
        raise Refusal("bad_signature", str(error)) from None
    if not known:
        raise Refusal("unknown_order", "no such order")
    return Response(b'{"result":"ok"}', media_type=JSON)


def handlers() -> HttpHandlers:
    """The routes of this channel."""
    return [open_order, order, close_order, notice]


PHONE = HttpChannel("phone", handlers)


def _phones(request: Incoming) -> PhoneDesk[Any]:
    desk: PhoneDesk[Any] = request.app.state.phones
    return desk
