"""Amounts in fen, written out for paper and screen."""

from __future__ import annotations

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿")
_LIMIT = 10 ** (4 * len(_GROUPS))


def format_fen(fen: int, thousands: bool = False) -> str:
    """Write an amount in yuan with two decimals: plain on slips, with thousands separators on the screen.

    >>> format_fen(128450), format_fen(128450, thousands=True), format_fen(-5)
    ('1284.50', '1,284.50', '-0.05')
    """
    yuan, rest = divmod(abs(fen), 100)
    sign = "-" if fen < 0 else ""
    return f"{sign}{yuan:,}.{rest:02}" if thousands else f"{sign}{yuan}.{rest:02}"


def capitals(fen: int) -> str:
    """Write an amount in the capital characters of Chinese bookkeeping (GB/T 15835; PBoC rules for bills).

    A `整` closes an amount that ends in yuan or jiao. Raises ValueError below zero and from 10^12 yuan.

    >>> capitals(12850), capitals(100_005)
    ('人民币壹佰贰拾捌元伍角整', '人民币壹仟元零伍分')
    """
    if not 0 <= fen < _LIMIT * 100:
        raise ValueError(f"{fen} fen cannot be written in capitals")
    yuan, rest = divmod(fen, 100)
    jiao, cents = divmod(rest, 10)
    text = f"{_integer(yuan)}元" if yuan or not rest else ""
    if jiao:
        text += f"{_DIGITS[jiao]}角"
    elif cents and yuan:
        text += "零"
    text += f"{_DIGITS[cents]}分" if cents else "整"
    return f"人民币{text}"


def _integer(number: int) -> str:
    if number == 0:
        return _DIGITS[0]
    groups = [number // 10 ** (4 * place) % 10_000 for place in range(len(_GROUPS))]
    text = ""
    for place in reversed(range(len(_GROUPS))):
        group = groups[place]
        if group == 0:
            continue
        skipped = text and (group < 1000 or groups[place + 1] == 0)
        text += ("零" if skipped else "") + _group(group) + _GROUPS[place]
    return text


def _group(number: int) -> str:
    text, gap = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            text += ("零" if gap and text else "") + _DIGITS[digit] + _PLACES[place]
        gap = digit == 0
    return text
