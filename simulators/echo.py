"""The smallest far end: it echoes what it hears; for trying a line or a cable."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from simulators.far_end import FarEnd, argument_parser, run


class Echo(FarEnd):
    """Answers each piece of input with itself."""

    def received(self, data: bytes) -> None:
        """Send it back."""
        self.send(data)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal comes."""
    options = argument_parser("Echo what comes over the line.").parse_args(arguments)
    return run(Echo(options.speed), options)


if __name__ == "__main__":
    sys.exit(main())
