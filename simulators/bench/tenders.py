"""What a bench has for money that is not cash: two banks and a PIN pad, a terminal box, a wallet, a scanner."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from drivers.security.bench_keys import bank_key
from simulators.banks.cards import RANGES, Card, bench_cards
from simulators.bench.cards import CardProgram, card_program
from simulators.bench.pcscd import Slot
from simulators.bench.programs import Program
from simulators.cards import store
from simulators.cards.bank_card import BankCard, BankState
from simulators.control import ControlClient

Part = Literal["bank_card", "motor", "box", "qr", "recharge_card", "scanner"]

READY_S = 60.0
MERCHANT = "898440149000001"
TIDS = {"bank_a": "10000001", "bank_b": "20000001"}
"""The kiosk's terminal number at each bank."""
SLOTS = {"bank_a": 1, "bank_b": 2}
"""The place of each bank's master key in the PIN pad."""
_BANKS = {
    "bank_a": ('title = { zh = "江城银行", en = "River City Bank" }', ("--mac", "ecb_up")),
    "bank_b": ('title = { zh = "示例银联", en = "Sample Union" }', ("--mac", "x919", "--double-mak")),
}
ANSWER_S = 6.0
_REVERSAL_S = 1.0


def bank_card_program(slot: Slot, folder: Path, speed: float) -> CardProgram:
    """Start what puts bank cards into a slot; none is in it."""
    # Its memory is that of the first card until another is put in.
    return card_program("bank_card", slot, folder, speed, ("--pan", bench_cards("bank_a")["plain"].pan))


@dataclass(frozen=True, slots=True)
class Means:
    """The places of a kiosk that takes money which is not cash; empty where it has none of the kind."""

    bank_reader: str = ""
    motor: bool = False
    box: bool = False
    scanner: bool = False
    phone: bool = False
    recharge: bool = False


