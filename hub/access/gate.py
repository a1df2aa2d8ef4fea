"""The one door: every request is verified before the application sees it, every reply signed after."""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime
from typing import Any, Protocol

import msgspec

from hub.access import coding
from hub.access.problems import MEDIA_TYPE, problem
from hub.access.signatures import SignedRequest, sign_reply, verify_request
from hub.business.refusals import Refusal
from hub.composition.terminals import SigningKey

MAX_BODY = 64 * 1024
TERMINAL = "power_terminal"
"""The key in the ASGI scope under which the application finds the terminal that asks."""
NONCE = "power_nonce"
"""The key under which it finds the nonce of the sign-on whose key signed the request; empty for any other key."""
SIGN_ONS = "/v1/sign-ons/"
NOTICES = "/v1/wallet-notices"
"""What the QR acquirer calls, which is no terminal: whoever takes its notices verifies them."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger(__name__)


class Keys(Protocol):
    """Who the terminals are."""

    async def key_of(self, terminal: str, key_id: str) -> SigningKey | None:
        """Give the terminal's key of this id, or none for a terminal that is not registered; may raise Refusal."""


class SeenRequests(Protocol):
    """Which attempts were seen within the signature window, by any hub process."""

    async def first_time(self, terminal: str, request_id: str, now: datetime) -> bool:
        """Remember the attempt; false when it was there already."""


class Gate:
    """ASGI wrapper around the whole application, its 404 and 500 answers included."""

    def __init__(self, app: App, keys: Keys, seen: SeenRequests, clock: Callable[[], datetime]) -> None:
        self.app = app
        self.keys = keys
        self.seen = seen
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        reply = _Reply()
        key: SigningKey | None = None
        request = SignedRequest(scope["method"], _path(scope), _headers(scope), b"")
        try:
            request = await _with_body(request, receive)
            if request.path == NOTICES:
                await self.app(scope, _once(request.body), reply.take)
                await self._send(reply, request, None, send)
                return
            terminal = request.headers.get("power-terminal", "")
            key = await self.keys.key_of(terminal, request.key_id)
            if key is None:
                raise Refusal("unknown_terminal", "Power-Terminal names no terminal of this hub")
            self._verify(request, terminal, key)
            if not await self.seen.first_time(terminal, request.request_id, self.clock()):
                raise Refusal("replayed_request", f"Power-Request {request.request_id} was received before")
            scope[TERMINAL], scope[NONCE] = terminal, key.nonce
            await self.app(_plain(scope), _once(_content(request)), reply.take)
        except Refusal as refusal:
            reply.refuse(refusal)
        except Exception:
            log.exception("request %s %s failed", request.method, request.path)
            reply.refuse(Refusal("hub_fault", "the hub's log has the cause"))
        await self._send(reply, request, key, send)

    def _verify(self, request: SignedRequest, terminal: str, key: SigningKey) -> None:
        now = self.clock()
        try:
            verify_request(request, terminal, key.key, now, key.key_id)
        except Refusal as refusal:
            if key.nonce and refusal.code == "bad_signature":
                log.warning(
                    "terminal %s: a sign-on is not signed with the master key that is kept here", terminal
                )
            raise
        if key.expires_at is not None and now >= key.expires_at:
            raise Refusal("sign_on_needed", "the working key has expired")
        if key.nonce and not request.path.startswith(SIGN_ONS):
            raise Refusal("bad_signature", "the master key signs sign-ons only")

    async def _send(
        self, reply: "_Reply", request: SignedRequest, key: SigningKey | None, send: Send
    ) -> None:
        if key is not None and _takes_packed(request):
            reply.pack()
        headers = [field for field in reply.headers if field[0] != b"content-length"]
        headers.append((b"content-length", str(len(reply.body)).encode()))
        if key is not None:
            headers += sign_reply(
                reply.status, reply.body, request.request_id, key.key_id, key.key, self.clock()
            )
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})


class _Reply:
    """A whole reply, held back until it can be signed."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    def pack(self) -> None:
        """Put the body into the kiosks' coding, which is of JSON alone, where that makes the reply shorter."""
        packed = coding.packed(self.body)
        if len(packed) + coding.FIELD_COST < len(self.body):
            self.body = packed
            self.headers = [field for field in self.headers if field[0] != b"content-type"]
            self.headers.append((b"content-encoding", coding.NAME.encode()))

    def refuse(self, refusal: Refusal) -> None:
        document = problem(refusal)
        self.status = document.status
        self.headers = [(b"content-type", MEDIA_TYPE.encode())]
        if document.retry_after_s is not None:
            self.headers.append((b"retry-after", str(document.retry_after_s).encode()))
        self.body = msgspec.json.encode(document)


def _path(scope: Scope) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].decode("latin-1")


def _headers(scope: Scope) -> dict[str, str]:
    fields: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


async def _with_body(request: SignedRequest, receive: Receive) -> SignedRequest:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise Refusal("bad_request", f"the body is longer than {MAX_BODY} bytes", field="body")
        if not message.get("more_body"):
            return SignedRequest(request.method, request.path, request.headers, body)


def _content(request: SignedRequest) -> bytes:
    """The body behind its coding; Refusal when it is in another, damaged or too long."""
    name = request.headers.get("content-encoding", "identity").strip().lower()
    if name == "identity":
        return request.body
    if name != coding.NAME:
        raise Refusal("bad_request", f"the content coding {name!r} is not known here", field="body")
    try:
        return coding.unpacked(request.body, MAX_BODY)
    except (OverflowError, coding.BadCoding) as error:
        raise Refusal("bad_request", str(error), field="body") from None


def _plain(scope: Scope) -> Scope:
    """The scope as the application is to see it: it gets the body without its coding."""
    if not any(name == b"content-encoding" for name, _ in scope["headers"]):
        return scope
    left_out = (b"content-encoding", b"content-length", b"content-type")
    headers = [field for field in scope["headers"] if field[0] not in left_out]
    return {**scope, "headers": [*headers, (b"content-type", b"application/json")]}


def _takes_packed(request: SignedRequest) -> bool:
    codings = request.headers.get("accept-encoding", "").lower().split(",")
    return coding.NAME in (each.strip() for each in codings)


def _once(body: bytes) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive
