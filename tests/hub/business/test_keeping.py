"""What is kept of an order where nothing was said."""

from hub.business.keeping import Head, Stored


def test_what_nobody_said_is_nothing() -> None:
    stored = Stored("k", "", b"")
    assert (stored.claim_id, stored.reversal_id, stored.amount_fen, stored.serial) == (None,) * 4
    assert Head("a", 1, "b").renewed is False