class Tenders:
    """Far ends of one bench that take money which is not cash, as far as `wanted` names them.

    `banks`, `box`, `wallet`, `pad`, `scanner`, `motor` and `slot` (the bank card's) take the orders of their control
    sockets; those that are not there are None.
    """

    def __init__(self, folder: Path, speed: float, wanted: frozenset[Part]) -> None:
        self.folder = folder
        self.wanted = wanted
        self._speed = speed
        self.banks: dict[str, ControlClient] = {}
        self.programs: dict[str, Program] = {}
        self.box: ControlClient | None = None
        self.wallet: ControlClient | None = None
        self.pad: ControlClient | None = None
        self.scanner: ControlClient | None = None
        self.motor: ControlClient | None = None
        self.reader: CardProgram | None = None
        self._ports: dict[str, str] = {}
        self._wallet_url = ""

    @property
    def needs_readers(self) -> bool:
        """Whether the bench must have a pcscd."""
        return "bank_card" in self.wanted

    def start(
        self,
        program: Callable[..., Program],
        device: Callable[[str, tuple[str, ...]], Program],
        control: Callable[[str], ControlClient],
        reader: CardProgram | None,
    ) -> None:
        """Start them side by side and wait until all are ready; `reader` is where bank cards are put in."""
        if "bank_card" in self.wanted:
            for name in _BANKS:
                self.programs[name] = self._bank(program, name)
            self.reader = reader
            self._make_cards()
        if "qr" in self.wanted:
            self.programs["wallet"] = self._start_wallet(program)
        devices: dict[str, tuple[str, ...]] = {
            "pin_pad": ("--state", str(self.folder / "pin_pad.json")),
            "motor_reader": ("--chip-control", str(self.folder / "bank_card.sock")),
            "eft_box": ("--books", str(self.folder / "eft_box.json")),
            "scanner": (),
        }
        for name in self._devices():
            self.programs[name] = device(name, devices[name])
        for name, started in self.programs.items():
            told = started.wait_for(r"^ready ?(\S*)", READY_S)[1]
            if name in _BANKS:
                self._ports[name] = told.rpartition(":")[2]
                self.banks[name] = control(name)
            elif name == "wallet":
                self._wallet_url = told
        self._take_control(control)

    def _devices(self) -> Sequence[str]:
        named = {"motor": "motor_reader", "box": "eft_box", "scanner": "scanner", "bank_card": "pin_pad"}
        return [name for part, name in named.items() if part in self.wanted]

    def _take_control(self, control: Callable[[str], ControlClient]) -> None:
        self.box = control("eft_box") if "box" in self.wanted else None
        self.scanner = control("scanner") if "scanner" in self.wanted else None
        self.motor = control("motor_reader") if "motor" in self.wanted else None
        self.wallet = control("wallet") if "qr" in self.wanted else None
        if "bank_card" in self.wanted:
            self.pad = control("pin_pad")
            for bank, place in SLOTS.items():
                self.pad("load", slot=place, master=bank_key(bank, TIDS[bank]).hex())

    def _bank(self, program: Callable[..., Program], name: str) -> Program:
        return program(
            name,
            *(sys.executable, "-m", "simulators.bank_host", "--name", name),
            *("--control", str(self.folder / f"{name}.sock"), "--books", str(self.folder / f"{name}.db")),
            *("--speed", str(self._speed), *_BANKS[name][1]),
        )

    def _start_wallet(self, program: Callable[..., Program]) -> Program:
        key = self.folder / "wallet.key"
        key.write_text(f"# TEST KEY\n{secrets.token_hex(32)}\n", encoding="ascii")
        return program(
            "wallet",
            *(sys.executable, "-m", "simulators.wallet", "--books", str(self.folder / "wallet.db")),
            *("--key", str(key), "--control", str(self.folder / "wallet.sock"), "--speed", str(self._speed)),
        )

    def _make_cards(self) -> None:
        for bank in RANGES:
            for kind, card in bench_cards(bank).items():
                face = BankState(card.pan, expiry=card.expiry, sequence=card.sequence[-2:])
                store.save(self.card_file(bank, kind), BankCard(face))

    # What customers have in hand.

    def card_file(self, bank: str, kind: str = "plain") -> Path:
        """The memory of one of a bank's test cards."""
        return self.folder / f"{bank}_{kind}.json"

    @staticmethod
    def card(bank: str, kind: str = "plain") -> Card:
        """What is known of one of a bank's test cards; ours to know, nobody else's."""
        return bench_cards(bank)[kind]

    # What hub and kiosk need to know.

    def hub_options(self, answer_s: float = ANSWER_S) -> tuple[str, ...]:
        """The options of `power-hub serve`, whose files are written now; banks are waited for `answer_s`."""
        options: list[str] = []
        if self._ports:
            options += ["--acquirers", str(self._acquirers(answer_s))]
        if self._wallet_url:
            file = self.folder / "wallet.toml"
            lines = (
                f'url = "{self._wallet_url}"',
                'merchant = "M0399"',
                'key_file = "wallet.key"',
                "poll_first_s = 0.5",
                "poll_most_s = 2.0",
                "again_most_s = 5.0",
                "patience_s = 4.0",
                "[title]",
                'zh = "示例钱包"',
                'en = "Sample Wallet"',
            )
            file.write_text("\n".join(lines) + "\n", encoding="utf-8")
            options += ["--wallet", str(file)]
        return tuple(options)

    def _acquirers(self, answer_s: float) -> Path:
        file = self.folder / "acquirers.toml"
        lines: list[str] = []
        for name, port in self._ports.items():
            title, mac = _BANKS[name]
            lines += (
                f"[acquirer.{name}]",
                title,
                'host = "127.0.0.1"',
                f"port = {port}",
                f'merchant_no = "{MERCHANT}"',
                'tpdu = "6000030000"',
                'header = "603100000000"',
                f'mac = "{mac[1]}"',
                f"double_mak = {str('--double-mak' in mac).lower()}",
                f"answer_s = {answer_s}",
                f"reversal_first_s = {_REVERSAL_S}",
                f"reversal_most_s = {4 * _REVERSAL_S}",
                f'ranges = [{{ prefix = "{RANGES[name]}" }}]',
            )
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return file

    def registrations(self, terminal: str) -> Sequence[tuple[str, ...]]:
        """The commands of `power-hub` that make a kiosk a terminal of both banks."""
        return [("bank", "add", bank, terminal, "--tid", TIDS[bank]) for bank in self.banks]

    def means(self) -> Means:
        """The kiosk's own places."""
        return Means(
            bank_reader=self.reader.slot.reader if self.reader is not None else "",
            motor="motor" in self.wanted,
            box="box" in self.wanted,
            scanner="scanner" in self.wanted,
            phone="qr" in self.wanted,
            recharge="recharge_card" in self.wanted,
        )

    @property
    def calm(self) -> Sequence[str]:
        """Those for whom `pass` calls off all that was ordered."""
        return [*self.banks, *(["wallet"] if self.wallet is not None else [])]

    @property
    def far_ends(self) -> dict[str, ControlClient]:
        """Every control connection by the name under which orders are given."""
        named = {
            "box": self.box,
            "wallet": self.wallet,
            "pin_pad": self.pad,
            "scanner": self.scanner,
            "motor": self.motor,
            "bank_card": self.reader.do if self.reader is not None else None,
        }
        return {**self.banks, **{name: end for name, end in named.items() if end is not None}}
