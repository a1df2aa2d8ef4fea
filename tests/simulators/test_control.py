"""Orders to a running far end over its control socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.control import ControlClient, ControlError
from simulators.far_end import Launched, launched


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[Launched]:
    with launched("simulators.echo", tmp_path) as far_end:
        yield far_end


def test_bad_commands_are_refused_in_words(echo: Launched) -> None:
    with pytest.raises(ControlError, match="no such command"):
        echo.do("explode")
    with pytest.raises(ControlError, match="unexpected keyword"):
        echo.do("garble", times=3)
    assert echo.do("silence", on=False) == {"silent": False}


def test_two_panels_at_once(echo: Launched) -> None:
    second = ControlClient(echo.link.with_name("echo.sock"))
    second("silence", on=True)
    assert echo.do("silence", on=False) == {"silent": False}
    second.close()


def test_what_is_no_order_is_answered_and_the_next_one_taken(echo: Launched) -> None:
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(20)
        raw.connect(str(echo.link.with_name("echo.sock")))
        lines = raw.makefile("rb")
        for junk in (b"hello", b"[]", b"{}", b'{"do": 1}'):
            raw.sendall(junk + b"\n")
            assert lines.readline().startswith(b'{"ok": false, "error": "')
        raw.sendall(b'{"do": "silence", "on": false}\n')
        assert lines.readline() == b'{"ok": true, "silent": false}\n'
        lines.close()
