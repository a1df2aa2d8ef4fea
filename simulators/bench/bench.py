"""The whole bench: hub, the line to it, note acceptor, printer, and the kiosks that are pointed at them."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from simulators.bench.cards import CardProgram, card_program
from simulators.bench.household import PROFILE, Holder, Household, blanks
from simulators.bench.pcscd import BenchPcscd
from simulators.bench.programs import BenchError, Program, ended, run
from simulators.bench.settings import ONLOOKER, SAM_SERIAL, TERMINAL, CardSlots, Tables, kiosk_toml
from simulators.bench.tenders import Part, Tenders, bank_card_program
from simulators.far_end import ControlClient

READY_S = 60.0
COMMANDS = Path(sys.executable).parent
_HEADLESS = {"QT_QPA_PLATFORM": "offscreen", "QT_QUICK_BACKEND": "software"}


@dataclass(frozen=True)
class Plan:
    """What bench to set up. `folder` holds all it leaves behind; `speed` divides mechanical delays,
    `scale` makes the window of the kiosk smaller than its screen. `town` is a hub's SQLite file that was seeded before
    and that nobody has open: the bench begins with a copy of it."""

    folder: Path
    speed: float = 1.0
    form: str = "lobby"
    language: str = "zh"
    window: bool = False
    scale: float = 1.0
    accounts: int = 2000
    town: Path | None = None
    changes: Tables = field(default_factory=dict)
    holder: Holder | None = None
    """Whose meter card the customer has; without one the kiosk has no reader for cards."""
    card_speed: float | None = None
    """Divides the card's own time; as `speed` unless given."""
    blanks: int = 0
    """How many new cards are in the kiosk's dispenser; without any it has none."""
    tenders: frozenset[Part] = frozenset()
    """What there is for money that is not cash; nothing of it is started unless it is named."""


