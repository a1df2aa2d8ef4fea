"""Process start to the first page and to its first answer, and the memory then: kiosk, bare QML window, Chromium.

All three are seen from outside in the same way: a page is there when its colours stand on the display's pixels, and
it answers when a tap on its big button has changed them. Each start is a process of its own; far ends of the kiosk
run as they would in a cabinet. Memory is the proportional set size over the whole process tree, taken once the
devices are up.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.display import Display, Mark, tap_until, wait_for
from benchmarks.figures import Figure, at_most, interleaved, medians
from simulators.bench.bench import Bench, Plan
from simulators.bench.programs import Program
from ui.tokens import PALETTES, PANELS, regions

PANEL, COLOURS, REGIONS = PANELS["lobby"], PALETTES["normal"], regions("lobby", low=False)
COMMANDS = Path(sys.executable).parent
HERE = Path(__file__).parent
SETTLE_S = 2.0
_FOOT = REGIONS.actions.y + REGIONS.actions.height
_START = (PANEL.width // 2, _FOOT - 40)
_CHROMIUM = """
    --kiosk --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --disable-features=Translate --disable-dev-shm-usage
    --window-position=0,0 --window-size=1080,1920 --force-device-scale-factor=1 --password-store=basic
""".split()  # noqa: SIM905


def _first_page() -> list[Mark]:
    """Header, heading, the big button with its label, and every key of the bar below: a whole attract page."""
    keys = REGIONS.service
    fifth = keys.width // 5
    return [
        Mark(0, 92, PANEL.width, 2, COLOURS.header, 2 * PANEL.width - 40),
        Mark(48, _FOOT - 170, 300, 2, COLOURS.action, 500),
        Mark(*_spot(_START, 240, 120), COLOURS.on_action, 500),
        *(Mark(keys.x + fifth * key, keys.y + 60, fifth, 24, COLOURS.text, 30) for key in range(1, 5)),
        Mark(keys.x + 4, keys.y + 30, fifth - 20, 4, COLOURS.disabled_ground, 100),
        # Somewhere in the hero stands the heading; this look is the widest, so it comes last.
        Mark(120, 640, 840, 480, COLOURS.on_header, 5000),
    ]


def _spot(middle: tuple[int, int], width: int, height: int) -> tuple[int, int, int, int]:
    return middle[0] - width // 2, middle[1] - height // 2, width, height


@dataclass
class Side:
    """One of the programs, and what its starts gave: seconds and bytes, in the order of the rounds."""

    name: str
    display: Display
    marks: Sequence[Mark]
    answer: Mark
    """Stands before the tap and is gone after it."""
    folder: Path
    interactive: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    runs: int = 0

    def command(self) -> list[str]:
        """How it is started; each start is a first one."""
        if self.name == "kiosk":
            return [str(COMMANDS / "power-kiosk"), "run", "--config", str(self.folder / "kiosk.toml")]
        if self.name == "bare":
            return [sys.executable, str(HERE / "bare_window.py")]
        profile = self.folder / f"profile{self.runs}"
        page = (HERE / "html" / "attract.html").as_uri()
        return ["chromium", *_CHROMIUM, f"--user-data-dir={profile}", page]

    def start(self) -> float:
        """Start it, wait for its page, tap it, weigh it, end it; give the seconds to the first page."""
        self.runs += 1
        surroundings = {
            "DISPLAY": self.display.name,
            "QT_QPA_PLATFORM": "xcb",
            "QT_QUICK_BACKEND": "software",
        }
        began = time.monotonic()
        program = Program(self.name, self.command(), self.folder, surroundings)
        try:
            shown = wait_for(self.marks, self.display) - began
            answered = tap_until(lambda: not self.answer.stands(self.display), self.display, *_START) - began
            time.sleep(SETTLE_S)
            self.interactive.append(answered)
            self.memory.append(pss(program.pid))
        finally:
            program.end()
        return shown


def pss(root: int) -> float:
    """Sum up the proportional set size in bytes over a process and all its descendants."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    family = {root}
    while grown := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= grown
    return float(sum(_pss_of(pid) for pid in family))


def _pss_of(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return 1024 * sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))


def figures(*, quick: bool) -> list[Figure]:
    """Start all three in turn, five times after one that is left out."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        stack.enter_context(Bench(Plan(folder, speed=20, accounts=200)))
        display = stack.enter_context(Display(PANEL.width, PANEL.height))
        page = _first_page()
        pad = Mark(48, _FOOT - 170, 300, 2, COLOURS.action, 500)
        hero = Mark(0, 1000, PANEL.width, 2, COLOURS.header, 2 * PANEL.width - 40)
        text = Mark(300, 600, 500, 120, COLOURS.text, 500)
        sides = [
            Side("kiosk", display, page, hero, folder),
            Side("bare", display, [pad, text], pad, folder),
            Side("chromium", display, page, hero, folder),
        ]
        first = medians(interleaved([side.start for side in sides], 2 if quick else 5))
    # Both lists still hold the warm-up, which came first.
    ready = medians(side.interactive[1:] for side in sides)
    weight = medians([size / 2**20 for size in side.memory[1:]] for side in sides)
    return [
        at_most("start to first page", first[0], "s", "bare QML window", first[1], 1.5),
        at_most("start to first page", first[0], "s", "same page in Chromium", first[2], 0.5),
        at_most("start to interactive", ready[0], "s", "bare QML window", ready[1], 1.5),
        at_most("start to interactive", ready[0], "s", "same page in Chromium", ready[2], 0.5),
        at_most("memory (PSS) after first page", weight[0], "MiB", "same page in Chromium", weight[2], 0.4),
        at_most("memory (PSS) after first page", weight[0], "MiB", "bare QML window", weight[1], 2),
    ]
