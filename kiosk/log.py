"""Logging: kept in memory until the first page stands, then one JSON object a line on the standard error stream."""

from __future__ import annotations

import logging
import sys
from logging.handlers import MemoryHandler

_early = MemoryHandler(capacity=1000, flushLevel=logging.CRITICAL + 1)


def begin() -> None:
    """Collect what is logged while the program starts; costs no import."""
    root = logging.getLogger()
    root.addHandler(_early)
    root.setLevel(logging.INFO)


def structured(level: str) -> None:
    """Write everything from here on, and what was collected, at `level` and above."""
    import structlog  # 0.2 s: not before the first page

    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper("iso"),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.addHandler(handler)
    root.removeHandler(_early)
    _early.setTarget(handler)
    _early.flush()
    root.setLevel(level.upper())
