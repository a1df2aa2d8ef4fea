"""One question to a bank and its answer: composed, vouched for by a MAC, sent, and its own MAC compared."""

import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from drivers.bank.frame import Frame, Wanted
from drivers.bank.message import MAC_LENGTH, Message, decode, encode, mab
from drivers.errors import ProtocolError
from hub.business.acquirers import Acquirer
from hub.business.refusals import Refusal
from hub.composition.bank_line import BankLine, Key, NotSent
from hub.composition.bank_terminals import BankTerminal, BankTerminals
from hub.data.keystore import KeyStoreError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """A bank's answer; `wanted` is what its header asks for."""

    message: Message
    mac_good: bool
    wanted: Wanted


class BankWire:
    """Asks banks, by name, over their lines."""

    def __init__(self, lines: Mapping[str, BankLine], terminals: BankTerminals) -> None:
        self._lines = lines
        self._terminals = terminals

    async def ask(
        self, acquirer: Acquirer, at: BankTerminal, message: Message, answer: str, deadline: float
    ) -> Heard:
        """Send a message and give the answer of type `answer` to it; raises NotSent and NoAnswer."""
        try:
            text = encode(message, lambda _covered: bytes(MAC_LENGTH))[:-MAC_LENGTH]
            body = text + await self._terminals.mac(at, text)
        except (Refusal, KeyStoreError, ValueError) as error:
            log.error("bank %s, terminal %s: %s", acquirer.name, at.tid, error)
            raise NotSent(str(error)) from None
        frame = Frame(acquirer.tpdu, acquirer.header, body).to_bytes()
        key = Key(message.get(41), answer, message.get(11))
        heard = await self._lines[acquirer.name].exchange(frame, key, deadline)
        return Heard(decode(heard.body), await vouched(self._terminals, at, heard), heard.wanted)


async def vouched(terminals: BankTerminals, at: BankTerminal, frame: Frame) -> bool:
    """Whether the MAC of a bank's message is that of its key; not where nobody can tell now."""
    try:
        made = await terminals.mac(at, mab(frame.body))
    except ProtocolError:
        return False
    except (Refusal, KeyStoreError) as error:
        log.error("bank %s, terminal %s: a MAC cannot be checked: %s", at.acquirer, at.tid, error)
        return False
    return hmac.compare_digest(made, frame.body[-MAC_LENGTH:])
