"""What is said to a bank besides sales, byte for byte, and which of its answers can be used."""

import pytest

from drivers.bank.elements import Detail, Totals
from drivers.bank.message import Message, encode
from drivers.bank.working_keys import wrapped_for
from hub.business.bank_management import (
    Asker,
    BankRefused,
    echo_message,
    end_message,
    read_sign_on,
    read_totals,
    require_done,
    settle_message,
    sign_on_message,
    upload_message,
)

ASKER = Asker("10000001", "898440000000001", "000007", "000042")
HEAD = "000042" + b"10000001898440000000001".hex()
TMK, PIK = bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9"), bytes(range(16))
SINGLE, DOUBLE = bytes(range(8)), bytes(range(8, 24))
TOTALS = Totals(2, 12_400)


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (sign_on_message(ASKER), "08000020000000C00012" + HEAD + "00110000000700300003303120"),
        (echo_message(ASKER), "08200020000000C00010" + HEAD + "0011000000073010"),
        (
            settle_message(ASKER, TOTALS),
            "05000020000000C18012" + HEAD + "0062" + TOTALS.to_field() + "31353600110000000720100003303120",
        ),
        (
            upload_message(ASKER, [Detail("000009", 100)]),
            "03200020000000C10010" + HEAD + "00420100000009" + "0" * 20 + "0000000001000011000000072010",
        ),
        (end_message(ASKER, 9), "03200020000000C10010" + HEAD + "000400090011000000072020"),
    ],
)
def test_messages_stand_on_the_wire_as_the_banks_have_them(message: Message, wire: str) -> None:
    assert encode(message, None).hex().upper() == wire.upper()


def signed(mak: bytes, **changes: str) -> Message:
    fields = {39: "00", 60: "00000008003", 62: wrapped_for(TMK, PIK, mak).hex().upper()}
    return Message("0810", fields | {int(name[1:]): value for name, value in changes.items()})


def test_a_sign_on_gives_keys_as_they_came_and_the_batch() -> None:
    keys, batch = read_sign_on(signed(SINGLE), double_mak=False, batch="000007")
    assert (len(keys.pik), len(keys.mak), batch) == (16, 8, "000008")
    keys, _ = read_sign_on(signed(DOUBLE), double_mak=True, batch="000007")
    assert len(keys.mak) == 16


def test_a_bank_that_tells_no_batch_leaves_the_one_that_is() -> None:
    _, batch = read_sign_on(signed(SINGLE, f60=""), double_mak=False, batch="000007")
    assert batch == "000007"


@pytest.mark.parametrize(
    ("answer", "double_mak", "told"),
    [
        (signed(SINGLE, f39="97"), False, "code 97"),
        (signed(SINGLE, f39=""), False, "code none"),
        (signed(SINGLE), True, "a MAC key of 8 bytes"),
        (signed(DOUBLE), False, "a MAC key of 16 bytes"),
        (signed(SINGLE, f62=wrapped_for(TMK, PIK[:8], SINGLE).hex()), False, "a PIN key of 8 bytes"),
        (signed(SINGLE, f62=""), False, "has 0 bytes"),
        (signed(SINGLE, f60="0000"), False, "field 60"),
    ],
)
def test_a_sign_on_that_gives_nothing_to_work_with_is_refused(
    answer: Message, double_mak: bool, told: str
) -> None:
    with pytest.raises(BankRefused, match=told):
        read_sign_on(answer, double_mak=double_mak, batch="000007")


def test_totals_are_read_with_what_the_bank_found() -> None:
    field = Totals(2, 12_400, code=1).to_field()
    assert read_totals(Message("0510", {39: "00", 48: field})) == Totals(2, 12_400, code=1)


@pytest.mark.parametrize(
    "answer",
    [
        {39: "96", 48: Totals(code=1).to_field()},
        {39: "00"},
        {39: "00", 48: "12"},
        {39: "00", 48: Totals(code=0).to_field()},
        {39: "00", 48: TOTALS.to_field()[:30] + "9" + "0" * 31},
    ],
)
def test_totals_without_a_finding_end_nothing(answer: dict[int, str]) -> None:
    with pytest.raises(BankRefused):
        read_totals(Message("0510", answer))


def test_a_refusal_carries_the_banks_code() -> None:
    require_done(Message("0330", {39: "00"}), "upload")
    with pytest.raises(BankRefused, match="upload: code 77") as refused:
        require_done(Message("0330", {39: "77"}), "upload")
    assert refused.value.code == "77"
