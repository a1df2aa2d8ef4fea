"""A SoftHSM2 with a token that is the hub's, for the tests of the key store."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.data.keys_settings import open_key_store
from hub.data.keystore import KeyCabinet
from tools.softhsm import SoftHsm
from tools.softhsm import softhsm as tokens_of_this_run

CARD_MASTER = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")  # of the published example
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def softhsm() -> SoftHsm:
    """The tokens of this run."""
    return tokens_of_this_run()


@pytest.fixture(scope="session")
def new_token(softhsm: SoftHsm) -> Callable[[], Path]:
    """Make a token without any keys; give its settings."""
    return lambda: softhsm.token(f"t{next(_numbers)}")


@pytest.fixture(scope="session")
def hsm(softhsm: SoftHsm) -> Iterator[KeyCabinet]:
    """A store with the hub's own keys and card master keys; a test takes terminals of its own name."""
    store = open_key_store(softhsm.token("hub"), bench=False)
    assert store is not None
    store.init()
    for name in ("internal", "external", "mac"):
        store.load_card(f"sg-{name}", "3des", CARD_MASTER)
        store.load_card(f"s4-{name}", "sm4", CARD_MASTER)
    yield store
    store.close()
