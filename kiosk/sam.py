"""The SAM in its slot of the cabinet: one handle for all that compute with its keys."""

from __future__ import annotations

from functools import cache

from drivers.security.psam import Sam, SamSettings
from drivers.security.psam_codec import PBOC, Dialect
from kiosk.config import Security


@cache
def sam_of(settings: Security) -> Sam:
    """The SAM of these settings. A slot is held by one handle, so signing on and writing cards share it."""
    # PC/SC's library is loaded by the kiosks that have a SAM.
    from drivers.card.pcsc import PcscCard

    card = PcscCard(settings.reader)
    return Sam(card.exchange, sam_settings(settings), card.connect)


def sam_settings(settings: Security) -> SamSettings:
    """How this SAM is known and spoken to."""
    dialect: Dialect = PBOC
    if settings.dialect_file is not None:
        from drivers.security.dialect_file import load

        dialect = load(settings.dialect_file)
    return SamSettings(
        settings.serial,
        dialect,
        bytes.fromhex(settings.application),
        settings.serial_file,
        settings.call_s,
    )