class Bench:
    """Far ends that run from `with` to the end of its block, and kiosks started beside them.

    `validator`, `printer`, `line` (to the hub) and, where there is a card, `card` take the orders of their control
    sockets. `dispenser` is that of new cards, where there are any. `home` is the meter that the card belongs to.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.folder = plan.folder.resolve()
        self.config = self.folder / "kiosk.toml"
        self.key = self.folder / "terminal.key"
        self.prints = self.folder / "prints"
        self.kiosk: Program | None = None
        self.home: Household | None = None
        self._card: CardProgram | None = None
        self._sam: CardProgram | None = None
        self._new_card: CardProgram | None = None
        self._dispenser: ControlClient | None = None
        self._pcscd: BenchPcscd | None = None
        self._hub: Program | None = None
        self.tenders = Tenders(self.folder, plan.speed, plan.tenders)
        self._database = f"sqlite:///{self.folder / 'hub.sqlite'}"
        self._ends = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prints.mkdir(exist_ok=True)
        with contextlib.ExitStack() as ends:
            self._ends = ends
            self._start()
            self._ends = ends.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.close()

    def _start(self) -> None:
        devices = {
            "ccnet_validator": ("--state", str(self.folder / "validator.json")),
            "escpos_printer": ("--out", str(self.prints)),
        }
        started = {name: self._device(name, options) for name, options in devices.items()}
        if self.plan.holder is not None or self.tenders.needs_readers:
            self._start_readers()
        if self.plan.holder is not None:
            self._start_cards(self.readers, self.plan.holder)
        if self.plan.blanks:
            started["card_dispenser"] = self._start_dispenser()
        self.tenders.start(self._program, self._device, self._control, self._bank_reader())
        self._seed()
        self.hub_url = self._start_hub()
        line = self._program(
            "hub_proxy",
            sys.executable,
            "-m",
            "simulators.hub_proxy",
            "--upstream",
            self.hub_url,
            "--control",
            str(self.folder / "hub_proxy.sock"),
        )
        self.line_url = line.wait_for(r"^ready (\S+)", READY_S)[1]
        for program in started.values():
            program.wait_for("^ready", READY_S)
        self.validator = self._control("ccnet_validator")
        self.printer = self._control("escpos_printer")
        self.line = self._control("hub_proxy")
        if self.plan.blanks:
            self._dispenser = self._control("card_dispenser")
        plan = self.plan
        means = self.tenders.means()
        places = (self._slots(), means)
        self.config.write_text(
            kiosk_toml(self.line_url, self.folder, plan.form, plan.language, plan.changes, *places),
            encoding="utf-8",
        )

    def _start_readers(self) -> None:
        # The name of a socket may not be long, whatever the bench's folder is called.
        short = Path(self._ends.enter_context(tempfile.TemporaryDirectory(prefix="pcscd-")))
        self._pcscd = BenchPcscd(short)
        self._pcscd.start()
        self._ends.callback(self._pcscd.stop)

    def _start_cards(self, pcscd: BenchPcscd, holder: Holder) -> None:
        self.home = Household(holder, self.folder / "user_card.json")
        speed = self.plan.card_speed or self.plan.speed
        # Who has no card yet has one that is blank: the slot's program begins with a card.
        own = ("--profile", PROFILE, "--serial", holder.serial)
        self._card = card_program("user_card", pcscd.slots[0], self.folder, speed, own)
        self._ends.callback(self._card.end)
        if not self.plan.blanks:
            self._start_sam(pcscd)

    def _bank_reader(self) -> CardProgram | None:
        if not self.tenders.needs_readers:
            return None
        program = bank_card_program(self.readers.slots[2], self.folder, self.plan.speed)
        self._ends.callback(program.end)
        return program

    def _start_sam(self, pcscd: BenchPcscd) -> None:
        sam = ("--sam", "--inserted", "--serial", SAM_SERIAL, "--profile", PROFILE, "--terminal", TERMINAL)
        self._sam = card_program("sam", pcscd.slots[1], self.folder, self.plan.speed, sam)
        self._ends.callback(self._sam.end)

    def _slots(self) -> CardSlots | None:
        if self._card is None:
            return None
        station = self._new_card.slot.reader if self._new_card is not None else ""
        return CardSlots(
            self._card.slot.reader, self._sam.slot.reader if self._sam is not None else "", station
        )

    def _start_dispenser(self) -> Program:
        if self._pcscd is None:
            raise BenchError("new cards need a bench with a holder: the reader at their station is pcscd's")
        stack = blanks(self.folder, self.plan.blanks)
        known = ("--profile", PROFILE, "--serial", "B5" + "0" * 14)
        self._new_card = card_program("new_card", self._pcscd.slots[1], self.folder, self.plan.speed, known)
        self._ends.callback(self._new_card.end)
        cards = [word for file in stack for word in ("--blank", str(file))]
        control = str(self.folder / "new_card.sock")
        return self._device("card_dispenser", ("--chip-control", control, *cards))

    def _device(self, name: str, options: tuple[str, ...]) -> Program:
        return self._program(
            name,
            sys.executable,
            "-m",
            f"simulators.{name}",
            "--link",
            str(self.folder / name),
            "--control",
            str(self.folder / f"{name}.sock"),
            "--speed",
            str(self.plan.speed),
            *options,
        )

    def _seed(self) -> None:
        self.key.write_text(f"# TEST KEY\n{secrets.token_hex(32)}\n", encoding="ascii")
        if self.plan.town is None:
            self.hub_command("seed", "--accounts", str(self.plan.accounts))
        else:
            shutil.copyfile(self.plan.town, self.folder / "hub.sqlite")
        own = ("--key", str(self.key)) if self.plan.holder is None else ("--signs-on",)
        self.hub_command("terminal", "add", TERMINAL, *own, "--site", "bench")
        self.hub_command("terminal", "add", ONLOOKER, "--key", str(self.key), "--site", "bench")
        for command in self.tenders.registrations(TERMINAL):
            self.hub_command(*command)

    def _start_hub(self, port: str = "0") -> str:
        self._hub = self._program(
            "hub",
            *(str(COMMANDS / "power-hub"), "serve", "--bench", "--port", port),
            *("--database", self._database, *self.tenders.hub_options()),
        )
        return self._hub.wait_for(r"^listening on (http://\S+)", READY_S)[1]

    def kill_hub(self) -> None:
        """End the hub's process at once (kill -9); its books stay."""
        if self._hub is not None:
            self._hub.kill()

    def start_hub_again(self) -> None:
        """Start the hub anew on its books and at its address."""
        self._start_hub(self.hub_url.rpartition(":")[2])

    def _program(self, name: str, *command: str) -> Program:
        program = Program(name, command, self.folder)
        self._ends.callback(program.end)
        return program

    def _control(self, name: str) -> ControlClient:
        client = ControlClient(self.folder / f"{name}.sock")
        self._ends.callback(client.close)
        return client

    @property
    def far_ends(self) -> dict[str, ControlClient]:
        """Every control connection by the name under which orders are given."""
        ends = {"validator": self.validator, "printer": self.printer, "line": self.line}
        cards = {"card": self._card, "sam": self._sam, "new_card": self._new_card}
        ends |= {name: card.do for name, card in cards.items() if card is not None}
        ends |= self.tenders.far_ends
        return ends if self._dispenser is None else {**ends, "dispenser": self._dispenser}

    # The kiosk.

    @property
    def finger(self) -> Path:
        """The socket of the finger on the running kiosk's screen."""
        return self.folder / "finger.sock"

    def start_kiosk(self) -> Program:
        """Start the kiosk with a finger on its screen and wait for its first page."""
        # Qt's offscreen display is smaller than a lobby screen, so only a window has the true size there.
        options = ("--config", str(self.config), "--socket", str(self.finger), "--window")
        command = [sys.executable, "-m", "simulators.finger", *options]
        surroundings = {"QT_SCALE_FACTOR": f"{self.plan.scale:.2f}"} if self.plan.window else _HEADLESS
        self.kiosk = Program("kiosk", command, self.folder, {**surroundings, **self._leads_to_cards()})
        self._ends.callback(self.kiosk.end)
        self.kiosk.wait_for("^ready$", READY_S)
        return self.kiosk

    def _leads_to_cards(self) -> Mapping[str, str]:
        return self._pcscd.environment if self._pcscd is not None else {}

    @property
    def card(self) -> ControlClient:
        """The orders to the card and to the hand that holds it; BenchError where there is none."""
        if self._card is None:
            raise BenchError("this bench has no meter card")
        return self._card.do

    @property
    def readers(self) -> BenchPcscd:
        """What the card readers hang on; BenchError where there are none."""
        if self._pcscd is None:
            raise BenchError("this bench has no card readers")
        return self._pcscd

    @property
    def dispenser(self) -> ControlClient:
        """The orders to the dispenser of new cards and to the hand before it; BenchError where there is none."""
        if self._dispenser is None:
            raise BenchError("this bench has no dispenser of new cards")
        return self._dispenser

    def kill_kiosk(self) -> None:
        """End the kiosk's process at once (kill -9)."""
        if self.kiosk is not None:
            self.kiosk.kill()

    def end_kiosk(self) -> None:
        """End the kiosk in good order."""
        if self.kiosk is not None:
            self.kiosk.end()

    def run_kiosk(self) -> tuple[int, str]:
        """Run the field command on these settings to its end, which must come by itself; exit status and last line."""
        command = [str(COMMANDS / "power-kiosk"), "run", "--window", "--config", str(self.config)]
        return ended(command, {**_HEADLESS, **self._leads_to_cards()}, READY_S)

    # Evidence.

    def hub_command(self, *arguments: str) -> str:
        """Run `power-hub` on the bench's database and give what it printed."""
        return run([str(COMMANDS / "power-hub"), *arguments, "--database", self._database])

    def ledger(self) -> dict[str, Any]:
        """Give what `power-hub check --json` says of the books."""
        books: dict[str, Any] = json.loads(self.hub_command("check", "--json"))
        return books

    def journal(self) -> list[dict[str, Any]]:
        """Give what `power-kiosk journal list --json` says of the kiosk's payments."""
        command = [str(COMMANDS / "power-kiosk"), "journal", "list", "--json", "--journal"]
        payments: list[dict[str, Any]] = json.loads(run([*command, str(self.folder / "journal.sqlite")]))
        return payments


__all__ = ["TERMINAL", "Bench", "Plan"]
