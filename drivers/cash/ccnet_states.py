"""What a CCNET unit's states and codes mean: ours for each, the reason in words, and how well the unit is."""

from __future__ import annotations

from drivers.cash.ccnet import PollAnswer, State
from drivers.cash.model import CashState
from drivers.status import DeviceHealth, DeviceStatus, ErrorAction, Supply

STATES: dict[State, CashState] = {
    State.POWER_UP: CashState.POWER_UP,
    State.POWER_UP_BILL_IN_VALIDATOR: CashState.POWER_UP_NOTE_IN_HEAD,
    State.POWER_UP_BILL_IN_STACKER: CashState.POWER_UP_NOTE_IN_BOX,
    State.INITIALIZE: CashState.INITIALIZING,
    State.IDLING: CashState.IDLE,
    State.ACCEPTING: CashState.ACCEPTING,
    State.STACKING: CashState.STACKING,
    State.RETURNING: CashState.RETURNING,
    State.UNIT_DISABLED: CashState.DISABLED,
    State.HOLDING: CashState.HOLDING,
    State.BUSY: CashState.BUSY,
    State.REJECTING: CashState.REJECTING,
    State.CASSETTE_FULL: CashState.BOX_FULL,
    State.CASSETTE_OUT: CashState.BOX_OUT,
    State.VALIDATOR_JAMMED: CashState.JAM_ENTRY,
    State.CASSETTE_JAMMED: CashState.JAM_BOX,
    State.CHEATED: CashState.CHEATED,
    State.PAUSE: CashState.PAUSED,
    State.FAILURE: CashState.FAILED,
    State.ESCROW: CashState.ESCROW,
    State.STACKED: CashState.STACKED,
    State.RETURNED: CashState.RETURNED,
}

REJECT_REASONS: dict[int, str] = {
    0x60: "insertion",
    0x61: "magnetic",
    0x62: "note_in_head",
    0x63: "compensation",
    0x64: "conveying",
    0x65: "identification",
    0x66: "verification",
    0x67: "optic",
    0x68: "type_disabled",
    0x69: "capacitance",
    0x6A: "operation",
    0x6C: "length",
    0x6D: "ultraviolet",
    0x92: "barcode_unreadable",
    0x93: "barcode_length",
    0x94: "barcode_start",
    0x95: "barcode_stop",
}

FAILURES: dict[int, str] = {
    0x50: "stack_motor",
    0x51: "transport_motor_speed",
    0x52: "transport_motor",
    0x53: "aligning_motor",
    0x54: "box_status",
    0x55: "optic_sensor",
    0x56: "magnetic_sensor",
    0x5F: "capacitance_sensor",
}

_REASONS = {State.REJECTING: REJECT_REASONS, State.FAILURE: FAILURES}
TELLS_A_NOTE = frozenset({State.ESCROW, State.STACKED, State.RETURNED})

_OK = DeviceHealth(DeviceStatus.ONLINE, supply=Supply.GOOD)
_STARTING = DeviceHealth(DeviceStatus.DEVICE_BUSY, "power_up", ErrorAction.RESET, Supply.GOOD)

HEALTH: dict[CashState, DeviceHealth] = {
    CashState.OFFLINE: DeviceHealth(DeviceStatus.OFFLINE, "offline", ErrorAction.MAINTENANCE),
    CashState.POWER_UP: _STARTING,
    CashState.POWER_UP_NOTE_IN_HEAD: _STARTING,
    CashState.POWER_UP_NOTE_IN_BOX: _STARTING,
    CashState.INITIALIZING: DeviceHealth(DeviceStatus.DEVICE_BUSY, "initializing", supply=Supply.GOOD),
    CashState.DISABLED: _OK,
    CashState.IDLE: _OK,
    CashState.ACCEPTING: _OK,
    CashState.ESCROW: _OK,
    CashState.HOLDING: _OK,
    CashState.STACKING: _OK,
    CashState.STACKED: _OK,
    CashState.RETURNING: _OK,
    CashState.RETURNED: _OK,
    CashState.REJECTING: _OK,
    CashState.PAUSED: DeviceHealth(DeviceStatus.USER_ERROR, "paused", ErrorAction.CLEAR, Supply.GOOD),
    CashState.BUSY: DeviceHealth(DeviceStatus.DEVICE_BUSY, "busy", supply=Supply.GOOD),
    CashState.BOX_FULL: DeviceHealth(
        DeviceStatus.HARDWARE_ERROR, "box_full", ErrorAction.MAINTENANCE, Supply.FULL
    ),
    CashState.BOX_OUT: DeviceHealth(
        DeviceStatus.USER_ERROR, "box_out", ErrorAction.MAINTENANCE, Supply.MISSING
    ),
    CashState.JAM_ENTRY: DeviceHealth(
        DeviceStatus.HARDWARE_ERROR, "jam_entry", ErrorAction.CLEAR, Supply.GOOD
    ),
    CashState.JAM_BOX: DeviceHealth(DeviceStatus.HARDWARE_ERROR, "jam_box", ErrorAction.CLEAR, Supply.GOOD),
    CashState.CHEATED: DeviceHealth(DeviceStatus.FRAUD_ATTEMPT, "cheated", ErrorAction.SUSPEND, Supply.GOOD),
    CashState.FAILED: DeviceHealth(
        DeviceStatus.HARDWARE_ERROR, "failed", ErrorAction.MAINTENANCE, Supply.GOOD
    ),
}

NO_DEVICE = DeviceHealth(DeviceStatus.NO_DEVICE, "no_device", ErrorAction.MAINTENANCE)


def reason(answer: PollAnswer) -> str:
    """Why a note was rejected or the unit has failed; empty for any other state and for a code unknown."""
    return _REASONS.get(answer.state, {}).get(answer.detail or 0, "")


def health(answer: PollAnswer) -> DeviceHealth:
    """How well a unit is that answers this; the detail names the failure and its code."""
    found = HEALTH[STATES[answer.state]]
    if answer.state is not State.FAILURE:
        return found
    code = answer.detail or 0
    detail = f"CCNET failure {code:02X}h {FAILURES.get(code, 'unknown')}"
    return DeviceHealth(found.status, found.code, found.action, found.supply, detail)
