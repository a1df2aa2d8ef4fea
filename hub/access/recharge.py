"""The kiosks' channel for recharge cards: a number that is redeemed once."""

from typing import Any

from litestar import Response, get, put
from litestar.params import JSONBody

from hub.access.http import JSON, Incoming, OrderId, answers, response, strict_json, terminal_of
from hub.business.tender_forms import Redemption, RedemptionOrder
from hub.composition.channels import HttpChannel, HttpHandlers
from hub.composition.recharge_desk import RechargeDesk


@put(
    "/v1/redemptions/{payment_id:str}",
    status_code=201,
    responses=answers(Redemption, put=True, problems=(404, 409, 422, 429)),
    operation_id="redeem",
    guards=[strict_json],
    form=RedemptionOrder,
    summary="Spend a recharge card for a payment, once; what is refused here is refused for this id for good",
)
async def redeem(request: Incoming, payment_id: OrderId, data: JSONBody[RedemptionOrder]) -> Response[bytes]:
    return response(await _desk(request).redeem(terminal_of(request), payment_id, data))


@get(
    "/v1/redemptions/{payment_id:str}",
    responses=answers(Redemption, problems=(404,)),
    operation_id="redemption",
    summary="What the hub knows of a redemption of this terminal",
)
async def redemption(request: Incoming, payment_id: OrderId) -> Response[bytes]:
    return Response(await _desk(request).redemption(terminal_of(request), payment_id), media_type=JSON)


def handlers() -> HttpHandlers:
    """The routes of this channel."""
    return [redeem, redemption]


RECHARGE = HttpChannel("recharge", handlers)


def _desk(request: Incoming) -> RechargeDesk[Any]:
    desk: RechargeDesk[Any] = request.app.state.recharge
    return desk
