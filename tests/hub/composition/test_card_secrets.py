"""What the card desk asks of the key store: a key that is not there is named in the hub's log, not only refused."""

import asyncio

import pytest

from hub.business.cards import Card
from hub.business.refusals import Refusal
from hub.composition.card_secrets import VaultSecrets
from hub.composition.vault import Vault
from hub.data.fields import sealed_card
from hub.data.keys_bench import BenchStore
from hub.data.keystore import KeyMissing


class Lacking(BenchStore):
    """Has no key `external`."""

    def __init__(self) -> None:
        super().__init__(None, {}, bench=True)

    def card_cryptogram(self, profile: str, serial: str, challenge: bytes) -> bytes:
        """See KeyStore."""
        raise KeyMissing("token hub has no sg-external-1")


def test_a_key_that_is_missing_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    store = Lacking()
    vault, row = Vault(store), sealed_card(store, "A5" * 8)
    card = Card(row["mark"], None, "blank", row["sealed"])
    with pytest.raises(Refusal) as refused:
        asyncio.run(VaultSecrets(vault).cryptogram("state_grid_2013", card, bytes(8)))
    vault.close()
    assert refused.value.code == "no_key_store"
    assert "token hub has no sg-external-1" in caplog.text
