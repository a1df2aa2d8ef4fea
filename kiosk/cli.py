"""`power-kiosk`: finds its subcommand by entry point and runs it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from kiosk.command import Command

GROUP = "power_kiosk.commands"


def main(argv: Sequence[str] | None = None) -> int:
    """Run `power-kiosk SUBCOMMAND ...`; returns the subcommand's exit status, 2 for one that is not installed."""
    args = list(sys.argv[1:] if argv is None else argv)
    found = {point.name: point for point in entry_points(group=GROUP)}
    if not args or args[0] in ("-h", "--help"):
        print(_usage(found))
        return 0 if args else 2
    point = found.get(args[0])
    if point is None:
        print(f"power-kiosk: no subcommand {args[0]!r} is installed\n{_usage(found)}", file=sys.stderr)
        return 2
    command = cast(Command, point.load())
    parser = argparse.ArgumentParser(prog=f"power-kiosk {point.name}", description=command.help)
    command.configure(parser)
    options = parser.parse_args(args[1:])
    try:
        return command.run(options)
    except (EOFError, KeyboardInterrupt):  # Ctrl-D or Ctrl-C, or no terminal to ask at
        print(f"\npower-kiosk {point.name}: broken off; begin the command again", file=sys.stderr)
        return 2


def _usage(found: dict[str, EntryPoint]) -> str:
    """List what is installed; importing each one for its help text is the price of asking for help only."""
    lines = [f"  {name:<10} {cast(Command, found[name].load()).help}" for name in sorted(found)]
    return "usage: power-kiosk SUBCOMMAND ...\n\nsubcommands:\n" + "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
