"""What a subcommand of `power-kiosk` is."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """One subcommand, named by its entry point in the group `power_kiosk.commands`.

    `configure` adds its arguments to a parser of its own; `run` does the work and returns the exit status. The module
    is imported only when this subcommand is chosen, so what it imports costs the others nothing.
    """

    help: str
    configure: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]
