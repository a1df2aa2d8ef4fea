"""The security module whose far side is the hub: challenges and commands go there, cryptograms and MACs come back.

No card key is ever in this kiosk. The hub computes only for a write that it has authorised, named by `CardKeys.permit`.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from drivers.errors import CommandRefused, DeviceTimeout, TransportError
from drivers.security.model import CardKeys
from drivers.status import DeviceHealth, DeviceStatus, ErrorAction
from kiosk.hubclient import card_wire, wire
from kiosk.hubclient.card_calls import CardCalls, Seal, sealed
from kiosk.hubclient.outcomes import Answer, NotSent, Outcome, Refused, Unknown, UnknownReason

W = TypeVar("W", bound=wire.Wire)
TRIES = 2
"""How often one question is put: it moves no money, and a line that was dropped while it was idle is new then."""
ONCE = 1
"""The number of a reading's cryptogram: a card is asked once to let us in, for each refusal counts."""

HEADER = 5
"""Bytes of a command's header. Its data stay here: the hub knows them, and computes for no others."""

_ONLINE = DeviceHealth(DeviceStatus.ONLINE)
_UNTRIED = DeviceHealth(DeviceStatus.OFFLINE, "module_untried", detail="the hub was not asked yet")
_NO_KEYS = DeviceHealth(DeviceStatus.HARDWARE_ERROR, "module_no_keys", ErrorAction.CONFIGURATION)
_SILENT = frozenset({UnknownReason.TIMEOUT})


@dataclass(slots=True)
class Told:
    """How the hub answered last, to whichever of the modules that share this."""

    health: DeviceHealth = _UNTRIED


class HubModule:
    """`SecurityModule` over a hub client of its own: the thread that writes the card waits for the hub.

    Each question is bounded by that client's deadline for questions, and the whole call by twice that. Modules with
    the same `told` have one health.
    """

    def __init__(self, hub: CardCalls, told: Told | None = None) -> None:
        self._hub = hub
        self._steps = itertools.count(1)
        self._told = told or Told()

    def genuine(self, card: CardKeys, challenge: bytes, answer: bytes) -> bool:
        """See `SecurityModule`."""
        said = card_wire.CardSaid(serial=card.serial)

        def prove(seal: Seal) -> Outcome[card_wire.CardProof]:
            request = card_wire.CardProofRequest(
                profile=card.profile,
                sealed=sealed(seal, said),
                challenge=challenge.hex(),
                cryptogram=answer.hex(),
            )
            return self._hub.put_card_proof(uuid.uuid4().hex, request)

        return self._ask(lambda: self._hub.sealing(prove)).genuine

    def authenticate(self, card: CardKeys, challenge: bytes) -> bytes:
        """See `SecurityModule`; CommandRefused without the permit of a write that is under way."""
        permit, step = _permit(card), self._step()
        request = card_wire.ChallengeRequest(challenge=challenge.hex())
        answer = self._ask(lambda: self._answer(permit, step, request))
        return bytes.fromhex(answer.cryptogram)

    def mac(self, card: CardKeys, challenge: bytes, command: bytes) -> bytes:
        """See `SecurityModule`; CommandRefused for a command that is not of the permitted write."""
        permit, step = _permit(card), self._step()
        request = card_wire.MacRequest(challenge=challenge.hex(), command=command[:HEADER].hex())
        return bytes.fromhex(self._ask(lambda: self._hub.put_mac(permit, step, request)).mac)

    def health(self) -> DeviceHealth:
        """Tell how the hub answered last."""
        return self._told.health

    def _answer(
        self, permit: str, step: int, request: card_wire.ChallengeRequest
    ) -> Outcome[card_wire.Cryptogram]:
        return self._hub.put_cryptogram(permit, step, request)

    def _step(self) -> int:
        return next(self._steps) % 10_000

    def _ask(self, call: Callable[[], Outcome[W]]) -> W:
        outcome = call()
        for _ in range(TRIES - 1):
            if not _worth_another(outcome):
                break
            outcome = call()
        match outcome:
            case Answer(body):
                self._told.health = _ONLINE
                return body
            case Refused(problem) if not outcome.judges_call_only:
                lacking = problem.code == "no_key_store"
                self._told.health = replace(_NO_KEYS, detail=problem.detail) if lacking else _ONLINE
                raise CommandRefused(f"{problem.code}: {problem.detail}")
            case Refused(problem):
                raise self._away(TransportError(f"the hub refuses our signature: {problem.code}"))
            case Unknown(reason, detail) if reason in _SILENT:
                raise self._away(DeviceTimeout(f"the hub did not answer in time: {detail}"))
            case NotSent(sent_reason, detail):
                raise self._away(TransportError(f"the hub was not reached: {sent_reason}: {detail}"))
            case Unknown(reason, detail):
                raise self._away(TransportError(f"no usable answer from the hub: {reason}: {detail}"))

    def _away(self, error: DeviceTimeout | TransportError) -> DeviceTimeout | TransportError:
        code = "module_silent" if isinstance(error, DeviceTimeout) else "module_away"
        self._told.health = DeviceHealth(DeviceStatus.OFFLINE, code, ErrorAction.NONE, detail=str(error))
        return error


class HubReadingModule(HubModule):
    """The same for a card of which only a reading is known to the hub: the permit is the reading's id.

    The hub answers the card's challenge, soon after the reading and for a card that may be written here, and computes
    nothing else.
    """

    def mac(self, card: CardKeys, challenge: bytes, command: bytes) -> bytes:
        """CommandRefused: nothing is written by a reading."""
        raise CommandRefused("the hub gives no MAC for a card that was only read")

    def _answer(
        self, permit: str, step: int, request: card_wire.ChallengeRequest
    ) -> Outcome[card_wire.Cryptogram]:
        return self._hub.put_read_cryptogram(permit, ONCE, request)


def _worth_another(outcome: Outcome[W]) -> bool:
    """Whether the same question may well be answered now; silence has taken all the time there is."""
    if isinstance(outcome, Unknown):
        return outcome.reason not in _SILENT
    return isinstance(outcome, NotSent)


def _permit(card: CardKeys) -> str:
    if not card.permit:
        raise CommandRefused(
            "the hub computes only for a write that it has authorised, or a card that it has judged"
        )
    return card.permit
