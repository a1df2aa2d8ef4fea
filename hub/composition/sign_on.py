"""Sign-on: a terminal proves its master key and is given a working key, which the hub's processes share."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

import msgspec

from drivers.security.keys import WORKING_KEY, working_check
from hub.business.identity import canonical
from hub.business.keeping import Shelf, Stored
from hub.business.refusals import Refusal
from hub.business.signing import SealView, SignOn, SignOnOrder, WrappedKey
from hub.composition.replies import Reply, once, replay
from hub.composition.vault import Vault
from hub.data.keystore import KeyMissing, KeyName, KeyStore, SealKey
from hub.data.working_keys import WorkingKey

C = TypeVar("C")
T = TypeVar("T")
OVERLAP = timedelta(minutes=10)
"""How long the keys before the newest are still good: for calls that other lanes of the kiosk have under way."""
KEPT = timedelta(days=1)
"""How long an expired key is known as such, so that the refusal of it can be signed with it."""
_encode = msgspec.json.Encoder().encode

log = logging.getLogger(__name__)


class KeyBooks(Protocol):
    """Where working keys are kept; see `hub.data.working_keys`."""

    async def sign_on(self, sign_on_id: str) -> Stored | None: ...
    async def last_no(self, terminal: str) -> int: ...
    async def end_by(self, terminal: str, until: datetime) -> None: ...
    async def forget(self, terminal: str, before: datetime, newest: int) -> None: ...
    async def add(
        self,
        terminal: str,
        key_no: int,
        sign_on_id: str,
        content: str,
        key: WorkingKey,
        issued_at: datetime,
        reply: bytes,
    ) -> None: ...


class SignOns(Generic[C]):
    """Takes sign-ons; `draw` gives so many random bytes, `life` is how long a working key is good."""

    def __init__(
        self,
        shelf: Shelf[C],
        books: Callable[[C], KeyBooks],
        vault: Vault,
        clock: Callable[[], datetime],
        draw: Callable[[int], bytes],
        life: timedelta,
    ) -> None:
        self._shelf = shelf
        self._books = books
        self._vault = vault
        self._clock = clock
        self._draw = draw
        self._life = life

    async def sign_on(self, terminal: str, sign_on_id: str, order: SignOnOrder, nonce: str) -> Reply:
        """Give the terminal a new working key; `nonce` is the one that the request was signed with.

        The same id with the same content gives the stored answer again, for an answer that was lost on its way.
        """
        if order.nonce != nonce:
            raise Refusal("bad_request", "the nonce is not the one of the key id", field="nonce")
        content = canonical(order)
        async with self._shelf.read() as connection:
            stored = await self._books(connection).sign_on(sign_on_id)
        if stored:
            return replay(stored, terminal, order, content)
        name, key, seal = await self._asked(lambda keys: self._made(keys, terminal))
        if name is None or (name.scheme, name.check) != (order.scheme, order.master_check):
            raise Refusal(
                "bad_request", "scheme or check value are not the master key's", field="master_check"
            )
        return await once(lambda: self._issue(terminal, sign_on_id, order, key, seal))

    def _made(self, keys: KeyStore, terminal: str) -> tuple[KeyName | None, WorkingKey, SealKey]:
        """A new working key, wrapped for the terminal; in one visit to the key store."""
        key = self._draw(WORKING_KEY)
        wrapped = keys.wrap_working_key(terminal, key)
        kept = WorkingKey(wrapped, working_check(key).hex(), self._clock() + self._life)
        return keys.terminal_key(terminal), kept, keys.seal_public()

    async def _issue(
        self, terminal: str, sign_on_id: str, order: SignOnOrder, key: WorkingKey, seal: SealKey
    ) -> Reply:
        content = canonical(order)
        now = self._clock()
        async with self._shelf.write() as connection:
            books = self._books(connection)
            if stored := await books.sign_on(sign_on_id):
                return replay(stored, terminal, order, content)
            key_no = await books.last_no(terminal) + 1
            answer = SignOn(
                id=sign_on_id,
                key_no=key_no,
                signing=WrappedKey(wrapped=key.wrapped.hex(), check=key.check),
                expires_at=key.expires_at,
                as_of=now,
                seal=_view(seal),
            )
            body = _encode(answer)
            await books.end_by(terminal, now + OVERLAP)
            await books.forget(terminal, now - KEPT, key_no)
            await books.add(terminal, key_no, sign_on_id, content, key, now, body)
        return Reply(body, new=True)

    async def seal_key(self) -> SealView:
        """Give the public key for sealed fields, also to terminals that do not sign on."""
        return _view(await self._asked(lambda keys: keys.seal_public()))

    async def _asked(self, call: Callable[[KeyStore], T]) -> T:
        try:
            return await self._vault.ask(call)
        except KeyMissing as error:
            log.error("key store: %s", error)
            raise Refusal(
                "no_key_store", "the key store lacks a key for it; the hub's log names it"
            ) from None


def _view(key: SealKey) -> SealView:
    return SealView(kid=key.kid, x=key.x, y=key.y)
