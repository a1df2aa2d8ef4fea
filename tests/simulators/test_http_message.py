"""A forged answer is another one, whatever its body is made of."""

import pytest

from simulators.http_message import forged

HEAD = b"HTTP/1.1 200 OK\r\nSignature: power=:a7B=:\r\n\r\n"


@pytest.mark.parametrize(
    ("body", "other"),
    [
        (b'{"balance_fen":120}', b'{"balance_fen":121}'),
        (b'{"balance_fen":121}', b'{"balance_fen":122}'),
        (b"\xcb\x48\xcd\x07\x00", b"\xcb\x48\xcd\x07\x31"),
        (b"packed to no digit\n", b"packed to no digit1"),
        (b"", b""),
    ],
)
def test_the_body_is_changed_in_one_place(body: bytes, other: bytes) -> None:
    assert forged(HEAD + body, "body") == HEAD + other


def test_the_signature_is_changed_in_one_place() -> None:
    assert forged(HEAD + b"{}", "signature") == HEAD.replace(b":a7B", b":17B") + b"{}"
