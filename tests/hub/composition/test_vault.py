"""The key store behind the event loop: one that hangs, is away or is not there becomes a refusal in time."""

import asyncio
import threading
import time
from typing import Any

import pytest

from hub.business.refusals import Refusal
from hub.composition.vault import Vault
from hub.data.keys_bench import BenchStore
from hub.data.keystore import KeyMissing, KeyStoreAway


class Closed(BenchStore):
    """Tells when it was let go."""

    def __init__(self) -> None:
        super().__init__(None, {}, bench=True)
        self.closed = threading.Event()

    def close(self) -> None:
        self.closed.set()


def ask(vault: Vault, call: Any) -> Any:
    return asyncio.run(vault.ask(call))


def raises(error: Exception) -> Any:
    def call(_keys: Any) -> None:
        raise error

    return call


def test_an_answer_and_a_failure_reach_the_one_who_asked() -> None:
    vault = Vault(Closed())
    assert ask(vault, lambda keys: keys.fingerprint("a")) == Closed().fingerprint("a")
    with pytest.raises(KeyMissing):
        ask(vault, raises(KeyMissing("no such key")))
    with pytest.raises(Refusal) as refused:
        ask(vault, raises(KeyStoreAway("token gone")))
    assert (refused.value.code, refused.value.retry_after_s) == ("hub_busy", 5)
    assert ask(vault, lambda _: 1) == 1
    vault.close()


def test_a_module_that_hangs_keeps_nobody() -> None:
    vault, hangs = Vault(Closed(), wait_s=0.1), threading.Event()
    began = time.monotonic()
    for _ in range(2):
        with pytest.raises(Refusal) as refused:
            ask(vault, lambda _: hangs.wait(60))
        assert refused.value.code == "hub_busy"
    assert time.monotonic() - began < 30
    hangs.set()
    patient = Vault(Closed())
    assert ask(patient, lambda _: 2) == 2
    patient.close()
    vault.close()


def test_what_nobody_waits_for_any_more_is_not_done() -> None:
    store = Closed()
    vault, hangs, done = Vault(store, wait_s=0.1), threading.Event(), []

    async def both() -> list[Any]:
        calls = (vault.ask(lambda _: hangs.wait(60)), vault.ask(lambda _: done.append(1)))
        return list(await asyncio.gather(*calls, return_exceptions=True))

    assert [type(each) for each in asyncio.run(both())] == [Refusal, Refusal]
    hangs.set()
    vault.close()
    assert store.closed.wait(60)
    assert done == []


def test_while_a_call_hangs_no_further_question_is_kept_and_none_waits() -> None:
    wait_s = 1.0  # so long the store has to begin a call: one that nobody waits for any more is not begun
    vault, hangs = Vault(Closed(), wait_s), threading.Event()

    async def crowd() -> set[str]:
        with pytest.raises(Refusal):
            await vault.ask(lambda _: hangs.wait(60))
        # The store began the call a little after it was asked: for as long the call does not hang yet.
        while vault._begun is None or time.monotonic() - vault._begun <= wait_s:
            await asyncio.sleep(0.005)
        said = await asyncio.gather(*(vault.ask(lambda _: 1) for _ in range(500)), return_exceptions=True)
        return {each.code for each in said if isinstance(each, Refusal)}

    assert asyncio.run(crowd()) == {"hub_busy"}
    assert vault._questions.qsize() == 0
    hangs.set()
    until = time.monotonic() + 60
    while vault._begun is not None:
        assert time.monotonic() < until, "the store is still at it"
        time.sleep(0.005)
    assert ask(vault, lambda _: 2) == 2
    vault.close()


def test_a_hub_without_a_store_says_so() -> None:
    vault = Vault(None)
    assert not vault.there
    with pytest.raises(Refusal) as refused:
        ask(vault, lambda _: 1)
    assert refused.value.code == "no_key_store"
    vault.close()
