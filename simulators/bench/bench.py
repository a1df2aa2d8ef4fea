"""The whole bench: hub, the line to it, note acceptor, printer, and the kiosks that are pointed at them."""

from __future__ import annotations

import contextlib
import json
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from simulators.bench.programs import Program, ended, run
from simulators.bench.settings import TERMINAL, Tables, kiosk_toml
from simulators.far_end import ControlClient

READY_S = 60.0
COMMANDS = Path(sys.executable).parent
_HEADLESS = {"QT_QPA_PLATFORM": "offscreen", "QT_QUICK_BACKEND": "software"}


@dataclass(frozen=True)
class Plan:
    """What bench to set up. `folder` holds all it leaves behind; `speed` divides mechanical delays,
    `scale` makes the window of the kiosk smaller than its screen."""

    folder: Path
    speed: float = 1.0
    form: str = "lobby"
    language: str = "zh"
    window: bool = False
    scale: float = 1.0
    accounts: int = 2000
    changes: Tables = field(default_factory=dict)


class Bench:
    """Far ends that run from `with` to the end of its block, and kiosks started beside them.

    `validator`, `printer` and `line` (to the hub) take the orders of their control sockets.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.folder = plan.folder.resolve()
        self.config = self.folder / "kiosk.toml"
        self.key = self.folder / "terminal.key"
        self.prints = self.folder / "prints"
        self.kiosk: Program | None = None
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
        plan = self.plan
        self.config.write_text(
            kiosk_toml(self.line_url, self.folder, plan.form, plan.language, plan.changes), encoding="utf-8"
        )

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
        self.hub_command("seed", "--accounts", str(self.plan.accounts))
        self.hub_command("terminal", "add", TERMINAL, "--key", str(self.key), "--site", "bench")

    def _start_hub(self) -> str:
        hub = self._program(
            "hub",
            str(COMMANDS / "power-hub"),
            "serve",
            "--bench",
            "--port",
            "0",
            "--database",
            self._database,
        )
        return hub.wait_for(r"^listening on (http://\S+)", READY_S)[1]

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
        return {"validator": self.validator, "printer": self.printer, "line": self.line}

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
        self.kiosk = Program("kiosk", command, self.folder, surroundings)
        self._ends.callback(self.kiosk.end)
        self.kiosk.wait_for("^ready$", READY_S)
        return self.kiosk

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
        return ended(command, _HEADLESS, READY_S)

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
