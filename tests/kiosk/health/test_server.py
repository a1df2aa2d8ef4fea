"""The health server of a kiosk: when it listens, where one finds it, and that it never matters to the kiosk."""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING

import pytest

from kiosk.health import server
from kiosk.hubclient.open_keys import open_keys

if TYPE_CHECKING:
    from tests.kiosk.health.conftest import Cabinet, Kiosk


def test_the_address_stands_beside_the_journal_while_it_listens(cabinet: Cabinet) -> None:
    written = cabinet.folder / "health.url"
    with cabinet.running(cabinet.settings()) as kiosk:
        assert kiosk.url.startswith("http://127.0.0.1:")
        assert kiosk.url + "\n" == written.read_text()
    assert not written.exists()


def test_whoever_reads_an_address_reads_a_whole_one(cabinet: Cabinet) -> None:
    written = cabinet.folder / "health.url"
    written.write_text("what a killed kiosk left\n")
    with written.open() as held, cabinet.running(cabinet.settings()) as kiosk:
        assert kiosk.url + "\n" == written.read_text()
        assert held.read() == "what a killed kiosk left\n"


def test_health_is_json_that_nobody_may_keep(bare: Kiosk) -> None:
    status, headers, text = bare.get("/health")
    assert status == 200
    assert headers["Content-Type"] == "application/json"
    assert headers["Cache-Control"] == "no-store"
    assert json.loads(text)["site"] == "试验台 Bench"
    assert bare.get("/health", method="HEAD")[2] == ""
    assert bare.get("/")[0] == 404


def test_a_port_that_is_taken_is_taken_over_when_it_is_free(
    cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "RETRY_S", 0.05)
    host = "127.0.0.2"  # where nothing else takes a free port as soon as this one is let go
    with socket.create_server((host, 0)) as other:
        port = other.getsockname()[1]
        settings = cabinet.settings(changes={"health": {"host": host, "port": port}})
        with cabinet.running(settings) as kiosk:
            page = kiosk.shown.get(timeout=30)  # the kiosk works on
            until = time.monotonic() + 30
            while "health_not_listening" not in caplog.text:
                assert time.monotonic() < until
                time.sleep(0.01)
            assert kiosk.health.url() == ""
            other.close()
            assert kiosk.url.endswith(f":{port}")
            assert kiosk.get("/health")[0] == 200
    assert page.modes.lang == "zh"
    assert caplog.text.count("health_not_listening") == 1


def test_a_folder_that_cannot_be_written_costs_only_the_file(cabinet: Cabinet) -> None:
    (cabinet.folder / "health.url").mkdir()
    with cabinet.running(cabinet.settings()) as kiosk:
        assert kiosk.get("/health")[0] == 200
        assert not (cabinet.folder / "health.url.part").exists()


def test_stopping_what_never_started_is_fine(cabinet: Cabinet, bare: Kiosk) -> None:
    server.HealthServer(bare.config, bare.runner, open_keys(bare.config)).stop()
