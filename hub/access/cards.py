"""The kiosks' channel for meter cards: readings, writes and what is computed for them, and identity checks."""

from typing import Annotated, Any

from litestar import Response, get, put
from litestar.params import JSONBody, PathParameter

from hub.access.http import Incoming, OrderId, answers, response, strict_json, terminal_of
from hub.business.card_forms import (
    CardProof,
    CardProofOrder,
    CardRead,
    CardReadOrder,
    CardWrite,
    CardWriteOrder,
    ChallengeOrder,
    Cryptogram,
    IdentityCheck,
    IdentityCheckOrder,
    Mac,
    MacOrder,
    OutcomeOrder,
    WriteOutcome,
)
from hub.composition.card_desk import CardDesk
from hub.composition.channels import HttpChannel, HttpHandlers
from hub.composition.identity_desk import IdentityDesk

TryNo = Annotated[
    str, PathParameter(pattern=r"^[1-3]\Z", description="a card locks itself after a few tries")
]
StepNo = Annotated[str, PathParameter(pattern=r"^[0-9]{1,4}\Z", description="counts the steps of the write")]


@put(
    "/v1/card-reads/{read_id:str}",
    status_code=201,
    responses=answers(CardRead, put=True, problems=(409, 422)),
    operation_id="read_card",
    guards=[strict_json],
    form=CardReadOrder,
    summary="What may be done with a card that was read; its reading is evidence",
)
async def read_card(request: Incoming, read_id: OrderId, data: JSONBody[CardReadOrder]) -> Response[bytes]:
    return response(await _cards(request).read(terminal_of(request), read_id, data))


@put(
    "/v1/card-reads/{read_id:str}/cryptograms/{try_no:str}",
    status_code=200,
    responses=answers(Cryptogram, problems=(409, 422)),
    operation_id="admit_card",
    guards=[strict_json],
    form=ChallengeOrder,
    summary="Answer the challenge of a card that was read just now and may be written here; no MAC comes of a reading",
)
async def admit_card(
    request: Incoming, read_id: OrderId, try_no: TryNo, data: JSONBody[ChallengeOrder]
) -> Cryptogram:
    return await _cards(request).admit(terminal_of(request), read_id, data)


@put(
    "/v1/card-proofs/{proof_id:str}",
    status_code=200,
    responses=answers(CardProof, problems=(409, 422)),
    operation_id="prove_card",
    guards=[strict_json],
    form=CardProofOrder,
    summary="Whether a card's answer to a challenge is that of a genuine card",
)
async def prove_card(request: Incoming, proof_id: OrderId, data: JSONBody[CardProofOrder]) -> CardProof:
    return await _cards(request).prove(terminal_of(request), proof_id, data)


@put(
    "/v1/card-writes/{write_id:str}",
    status_code=201,
    responses=answers(CardWrite, put=True, problems=(409, 422)),
    operation_id="write_card",
    guards=[strict_json],
    form=CardWriteOrder,
    summary="Authorise a paid purchase to be written on a card, once; a repeat tells how the write stands",
)
async def write_card(request: Incoming, write_id: OrderId, data: JSONBody[CardWriteOrder]) -> Response[bytes]:
    return response(await _cards(request).write(terminal_of(request), write_id, data))


@get(
    "/v1/card-writes/{write_id:str}",
    responses=answers(CardWrite, problems=(404,)),
    operation_id="card_write",
    summary="How a write of this terminal stands",
)
async def card_write(request: Incoming, write_id: OrderId) -> CardWrite:
    return await _cards(request).find_write(terminal_of(request), write_id)


@put(
    "/v1/card-writes/{write_id:str}/cryptograms/{step_no:str}",
    status_code=200,
    responses=answers(Cryptogram, problems=(404, 409)),
    operation_id="cryptogram",
    guards=[strict_json],
    form=ChallengeOrder,
    summary="Answer the card's challenge for a write that is under way",
)
async def cryptogram(
    request: Incoming, write_id: OrderId, step_no: StepNo, data: JSONBody[ChallengeOrder]
) -> Cryptogram:
    return await _cards(request).cryptogram(terminal_of(request), write_id, data)


@put(
    "/v1/card-writes/{write_id:str}/macs/{step_no:str}",
    status_code=200,
    responses=answers(Mac, problems=(404, 409)),
    operation_id="mac",
    guards=[strict_json],
    form=MacOrder,
    summary="The MAC of a command that writes a file of this write as it was authorised",
)
async def mac(request: Incoming, write_id: OrderId, step_no: StepNo, data: JSONBody[MacOrder]) -> Mac:
    return await _cards(request).mac(terminal_of(request), write_id, data)


@put(
    "/v1/card-writes/{write_id:str}/outcome",
    status_code=200,
    responses=answers(WriteOutcome, problems=(404, 422)),
    operation_id="write_outcome",
    guards=[strict_json],
    form=OutcomeOrder,
    summary="How a write ended; what is written never changes",
)
async def write_outcome(request: Incoming, write_id: OrderId, data: JSONBody[OutcomeOrder]) -> WriteOutcome:
    return await _cards(request).outcome(terminal_of(request), write_id, data)


@put(
    "/v1/identity-checks/{check_id:str}",
    status_code=201,
    responses=answers(IdentityCheck, put=True, problems=(404, 409, 422, 429)),
    operation_id="check_identity",
    guards=[strict_json],
    form=IdentityCheckOrder,
    summary="Whether it is the customer; slowed and limited",
)
async def check_identity(
    request: Incoming, check_id: OrderId, data: JSONBody[IdentityCheckOrder]
) -> Response[bytes]:
    desk: IdentityDesk[Any] = request.app.state.identities
    return response(await desk.check(terminal_of(request), check_id, data))


def handlers() -> HttpHandlers:
    """The routes of this channel."""
    steps = [cryptogram, mac, write_outcome]
    return [read_card, admit_card, prove_card, write_card, card_write, *steps, check_identity]


CARDS = HttpChannel("cards", handlers)


def _cards(request: Incoming) -> CardDesk[Any]:
    desk: CardDesk[Any] = request.app.state.cards
    return desk
