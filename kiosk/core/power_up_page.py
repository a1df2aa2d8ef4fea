"""Writes the power-up table down for people: `python -m kiosk.core.power_up_page [--check]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from drivers.cash.model import CashState
from kiosk.core.fate import Count, Journal, Named, Row, Sight, Slot
from kiosk.core.power_up import IMPOSSIBLE, IN_HAND, POWER_UPS, REST, TABLE, TROUBLES, WAY_IN_OR_OUT

PAGE = Path(__file__).resolve().parents[2] / "docs" / "power-up.md"

HEAD = """# What becomes of a note that nobody saw

Made from the table in `kiosk/core/power_up.py` by `python -m kiosk.core.power_up_page`; do not edit.

A banknote is on its way, and the kiosk is killed, the note acceptor loses power, or both. What the customer is owed is
then decided by three witnesses and nothing else:

1. **the journal**: what it says of the newest note. *Intended* means that its stacking was permitted and nothing more
   is written; *credited or claimed* that its money is on the books.
2. **the acceptor's report**, and how well we have watched since it last stood empty-handed before us: *watched*;
   *kiosk away* (its first word after our start); *line new after trouble*; *silent, stopped or restarted*; or powered
   up with the note *in its head* or *before its box* and nothing wrong since.
3. **the acceptor's own count** of stacked notes, against the count that the intent holds. Some units keep none.

Of these a note is **credited**, **returned**, or its fate is **unknown**: then a claim with a memo amount stands, with
a slip and a reference, and moves no money until the box is counted. It is neither credited nor denied before. A note
that no report settles within the set time (`cash.note_fate_s`, 60 s) is unknown too. Nothing is credited twice: what
the acceptor repeats is acknowledged only.

An empty column means: whatever it is. Each situation is in exactly one row, or in the last list.
"""

COLUMNS = (
    "| the journal says | at the slot | the acceptor reports | watched? | its count | it names | so | why |"
)

GROUPS: tuple[tuple[frozenset[CashState], str], ...] = (
    (WAY_IN_OR_OUT, "any start, motion or trouble"),
    (IN_HAND, "a note in hand"),
    (TROUBLES, "trouble or silence"),
    (POWER_UPS, "any power-up"),
    (REST, "at rest"),
)


def page() -> str:
    """The whole page in Markdown."""
    lines = [HEAD, COLUMNS, "|" + "---|" * 8]
    lines += [_line(row) for row in TABLE]
    lines += ["", "## What cannot be", ""]
    lines += ["These our own code cannot put before the table; it refuses them as a fault of ours.", ""]
    lines += [f"- `{row.name}`: {row.why}" for row in IMPOSSIBLE]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    cells = (
        _cell(row.journal, Journal),
        _cell(row.slot, Slot),
        states(row.state),
        _cell(row.sight, Sight),
        _cell(row.count, Count),
        _cell(row.named, Named),
        f"**{row.verdict}**",
        f"`{row.name}`: {row.why}",
    )
    return "| " + " | ".join(cells) + " |"


def _cell(chosen: Iterable[StrEnum], column: type[StrEnum]) -> str:
    """The members in the column's own order; what is left out where that is shorter to say."""
    among = set(chosen)
    members = [str(member) for member in column if member in among]
    left = [str(member) for member in column if member not in among]
    if not left:
        return ""
    return f"all but {left[0]}" if len(left) == 1 and len(members) > 2 else ", ".join(members)


def states(chosen: frozenset[CashState]) -> str:
    """The acceptor's states, with a word for the groups that belong together."""
    words, left = [], set(chosen)
    for group, word in GROUPS:
        if group <= left:
            words.append(word)
            left -= group
    return ", ".join([*words, *(state.value.replace("_", " ") for state in CashState if state in left)])


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or with --check compare it; returns 1 on drift."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if the page is not what the table says")
    if not parser.parse_args(arguments).check:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write(f"{PAGE.name} is not what the table says; run python -m kiosk.core.power_up_page\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
