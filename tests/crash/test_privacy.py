"""The search for what must stand nowhere in clear finds it, and takes nothing else for it."""

from __future__ import annotations

import pytest

from tests.crash.privacy import exposed

SECRETS = frozenset({"张伟".encode()})


@pytest.mark.parametrize(
    "text",
    [
        '{"name":"张伟"}',
        '{"pan":"6212345678900000003"}',
        "card 6212 3456 7890 0000 003 declined",
        "card 6212-3456-7890-0000-003 declined",
        "4111111111111111",
        "=4222222222222;",
    ],
)
def test_what_stands_in_clear_is_found(text: str) -> None:
    assert list(exposed("there", text.encode(), SECRETS))


@pytest.mark.parametrize(
    "text",
    [
        '{"name":"*伟"}',
        '{"pan":"621234...0003"}',
        "4111111111111112",
        "0000000000000000000a4111111111111111",
        "9900099000000000000012",
        "0399900000000034",
        '{"at_ms":1763798400007}',
        "2026-11-22T04:00:00.000Z",
        "0.4111111111111111",
    ],
)
def test_nothing_else_is_taken_for_it(text: str) -> None:
    assert not list(exposed("there", text.encode(), SECRETS))
