"""How one call to the hub can end: the four outcomes, each a plain value that the core decides on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from kiosk.hubclient.wire import Problem

T = TypeVar("T")

CALL_CODES = frozenset(
    {"bad_signature", "stale_signature", "replayed_request", "unknown_terminal", "sign_on_needed"}
)
"""Problem codes that judge the call (key, clock, repetition) and say nothing of the business in it."""


class NotSentReason(StrEnum):
    """Why no byte of the request left the kiosk."""

    NAME = "name"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    TIMEOUT = "timeout"
    SIGN_ON = "sign_on"
    """There is no working key to sign it with."""
    NO_CARD = "no_card"
    """What was to be sent is not held any more."""


class UnknownReason(StrEnum):
    """Why it cannot be told what the hub did with a request that was, or may have been, sent."""

    TIMEOUT = "timeout"
    BROKEN = "broken"
    TOO_LARGE = "too_large"
    SIGNATURE = "signature"
    OTHER_REQUEST = "other_request"
    UNPARSABLE = "unparsable"
    MISMATCH = "mismatch"
    SERVER_ERROR = "server_error"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """The hub did it: a signed, well-formed answer for what was asked.

    `replayed` is true when the hub had taken this id before and gave its stored answer again.
    """

    body: T
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The hub said no in a signed problem document with a 4xx status."""

    problem: Problem

    @property
    def judges_call_only(self) -> bool:
        """True when an earlier attempt with the same id may still stand: try again, decide nothing."""
        return self.problem.code in CALL_CODES


@dataclass(frozen=True, slots=True)
class NotSent:
    """No byte of the request was handed to the network, so this attempt changed nothing at the hub."""

    reason: NotSentReason
    detail: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something was sent and no trustworthy answer came: the hub may or may not have acted.

    `problem` is there when the hub signed a problem document with a 5xx status; its `retry_after_s` is
    advice on when to ask again, its text is not an outcome.
    """

    reason: UnknownReason
    detail: str
    problem: Problem | None = None


Outcome = Answer[T] | Refused | NotSent | Unknown


def is_busy(outcome: Outcome[T]) -> bool:
    """Whether a hub that is there says that it cannot do this now. Of money it may still have done it."""
    problem = outcome.problem if isinstance(outcome, Unknown) else None
    return problem is not None and problem.code == "hub_busy"


def wait_asked_s(outcome: Outcome[T]) -> float:
    """The wait that the hub wants before it is asked again; 0 where it wants none."""
    problem = outcome.problem if isinstance(outcome, Refused | Unknown) else None
    return float(problem.retry_after_s or 0) if problem is not None else 0.0
