"""What the model itself decides: which files a write left undone, and what an error tells."""

from __future__ import annotations

from pathlib import Path

from drivers.errors import DriverError, TransportError
from drivers.meter_card.model import (
    CardCode,
    CardContents,
    CardError,
    FileData,
    ReaderGone,
    Wallet,
    WriteOrder,
)

ORDER = WriteOrder("w1", "p", "11" * 8, (FileData("parameter", b"a"), FileData("wallet", b"b")))


def contents(**files: bytes) -> CardContents:
    return CardContents("p", "11" * 8, 2, "1" * 12, "2" * 12, Wallet(1, 1), None, files)


def test_a_whole_write_is_like_its_order() -> None:
    assert ORDER.unlike(contents(parameter=b"a", wallet=b"b", write_back=b"c")) == ()


def test_each_file_that_differs_or_is_absent_is_named() -> None:
    assert ORDER.unlike(contents(parameter=b"a", wallet=b"old")) == ("wallet",)
    assert ORDER.unlike(contents(wallet=b"b")) == ("parameter",)


def test_an_error_says_its_word_first() -> None:
    error = CardError(CardCode.DAMAGED, "parameter: checksum", file="parameter", field="checksum")
    assert str(error) == "card_damaged: parameter: checksum"
    assert (error.code, error.file, error.field, error.wallet_sent) == (
        "card_damaged",
        "parameter",
        "checksum",
        False,
    )
    assert str(CardError(CardCode.GONE)) == "card_gone"
    assert isinstance(error, DriverError)


def test_a_lost_reader_is_a_lost_line_too() -> None:
    assert issubclass(ReaderGone, TransportError)
    assert ReaderGone(CardCode.READER_GONE).code == "reader_gone"


def test_every_word_is_explained() -> None:
    page = Path(__file__).parents[3] / "docs" / "protocols" / "meter-card.md"
    told = {
        line.split("`")[1] for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| `")
    }
    assert {str(code) for code in CardCode} <= told
