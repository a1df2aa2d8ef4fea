"""The hub's terminals at banks: which there is, its next trace number, and MACs with its key."""

from collections.abc import Iterable
from dataclasses import replace

from hub.business.acquirers import Acquirer
from hub.business.refusals import Refusal
from hub.composition.vault import Vault
from hub.data.bank_terminals import BankTerminal, BankTerminalBooks
from hub.data.direct import Conversation
from hub.data.keystore import KeyRefused, KeyStore

__all__ = ["BankTerminal", "BankTerminals"]

_AGAIN = 5
"""Seconds after which a kiosk asks again when its terminal at the bank had no keys yet."""


class BankTerminals:
    """The terminals at the banks of this hub; what is done in one transaction takes its connection."""

    def __init__(self, acquirers: Iterable[Acquirer], vault: Vault) -> None:
        self._acquirers = {each.name: each for each in acquirers}
        self._vault = vault

    async def of(self, connection: Conversation, acquirer: str, terminal: str) -> BankTerminal | None:
        """The kiosk's terminal at the bank of this name, if it has one."""
        return self._whole(await BankTerminalBooks(connection).find(acquirer, terminal))

    async def hold(self, connection: Conversation, acquirer: str, terminal: str) -> BankTerminal | None:
        """The same, and nobody else changes it until the transaction ends.

        A sale is begun only under this hold, and only while the terminal is `ready`: a settlement fixes the totals of
        the batch under the same hold.
        """
        return self._whole(await BankTerminalBooks(connection).hold(acquirer, terminal))

    async def first_of(self, connection: Conversation, acquirer: str) -> BankTerminal | None:
        """The first terminal at a bank, to ask as; none where there is no terminal."""
        return self._whole(await BankTerminalBooks(connection).first_of_bank(acquirer))

    def _whole(self, found: BankTerminal | None) -> BankTerminal | None:
        """A terminal without a merchant number of its own has the bank's."""
        if found is None or found.merchant_no or found.acquirer not in self._acquirers:
            return found
        return replace(found, merchant_no=self._acquirers[found.acquirer].merchant_no)

    async def next_stan(self, connection: Conversation, bank_terminal: BankTerminal) -> str:
        """Give the next trace number, 6 digits; once the transaction is committed it is never given again.

        It goes up by one, from 999999 to 000001, whichever hub process asks.
        """
        return await BankTerminalBooks(connection).next_stan(bank_terminal.acquirer, bank_terminal.terminal)

    async def need_sign_on(self, connection: Conversation, bank_terminal: BankTerminal) -> None:
        """Let the terminal sign on before its next sale: the bank asks for it, or its MACs do not fit."""
        await BankTerminalBooks(connection).need_sign_on(bank_terminal.acquirer, bank_terminal.terminal)

    async def mac(self, bank_terminal: BankTerminal, text: bytes) -> bytes:
        """Compute the 8 bytes of field 64 over a message's text under the key that the terminal has now.

        Raises Refusal `hub_busy` before the first sign-on or when the key store is away, KeyMissing without a master
        key, and KeyRefused where the key is not the one of its check value.
        """
        mak, check = bank_terminal.mak, bank_terminal.mak_check
        if mak is None or check is None:
            raise Refusal("hub_busy", "the terminal has not signed on at the bank", retry_after_s=_AGAIN)
        name, tid = bank_terminal.acquirer, bank_terminal.tid
        scheme = self._acquirers[name].mac

        def made(keys: KeyStore) -> bytes:
            if keys.bank_check(name, tid, mak) != check:
                raise KeyRefused(f"the MAC key of terminal {tid} at {name} is not the one of its check value")
            return keys.bank_mac(name, tid, mak, scheme, text)

        return await self._vault.ask(made)
