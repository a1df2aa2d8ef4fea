"""The kiosk without its screen as a program: intents come as JSON lines, what is shown goes out as JSON lines.

    python -m tests.journeys.program KIOSK_TOML [before:EVENT | after:EVENT | served:EFFECT]

It kills itself before or after the first event of that kind is durable, or when a lane has done the first such effect.
Where kiosk.toml sets the log to debug, it writes all of its log, and what it would tell a monitoring centre, to stderr.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

import msgspec

from kiosk import log
from kiosk.config import Config, load
from kiosk.core.core import Core
from kiosk.core.inputs import Intent
from kiosk.health.metrics import Exposition
from kiosk.health.report import Reporter
from kiosk.hubclient.keys import Keys
from kiosk.hubclient.open_keys import open_keys
from kiosk.lanes.lane import Lane, Tell
from kiosk.page import Snapshot
from kiosk.payment.effects import Effect
from kiosk.runner import Runner, now
from tests.journeys.kiosk import WatchedJournal, killed, patient_lanes

WATCHED_S = 0.2


def main(config_file: Path, die: str) -> None:
    """Run until the intents end."""
    config = load(config_file)
    if config.log.level == "debug":
        log.structured("debug")
    when, _, what = die.partition(":")
    journal = WatchedJournal(config.journal.path)
    if when in {"before", "after"}:
        getattr(journal, when)[what] = killed
    core, keys = Core(config, journal.recover(), lambda: uuid.uuid4().hex, now()), open_keys(config)
    runner = Runner(
        core, journal, lambda tell: _lanes(config, keys, tell, what * (when == "served")), _show, _fault
    )
    _show(runner.snapshot())
    runner.start()
    if config.log.level == "debug":
        report = Reporter(runner, keys, config.meter_card.module)
        threading.Thread(target=_watched, args=(report,), daemon=True).start()
    for line in sys.stdin:
        runner.tell(Intent(*json.loads(line)))
    runner.stop()


def _watched(report: Reporter) -> None:
    """Write down again and again what `GET /health` and `GET /metrics` would answer."""
    exposition = Exposition(report)
    while True:
        _, metrics = exposition.render("")
        sys.stderr.write(f"{msgspec.json.encode(report()).decode()}\n{metrics.decode()}")
        sys.stderr.flush()
        time.sleep(WATCHED_S)


def _lanes(config: Config, keys: Keys, tell: Tell, last: str) -> Mapping[str, Lane]:
    lanes = patient_lanes(config, keys, tell)
    for lane in lanes.values():
        _mortal(lane, last)
    return lanes


def _mortal(lane: Lane, last: str) -> None:
    serve = lane.serve

    def serve_and_die(effect: Effect) -> None:
        serve(effect)
        if type(effect).__name__ == last:
            killed()

    lane.serve = serve_and_die  # type: ignore[method-assign]


def _show(snapshot: Snapshot) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(snapshot) + b"\n")
    sys.stdout.buffer.flush()


def _fault() -> None:
    sys.stderr.write("the core met a fault of ours\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
