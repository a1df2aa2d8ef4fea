"""The PIN pad that the settings name, for the lane and for whoever loads keys into it."""

from __future__ import annotations

from drivers.pinpad.driver import GenericPinPad, PinPadSettings
from drivers.transport import LineSettings, SerialTransport
from kiosk.config_tenders import PinPad


def pin_pad_of(line: PinPad) -> GenericPinPad:
    """Make its driver; opens nothing."""
    settings = LineSettings(line.baudrate, line.bytesize, line.parity, line.stopbits)
    slots = tuple(sorted(line.slots.values()))
    return GenericPinPad(SerialTransport(line.port, settings), PinPadSettings(slots=slots))
