"""What the hub and a bank say to one another besides sales: sign-on, echo, totals of a batch, its sales one by one.

None of these messages has a MAC. What is asked is told apart by field 60.3: 003 sign-on with keys of double length, 301
echo, 201 totals and details, 202 end of the details.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from drivers.bank.elements import CURRENCY, Balance, Detail, Field60, Totals, details_to_field, field63
from drivers.bank.mac import DOUBLE
from drivers.bank.message import Message
from drivers.bank.working_keys import WorkingKeys, parse
from drivers.errors import ProtocolError

SIGN_ON, SIGN_ON_ANSWER = "0800", "0810"
ECHO, ECHO_ANSWER = "0820", "0830"
SETTLE, SETTLE_ANSWER = "0500", "0510"
UPLOAD, UPLOAD_ANSWER = "0320", "0330"
DOUBLE_LENGTH, ALIVE, BATCH, END_OF_BATCH = "003", "301", "201", "202"
DONE = "00"
SIGN_ON_AGAIN = frozenset({"77", "99", "A0"})
"""The codes of a bank that wants a sign-on first."""
_KIND = "00"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: a terminal's numbers at its bank, its batch, and the trace number of the message."""

    tid: str
    merchant_no: str
    batch: str
    stan: str

    def fields(self, network: str) -> dict[int, str]:
        """What every message of this kind has."""
        return {
            11: self.stan,
            41: self.tid,
            42: self.merchant_no,
            60: Field60(_KIND, self.batch, network).to_field(),
        }


class BankRefused(Exception):  # noqa: N818 - the bank did
    """A bank that said no, or nothing that could be used; `code` is its own, empty where it gave none."""

    def __init__(self, what: str, code: str = "") -> None:
        super().__init__(f"{what}: code {code}" if code else what)
        self.code = code


def sign_on_message(asker: Asker) -> Message:
    """Ask for working keys of double length."""
    return Message(SIGN_ON, asker.fields(DOUBLE_LENGTH) | {63: field63()})


def echo_message(asker: Asker) -> Message:
    """Ask whether the bank is there."""
    return Message(ECHO, asker.fields(ALIVE))


def settle_message(asker: Asker, totals: Totals) -> Message:
    """Tell the totals of the asker's batch."""
    told = {48: totals.to_field(), 49: CURRENCY, 63: field63()}
    return Message(SETTLE, asker.fields(BATCH) | told)


def upload_message(asker: Asker, details: Sequence[Detail]) -> Message:
    """Tell some sales of the batch one by one, 8 at most."""
    return Message(UPLOAD, asker.fields(BATCH) | {48: details_to_field(details)})


def end_message(asker: Asker, count: int) -> Message:
    """Say that so many sales were told."""
    return Message(UPLOAD, asker.fields(END_OF_BATCH) | {48: f"{count:04d}"})


def require_done(answer: Message, what: str) -> None:
    """Raise BankRefused unless the bank has done it."""
    if answer.get(39) != DONE:
        raise BankRefused(what, answer.get(39) or "none")


def read_sign_on(answer: Message, *, double_mak: bool, batch: str) -> tuple[WorkingKeys, str]:
    """Give the keys of a sign-on as they came, and the terminal's batch from now on.

    Raises BankRefused for a refusal, and for keys of another length than this bank's.
    """
    require_done(answer, "sign-on refused")
    try:
        keys = parse(answer.get(62))
        told = Field60.from_field(answer.get(60)).batch if answer.get(60) else batch
    except ProtocolError as error:
        raise BankRefused(str(error)) from None
    if len(keys.pik) != DOUBLE:
        raise BankRefused(f"the sign-on gave a PIN key of {len(keys.pik)} bytes, not {DOUBLE}")
    if (len(keys.mak) == DOUBLE) is not double_mak:
        raise BankRefused(f"the sign-on gave a MAC key of {len(keys.mak)} bytes; see double_mak")
    return keys, told


def read_totals(answer: Message) -> Totals:
    """Give the bank's totals with its finding; raises BankRefused."""
    require_done(answer, "settlement refused")
    try:
        totals = Totals.from_field(answer.get(48))
    except ProtocolError as error:
        raise BankRefused(str(error)) from None
    if totals.code not in (Balance.EQUAL, Balance.UNEQUAL, Balance.WRONG):
        raise BankRefused(f"the bank found {totals.code} of the totals, which has no meaning")
    return totals
