"""The line of a key is where its statement begins, whatever stands around it."""

from __future__ import annotations

import tomllib

import pytest

from kiosk.toml_lines import line_of, line_of_error

TEXT = """\
# [b] is not here
a = 1

[b]
"c d" = '''
[e]
f = 1
'''
list = [
  1,
  2,
]
g.h = 1
inline = {x = 1}

[e]

f = 1
"""


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("a",), 2),
        (("b",), 4),
        (("b", "c d"), 5),
        (("b", "list"), 9),
        (("b", "g", "h"), 13),
        (("b", "inline", "x"), 14),
        (("e",), 16),
        (("e", "f"), 18),
        (("e", "g"), 1),
        (("a", "f"), 1),
    ],
)
def test_line_of_a_key(keys: tuple[str, ...], line: int) -> None:
    assert line_of(TEXT, *keys) == line


@pytest.mark.parametrize(("more", "line"), [("f = 2\n", 19), ("= 2\n", 19), ("x = [\n\n", 21)])
def test_line_at_which_it_stops_being_toml(more: str, line: int) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(TEXT + more)
    assert line_of_error(TEXT + more, caught.value) == line
