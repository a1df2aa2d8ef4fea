"""The terminal's master key: in a SAM card in the field, in memory on the bench."""

from __future__ import annotations

import hmac

from drivers.errors import CommandRefused
from drivers.security import keys
from drivers.security import psam_codec as codec
from drivers.security.cipher import cipher
from drivers.security.components import ComponentLoader, judge
from drivers.security.keys import SIGN_ON_FACTOR, WORKING_FACTOR
from drivers.security.psam import Sam
from drivers.security.psam_codec import SamRefused, Use
from drivers.security.software import on_the_bench
from drivers.status import DeviceHealth, DeviceStatus

SLOT = 0x10
_SECOND_REFUSED = "it is component 1 once more, or makes a weak key with it: "


class SamTerminal:
    """`TerminalModule` over a SAM card that holds the terminal's master key in one of its slots.

    The key is only ever used diversified: a SAM that encrypted under the bare key would give away its children.
    """

    def __init__(self, sam: Sam, scheme: str = "3des", slot: int = SLOT) -> None:
        self._sam = sam
        self._cipher = cipher(scheme)
        self._slot = slot

    @property
    def scheme(self) -> str:
        """See `TerminalModule`."""
        return self._cipher.name

    def check_value(self) -> bytes | None:
        """See `TerminalModule`."""
        try:
            return self._sam.run(codec.read_check(self._slot))
        except SamRefused as error:
            if error.word == "no_key":
                return None
            raise

    def present_pin(self, pin: bytes) -> None:
        """Show the SAM the loading authority's PIN; it takes components until it loses power.

        CommandRefused with the tries that are left when the PIN is wrong.
        """
        self._sam.run(codec.verify(pin))

    def load_component(self, number: int, component: bytes, check: bytes) -> None:
        """See `TerminalModule`; the SAM wants `present_pin` first. It judges for itself as well as we do here."""
        judge(self._cipher, number, component, check)
        try:
            self._sam.run(codec.load_component(number, self._slot, component, check))
        except SamRefused as error:
            hint = _SECOND_REFUSED if number == 2 and error.word == "wrong_data" else ""
            raise SamRefused(f"component {number}: {hint}{error}", error.word) from error

    def start_key(self, nonce: bytes) -> bytes:
        """See `TerminalModule`; the SAM encrypts block by block, the chain is made here."""
        previous, out = bytes(self._cipher.block), b""
        for block in keys.blocks(keys.start_text(nonce), self._cipher.block):
            previous = self._under(Use.ENCRYPT, SIGN_ON_FACTOR, keys.xor(block, previous))
            out += previous
        return out

    def unwrap(self, wrapped: bytes, check: bytes) -> bytes:
        """See `TerminalModule`."""
        previous, key = bytes(self._cipher.block), b""
        for block in keys.blocks(keys.wrapped_key(wrapped), self._cipher.block):
            key += keys.xor(self._under(Use.DECRYPT, WORKING_FACTOR, block), previous)
            previous = block
        return proved(key, check)

    def health(self) -> DeviceHealth:
        """Tell the SAM's state as of the last call."""
        return self._sam.health

    def _under(self, use: Use, factor: bytes, block: bytes) -> bytes:
        dialect = self._sam.dialect
        return self._sam.run(dialect.choose(use, self._slot, factor), dialect.cipher(block))


class SoftwareTerminal:
    """`TerminalModule` with its key in memory, for the bench only; ValueError unless `bench`."""

    def __init__(self, scheme: str = "3des", master: bytes | None = None, *, bench: bool) -> None:
        on_the_bench(bench, "this terminal module")
        self._cipher = cipher(scheme)
        self._loader = ComponentLoader(self._cipher)
        self._master = master

    @property
    def scheme(self) -> str:
        """See `TerminalModule`."""
        return self._cipher.name

    def check_value(self) -> bytes | None:
        """See `TerminalModule`."""
        return None if self._master is None else keys.check_value(self._cipher, self._master)

    def load_component(self, number: int, component: bytes, check: bytes) -> None:
        """See `TerminalModule`."""
        key = self._loader.take(number, component, check)
        if key is not None:
            self._master = key

    def start_key(self, nonce: bytes) -> bytes:
        """See `TerminalModule`."""
        return keys.start_key(self._cipher, self._key(), nonce)

    def unwrap(self, wrapped: bytes, check: bytes) -> bytes:
        """See `TerminalModule`."""
        return proved(keys.unwrap(self._cipher, self._key(), wrapped), check)

    def health(self) -> DeviceHealth:
        """Always online."""
        return DeviceHealth(DeviceStatus.ONLINE, detail="software module with test keys")

    def _key(self) -> bytes:
        if self._master is None:
            raise CommandRefused("no master key is loaded")
        return self._master


def proved(key: bytes, check: bytes) -> bytes:
    """Give a working key back when its check value is `check`; CommandRefused otherwise."""
    if not hmac.compare_digest(keys.working_check(key), check):
        raise CommandRefused(
            "the working key is not of its check value: another master key, or damaged on its way"
        )
    return key
