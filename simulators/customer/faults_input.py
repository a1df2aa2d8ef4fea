"""The faults that come in from outside: numbers, notes and frames that are none, and a kiosk that may not start."""

from __future__ import annotations

from drivers.cash.ccnet import Frame
from simulators.customer import blows, upkeep
from simulators.customer.fault import BOOKED, Fault

# A unit at another address tells of a hundred yuan that were never put in.
_FOREIGN = Frame(0x01, bytes([0x81, 5])).to_bytes(from_host=False)
# The head of a frame longer than any may be, and 300 bytes that each say "escrow".
_OVERLONG = bytes([0x02, 0x03, 0xFF]) + bytes([0x80]) * 300

TYPED = (
    Fault(
        "account-unknown",
        "the customer types an account number that nobody has, is told, and types the right one",
        {"number": blows.mistypes_account},
        ("error.unknown_account",),
    ),
    Fault(
        "meter-mistyped",
        "the customer mistypes the last digit of the meter number: the check digit finds it, before anybody is asked",
        {"number": blows.mistypes_meter},
        ("error.wrong_check_digit",),
    ),
    Fault(
        "note-type-off",
        "the customer begins with a note of a type that is switched off: it comes back",
        {"cash_open": blows.tries_note(500)},
        ("note.type_off",),
    ),
)


def _frames(name: str, tells: str, order: str, **how: object) -> Fault:
    spoil = blows.spoils_what_it_tells(order, **how)
    return Fault(name, tells, {"before_note": blows.stop_at("stacking"), "note_drawn_in": spoil}, BOOKED)


FRAMES = (
    _frames("frames-broken", "what the acceptor tells of a note has wrong check sums", "crc_break", next=6),
    _frames("frames-cut-short", "only half of what the acceptor tells of a note arrives", "truncate", next=4),
    _frames(
        "frames-overlong",
        "before each word of the acceptor stands a frame longer than any may be",
        "intrude",
        hex=_OVERLONG.hex(),
        next=4,
    ),
    _frames(
        "frames-foreign",
        "before each word of the acceptor another unit's frame tells of a hundred yuan",
        "intrude",
        hex=_FOREIGN.hex(),
        next=6,
    ),
)
STARTS = (
    Fault(
        "journal-damaged",
        "the kiosk's journal is scribbled over: started, it serves nobody and says so; with the file back it goes on",
        {"before": upkeep.journal_damaged_and_back},
        ("closed.journal_damaged_text",),
    ),
    Fault(
        "kiosk-started-twice",
        "with a note in, the kiosk is started a second time on the same journal: refused, and the first goes on",
        {"after_first_note": upkeep.second_kiosk_refused},
        BOOKED,
    ),
    Fault(
        "settings-wrong-key",
        "a key of kiosk.toml is misspelt: the start is refused with its name and line, and goes once it is right",
        {"before": upkeep.wrong_key_and_right},
        BOOKED,
    ),
)
