"""A hub that does not do what it is asked, as the client makes an outcome of the hub's own problem document."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import msgspec

from hub.access.problems import problem
from hub.business.refusals import Code, Refusal
from kiosk.hubclient import client, wire


def hub_says(code: str, retry_after_s: int | None = None) -> Any:
    """What the kiosk hears when the hub says this of a request."""
    document = problem(Refusal(cast(Code, code), "", retry_after_s=retry_after_s))
    reply: Any = SimpleNamespace(status=document.status, headers={})
    return client._meaning(reply, msgspec.json.encode(document), wire.Status, {})
