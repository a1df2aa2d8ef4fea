"""Reads a meter card profile from its TOML file and names every mistake in it by file and key."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from drivers.meter_card import codes, profile
from drivers.meter_card.codes import Code, CodeError, Value
from drivers.meter_card.profile import CardFacts, CardFile, EmptyRule, Field, Probe, Profile
from drivers.meter_card.profile_table import ProfileError, Table

SHIPPED = Path(__file__).parent / "profiles"

_LONGEST_FILE = 512
_LONGEST_CHUNK = 251  # what one short command carries beside its MAC
_LAST_OFFSET = 255  # P2, when P1 selects the file


def find(*folders: Path) -> dict[str, Path]:
    """Tell the profiles in these folders and among those shipped, by name; an earlier folder goes before."""
    found: dict[str, Path] = {}
    for folder in (*folders, SHIPPED):
        for path in sorted(folder.glob("*.toml")):
            found.setdefault(path.stem, path)
    return found


def load(path: Path) -> Profile:
    """Read one profile; its name is the file's. ProfileError says where it is wrong."""
    table = Table(path.name, _resolved(path, ()))
    table.text("extends", default="")
    made = Profile(
        name=path.stem,
        title=table.text("title"),
        card=_facts(table.table("card")),
        card_types=_card_types(table.table("card_types")),
        files=_files(table.table("files")),
    )
    table.done()
    return made


def _resolved(path: Path, above: tuple[str, ...]) -> dict[str, Any]:
    """The profile's own tables laid over those of the profile that it extends."""
    try:
        own = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError(path.name, "", str(error)) from error
    base = own.get("extends")
    if base is None:
        return own
    if not isinstance(base, str):
        raise ProfileError(path.name, "extends", "has to be a profile's name")
    if base in (*above, path.stem):
        raise ProfileError(path.name, "extends", f"{base} extends itself")
    known = find(path.parent)
    if base not in known:
        raise ProfileError(path.name, "extends", f"there is no profile {base!r}")
    return _laid_over(_resolved(known[base], (*above, path.stem)), own)


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if isinstance(under, dict) and isinstance(value, dict):
            merged[key] = _laid_over(under, value)
        else:
            merged[key] = value
    return merged


def _facts(table: Table) -> CardFacts:
    serial, probe = table.table("serial"), table.optional("probe")
    facts = CardFacts(
        application=table.hex("application", 2),
        serial_p1=serial.whole("p1", 0x80, 0xFF),
        serial_offset=serial.whole("offset", 0, _LAST_OFFSET),
        serial_length=serial.whole("length", 8, 8),
        internal_key=table.whole("internal_key", 0, 0xFF),
        external_key=table.whole("external_key", 0, 0xFF),
        update_cla=table.whole("update_cla", 0, 0xFF),
        challenge_each=table.text("challenge", choices=("command", "series")) == "command",
        probe=_probe(probe) if probe is not None else None,
    )
    serial.done()
    table.done()
    return facts


def _probe(table: Table) -> Probe:
    probe = Probe(
        p1=table.whole("p1", 0x80, 0xFF),
        offset=table.whole("offset", 0, _LAST_OFFSET),
        length=table.whole("length", 1, 256),
    )
    table.done()
    return probe


def _card_types(table: Table) -> Mapping[str, int]:
    types = {name: table.whole(name, 0, 0xFF) for name in table.keys()}  # noqa: SIM118 - no Mapping
    for name in profile.CARD_TYPES:
        if name not in types:
            raise table.wrong(name, "is missing")
    if len(set(types.values())) < len(types):
        raise table.wrong("", "two card types share a number")
    return types


def _files(table: Table) -> Mapping[str, CardFile]:
    files = {name: _file(table, name) for name in table.keys()}  # noqa: SIM118
    for name, fields in profile.REQUIRED.items():
        if name not in files:
            raise table.wrong(name, "is missing")
        _has_required(table.table(name), files[name], fields)
    if files[profile.WRITE_BACK].empty is None:
        raise table.wrong(f"{profile.WRITE_BACK}.empty", "is missing")
    if len(files[profile.WALLET].chunks) != 1:
        raise table.wrong(
            f"{profile.WALLET}.chunks", "the wallet is the commit point: it is written by one command"
        )
    if len({each.p1 for each in files.values()}) < len(files):
        raise table.wrong("", "two files share one p1")
    return files


