"""An ESC/POS slip printer at the far end of a serial line: paper, cover, cutter, and slips as PNG and text.

    python -m simulators.escpos_printer --link LINK --control SOCKET --out DIR
        [--columns 48|42|32] [--baud N] [--speed N]

Slips become DIR/slip-0001.png and .txt. DLE EOT is answered as soon as it is heard, also while printing, off-line or
in an error. Control commands besides those of every far end: paper_out, paper_low, paper_in, paper_out_after,
cover_open, cover_close, cutter_jam, clear, offline, hold_at, go_on, answers, status.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from PIL import Image

from simulators.escpos_parser import Character, Command, Parser
from simulators.escpos_render import DOTS_A_MM, LINE_DOTS, Head
from simulators.far_end import ControlError, FarEnd, Reply, argument_parser

ROLL_MM = 50_000
LOW_MM = 1_500
MM_A_SECOND = 150
CUTTER_MM = 13
CUT_SECONDS = 0.3
_ABORT = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
# A printer that has no room left makes the host wait (DSR on a real line).
_BUFFER = 64 * 1024


class EscposFarEnd(FarEnd):
    """The printer."""

    def __init__(self, out: Path, columns: int = 48, baud: int = 115_200, speed: float = 1.0) -> None:
        super().__init__(speed)
        self.out = out
        self.baud = baud
        self.slips = 0
        self.last_text = ""
        self.unknown: list[str] = []
        self._head = Head(dots=columns * 12)
        self._parser = Parser()
        self._paper_mm = float(ROLL_MM)
        self._cover_open = self._cutter_jammed = self._jam_next_cut = self._offline = False
        self._answers = True
        self._asb = 0
        self._tail = b""
        self._working = False
        self._hold_mm: float | None = None
        self._held = False
        self._qr = {"module": 3, "level": 48}
        self._qr_content = ""

    def started(self) -> None:
        self.out.mkdir(parents=True, exist_ok=True)

    # The line.

    def received(self, data: bytes) -> None:
        self.take_input(False)
        self.after_real(len(data) * 10 / self.baud, self._listen_on)
        fed = 0
        for sequence, end in self._real_time(data):
            # What stands behind a command to clear the buffers is not cleared by it.
            self._parser.feed(data[fed:end])
            self._act_at_once(sequence)
            fed = end
        self._parser.feed(data[fed:])
        self._work()

    def _listen_on(self) -> None:
        if len(self._parser) < _BUFFER:
            self.take_input(True)
        else:
            self.after_real(0.05, self._listen_on)

    def _real_time(self, data: bytes) -> list[tuple[bytes, int]]:
        """Find the commands that do not wait their turn, with their ends in `data`; one may begin before it."""
        heard = self._tail + data
        before = len(self._tail)
        found = []
        start = 0
        while (start := heard.find(b"\x10", start)) >= 0:
            length = len(_ABORT) if heard[start : start + 3] == _ABORT[:3] else 3
            sequence = heard[start : start + length]
            if len(sequence) < length:
                break
            found.append((sequence, start + length - before))
            start += length if sequence[1:2] in b"\x04\x05\x14" else 1
        self._tail = heard[start:] if start >= 0 else b""
        return found

    def _act_at_once(self, sequence: bytes) -> None:
        if sequence[:2] == b"\x10\x04" and 1 <= sequence[2] <= 4:
            self._answer(bytes([self._real_time_status(sequence[2])]))
        elif sequence == _ABORT or (sequence == b"\x10\x05\x02" and self._stopped):
            self._parser.clear()
            self._head.initialize()
            if sequence == _ABORT:
                self._answer(b"\x37\x25\x00")

    def _answer(self, data: bytes) -> None:
        if self._answers:
            self.send(data)

    # What it says of itself.

    @property
    def _paper_out(self) -> bool:
        return self._paper_mm <= 0

    @property
    def _stopped(self) -> bool:
        return self._paper_out or self._cover_open or self._cutter_jammed or self._offline

    def _real_time_status(self, number: int) -> int:
        match number:
            case 1:
                return 0x12 | 0x08 * self._stopped
            case 2:
                return 0x12 | 0x04 * self._cover_open | 0x20 * self._paper_out | 0x40 * self._cutter_jammed
            case 3:
                return 0x12 | 0x08 * self._cutter_jammed
            case _:
                return 0x12 | 0x0C * (self._paper_mm <= LOW_MM) | 0x60 * self._paper_out

    def _tell_change(self) -> None:
        if self._asb:
            first = 0x10 | 0x08 * self._stopped | 0x20 * self._cover_open
            third = 0x03 * (self._paper_mm <= LOW_MM) | 0x0C * self._paper_out
            self._answer(bytes([first, 0x08 * self._cutter_jammed, third, 0x0F]))

    # The work, one step of the paper at a time.

    def _work(self) -> None:
        while not self._working and not self._stopped:
            item = self._parser.next()
            if item is None:
                return
            rows = self._head.put(item) if isinstance(item, Character) else self._command(item)
            if rows:
                self._move(rows)

    def _move(self, rows: int, seconds: float = 0.0) -> None:
        was_low = self._paper_mm <= LOW_MM
        self._paper_mm -= rows / DOTS_A_MM
        if self._paper_out or was_low != (self._paper_mm <= LOW_MM):
            self._tell_change()
        self._working = True
        self.after(rows / DOTS_A_MM / MM_A_SECOND + seconds, self._rest)

    def _rest(self) -> None:
        if self._hold_mm is not None and self._head.rows >= self._hold_mm * DOTS_A_MM:
            self._hold_mm, self._held = None, True
            return
        self._working = False
        self._work()

    def _command(self, command: Command) -> int:
        act = getattr(self, f"_on_{command.name}", None)
        if act is None:
            self.unknown.append(f"{command.name} {command.data.hex(' ')}".strip())
            sys.stderr.write(f"escpos_printer: {self.unknown[-1]}\n")
            return 0
        moved = act(command.data)
        return moved if isinstance(moved, int) else 0

    def _on_initialize(self, _: bytes) -> None:
        self._head.initialize()

    def _on_line_feed(self, _: bytes) -> int:
        return self._head.end_line()

    def _on_carriage_return(self, _: bytes) -> None: ...

    def _on_real_time(self, _: bytes) -> None:
        """Was obeyed when it was heard."""

    def _on_chinese_on(self, _: bytes) -> None:
        """The parser minds it."""

    _on_chinese_off = _on_chinese_on

    def _on_feed_lines(self, data: bytes) -> int:
        ended = self._head.end_line() if self._head.mid_line else 0
        return ended + self._head.feed(data[0] * self._head.spacing)

    def _on_feed_dots(self, data: bytes) -> int:
        return self._head.feed(data[0])

    def _on_default_spacing(self, _: bytes) -> None:
        self._head.spacing = LINE_DOTS

    def _on_spacing(self, data: bytes) -> None:
        self._head.spacing = data[0]

    def _on_align(self, data: bytes) -> None:
        self._head.style = replace(self._head.style, align=data[0] % 48)

    def _on_bold(self, data: bytes) -> None:
        self._head.style = replace(self._head.style, bold=bool(data[0] & 1))

    def _on_size(self, data: bytes) -> None:
        self._head.style = replace(self._head.style, across=(data[0] >> 4) + 1, down=(data[0] & 7) + 1)

    def _on_chinese_mode(self, data: bytes) -> None:
        self._head.style = replace(
            self._head.style, across=2 if data[0] & 4 else 1, down=2 if data[0] & 8 else 1
        )

    def _on_raster(self, data: bytes) -> int:
        return self._head.raster(
            int.from_bytes(data[1:3], "little"), int.from_bytes(data[3:5], "little"), data[5:]
        )

    def _on_function_k(self, data: bytes) -> int:
        """GS ( k: the QR code's functions 65 model, 67 size, 69 level, 80 store, 81 print."""
        match data[1]:
            case 67:
                self._qr["module"] = data[2]
            case 69:
                self._qr["level"] = data[2]
            case 80:
                self._qr_content = data[3:].decode("utf-8", "replace")
            case 81:
                return self._head.qr(self._qr_content, **self._qr)
        return 0

    def _on_function_H(self, data: bytes) -> None:  # noqa: N802 - the letter is the command's
        if data[:2] == b"00":
            self._answer(b"\x37\x22" + data[2:6] + b"\x00")

    def _on_asb(self, data: bytes) -> None:
        self._asb = data[0]
        self._tell_change()

    def _on_ask(self, _: bytes) -> None:
        self._answer(bytes([0x03 * (self._paper_mm <= LOW_MM) | 0x0C * self._paper_out]))

    def _on_cut(self, data: bytes) -> int:
        fed = self._head.feed(CUTTER_MM * DOTS_A_MM + data[1]) if data[0] in (65, 66) else 0
        if self._jam_next_cut:
            self._jam_next_cut, self._cutter_jammed = False, True
            self._tell_change()
            return fed
        slip, text = self._head.cut()
        self.slips += 1
        self.last_text = text
        self._lay_out(self.out / f"slip-{self.slips:04d}", slip, text)
        self._move(fed, CUT_SECONDS)
        return 0

    def _lay_out(self, name: Path, slip: Image.Image, text: str) -> None:
        """The picture, then the words; whoever sees either file sees it whole."""
        part = name.with_suffix(".part")
        slip.save(part, "PNG", dpi=(203, 203))
        part.rename(name.with_suffix(".png"))
        part.write_text(text, encoding="utf-8")
        part.rename(name.with_suffix(".txt"))

    # What a person does to it.

    def _changed(self) -> Reply:
        self._tell_change()
        self._work()
        return self.do_status()

    def do_paper_out(self) -> Reply:
        """Take the roll away."""
        self._paper_mm = 0.0
        return self._changed()

    def do_paper_out_after(self, mm: float) -> Reply:
        """Let the roll end after this much more paper."""
        self._paper_mm = float(mm)
        return self._changed()

    def do_paper_low(self) -> Reply:
        """Let the roll be nearly used up."""
        self._paper_mm = min(self._paper_mm, LOW_MM - 1.0)
        return self._changed()

    def do_paper_in(self, mm: float = ROLL_MM) -> Reply:
        """Put a roll in."""
        self._paper_mm = float(mm)
        return self._changed()

    def do_cover_open(self) -> Reply:
        """Open the cover."""
        self._cover_open = True
        return self._changed()

    def do_cover_close(self) -> Reply:
        """Close the cover."""
        self._cover_open = False
        return self._changed()

    def do_cutter_jam(self, at_next_cut: bool = False) -> Reply:
        """Jam the cutter, now or when it is next used."""
        self._jam_next_cut, self._cutter_jammed = at_next_cut, not at_next_cut
        return self._changed()

    def do_clear(self) -> Reply:
        """Free the cutter."""
        self._jam_next_cut = self._cutter_jammed = False
        return self._changed()

    def do_offline(self, on: bool = True) -> Reply:
        """Press the on-line button."""
        self._offline = on
        return self._changed()

    def do_hold_at(self, mm: float) -> Reply:
        """Let the mechanics stand still once so much of a slip hangs out, until `go_on`; it answers meanwhile."""
        self._hold_mm = mm
        return {}

    def do_go_on(self) -> Reply:
        """Let mechanics that were held go on."""
        if not self._held:
            raise ControlError("nothing stands still")
        self._held = False
        self._rest()
        return {}

    def do_answers(self, on: bool = True) -> Reply:
        """Be a printer that prints and never answers (`on` false)."""
        self._answers = on
        return {"answers": on}

    def do_status(self) -> Reply:
        """Tell what came out and what is left."""
        return {
            "slips": self.slips,
            "last_text": self.last_text,
            "paper_mm": round(self._paper_mm, 1),
            "uncut_mm": round(self._head.rows / DOTS_A_MM, 1),
            "waiting_bytes": len(self._parser),
            "stopped": self._stopped,
            "held": self._held,
            "unknown": self.unknown,
        }


def main() -> None:
    """Run the far end until it is told to end."""
    parser = argument_parser("ESC/POS slip printer")
    parser.add_argument("--out", type=Path, required=True, help="where the slips go")
    parser.add_argument(
        "--columns", type=int, choices=(48, 42, 32), default=48, help="48 and 42: 80 mm, 32: 58 mm"
    )
    parser.add_argument("--baud", type=int, default=115_200, help="how fast the line is read")
    options = parser.parse_args()
    printer = EscposFarEnd(options.out, options.columns, options.baud, options.speed)
    asyncio.run(printer.serve(options.link, options.control))


if __name__ == "__main__":
    main()
