"""`GET /health` and `GET /metrics`: a thread that answers from the core's last pulse and can hold nobody up."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kiosk.config import Config
from kiosk.health.report import Reporter
from kiosk.hubclient.keys import Keys
from kiosk.runner import Runner

if TYPE_CHECKING:
    from kiosk.health.listener import Listener, Reply
    from kiosk.health.metrics import Exposition

log = logging.getLogger("kiosk.health")
RETRY_S = 5.0
STOP_S = 5.0
URL_FILE = "health.url"


class HealthServer:
    """Serves one kiosk's health from `start` to `stop`; the address stands in `health.url` beside the journal.

    A port that is taken is logged and tried again every RETRY_S: whether anybody watches never decides whether the
    kiosk works. The address is a loopback one (`kiosk.config` takes no other).
    """

    def __init__(self, config: Config, runner: Runner, keys: Keys) -> None:
        self._settings = config.health
        self._report = Reporter(runner, keys, config.meter_card.module)
        self._exposition: Exposition | None = None
        self._file = config.journal.path.with_name(URL_FILE)
        self._listening, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)
        self._url = ""

    def start(self) -> None:
        """Start the thread; binding and imports happen there."""
        self._thread.start()

    def stop(self, seconds: float = STOP_S) -> None:
        """End it; safe to call when it was never started."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def url(self, seconds: float = 0.0) -> str:
        """Where it listens, waiting so long for it to be so; empty when it does not."""
        self._listening.wait(seconds)
        return self._url

    def _run(self) -> None:
        try:
            if (listener := self._listener()) is not None:
                with listener:
                    self._serve(listener)
        except Exception:
            log.exception("health_failed")

    def _listener(self) -> Listener | None:
        from kiosk.health.listener import Listener  # http.server costs 60 ms: behind the first page

        told = False
        while not self._stopping.is_set():
            try:
                return Listener(self._settings.host, self._settings.port, self._answer)
            except OSError as error:
                if not told:
                    log.error(
                        "health_not_listening", extra={"port": self._settings.port, "error": str(error)}
                    )
                told = True
                self._stopping.wait(RETRY_S)
        return None

    def _serve(self, listener: Listener) -> None:
        self._url = listener.url
        log.info("health_listening", extra={"url": self._url})
        written = _write(self._file, self._url + "\n")
        self._listening.set()
        while not self._stopping.is_set():
            listener.turn()
        self._url = ""
        if written:
            self._file.unlink(missing_ok=True)

    def _answer(self, path: str, accept: str) -> Reply | None:
        from kiosk.health.listener import Reply

        if path == "/health":
            report = self._report()
            serving = report.mode != "out_of_service"
            status = HTTPStatus.OK if serving else HTTPStatus.SERVICE_UNAVAILABLE
            return Reply(status, "application/json", msgspec.json.encode(report) + b"\n")
        if path == "/metrics":
            return Reply(HTTPStatus.OK, *self._metrics().render(accept))
        return None

    def _metrics(self) -> Exposition:
        if self._exposition is None:
            from kiosk.health.metrics import Exposition  # 90 ms: when somebody asks

            self._exposition = Exposition(self._report)
        return self._exposition


def _write(path: Path, text: str) -> bool:
    """Write the small file for people and tools, who never see half of it; False where that cannot be (a full disk
    is told elsewhere)."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="ascii")
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        log.warning("health_url_not_written", extra={"path": str(path), "error": str(error)})
        return False
    return True
