"""What the handlers of every HTTP channel share: what they say of their answers, strict bodies, who asks."""

import re
from typing import Annotated, Any

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter

from hub.access.gate import TERMINAL
from hub.access.problems import MEDIA_TYPE, Problem
from hub.business.forms import ID_PATTERN
from hub.business.refusals import Refusal
from hub.composition.replies import Reply

Incoming = Request[Any, Any, State]
OrderId = Annotated[
    str, PathParameter(pattern=ID_PATTERN, description="made by the kiosk: 32 lower-case hex digits")
]
JSON = "application/json"


def answers(form: type, *, put: bool = False, problems: tuple[int, ...] = ()) -> dict[int, ResponseSpec]:
    """What OpenAPI says of an operation's answers."""
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


def terminal_of(request: Incoming) -> str:
    """The terminal whose signature the gate has verified."""
    terminal: str = request.scope[TERMINAL]  # type: ignore[literal-required]  # set by the gate
    return terminal


def response(reply: Reply) -> Response[bytes]:
    """The stored answer, told apart from one of just now."""
    headers = {} if reply.new else {"Idempotency-Replayed": "true"}
    return Response(reply.body, status_code=201 if reply.new else 200, media_type=JSON, headers=headers)
