"""The key store as the hub's event loop asks it: off the loop, with a deadline, failures as refusals."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, TypeVar

from hub.business.refusals import Refusal
from hub.data.keystore import KeyStore, KeyStoreAway

T = TypeVar("T")
WAIT_S = 5.0
"""How long an order waits for the module; a call takes milliseconds."""
RETRY_S = 5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Question:
    call: Callable[[KeyStore], Any]
    answer: "asyncio.Future[Any]"

    def put_to(self, store: KeyStore) -> None:
        if self.answer.cancelled():  # nobody waits any more
            return
        try:
            settle, value = self.answer.set_result, self.call(store)
        except Exception as error:  # noqa: BLE001 - it belongs to the one who asked
            settle, value = self.answer.set_exception, error
        with contextlib.suppress(RuntimeError):  # the loop ended meanwhile
            self.answer.get_loop().call_soon_threadsafe(self._settle, settle, value)

    def _settle(self, settle: Callable[[Any], None], value: Any) -> None:
        if not self.answer.done():
            settle(value)


class Vault:
    """One key store, asked by a thread of its own.

    PKCS#11 knows no deadline and no second call beside the first: a module that hangs keeps that thread and no order.
    """

    def __init__(self, store: KeyStore | None, wait_s: float = WAIT_S) -> None:
        self._store = store
        self._wait_s = wait_s
        self._questions: SimpleQueue[_Question | None] = SimpleQueue()
        self._begun: float | None = None  # when the call began that the store is doing
        if store is not None:
            threading.Thread(target=self._work, args=(store,), name="key-store", daemon=True).start()

    @property
    def there(self) -> bool:
        """Whether this hub has a key store at all."""
        return self._store is not None

    async def ask(self, call: Callable[[KeyStore], T]) -> T:
        """Let the store do `call`.

        Raises Refusal `hub_busy` when the module is away, fails or does not answer in time, and `no_key_store` where
        the hub runs without one; KeyMissing and Unreadable pass as they are.
        """
        if self._store is None:
            raise Refusal("no_key_store", "this hub runs without a key store (--key-store)")
        begun = self._begun
        if begun is not None and time.monotonic() - begun > self._wait_s:
            # It hangs: one more question would wait in vain, and stay in memory as long as it does.
            raise Refusal("hub_busy", "the key store does not answer", retry_after_s=RETRY_S)
        question = _Question(call, asyncio.get_running_loop().create_future())
        self._questions.put(question)
        try:
            answer: T = await asyncio.wait_for(question.answer, self._wait_s)
        except TimeoutError:
            log.error("the key store did not answer within %g s", self._wait_s)
            raise Refusal("hub_busy", "the key store does not answer", retry_after_s=RETRY_S) from None
        except KeyStoreAway as error:
            log.error("key store: %s", error)
            raise Refusal("hub_busy", "the key store is away", retry_after_s=RETRY_S) from None
        return answer

    def close(self) -> None:
        """Let go of the store once it is idle; a call that hangs is left to die with the program."""
        self._questions.put(None)

    def _work(self, store: KeyStore) -> None:
        while (question := self._questions.get()) is not None:
            self._begun = time.monotonic()
            question.put_to(store)
            self._begun = None
        store.close()
