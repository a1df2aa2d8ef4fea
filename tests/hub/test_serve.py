"""The hub as a process: it starts quickly, stops cleanly, forgets nothing when killed, refuses unsafe databases."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from sqlalchemy import make_url, text

from hub.data.engine import sync_engine
from hub.serve import STOP_S
from tools.hub_process import HubClient, HubProcess, new_id, power_hub, write_test_key


def test_a_killed_hub_has_every_payment_it_acknowledged(own_hub: Any) -> None:
    accounts = [own_hub.account((12374,)) for _ in range(4)]
    clients = [own_hub.client() for _ in accounts]
    orders = [c.payment_order(a.account_no, 1000) for a, c in zip(accounts, clients, strict=True)]
    answered: list[tuple[str, bytes]] = []

    def load(client: HubClient, order: dict[str, Any]) -> None:
        while True:
            payment_id = new_id()
            try:
                reply = client.put(f"/v1/payments/{payment_id}", order)
            except requests.RequestException:
                return
            if reply.status_code == 201:  # a hub that is too busy has acknowledged nothing
                answered.append((payment_id, reply.content))

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(load, client, order) for client, order in zip(clients, orders, strict=True)]
        while len(answered) < 40:
            time.sleep(0.005)
        own_hub.process.kill()
        for each in running:
            each.result()

    own_hub.process = HubProcess(own_hub.url)
    client = own_hub.client()
    for payment_id, content in answered:
        assert client.get(f"/v1/payments/{payment_id}").content == content
    report = own_hub.check()
    assert report.findings == ()
    assert len(answered) <= report.payments <= len(answered) + 4


def test_two_hubs_on_one_database_share_ids_and_replay_window(own_hub: Any) -> None:
    account = own_hub.account((12374,))
    first = own_hub.client()
    second_hub = HubProcess(own_hub.url)
    try:
        second = HubClient(second_hub.url, first.terminal, bytes(range(32)))
        path, order = f"/v1/payments/{new_id()}", first.payment_order(account.account_no, 5000)
        assert (first.put(path, order).status_code, second.put(path, order).status_code) == (201, 200)
        request = first.signed("GET", "/v1/status")
        first.send(request)
        request.url = str(request.url).replace(first.url, second.url)
        assert second.send(request).json()["code"] == "replayed_request"
        second.close()
    finally:
        assert second_hub.stop() == 0


def test_it_starts_within_two_seconds_and_stops_on_sigterm(books: Any) -> None:
    HubProcess(books.url).stop()
    began = time.monotonic()
    process = HubProcess(books.url)
    seconds = time.monotonic() - began
    assert process.stop() == 0
    assert seconds < 40  # two on an idle machine; this guards against a hang and not against a busy neighbour


@pytest.mark.slow
def test_a_request_that_does_not_end_holds_the_end_of_the_hub_up_for_a_while_only(books: Any) -> None:
    hub = HubProcess(books.url)
    address = urlsplit(hub.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0))) as half:
        half.sendall(b"PUT /v1/quotes/1 HTTP/1.1\r\nContent-Length: 10\r\n\r\n{")
        began = time.monotonic()
        hub.stop()
        assert time.monotonic() - began < 4 * STOP_S


def test_plain_http_is_for_loopback_only(books: Any) -> None:
    refused = power_hub("serve", "--database", books.url, "--port", "0", "--host", "0.0.0.0", check=False)  # noqa: S104
    assert refused.returncode == 2
    assert "not a loopback address" in refused.stderr


def test_a_port_that_is_taken_is_named(books: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = power_hub("serve", "--database", books.url, "--port", port, check=False)
    assert refused.returncode == 2
    assert "in use" in refused.stderr


@pytest.mark.parametrize("setting", ["synchronous_commit", "fsync", "full_page_writes"])
def test_a_database_that_may_forget_is_refused_by_name(
    postgres: str, new_database: Callable[[str], str], setting: str
) -> None:
    url = new_database("postgresql")
    engine = sync_engine(postgres)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if setting == "synchronous_commit":
            name = make_url(url).database
            connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
        else:
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
            while connection.execute(text(f"SHOW {setting}")).scalar() != "off":
                time.sleep(0.01)
    try:
        refused = power_hub("serve", "--database", url, "--port", "0", check=False)
    finally:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"ALTER SYSTEM RESET {setting}"))
            connection.execute(text("SELECT pg_reload_conf()"))
            while connection.execute(text(f"SHOW {setting}")).scalar() != "on":
                time.sleep(0.01)
        engine.dispose()
    assert refused.returncode == 2
    assert f"{setting} is off" in refused.stderr


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y", "nonsense"])
def test_books_must_be_in_a_file_or_in_postgresql(url: str) -> None:
    refused = power_hub("serve", "--database", url, "--port", "0", check=False)
    assert refused.returncode == 2
    assert refused.stderr.startswith("power-hub: ")


def test_a_test_key_is_for_the_bench_only(books: Any, tmp_path: Path) -> None:
    key = write_test_key(tmp_path / "k.key", bytes(32))
    power_hub("terminal", "add", "k", "--key", str(key), "--database", books.url)
    command = [sys.executable, "-m", "hub.cli", "serve", "--database", books.url, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as field:
        assert field.stdout
        client = HubClient(field.stdout.readline().split()[-1], "k", bytes(32))
        reply = client.send(client.signed("GET", "/v1/status"), verify=False)
        client.close()
        field.terminate()
        _, log = field.communicate(timeout=60)
    assert reply.json()["code"] == "unknown_terminal"
    assert "is a test key" in log
    assert "no key store" in log
