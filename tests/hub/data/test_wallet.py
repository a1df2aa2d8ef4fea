"""The QR acquirer's client against the far end, and against peers that say nothing, little, too much or nonsense."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.business.phone_rules import PhoneRecord, Said
from hub.data.wallet import MOST_BYTES, Wallet
from hub.data.wallet_file import WalletSettings, read_wallet_file
from hub.data.wallet_wire import Signer, answer_line
from tests.hub.business.test_phone_rules import OPEN, record
from tests.hub.phones import KEY, MERCHANT, FarEnd
from tools.hub_process import new_id

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def settings(far_end: FarEnd, folder: Path, **changes: Any) -> WalletSettings:
    return read_wallet_file(far_end.settings(folder, **changes))


def fresh() -> PhoneRecord:
    return record(id=new_id(), expires_at=datetime.now(UTC) + timedelta(seconds=120))


def test_each_word_to_the_far_end(far_end: FarEnd, tmp_path: Path) -> None:
    async def story() -> None:
        wallet, order, other = Wallet(settings(far_end, tmp_path), KEY), fresh(), fresh()
        assert await wallet.ask(order) == Said("missing")
        opened = await wallet.open(order)
        assert (opened.told, opened.code.startswith(far_end.url)) == ("open", True)
        assert await wallet.open(order) == opened
        assert (await wallet.refund(order)).detail == "the provider says 'not_paid'"
        far_end.do("tap_pay", order_no=order.id)
        paid = await wallet.shut(order)
        assert (paid.told, paid.wallet_no[:1]) == ("paid", "W")
        assert (await wallet.refund(order)).told == "refunded"
        assert (await wallet.refund(order)).told == "refunded"
        assert far_end.order(order.id)["refunds"] == 1
        assert await wallet.shut(other) == Said("missing")
        assert (await wallet.open(other)).told == "silent", "what was closed before is never opened"
        assert (await wallet.pay(fresh(), "10" * 9)).refusal == "bad_code"
        stranger = Wallet(settings(far_end, tmp_path), bytes(32))
        assert "not the provider's answer" in (await stranger.ask(order)).detail
        for each in (wallet, stranger):
            await each.close()

    asyncio.run(story())


def asked(peer: Peer | None, tmp_path: Path, deadline_s: float = 20) -> Said:
    """Ask a peer of the test's own about an order; none: a port at which nobody listens."""

    async def story() -> Said:
        met: list[asyncio.Task[None] | None] = []

        async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            met.append(asyncio.current_task())
            with contextlib.suppress(OSError, EOFError):
                await (peer or _hang_up)(reader, writer)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

        server = await asyncio.start_server(meet, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        if peer is None:
            server.close()
            await server.wait_closed()
        file = tmp_path / "wallet.toml"
        file.write_text(
            f'url = "http://127.0.0.1:{port}/gateway"\nmerchant = "{MERCHANT}"\nkey_file = "k"\n'
            f'deadline_s = {min(deadline_s, 8)}\n[title]\nzh = "a"\nen = "b"\n'
        )
        wallet = Wallet(read_wallet_file(file), KEY)
        began = time.monotonic()
        said = await wallet.ask(OPEN)
        assert time.monotonic() - began < deadline_s + 15
        await wallet.close()
        server.close()
        await asyncio.gather(*(task for task in met if task))
        return said

    return asyncio.run(story())


async def _hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


def answering(make: Callable[[dict[str, str]], bytes]) -> Peer:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        await reader.readexactly(
            int(next(x for x in head if x.lower().startswith("content-length")).split()[-1])
        )
        names = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        writer.write(make(names))
        writer.close()

    return peer


def signed(request: dict[str, str], body: bytes, status: int = 200, more: str = "") -> bytes:
    fields = Signer(MERCHANT, KEY).signed(
        answer_line(status, request["wallet-nonce"]), body, int(time.time()), new_id()
    )
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} .\r\nContent-Length: {len(body)}\r\n{lines}{more}\r\n".encode() + body


def test_nobody_there_is_told_from_no_answer(tmp_path: Path) -> None:
    away = asked(None, tmp_path)
    assert (away.told, away.never_sent) == ("silent", True)
    hung_up = asked(_hang_up, tmp_path)
    assert (hung_up.told, hung_up.never_sent) == ("silent", False)


def test_a_silent_provider_is_given_up_within_the_deadline(tmp_path: Path) -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = asked(peer, tmp_path, deadline_s=0.3)
    assert (silent.told, silent.never_sent, silent.detail) == (
        "silent",
        False,
        "no whole answer within 0.3 s",
    )


def test_a_provider_that_trickles_is_given_up_within_the_deadline(tmp_path: Path) -> None:
    async def peer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 .\r\nContent-Length: 10000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)

    assert asked(peer, tmp_path, deadline_s=0.5).detail == "no whole answer within 0.5 s"


GOOD = b'{"result":"ok","order_no":"%s","amount_fen":5000,"state":"closed"}' % OPEN.id.encode()


def test_a_good_answer_of_a_provider_under_a_path(tmp_path: Path) -> None:
    assert asked(answering(lambda request: signed(request, GOOD)), tmp_path).told == "closed"


@pytest.mark.parametrize(
    ("make", "detail"),
    [
        (lambda r: signed(r, GOOD).replace(b'"closed"', b'"paid.."'), "signature does not fit"),
        (lambda r: signed({**r, "wallet-nonce": "0" * 32}, GOOD), "signature does not fit"),
        (lambda r: signed(r, GOOD, 500), "answers 500"),
        (lambda r: signed(r, GOOD, 302, "Location: /elsewhere\r\n"), "answers 302"),
        (lambda _: b"HTTP/1.1 200 .\r\nContent-Length: 2\r\n\r\n{}", "no time or nonce"),
        (lambda r: signed(r, b"x" * (MOST_BYTES + 1)), "longer than"),
        (lambda r: signed(r, b"{}"), "agreed form"),
        (lambda r: signed(r, GOOD)[:-5], "no answer"),
        (lambda _: b"\x00" * 500, "no answer"),
        (lambda _: b"HTTP/1.1 200 .\r\n" + b"X: y\r\n" * 30_000, "no answer"),
    ],
)
def test_what_is_not_an_answer_is_unknown(make: Any, detail: str, tmp_path: Path) -> None:
    said = asked(answering(make), tmp_path)
    assert (said.told, said.never_sent) == ("silent", False)
    assert detail in said.detail


def test_a_provider_that_takes_no_connection_was_sent_nothing(tmp_path: Path) -> None:
    """A port whose queue is full takes no further connection: what waits for one has sent nothing."""
    with contextlib.ExitStack() as held:
        listener = held.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        file = tmp_path / "wallet.toml"
        file.write_text(
            f'url = "http://127.0.0.1:{listener.getsockname()[1]}"\nmerchant = "{MERCHANT}"\nkey_file = "k"\n'
            'connect_s = 0.3\n[title]\nzh = "a"\nen = "b"\n'
        )

        async def story() -> Said:
            wallet = Wallet(read_wallet_file(file), KEY)
            said = await wallet.ask(OPEN)
            await wallet.close()
            return said

        said = asyncio.run(story())
    assert (said.told, said.never_sent) == ("silent", True)
