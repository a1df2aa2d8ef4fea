"""Sign-on over HTTP: `PUT /v1/sign-ons/{id}` for a working key, and the key that fields are sealed under."""

from typing import Any

from litestar import Response, get, put
from litestar.params import JSONBody

from hub.access.gate import NONCE
from hub.access.http import Incoming, OrderId, answers, response, strict_json, terminal_of
from hub.business.refusals import Refusal
from hub.business.signing import SealView, SignOn, SignOnOrder
from hub.composition.channels import HttpChannel, HttpHandlers
from hub.composition.sign_on import SignOns


@put(
    "/v1/sign-ons/{sign_on_id:str}",
    status_code=201,
    responses=answers(SignOn, put=True, problems=(409,)),
    operation_id="sign_on",
    guards=[strict_json],
    form=SignOnOrder,
    summary="A working key for a terminal that proves its master key",
)
async def sign_on(request: Incoming, sign_on_id: OrderId, data: JSONBody[SignOnOrder]) -> Response[bytes]:
    nonce: str = request.scope[NONCE]  # type: ignore[literal-required]  # set by the gate
    if not nonce:
        raise Refusal("bad_signature", "a sign-on is signed with the key of its nonce: <terminal>.m.<nonce>")
    return response(await _sign_ons(request).sign_on(terminal_of(request), sign_on_id, data, nonce))


@get(
    "/v1/seal-key",
    responses=answers(SealView, problems=(409,)),
    operation_id="seal_key",
    summary="The hub's public key for fields that nobody else may read",
)
async def seal_key(request: Incoming) -> SealView:
    return await _sign_ons(request).seal_key()


def handlers() -> HttpHandlers:
    """The routes of this channel."""
    return [sign_on, seal_key]


SIGN_ON = HttpChannel("sign-on", handlers)


def _sign_ons(request: Incoming) -> SignOns[Any]:
    found: SignOns[Any] = request.app.state.sign_ons
    return found
