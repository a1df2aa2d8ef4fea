"""Litestar or FastAPI for the hub: the same signed handlers behind each, requests a second over loopback.

Run it from the top folder: ``python -m benchmarks.hub_framework``. Each framework serves in a process of its own,
on one core; one client process keeps eight connections busy. Rounds are interleaved, the median counts.
"""

import argparse
import asyncio
import json
import multiprocessing
import socket
import statistics
import time
from datetime import UTC, date, datetime

import msgspec

from hub.access.gate import App, Gate
from hub.access.listen import tcp_socket
from hub.access.signatures import content_digest
from hub.business.forms import Notes, Payment, PaymentOrder
from hub.composition.terminals import SigningKey

KEY = bytes(range(32))
TERMINAL = "bench-1"
STATUS = {"now": "2026-01-01T00:00:00Z", "business_date": "2026-01-01", "mode": "open", "version": "1"}
ORDER = PaymentOrder(
    account_no="0399000000000001",
    quote_id="0" * 32,
    business="arrears",
    tender="cash",
    amount_fen=13000,
    months=("2026-01",),
    notes=(Notes(value_fen=10000, count=1), Notes(value_fen=1000, count=3)),
    kiosk_no=1,
    business_date=date(2026, 1, 1),
    taken_at=datetime(2026, 1, 1, tzinfo=UTC),
)
ANSWER = Payment(
    id="0" * 32,
    status="credited",
    hub_no="000000000001",
    account_no="0399000000000001",
    amount_fen=13000,
    allocations=(),
    to_balance_fen=13000,
    balance_before_fen=0,
    balance_after_fen=13000,
    arrears_after_fen=0,
    credited_at=datetime(2026, 1, 1, tzinfo=UTC),
    business_date=date(2026, 1, 1),
)


def litestar_app() -> App:
    from litestar import Litestar, get, put
    from litestar.params import FromPath, JSONBody

    @get("/v1/status")
    async def status() -> dict[str, str]:
        return STATUS

    @put("/v1/payments/{payment_id:str}", status_code=201)
    async def pay(payment_id: FromPath[str], data: JSONBody[PaymentOrder]) -> Payment:
        return msgspec.structs.replace(ANSWER, id=payment_id, amount_fen=data.amount_fen)

    return Litestar([status, pay], openapi_config=None)  # type: ignore[return-value]


def fastapi_app() -> App:
    from fastapi import FastAPI
    from pydantic import BaseModel, create_model

    class NotesModel(BaseModel):
        value_fen: int
        count: int

    class OrderModel(BaseModel):
        account_no: str
        quote_id: str
        business: str
        tender: str
        amount_fen: int
        months: list[str]
        notes: list[NotesModel]
        kiosk_no: int
        business_date: date
        taken_at: datetime

    example = msgspec.to_builtins(ANSWER, builtin_types=(date, datetime))
    fields = {name: (type(value), ...) for name, value in example.items()}
    answer_model: type[BaseModel] = create_model("AnswerModel", **fields)  # type: ignore[call-overload]
    app = FastAPI(openapi_url=None)

    @app.get("/v1/status")
    async def status() -> dict[str, str]:
        return STATUS

    async def pay(payment_id: str, data: OrderModel) -> BaseModel:
        return answer_model(**{**example, "id": payment_id, "amount_fen": data.amount_fen})

    app.put("/v1/payments/{payment_id}", status_code=201, response_model=answer_model)(pay)
    return app


class _Known:
    async def key_of(self, terminal: str, key_id: str) -> SigningKey | None:
        return SigningKey(key_id, KEY)

    async def first_time(self, terminal: str, request_id: str, now: datetime) -> bool:
        return True


def serve(framework: str, sock: socket.socket) -> None:
    import uvicorn

    app = litestar_app() if framework == "Litestar" else fastapi_app()
    gate = Gate(app, _Known(), _Known(), lambda: datetime.now(UTC))
    uvicorn.Server(uvicorn.Config(gate, log_level="error", access_log=False, lifespan="off")).run(
        sockets=[sock]
    )


def signed_request(method: str, path: str, body: bytes) -> bytes:
    """Build the raw bytes of one signed request."""
    import base64
    import hmac

    names = '("@method" "@path" "content-digest" "power-terminal" "power-request")'
    parameters = f'{names};created={int(time.time())};keyid="{TERMINAL}";alg="hmac-sha256"'
    digest, request_id = content_digest(body), "b" * 32
    base = (
        f'"@method": {method}\n"@path": {path}\n"content-digest": {digest}\n"power-terminal": {TERMINAL}\n'
        f'"power-request": {request_id}\n"@signature-params": {parameters}'
    )
    mac = base64.b64encode(hmac.digest(KEY, base.encode(), "sha256")).decode()
    return (
        f"{method} {path} HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nContent-Digest: {digest}\r\nPower-Terminal: {TERMINAL}\r\n"
        f"Power-Request: {request_id}\r\nSignature-Input: sig1={parameters}\r\nSignature: sig1=:{mac}:\r\n\r\n"
    ).encode() + body


async def load(port: int, request: bytes, seconds: float, expected: bytes) -> float:
    """Keep eight connections busy; give answers a second, and fail on a wrong one."""
    done = 0
    end = time.perf_counter() + seconds

    async def one() -> None:
        nonlocal done
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(expected), head
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            done += 1
        writer.close()

    await asyncio.gather(*(one() for _ in range(8)))
    return done / seconds


def measure(seconds: float, rounds: int) -> dict[str, dict[str, float]]:
    get = signed_request("GET", "/v1/status", b"")
    put = signed_request("PUT", f"/v1/payments/{'a' * 32}", msgspec.json.encode(ORDER))
    ports, processes = {}, []
    for framework in ("Litestar", "FastAPI"):
        sock = tcp_socket("127.0.0.1", 0)
        ports[framework] = sock.getsockname()[1]
        process = multiprocessing.get_context("fork").Process(target=serve, args=(framework, sock))
        process.start()
        processes.append(process)
    rates: dict[str, dict[str, list[float]]] = {name: {"GET": [], "PUT": []} for name in ports}
    try:
        for turn in range(rounds + 1):
            for framework, port in ports.items():
                for method, request, expected in (
                    ("GET", get, b"HTTP/1.1 200"),
                    ("PUT", put, b"HTTP/1.1 201"),
                ):
                    rate = asyncio.run(load(port, request, seconds, expected))
                    if turn:  # the first round warms up
                        rates[framework][method].append(rate)
    finally:
        for process in processes:
            process.terminate()
            process.join()
    return {name: {m: statistics.median(v) for m, v in methods.items()} for name, methods in rates.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(json.dumps(measure(options.seconds, options.rounds), indent=2))


if __name__ == "__main__":
    main()
