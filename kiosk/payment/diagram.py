"""Draws the transaction machine from its own tables: `python -m kiosk.payment.diagram [--check]`."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from kiosk.payment.model import ENDS, ClaimState, PaymentState
from kiosk.payment.table import CLAIM_TABLE, START, TABLE, EffectName

PAGE = Path(__file__).resolve().parents[2] / "docs" / "payment-states.md"

HEAD = """# What happens to money: the states of a payment and of a claim

Made from the tables in `kiosk/payment/table.py` by `python -m kiosk.payment.diagram`; do not edit.
An arrow is an event that the journal holds. What stands behind the slash is the act that it permits:
the event is on disk before the act starts. A pair of state and event that is not here is refused.
"""


def page() -> str:
    """The whole page in Markdown."""
    parts = [HEAD, "## A payment\n", _fence(_payment_diagram()), _payment_list()]
    parts += ["## A claim\n", _fence(_claim_diagram())]
    return "\n".join(parts)


def words(name: str) -> str:
    """An event's or effect's class name in words: NoteStacked -> note stacked."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()


def _arrow(event: type, effect: EffectName | None) -> str:
    return words(event.__name__) + (f" / {words(effect.__name__)}" if effect else "")


def _payment_diagram() -> Iterator[str]:
    for event, row in START.items():
        yield f"[*] --> {row.next.value}: {_arrow(event, row.effect)}"
    for state, rows in TABLE.items():
        for event, row in rows.items():
            if row.next is not state:
                yield f"{state.value} --> {row.next.value}: {_arrow(event, row.effect)}"
    for state in PaymentState:
        if state in ENDS:
            yield f"{state.value} --> [*]"


def _claim_diagram() -> Iterator[str]:
    yield f"[*] --> {ClaimState.OPEN.value}: claim opened / acknowledge note"
    for state, rows in CLAIM_TABLE.items():
        for event, (to, effect) in rows.items():
            yield f"{state.value} --> {to.value}: {_arrow(event, effect)}"
    yield f"{ClaimState.TAKEN.value} --> [*]"


def _payment_list() -> str:
    lines = ["| in state | event | next state | permits |", "|---|---|---|---|"]
    for state, rows in TABLE.items():
        for event, row in rows.items():
            effect = words(row.effect.__name__) if row.effect else ""
            lines.append(f"| {state.value} | {words(event.__name__)} | {row.next.value} | {effect} |")
    return "\n".join(lines) + "\n"


def _fence(lines: Iterator[str]) -> str:
    body = "\n".join(f"    {line}" for line in lines)
    return f"```mermaid\nstateDiagram-v2\n{body}\n```\n"


def main() -> int:
    """Write the page, or with --check compare it; returns 1 on drift."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if the page is not what the table says")
    if not parser.parse_args().check:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write(f"{PAGE.name} is not what the table says; run python -m kiosk.payment.diagram\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
