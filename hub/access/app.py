"""The HTTP application: the routes of all channels, and what becomes of a request that fits none."""

import logging
from typing import Any

import msgspec
from litestar import Litestar, Request, Response
from litestar.exceptions import (
    ClientException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ExceptionHandlersMap

from hub.access.bank import BANK
from hub.access.cards import CARDS
from hub.access.kiosk import KIOSK
from hub.access.phone import PHONE
from hub.access.problems import MEDIA_TYPE, problem
from hub.access.recharge import RECHARGE
from hub.access.sign_on import SIGN_ON
from hub.business.refusals import Refusal
from hub.composition.card_desk import CardDesk
from hub.composition.channels import Channels
from hub.composition.desk import Desk
from hub.composition.identity_desk import IdentityDesk
from hub.composition.phone_desk import PhoneDesk
from hub.composition.phone_notices import Notices
from hub.composition.recharge_desk import RechargeDesk
from hub.composition.sign_on import SignOns
from hub.composition.switch import Switch

CHANNELS = Channels(KIOSK, CARDS, SIGN_ON, BANK, PHONE, RECHARGE)
TITLE = "Power hub"
CONTRACT = "1.0.0"

log = logging.getLogger(__name__)


def create_app(
    desk: Desk[Any] | None = None,
    channels: Channels = CHANNELS,
    sign_ons: SignOns[Any] | None = None,
    cards: CardDesk[Any] | None = None,
    identities: IdentityDesk[Any] | None = None,
    switch: Switch | None = None,
    phones: PhoneDesk[Any] | None = None,
    notices: Notices | None = None,
    recharge: RechargeDesk[Any] | None = None,
) -> Litestar:
    """Put the application together; without a desk it only describes itself."""
    config = OpenAPIConfig(TITLE, CONTRACT, path="/schema", render_plugins=[JsonRenderPlugin()])
    app = Litestar(
        channels.http_handlers(),
        exception_handlers=_HANDLERS,
        openapi_config=None if desk else config,
        logging_config=None,
    )
    app.state.desk = desk
    app.state.sign_ons = sign_ons
    app.state.cards = cards
    app.state.identities = identities
    app.state.switch = switch
    app.state.phones = phones
    app.state.notices = notices
    app.state.recharge = recharge
    return app


def _refused(_request: Request[Any, Any, Any], refusal: Exception) -> Response[bytes]:
    assert isinstance(refusal, Refusal)  # noqa: S101  # the table below says so
    document = problem(refusal)
    headers = {} if document.retry_after_s is None else {"Retry-After": str(document.retry_after_s)}
    return Response(
        msgspec.json.encode(document), status_code=document.status, media_type=MEDIA_TYPE, headers=headers
    )


def _invalid(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    found: list[dict[str, Any]] = []
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        found = [each for each in error.extra if isinstance(each, dict)]
    field = next((str(each["key"]) for each in found if each.get("key")), "body")
    detail = "; ".join(str(each.get("message", "")) for each in found) or str(getattr(error, "detail", error))
    return _refused(request, Refusal("bad_request", detail, field="body" if field == "data" else field))


def _not_found(request: Request[Any, Any, Any], _error: Exception) -> Response[bytes]:
    return _refused(request, Refusal("not_found", f"no resource {request.url.path}"))


def _wrong_method(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    response = _refused(request, Refusal("method_not_allowed", f"not {request.method}"))
    for name, value in (getattr(error, "headers", None) or {}).items():
        response.headers[name] = value
    return response


def _failed(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _refused(request, Refusal("hub_fault", "the hub's log has the cause"))


_HANDLERS: ExceptionHandlersMap = {
    Refusal: _refused,
    ClientException: _invalid,
    UnicodeDecodeError: _invalid,
    NotFoundException: _not_found,
    MethodNotAllowedException: _wrong_method,
    Exception: _failed,
}
