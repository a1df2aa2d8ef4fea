"""Calls to the hub: each is signed, bounded by a wall-clock deadline, and ends in one of four outcomes."""

from __future__ import annotations

import ipaddress
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from kiosk.hubclient import coding, wire
from kiosk.hubclient.card_calls import CardCalls, Seal
from kiosk.hubclient.ids import checked_id
from kiosk.hubclient.keys import FileKey, Keys, SigningKey
from kiosk.hubclient.outcomes import (
    Answer,
    NotSent,
    NotSentReason,
    Outcome,
    Refused,
    Unknown,
    UnknownReason,
)
from kiosk.hubclient.tender_calls import TenderCalls
from kiosk.numbers import as_reference

if TYPE_CHECKING:
    from kiosk.hubclient.line import HubSession, Reply
    from kiosk.hubclient.sign_wire import SealKey, SignOn, SignOnRequest
    from kiosk.hubclient.signing import Signer

MAX_REPLY_BYTES = 1 << 20

W = TypeVar("W", bound=wire.Wire)


class HubClient(CardCalls, TenderCalls):
    """The hub as one terminal sees it. One call at a time: it belongs to the hub's lane.

    `deadline_s` bounds the calls that change something at the hub, `sale_deadline_s` those that wait for a bank,
    `query_deadline_s` the others,
    `connect_s` the part of either that name look-up, connect and TLS handshake may take. Nothing is ever
    retried here. A ValueError means that the caller's own arguments are wrong; whatever the network or the
    hub does ends in an outcome. `key` is that of the terminal's key file, or the keys that it signs on
    for, shared with the other clients of the terminal: a call that needs a sign-on first makes it on its
    own connection and out of its own deadline.
    """

    def __init__(
        self,
        base_url: str,
        terminal: str,
        key: bytes | Keys,
        *,
        deadline_s: float = 60.0,
        sale_deadline_s: float = 60.0,
        query_deadline_s: float = 15.0,
        connect_s: float = 10.0,
        ca_file: Path | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._base_url = checked_base_url(base_url)
        self._terminal = terminal
        self._keys: Keys = FileKey(terminal, key) if isinstance(key, bytes) else key
        self._deadline_s = deadline_s
        self._sale_deadline_s = sale_deadline_s
        self._query_deadline_s = query_deadline_s
        self._connect_s = connect_s
        self._ca_file = ca_file
        self._now = now
        self._opened: HubSession | None = None
        self._signer: Signer | None = None
        self._seal_key: SealKey | None = None
        """The hub's key for sealed fields, if it was asked for."""
        self._packs = False
        """Whether the hub has shown that it knows our content coding."""

    def status(self) -> Outcome[wire.Status]:
        """GET /v1/status."""
        return self._get("/v1/status", wire.Status)

    def account(self, account_no: str) -> Outcome[wire.Account]:
        """GET /v1/accounts/{account_no}: what is owed as of now."""
        return self._get(f"/v1/accounts/{_digits(account_no)}", wire.Account, {"account_no": account_no})

    def account_of_meter(self, meter_no: str) -> Outcome[wire.Account]:
        """GET /v1/meters/{meter_no}/account: the same, found by a meter of the account."""
        outcome = self._get(f"/v1/meters/{_digits(meter_no)}/account", wire.Account)
        if isinstance(outcome, Answer) and meter_no not in {meter.meter_no for meter in outcome.body.meters}:
            return Unknown(UnknownReason.MISMATCH, "the account does not have the meter that was asked for")
        return outcome

    def put_quote(self, quote_id: str, request: wire.QuoteRequest) -> Outcome[wire.Quote]:
        """PUT /v1/quotes/{id}."""
        expect = {"id": quote_id, "account_no": request.account_no, "business": request.business}
        return self._put(f"/v1/quotes/{checked_id(quote_id)}", request, wire.Quote, expect)

    def put_payment(self, payment_id: str, request: wire.PaymentRequest) -> Outcome[wire.Payment]:
        """PUT /v1/payments/{id}: credit money that was taken; safe to repeat with the same content."""
        expect = {"id": payment_id, "account_no": request.account_no, "amount_fen": request.amount_fen}
        return self._put(f"/v1/payments/{checked_id(payment_id)}", request, wire.Payment, expect)

    def get_payment(self, payment_id: str) -> Outcome[wire.Payment]:
        """GET /v1/payments/{id}: what the hub knows of this payment."""
        return self._get(f"/v1/payments/{checked_id(payment_id)}", wire.Payment, {"id": payment_id})

    def put_claim(self, claim_id: str, request: wire.ClaimRequest) -> Outcome[wire.Claim]:
        """PUT /v1/claims/{id}: hand over money whose fate is not known or that cannot be credited."""
        expect: dict[str, object] = {"id": claim_id, "reference": request.reference}
        expect |= {"amount_fen": request.amount_fen, "memo_fen": request.memo_fen}
        return self._put(f"/v1/claims/{checked_id(claim_id)}", request, wire.Claim, expect)

    def get_claim(self, claim_id: str) -> Outcome[wire.Claim]:
        """GET /v1/claims/{id}."""
        return self._get(f"/v1/claims/{checked_id(claim_id)}", wire.Claim, {"id": claim_id})

    def reference(self, reference: str) -> Outcome[wire.Reference]:
        """GET /v1/references/{reference}: what became of the money on a slip of any kiosk."""
        if reference != as_reference(reference):
            raise ValueError("a reference has twelve hex digits in fours")
        return self._get(f"/v1/references/{reference}", wire.Reference, {"reference": reference})

    def put_heartbeat(self, beat_id: str, request: wire.HeartbeatRequest) -> Outcome[wire.Heartbeat]:
        """PUT /v1/heartbeats/{id}: tell where the journal stands and learn whether the hub knows it so."""
        return self._ask(f"/v1/heartbeats/{checked_id(beat_id)}", request, wire.Heartbeat, {"id": beat_id})

    def seal_key(self) -> Outcome[SealKey]:
        """The hub's public key for sealed fields: as it was asked for or a sign-on brought it; else it is asked for."""
        held = self._seal_key or self._keys.seal()
        return self._new_seal_key() if held is None else Answer(held)

    def _new_seal_key(self) -> Outcome[SealKey]:
        from kiosk.hubclient.sign_wire import SealKey

        outcome = self._get("/v1/seal-key", SealKey)
        if isinstance(outcome, Answer):
            self._seal_key = outcome.body
        return outcome

    def sealing(self, call: Callable[[Seal], Outcome[W]]) -> Outcome[W]:
        """See CardCalls. A hub that cannot open it has another key by now: it is asked for, and the call made again."""
        outcome = self._sealed_to(self.seal_key(), call)
        if isinstance(outcome, Refused) and outcome.problem.code == "bad_seal":
            outcome = self._sealed_to(self._new_seal_key(), call)
        return outcome

    def _sealed_to(self, outcome: Outcome[SealKey], call: Callable[[Seal], Outcome[W]]) -> Outcome[W]:
        # Only a kiosk that serves cards loads the cipher, and the lane does it.
        from drivers.security.sealed import seal

        if not isinstance(outcome, Answer):
            return outcome
        key = outcome.body
        jwk = {"kty": "EC", "crv": "P-256", "x": key.x, "y": key.y}
        return call(lambda field, text: seal(jwk, key.kid, self._terminal, field, text))

    def close(self) -> None:
        """Close the connection that is kept alive. A later call opens a new one."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _get(self, path: str, kind: type[W], expect: Mapping[str, object] | None = None) -> Outcome[W]:
        return self._call("GET", path, b"", kind, expect or {}, self._query_deadline_s)

    def _ask(self, path: str, request: wire.Wire, kind: type[W], expect: Mapping[str, object]) -> Outcome[W]:
        return self._call("PUT", path, wire.encode(request), kind, expect, self._query_deadline_s)

    def _put(self, path: str, request: wire.Wire, kind: type[W], expect: Mapping[str, object]) -> Outcome[W]:
        return self._call("PUT", path, wire.encode(request), kind, expect, self._deadline_s)

    def _call(
        self,
        method: str,
        path: str,
        body: bytes,
        kind: type[W],
        expect: Mapping[str, object],
        deadline_s: float,
    ) -> Outcome[W]:
        began = time.monotonic()
        key = self._keys.signing(self._sign_on, min(deadline_s, self._query_deadline_s))
        if isinstance(key, NotSent):
            return key
        left = deadline_s - (time.monotonic() - began)
        if left <= 0:
            return NotSent(NotSentReason.TIMEOUT, "the deadline passed while the terminal signed on")
        outcome = self._attempt(key, method, path, body, kind, expect, left)
        match outcome:
            case Refused(problem) if problem.code == "sign_on_needed":
                self._keys.refused(key.key_id)
            case Unknown(UnknownReason.SIGNATURE):
                self._keys.doubted(key.key_id)
        return outcome

    def _sign_on(self, request: SignOnRequest, key: SigningKey, seconds: float) -> Outcome[SignOn]:
        from kiosk.hubclient.sign_wire import SignOn

        sign_on_id, body = uuid.uuid4().hex, wire.encode(request)
        path, expect = f"/v1/sign-ons/{sign_on_id}", {"id": sign_on_id}
        return self._attempt(key, "PUT", path, body, SignOn, expect, seconds)

    def _attempt(
        self,
        key: SigningKey,
        method: str,
        path: str,
        body: bytes,
        kind: type[W],
        expect: Mapping[str, object],
        deadline_s: float,
    ) -> Outcome[W]:
        session, signer = self._open(), self._signer_of(key)
        attempt = uuid.uuid4().hex
        sent, packed = self._packed(body)
        request = session.request_for(method, self._base_url + path, sent, coding.NAME if packed else "")
        signer.sign(request, sent, attempt, self._now())
        reply = session.exchange(request, deadline_s, self._connect_s)
        if isinstance(reply, NotSent | Unknown):
            return reply
        outcome = judge(reply, signer, attempt, kind, expect)
        if packed and isinstance(outcome, Refused) and outcome.problem.code == "bad_request":
            # Perhaps an older hub stands in now. It has judged our coding, not the money: the repeat goes plain.
            self._packs = False
            return Unknown(UnknownReason.STATUS, f"not taken packed: {outcome.problem.detail}")
        if not isinstance(outcome, Unknown) and _coding_of(reply) == coding.NAME:
            self._packs = True
        return outcome

    def _packed(self, body: bytes) -> tuple[bytes, bool]:
        """What is sent for `body`, and whether it is packed."""
        if self._packs and body:
            packed = coding.packed(body)
            if len(packed) + coding.FIELD_COST < len(body):
                return packed, True
        return body, False

    def _open(self) -> HubSession:
        """The libraries cost a fifth of a second, so the lane loads them and not the start of the program."""
        if self._opened is None:
            from kiosk.hubclient.line import HubSession, Line

            self._opened = HubSession(Line(MAX_REPLY_BYTES), self._ca_file)
        return self._opened

    def _signer_of(self, key: SigningKey) -> Signer:
        if self._signer is None or self._signer.key_id != key.key_id:
            from kiosk.hubclient.signing import Signer

            self._signer = Signer(self._terminal, key.key, key.key_id)
        return self._signer


def judge(
    reply: Reply, signer: Signer, attempt: str, kind: type[W], expect: Mapping[str, object]
) -> Outcome[W]:
    """What a whole reply to this attempt means: believed only if signed, and used only if well-formed."""
    from kiosk.hubclient.signing import OtherRequestError, SignatureError

    try:
        signer.verify(reply.status, reply.headers, reply.body, attempt)
        content = coding.unpacked(reply.body, MAX_REPLY_BYTES, _coding_of(reply))
    except OtherRequestError as error:
        return Unknown(UnknownReason.OTHER_REQUEST, str(error))
    except SignatureError as error:
        reason = UnknownReason.SERVER_ERROR if reply.status >= 500 else UnknownReason.SIGNATURE
        return Unknown(reason, f"status {reply.status}: {error}")
    except OverflowError as error:
        return Unknown(UnknownReason.TOO_LARGE, str(error))
    except coding.BadCoding as error:
        return Unknown(UnknownReason.UNPARSABLE, str(error))
    return _meaning(reply, content, kind, expect)


def _meaning(reply: Reply, content: bytes, kind: type[W], expect: Mapping[str, object]) -> Outcome[W]:
    try:
        if reply.status in (200, 201):
            replayed = reply.headers.get("Idempotency-Replayed", "").lower() == "true"
            return Answer(wire.decode(kind, content, expect), replayed)
        if reply.status < 400:
            return Unknown(UnknownReason.STATUS, f"status {reply.status}")
        problem = wire.decode(wire.Problem, content, {"status": reply.status})
    except wire.BadAnswer as error:
        reason = UnknownReason.MISMATCH if error.field else UnknownReason.UNPARSABLE
        if reply.status >= 500:
            reason = UnknownReason.SERVER_ERROR
        return Unknown(reason, f"status {reply.status}: {error}")
    if reply.status >= 500:
        return Unknown(UnknownReason.SERVER_ERROR, f"status {reply.status}: {problem.code}", problem)
    return Refused(problem)


def _coding_of(reply: Reply) -> str:
    return reply.headers.get("Content-Encoding", "identity").strip().lower()


def checked_base_url(url: str) -> str:
    """`url` as scheme://host[:port]; ValueError for anything else and for plain HTTP beyond loopback."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError(f"hub address {url!r}: expected https://host[:port]")
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError(f"hub address {url!r}: expected https://host[:port] and nothing more")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError(f"hub address {url!r}: plain http is for loopback only, use https")
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _digits(number: str) -> str:
    if not (number.isascii() and number.isdigit()):
        raise ValueError("an account or meter number has digits only")
    return number
