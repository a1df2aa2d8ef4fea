"""The settings of the banks that take cards: one TOML file, read strictly, every mistake told with file and key."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hub.business.acquirers import MOST_ANSWER_S, Acquirer, CardRange
from hub.business.tender_forms import Title

_DEFAULTS: dict[str, Any] = {name: each.default for name, each in Acquirer.__dataclass_fields__.items()}
_NAME = re.compile(r"[a-z0-9_]{1,16}", re.ASCII)
Seconds = Annotated[float, Meta(gt=0, le=3600)]


class AcquirersFileError(ValueError):
    """A file of acquirers that cannot be used; the message has the file, and a line for each mistake."""


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file."""


class TitlePart(_Part, frozen=True):
    """`title`: the bank's name as the customer reads it."""

    zh: Annotated[str, Meta(min_length=1, max_length=20)]
    en: Annotated[str, Meta(min_length=1, max_length=40)]


class RangePart(_Part, frozen=True):
    """`[[acquirer.NAME.ranges]]`."""

    prefix: Annotated[str, Meta(pattern=r"^[0-9]{1,6}\Z")]
    length: Annotated[int, Meta(ge=12, le=19)] | None = None


class AcquirerPart(_Part, frozen=True):
    """`[acquirer.NAME]`; see `Acquirer`."""

    title: TitlePart
    host: Annotated[str, Meta(pattern=r"^[!-~]{1,253}\Z")]
    port: Annotated[int, Meta(ge=1, le=65535)]
    merchant_no: Annotated[str, Meta(pattern=r"^[A-Za-z0-9]{15}\Z")]
    tpdu: Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{10}\Z")]
    header: Annotated[str, Meta(pattern=r"^[0-9]{12}\Z")]
    mac: Literal["ecb_up", "cbc", "x919"]
    ranges: Annotated[tuple[RangePart, ...], Meta(min_length=1, max_length=1000)]
    double_mak: bool
    pin: bool = True
    connect_s: Seconds = _DEFAULTS["connect_s"]
    answer_s: Annotated[float, Meta(gt=0, le=MOST_ANSWER_S)] = _DEFAULTS["answer_s"]
    echo_every_s: Seconds = _DEFAULTS["echo_every_s"]
    reversal_first_s: Seconds = _DEFAULTS["reversal_first_s"]
    reversal_most_s: Seconds = _DEFAULTS["reversal_most_s"]
    reversal_alarm_after: Annotated[int, Meta(ge=1, le=1000)] = _DEFAULTS["reversal_alarm_after"]


WANTED = {
    "title": 'a table with the name in both languages: { zh = "…", en = "…" }',
    "zh": "1 to 20 characters",
    "en": "1 to 40 characters",
    "host": "a name or address",
    "port": "1 to 65535",
    "merchant_no": "15 letters and digits",
    "tpdu": "10 hex digits",
    "header": "12 digits",
    "mac": '"ecb_up", "cbc" or "x919"',
    "ranges": '1 to 1,000 tables, such as { prefix = "621214", length = 19 }',
    "prefix": "1 to 6 digits, in quotes",
    "length": "12 to 19",
    "double_mak": "true or false",
    "pin": "true or false",
    "answer_s": f"more than 0, at most {MOST_ANSWER_S:g}: the kiosk waits 60 s for a sale",
    "reversal_alarm_after": "1 to 1,000",
    **dict.fromkeys(
        ("connect_s", "echo_every_s", "reversal_first_s", "reversal_most_s"), "more than 0, at most 3600"
    ),
}
"""What may stand at each key, in words."""


def read_acquirers(file: Path | None) -> tuple[Acquirer, ...]:
    """Read the banks of a file, none without one; raises AcquirersFileError, which names every mistake."""
    if file is None:
        return ()
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise AcquirersFileError(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise AcquirersFileError(f"{file}: {error}") from None
    tables = raw.get("acquirer")
    mistakes = [f"unknown key {key}" for key in raw if key != "acquirer"]
    if not isinstance(tables, dict) or not tables:
        mistakes.append("expected a table [acquirer.NAME] for each bank")
        tables = {}
    for name, table in tables.items():
        mistakes += (f"[acquirer.{name}]: {mistake}" for mistake in _mistakes(name, table))
    if not mistakes:
        acquirers = tuple(_acquirer(name, table) for name, table in tables.items())
        mistakes += _quarrels(acquirers)
    if mistakes:
        raise AcquirersFileError("\n".join(f"{file}: {mistake}" for mistake in mistakes))
    return acquirers


def _acquirer(name: str, table: Mapping[str, Any]) -> Acquirer:
    part = msgspec.convert(table, AcquirerPart)
    told = {field: getattr(part, field) for field in AcquirerPart.__struct_fields__}
    return Acquirer(
        **told
        | {
            "name": name,
            "title": Title(part.title.zh, part.title.en),
            "tpdu": bytes.fromhex(part.tpdu),
            "ranges": tuple(CardRange(each.prefix, each.length) for each in part.ranges),
        }
    )


def _mistakes(name: str, table: Any) -> Iterator[str]:
    """What is wrong with the table of one bank; each key is judged by itself, so that all is told at once."""
    if not _NAME.fullmatch(name):
        yield "a name has 1 to 16 lower-case letters, digits and _"
    if not isinstance(table, dict):
        yield "expected a table"
        return
    yield from _of_part(AcquirerPart, table)
    first, most = (table.get(key, _DEFAULTS[key]) for key in ("reversal_first_s", "reversal_most_s"))
    if isinstance(first, int | float) and isinstance(most, int | float) and first > most:
        yield "reversal_most_s: expected no less than reversal_first_s"
    if table.get("mac") == "x919" and table.get("double_mak") is False:
        yield 'double_mak: expected true, for mac is "x919"'


def _of_part(part: type[_Part], table: Mapping[str, Any], place: str = "") -> Iterator[str]:
    fields = {field.name: field for field in msgspec.structs.fields(part)}
    for key, value in table.items():
        if key not in fields:
            yield f"unknown key {place}{key}"
        elif key == "title" and isinstance(value, dict):
            yield from _of_part(TitlePart, value, "title.")
        elif key == "ranges" and isinstance(value, list) and value:
            yield from _of_ranges(value)
        elif not _fits(value, fields[key].type):
            yield f"{place}{key}: expected {WANTED[key]}"
    for key, field in fields.items():
        if field.required and key not in table:
            yield f"{place}{key} is missing; expected {WANTED[key]}"


def _of_ranges(ranges: list[Any]) -> Iterator[str]:
    if len(ranges) > 1000:
        yield f"ranges: expected {WANTED['ranges']}"
    for number, each in enumerate(ranges, 1):
        if isinstance(each, dict):
            yield from _of_part(RangePart, each, f"ranges, {number}: ")
        else:
            yield f"ranges, {number}: expected a table"


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _quarrels(acquirers: tuple[Acquirer, ...]) -> Iterator[str]:
    """Ranges that stand twice: a card of theirs would have no one bank."""
    owners: dict[CardRange, str] = {}
    for acquirer in acquirers:
        for each in acquirer.ranges:
            if (owner := owners.setdefault(each, acquirer.name)) != acquirer.name:
                length = "" if each.length is None else f" of length {each.length}"
                yield (
                    f"[acquirer.{acquirer.name}]: ranges: prefix {each.prefix}{length} is acquirer.{owner}'s already"
                )
