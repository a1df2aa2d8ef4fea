"""HTTP/1.1 messages as bytes: read one whole, forge a signed one. Reads only what the bench's two ends send."""

from __future__ import annotations

import asyncio
import re


async def read_message(reader: asyncio.StreamReader, *, is_request: bool = False) -> bytes:
    """One HTTP message as it came; raises EOFError when the sender ends within it."""
    head = await reader.readuntil(b"\r\n\r\n")
    fields = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
    }
    if b"content-length" in fields:
        return head + await reader.readexactly(int(fields[b"content-length"]))
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        return head + await _read_chunks(reader)
    if is_request or head.split(b" ", 2)[1] in (b"204", b"304"):
        return head
    return head + await reader.read()


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    chunks = bytearray()
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        chunks += line + await reader.readexactly(size + 2)
        if not size:
            return bytes(chunks)


def forged(reply: bytes, where: str) -> bytes:
    """The reply with the last digit of its body, or the first character of its signature, made another.

    A packed body may hold no digit: then it is its last byte.
    """
    head, gap, body = reply.partition(b"\r\n\r\n")
    if where == "signature":
        return re.sub(rb"(?i)(\r\nsignature: *\w+=:)(.)", _other_character, head, count=1) + gap + body
    which = rb"()(\d)(?=\D*\Z)" if re.search(rb"\d", body) else rb"(?s)()(.)\Z"
    return head + gap + re.sub(which, _other_character, body, count=1)


def _other_character(found: re.Match[bytes]) -> bytes:
    return found[1] + (b"1" if found[2] != b"1" else b"2")


def path_of(request: bytes) -> bytes:
    """The target in the request line."""
    return request.split(b" ", 2)[1]
