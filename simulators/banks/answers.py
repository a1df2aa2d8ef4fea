"""A bank's answer as bytes: right, or as a fault has it."""

from __future__ import annotations

from drivers.bank.frame import Frame, Wanted
from simulators.banks.bank import Bank, Reply, altered
from simulators.banks.faults import Fault

NONSENSE = b"\xee" * 64


def framed(bank: Bank, frame: Frame, reply: Reply) -> bytes:
    """The answer as it goes over the line."""
    return frame.reply(bank.to_bytes(reply)).to_bytes()


def spoilt(bank: Bank, frame: Frame, reply: Reply, fault: Fault) -> bytes:
    """The same, as a fault has it."""
    right = framed(bank, frame, reply)
    if fault.name == "twice":
        return right * 2
    if fault.name == "break_mac":
        return right[:-1] + bytes([right[-1] ^ 1])
    if fault.name == "garbage":
        return b"\xff\xff\xff\xff" if fault.form == "frame" else frame.reply(NONSENSE).to_bytes()
    if fault.name == "ask_sign_on":
        return frame.reply(bank.to_bytes(reply)).asking(Wanted.SIGN_ON).to_bytes()
    if fault.name == "wrong_amount":
        fen = int(reply.message.get(4) or 0) + 1 if fault.amount_fen is None else fault.amount_fen
        return framed(bank, frame, altered(reply, 4, f"{fen:012d}"))
    if fault.name == "other_stan":
        stan = (int(reply.message.get(11) or 0) + 500_000) % 1_000_000
        return framed(bank, frame, altered(reply, 11, f"{stan:06d}"))
    return right
