"""The kiosks' channel for bank cards: which bank takes a card, and sales."""

from litestar import Response, get, put
from litestar.params import JSONBody

from hub.access.http import JSON, Incoming, OrderId, answers, response, strict_json, terminal_of
from hub.business.refusals import Refusal
from hub.business.tender_forms import Route, RouteOrder, Sale, SaleOrder
from hub.composition.channels import HttpChannel, HttpHandlers
from hub.composition.switch import Switch


@put(
    "/v1/routes/{route_id:str}",
    status_code=201,
    responses=answers(Route, put=True, problems=(409, 422)),
    operation_id="route",
    guards=[strict_json],
    form=RouteOrder,
    summary="Which bank takes a card, and the PIN key that is good there now",
)
async def route(request: Incoming, route_id: OrderId, data: JSONBody[RouteOrder]) -> Response[bytes]:
    return response(await _switch(request).route(terminal_of(request), route_id, data))


@put(
    "/v1/sales/{payment_id:str}",
    status_code=201,
    responses=answers(Sale, put=True, problems=(404, 409, 422)),
    operation_id="sell",
    guards=[strict_json],
    form=SaleOrder,
    summary="Take an amount from a bank card, once; waits for the bank, and a repeat tells how the sale stands",
)
async def sell(request: Incoming, payment_id: OrderId, data: JSONBody[SaleOrder]) -> Response[bytes]:
    return response(await _switch(request).sell(terminal_of(request), payment_id, data))


@get(
    "/v1/sales/{payment_id:str}",
    responses=answers(Sale, problems=(404, 422)),
    operation_id="sale",
    summary="How a sale of this terminal stands",
)
async def sale(request: Incoming, payment_id: OrderId) -> Response[bytes]:
    return Response(await _switch(request).sale(terminal_of(request), payment_id), media_type=JSON)


def handlers() -> HttpHandlers:
    """The routes of this channel."""
    return [route, sell, sale]


BANK = HttpChannel("bank", handlers)


def _switch(request: Incoming) -> Switch:
    switch: Switch | None = request.app.state.switch
    if switch is None:
        raise Refusal("tender_off", "this hub takes no bank cards (--acquirers)", field="tender")
    return switch
