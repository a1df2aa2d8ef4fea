"""A QR acquirer: opens, closes and refunds orders for its merchant, and has a page on which a person taps "pay".

    python -m simulators.wallet --books FILE --key FILE --control SOCKET [--port N] [--host ADDRESS] [--public URL]

prints `ready URL`. What it speaks stands in docs/protocols/wallet.md; the control socket speaks like every far end's
(`simulators.control`). A fault is for one word (`op`: create, pay, query, close, refund; empty: each of them), stays
until `pass`, or spoils the `next` so many such calls.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import hmac
import json
import random
import re
import secrets
import sys
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from simulators.control import ControlError, Reply, controlled
from simulators.http_message import path_of, read_message
from simulators.wallet_books import Order, WalletBooks
from simulators.wallet_page import missing_page, page

OPS = ("create", "pay", "query", "close", "refund")
DECLINES = ("bad_code", "funds", "limit", "declined")
PAYER_CODE = re.compile(r"28[0-9]{16}")
"""The codes of this wallet's customers; any other is refused."""
WINDOW_S = 300
NOTIFY_S = 10.0
TEST_MARK = "# TEST KEY"


@dataclass(slots=True)
class Fault:
    """What is wrong with calls of one kind; `left` none: until it is ended."""

    kind: str
    op: str
    left: int | None
    seconds: float = 0.0


