"""What the tables of kiosk.toml are made of."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Count = Annotated[int, Meta(ge=1, le=100_000)]
Fen = Annotated[int, Meta(ge=1, le=100_000_000)]
Baud = Annotated[int, Meta(ge=300, le=4_000_000)]
Text = Annotated[str, Meta(min_length=1)]
KeyId = Annotated[int, Meta(ge=0, le=255)]
Port = Annotated[int, Meta(ge=0, le=65535)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One table of kiosk.toml. A rule that no type can say raises ValueError("key: what is expected")."""