def _has_required(table: Table, file: CardFile, fields: Mapping[str, frozenset[Code]]) -> None:
    if not file.read:
        raise table.wrong("read", f"the kiosk cannot do without {file.name}")
    held = {each.name: each for each in file.fields}
    for name, kinds in fields.items():
        if name not in held:
            raise table.wrong("fields", f"{name} is missing")
        if held[name].code not in kinds or held[name].count != 1:
            raise table.wrong("fields", f"{name} has to be one value of {', '.join(sorted(kinds))}")


def _file(files: Table, name: str) -> CardFile:
    own = files.table(name)
    like = own.text("like", default="")
    table = own
    if like:
        if like not in files.keys():  # noqa: SIM118
            raise own.wrong("like", f"there is no file {like!r}")
        table = own.over(files.table(like))
    length = table.whole("length", 1, _LONGEST_FILE)
    made = CardFile(
        name=name,
        p1=table.whole("p1", 0x81, 0x9E),
        length=length,
        chunks=_chunks(table, length),
        read=table.flag("read", default=False),
        fields=_fields(table, length),
        empty=_empty(table.optional("empty"), length),
    )
    table.done()
    return made


def _chunks(table: Table, length: int) -> tuple[int, ...]:
    chunks = table.wholes("chunks", 1, _LONGEST_CHUNK, default=(length,))
    if sum(chunks) != length:
        raise table.wrong("chunks", f"they make {sum(chunks)} bytes of a file of {length}")
    if max(chunks) > _LONGEST_CHUNK or sum(chunks[:-1]) > _LAST_OFFSET:
        raise table.wrong(
            "chunks", f"at most {_LONGEST_CHUNK} bytes each, none beginning after {_LAST_OFFSET}"
        )
    return chunks


def _empty(table: Table | None, length: int) -> EmptyRule | None:
    if table is None:
        return None
    first, last = table.span("zero", length)
    rule = EmptyRule(table.whole("first_not", 0, 0xFF), first, last)
    table.done()
    return rule


def _fields(table: Table, length: int) -> tuple[Field, ...]:
    fields = tuple(_field(each, length) for each in table.tables("fields"))
    if not fields:
        raise table.wrong("fields", "there are none")
    _fill_the_file(table, fields, length)
    names = [each.name for each in fields]
    for name in names:
        if names.count(name) > 1:
            raise table.wrong("fields", f"{name} stands there twice")
    return fields


def _fill_the_file(table: Table, fields: Sequence[Field], length: int) -> None:
    if fields[0].offset != 0:
        raise table.wrong("fields", f"{fields[0].name} begins at {fields[0].offset}, not at 0")
    for before, after in pairwise(fields):
        if after.offset != before.end:
            raise table.wrong(
                "fields", f"{after.name} begins at {after.offset}, {before.name} ends at {before.end}"
            )
    if fields[-1].end != length:
        raise table.wrong("fields", f"{fields[-1].name} ends at {fields[-1].end}, the file at {length}")


def _field(table: Table, file_length: int) -> Field:
    code = Code(table.text("code", choices=tuple(Code)))
    field = Field(
        name=table.text("name"),
        offset=table.whole("at", 0, file_length - 1),
        length=table.whole("length", 1, file_length),
        code=code,
        count=table.whole("count", 1, file_length, default=1),
        covers=table.span("of", file_length) if code is Code.SUM else None,
    )
    if code is Code.TIME and not codes.is_time_length(field.length):
        raise table.wrong("length", "a time has 5 bytes")
    if field.covers is not None:
        _check_sum(table, field, field.covers)
        table.done()
        return field
    value, default = _value(table, "value", field), _value(table, "default", field)
    table.done()
    if value is not None and default is not None:
        raise table.wrong("default", "a fixed value needs none")
    return Field(field.name, field.offset, field.length, code, field.count, value, default)


def _check_sum(table: Table, field: Field, covers: tuple[int, int]) -> None:
    if (field.length, field.count) != (1, 1):
        raise table.wrong("length", "a checksum has one byte")
    if covers[0] <= field.offset <= covers[1]:
        raise table.wrong("of", "a checksum cannot cover itself")


def _value(table: Table, key: str, field: Field) -> Value | None:
    raw = table.any(key)
    if raw is None:
        return None
    items = raw if isinstance(raw, list) else [raw] * field.count
    try:
        if len(items) != field.count:
            raise CodeError(f"{field.count} values", str(len(items)))
        for item in items:
            codes.encode(field.code, item, field.length)
    except CodeError as error:
        raise table.wrong(key, str(error)) from error
    return tuple(items) if field.count > 1 else items[0]