class Wallet:
    """The acquirer; each `do_` method is a control command."""

    def __init__(self, books: WalletBooks, key: bytes, merchant: str, name: str, speed: float = 1.0) -> None:
        self._books = books
        self._key = key
        self._merchant = merchant
        self._name = name
        self._speed = speed
        self._random = random.Random(0)  # the same faults on every run
        self._faults: list[Fault] = []
        self._decline = ""
        self._declines = 0
        self._pay_at_closing = 0
        self._asks_payer = 0
        self._notices = 1
        self._calls = dict.fromkeys(OPS, 0)
        self._notified = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.public = ""

    # Control: what people do -------------------------------------------------------------------------------

    async def do_tap_pay(self, order_no: str = "", after_s: float = 0.0) -> Reply:
        """A person pays the order, by default the newest that can be paid; at once, or so much later."""
        order = self._chosen(order_no, "created")
        if after_s:
            self._later(after_s / self._speed, order.order_no)
        else:
            self._paid(order.order_no)
        return {"order_no": order.order_no}

    async def do_tap_cancel(self, order_no: str = "") -> Reply:
        """A person refuses to pay the order."""
        order = self._chosen(order_no, "created")
        self._books.close_order(order.order_no)
        self._notify(order)
        return {"order_no": order.order_no}

    async def do_pay_late(self, order_no: str = "") -> Reply:
        """A payment arrives for an order that is closed."""
        order = self._chosen(order_no, "closed")
        self._paid(order.order_no)
        return {"order_no": order.order_no}

    async def do_pay_at_closing(self, next: int = 1) -> Reply:  # noqa: A002 - the word of all far ends
        """The person is quicker than the closing by a moment."""
        self._pay_at_closing = next
        return {}

    async def do_decline(self, why: str = "funds", next: int = 1) -> Reply:  # noqa: A002
        """Payers' codes are declined."""
        if why not in DECLINES:
            raise ControlError(f"why is one of {', '.join(DECLINES)}")
        self._decline, self._declines = why, next
        return {}

    async def do_ask_payer(self, next: int = 1) -> Reply:  # noqa: A002
        """A payment by the payer's code waits for a tap on the phone."""
        self._asks_payer = next
        return {}

    # Control: what goes wrong --------------------------------------------------------------------------------

    async def do_silent(self, op: str = "", next: int | None = None) -> Reply:  # noqa: A002
        """Requests are heard, nothing is done, and nothing is said."""
        return self._fault("silent", op, next)

    async def do_slow(self, seconds: float, op: str = "", next: int | None = None) -> Reply:  # noqa: A002
        """Answers come so much later."""
        return self._fault("slow", op, next, seconds)

    async def do_trickle(self, seconds: float = 0.2, op: str = "", next: int | None = None) -> Reply:  # noqa: A002
        """Answers come byte by byte, each after so many seconds."""
        return self._fault("trickle", op, next, seconds)

    async def do_drop_answer(self, op: str = "", next: int | None = None) -> Reply:  # noqa: A002
        """What is asked is done, and the answer is lost."""
        return self._fault("drop", op, next)

    async def do_garbage(self, op: str = "", next: int | None = None) -> Reply:  # noqa: A002
        """What is asked is done, and random bytes come back."""
        return self._fault("garbage", op, next)

    async def do_nonsense(self, op: str = "", next: int | None = None) -> Reply:  # noqa: A002
        """The signed answer tells of another amount."""
        return self._fault("nonsense", op, next)

    async def do_wrong_signature(self, op: str = "", next: int | None = None) -> Reply:  # noqa: A002
        """The answer's signature has one digit changed."""
        return self._fault("wrong_signature", op, next)

    async def do_refuse(self, op: str = "", next: int | None = None) -> Reply:  # noqa: A002
        """Calls are refused, with a signed `busy`."""
        return self._fault("refuse", op, next)

    async def do_lose_order(self, order_no: str = "") -> Reply:
        """The acquirer forgets an order."""
        order = self._chosen(order_no, "")
        self._books.lose(order.order_no)
        return {"order_no": order.order_no}

    async def do_notify(self, times: int = 1) -> Reply:
        """How often each event is told to the merchant: 0 is never."""
        self._notices = times
        return {}

    async def do_pass(self) -> Reply:
        """Nothing is wrong any more."""
        self._faults.clear()
        self._declines = self._pay_at_closing = self._asks_payer = 0
        self._notices = 1
        return {}

    async def do_books(self) -> Reply:
        """The books, for a judge."""
        return self._books.judged()

    async def do_status(self) -> Reply:
        """How many calls of each kind came, and how many notices were taken."""
        return {"calls": dict(self._calls), "notified": self._notified, "url": self.public}

    def _fault(self, kind: str, op: str, times: int | None, seconds: float = 0.0) -> Reply:
        if op not in ("", *OPS):
            raise ControlError(f"op is one of {', '.join(OPS)}")
        self._faults.append(Fault(kind, op, times, seconds))
        return {}

    def _faulty(self, op: str) -> Fault:
        for fault in self._faults:
            if fault.op in ("", op):
                if fault.left is not None:
                    fault.left -= 1
                    if not fault.left:
                        self._faults.remove(fault)
                return fault
        return Fault("", op, None)

    def _chosen(self, order_no: str, state: str) -> Order:
        if order_no:
            found = [order for order in [self._books.order(order_no)] if order]
        else:
            found = [order for order in self._books.orders() if state in ("", order.state)]
        if not found:
            raise ControlError(f"no {state or 'such'} order")
        return found[-1]

    # Money ---------------------------------------------------------------------------------------------------

    def _paid(self, order_no: str, payer: str = "a person") -> None:
        self._books.pay(order_no, payer)
        if order := self._books.order(order_no):
            self._notify(order)

    def _later(self, seconds: float, order_no: str) -> None:
        async def pay() -> None:
            await asyncio.sleep(seconds)
            order = self._books.order(order_no)
            if order is not None and self._fresh(order).state == "created":
                self._paid(order_no)

        self._keep(pay())

    def _fresh(self, order: Order) -> Order:
        """The order as of now: one whose time is over is closed."""
        if order.state == "created" and time.time() >= order.expires_at:
            self._books.close_order(order.order_no)
            order = self._books.order(order.order_no) or order
        return order

    # What the merchant asks ----------------------------------------------------------------------------------

    def _do(self, op: str, asked: dict[str, object]) -> dict[str, object]:
        order_no = str(asked.get("order_no", ""))
        order = self._books.order(order_no)
        if op in ("create", "pay"):
            return self._opened(op, order_no, order, asked)
        if order is None:
            if op == "close" and order_no:  # it can never be opened any more
                self._new(order_no, {**asked, "amount_fen": 0}, "closed")
            return {"result": "missing"}
        order = self._fresh(order)
        if op == "close" and order.state == "created":
            if self._pay_at_closing:
                self._pay_at_closing -= 1
                self._paid(order_no)
            else:
                self._books.close_order(order_no)
        if op == "refund":
            refund_no, amount_fen = str(asked.get("refund_no", "")), asked.get("amount_fen")
            if order.paid_at is None:
                return {"result": "not_paid"}
            if amount_fen != order.amount_fen or not refund_no:
                return {"result": "differs"}
            if (before := self._books.refund_of(order_no)) and before != refund_no:
                return {"result": "refunded_before"}
            self._books.refund(order_no, refund_no, order.amount_fen)
        return self._told(order_no)

    def _opened(
        self, op: str, order_no: str, order: Order | None, asked: dict[str, object]
    ) -> dict[str, object]:
        if order is not None:
            if order.state == "closed" and not order.amount_fen:
                return {"result": "closed"}
            if order.amount_fen != asked.get("amount_fen"):
                return {"result": "differs"}
            self._fresh(order)
            return self._told(order_no)
        if op == "pay":
            code = str(asked.get("payer_code", ""))
            if self._declines:
                self._declines -= 1
                return {"result": self._decline}
            if not PAYER_CODE.fullmatch(code) or not self._books.spend_code(code, order_no):
                return {"result": "bad_code"}
        self._new(order_no, asked, "created")
        if op == "pay":
            if self._asks_payer:
                self._asks_payer -= 1
            else:
                self._paid(order_no, "payer's code")
        return self._told(order_no)

    def _new(self, order_no: str, asked: dict[str, object], state: str) -> None:
        self._books.add(
            Order(
                order_no=order_no,
                merchant=self._merchant,
                amount_fen=int(str(asked["amount_fen"])),
                subject=str(asked.get("subject", "")),
                state=state,
                token=secrets.token_urlsafe(16),
                expires_at=float(str(asked.get("expires_at", 0))),
                notify_url=str(asked.get("notify_url", "")),
                wallet_no="",
                payer="",
                made_at=time.time(),
                paid_at=None,
            )
        )

    def _told(self, order_no: str) -> dict[str, object]:
        order = self._books.order(order_no)
        if order is None:
            return {"result": "missing"}
        return {
            "result": "ok",
            "order_no": order_no,
            "amount_fen": order.amount_fen,
            "state": order.state,
            "code": f"{self.public}/p/{order.token}",
            "wallet_no": order.wallet_no,
            "refund_no": self._books.refund_of(order_no),
        }

    # Notices -------------------------------------------------------------------------------------------------

    def _notify(self, order: Order) -> None:
        if order.notify_url:
            for _ in range(self._notices):
                self._keep(self._send_notice(order))

    async def _send_notice(self, order: Order) -> None:
        body = json.dumps({"order_no": order.order_no}, separators=(",", ":")).encode()
        parts = urlsplit(order.notify_url)
        first = f"POST {parts.path}"
        with contextlib.suppress(OSError, EOFError, TimeoutError):
            async with asyncio.timeout(NOTIFY_S):
                reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
                head = f"{first} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
                writer.write(f"{head}{self._fields(first, body)}".encode() + body)
                answer = await read_message(reader)
                writer.close()
                self._notified += answer.startswith(b"HTTP/1.1 200 ")

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # The wire ------------------------------------------------------------------------------------------------

    def _fields(self, first: str, body: bytes) -> str:
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        return (
            f"Wallet-Timestamp: {timestamp}\r\nWallet-Nonce: {nonce}\r\n"
            f"Wallet-Signature: {self._signature(first, timestamp, nonce, body)}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )

    def _signature(self, first: str, timestamp: str, nonce: str, body: bytes) -> str:
        text = b"\n".join((first.encode(), timestamp.encode(), nonce.encode(), body))
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()

    def _is_signed(self, path: str, head: dict[str, str], body: bytes) -> bool:
        timestamp = head.get("wallet-timestamp", "")
        made = self._signature(f"POST {path}", timestamp, head.get("wallet-nonce", ""), body)
        fits = hmac.compare_digest(made, head.get("wallet-signature", ""))
        return fits and timestamp.isdigit() and abs(time.time() - int(timestamp)) <= WINDOW_S

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, request by request."""
        with contextlib.suppress(OSError, EOFError, ValueError, asyncio.IncompleteReadError):
            while True:
                request = await read_message(reader, is_request=True)
                if not await self._answer(request, reader, writer):
                    break
        writer.close()

    async def _answer(
        self, request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        path = path_of(request).decode("ascii", "replace")
        if path.startswith("/p/"):
            writer.write(self._page(request.split(b" ", 1)[0], path))
            await writer.drain()
            return True
        raw_head, _, body = request.partition(b"\r\n\r\n")
        lines = raw_head.decode("latin-1").split("\r\n")[1:]
        head = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        op = path.rpartition("/")[2]
        if not path.startswith("/v1/orders/") or op not in OPS:
            return await self._send(writer, 404, "", {"result": "bad_request"}, Fault("", "", None))
        if head.get("wallet-merchant") != self._merchant or not self._is_signed(path, head, body):
            return await self._send(writer, 401, "", {"result": "bad_signature"}, Fault("", "", None))
        self._calls[op] += 1
        fault = self._faulty(op)
        if fault.kind == "silent":
            await reader.read()
            return False
        told: dict[str, object] = {"result": "busy"}
        if fault.kind != "refuse":
            told = self._do(op, json.loads(body))
        if fault.kind == "drop":
            await reader.read()
            return False
        return await self._send(writer, 200, head["wallet-nonce"], told, fault)

    async def _send(
        self, writer: asyncio.StreamWriter, status: int, nonce: str, told: dict[str, object], fault: Fault
    ) -> bool:
        if fault.kind == "garbage":
            writer.write(self._random.randbytes(200))
            await writer.drain()
            return False
        if fault.kind == "nonsense":
            told = {**told, "amount_fen": 1}
        body = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        fields = self._fields(f"{status} {nonce}", body)
        if fault.kind == "wrong_signature":
            fields = re.sub(r"(Signature: )(.)", lambda m: m[1] + ("0" if m[2] != "0" else "1"), fields)
        whole = f"HTTP/1.1 {status} .\r\nContent-Type: application/json\r\n{fields}".encode() + body
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        if fault.kind == "trickle":
            for byte in whole:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(fault.seconds)
            return True
        writer.write(whole)
        await writer.drain()
        return True

    def _page(self, method: bytes, path: str) -> bytes:
        _, _, token, *word = path.split("/")
        order = self._books.order_of_page(token)
        if order is None:
            return _html(404, missing_page())
        order = self._fresh(order)
        if method == b"POST" and order.state == "created":
            if word == ["pay"]:
                self._paid(order.order_no)
            elif word == ["cancel"]:
                self._books.close_order(order.order_no)
                self._notify(order)
            order = self._books.order(order.order_no) or order
        return _html(200, page(self._name, order.amount_fen, order.subject, order.state, f"/p/{token}"))

    # The program ---------------------------------------------------------------------------------------------

    async def serve(self, control: Path, host: str, port: int, public: str) -> None:
        """Run until SIGTERM or SIGINT."""
        server = await asyncio.start_server(self.accept, host, port)
        self.public = public or f"http://{host}:{server.sockets[0].getsockname()[1]}"
        async with controlled(self, control) as stop:
            sys.stdout.write(f"ready {self.public}\n")
            sys.stdout.flush()
            await stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        self._books.close()


def _html(status: int, text: str) -> bytes:
    body = text.encode()
    head = (
        f"HTTP/1.1 {status} .\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def read_test_key(path: Path) -> bytes:
    """The merchant's key; only one that is marked as a test key, for this acquirer moves no money."""
    lines = path.read_text(encoding="ascii").splitlines()
    if not lines or not lines[0].startswith(TEST_MARK):
        raise SystemExit(f"{path}: the bench's acquirer takes test keys only ({TEST_MARK} in the first line)")
    return bytes.fromhex(next(line.strip() for line in lines if line.strip() and not line.startswith("#")))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal comes."""
    parser = argparse.ArgumentParser(description="A QR acquirer with a page on which a person taps pay.")
    parser.add_argument("--books", type=Path, required=True, help="the file of its books; kept")
    parser.add_argument(
        "--key", type=Path, required=True, help="the merchant's key file, marked as a test key"
    )
    parser.add_argument("--control", type=Path, required=True, help="path of the control socket")
    parser.add_argument("--merchant", default="M0399", help="the merchant's number here")
    parser.add_argument("--name", default="示例供电公司 Sample Power Company", help="as payers read it")
    parser.add_argument("--host", default="127.0.0.1", help="another address lets phones of the network in")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--public", default="", metavar="URL", help="what the codes begin with")
    parser.add_argument("--speed", type=float, default=1.0, help="divides delays of people")
    options = parser.parse_args(arguments)
    books, key = WalletBooks(options.books), read_test_key(options.key)
    wallet = Wallet(books, key, options.merchant, options.name, options.speed)
    asyncio.run(wallet.serve(options.control, options.host, options.port, options.public))
    return 0


if __name__ == "__main__":
    sys.exit(main())
