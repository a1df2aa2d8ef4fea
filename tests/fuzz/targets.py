"""Every decoder that reads what somebody else wrote, by name, with right messages to begin from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.fuzz import (
    bank_targets,
    chip_targets,
    file_targets,
    hub_targets,
    seeds,
    serial_targets,
    tender_targets,
)


@dataclass(frozen=True, slots=True)
class Target:
    """`check` takes any bytes and raises only when the decoder breaks its contract."""

    check: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    examples: int = 250
    """How many are tried in every test run; the long run goes by the clock."""


TARGETS: dict[str, Target] = {
    "ccnet": Target(serial_targets.check_ccnet, seeds.CCNET, 500),
    "ccnet_payloads": Target(serial_targets.check_ccnet_payloads, seeds.CCNET_PAYLOADS),
    "card_frames": Target(serial_targets.check_card_frames, seeds.CARD_FRAMES, 150),
    "card_payloads": Target(serial_targets.check_card_payloads, seeds.CARD_PAYLOADS, 40),
    "printer_answers": Target(serial_targets.check_printer_answers, seeds.PRINTER_ANSWERS, 500),
    "printer_commands": Target(serial_targets.check_printer_commands, seeds.PRINTER_COMMANDS),
    "bank_frames": Target(bank_targets.check_frames, bank_targets.FRAMES, 300),
    "bank_messages": Target(bank_targets.check_messages, bank_targets.MESSAGES, 300),
    "bank_fields": Target(bank_targets.check_fields, bank_targets.FIELDS, 200),
    "box_frames": Target(tender_targets.check_box_frames, tender_targets.BOX_FRAMES, 150),
    "box_replies": Target(tender_targets.check_box_replies, tender_targets.BOX_REPLIES),
    "codes": Target(tender_targets.check_codes, tender_targets.CODES, 150),
    "pad_frames": Target(chip_targets.check_pad_frames, chip_targets.PAD_FRAMES, 150),
    "card_objects": Target(chip_targets.check_card_objects, chip_targets.CARD_OBJECTS, 150),
    "wire": Target(hub_targets.check_wire, seeds.WIRE),
    "replies": Target(hub_targets.check_replies, seeds.REPLIES, 200),
    "orders": Target(hub_targets.check_orders, seeds.ORDERS),
    "http": Target(hub_targets.check_http, seeds.HTTP, 300),
    "row": Target(file_targets.check_row, seeds.ROWS),
    "snapshot": Target(file_targets.check_snapshot, seeds.SNAPSHOTS),
    "journal_file": Target(file_targets.check_journal_file, (b"\0\1\2", b"\1\0\xff\2\0\xff"), 60),
    "settings": Target(file_targets.check_settings, seeds.SETTINGS, 400),
    "key_file": Target(file_targets.check_key_file, seeds.KEYS, 100),
    "control": Target(file_targets.check_control, seeds.CONTROL, 300),
}


def messages(target: Target) -> st.SearchStrategy[bytes]:
    """Any bytes, and right messages that were cut, joined and changed in places."""
    part = st.one_of(st.sampled_from(target.seeds), st.binary(max_size=40))
    return st.one_of(
        st.binary(max_size=400),
        st.lists(part, min_size=1, max_size=4).map(b"".join),
        st.builds(_changed, st.sampled_from(target.seeds), st.lists(_CHANGES, min_size=1, max_size=6)),
    )


_CHANGES = st.tuples(
    st.integers(0, 5000),
    st.integers(0, 12),
    st.one_of(
        st.binary(max_size=4),
        st.sampled_from(
            [
                b"\x02\x03\xfa",
                b"\x02\x03\x00\x02\x00",
                b'7"',
                b"\x00",
                b"null",
                b"-1",
                b"1e400",
                b"9" * 30,
                b"[[[[",
            ]
        ),
        st.sampled_from(
            [b'"', b"{", b"}", b"\\ud800", b"\xed\xa0\x80", b"\r\n", b"true", b"0.5", b"[]", b"\x1d("]
        ),
    ),
)


def _changed(message: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """`message` with some bytes at some places taken out and others put in."""
    for where, out, put in changes:
        at = where % (len(message) + 1)
        message = message[:at] + put + message[at + out :]
    return message
