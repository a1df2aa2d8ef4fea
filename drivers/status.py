"""The words in which every device tells how it is, as XFS4IoT names them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DeviceStatus(StrEnum):
    """XFS4IoT `Common.Status` device states."""

    ONLINE = "online"
    OFFLINE = "offline"
    POWER_OFF = "powerOff"
    NO_DEVICE = "noDevice"
    HARDWARE_ERROR = "hardwareError"
    USER_ERROR = "userError"
    DEVICE_BUSY = "deviceBusy"
    FRAUD_ATTEMPT = "fraudAttempt"
    POTENTIAL_FRAUD = "potentialFraud"


class ErrorAction(StrEnum):
    """What a person or the program has to do, as XFS4IoT's error event names it."""

    NONE = "none"
    RESET = "reset"
    CLEAR = "clear"
    MAINTENANCE = "maintenance"
    CONFIGURATION = "configuration"
    SOFTWARE_ERROR = "softwareError"
    SUSPEND = "suspend"


class Supply(StrEnum):
    """How much of what a device uses up (paper) or fills up (cash box) is left."""

    NOT_CONFIGURED = "notConfigured"
    GOOD = "good"
    LOW = "low"
    OUT = "out"
    FULL = "full"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """One device's state at one moment.

    `code` is a stable word of ours (`paper_out`, `box_removed`, `jam_entry`, ...; `ok` when nothing is wrong):
    docs/operations.md says for each what it means and what to do. `detail` is for the technician, in English,
    with the vendor's own code.
    """

    status: DeviceStatus
    code: str = "ok"
    action: ErrorAction = ErrorAction.NONE
    supply: Supply = Supply.NOT_CONFIGURED
    detail: str = ""

    @property
    def usable(self) -> bool:
        """Whether the device can serve a customer now."""
        return self.status is DeviceStatus.ONLINE
